"""The learning explorer without its widgets: the data flow as a graph of nodes.

scene ← (choice, size, seed | noise) → flow ← ρ → system ← Ω → basis ← m → V ← T
→ factors of Z → gradient ← rank → Ω ← step: each slider enters at one place, and
nothing upstream of it is computed again.
"""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dashboard.graph import Leaf, Node
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import Derivative, cosine
from explorer.gradients.gradient import (
    GradientState,
    LowRankGradient,
    riemannian_gradient,
)
from explorer.learning.evaluation import Evaluation
from explorer.learning.optimizers import RiemannianDescent
from explorer.learning.trace import Step, trace_of
from explorer.scenes.images import SAMPLES, image_structure, sample_image
from explorer.scenes.scene import Structure, make_scene
from explorer.scenes.voronoi import KINDS, voronoi_structure
from explorer.threads import exclusive

REFERENCE_RANK = 6
"""Rank of the gradient that the cosine compares with, or m if that is smaller."""

UPLOAD = "upload"
LONGEST_UPLOAD = 256
"""Uploads are scaled down to this many rows and columns: learning stays live."""

SCENES = (*KINDS, *SAMPLES)


@dataclass(frozen=True)
class Settings:
    """All that determines what is shown, apart from the learning steps taken."""

    scene: str = KINDS[0]
    size: int = int(params.SIZE.default)
    seed: int = 0
    labels: int = int(params.LABELS.default)
    noise: float = params.NOISE.default
    rho: float = params.RHO.default
    dim: int = int(params.DIM.default)
    time: float = params.TIME.default
    rank: int = int(params.RANK.default)
    step: float = params.STEP.default
    tau: float = params.TAU.default


@dataclass(frozen=True)
class Segment:
    """A number of learning steps taken in a row under the same settings."""

    settings: Settings
    steps: int


class LearningModel:
    """Scene, flow, gradient and learning as cached nodes, one leaf per setting."""

    def __init__(self, settings: Settings) -> None:
        self._check: Callable[[], None] = lambda: None
        self.leaf: dict[str, Leaf[Any]] = {
            name: Leaf(value) for name, value in vars(settings).items()
        }
        self.leaf["upload"] = Leaf[Any](None)
        self.weights: Leaf[np.ndarray | None] = Leaf(None)
        self.records: list[Step] = []
        self.history: list[Segment] = []
        self._spent = 0.0
        self._add_forward(self.leaf)
        self._add_learning(self.leaf)

    def _add_forward(self, leaf: dict[str, Leaf[Any]]) -> None:
        """Add the nodes from the scene to the labeling."""
        self.structure: Node[Structure] = Node(
            self._structure,
            *(leaf[n] for n in ("scene", "size", "seed", "labels", "upload")),
        )
        self.scene: Node[xr.Dataset] = Node(
            make_scene, self.structure, leaf["noise"], leaf["seed"]
        )
        self.flow: Node[LinearizedFlow] = Node(
            lambda scene, rho: LinearizedFlow(scene.distances, rho=rho),
            self.scene,
            leaf["rho"],
        )
        self.system: Node[LinearSystem] = Node(self._system, self.flow, self.weights)
        self.basis: Node[KrylovState] = Node(self._basis, self.system, leaf["dim"])
        self.evolution: Node[Evolution] = Node(
            lambda basis, dim, time: Krylov(dim).compute(basis, time),
            self.basis,
            leaf["dim"],
            leaf["time"],
        )

    def _add_learning(self, leaf: dict[str, Leaf[Any]]) -> None:
        """Add the nodes of the gradient and of what is shown of it."""
        self.factors: Node[GradientState] = Node(
            self._factors, self.evolution, self.structure, leaf["dim"]
        )
        self.gradient: Node[Derivative] = Node(
            lambda state, dim, rank: LowRankGradient(dim, rank).compute(state),
            self.factors,
            leaf["dim"],
            leaf["rank"],
        )
        self.reference: Node[Derivative] = Node(
            lambda state, dim: LowRankGradient(dim, min(dim, REFERENCE_RANK)).compute(
                state
            ),
            self.factors,
            leaf["dim"],
        )
        self.cosine: Node[np.ndarray] = Node(cosine, self.gradient, self.reference)
        self.evaluation: Node[Evaluation] = Node(
            Evaluation.of, self.gradient, leaf["tau"]
        )
        self.norms: Node[np.ndarray] = Node(gradient_norms, self.evaluation)

    def set(self, changes: Mapping[str, Any]) -> bool:
        """Set leaves; return whether the ground truth changes and learning restarts."""
        known = self.structure.fresh
        for name, value in changes.items():
            self.leaf[name].set(value)
        restarts = known and not self.structure.fresh
        if restarts:
            self.reset()
        return restarts

    def reset(self) -> None:
        """Return to uniform weights and an empty trace."""
        self.weights.set(None)
        self.records, self.history = [], []

    def settings(self) -> Settings:
        """Return the present settings."""
        return Settings(**{n: self.leaf[n]() for n in Settings.__annotations__})

    @exclusive
    def refresh(self, check: Callable[[], None]) -> None:
        """Bring every node up to date and replace the record of the present step."""
        self._check = check
        began = clock.perf_counter()
        for node in (self.structure, self.flow, self.factors, self.norms, self.cosine):
            check()
            node()
        last = self.records[-1] if self.records else None
        step, seconds = (last.step, last.seconds) if last else (0, 0.0)
        present = finite(self.evaluation(), None)
        self.records[-1:] = [present.record(step, seconds)]
        self._spent = clock.perf_counter() - began

    @property
    def current(self) -> bool:
        """Whether every node is up to date, so that a step can be taken."""
        return bool(self.records) and self.norms.fresh and self.cosine.fresh

    @property
    def seconds(self) -> float:
        """Time the last refresh or step took."""
        return self._spent

    @exclusive
    def advance(self, check: Callable[[], None]) -> None:
        """Take one descent step; if it is superseded the weights stay as they were."""
        began = clock.perf_counter()
        self._check = check
        evaluation = self.evaluation()
        optimizer = RiemannianDescent(self.leaf["step"]())
        step = self.records[-1].step + 1
        with self.weights.trial(optimizer.propose(evaluation, None)[0]):
            new = finite(self.evaluation(), self.leaf["step"]())
        self.records.append(new.record(step, clock.perf_counter() - began))
        self._remember()
        self.norms()
        self.cosine()
        self._spent = clock.perf_counter() - began

    def _remember(self) -> None:
        """Count the step just taken under the settings that it was taken with."""
        settings, steps = self.settings(), 1
        if self.history and self.history[-1].settings == settings:
            steps += self.history.pop().steps
        self.history.append(Segment(settings, steps))

    def trace(self) -> xr.Dataset:
        """Return the steps taken so far as a dataset over `step`."""
        return trace_of(self.records, **vars(self.settings()))

    def _structure(
        self, scene: str, size: int, seed: int, labels: int, upload: Any
    ) -> Structure:
        if scene in KINDS:
            return voronoi_structure(scene, size, seed)
        if scene == UPLOAD:
            return image_structure(upload, labels, seed)
        return image_structure(sample_image(scene, size), labels, seed)

    def _system(self, flow: LinearizedFlow, weights: np.ndarray | None) -> LinearSystem:
        if weights is None:
            weights = flow.neighborhood.uniform()
        return flow.plain_system(weights)

    def _basis(self, system: LinearSystem, dim: int) -> KrylovState:
        return Krylov(dim).init(system, self._check)

    def _factors(
        self, evolution: Evolution, structure: Structure, dim: int
    ) -> GradientState:
        return LowRankGradient(dim).init(evolution, structure.labels, self._check)


def finite(evaluation: Evaluation, step: float | None) -> Evaluation:
    """Return the evaluation unless it holds no numbers; name what leads to them."""
    if math.isfinite(evaluation.loss) and math.isfinite(evaluation.gradient_norm):
        return evaluation
    if step is None:
        raise ValueError(
            f"`rho` and `time` must leave the loss finite, got the loss "
            f"{evaluation.loss}; raise `rho` or lower `time`"
        )
    raise ValueError(
        f"`step` must leave the loss finite, got {step:g} with the loss "
        f"{evaluation.loss}; lower `step`, the weights are those before it"
    )


def gradient_norms(evaluation: Evaluation) -> np.ndarray:
    """Return ‖R_Ω ∂ℒ‖ for each pixel, (row, col)."""
    system = evaluation.system
    riemannian = riemannian_gradient(system, evaluation.gradient)
    return np.sqrt(system.neighborhood.inner(riemannian, riemannian))
