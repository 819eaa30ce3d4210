"""`SimplexExplorer`: the geometry of three labels, and the paths of pixels in it."""

from __future__ import annotations

from typing import ClassVar

from explorer import params
from explorer.dashboards import nodes as shared
from explorer.dashboards import simplex_nodes as nodes
from explorer.dashboards.nodes import (
    BASE_POINT,
    EDITS,
    PALETTE,
    RADIUS,
    RHO,
    pixel_setting,
    scene_settings,
)
from explorer.dashboards.scene_explorer import SceneExplorer
from explorer.dashboards.simplex_views import VIEWS
from explorer.dashboards.weights import WEIGHTS, drawn, weights
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe
from explorer.params import Parameter
from explorer.settings import Number

SIZE = 32
"""Side of the scene at the start."""

FIRST = Parameter(
    "p0", "p₀", 0.5, 0.001, 0.998, "probability of label 0 at the point p", "",
    slider=(0.01, 0.98, 0.01), label="label 0",
)  # fmt: skip
SECOND = Parameter(
    "p1", "p₁", 0.3, 0.001, 0.998, "probability of label 1 at the point p", "",
    slider=(0.01, 0.98, 0.01), label="label 1",
)  # fmt: skip
ANGLE = Parameter(
    "angle", "α", 100.0, -360.0, 360.0, "direction of the tangent vector v", "degrees",
    slider=(0.0, 360.0, 1.0),
)  # fmt: skip
LENGTH = Parameter(
    "length", "|v|", 0.6, 0.0, 10.0, "Euclidean length of the tangent vector v", "",
    slider=(0.0, 2.0, 0.01), formula="q = Exp_p(v) = p e^{v/p} / ⟨p, e^{v/p}⟩ (2.11c)",
)  # fmt: skip


class SimplexExplorer(SceneExplorer):
    """An interactive view of the simplex in which label probabilities live.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts.
    link : a link that `app.link` returned.
    **settings
        values of `p0`, `p1`, `angle`, `length`, `scene`, `size`, `labels`,
        `noise`, `seed`, `strokes`, `picks`, `time`, `dim`, `rho`, `radius`,
        `base_point`, `patches`, `weights_seed`, `pixel`, `palette`.

    Notes
    -----
    The triangles need three labels; for another number, the view "Probabilities" shows
    the paths as curves.
    """

    title = "Simplex explorer"
    question = "In what space do labels live?"
    groups: ClassVar = {
        "Point and vector": (
            Number(FIRST), Number(SECOND), Number(ANGLE, plays=True), Number(LENGTH),
        ),
        "Scene": scene_settings(SIZE, scene="coffee", labels=3, noise=0.2),
        "Flow": (
            Number(params.TIME, default=10.0, plays=True),
            Number(params.DIM, default=20),
            RHO, RADIUS, BASE_POINT,
        ),
        "Weights": WEIGHTS,
        "Brush and prototypes": EDITS,
        "Pixel and views": (pixel_setting(SIZE), PALETTE),
    }  # fmt: skip
    nodes = (
        *shared.SCENE, drawn, weights, nodes.point,
        nodes.vector, nodes.target, nodes.exponential_curve, nodes.lifting_curve,
        nodes.straight_curve, nodes.geodesic_curve, nodes.ways, nodes.circles,
        nodes.basis,
        nodes.solved, nodes.assignment, nodes.trajectory, nodes.paths,
        nodes.nonlinear_path, nodes.neighbors, nodes.means, nodes.probed, nodes.numbers,
        nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    folded = ("Weights", "Brush and prototypes", "Pixel and views")
    early = ("picture",)
    main = "angle"
    recipe = Recipe(
        imports=("import numpy as np", ""),
        lines=(
            "p = np.array([{p0}, {p1}, 1.0 - {p0} - {p1}])",
            "turn = np.radians({angle})",
            "across = np.array([-1.0, 1.0, 0.0]) / np.sqrt(2.0)",
            "upward = np.array([-1.0, -1.0, 2.0]) / np.sqrt(6.0)",
            "v = {length} * (np.cos(turn) * across + np.sin(turn) * upward)",
            "q = ex.manifold.exponential(p, v)",
        ),
        last='numbers = {"length": float(ex.manifold.inner(p, v, v)) ** 0.5, '
        '"distance": float(ex.manifold.distance(p, q)), '
        '"entropy": float(ex.manifold.entropy(p))}\nprint(numbers)',
    )
    presets: ClassVar = {
        "In the middle": Preset(
            {"p0": 0.333, "p1": 0.333},
            "Around the barycenter, circles are nearly round.",
        ),
        "Near an edge": Preset(
            {"p0": 0.6, "p1": 0.38},
            "Near an edge, circles are flat: the metric stretches what is close to it.",
        ),
        "Long vector": Preset(
            {"length": 2.0},
            "The straight line leaves the triangle; Exp and the lifting map never do.",
        ),
        "Long flow": Preset(
            {"time": 25.0},
            "After a long time, nearly all pixels sit in a corner: they have decided.",
        ),
    }
