"""Colors as pure functions of arrays, chosen to be distinguishable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bokeh.palettes import cividis

from explorer.panels import Labels

OKABE_ITO = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7",
    "#56B4E9", "#D55E00", "#F0E442", "#999999",
)  # fmt: skip
"""Eight colors safe for color blindness (Okabe and Ito 2008), without black."""

INK, ACCENT = OKABE_ITO[0], OKABE_ITO[5]
"""Colors of single curves and bars, and of accented ones."""

TONES = ("#000000", "#ffffff")
"""Colors of two labels, as in the paper."""

PALE = "#f2f6fa"
"""Color of zero in a written matrix; black text on it is readable in both themes."""

MUTED = "#76818e"
"""Color of axes, texts and outlines: contrast 3.9 on white, 4.2 on the dark ground."""

BRUSH = "#e69f00"
"""Color of the brush, and of a stroke while it is drawn."""

GROUNDS = ("#1c1c1c", "#7a2000", "#3d0c63", "#0a4038")
"""Dark colors of wrong pixels; `ground_of` takes the first far from all labels."""

APART = 10.0
"""Least CIELAB distance of colors with different meanings. A distance of about 2.3 is
just visible side by side; small areas far apart need about four times as much."""

SUBPIXELS = 400
"""Cells along the longer side of a picture with crosses: about the pixels of a card, so
that crosses are visible in large pixels; a picture of 128 × 128 takes 0.6 MB."""

TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""

DECADES = 4
"""Powers of ten below the largest gradient norm that a picture shows."""

BINS = np.linspace(-1.0, 1.0, 41)
"""Bins of the cosine histogram: 0.05 wide, so that 0.9 is an edge."""


def label_palette(count: int) -> list[str]:
    """Return a color-blind safe color for each label; ordered by lightness above 8."""
    return list(OKABE_ITO[:count]) if count <= 8 else list(cividis(count))


def rgba(image: np.ndarray) -> np.ndarray:
    """Return an image (row, col, channel) in [0, 1] as packed RGBA, clipped.

    One channel is gray, and a fourth is opacity; pixels with NaN are transparent.
    """
    gap = np.isnan(image).any(axis=2)
    filled = np.where(gap[..., None], 0.0, image)
    pixels = np.round(np.clip(filled, 0.0, 1.0) * 255.0).astype(np.uint8)
    found = np.empty((*image.shape[:2], 4), dtype=np.uint8)
    found[..., :3] = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]
    found[..., 3] = np.where(gap, 0, pixels[..., 3] if pixels.shape[2] > 3 else 255)
    return found.view(np.uint32)[..., 0]


def cosine_histogram(cosine: np.ndarray) -> np.ndarray:
    """Return the percentage of pixels per bin, among those with a direction."""
    defined = cosine[np.isfinite(cosine)]
    counts = np.histogram(defined, BINS)[0]
    return 100.0 * counts / max(defined.size, 1)


def rgb(colors: Sequence[str]) -> np.ndarray:
    """Return colors #rrggbb as an array (color, 3) in [0, 1]."""
    table = [[int(c[i : i + 2], 16) / 255.0 for i in (1, 3, 5)] for c in colors]
    return np.array(table).reshape(-1, 3)


def hexes(table: np.ndarray) -> list[str]:
    """Return colors (color, 3) in [0, 1] as #rrggbb."""
    parts = np.round(255.0 * np.clip(table, 0.0, 1.0)).astype(int)
    return ["#{:02x}{:02x}{:02x}".format(*color) for color in parts]


def luminance(table: np.ndarray) -> np.ndarray:
    """Return the relative luminance Y of sRGB colors (…, 3), as WCAG 2 defines it."""
    Y: np.ndarray = linear(table) @ TO_XYZ[1]
    return Y


def linear(table: np.ndarray) -> np.ndarray:
    """Return sRGB colors without their gamma correction (IEC 61966-2-1)."""
    return np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)


def lab(table: np.ndarray) -> np.ndarray:
    """Return sRGB colors (…, 3) in CIELAB (white D65), where distances match vision."""
    t = linear(table) @ (TO_XYZ / TO_XYZ.sum(axis=1, keepdims=True)).T
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the CIELAB distances (ΔE, CIE 1976) of all pairs of two sets of colors."""
    apart: np.ndarray = np.linalg.norm(lab(one)[:, None] - lab(other)[None], axis=-1)
    return apart


def distinct(table: np.ndarray) -> bool:
    """Return whether any two of the colors (color, 3) are at least APART."""
    if not np.isfinite(table).all():
        return False
    pairs = distances(table, table)[np.triu_indices(len(table), 1)]
    return bool(pairs.min(initial=np.inf) >= APART)


def label_colors(panel: Labels) -> np.ndarray:
    """Return the color (label, 3) in [0, 1] of each label.

    These are the prototypes' own colors if they are given and any two are APART; else
    black and white for two labels, or a palette safe for color blindness.
    """
    if panel.colors is not None:
        own = np.clip(np.asarray(panel.colors, float), 0.0, 1.0)
        if own.shape in ((panel.count, 1), (panel.count, 3)):
            own = np.broadcast_to(own, (panel.count, 3))
            if distinct(own):
                return own
    return rgb(TONES if panel.count == 2 else label_palette(panel.count))


def ground_of(table: np.ndarray) -> np.ndarray:
    """Return the dark color (3,) of wrong pixels: the first far from all labels.

    Far means 2 APART; if no color is, return the one farthest from its nearest label.
    """
    grounds = rgb(GROUNDS)
    nearest = distances(grounds, table).min(axis=1)
    found: np.ndarray = grounds[np.argmax(np.minimum(nearest, 2.0 * APART))]
    return found


def crosses_of(table: np.ndarray) -> np.ndarray:
    """Return the light colors (label, 3) of the crosses on wrong pixels."""
    return 0.6 + 0.4 * table


def cells_of(shape: tuple[int, int]) -> int:
    """Return the number of cells along each side of a pixel with a cross."""
    side = max(shape)
    return 1 if side > 2 * SUBPIXELS else int(np.clip(SUBPIXELS // side, 2, 5))


def label_pixels(panel: Labels) -> np.ndarray:
    """Return a labeling as packed RGBA (row, col); unlabeled pixels are transparent.

    If the truth is given, each pixel has `cells_of` cells per side. Wrong pixels are
    dark with a light cross, a texture that remains visible in gray.
    """
    table, labels = label_colors(panel), np.asarray(panel.labels).astype(int)
    right = np.append(packed(table), np.uint32(0))  # the last one is label −1
    if panel.truth is None:
        return right[np.maximum(labels, -1)]
    side, truth = cells_of(labels.shape), np.asarray(panel.truth)
    rows, cols = labels.shape
    cells = np.empty((rows, side, cols, side), dtype=np.uint32)
    cells[:] = right[np.maximum(labels, -1)][:, None, :, None]
    row, col = np.nonzero((labels != truth) & (truth >= 0) & (labels >= 0))
    light = packed(crosses_of(table))[labels[row, col]]
    (ground,) = packed(ground_of(table)[None])
    cells[row, :, col] = np.where(cross_of(side), light[:, None, None], ground)
    return cells.reshape(rows * side, cols * side)


def packed(table: np.ndarray) -> np.ndarray:
    """Return colors (color, 3) in [0, 1] as packed RGBA (color,)."""
    return rgba(np.asarray(table, float)[None])[0]


def label_image(panel: Labels) -> np.ndarray:
    """Return `label_pixels` as an image (row, col, 4) in [0, 1]."""
    pixels = label_pixels(panel)
    return pixels.view(np.uint8).reshape(*pixels.shape, 4) / 255.0


def cross_of(side: int) -> np.ndarray:
    """Return the cells of a pixel that a cross covers: both diagonals if they fit.

    >>> cross_of(3).astype(int).tolist()
    [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    """
    if side == 1:
        return np.zeros((1, 1), dtype=bool)
    line = np.eye(side, dtype=bool)
    return line | line[::-1] if side > 2 else line


def curve_color(curve: int, curves: int, run: int = 0) -> str:
    """Return the color of a curve; run 0 is the present one, 1, 2, … are kept ones.

    Several curves have the same colors in every run; a single curve has another color
    in each run.
    """
    k = curve if curves > 1 else curve + run
    return OKABE_ITO[k % len(OKABE_ITO)]


def shades(values: np.ndarray, signed: bool) -> tuple[list[str], list[str]]:
    """Return the color of each number's cell, and black or white for its text.

    Colors range from white at zero to blue at the largest number; if `signed`, negative
    numbers range to orange.
    """
    flat = np.nan_to_num(np.asarray(values, float).ravel(), posinf=0.0, neginf=0.0)
    size = max(float(np.abs(flat).max(initial=0.0)), np.finfo(float).tiny)
    share = ((flat if signed else np.maximum(flat, 0.0)) / size)[:, None]
    pale, blue, orange = rgb((PALE, INK, ACCENT))
    fill = pale + np.abs(share) * (np.where(share < 0.0, orange, blue) - pale)
    # black on white has contrast (1 + 0.05) / (Y + 0.05) = 4.6 at Y = 0.18
    inks = np.where(luminance(fill) > 0.18, "#000000", "#ffffff").tolist()
    return hexes(fill), inks
