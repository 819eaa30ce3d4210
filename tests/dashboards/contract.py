"""The dashboards, small enough for tests, and what their contract is about."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import explorer as ex
from explorer.settings import Choice, Number, Pick, Picks, Strokes

EVERY = (
    ex.LearningExplorer, ex.FlowExplorer, ex.KrylovExplorer, ex.GradientExplorer,
    ex.SimplexExplorer, ex.PredictionExplorer, ex.ComplexityExplorer,
)  # fmt: skip
"""All dashboards: each runs the whole contract."""

TINY = {"size": 12, "noise": 0.3, "dim": 6, "pixel": (6, 6)}
SMALL = dict.fromkeys(EVERY, TINY) | {
    ex.ComplexityExplorer: {"size": 12, "labels": 3, "dim": 6}
}
"""Settings under which a dashboard answers at once."""


@dataclass(frozen=True)
class Varied:
    """The number whose slider the contract moves; a call returns it with a value.

    values : admissible, in rising order, and none is that of SMALL; the first has as
        many digits as the setting can hold.
    bad : a value that the setting refuses.
    second : another setting with another value; more : settings that all enter numbers.
    changes : what a person may do to settings, by name.
    """

    name: str
    symbol: str
    values: tuple[float, ...]
    bad: float
    second: dict[str, float]
    more: dict[str, float]
    changes: dict[str, Callable[[random.Random], float]]

    def __call__(self, k):
        """Return the setting with its value k."""
        return {self.name: self.values[k]}


NOISE = Varied(
    "noise", "σ", (0.31234567, 0.4, 0.41, 0.5, 0.6, 0.7, 0.9), -1.0,
    second={"seed": 7},
    more={"time": 4.0, "rho": 0.7},
    changes={
        "noise": lambda rng: rng.uniform(0.0, 0.9),
        "rho": lambda rng: rng.uniform(0.2, 1.0),
        "seed": lambda rng: rng.randint(0, 3),
        "size": lambda rng: rng.randint(5, 8),
        "time": lambda rng: rng.uniform(0.0, 9.0),
    },
)  # fmt: skip
LABELS = Varied(
    "labels", "J", (4, 5, 6, 7, 8, 9, 12), -1,
    second={"size": 24},
    more={"size": 30, "rank": 2},
    changes={
        "dim": lambda rng: rng.randint(3, 8),
        "labels": lambda rng: rng.randint(1, 9),
        "rank": lambda rng: rng.randint(1, 3),
        "size": lambda rng: rng.randint(1, 99),
    },
)  # fmt: skip
VARIED = dict.fromkeys(EVERY, NOISE) | {ex.ComplexityExplorer: LABELS}


def opened(kind, **given):
    """Return a dashboard that has its first frame."""
    app = kind(**{**SMALL[kind], **given})
    assert app.wait()
    assert app.frame is not None
    return app


def set_and_wait(app, **values):
    """Set settings and wait for their frame."""
    app.set(**values)
    assert app.wait()


def counts(app):
    """Return how often each node has run."""
    return {n: node.evaluations for n, node in app._job.graph.nodes.items()}


def ran(app, before):
    """Return the nodes that have run since."""
    return {n for n, count in counts(app).items() if count > before[n]}


def another(setting, value):
    """Return another admissible value of a setting, None if there is none."""
    if isinstance(setting, Number):
        low, high, _ = setting.parameter.slider
        if setting.parameter.log:
            middle = (low * high) ** 0.5
            return setting.check(round(middle) if setting.parameter.integer else middle)
        if setting.parameter.integer:
            return setting.check(value + 1 if value < high else low)
        return setting.check(low + 0.37 * (high - low))
    if isinstance(setting, Choice):
        kinds = [kind for kind in setting.kinds if kind is not type(value)]
        return kinds[0]()
    if isinstance(setting, Pick):
        return next(option for option in setting.options if option != value)
    if isinstance(setting, Strokes):
        return (
            ex.Stroke([(1, 2), (9, 4)], label=1, size=4),
            ex.Stroke([(7, 7)], label=0, size=5, on="picture"),
            ex.Stroke([(2, 2)], label=None),
        )
    if isinstance(setting, Picks):
        return ((0, 0), (3, 7), (11, 11))
    return None


def same_panels(one, other):
    """Assert that two frames show the same."""
    assert one.panels.keys() == other.panels.keys()
    for name, panel in one.panels.items():
        same_fields(panel, other.panels[name])
    assert one.readouts == other.readouts
    assert dict(one.numbers) == dict(other.numbers)


def same_fields(one, other):
    """Assert that two panels, or their parts, are equal."""
    assert type(one) is type(other)
    for key, value in vars(one).items():
        found = vars(other)[key]
        if isinstance(value, (list, tuple)) and value and hasattr(value[0], "__dict__"):
            for a, b in zip(value, found, strict=True):
                same_fields(a, b)
        else:
            np.testing.assert_array_equal(value, found)
