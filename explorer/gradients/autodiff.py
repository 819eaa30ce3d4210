"""Gradients by PyTorch's automatic differentiation, for comparison (Sec. 3.4).

PyTorch is loaded here, on first use; its settings stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from explorer import extras, params
from explorer.flow.integrators import require_memory
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import Bounds, Derivative, GradientMethod
from explorer.gradients.discrete import fractions, require_finite, size
from explorer.gradients.euler import EulerAdjoint
from explorer.gradients.gradient import LowRankGradient, lighter
from explorer.gradients.traced import (
    TracedSystem,
    saved_fields,
    traced_euler,
    traced_krylov,
)
from explorer.losses.balanced import any_loss
from explorer.losses.losses import Loss
from explorer.params import of
from explorer.threads import exclusive


def load_torch() -> Any:
    """Return the module torch, or raise an ImportError that says how to install it."""
    return extras.load("torch", "automatic differentiation")


def require_torch() -> None:
    """Raise the same error if PyTorch is missing; loading it takes seconds."""
    if not extras.installed("torch"):
        raise ModuleNotFoundError(extras.missing("torch", "automatic differentiation"))


@dataclass(frozen=True)
class EulerAutodiff(GradientMethod):
    """∂f(Ω) by PyTorch, backward through explicit Euler V ← V + h (A V + B) (3.49).

    Parameters
    ----------
    time_step : float in (0, 10⁴], h in flow time; the last step ends at T.
    loss : DirectionLoss, CrossEntropy or TangentLoss
        evaluated in NumPy; its slope starts the backward pass.

    Raises
    ------
    ImportError
        if PyTorch is missing; the extra `autodiff` installs it.
    MemoryError
        before allocation, if the intermediate results of all steps do not fit.
    ValueError
        if V(T) or its gradient exceeds double precision.

    Notes
    -----
    Error bounds and singular values come from `EulerAdjoint` with the same step, which
    differentiates the same discrete map. They are computed on request.
    """

    time_step: float = of(params.TIME_STEP)
    loss: Loss = any_loss()
    cure = "lower `time_step`"
    source = "PyTorch through (3.49), Zeilmann, Petra, Schnörr (JMIV 2023), Sec. 3.4"

    def _judge(self) -> None:
        require_torch()

    @exclusive
    def differentiate(
        self,
        system: LinearSystem,
        truth: np.ndarray,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Derivative:
        """Return loss and gradient: N steps forward, and PyTorch's backward pass."""
        tau = fractions(system, time, self.time_step, saved_fields(system))
        traced = TracedSystem.of(load_torch(), system)
        y, evolution = traced_euler(traced, time, tau, check)
        value = self.loss.evaluate(evolution, truth)
        gradient = traced.gradient(y, value.slope)
        require_finite(size(gradient), time)
        adjoint = EulerAdjoint(self.time_step, self.loss)
        same = cache(lambda: adjoint.differentiate(system, truth, time))
        return Derivative(
            evolution=evolution,
            truth=truth,
            loss=value.value,
            loss_error=value.value_error,
            gradient=gradient,
            singular_values=np.zeros(0),
            rank=min(tau.size - 1, value.slope.size),
            bounds=lambda: same().bounds(),
            spectrum=lambda: same().complete().singular_values,
        )


@dataclass(frozen=True)
class KrylovAutodiff(GradientMethod):
    """∂f(Ω) by PyTorch, backward through V(T) ≈ T β Q_m φ(T H_m) e₁ (2.28b)–(2.29).

    PyTorch differentiates Arnoldi's process and the exponential of the small matrix,
    too, so this is the gradient of the Krylov approximation with m vectors.

    Parameters
    ----------
    dim : int in 1 … 200, m, dimension of the Krylov space K_m(A, b).
    loss : DirectionLoss, CrossEntropy or TangentLoss
        evaluated in NumPy; its slope starts the backward pass.

    Raises
    ------
    ImportError
        if PyTorch is missing; the extra `autodiff` installs it.
    MemoryError
        before allocation, if the intermediate results of all steps do not fit.

    Notes
    -----
    If the space is invariant, Arnoldi's process ends and V(T) is exact. Its derivative
    need not be exact: a change of Ω leads out of the space, which the approximation of
    fixed dimension cannot follow.

    `approximation_error` shows this. It is the distance to the closed form on the same
    space, `LowRankGradient(dim, rank=dim)`, plus the bound of the closed form. Singular
    values are those of the closed form. Both are computed on request.
    """

    dim: int = of(params.DIM)
    loss: Loss = any_loss()
    source = "PyTorch through (2.28b), Zeilmann, Petra, Schnörr (JMIV 2023), Sec. 3.4"

    def _judge(self) -> None:
        require_torch()

    @exclusive
    def differentiate(
        self,
        system: LinearSystem,
        truth: np.ndarray,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Derivative:
        """Return loss and gradient: Arnoldi's process, and PyTorch's backward pass."""
        n = system.similarity.size
        # step j keeps what A needs and j stages of its Gram–Schmidt process
        kept = self.dim * (saved_fields(system) + self.dim)
        require_memory(
            f"a gradient through {self.dim} Krylov vectors of {n} numbers",
            8 * n * kept,
            lambda: lighter(n),
        )
        traced = TracedSystem.of(load_torch(), system)
        y, evolution = traced_krylov(traced, time, self.dim, check)
        value = self.loss.evaluate(evolution, truth)
        gradient = traced.gradient(y, value.slope)
        closed_form = LowRankGradient(self.dim, self.dim, self.loss)
        closed = cache(lambda: closed_form.compute(closed_form.init(evolution, truth)))
        return Derivative(
            evolution=evolution,
            truth=truth,
            loss=value.value,
            loss_error=value.value_error,
            gradient=gradient,
            singular_values=np.zeros(0),
            rank=evolution.work.dim,
            bounds=lambda: triangle(gradient, closed()),
            spectrum=lambda: closed().singular_values,
        )


def triangle(gradient: np.ndarray, other: Derivative) -> Bounds:
    """Bound the error of a gradient by its distance to another one and its bound."""
    bounds = other.bounds()
    apart = size(gradient - other.gradient)
    return Bounds(
        apart + bounds.approximation, bounds.truncation, bounds.singular_value
    )
