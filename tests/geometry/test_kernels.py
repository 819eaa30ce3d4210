"""The compiled kernels do what the loops of their definition do."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.flow.system import LinearSystem
from explorer.geometry.grid import Grid
from explorer.kernels import windows
from tests import reference

LABELS = 3
EPS = np.finfo(float).eps
# a sum of at most 49 products of numbers below 3, in another order: under 49·3·2 eps
ROUNDING = 300 * EPS

grids = pytest.mark.parametrize("shape", reference.SHAPES, ids=str)
radii = pytest.mark.parametrize("radius", [1, 2, 3])


def fields(shape, count=1, seed=1):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (count, LABELS, *shape))


def random_system(radius, shape, seed=0):
    log_likelihood = fields(shape, seed=seed + 7)[0]
    weights = reference.random_weights(radius, shape, seed)
    return LinearSystem.at(Grid(radius, *shape), weights, log_likelihood)


@grids
@radii
def test_average_is_the_sum_over_clamped_neighbors(radius, shape):
    system, X = random_system(radius, shape), fields(shape)[0]
    expected = reference.average(system.weights, X)
    np.testing.assert_allclose(system.average(X), expected, atol=ROUNDING)


@grids
@radii
def test_transpose_folds_clamped_contributions_back(radius, shape):
    weights, Y = reference.random_weights(radius, shape), fields(shape)[0]
    out = np.empty_like(Y)
    windows.average_transpose(weights, Y, out)
    expected = reference.average_transpose(weights, Y)
    np.testing.assert_allclose(out, expected, atol=ROUNDING)


@grids
@radii
def test_apply_is_the_dense_matrix(radius, shape):
    system, V = random_system(radius, shape), fields(shape)[0]
    A, _ = reference.dense_system(system.weights, system.similarity)
    expected = reference.unvec(A @ reference.vec(V), V.shape)
    np.testing.assert_allclose(system.apply(V), expected, atol=ROUNDING)


@grids
@radii
def test_apply_transpose_is_the_transposed_dense_matrix(radius, shape):
    system, U = random_system(radius, shape), fields(shape)[0]
    A, _ = reference.dense_system(system.weights, system.similarity)
    expected = reference.unvec(A.T @ reference.vec(U), U.shape)
    np.testing.assert_allclose(system.apply_transpose(U), expected, atol=ROUNDING)


@grids
@radii
def test_sampled_product_is_an_inner_product_per_neighbor(radius, shape):
    weights, (P, Q) = reference.random_weights(radius, shape), fields(shape, 2)
    out = np.empty_like(weights)
    windows.sampled_product(P, Q, out)
    expected = reference.sampled_product(weights, P, Q)
    np.testing.assert_allclose(out, expected, atol=ROUNDING)


@grids
@radii
def test_similarity_is_the_softmax_of_averages(radius, shape):
    weights = reference.random_weights(radius, shape)
    D = np.abs(fields(shape)[0])
    out = np.empty_like(D)
    windows.similarity(weights, -D / 0.5, out)
    expected = reference.similarity(weights, D, 0.5)
    np.testing.assert_allclose(out, expected, atol=ROUNDING)


@given(
    rows=st.integers(1, 6),
    cols=st.integers(1, 6),
    radius=st.integers(1, 3),
    seed=st.integers(0, 10_000),
)
def test_averaging_and_its_transpose_are_adjoint(rows, cols, radius, seed):
    system = random_system(radius, (rows, cols), seed)
    X, Y = fields((rows, cols), 2, seed)
    folded = np.empty_like(Y)
    windows.average_transpose(system.weights, Y, folded)
    # both are sums of at most 3·36 products below 1, each rounded to 100 eps
    slack = 108 * 100 * EPS
    assert abs(np.vdot(system.average(X), Y) - np.vdot(X, folded)) <= slack
    left, right = system.apply(X), system.apply_transpose(Y)
    assert abs(np.vdot(left, Y) - np.vdot(X, right)) <= slack


def test_A_of_the_reference_problems(case):
    weights, S = case["weights"], case["similarity"]
    hood = Grid(reference.problem_of(case).radius, *S.shape[1:])
    system = LinearSystem(hood, weights, -case["distances"] / case["rho"], S)
    for column, unit in zip(case["A"].T, np.eye(S.size), strict=True):
        expected = reference.unvec(column, S.shape)
        actual = system.apply(reference.unvec(unit, S.shape))
        # ‖A‖ ≤ 1 here, so an error of a few eps is absolute
        np.testing.assert_allclose(actual, expected, atol=8 * EPS)


@pytest.mark.skipif(
    numba.config.NUMBA_NUM_THREADS < 2, reason="needs two threads to compare"
)
@pytest.mark.parametrize("radius", [1, 2])
def test_results_do_not_depend_on_the_number_of_threads(radius):
    shape, threads = (9, 7), numba.get_num_threads()
    system, (V, U) = random_system(radius, shape), fields(shape, 2)

    def everything():
        product = np.empty_like(system.weights)
        windows.sampled_product(V, U, product)
        again = LinearSystem.at(
            system.neighborhood, system.weights, system.log_likelihood
        )
        return (
            system.average(V),
            system.apply(V),
            system.apply_transpose(U),
            product,
            again.similarity,
        )

    try:
        numba.set_num_threads(1)
        alone = everything()
        numba.set_num_threads(2)
        together = everything()
    finally:
        numba.set_num_threads(threads)
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)  # to the last bit: each row has one owner
