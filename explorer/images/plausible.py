"""Whether the values of label images are labels, or come from interpolation.

Scaling or smoothing a label image creates intermediate values at the edges of labels.
Labels themselves are flat: somewhere they fill a square of 2 × 2 pixels; even lines of
two pixels do. So values are suspicious if they nowhere fill such a square and lie
between the values on either side. Lossy compression creates other values, but scatters
each over many places, whereas a small object is in one place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.images.alike import LabelFile
from explorer.images.values import spelled

FEWEST = 3
"""Number of intermediate values that raises an error; one or two may be thin lines."""

SCATTERED, PIECES = 8, 3.0
"""Number of thin values, and mean pieces of each, that only compression creates."""

MOSTLY = 0.8
"""Share of the pixels of a value that lie between their neighbors."""

SHOWN = 8
"""Most values in a message."""


def refuse_interpolated(
    files: Sequence[LabelFile], truths: Sequence[np.ndarray], values: np.ndarray
) -> None:
    """Raise if values of label images look like interpolation or compression.

    truths : (row, col) each, the labels as positions in `values`, (label, code).
    """
    count = len(values)
    often, flat, inside = np.sum(
        [
            measured(file, truth, count)
            for file, truth in zip(files, truths, strict=True)
        ],
        axis=0,
    )
    thin = (flat == 0) & (often > 0)
    solid = int(np.count_nonzero(flat))
    rare = often[thin].sum() < 0.5 * often.sum()
    mixed = thin & (inside >= MOSTLY * often)
    found = int(np.count_nonzero(mixed))
    if not rare or not solid:
        return
    if found < max(FEWEST, solid + 1):
        mixed, found = thin, int(np.count_nonzero(thin))
        if found < max(SCATTERED, 2 * solid):
            return
        if pieces(truths, thin) < PIECES * found:
            return
    names = [spelled(value) for value in values[mixed].tolist()]
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    raise ValueError(
        f"`{files[0].argument}` must hold labels only, got {count} values in "
        f"'{first_with(files, truths, mixed).path}' and the others, of which {found} "
        "occur only at edges, like those of interpolation or compression: "
        f"{', '.join([*names[:SHOWN], *more])}; scale label images by nearest neighbor "
        "without smoothing, or if all values are labels, list them in `values`"
    )


def measured(file: LabelFile, truth: np.ndarray, count: int) -> np.ndarray:
    """Return the numbers of pixels, squares and intermediate pixels of each label."""
    known = truth >= 0
    pixels = known, known & blocks(truth), known & between(file.code)
    return np.array([np.bincount(truth[p], minlength=count) for p in pixels])


def blocks(truth: np.ndarray) -> np.ndarray:
    """Return which pixels are the first of a 2 × 2 square with one label."""
    found = np.zeros(truth.shape, bool)
    corner = truth[:-1, :-1]
    found[:-1, :-1] = (
        (corner == truth[1:, :-1])
        & (corner == truth[:-1, 1:])
        & (corner == truth[1:, 1:])
    )
    return found


def between(code: np.ndarray) -> np.ndarray:
    """Return which pixels differ from two opposite neighbors and lie between them.

    code : (row, col, channel); every channel must lie between.
    """
    rows, cols = code.shape[:2]
    found = np.zeros((rows, cols), bool)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        inner = [slice(1, -1) if step else slice(None) for step in (down, right)]
        here = inner[0], inner[1]
        one, other = (
            code[shift(rows, sign * down), shift(cols, sign * right)]
            for sign in (1, -1)
        )
        v = code[here]
        low, high = np.minimum(one, other), np.maximum(one, other)
        inside = ((low <= v) & (v <= high)).all(axis=2)
        differs = (v != one).any(axis=2) & (v != other).any(axis=2)
        found[here] |= inside & differs
    return found


def shift(size: int, step: int) -> slice:
    """Return the slice of pixels `step` after those with both neighbors."""
    return slice(1 + step, max(0, size - 1 + step)) if step else slice(None)


def pieces(truths: Sequence[np.ndarray], thin: np.ndarray) -> int:
    """Return the number of connected pieces of thin values, counted per value."""
    from skimage.measure import label

    found = 0
    for truth in truths:
        drawn = np.where((truth >= 0) & thin[truth], truth + 1, 0)
        found += int(label(drawn, connectivity=2, return_num=True)[1])
    return found


def first_with(
    files: Sequence[LabelFile], truths: Sequence[np.ndarray], mixed: np.ndarray
) -> LabelFile:
    """Return the first file that holds one of these values."""
    held = (((t >= 0) & mixed[t]).any() for t in truths)
    return next(file for file, has in zip(files, held, strict=True) if has)
