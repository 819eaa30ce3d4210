"""What a figure shows, said once, for whoever draws it: pictures, curves, bars."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """An image (row, col, channel) in its own colors, clipped to [0, 1]."""

    title: str
    image: np.ndarray


@dataclass(frozen=True, eq=False)
class Labels:
    """A labeling (row, col) in label colors; two labels are black and white.

    Where the truth is given, all labels have colors, and wrong pixels are dark.
    """

    title: str
    labels: np.ndarray
    count: int
    truth: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Field:
    """Numbers per pixel (row, col) on a color scale from low to high."""

    title: str
    values: np.ndarray
    unit: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Series:
    """One named curve."""

    name: str
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves over a common axis; told apart by color and by mark."""

    title: str
    x_label: str
    y_label: str
    series: list[Series] = field(default_factory=list)
    log: bool = False


@dataclass(frozen=True, eq=False)
class Bars:
    """A histogram: heights between edges; those from `accent` on are set apart."""

    title: str
    x_label: str
    y_label: str
    edges: np.ndarray
    heights: np.ndarray
    accent: float
    log: bool = False


Panel = Picture | Labels | Field | Curves | Bars


@dataclass(frozen=True, eq=False)
class Figure:
    """Panels in rows under a caption that says what is to be seen, with numbers."""

    number: int
    title: str
    caption: str
    rows: list[list[Panel]]
