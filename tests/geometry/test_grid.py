"""Offsets, uniform weights, and the bounds that the grid gives."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.geometry import grid
from explorer.geometry.grid import Grid
from tests import reference

grids = pytest.mark.parametrize("shape", reference.SHAPES, ids=str)
radii = pytest.mark.parametrize("radius", [1, 2, 3])
# products and sums of at most 49 numbers
ROUNDING = 1 + 100 * np.finfo(float).eps


def test_offsets_run_through_the_window_row_by_row():
    expected = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0)]
    assert grid.offsets(1)[:5].tolist() == [list(pair) for pair in expected]


@radii
def test_uniform_weights_sum_to_one(radius):
    weights = Grid(radius, 2, 3).uniform()
    assert weights.shape == ((2 * radius + 1) ** 2, 2, 3)
    # 49 equal summands
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, rtol=49 * 2.3e-16)


@grids
@radii
def test_multiplicity_counts_how_often_a_neighbor_is_named(radius, shape):
    most = max(
        max(Counter(reference.neighbors(radius, shape, *pixel)).values())
        for pixel in np.ndindex(*shape)
    )
    bound = Grid(radius, *shape).multiplicity
    assert most <= bound
    if all(n == 1 or n > radius for n in shape):  # else it is an upper bound only
        assert most == bound


@given(
    rows=st.integers(1, 5),
    cols=st.integers(1, 5),
    radius=st.integers(1, 2),
    seed=st.integers(0, 10_000),
)
def test_averaging_norm_bounds_the_spectral_norm(rows, cols, radius, seed):
    weights = reference.random_weights(radius, (rows, cols), seed)
    spectral = np.linalg.norm(reference.dense_average(weights), 2)
    assert spectral <= Grid(radius, rows, cols).averaging_norm(weights) * ROUNDING


def test_averaging_norm_sees_a_pixel_that_everyone_copies():
    weights = np.full((9, 3, 3), 1e-9)
    for k, r, c, nr, nc in reference.links(weights):
        if (nr, nc) == (1, 1):
            weights[k, r, c] = 1.0
    # nine pixels average the center alone: ‖Ω‖₂ = 3, up to the 8e-9 of other weights
    assert Grid(1, 3, 3).averaging_norm(weights) == pytest.approx(3.0, abs=1e-7)
