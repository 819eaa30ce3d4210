"""`Learner`: Riemannian descent of the loss in the weights (3.6)–(3.7)."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow.linearized import LinearizedFlow, checked_flow
from explorer.learning.gradient import (
    GradientState,
    LowRankGradient,
    riemannian_gradient,
)
from explorer.learning.losses import regularizer
from explorer.learning.optimizers import RiemannianDescent
from explorer.learning.trace import Step, trace_of
from explorer.threads import exclusive


class Optimizer(Protocol):
    """Anything that turns weights and a Euclidean gradient into new weights."""

    def update(
        self, weights: np.ndarray, gradient: np.ndarray, tau: float = 0.0
    ) -> np.ndarray:
        """Return the weights after one step; tau is the regularizer's weight."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """ℒ = f + ℛ and its gradient ∂ℒ at some weights.

    gradient is Euclidean; gradient_norm is ‖R_Ω ∂ℒ‖ (Frobenius), which vanishes where
    learning has converged.
    """

    weights: np.ndarray
    state: GradientState
    loss: float
    gradient: np.ndarray
    gradient_norm: float
    tau: float = 0.0

    @classmethod
    @exclusive
    def of(cls, state: GradientState, gradient: np.ndarray, tau: float) -> Evaluation:
        """Add the regularizer to the loss and gradient of f."""
        system = state.factors.evolution.system
        penalty, slope = regularizer(system.weights, tau)
        total = gradient + slope
        norm = float(np.linalg.norm(riemannian_gradient(system, total)))
        return cls(system.weights, state, state.loss + penalty, total, norm, tau)

    def record(self, step: int, seconds: float) -> Step:
        """Return the small record that traces and views consume."""
        return Step(
            step=step,
            loss=self.loss,
            error_percent=self.state.error_percent,
            gradient_norm=self.gradient_norm,
            singular_values=self.state.factors.singular_values,
            seconds=seconds,
        )


def descend(
    evaluate: Callable[[np.ndarray], Evaluation],
    optimizer: Optimizer,
    start: Evaluation,
    steps: int,
) -> Iterator[Evaluation]:
    """Yield the start and then the evaluation after each of `steps` steps."""
    evaluation = start
    yield evaluation
    for _ in range(steps):
        present = evaluation
        evaluation = evaluate(
            optimizer.update(present.weights, present.gradient, present.tau)
        )
        yield evaluation


@dataclass(eq=False)
class Learner:
    """Learn the weights Ω of one labeled image from uniform weights.

    Minimizes ℒ(Ω) = f(V_T(Ω)) + ℛ(Ω) (3.6).

    Parameters
    ----------
    flow : LinearizedFlow
    labels : DataArray or array (row, col), ground truth, integers 0 … J−1.
    time : float in [0, 10⁴], T.
    gradient : LowRankGradient
    optimizer : RiemannianDescent
    tau : float in [0, 10³]
        τ, weight of ℛ = (τ/2) Σ_i ‖Π₀ log Ω_i‖² (3.5). ℛ sums over the pixels while f
        does not grow with them: useful values are a small part of 1/I.
    initial_weights : DataArray or array (offset, row, col), optional
        start of learning; uniform weights if not given.
    """

    flow: LinearizedFlow
    labels: Any
    time: float = params.TIME.default
    gradient: LowRankGradient = field(default_factory=LowRankGradient)
    optimizer: Optimizer = field(default_factory=RiemannianDescent)
    tau: float = params.TAU.default
    initial_weights: Any = None
    _step: int = field(default=0, init=False, repr=False)
    _evaluation: Evaluation | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._truth = checked_flow(self.flow).check_labels(self.labels)
        self.time = params.TIME.check(self.time)
        self.tau = params.TAU.check(self.tau)
        methods = ("forward", "init", "compute")
        require("gradient", self.gradient, methods, "LowRankGradient()")
        require("optimizer", self.optimizer, ("update",), "RiemannianDescent()")
        if self.initial_weights is None:
            self.initial_weights = self.flow.uniform_weights()
        start = self.flow.check_weights(self.initial_weights, "initial_weights")
        self._weights = start.copy()  # the caller may go on writing into theirs
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if getattr(self, "_ready", False) and not name.startswith("_"):
            raise AttributeError(
                f"`{name}` of a Learner cannot be changed: make a new Learner with "
                "`initial_weights=learner.weights`"
            )
        super().__setattr__(name, value)

    @property
    def weights(self) -> xr.DataArray:
        """The weights reached so far, (offset, row, col)."""
        return self.flow.label_weights(self._weights.copy())

    def evaluate(self, weights: np.ndarray) -> Evaluation:
        """Return loss and gradient at plain, already valid weights."""
        forward = self.gradient.forward
        evolution = forward.compute(forward.init(self.flow.system(weights)), self.time)
        state = self.gradient.init(evolution, self._truth)
        return Evaluation.of(state, self.gradient.compute(state), self.tau)

    def iterate(self, steps: int = int(params.STEPS.default)) -> Iterator[Step]:
        """Yield a record of the present state, then one after each further step.

        The learner can be left at any record and iterated again: it goes on there.
        """
        steps = params.STEPS.check(steps)
        return self._iterate(steps)

    def _iterate(self, steps: int) -> Iterator[Step]:
        began, first = clock.perf_counter(), self._step
        start = self._evaluation or self.evaluate(self._weights)
        path = descend(self.evaluate, self.optimizer, start, steps)
        for step, evaluation in enumerate(path, first):
            self._step, self._evaluation = step, evaluation
            self._weights = evaluation.weights
            yield evaluation.record(step, clock.perf_counter() - began)
            began = clock.perf_counter()

    def run(self, steps: int = int(params.STEPS.default)) -> xr.Dataset:
        """Drain `iterate(steps)` into a dataset over `step`."""
        return trace_of(self.iterate(steps), **self.settings())

    def settings(self) -> dict[str, Any]:
        """The parameters of this learner as plain numbers, for the trace."""
        return {
            "time": self.time,
            "rho": self.flow.rho,
            "radius": self.flow.radius,
            "tau": self.tau,
            "gradient": repr(self.gradient),
            "optimizer": repr(self.optimizer),
        }


def require(argument: str, value: Any, methods: tuple[str, ...], example: str) -> None:
    """Raise unless `value` is an instance with the methods that its role needs."""
    missing = [m for m in methods if not hasattr(value, m)]
    if missing or isinstance(value, (type, dict)):
        raise TypeError(
            f"`{argument}` = {value!r} cannot serve: it needs the methods "
            f"{', '.join(methods)}; pass an instance such as {example}"
        )
