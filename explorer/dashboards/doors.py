"""What the home page offers: a tile for each explorer, and things to try.

The page shows these texts before any explorer is imported. A test compares them with
those of the explorers.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

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
    """A preset of an explorer.

    Attributes
    ----------
    explorer, preset : names; text : the sentence of the preset.
    label : what the page calls it; by default, the name of the preset.
    """

    explorer: str
    preset: str
    text: str
    label: str = ""


DOORS = (
    Door("LearningExplorer", "Learning explorer", "Can a picture be labeled better by learning how to average?"),  # noqa: E501
    Door("FlowExplorer", "Flow explorer", "What happens between a noisy picture and its labeling?"),  # noqa: E501
    Door("SimplexExplorer", "Simplex explorer", "In what space do labels live?"),
    Door("KrylovExplorer", "Krylov explorer", "Why are ten numbers enough for a million?"),  # noqa: E501
    Door("GradientExplorer", "Gradient explorer", "How little of the gradient is enough?"),  # noqa: E501
)  # fmt: skip
"""All explorers, in the order of their tiles."""

MISTAKES, FIGURES = "Typical mistakes", "Figures of the paper"

TOPICS: dict[str, tuple[Try, ...]] = {
    MISTAKES: (
        Try(
            "LearningExplorer", "T too long",
            "A long flow smooths too much: small cells vanish.",
        ),
        Try(
            "KrylovExplorer", "m too small",
            "Three vectors cannot follow a long flow, and the bound says so.",
        ),
        Try(
            "LearningExplorer", "h too large",
            "Too large a step size overshoots: the loss jumps.",
        ),
        Try(
            "GradientExplorer", "Rank 1 fails",
            "Beyond T = 10, rank one misses part of the gradient: raise r to 2.",
            "rank too low",
        ),
    ),
}  # fmt: skip
"""Presets to try, by topic."""


def door(name: str) -> Door:
    """Return the tile of an explorer; raise ValueError if there is none."""
    for one in DOORS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in DOORS)
    raise ValueError(f"`name` must be one of {known}, got {name!r:.60}")
