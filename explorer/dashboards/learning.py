"""`LearningExplorer`: learn weight patches step by step, with live views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import xarray as xr

from explorer import extras, params
from explorer.dashboards import learning_nodes as nodes
from explorer.dashboards import nodes as shared
from explorer.dashboards.code import FLOW_LINES, with_loss
from explorer.dashboards.learning_views import VIEWS
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
from explorer.dashboards.schema_1 import translated
from explorer.flow.adaptive import AdaptiveKrylov
from explorer.flow.integrators import DenseExponential, ExplicitEuler
from explorer.flow.krylov import Krylov
from explorer.flow.runge_kutta import RungeKutta
from explorer.gradients.autodiff import EulerAutodiff, KrylovAutodiff
from explorer.gradients.euler import EulerAdjoint
from explorer.gradients.gradient import LowRankGradient
from explorer.gradients.hierarchy import BenziSimoncini, FactoredSVD, KroneckerKrylov
from explorer.kit.documents import Document
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe, Words
from explorer.kit.runs import Stepper
from explorer.learning.optimizers import (
    Adam,
    AdaMax,
    ArmijoDescent,
    MomentumDescent,
    RiemannianDescent,
)
from explorer.learning.trace import trace_of
from explorer.losses.balanced import BalancedLoss
from explorer.losses.losses import CrossEntropy, DirectionLoss
from explorer.settings import Choice, Number, Pick

AUTODIFF = EulerAutodiff, KrylovAutodiff
GRADIENTS = (
    LowRankGradient, FactoredSVD, BenziSimoncini, KroneckerKrylov, EulerAdjoint,
    *(AUTODIFF if extras.installed("torch") else ()),
)  # fmt: skip
OPTIMIZERS = RiemannianDescent, ArmijoDescent, MomentumDescent, Adam, AdaMax
INTEGRATORS = AdaptiveKrylov, Krylov, ExplicitEuler, RungeKutta, DenseExponential
LOSSES = DirectionLoss, CrossEntropy, BalancedLoss

COMPONENT = params.Parameter(
    "component", "k", 1, 1, 200, "component whose factors are drawn", "",
    integer=True, slider=(1, 10, 1),
)  # fmt: skip


def learner_line(words: Words) -> str:
    """Return the line of code that makes the learner."""
    gradient = with_loss(words["gradient"], words["loss"])
    return (
        "learner = ex.Learner(flow, scene.labels, time={time}, gradient="
        + gradient.replace("{", "{{").replace("}", "}}")
        + ", optimizer={optimizer}, tau={tau}{start})"
    )


class LearningExplorer(SceneExplorer):
    """An interactive view of learning the weights of a linearized assignment flow.

    The explorer displays itself as the last expression of a cell. Sliders respond while
    learning runs or is paused; a moved slider recomputes only what depends on it.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts.
    link : a link that `app.link` returned.
    **settings
        values of `scene`, `size`, `labels`, `noise`, `seed`, `strokes`,
        `picks`, `time`, `rho`, `radius`, `base_point`, `gradient`, `loss`,
        `optimizer`, `tau`, `pixel`, `overlay`, `palette`, `integrator`; fields
        of the chosen records by their own names, such as `dim`, `rank` and
        `step`.

    Notes
    -----
    One worker thread computes; it ends when idle. Running the same notebook cell again
    closes the explorer that the cell displayed before.
    """

    title = "Learning explorer"
    question = "Can a picture be labeled better by learning how to average?"
    groups: ClassVar = {
        "Scene": scene_settings(),
        "Flow": (Number(params.TIME), RHO, RADIUS, BASE_POINT),
        "Gradient": (
            Choice(
                "gradient", GRADIENTS, "how the gradient of the loss is computed",
                label="method", without=("loss",),
            ),
            Number(COMPONENT),
        ),
        "Learning": (
            Choice("optimizer", OPTIMIZERS, "how the gradient determines a step"),
            Choice("loss", LOSSES, "function that learning minimizes"),
            Number(params.TAU),
        ),
        "Brush and prototypes": EDITS,
        "Pixel and views": (
            pixel_setting(),
            Pick(
                "overlay", ("errors", "labeling", "ground truth"),
                "what the labeling view shows",
            ),
            PALETTE,
            Choice(
                "integrator", INTEGRATORS,
                "another solver of V(T), to check the labels",
            ),
        ),
    }  # fmt: skip
    nodes = (
        *shared.SCENE, nodes.weights,
        nodes.method, nodes.coarse, nodes.closed, nodes.basis, nodes.evolution,
        nodes.solved_again, nodes.factors, nodes.against, nodes.derivative,
        nodes.reference, nodes.agreement, nodes.evaluation, nodes.riemannian,
        nodes.norms, nodes.records, nodes.accuracy, nodes.probed,
        nodes.numbers, nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    folded = ("Brush and prototypes", "Pixel and views")
    early = ("picture", "truth")
    main = "time"
    stepper = Stepper(
        point="evaluation",
        advance=lambda evaluate, point, memory, optimizer: optimizer.advance(
            evaluate, point, memory
        ),
        state_of=lambda point: point.weights,
        record=lambda step, point, seconds: point.record(step, seconds),
        rule=("optimizer",),
        restarts=("original", "picks", "radius"),
    )
    recipe = Recipe(
        lines=(
            *FLOW_LINES,
            learner_line,
            "trace = learner.run(steps={steps})",
        ),
        start=", initial_weights=learner.weights",
        last='numbers = {"loss": float(trace.loss[-1]), '
        '"error_percent": float(trace.error_percent[-1])}\nprint(numbers)',
    )
    presets: ClassVar = {
        "Thin lines vanish": Preset(
            {"scene": "lines", "noise": 0.3, "time": 5.0},
            "Uniform weights erase thin lines; learn 30 steps and they come back.",
        ),
        "T too long": Preset(
            {"time": 30.0},
            "A long flow smooths too much: small cells vanish.",
        ),
        "m too small": Preset(
            {"gradient": LowRankGradient(dim=2), "time": 15.0},
            "Two Krylov vectors cannot follow the flow: look at the error of V(T).",
        ),
        "Rank 1 fails": Preset(
            {"scene": "lines", "noise": 0.3, "time": 15.0},
            "Beyond T = 10, rank one misses part of the gradient: watch the cosine.",
        ),
        "h too large": Preset(
            {"optimizer": RiemannianDescent(step=20.0)},
            "Too large a step size overshoots: the loss jumps.",
            steps=10,
        ),
    }

    @property
    def trace(self) -> xr.Dataset:
        """The learning steps shown last, over `step`.

        The last record belongs to the present settings; each other record belongs to
        the settings of its step.
        """
        records, moment = self._read("records")
        settings = moment.settings
        words = self.plan.to_json({n: v for n, v in settings.items() if n != "image"})
        return trace_of(records, **{n: str(v) for n, v in words.items()})

    @classmethod
    def _schema_1(cls, state: Mapping[str, Any]) -> Document:
        """Return a document of the first schema in the present schema."""
        return translated(cls._declared(), state)
