"""Panels: the content of a figure, independent of how it is drawn.

A panel is a frozen record of arrays and texts. `explorer.drawing` turns it into a live
figure, a page, a PNG file or a table; `describe` turns it into a sentence.
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
    """A small matrix of written numbers; if `signed`, colors diverge from zero."""

    title: str
    values: np.ndarray
    unit: str = ""
    signed: bool = False
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


def number(value: object) -> str:
    """Return a number with three digits, or other values as text."""
    if isinstance(value, float | np.floating):
        return f"{value:.3g}" if np.isfinite(value) else "undefined"
    return str(value)


def span(values: np.ndarray) -> str:
    """Return the smallest and the largest finite number as text."""
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return "no values"
    return f"{number(finite.min())} to {number(finite.max())}"


def describe(panel: Panel) -> str:
    """Return the text alternative of a panel: a sentence with its numbers.

    >>> describe(Labels("labeling", np.eye(2), 2, truth=np.ones((2, 2))))
    'labeling, 50 % wrong, 2 × 2 pixels, 2 labels'
    """
    return ", ".join(filter(None, (panel.title, panel.note, *facts(panel))))


def facts(panel: Panel) -> list[str]:
    """Return short statements about the arrays of a panel."""
    if isinstance(panel, Picture | Labels | Field):
        return pixel_facts(panel)
    if isinstance(panel, Curves):
        return [
            *map(course, panel.series),
            *(f"{at:g}: {text}" for at, text in (*panel.marks, *panel.levels)),
        ]
    if isinstance(panel, Bars):
        return bar_facts(panel)
    if isinstance(panel, Grid):
        written = "; ".join(", ".join(map(number, row)) for row in panel.values)
        return [f"rows {written}", *filter(None, [panel.unit])]
    if isinstance(panel, Patches):
        return [f"{len(panel.captions)} patches", *panel.captions]
    if isinstance(panel, Simplex):
        return [ending(panel.corners, series) for series in panel.series]
    rows = "1 row" if len(panel.rows) == 1 else f"{len(panel.rows)} rows"
    return [f"{rows} of {', '.join(panel.columns)}"]


def bar_facts(panel: Bars) -> list[str]:
    """Return the number of bars, their heights, and the share of accented bars."""
    heights = np.asarray(panel.heights, float)
    found = [f"{len(heights)} bars, {panel.y_label} {span(heights)}"]
    if panel.accent is None:
        return found
    share = number(float(heights[panel.accented].sum()))
    return [*found, f"{share} in total from {panel.x_label} {panel.accent:g} on"]


def pixel_facts(panel: Pixelwise) -> list[str]:
    """Return the size of a panel with pixels, and its numbers."""
    size = "{} × {} pixels".format(*shape_of(panel))
    if isinstance(panel, Field):
        return [f"{panel.unit} {span(panel.values)}".strip(), size]
    if isinstance(panel, Picture):
        return [size]
    said = panel.called[1]
    told = said.removesuffix("s") in panel.note + panel.title
    known = panel.truth is not None and not told
    wrong = f"{number(error_percent(panel))} % {said}" if known else ""
    return [*filter(None, [wrong]), size, f"{panel.count} labels"]


def error_percent(panel: Labels) -> float:
    """Return the share of wrong pixels among those with a true label, in percent."""
    truth = np.asarray(panel.truth)
    known = truth >= 0
    wrong = np.count_nonzero((panel.labels != truth) & known)
    return 100.0 * wrong / np.count_nonzero(known) if known.any() else float("nan")


def course(series: Series) -> str:
    """Return where a curve begins and ends."""
    y = np.asarray(series.y, float)
    y = y[np.isfinite(y)]
    beside = "" if series.measured is None else f", {len(series.measured[0])} measured"
    if not y.size:
        return f"{series.name} without values{beside}"
    if not series.joined:
        return f"{y.size} point{'s' * (y.size != 1)} {series.name}{beside}"
    if y.size == 1:
        return f"{series.name} {number(y[0])}{beside}"
    return f"{series.name} from {number(y[0])} to {number(y[-1])}{beside}"


def ending(corners: Sequence[str], series: Series) -> str:
    """Return where a path on the simplex ends."""
    if not len(series.x):
        return f"{series.name} without points"
    last = Simplex.p(series.x, series.y)[:, -1]
    parts = (f"{c} {v:.2f}" for c, v in zip(corners, last, strict=True))
    return f"{series.name} ends at {', '.join(parts)}"
