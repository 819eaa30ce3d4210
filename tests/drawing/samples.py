"""One panel of every kind, small, and the extreme ones that must be drawn as well."""

from __future__ import annotations

import numpy as np

from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Patches,
    Picture,
    Series,
    Simplex,
    Table,
)

ROWS, COLS, COUNT = 6, 9, 3
RNG = np.random.default_rng(5)
FOUND = RNG.integers(0, COUNT, (ROWS, COLS))
TRUTH = RNG.integers(0, COUNT, (ROWS, COLS))
OWN = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
P = RNG.dirichlet(np.ones(COUNT), (ROWS, COLS)).transpose(2, 0, 1)
STEPS = np.arange(7.0)


def series(*names):
    """Curves that differ by a factor."""
    return [Series(n, STEPS, (k + 1) * np.exp(-STEPS)) for k, n in enumerate(names)]


PATH = Series(
    "pixel", *Simplex.xy(np.array([[1 / 3, 0.8], [1 / 3, 0.1], [1 / 3, 0.1]]))
)

KINDS = {
    "picture": Picture(
        "input", RNG.normal(0.5, 0.5, (ROWS, COLS, 3)), note="noise 0.5"
    ),
    "gray": Picture("gray", RNG.random((ROWS, COLS, 1))),
    "labels": Labels("labeling", FOUND, COUNT, TRUTH, OWN, P, note="some wrong"),
    "plain": Labels("ground truth", TRUTH, COUNT),
    "field": Field("norm", RNG.normal(size=(ROWS, COLS)), "log₁₀", -3.0, 3.0),
    "curve": Curves("error", "step", "wrong in %", series("now")),
    "curves": Curves(
        "errors", "step", "wrong in %", series("one", "two"), True, [(3.0, "T = 15")]
    ),
    "levels": Curves(
        "memory",
        "side",
        "GB",
        series("one", "two"),
        True,
        [(3.0, "now")],
        log_x=True,
        levels=[(8.0, "phone"), (1e5, "cluster"), (9.0, "here")],
    ),
    "measured": Curves(
        "time",
        "side",
        "s",
        [
            Series(
                "line", STEPS, 2.0 * STEPS, measured=(STEPS[1:3], np.array([2.5, 20.0]))
            )
        ],
    ),
    "bars": Bars("cosine", "cosine", "%", np.linspace(-1, 1, 5), np.arange(4.0), 0.5),
    "grid": Grid("patch", RNG.dirichlet(np.ones(9)).reshape(3, 3), "weight"),
    "arrows": Grid("slope", RNG.normal(size=(3, 3)), signed=True, arrows=True),
    "signed": Grid("slope", RNG.normal(size=(3, 3)), signed=True),
    "patches": Patches(
        "prototypes",
        RNG.normal(0.5, 0.5, (5, 3, 3, 3)),
        RNG.dirichlet(np.ones(9), 5).reshape(5, 3, 3),
        [f"{k} %" for k in range(5)],
    ),
    "simplex": Simplex("path", ("red", "green", "blue"), [PATH]),
    "table": Table("methods", ("method", "wrong"), [("flow", 1.25), ("cut", 2)]),
}
"""By the name of a view."""

EMPTY, NAN = np.zeros(0), np.full(3, np.nan)

EXTREMES = {
    "pixel": Picture("", np.zeros((1, 1, 3))),
    "thread": Picture("", np.zeros((1, 400, 1))),
    "hole": Picture("", np.full((2, 2, 3), np.nan)),
    "one-label": Labels("", np.zeros((1, 1), int), 1, np.zeros((1, 1), int)),
    "many-labels": Labels("", np.arange(64).reshape(8, 8), 64, np.zeros((8, 8), int)),
    "unknown": Labels("", np.full((2, 2), -1), 2, np.full((2, 2), -1)),
    "alike": Labels("", np.zeros((2, 2), int), 2, colors=np.full((2, 1), 0.5)),
    "constant": Field("", np.ones((2, 2)), "", 1.0, 1.0),
    "holes": Field("", np.full((2, 2), np.nan), "", 0.0, 1.0),
    "no-curve": Curves("", "x", "y", []),
    "no-point": Curves("", "x", "y", [Series("empty", EMPTY, EMPTY)], log=True),
    "point": Curves("", "x", "y", [Series("point", np.ones(1), np.ones(1))], log=True),
    "zeros": Curves(
        "", "x", "y", [Series("zero", np.arange(3), np.zeros(3))], log=True
    ),
    "flat": Curves("", "x", "y", [Series("flat", np.arange(3), np.full(3, -2.0))]),
    "gaps": Curves("", "x", "y", [Series("gap", np.arange(3), NAN)]),
    "tiny": Curves(
        "", "x", "y", [Series("tiny", np.arange(3), np.full(3, 1e-300))], True
    ),
    "no-level": Curves(
        "",
        "x",
        "y",
        [Series("empty", EMPTY, EMPTY)],
        True,
        log_x=True,
        levels=[(2.0, "two")],
    ),
    "unmeasured": Curves(
        "", "x", "y", [Series("bare", EMPTY, EMPTY, measured=(EMPTY, EMPTY))]
    ),
    "no-bars": Bars("", "x", "y", np.linspace(0, 1, 3), np.zeros(2), 0.5, log=True),
    "number": Grid("", np.zeros((1, 1))),
    "no-patches": Patches("", np.zeros((0, 3, 3, 1)), np.zeros((0, 3, 3)), ()),
    "odd-patches": Patches(
        "", np.full((1, 5, 5, 1), np.nan), np.zeros((1, 3, 3)), ("none",)
    ),
    "plain-bars": Bars("", "x", "y", np.arange(3.0), np.ones(2), None),
    "nowhere": Simplex("", ("a", "b", "c"), [Series("none", EMPTY, EMPTY)]),
    "no-rows": Table("", ("a",), []),
}
