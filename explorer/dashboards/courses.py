"""What a flow does over time: entropy, decided pixels and wrong pixels as curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check, wrong
from explorer.flow.evolution import Evolution
from explorer.flow.integrators import require_memory
from explorer.flow.iterated import IteratedLinearization
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.geometry import simplex

MOMENTS = 31
"""Times on the axis at which the curves are computed."""

DECIDED = 0.99
"""A pixel is decided if one label has at least this probability."""


@dataclass(frozen=True, eq=False)
class OverTime:
    """Entropy, decided pixels and wrong pixels of one flow over the time axis.

    Attributes
    ----------
    times : t; entropy : mean over the pixels, of log J; decided, wrong : in percent.
    """

    times: np.ndarray
    entropy: np.ndarray
    decided: np.ndarray
    wrong: np.ndarray


@dataclass(frozen=True)
class TimeAxis:
    """The time axis in equal pieces, each with a linearization of its own."""

    krylov: Krylov
    iterations: int
    span: float

    @property
    def length(self) -> float:
        """h, the time of one piece."""
        return self.span / self.iterations

    def until(self, time: float) -> list[float]:
        """Return the times h_k of the linearizations that lead to t."""
        k = min(int(time / self.length), self.iterations - 1)
        return [self.length] * k + [max(0.0, time - k * self.length)]


@dataclass(frozen=True, eq=False)
class IteratedFlow:
    """The iterated linearization: U at the start of each piece, and its course."""

    axis: TimeAxis
    starts: tuple[np.ndarray, ...]
    course: OverTime


def course(
    times: np.ndarray, W: Callable[[float], np.ndarray], problem: xr.Dataset
) -> OverTime:
    """Return the course of a flow with the label probabilities W(t)."""
    rows = np.array([facts(W(float(t)), problem) for t in times]).reshape(-1, 3)
    return OverTime(times, *rows.T)


def facts(W: np.ndarray, problem: xr.Dataset) -> tuple[float, float, float]:
    """Return entropy, share of decided pixels and share of wrong pixels of W.

    Where all labels are equally likely everywhere, no pixel is wrong or right: NaN.
    """
    undecided = len(W) > 1 and float(np.ptp(W)) == 0.0
    return (
        float(simplex.entropy(W).mean()),
        100.0 * float((W.max(axis=0) >= DECIDED).mean()),
        np.nan if undecided else wrong(W.argmax(axis=0), problem),
    )


def chain(
    flow: LinearizedFlow,
    weights: np.ndarray,
    scheme: TimeAxis,
    problem: xr.Dataset,
    check: Check,
) -> IteratedFlow:
    """Return the iterated linearization on the whole time axis."""
    times = np.linspace(0.0, scheme.span, MOMENTS)
    labels, (_, U) = flow.shape[0], flow.potential()
    number = np.minimum(times // scheme.length, scheme.iterations - 1)
    needed = 8 * U.size * scheme.iterations
    require_memory("the iterated flow", needed, lambda: "lower `iterations`")
    starts, found = [U], []
    whole = scheme.until(scheme.span)
    steps = IteratedLinearization(scheme.krylov).iterate(
        flow, [weights] * len(whole), whole
    )
    for k, step in enumerate(steps):
        check()
        W = inside(scheme, starts[k], step, k * scheme.length)
        found.append(course(times[number == k], W, problem))
        starts.append(starts[k] + labels * step.scaled)
    names = [field.name for field in fields(OverTime)]
    joined = [np.concatenate([getattr(c, n) for c in found]) for n in names]
    return IteratedFlow(scheme, tuple(starts[:-1]), OverTime(*joined))


def inside(
    scheme: TimeAxis, start: np.ndarray, step: Evolution, begin: float
) -> Callable[[float], np.ndarray]:
    """Return t ↦ W(t) within a piece that begins at a time with U = start."""
    assert step.basis is not None
    state = KrylovState(step.system, step.basis)

    def W(time: float) -> np.ndarray:
        V = scheme.krylov.compute(state, time - begin).scaled
        return simplex.softmax(start + V.shape[0] * V)

    return W
