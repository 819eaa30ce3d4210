"""`GradientExplorer`: any gradient of the hierarchy against any other."""

from __future__ import annotations

from typing import ClassVar

from explorer import extras, params
from explorer.dashboards import gradient_nodes as nodes
from explorer.dashboards import nodes as shared
from explorer.dashboards.code import FLOW_LINES, with_loss
from explorer.dashboards.gradient_costs import HIERARCHY, measured
from explorer.dashboards.gradient_views import VIEWS
from explorer.dashboards.learning import COMPONENT, LOSSES
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
    LEARNED,
    UNIFORM,
    WEIGHTS,
    WEIGHTS_LINES,
    drawn,
    weights,
)
from explorer.experiments.cosine import AGREEMENT
from explorer.gradients.autodiff import EulerAutodiff, KrylovAutodiff
from explorer.gradients.euler import EulerAdjoint
from explorer.gradients.gradient import LowRankGradient
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe, Words
from explorer.settings import Choice, Number

AUTODIFF = (EulerAutodiff, KrylovAutodiff) if extras.installed("torch") else ()
METHODS = (*HIERARCHY, EulerAdjoint, *AUTODIFF)

SIZE = 64
"""Side of the scene at the start."""


def call(name: str, words: Words) -> str:
    """Return the call of a gradient method with its loss."""
    return with_loss(words[name], words["loss"]).replace("{", "{{").replace("}", "}}")


def found_line(words: Words) -> str:
    """Return the line of code of the chosen gradient."""
    return f"found = {call('gradient', words)}(flow, weights, scene.labels, {{time}})"


def reference_line(words: Words) -> str:
    """Return the line of code of the gradient to compare with."""
    return (
        f"reference = {call('reference', words)}(flow, weights, scene.labels, {{time}})"
    )


class GradientExplorer(SceneExplorer):
    """An interactive view of how little of the gradient is enough.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts.
    link : a link that `app.link` returned.
    **settings
        values of `scene`, `size`, `labels`, `noise`, `seed`, `strokes`,
        `picks`, `time`, `rho`, `radius`, `base_point`, `patches`,
        `weights_seed`, `gradient`, `reference`, `loss`, `component`, `pixel`,
        `palette`; fields of `gradient` by their own names, such as `dim` and
        `rank`.

    Notes
    -----
    The explorer compares Riemannian gradients R_Ω ∂f (3.8): learning moves the weights
    along −R_Ω ∂f.
    """

    title = "Gradient explorer"
    question = "How little of the gradient is enough?"
    groups: ClassVar = {
        "Gradients": (
            Number(params.TIME),
            Choice(
                "gradient", METHODS, "how the gradient of the loss is computed",
                label="method", without=("loss",),
            ),
            Choice(
                "reference", METHODS, "reference gradient, to compare with",
                default=LowRankGradient(dim=30, rank=30),
                without=("loss",),
            ),
            Choice("loss", LOSSES, "function whose gradient is computed"),
        ),
        "Scene": scene_settings(SIZE),
        "Flow": (RHO, RADIUS, BASE_POINT),
        "Weights": WEIGHTS,
        "Brush and prototypes": EDITS,
        "Pixel and views": (pixel_setting(SIZE), Number(COMPONENT), PALETTE),
    }  # fmt: skip
    nodes = (
        *shared.SCENE, pixel_basis, drawn, weights, nodes.method,
        nodes.reference_method, nodes.against, nodes.found, nodes.compared,
        nodes.agreement,
        nodes.riemannian, nodes.riemannian_reference, nodes.factors, nodes.over_ranks,
        nodes.over_dims, nodes.over_times, measured, nodes.probed, nodes.numbers,
        nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    folded = ("Weights", "Brush and prototypes", "Pixel and views")
    early = ("picture",)
    main = "time"
    recipe = Recipe(
        lines=(
            *FLOW_LINES,
            *WEIGHTS_LINES,
            found_line,
            reference_line,
            "g, h = found.gradient, reference.gradient",
            'a = weights * (g - (weights * g).sum("offset"))',
            'b = weights * (h - (weights * h).sum("offset"))',
            'lengths = [(v**2).sum("offset") ** 0.5 for v in (a, b)]',
            "known = lengths[1] > 64 * 2.0**-52 * lengths[1].max()",
            "scale = (lengths[0] * lengths[1]).where(known & (lengths[0] > 0), 1.0)",
            'cosine = ((a * b).sum("offset") / scale).where(known)',
        ),
        last='numbers = {"loss": float(found.loss), '
        '"relative_error": float(((a - b) ** 2).sum()) ** 0.5 '
        "/ (float((b**2).sum()) ** 0.5 or 1.0), "
        f'"aligned_percent": 100.0 * float((cosine >= {AGREEMENT}).sum() '
        "/ known.sum()) if known.any() else 100.0}\nprint(numbers)",
    )
    presets: ClassVar = {
        "Rank 1 fails": Preset(
            {
                "scene": "lines",
                "noise": 0.3,
                "time": 15.0,
                "patches": UNIFORM,
                "gradient": LowRankGradient(),
            },
            "Beyond T = 10, rank one misses part of the gradient: raise r to 2.",
        ),
        "m too small": Preset(
            {"gradient": LowRankGradient(dim=2), "time": 15.0, "patches": UNIFORM},
            "With two Krylov vectors, many patches get a wrong direction.",
        ),
        "Euler's gradient": Preset(
            {"gradient": EulerAdjoint(time_step=1.0), "time": 10.0, "patches": UNIFORM},
            "The exact gradient of a coarse Euler scheme is not that of the flow.",
        ),
        "Learned weights": Preset(
            {"patches": LEARNED},
            "After learning, little gradient remains: “Gradient norm” shows where.",
        ),
    }
