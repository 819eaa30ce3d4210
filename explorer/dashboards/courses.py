"""What a flow does over time: entropy, decided pixels and wrong pixels as curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check, wrong
from explorer.flow.iterated import IteratedLinearization
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.geometry import simplex

MOMENTS = 31
"""Times on the axis at which the curves are computed."""

DECIDED = 0.99
"""A pixel is decided if one label has at least this probability."""


@dataclass(frozen=True, eq=False)
class Course:
    """Entropy, decided pixels and wrong pixels of one flow over the time axis.

    Attributes
    ----------
    times : t; entropy : mean over the pixels, of log J; decided, wrong : in percent.
    """

    times: np.ndarray
    entropy: np.ndarray
    decided: np.ndarray
    wrong: np.ndarray


@dataclass(frozen=True, eq=False)
class Chain:
    """The iterated linearization: U at the start of each piece, and its course."""

    starts: tuple[np.ndarray, ...]
    course: Course


def course(
    times: np.ndarray, W: Callable[[float], np.ndarray], problem: xr.Dataset
) -> Course:
    """Return the course of a flow with the label probabilities W(t)."""
    rows = np.array([facts(W(float(t)), problem) for t in times]).reshape(-1, 3)
    rows[times == 0.0, 2] = np.nan  # nothing distinguishes the labels yet
    return Course(times, *rows.T)


def facts(W: np.ndarray, problem: xr.Dataset) -> tuple[float, float, float]:
    """Return entropy, share of decided pixels and share of wrong pixels of W."""
    return (
        float(simplex.entropy(W).mean()),
        100.0 * float((W.max(axis=0) >= DECIDED).mean()),
        wrong(W.argmax(axis=0), problem),
    )


def pieces(time: float, iterations: int, span: float) -> list[float]:
    """Return the times h_k of the linearizations that lead to t."""
    h = span / iterations
    k = min(int(time / h), iterations - 1)
    return [h] * k + [time - k * h]


def chain(
    flow: LinearizedFlow,
    weights: np.ndarray,
    krylov: Krylov,
    axis: tuple[int, float],
    problem: xr.Dataset,
    check: Check,
) -> Chain:
    """Return the iterated linearization with as many pieces as `axis` says."""
    iterations, span = axis
    h, times = span / iterations, np.linspace(0.0, span, MOMENTS)
    scheme = IteratedLinearization(krylov)
    labels, (_, U) = flow.shape[0], flow.potential()
    starts, found = [U], []

    parts = scheme.iterate(flow, [weights] * iterations, [h] * iterations)
    for k, piece in enumerate(parts):
        check()
        assert piece.basis is not None
        state = KrylovState(piece.system, piece.basis)
        last = k == iterations - 1
        inside = (times >= k * h) & ((times < (k + 1) * h) | last)

        def W(t: float, k: int = k, state: KrylovState = state) -> np.ndarray:
            U = starts[k] + labels * krylov.compute(state, t - k * h).scaled
            return simplex.softmax(U)

        found.append(course(times[inside], W, problem))
        starts.append(starts[k] + labels * piece.scaled)
    joined = (
        np.concatenate([getattr(c, n) for c in found]) for n in Course.__annotations__
    )
    return Chain(tuple(starts), Course(*joined))
