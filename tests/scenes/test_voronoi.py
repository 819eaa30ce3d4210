"""Voronoi scenes: structure, noise, and their independence."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer import voronoi_scene
from explorer.scenes.voronoi import HUES

SIZE = 10
kinds = pytest.mark.parametrize("kind", ["colors", "lines"])


@kinds
def test_a_scene_is_labeled_and_consistent(kind):
    scene = voronoi_scene(kind, size=SIZE, noise=0.2, seed=3)
    labels = {"colors": 8, "lines": 2}[kind]
    channels = {"colors": 3, "lines": 1}[kind]
    assert dict(scene.sizes) == {
        "row": SIZE, "col": SIZE, "channel": channels, "label": labels
    }  # fmt: skip
    assert scene.image.dims == ("row", "col", "channel")
    assert scene.distances.dims == ("label", "row", "col")
    clean = scene.prototypes.values[scene.labels.values]
    np.testing.assert_array_equal(scene.clean, clean)


@kinds
def test_distances_are_euclidean(kind):
    scene = voronoi_scene(kind, size=SIZE, seed=3)
    for j, row, col in np.ndindex(*scene.distances.shape):
        gap = scene.image.values[row, col] - scene.prototypes.values[j]
        # the norm of three rounded numbers
        expected = pytest.approx(np.sqrt((gap**2).sum()), rel=1e-15)
        assert float(scene.distances[j, row, col]) == expected


@kinds
def test_without_noise_the_nearest_prototype_is_right(kind):
    scene = voronoi_scene(kind, size=SIZE, noise=0.0)
    assert scene.attrs["nearest_error_percent"] == 0.0
    np.testing.assert_array_equal(scene.image, scene.clean)


@kinds
def test_the_seed_decides_everything(kind):
    first, again, other = (voronoi_scene(kind, SIZE, seed=s) for s in (1, 1, 2))
    assert first.identical(again)
    assert not first.labels.equals(other.labels)
    assert not first.image.equals(other.image)


@kinds
def test_noise_scales_one_field_and_leaves_the_structure(kind):
    weak, strong = (voronoi_scene(kind, SIZE, noise=s, seed=1) for s in (0.1, 0.2))
    assert weak.labels.equals(strong.labels)
    noise = weak.image - weak.clean
    # both were added to clean values in [0, 1] and taken off again
    np.testing.assert_allclose(strong.image - strong.clean, 2 * noise, atol=1e-15)


def test_nearest_error_is_the_share_of_wrong_pixels():
    scene = voronoi_scene("colors", SIZE, noise=0.45)
    wrong = scene.distances.argmin("label") != scene.labels
    # a mean of a hundred zeros and ones
    expected = pytest.approx(100.0 * float(wrong.mean()), rel=1e-14)
    assert scene.attrs["nearest_error_percent"] == expected


def test_lines_lie_where_the_cell_changes():
    """Each interior pixel equals its lower and right neighbors' cell: thin lines."""
    scene = voronoi_scene("lines", 64, seed=0)
    share = float((scene.labels == 0).mean())
    # 40 cells of 64²/40 ≈ 100 pixels: a boundary of 2·10 pixels each, about a fifth
    assert 0.1 < share < 0.4


def test_hues_are_saturated_and_distinct():
    np.testing.assert_array_equal(HUES.max(axis=1), 1.0)
    np.testing.assert_array_equal(HUES.min(axis=1), 0.0)
    assert len(np.unique(HUES, axis=0)) == 8


@kinds
def test_a_scene_of_one_pixel_exists(kind):
    assert voronoi_scene(kind, size=1).labels.shape == (1, 1)


@kinds
def test_scenes_share_nothing_with_later_ones(kind):
    first = voronoi_scene(kind, size=SIZE, noise=0.0)
    expected = first.copy(deep=True)
    for name in first:
        first[name].values[:] = 0
    xr.testing.assert_identical(voronoi_scene(kind, size=SIZE, noise=0.0), expected)
