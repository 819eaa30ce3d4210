"""Laws of the Arnoldi process, on dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.flow.arnoldi import BREAKDOWN, arnoldi

EPS = np.finfo(float).eps
SHAPE = (2, 3, 2)
SIZE = 12
# twice is enough: orthogonal to a few eps per vector, at most 12 of them
ORTHOGONAL = 12 * 8 * EPS


def random_matrix(seed, size=SIZE):
    return np.random.default_rng(seed).standard_normal((size, size))


def basis_of(A, start, dim):
    return arnoldi(lambda v: (A @ v.ravel()).reshape(v.shape), start, dim)


def start_vector(seed=1, shape=SHAPE):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.slow
@given(dim=st.integers(1, SIZE), seed=st.integers(0, 10_000))
def test_vectors_are_orthonormal_and_satisfy_the_recurrence(dim, seed):
    A, start = random_matrix(seed), start_vector(seed + 1)
    basis = basis_of(A, start, dim)
    Q = basis.vectors.reshape(basis.dim, -1).T
    np.testing.assert_allclose(Q.T @ Q, np.eye(basis.dim), atol=ORTHOGONAL)
    np.testing.assert_allclose(basis.norm * Q[:, 0], start.ravel(), rtol=4 * EPS)
    rest = A @ Q - Q @ basis.H
    # ‖A‖ ≈ 2√12 ≈ 7 multiplies the rounding of the vectors
    slack = 10 * ORTHOGONAL
    np.testing.assert_allclose(rest[:, :-1], 0.0, atol=slack)
    assert np.linalg.norm(rest[:, -1]) == pytest.approx(basis.residual, abs=slack)
    np.testing.assert_allclose(Q.T @ rest, 0.0, atol=slack)


def test_H_is_upper_hessenberg():
    H = basis_of(random_matrix(0), start_vector(), 6).H
    np.testing.assert_array_equal(np.tril(H, -2), 0.0)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_an_invariant_space_ends_the_process_at_any_scale(scale):
    """Start in a space of dimension 4 that A maps into itself."""
    A = np.zeros((SIZE, SIZE))
    A[:4, :4], A[4:, 4:] = random_matrix(3, 4), random_matrix(4, 8)
    start = np.zeros(SHAPE)
    start.ravel()[:4] = [1.0, 2.0, 3.0, 4.0]
    basis = basis_of(scale * A, start, 10)
    assert basis.dim == 4
    assert basis.residual == 0.0
    Q = basis.vectors.reshape(4, -1).T
    # the neglected rest is below BREAKDOWN times the norms at hand (‖A‖ ≈ 4)
    np.testing.assert_allclose(
        scale * A @ Q, Q @ basis.H, atol=scale * (8 * BREAKDOWN + ORTHOGONAL)
    )


def test_an_eigenvector_spans_the_whole_space():
    start = np.zeros(SHAPE)
    start[0, 0, 0] = 2.0
    basis = basis_of(np.diag(np.arange(1.0, 13.0)), start, 5)
    assert (basis.dim, basis.norm, basis.residual) == (1, 2.0, 0.0)
    np.testing.assert_array_equal(basis.H, [[1.0]])


def test_the_zero_matrix_ends_after_one_vector():
    basis = basis_of(np.zeros((SIZE, SIZE)), start_vector(), 5)
    assert (basis.dim, basis.residual) == (1, 0.0)


def test_a_zero_start_gives_an_empty_basis():
    basis = basis_of(random_matrix(0), np.zeros(SHAPE), 5)
    assert (basis.dim, basis.norm, basis.residual) == (0, 0.0, 0.0)
    np.testing.assert_array_equal(basis.combine(np.zeros(0)), np.zeros(SHAPE))


def test_dim_beyond_the_space_gives_the_space():
    basis = basis_of(random_matrix(0), start_vector(), 100)
    assert basis.dim == SIZE
    assert basis.residual == 0.0


def test_combine_is_the_product_with_the_basis():
    basis = basis_of(random_matrix(0), start_vector(), 4)
    Q, Y = basis.vectors.reshape(4, -1).T, random_matrix(5, 4)[:, :3]
    # sums of four products below 3
    one, many = basis.combine(Y[:, 0]), basis.combine(Y)
    np.testing.assert_allclose(one.ravel(), Q @ Y[:, 0], atol=40 * EPS)
    np.testing.assert_allclose(many.reshape(3, -1).T, Q @ Y, atol=40 * EPS)


def test_check_comes_before_every_product_and_may_abandon():
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arnoldi(lambda v: v[::-1] + 0.1 * v**2, start_vector(), 8, check)
    assert len(calls) == 3
