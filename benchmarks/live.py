"""python -m benchmarks.live: what a moved slider costs the model behind a dashboard.

All views at 128 × 128 pixels and 8 labels, the gradient of reference included, without
the drawing: that of the browser is measured by tests/browser/test_latency.py.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from explorer.dashboard.model import LearningModel, Settings

MOVES = {
    "time": (15, [5.25, 5.5, 5.75, 6.0]),
    "rank": (15, [2, 1, 3, 1]),
    "rho": (60, [0.51, 0.52, 0.5]),
    "dim": (60, [11, 12, 10]),
    "step": (60, [2.1, 2.2]),
}
"""Milliseconds that are aimed at, and the values a slider is moved to."""

COUNT = 40


def milliseconds(action: Callable[[], None]) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action()
    return 1e3 * (time.perf_counter() - began)


def main() -> None:
    """Print the medians and the worst."""
    model = LearningModel(Settings(scene="colors", size=128))
    model.refresh(nothing)
    print(f"{'moved':8}{'median ms':>11}{'worst':>8}{'aim':>6}")
    for name, (aim, values) in MOVES.items():
        times = []
        for k in range(COUNT):
            model.set({name: values[k % len(values)]})
            times.append(milliseconds(lambda: model.refresh(nothing)))
        tell(name, times, f"{aim:6}")
    times = [milliseconds(lambda: model.advance(nothing)) for _ in range(COUNT)]
    rate = 1e3 / statistics.median(times)
    tell("learn", times, f"     {rate:.0f} steps/s without drawing")


def tell(name: str, times: list[float], more: str) -> None:
    """Print one line; the first two, which warm up, do not count."""
    times = times[2:]
    print(f"{name:8}{statistics.median(times):11.1f}{max(times):8.1f}{more}")


def nothing() -> None:
    """Nobody asks to stop."""


if __name__ == "__main__":
    main()
