"""Pictures as pure functions from arrays to small integers and colors."""

from __future__ import annotations

import numpy as np
from bokeh.palettes import cividis

from explorer.panels import Labels

OKABE_ITO = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7",
    "#56B4E9", "#D55E00", "#F0E442", "#999999",
)  # fmt: skip
"""Eight colors that stay apart for color-blind eyes (Okabe and Ito 2008), no black."""

INK, ACCENT = OKABE_ITO[0], OKABE_ITO[5]
"""Colors of single curves and bars, and of those that are set apart."""

TONES = ["#000000", "#ffffff"]
"""Colors of two labels where nothing needs to be marked, as in the paper."""

DECADES = 4
"""Gradient norms are shown over this many powers of ten below the largest."""

BINS = np.linspace(-1.0, 1.0, 41)
"""Bins of the cosine histogram: 0.05 wide, so that 0.9 is an edge."""


def label_palette(count: int) -> list[str]:
    """Return a color-blind safe color for each label; ordered by lightness above 8."""
    return list(OKABE_ITO[:count]) if count <= 8 else list(cividis(count))


def mix(color: str, other: str, share: float) -> str:
    """Return `color` with a share of `other` mixed in, both as #rrggbb."""
    parts = [(int(c[i : i + 2], 16)) for c in (color, other) for i in (1, 3, 5)]
    mixed = [
        round((1 - share) * a + share * b)
        for a, b in zip(parts[:3], parts[3:], strict=True)
    ]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def error_palette(count: int) -> list[str]:
    """Return light tints for right labels, then dark shades for wrong ones."""
    colors = label_palette(count)
    right = [mix(c, "#ffffff", 0.45) for c in colors]
    wrong = [mix(c, "#000000", 0.75) for c in colors]
    return right + wrong


def mark_errors(labels: np.ndarray, truth: np.ndarray, count: int) -> np.ndarray:
    """Return label where right, label + count where wrong, as uint8."""
    return (labels + count * (labels != truth)).astype(np.uint8)


def label_image(panel: Labels) -> np.ndarray:
    """Return a labeling as an image (row, col, channel); wrong pixels are dark."""
    count, labels = panel.count, panel.labels.astype(int)
    if panel.truth is None:
        colors, index = TONES if count == 2 else label_palette(count), labels
    else:
        colors, index = error_palette(count), labels + count * (labels != panel.truth)
    table = [[int(c[i : i + 2], 16) / 255.0 for i in (1, 3, 5)] for c in colors]
    return np.array(table)[index]


def rgba(image: np.ndarray) -> np.ndarray:
    """Return an image (row, col, channel) in [0, 1] as packed RGBA, clipped."""
    pixels = np.round(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
    packed = np.full((*image.shape[:2], 4), 255, dtype=np.uint8)
    packed[..., :3] = pixels if pixels.shape[2] == 3 else pixels[..., :1]
    return packed.view(np.uint32)[..., 0]


def log_map(values: np.ndarray) -> np.ndarray:
    """Return 0 … 255 for DECADES decades below the largest value; zero maps to 0."""
    top = float(values.max(initial=0.0))
    if top == 0.0:
        return np.zeros(values.shape, dtype=np.uint8)
    relative = np.maximum(values / top, 10.0**-DECADES)
    return np.round(255.0 * (1.0 + np.log10(relative) / DECADES)).astype(np.uint8)


def cosine_histogram(cosine: np.ndarray) -> np.ndarray:
    """Return the percentage of pixels per bin, among those with a direction."""
    defined = cosine[np.isfinite(cosine)]
    counts = np.histogram(defined, BINS)[0]
    return 100.0 * counts / max(defined.size, 1)
