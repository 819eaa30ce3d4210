"""What the home page offers: a tile for each explorer, and things to try.

The page shows these texts before any explorer is imported. A test compares them with
those of the explorers.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer.gradients.euler import EulerAdjoint
from explorer.params import shown

PICTURES = Path(__file__).parent / "pictures"
"""The pictures of the tiles; `python -m benchmarks.tiles` makes them."""


@dataclass(frozen=True)
class Door:
    """A tile that opens an explorer.

    Attributes
    ----------
    name : the class, as `explorer` exports it; title, question : its texts.
    """

    name: str
    title: str
    question: str

    @property
    def picture(self) -> str:
        """The picture as the address of an image, or "" if there is none."""
        file = PICTURES / f"{self.name}.png"
        if not file.is_file():
            return ""
        return f"data:image/png;base64,{b64encode(file.read_bytes()).decode()}"


@dataclass(frozen=True)
class Try:
    """Something to try: a preset of an explorer, or settings of the home's own.

    Attributes
    ----------
    explorer : name of the class; label : what the page calls it.
    text : what to look at; for a preset, its own sentence.
    preset : name of the preset, or "".
    settings : values by name, beside the defaults, if there is no preset.
    """

    explorer: str
    label: str
    text: str
    preset: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What an address and `Home.open` call it."""
        return self.preset or self.label


DOORS = (
    Door("LearningExplorer", "Learning explorer", "Can a picture be labeled better by learning how to average?"),  # noqa: E501
    Door("FlowExplorer", "Flow explorer", "What happens between a noisy picture and its labeling?"),  # noqa: E501
    Door("SimplexExplorer", "Simplex explorer", "In what space do labels live?"),
    Door("KrylovExplorer", "Krylov explorer", "Why are ten numbers enough for a million?"),  # noqa: E501
    Door("GradientExplorer", "Gradient explorer", "How little of the gradient is enough?"),  # noqa: E501
    Door("PredictionExplorer", "Prediction explorer", "Can weights be guessed for an image never seen?"),  # noqa: E501
    Door("ComplexityExplorer", "Complexity explorer", "Why does nobody compute the exact gradient?"),  # noqa: E501
)  # fmt: skip
"""All explorers, in the order of their tiles."""

TOPICS: dict[str, tuple[Try, ...]] = {
    "Typical mistakes": (
        Try(
            "LearningExplorer", "T too long",
            "A long flow smooths too much: small cells vanish.",
            preset="T too long",
        ),
        Try(
            "KrylovExplorer", "m too small",
            "Three vectors cannot follow a long flow, and the bound says so.",
            preset="m too small",
        ),
        Try(
            "LearningExplorer", "h too large",
            "Too large a step size overshoots: the loss jumps.",
            preset="h too large",
        ),
        Try(
            "GradientExplorer", "rank too low",
            "Beyond T = 10, rank one misses part of the gradient: raise r to 2.",
            preset="Rank 1 fails",
        ),
    ),
    "Figures of the paper": (
        Try(
            "LearningExplorer", "Figure 1: equal weights are not enough",
            "Uniform weights erase thin lines; learn 30 steps and they come back.",
            preset="Thin lines vanish",
        ),
        Try(
            "GradientExplorer", "Figure 2: two ways to the gradient",
            "The closed form and the gradient of Euler's scheme point the same way.",
            settings={"time": 5.0, "reference": EulerAdjoint(time_step=0.1)},
        ),
        Try(
            "GradientExplorer", "Figure 3: rank one, pixel by pixel",
            "At T = 5, rank one points in the right direction at nearly every pixel.",
            settings={"scene": "lines", "noise": 0.3, "time": 5.0},
        ),
        Try(
            "GradientExplorer", "Figure 4: how much m, rank and T need",
            "Ten vectors and rank one leave an error of about 0.1 %.",
            settings={"scene": "colors", "time": 5.0},
        ),
        Try(
            "PredictionExplorer", "Figure 5: weights for an unseen image",
            "Predicted weights keep the thin lines that uniform weights erase.",
            settings={"model": "lines", "noise": 0.3},
        ),
    ),
}  # fmt: skip
"""What to try, by topic."""


def own_try(explorer: str, key: str) -> Try | None:
    """Return what the home itself offers by that name, or None."""
    for one in (one for tries in TOPICS.values() for one in tries):
        if (one.explorer, one.key) == (explorer, key) and not one.preset:
            return one
    return None


def door(name: str) -> Door:
    """Return the tile of an explorer; raise ValueError if there is none."""
    for one in DOORS:
        if isinstance(name, str) and one.name == name:
            return one
    known = ", ".join(one.name for one in DOORS)
    raise ValueError(f"`name` must be one of {known}, got {shown(name)}")
