"""`KrylovExplorer`: errors, bounds and costs of Krylov solutions of the flow."""

from __future__ import annotations

from typing import ClassVar

from explorer import params
from explorer.dashboards import krylov_nodes as nodes
from explorer.dashboards import nodes as shared
from explorer.dashboards.code import FLOW_LINES
from explorer.dashboards.krylov_nodes import REFERENCE_DIM
from explorer.dashboards.krylov_views import VIEWS
from explorer.dashboards.nodes import (
    BASE_POINT,
    EDITS,
    PALETTE,
    RADIUS,
    RHO,
    pixel_setting,
    scene_settings,
)
from explorer.dashboards.probe import pixel_basis
from explorer.dashboards.scene_explorer import SceneExplorer
from explorer.dashboards.weights import (
    RANDOM,
    UNIFORM,
    WEIGHTS,
    WEIGHTS_LINES,
    drawn,
    weights,
)
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe
from explorer.settings import Number

SIZE = 64
"""Side of the scene at the start."""


class KrylovExplorer(SceneExplorer):
    """An interactive view of how few Krylov vectors the linearized flow needs.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts.
    link : a link that `app.link` returned.
    **settings
        values of `scene`, `size`, `labels`, `noise`, `seed`, `strokes`,
        `picks`, `time`, `dim`, `rho`, `radius`, `base_point`, `patches`,
        `weights_seed`, `pixel`, `palette`.

    Notes
    -----
    The true error is the relative distance to a reference solution with m = 60, whose
    own error bound stands beside it.
    """

    title = "Krylov explorer"
    question = "Why are ten numbers enough for a million?"
    groups: ClassVar = {
        "Solver": (Number(params.DIM), Number(params.TIME, plays=True)),
        "Scene": scene_settings(SIZE),
        "Flow": (RHO, RADIUS, BASE_POINT),
        "Weights": WEIGHTS,
        "Brush and prototypes": EDITS,
        "Pixel and views": (pixel_setting(SIZE), PALETTE),
    }
    nodes = (
        *shared.SCENE, pixel_basis, drawn, weights, nodes.basis,
        nodes.solved, nodes.reference_state, nodes.reference, nodes.states,
        nodes.over_dims, nodes.over_times, nodes.orthogonality, nodes.ritz,
        nodes.adaptive, nodes.costs, nodes.probed,
        nodes.numbers, nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    folded = ("Weights", "Brush and prototypes", "Pixel and views")
    early = ("picture",)
    main = "dim"
    recipe = Recipe(
        lines=(
            *FLOW_LINES,
            *WEIGHTS_LINES,
            "solution = ex.Krylov(dim={dim}).solve(flow, weights, time={time})",
            f"exact = ex.Krylov(dim={REFERENCE_DIM})"
            ".solve(flow, weights, time={time})",
            "u = solution.evolution.direction",
            "v = exact.evolution.direction",
            "scale = np.exp(solution.evolution.shift - exact.evolution.shift)",
        ),
        last='numbers = {"true_error": float(np.linalg.norm(scale * u - v)) '
        "/ (float(np.linalg.norm(v)) or 1.0), "
        '"bound": solution.evolution.error / (float(np.linalg.norm(u)) or 1.0), '
        '"error_percent": 100.0 * float((solution.labels != scene.labels).mean())}\n'
        "print(numbers)",
        imports=("import numpy as np", ""),
    )
    presets: ClassVar = {
        "m too small": Preset(
            {"dim": 3, "time": 15.0, "patches": UNIFORM},
            "Three vectors cannot follow a long flow, and the bound says so.",
        ),
        "Twice the time": Preset(
            {"time": 10.0, "dim": 10, "patches": UNIFORM},
            "T = 10 instead of 5: raise m by a few vectors to get the same error.",
        ),
        "Very long": Preset(
            {"time": 30.0, "dim": 6, "patches": UNIFORM},
            "Six vectors cannot reach T = 30 at once: the adaptive solver splits T.",
        ),
        "Random weights": Preset(
            {"patches": RANDOM},
            "Random weights move the Ritz values off the real axis.",
        ),
    }
