"""`LinearizedFlow`: what it accepts, and what it passes on."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer import Krylov, LinearizedFlow
from tests import reference


def test_uniform_weights_know_their_offsets():
    weights = LinearizedFlow(np.ones((2, 3, 4)), radius=2).uniform_weights()
    assert dict(weights.sizes) == {"offset": 25, "row": 3, "col": 4}
    near = [(r - 2, c - 2) for r in range(5) for c in range(5)]
    coords = zip(weights.drow.values, weights.dcol.values, strict=True)
    assert list(coords) == near


def test_dimensions_are_found_by_name(problem):
    labeled = xr.DataArray(problem.distances, dims=("label", "row", "col"))
    flow = LinearizedFlow(labeled.transpose("col", "label", "row"))
    weights = xr.DataArray(problem.weights, dims=("offset", "row", "col"))
    turned = Krylov().solve(flow, weights.transpose("row", "col", "offset"), 3.0)
    plain = Krylov().solve(LinearizedFlow(problem.distances), problem.weights, 3.0)
    np.testing.assert_array_equal(turned.V, plain.V)
    assert turned.V.dims == ("label", "row", "col")


def test_only_differences_of_distances_matter(problem, flow):
    system = flow.plain_system(problem.weights)
    shifted = LinearizedFlow(problem.distances + 100.0, rho=problem.rho)
    # 100 + D rounds D to 100 eps, and 1/ρ = 2 doubles that
    np.testing.assert_allclose(
        shifted.plain_system(problem.weights).similarity, system.similarity, rtol=1e-13
    )


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
def test_any_real_numbers_are_distances(dtype):
    D = np.arange(24).reshape(2, 3, 4).astype(dtype)
    flow, exact = LinearizedFlow(D), LinearizedFlow(D.astype(float))
    weights = reference.random_weights(1, (3, 4))
    np.testing.assert_array_equal(
        flow.plain_system(weights).similarity, exact.plain_system(weights).similarity
    )


def test_single_precision_weights_are_patches(problem, flow):
    flow.check_weights(problem.weights.astype(np.float32))


def test_distances_beyond_the_floats_are_refused(problem):
    with pytest.raises(ValueError, match=r"`distances` .*`rho` = 1e-06.*raise `rho`"):
        LinearizedFlow(1e305 * problem.distances, rho=1e-6)
    extreme = np.array([-1.7e308, 1.7e308]).reshape(2, 1, 1)
    with pytest.raises(ValueError, match="rescale them"):
        LinearizedFlow(extreme)
