"""Each parameter declared once: its check, message, docs and slider come from here."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

LONGEST_REPR = 500
"""Characters of a value that a message shows."""


def is_real(value: Any) -> bool:
    """Return whether `value` is one real number: no truth value, no span of time.

    NumPy counts `timedelta64` among its integers.
    """
    real = isinstance(value, numbers.Real)
    return real and not isinstance(value, (bool, np.bool_, np.timedelta64))


def shown(value: Any) -> str:
    """Return a value as messages show it: on one line, and not too long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of thousands of digits has no text, for one
        text = f"<{type(value).__name__}>"
    return text if len(text) <= LONGEST_REPR else text[: LONGEST_REPR - 1] + "…"


@dataclass(frozen=True)
class Parameter:
    """A scalar parameter: default, symbol, admissible range, one-line meaning.

    `low` and `high` bound what the library accepts (`low` excluded if `open_low`);
    `slider` is the narrower range worth exploring, with its increment (a factor in
    decades if `log`).
    """

    name: str
    symbol: str
    default: float
    low: float
    high: float
    meaning: str
    unit: str = ""
    integer: bool = False
    open_low: bool = False
    slider: tuple[float, float, float] = (0.0, 1.0, 0.1)
    log: bool = False

    @property
    def admissible(self) -> str:
        """The admissible range in words, as error messages and docs show it."""
        kind = "an integer" if self.integer else "a finite number"
        bracket = "(" if self.open_low else "["
        ends = (f"{v:.0f}" if self.integer else f"{v:g}" for v in (self.low, self.high))
        return f"{kind} in {bracket}{', '.join(ends)}]"

    def check(self, value: Any) -> Any:
        """Return `value` as int or float, or raise naming argument, value and cure."""
        if not is_real(value):
            raise TypeError(
                f"`{self.name}` = {shown(value)} is a {type(value).__name__}; "
                f"needed is {self.admissible} ({self.meaning})"
            )
        try:
            number = float(value)
        except OverflowError:  # an integer beyond the floats is out of range, too
            number = math.inf
        below = number <= self.low if self.open_low else number < self.low
        broken = not math.isfinite(number) or below or number > self.high
        if broken or (self.integer and number != round(number)):
            raise ValueError(
                f"`{self.name}` = {shown(value)} is out of range; "
                f"needed is {self.admissible} ({self.meaning})"
            )
        found = round(number) if self.integer else number
        return value if type(value) is type(found) else found  # the same object


TIME = Parameter(
    "time", "T", 5.0, 0.0, 1e4, "integration time of the flow", "flow time",
    slider=(0.0, 30.0, 0.25),
)  # fmt: skip
DIM = Parameter(
    "dim", "m", 10, 1, 200, "dimension of the Krylov space", "vectors",
    integer=True, slider=(1, 30, 1),
)  # fmt: skip
RANK = Parameter(
    "rank", "r", 1, 1, 200, "rank of the gradient approximation", "components",
    integer=True, slider=(1, 10, 1),
)  # fmt: skip
STEP = Parameter(
    "step", "h", 2.0, 0.0, 1e4,
    "step size of the descent, per pixel: multiplied by the number of pixels",
    "per pixel", open_low=True, slider=(0.1, 20.0, 0.02), log=True,
)  # fmt: skip
RHO = Parameter(
    "rho", "ρ", 0.5, 1e-6, 1e6, "scale of the distances", "distance",
    slider=(0.05, 5.0, 0.02), log=True,
)  # fmt: skip
TAU = Parameter(
    "tau", "τ", 0.0, 0.0, 1e3, "weight of the regularizer", "1 / pixel",
    slider=(0.0, 2e-5, 2e-7),
)  # fmt: skip
NOISE = Parameter(
    "noise", "σ", 0.45, 0.0, 10.0, "standard deviation of the Gaussian noise",
    "image range", slider=(0.0, 1.0, 0.01),
)  # fmt: skip
RADIUS = Parameter(
    "radius", "R", 1, 1, 7, "radius of the neighborhood: (2R+1)² weights per pixel",
    "pixels", integer=True, slider=(1, 3, 1),
)  # fmt: skip
SIZE = Parameter(
    "size", "size", 128, 1, 4096, "rows and columns of the scene", "pixels",
    integer=True, slider=(32, 256, 32),
)  # fmt: skip
LABELS = Parameter(
    "labels", "J", 8, 1, 64, "number of labels", "labels", integer=True,
    slider=(2, 12, 1),
)  # fmt: skip
STEPS = Parameter(
    "steps", "steps", 30, 0, 1_000_000, "number of descent steps", "steps",
    integer=True, slider=(1, 200, 1),
)  # fmt: skip
SEED = Parameter(
    "seed", "seed", 0, 0, 2**32 - 1, "seed of the random generator", integer=True,
    slider=(0, 99, 1),
)  # fmt: skip
TIME_STEP = Parameter(
    "time_step", "h", 0.1, 0.0, 1e4, "step size of an Euler scheme in time",
    "flow time", open_low=True, slider=(0.001, 1.0, 0.05), log=True,
)  # fmt: skip
TOLERANCE = Parameter(
    "tolerance", "tol", 1e-6, 0.0, 1.0, "error that one adaptive step may make",
    open_low=True, slider=(1e-12, 1e-2, 0.5), log=True,
)  # fmt: skip
ENTROPY = Parameter(
    "entropy", "ε", 0.0, 0.0, 1.0, "mean entropy below which the flow has decided",
    slider=(0.0, 0.1, 0.001),
)  # fmt: skip
RTOL = Parameter(
    "rtol", "rtol", 1e-2, 0.0, 1.0, "relative error above which a solve says so",
    open_low=True, slider=(1e-8, 1.0, 1.0), log=True,
)  # fmt: skip
NEIGHBORS = Parameter(
    "count", "k", 9, 1, 1000, "neighbors of each node, itself included", "nodes",
    integer=True, slider=(3, 30, 1),
)  # fmt: skip
RANK_TOLERANCE = Parameter(
    "rank_tolerance", "tol", 1e-2, 0.0, 1.0,
    "share of Z that an automatic rank may neglect", open_low=True,
    slider=(1e-6, 1.0, 0.5), log=True,
)  # fmt: skip
MOMENTUM = Parameter(
    "momentum", "μ", 0.9, 0.0, 0.999, "share of the last direction that is kept",
    slider=(0.0, 0.99, 0.01),
)  # fmt: skip
RATE = Parameter(
    "rate", "α", 0.3, 0.0, 10.0, "change of log Ω in one step of Adam", "log weight",
    open_low=True, slider=(0.01, 1.0, 0.02), log=True,
)  # fmt: skip
BETA1 = Parameter(
    "beta1", "β₁", 0.9, 0.0, 0.9999, "decay of the mean direction",
    slider=(0.0, 0.99, 0.01),
)  # fmt: skip
BETA2 = Parameter(
    "beta2", "β₂", 0.999, 0.0, 0.9999, "decay of the mean size",
    slider=(0.0, 0.999, 0.001),
)  # fmt: skip
PATCHES = Parameter(
    "n_prototypes", "N", 50, 1, 1000, "prototypes of the features of a predictor",
    "prototypes", integer=True, slider=(5, 100, 5),
)  # fmt: skip
PATIENCE = Parameter(
    "patience", "patience", 20, 1, 1_000_000,
    "steps without a lower validation loss after which training ends", "steps",
    integer=True, slider=(5, 100, 5),
)  # fmt: skip
SCENES = Parameter(
    "scenes", "scenes", 5, 1, 50, "scenes that means are taken over", "scenes",
    integer=True, slider=(1, 10, 1),
)  # fmt: skip
BALANCE = Parameter(
    "balance", "β", 1.0, 0.0, 2.0,
    "power of the inverse share of a label with which its pixels count",
    slider=(0.0, 1.0, 0.1),
)  # fmt: skip
WINDOW = Parameter(
    "window", "window", 3, 3, 15, "side of a window of raw values, odd", "pixels",
    integer=True, slider=(3, 15, 2),
)  # fmt: skip
PATCH_RATE = Parameter(
    "rate", "α", 0.1, 0.0, 10.0, "rate of Adam for the tangent vectors of patches",
    open_low=True, slider=(0.01, 1.0, 0.01), log=True,
)  # fmt: skip
HIDDEN = Parameter(
    "hidden", "hidden", 32, 0, 1000,
    "units of the hidden layer of the classifier, 0 for a linear one", "units",
    integer=True, slider=(0, 128, 8),
)  # fmt: skip
TRAINING_STEPS = Parameter(
    "steps", "steps", 100, 0, 1_000_000, "number of steps of training",
    "steps", integer=True, slider=(10, 300, 10),
)  # fmt: skip
