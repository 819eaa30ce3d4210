"""`Learner`: Riemannian descent of the loss in the weights (3.6)–(3.7)."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow.base import Flow, checked_flow, read_only
from explorer.gradients.derivative import GradientMethod
from explorer.gradients.gradient import LowRankGradient
from explorer.learning.evaluation import Evaluation
from explorer.learning.optimizers import (
    ExplicitOptimizer,
    Optimizer,
    RiemannianDescent,
)
from explorer.learning.trace import Step, trace_of
from explorer.params import check_fields, of
from explorer.truths import DECLARATION


@dataclass(eq=False)
class Learner:
    """Learn the weights Ω of one labeled image from uniform weights.

    Minimizes ℒ(Ω) = f(V_T(Ω)) + ℛ(Ω) (3.6).

    Parameters
    ----------
    flow : LinearizedFlow or GraphFlow
    labels : DataArray or array (row, col), ground truth, integers 0 … J−1. The
        attribute `no_label` of a DataArray names a value whose pixels are left out.
    time : float in [0, 10⁴], T.
    gradient : LowRankGradient or another method of the hierarchy.
    optimizer : RiemannianDescent, ArmijoDescent, MomentumDescent, Adam or AdaMax.
    tau : float in [0, 10³]
        τ, weight of ℛ = (τ/2) Σ_i ‖Π₀ log Ω_i‖² (3.5). ℛ sums over the pixels, but f
        does not grow with them: useful values are far below 1/I.
    initial_weights : DataArray or array (offset, row, col), optional
        start of learning; by default uniform weights.

    Labels and weights are copied, and exposed read-only.
    """

    flow: Flow
    labels: Any
    time: float = of(params.TIME)
    gradient: GradientMethod = field(default_factory=LowRankGradient)
    optimizer: Optimizer = field(default_factory=RiemannianDescent)
    tau: float = of(params.TAU)
    initial_weights: Any = None
    _step: int = field(default=0, init=False, repr=False)
    _memory: Any = field(default=None, init=False, repr=False)
    _point: Evaluation | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._truth = read_only(checked_flow(self.flow).check_labels(self.labels))
        check_fields(self)
        require("gradient", self.gradient, GradientMethod, "LowRankGradient()")
        require("optimizer", self.optimizer, Optimizer, "RiemannianDescent()")
        dims, label = self.flow.neighborhood.dims, self.flow.coordinates.label
        unknown = DECLARATION if self._truth.min() < 0 else {}
        self.labels = label(self._truth, dims, long_name="ground truth", **unknown)
        if self.initial_weights is not None:  # the caller may change the original
            self.initial_weights = self.flow.label_weights(read_only(self.start))
        self._weights = self.start
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if getattr(self, "_ready", False) and not name.startswith("_"):
            raise AttributeError(
                f"`{name}` of a Learner cannot be changed: make a new Learner with "
                "`initial_weights=learner.weights`"
            )
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for copies and pickles; they recompute the evaluation."""
        return vars(self) | {"_point": None}

    @property
    def weights(self) -> xr.DataArray:
        """The weights reached so far, (offset, row, col)."""
        return self.flow.label_weights(self._weights.copy())

    @property
    def truth(self) -> np.ndarray:
        """The ground truth, (row, col), read-only."""
        return self._truth

    @property
    def start(self) -> np.ndarray:
        """The initial weights, a plain array (offset, row, col)."""
        if self.initial_weights is None:
            return self.flow.check_weights(self.flow.uniform_weights())
        return self.flow.check_weights(self.initial_weights, "initial_weights")

    @property
    def position(self) -> tuple[np.ndarray, Any, int]:
        """The weights, the memory of the optimizer, and the number of the step."""
        return self._weights, self._memory, self._step

    def move(self, weights: np.ndarray, memory: Any, step: int) -> None:
        """Set the `position`, taken from a learner of the same kind."""
        self._weights = self.flow.check_weights(weights)
        self._memory, self._step, self._point = memory, step, None

    def evaluate(self, weights: np.ndarray) -> Evaluation:
        """Return loss and gradient at plain, already valid weights."""
        system = self.flow.plain_system(weights)
        derivative = self.gradient.differentiate(system, self._truth, self.time)
        return Evaluation.of(derivative, self.tau)

    def iterate(self, steps: int = int(params.STEPS.default)) -> Iterator[Step]:
        """Yield a record of the current state, then one after each further step.

        You can stop at any record and iterate again: the learner continues there.
        """
        steps = params.STEPS.check(steps)
        return self._iterate(steps)

    def _iterate(self, steps: int) -> Iterator[Step]:
        for count in range(steps + 1):
            began = clock.perf_counter()
            if count:
                self._advance()
            yield self._here().record(self._step, clock.perf_counter() - began)

    def _here(self) -> Evaluation:
        """Return the evaluation at the weights, recomputed if it was dropped."""
        if self._point is None:
            self._point = self.evaluate(self._weights)
        return self._point

    def _advance(self) -> None:
        """Take a step. If interrupted, the learner stays at the old weights.

        If the rule allows it, the old evaluation is dropped before the new one is
        computed: at 512 × 512 pixels this saves a fifth of all memory.
        """
        if isinstance(self.optimizer, ExplicitOptimizer):
            weights, memory = self.optimizer.propose(self._here(), self._memory)
            self._point = None
            point = self.evaluate(weights)
        else:
            here = self._here()
            point, memory = self.optimizer.advance(self.evaluate, here, self._memory)
        self._step, self._memory = self._step + 1, memory
        self._point, self._weights = point, point.weights

    def run(self, steps: int = int(params.STEPS.default)) -> xr.Dataset:
        """Drain `iterate(steps)` into a dataset over `step`."""
        return trace_of(self.iterate(steps), **self.settings())

    def settings(self) -> dict[str, Any]:
        """The parameters of this learner as plain numbers, for the trace."""
        return {
            "time": self.time,
            "rho": self.flow.rho,
            "radius": getattr(self.flow, "radius", "graph"),
            "tau": self.tau,
            "gradient": repr(self.gradient),
            "optimizer": repr(self.optimizer),
        }


def require(argument: str, value: Any, kind: type, example: str) -> None:
    """Raise unless `value` is an instance of the class that its role requires."""
    if not isinstance(value, kind):
        raise TypeError(
            f"`{argument}` = {value!r} is not a {kind.__name__}: pass an instance such "
            f"as {example}"
        )
