"""python -m benchmarks.live: what a moved slider costs the computation behind a page.

All default views at 128 × 128 pixels and 8 labels, the gradient of reference included,
without the drawing: that of the browser is measured by tests/browser/test_latency.py.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import explorer as ex

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
    app = ex.LearningExplorer(scene="colors", size=128)
    app.wait(600.0)
    print(f"{'moved':8}{'median ms':>11}{'worst':>8}{'aim':>6}")
    for name, (aim, values) in MOVES.items():
        times = []
        for k in range(COUNT):
            value = values[k % len(values)]
            times.append(milliseconds(lambda n=name, v=value: moved(app, **{n: v})))
        tell(name, times, f"{aim:6}")
    began, steps = time.perf_counter(), 60
    app.run(steps)
    app.wait(600.0)
    rate = steps / (time.perf_counter() - began)
    print(f"learn   {rate:.0f} steps/s with 15 pictures a second, without drawing")
    app.close()


def moved(app: ex.LearningExplorer, **values: float) -> None:
    """Move a slider and wait for the numbers."""
    app.set(**values)
    app.wait(600.0)


def tell(name: str, times: list[float], more: str) -> None:
    """Print one line; the first two, which warm up, do not count."""
    times = times[2:]
    print(f"{name:8}{statistics.median(times):11.1f}{max(times):8.1f}{more}")


if __name__ == "__main__":
    main()
