"""Interpolated label images are refused; labels are not, however many there are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage

from explorer.images.alike import LabelFile
from explorer.images.labelings import label_set

Y, X = np.mgrid[:40, :40]
SHAPES = {
    "disc": (Y - 20) ** 2 + (X - 18) ** 2 < 120,
    "rectangle": (abs(Y - 19) < 11) & (abs(X - 13) < 8),
    "three": 1 * (X < 22) + 2 * ((Y - 12) ** 2 + (X - 31) ** 2 < 40),
    "line": abs(Y - X) < 2,
}
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}  # fmt: skip


def cells(count, size, seed):
    """Voronoi cells: the number of the cell of each pixel."""
    points = np.random.default_rng(seed).uniform(0, size, (count, 2))
    y, x = np.mgrid[:size, :size, :1][:2]
    return ((y - points[:, 0]) ** 2 + (x - points[:, 1]) ** 2).argmin(axis=2)


def read(*codes, values=None):
    files = [
        LabelFile(f"{k}.png", "labels", np.atleast_3d(np.asarray(c, np.uint16)))
        for k, c in enumerate(codes)
    ]
    return label_set(files, values=values)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("scale", [0.7, 1.3, 2, 3])
def test_scaled_labels_are_refused(name, kind, scale):
    code = (SHAPES[name] * 80).astype(np.uint8)
    size = int(40 * scale)
    smooth = Image.fromarray(code).resize((size, size), FILTERS[kind])
    with pytest.raises(ValueError, match=r"occur only at edges|distinct values"):
        read(smooth)
    nearest = Image.fromarray(code).resize((size, size), Image.Resampling.NEAREST)
    assert len(read(nearest).values) == len(np.unique(code))


@pytest.mark.parametrize("name", SHAPES)
def test_turned_smoothed_and_compressed_labels_are_refused(name):
    picture = Image.fromarray((SHAPES[name] * 80).astype(np.uint8))
    file = io.BytesIO()
    picture.resize((120, 120), Image.Resampling.NEAREST).save(file, "JPEG", quality=75)
    for changed in (
        picture.rotate(10, Image.Resampling.BILINEAR),
        picture.filter(ImageFilter.GaussianBlur(0.7)),
        Image.open(file),  # as if saved again as PNG
    ):
        with pytest.raises(ValueError, match=r"occur only at edges|distinct values"):
            read(changed)


def test_colors_are_interpolated_alike():
    colors = np.array([(255, 0, 0), (0, 0, 255)], np.uint8)[SHAPES["rectangle"] * 1]
    with pytest.raises(ValueError, match=r"occur only at edges.*: #"):
        read(Image.fromarray(colors).resize((52, 52), FILTERS["bilinear"]))


def test_what_is_wrong_is_listed_and_what_to_do():
    code = (SHAPES["rectangle"] * 200).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(code).resize((66, 66), FILTERS["bilinear"]))
    between = sorted(set(np.unique(smooth).tolist()) - {0, 200})
    with pytest.raises(ValueError, match="nearest neighbor without") as caught:
        read(code, smooth)
    said = str(caught.value)
    assert "1.png" in said
    assert ", ".join(map(str, between[:8])) in said
    everything = np.unique(smooth).tolist()
    assert len(read(smooth, values=everything).values) == len(everything)


@pytest.mark.parametrize("seed", range(5))
def test_many_labels_are_no_interpolation(seed):
    rng = np.random.default_rng(seed)
    instances = np.zeros((60, 60), int)
    y, x = np.mgrid[:60, :60]
    for k in range(1, 50):
        row, col = rng.uniform(0, 60, 2)
        instances[(y - row) ** 2 + (x - col) ** 2 < rng.uniform(0.5, 6) ** 2] = k
    height = ndimage.gaussian_filter(rng.normal(size=(50, 50)), 5)
    height = (height - height.min()) / np.ptp(height)
    classes = rng.integers(0, 8, 30)[cells(30, 40, seed)]
    edges = ndimage.grey_dilation(classes, (3, 3)) != classes
    noisy = np.where(
        rng.uniform(size=(40, 40)) < 0.05, rng.integers(0, 12, (40, 40)), classes
    )
    for code in (
        instances,
        *(cells(n, size, seed) for n in (5, 30, 60) for size in (10, 20, 40)),
        *(np.floor(height * 0.999 * n) for n in (4, 12, 20)),
        np.where(edges, 3, classes),  # lines between the classes
        noisy,
        *(rng.integers(0, n, (12, 12)) for n in (2, 5, 30)),
    ):
        assert len(read(code).values) == len(np.unique(code))


@pytest.mark.parametrize("code", [
    np.tile(np.arange(8), (8, 1)), np.tile(np.arange(32) // 4, (8, 1)),
    np.arange(64).reshape(8, 8), [[3]], [[0, 1, 2]], np.eye(9), np.zeros((2, 2)),
])  # fmt: skip
def test_small_label_images_are_labels(code):
    assert len(read(code).values) == len(np.unique(code))
