"""Panels: the content of a figure, independent of how it is drawn.

A panel is a frozen record of arrays and texts. `explorer.drawing` turns it into a live
figure, a page, a PNG file or a table; `explorer.alternatives` turns it into a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Mark = tuple[float, str]
"""A position on an axis, and a text about it."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image (row, col, channel) in its own colors, clipped to [0, 1].

    note : short text beside the title that depends on the data, as in all panels.
    """

    title: str
    image: np.ndarray
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Labels:
    """A labeling (row, col); if the truth is given, wrong pixels are marked.

    labels, truth : 0 … count − 1; a negative number stands for no label.
    colors : (label, 3) or (label, 1) in [0, 1], the prototypes' own colors. If they are
        None or too close to tell apart, a palette safe for color blindness replaces
        them; two labels are then black and white.
    probabilities : (label, row, col), shown for the pixel under the pointer.
    called : names of `truth` and of the marked pixels, for the legend and tables.
    """

    title: str
    labels: np.ndarray
    count: int
    truth: np.ndarray | None = None
    colors: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    called: tuple[str, str] = field(default=("truth", "wrong"), kw_only=True)
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Field:
    """Numbers per pixel (row, col) on a color scale from low to high."""

    title: str
    values: np.ndarray
    unit: str
    low: float
    high: float
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Series:
    """One named curve; NaN is a gap.

    joined : whether a line joins the points; otherwise each stands alone.
    measured : x and y of points to compare with the curve; they stand alone, and only
        they have markers.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    joined: bool = True
    measured: tuple[np.ndarray, np.ndarray] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves over a common axis, distinguished by color and marker.

    log, log_x : whether the vertical and the horizontal axis are logarithmic.
    marks : vertical dashed lines with a text, where settings changed.
    levels : horizontal dashed lines with a text, which the axis always includes.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series] = ()
    log: bool = False
    marks: Sequence[Mark] = ()
    log_x: bool = field(default=False, kw_only=True)
    levels: Sequence[Mark] = field(default=(), kw_only=True)
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Bars:
    """A histogram: heights between edges; bars at or above `accent` are accented.

    accent : a position on the horizontal axis; None accents no bar.
    """

    title: str
    x_label: str
    y_label: str
    edges: np.ndarray
    heights: np.ndarray
    accent: float | None
    log: bool = False
    note: str = field(default="", kw_only=True)

    @property
    def accented(self) -> np.ndarray:
        """Whether each bar lies at `accent` or above."""
        least = np.inf if self.accent is None else self.accent
        return self.edges[:-1] >= least - 1e-9  # an edge, up to rounding


@dataclass(frozen=True, eq=False)
class Grid:
    """A small matrix of written numbers; if `signed`, colors diverge from zero.

    arrows : whether each cell has an arrow as long as its number, which points from the
        center to the cell, or back if the number is negative.
    """

    title: str
    values: np.ndarray
    unit: str = ""
    signed: bool = False
    arrows: bool = field(default=False, kw_only=True)
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Patches:
    """A sheet of small images, each above its weights and a caption.

    images : (patch, row, col, channel), clipped to [0, 1]; weights : (patch, row, col),
    shaded from zero to the largest weight of each patch; captions : one per patch.
    """

    title: str
    images: np.ndarray
    weights: np.ndarray
    captions: Sequence[str]
    note: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Simplex:
    """Paths on the simplex of three labels, in the coordinates of `Simplex.xy`."""

    title: str
    corners: tuple[str, str, str]
    series: Sequence[Series] = ()
    note: str = field(default="", kw_only=True)

    @staticmethod
    def xy(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the coordinates in the plane of points p (3, …) of the simplex."""
        return p[1] + 0.5 * p[2], np.sqrt(0.75) * p[2]

    @staticmethod
    def p(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the points (3, …) of the simplex that `xy` maps to x and y."""
        third = np.asarray(y) / np.sqrt(0.75)
        second = np.asarray(x) - 0.5 * third
        return np.stack([1.0 - second - third, second, third])


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of texts and numbers below the names of their columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]] = ()
    note: str = field(default="", kw_only=True)


Panel = Picture | Labels | Field | Curves | Bars | Grid | Patches | Simplex | Table

Pixelwise = Picture | Labels | Field
"""Panels with a value at every pixel."""


@dataclass(frozen=True, eq=False)
class Figure:
    """Panels in rows under a caption that explains them and gives their numbers."""

    number: int
    title: str
    caption: str
    rows: Sequence[Sequence[Panel]]


def shape_of(panel: Pixelwise) -> tuple[int, int]:
    """Return the number of rows and columns of a panel with pixels."""
    if isinstance(panel, Picture):
        return panel.image.shape[0], panel.image.shape[1]
    array = panel.labels if isinstance(panel, Labels) else panel.values
    return array.shape[0], array.shape[1]
