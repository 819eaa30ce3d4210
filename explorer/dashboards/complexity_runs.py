"""Measure the gradient methods on this machine: time, and memory of their arrays."""

from __future__ import annotations

import math
import time
import tracemalloc
from dataclasses import dataclass

import numpy as np
import psutil

from explorer.dashboards.complexity_nodes import GIGA, NAMES
from explorer.dashboards.nodes import Check
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.system import LinearSystem
from explorer.gradients.complexity import methods
from explorer.gradients.gradient import ClosedForm

SIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Sides of the images that are tried, until one would take too much."""

PATIENCE = 0.5
"""Most seconds that one gradient may be expected to take."""

ENOUGH = 1.0
"""Seconds after which a method is not measured for larger images: on a busy machine,
even small problems take long."""

REPEATS, SHORT = 5, 0.05
"""Most repetitions of a gradient, of which the shortest counts, and the seconds after
which it is not repeated."""

GROWTHS = ((6, 30), (3, 25), (3, 25), (1, math.inf), (1, math.inf), (3, 240))
"""Power p and factor c of the c kᵖ operations that each method takes. An exponential of
n rows takes about 30 n³, with n = k² or 2 k; the SVD of Z, about 25 k³. The others are
so cheap that only their own times tell how they grow."""

SPEED = 2e9
"""Operations per second that any machine reaches."""

TIME = 1.0
"""Integration time T of the measured flows."""


@dataclass(frozen=True)
class Runs:
    """What was measured with one method.

    Attributes
    ----------
    sides : of the images; seconds : of one gradient with its forward solve.
    peaks : largest number of bytes that Python had allocated, arrays included.
    ended : side of the next image, and why it was not measured.
    """

    sides: tuple[int, ...]
    seconds: tuple[float, ...]
    peaks: tuple[float, ...]
    ended: str


Problem = tuple[LinearSystem, np.ndarray]

Run = tuple[int, float, float]
"""Side, seconds and bytes of one measurement."""


def runs(labels: int, dim: int, kept: int, check: Check) -> dict[str, Runs]:
    """Return the measurements of each method, for images that take it little time."""
    table = zip(NAMES, methods(dim, kept), GROWTHS, strict=True)
    return {
        name: measured(method, grows, labels, check) for name, method, grows in table
    }


def measured(
    method: ClosedForm, grows: tuple[int, float], labels: int, check: Check
) -> Runs:
    """Return the measurements of one method for growing images."""
    found: list[Run] = []
    spent, ended = 0.0, "not tried"
    for side in SIDES:
        check()
        expected = expected_seconds(side, labels, found, grows)
        reason = obstacle(method.memory(side**2 * labels), expected)
        if reason or spent > ENOUGH:
            ended = f"{side}: {reason or f'after {spent:.2g} s'}"
            break
        given = problem(side, labels)
        if not found:
            seconds_of(method, given, check)  # the first call also loads code
        began = time.perf_counter()
        seconds = seconds_of(method, given, check)
        found.append((side, seconds, peak_of(method, given, check)))
        spent += time.perf_counter() - began
    sides, times, peaks = zip(*found, strict=True) if found else ((), (), ())
    return Runs(sides, times, peaks, ended)


def expected_seconds(
    side: int, labels: int, found: list[Run], grows: tuple[int, float]
) -> float:
    """Return the expected seconds of one gradient.

    Short times are mostly overhead, from which the count of operations knows better.
    """
    (power, factor), k = grows, side**2 * labels + 1
    counted = factor * float(k) ** power / SPEED
    if not found:
        return counted if math.isfinite(counted) else 0.0
    before, seconds, _ = found[-1]
    return min(counted, seconds * (k / (before**2 * labels + 1)) ** power)


def obstacle(needed: float, expected: float) -> str:
    """Return why a gradient that needs so many bytes and seconds is not measured."""
    free = psutil.virtual_memory().available
    if needed > free:
        return f"{needed / GIGA:.3g} GB, {free / GIGA:.3g} free"
    if expected > PATIENCE:
        return f"about {expected:.2g} s"
    return ""


def problem(side: int, labels: int) -> Problem:
    """Return a system of random distances, and random true labels."""
    rng = np.random.default_rng(side)
    flow = LinearizedFlow(rng.uniform(size=(labels, side, side)))
    weights = flow.uniform_weights().values
    return flow.plain_system(weights), rng.integers(0, labels, (side, side))


def seconds_of(method: ClosedForm, given: Problem, check: Check) -> float:
    """Return the seconds of one gradient, the shortest of several if they are short."""
    taken: list[float] = []
    while len(taken) < REPEATS and sum(taken) < SHORT:
        began = time.perf_counter()
        method.differentiate(*given, TIME, check)
        taken.append(time.perf_counter() - began)
    return min(taken)


def peak_of(method: ClosedForm, given: Problem, check: Check) -> float:
    """Return the bytes that Python allocates at most during one gradient."""
    tracing = tracemalloc.is_tracing()  # somebody else may be measuring
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        method.differentiate(*given, TIME, check)
        return float(max(0, tracemalloc.get_traced_memory()[1] - before))
    finally:
        if not tracing:
            tracemalloc.stop()
