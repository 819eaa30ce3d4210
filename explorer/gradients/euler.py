"""`EulerAdjoint`: the exact gradient of the loss discretized by explicit Euler (3.49).

With y(s) = V(sT)/T the flow is ẏ = T A y + B on [0, 1], and with h_n = T τ_n explicit
Euler is y_{n+1} = y_n + τ_n (T A y_n + B), y_0 = 0. With g, the gradient of the loss in
y_N, the adjoint is also explicit Euler, run backward from λ_N = g:
λ_n = λ_{n+1} + h_n Aᵀ λ_{n+1}. Therefore

    df[Y] = Σ_n τ_n ⟨λ_{n+1}, T dA[Y] y_n + dB[Y]⟩,

which is Theorem 3.8 with the sums Z_h = Σ_n τ_n λ_{n+1} y_nᵀ and z_h = Σ_n τ_n λ_{n+1}
in place of the integrals Z = ∫₀¹ λ yᵀ ds and z = ∫₀¹ λ ds. Nothing is divided by T.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from explorer import params
from explorer.flow.evolution import Evolution
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.gradients.derivative import Bounds, Derivative, GradientMethod
from explorer.gradients.discrete import (
    Node,
    Path,
    ending,
    euler,
    fractions,
    integration_errors,
    require_finite,
    size,
    spectrum,
)
from explorer.gradients.gradient import sensitivity
from explorer.losses.balanced import any_loss
from explorer.losses.losses import Loss
from explorer.params import of
from explorer.threads import exclusive


@dataclass(frozen=True)
class EulerAdjoint(GradientMethod):
    """∂f(Ω) through explicit Euler V ← V + h (A V + B) (3.49), by its discrete adjoint.

    The exact gradient of the discretized loss. Up to rounding, it equals automatic
    differentiation of the same scheme (`EulerAutodiff`), without PyTorch. It approaches
    the gradient of the loss as O(h). All N = T/h fields V_n stay in memory.

    Parameters
    ----------
    time_step : float in (0, 10⁴], h in flow time; the last step ends at T.
    loss : DirectionLoss, CrossEntropy or TangentLoss

    Raises
    ------
    MemoryError
        before allocation, if the fields V_n do not fit.
    ValueError
        if V(T) or its gradient exceeds double precision.

    Notes
    -----
    Z_h is not truncated, so `truncation_error` is zero. `approximation_error` bounds
    the distance to the gradient of the loss itself, so it includes the error of Euler's
    scheme; see `integration_errors`.
    """

    time_step: float = of(params.TIME_STEP)
    loss: Loss = any_loss()
    cure = "lower `time_step`"
    source = "(3.49) of Zeilmann, Petra, Schnörr (JMIV 2023), discrete adjoint"

    @exclusive
    def differentiate(
        self,
        system: LinearSystem,
        truth: np.ndarray,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Derivative:
        """Return loss and gradient: N steps forward, N steps back."""
        tau = fractions(system, time, self.time_step)
        evolution, points, forward = run_forward(system, time, tau, check)
        value = self.loss.evaluate(evolution, truth)
        back = Path(value.slope, value.slope_error)
        gradient, backward = run_backward(evolution, points, tau, back, check)
        found = cache(lambda: spectrum(evolution, tau, value.slope))
        nodes = forward, backward
        return Derivative(
            evolution=evolution,
            truth=truth,
            loss=value.value,
            loss_error=value.value_error,
            gradient=gradient,
            singular_values=np.zeros(0),
            rank=min(tau.size - 1, value.slope.size),
            bounds=lambda: euler_bounds(evolution, tau, nodes, found()[1]),
            spectrum=lambda: found()[0],
        )


def run_forward(
    system: LinearSystem, time: float, tau: np.ndarray, check: Callable[[], None]
) -> tuple[Evolution, np.ndarray, list[Node]]:
    """Return V(T), the fields y_0 … y_{N−1}, and their norms and errors."""

    def slope(y: np.ndarray) -> np.ndarray:
        check()
        return time * system.apply(y) + system.source

    points, nodes = np.empty((tau.size, *system.shape)), []
    path = euler(slope, Path(np.zeros(system.shape)), tau, time * system.growth)
    with np.errstate(over="ignore", invalid="ignore"):  # `require_finite` raises
        for n, (y, here) in enumerate(path):
            require_finite(here.norm + here.speed, time)
            nodes.append(here)
            if n < tau.size:
                points[n] = y
    return ending(system, time, y, here.error, tau.size), points, nodes[:-1]


def run_backward(
    evolution: Evolution,
    points: np.ndarray,
    tau: np.ndarray,
    path: Path,
    check: Callable[[], None],
) -> tuple[np.ndarray, list[Node]]:
    """Return ∂f, and norms and errors of λ_1 … λ_N.

    The sums are the closed form, T Σ ⟦R_S u, w⟧ + ⟦R_S G, C⟧ with
    G = T Σ (u∘X − ⟨S,X⟩u − ⟨S,u⟩X) + R_W₀ z, X = Ω w, and one term per step:
    u = τ_n R_W₀ λ_{n+1}, w = y_n/W₀.
    """
    system, T = evolution.system, evolution.time
    S, product = system.similarity, system.neighborhood.sampled_product
    G, z = np.zeros(system.shape), np.zeros(system.shape)
    gradient, nodes = np.zeros_like(system.weights), []

    def slope(x: np.ndarray) -> np.ndarray:
        check()
        return T * system.apply_transpose(x)

    sweep = euler(slope, path, tau[::-1], T * system.growth)
    with np.errstate(over="ignore", invalid="ignore"):  # `require_finite` raises
        # the counter comes first, so the loop ends before it computes λ_0
        for n, (x, here) in zip(reversed(range(tau.size)), sweep, strict=False):
            require_finite(here.norm + here.speed, T)
            nodes.append(here)
            z += tau[n] * x
            u, w = system.pull((T * tau[n]) * x), system.push(points[n])
            X = system.average(w)
            G += u * X - simplex.inner(S, X) * u - simplex.inner(S, u) * X
            gradient += product(simplex.replicator(S, u), w)
        G += system.replicate_base(z)
        gradient += product(simplex.replicator(S, G), system.log_likelihood)
        require_finite(size(gradient), T)
    return gradient, nodes[::-1]


def euler_bounds(
    evolution: Evolution,
    tau: np.ndarray,
    nodes: tuple[list[Node], list[Node]],
    compression: float,
) -> Bounds:
    """Bound the distance of ∂f to the gradient without discretization.

    `compression` is the error of the singular values of Z_h.
    """
    system, T = evolution.system, evolution.time
    of_Z, of_z = sensitivity(system, T)
    error, error_z = integration_errors(tau, T * system.growth, *nodes)
    first = of_Z * error if of_Z else 0.0
    second = of_z * error_z if of_z else 0.0
    return Bounds(first + second, 0.0, error + compression)
