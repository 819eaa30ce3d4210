"""`flow.system(weights)`: named fields in, named fields out."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from tests import reference


@pytest.fixture
def system(flow, problem):
    return flow.system(problem.weights)


@pytest.fixture
def dense(problem):
    """S, and A and B as a dense matrix and vector."""
    S = reference.similarity(problem.weights, problem.distances, problem.rho)
    return S, *reference.dense_system(problem.weights, S)


def test_fields_are_labeled_and_right(system, problem, dense):
    S, _, b = dense
    assert system.similarity.dims == ("label", "row", "col")
    assert system.weights.dims == ("offset", "row", "col")
    np.testing.assert_allclose(system.similarity, S, atol=1e-14)
    np.testing.assert_allclose(reference.vec(system.source.values), b, atol=1e-14)
    np.testing.assert_array_equal(system.weights, problem.weights)


def test_applications_are_those_of_the_matrix(system, problem, dense):
    _, A, _ = dense
    V = np.random.default_rng(1).standard_normal(problem.distances.shape)
    named = xr.DataArray(V, dims=("label", "row", "col"))
    for given in (V, named, named.transpose("col", "label", "row")):
        for found, matrix in (
            (system.apply(given), A),
            (system.apply_transpose(given), A.T),
        ):
            assert found.dims == ("label", "row", "col")
            right = matrix @ reference.vec(V)  # 36 products, each rounded by eps
            np.testing.assert_allclose(reference.vec(found.values), right, atol=1e-13)


def test_doors_are_checked(flow, system, problem):
    V = problem.distances
    for bad, error, words in (
        (V[:2], ValueError, "`V` has shape"),
        (V[0], ValueError, "`V` has shape"),
        (V * np.nan, ValueError, "`V` holds"),
        (1j * V, TypeError, "`V` has dtype complex"),
    ):
        with pytest.raises(error, match=words):
            system.apply(bad)
    with pytest.raises(ValueError, match="`U` has shape"):
        system.apply_transpose(V[:2])
    with pytest.raises(ValueError, match="`weights` has a patch"):
        flow.system(2.0 * problem.weights)


def test_a_field_keeps_the_precision_of_its_flow(problem):
    flow = ex.LinearizedFlow(problem.distances, dtype="float32")
    assert flow.system(problem.weights).apply(problem.distances).dtype == np.float32
