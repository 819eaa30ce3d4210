"""`Stroke`: one line drawn with a round brush on a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.declaring import (
    Declared,
    Parameter,
    Record,
    declared,
    is_real,
    must,
    of,
    one_of,
)
from explorer.params import LABELS

TRUTH, PICTURE = "truth", "picture"
"""What a stroke paints: the ground truth, or the image without noise."""

BRUSH = Parameter(
    "size", "d", 3, 1, 64, "diameter of the brush", "pixels", integer=True,
    slider=(1, 15, 1),
)  # fmt: skip

LARGEST_PLACE = 4095
"""Largest row or column number: a scene has at most 4096 rows and columns."""

MOST_POINTS = 10_000
"""Most points of a stroke."""

LARGEST_LABEL = int(LABELS.high) - 1


def check_points(value: Any) -> tuple[tuple[int, int], ...]:
    """Return the points of a stroke as pairs of integers."""
    points = listed(value)
    if points is None or not 0 < len(points) <= MOST_POINTS:
        cure = "pass them in order, such as [(3, 4), (3, 9)]"
        raise TypeError(must("points", f"1 to {MOST_POINTS} points", value, cure))
    require_pixels("points", value, points)
    return tuple(check_place("points", point) for point in points)


def require_pixels(name: str, value: Any, pixels: Sequence[Any]) -> None:
    """Raise if a list holds numbers where it must hold pixels."""
    if any(is_real(one) for one in pixels):
        cure = "pass a list even for one pixel, such as [(3, 4)]"
        raise TypeError(must(name, "a list of pixels", value, cure))


def listed(value: Any) -> Sequence[Any] | None:
    """Return a list, a tuple or the rows of an array as a sequence; None otherwise."""
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return list(value.tolist())
    return value if isinstance(value, list | tuple) else None


def check_place(name: str, value: Any) -> tuple[int, int]:
    """Return row and column of a pixel as integers."""
    flat = isinstance(value, np.ndarray) and value.ndim == 1
    pair = tuple(value) if flat or isinstance(value, list | tuple) else ()
    good = len(pair) == 2 and all(is_real(n) and 0 <= n <= LARGEST_PLACE for n in pair)
    if not good or any(n != int(n) for n in pair):
        admissible = f"pairs of integers from 0 to {LARGEST_PLACE}, row and column"
        raise (TypeError if len(pair) != 2 else ValueError)(
            must(name, admissible, value, "pass pixels such as (3, 4)")
        )
    return int(pair[0]), int(pair[1])


def check_label(value: Any) -> int | None:
    """Return the label that a stroke paints; None erases."""
    fits = is_real(value) and 0 <= value <= LARGEST_LABEL and value == int(value)
    if value is not None and not fits:
        admissible = f"an integer from 0 to {LARGEST_LABEL}, or None to erase"
        raise (ValueError if is_real(value) else TypeError)(
            must("label", admissible, value, "pass a label of the scene")
        )
    return None if value is None else int(value)


def check_target(value: Any) -> str:
    """Return what the stroke paints."""
    if not isinstance(value, str) or value not in (TRUTH, PICTURE):
        cure = f'pass "{TRUTH}" for the labels, "{PICTURE}" for the image'
        raise ValueError(must("on", f'"{TRUTH}" or "{PICTURE}"', value, cure))
    return value


@dataclass(frozen=True)
class Stroke(Record):
    """A line drawn with a round brush.

    It covers the pixels whose centers lie within size/2 of the line through the centers
    of its points.

    Parameters
    ----------
    points : pairs of int, row and column of the pixels that the brush visits, in order.
        Parts of the line outside the scene paint nothing.
    label : int in 0 … J−1, or None, which erases what earlier strokes painted.
    size : int in 1 … 64, diameter of the brush in pixels; 1 paints single pixels.
    on : "truth" paints the label into the ground truth, "picture" paints the color of
        its prototype into the image.

    Raises
    ------
    TypeError, ValueError
        naming the argument, its value and the cure.
    """

    points: tuple[tuple[int, int], ...] = declared(Declared(check_points))
    label: int | None = declared(Declared(check_label), default=0)
    size: int = of(BRUSH)
    on: str = one_of((TRUTH, PICTURE), check_target, "what the stroke paints")


def covered_by(stroke: Stroke, shape: tuple[int, int]) -> np.ndarray:
    """Return whether a stroke covers each pixel of an image, (row, col)."""
    covered = np.zeros(shape, dtype=bool)
    reach = stroke.size / 2.0
    ends = stroke.points[1:] or stroke.points
    for start, end in zip(stroke.points, ends, strict=False):
        both = np.array([start, end])
        low = np.maximum(np.floor(both.min(axis=0) - reach).astype(int), 0)
        high = np.ceil(both.max(axis=0) + reach).astype(int) + 1
        box = tuple(slice(a, max(a, b)) for a, b in zip(low, high, strict=True))
        part = covered[box]
        pixels = np.indices(part.shape).reshape(2, -1).T + low
        near = distance_to(pixels, both[0], both[1]) <= reach
        part |= near.reshape(part.shape)
    return covered


def distance_to(pixels: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the distance of pixels (n, 2) to the straight line between two others."""
    along = (end - start).astype(float)
    length = float(along @ along)
    share = ((pixels - start) @ along / length).clip(0.0, 1.0) if length else 0.0
    nearest = start + np.multiply.outer(share, along) if length else start
    found: np.ndarray = np.linalg.norm(pixels - nearest, axis=1)
    return found


MOST_STROKES = 10_000
"""Most strokes on one scene."""

MOST_PICKS = int(LABELS.high)


def check_strokes(value: Any) -> tuple[Stroke, ...]:
    """Return strokes as a tuple; one stroke alone is a tuple of one."""
    found = (value,) if isinstance(value, Stroke) else value
    whole = isinstance(found, list | tuple) and len(found) <= MOST_STROKES
    if not whole or not all(isinstance(one, Stroke) for one in found):
        cure = "pass a list such as [ex.Stroke([(3, 4), (3, 9)], label=1)]"
        raise TypeError(must("strokes", "strokes in order", value, cure))
    return tuple(found)


def check_picks(value: Any) -> tuple[tuple[int, int], ...]:
    """Return the places of picked prototypes as pairs of integers."""
    found = listed(value)
    if found is None or len(found) > MOST_PICKS:
        cure = "pass one pixel for each label, such as [(3, 4), (20, 9)]"
        raise TypeError(
            must("picks", f"a list of at most {MOST_PICKS} pixels", value, cure)
        )
    require_pixels("picks", value, found)
    return tuple(check_place("picks", one) for one in found)
