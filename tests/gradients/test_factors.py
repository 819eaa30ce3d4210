"""Z and z of the gradient, and the bounds of their errors, against dense integrals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from explorer import Krylov, LinearizedFlow, LowRankGradient
from tests import reference

# exponentials of matrices of norm ≤ 10 on both sides, scaled differently
ROUNDING = 1e-11
TIMES = (0.5, 3.0, 10.0)


def dense_factors(problem):
    """Z = ∫₀¹ λ yᵀ ds and z = ∫₀¹ λ ds as blocks of one exponential (Van Loan)."""
    S = reference.similarity(problem.weights, problem.distances, problem.rho)
    A, b = reference.dense_system(problem.weights, S)
    n, T = len(b), problem.time
    y = reference.phi_column(A, b, T)
    goal = reference.vec(reference.target(problem.labels, len(S)))
    norm, length = np.linalg.norm(y), np.linalg.norm(goal)
    g = -(goal / length - (goal @ y) / (length * norm) * y / norm) / norm
    # λ = e^{(1−s)TAᵀ} g, (y, 1) = e^{s𝒜} e_{n+1}: g e_{n+1}ᵀ couples the two
    M = np.zeros((2 * n + 1, 2 * n + 1))
    M[:n, :n], M[n:-1, n:-1], M[-1, n:-1] = T * A.T, T * A.T, b
    M[:n, -1] = g
    block = expm(M)[:n, n:]
    return block[:, :n], block[:, n]


def factors_of(problem, dim):
    flow = LinearizedFlow(problem.distances, problem.rho, problem.radius)
    solver = Krylov(dim=dim)
    evolution = solver.compute(
        solver.init(flow.plain_system(problem.weights)), problem.time
    )
    return LowRankGradient(dim=dim).init(evolution, problem.labels).factors


def assembled(factors, rank):
    """Z_r = Σ_{r ≤ rank} σ_r u_r w_rᵀ as a dense matrix."""
    u, w = factors.vectors(rank)
    pairs = zip(u, w, strict=True)
    return sum(np.outer(reference.vec(a), reference.vec(c)) for a, c in pairs)


def truncated(Z, rank):
    U, sigma, Wt = np.linalg.svd(Z)
    return (U[:, :rank] * sigma[:rank]) @ Wt[:rank]


@pytest.mark.parametrize("time", TIMES)
def test_a_large_space_gives_the_dense_integrals(time):
    problem = reference.random_problem(time=time)
    Z, z = dense_factors(problem)
    factors = factors_of(problem, 36)
    slack = ROUNDING * np.linalg.norm(Z)
    np.testing.assert_allclose(assembled(factors, 36), Z, atol=slack)
    # z is scaled as g, by the shift of the forward solve; it is compared without
    scaled = reference.vec(factors.z)
    np.testing.assert_allclose(scaled, z, atol=ROUNDING * np.linalg.norm(z))


@pytest.mark.slow
@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("dim", [1, 2, 3, 5, 8, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_errors_of_both_integrals_are_bounded(time, dim, seed):
    problem = reference.random_problem(time=time, seed=seed)
    Z, z = dense_factors(problem)
    factors = factors_of(problem, dim)
    off = np.linalg.norm(assembled(factors, dim) - Z)
    assert off <= factors.error + ROUNDING * np.linalg.norm(Z)
    off = np.linalg.norm(reference.vec(factors.z) - z)
    assert off <= factors.error_z + ROUNDING * np.linalg.norm(z)


@pytest.mark.slow
@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("dim", [2, 3, 5, 8, 12])
@pytest.mark.parametrize("rank", [1, 2])
def test_error_of_the_truncation_is_bounded(time, dim, rank):
    problem = reference.random_problem(time=time)
    Z, _ = dense_factors(problem)
    factors = factors_of(problem, dim)
    off = np.linalg.norm(assembled(factors, rank) - truncated(Z, rank))
    # the rounding of Z, amplified by the gap of the singular values (over 1e-3 here)
    slack = 1e3 * ROUNDING * np.linalg.norm(Z)
    assert off <= factors.truncated_error(rank) + slack


def test_truncation_bound_covers_leading_vectors_that_turn():
    """Z and Z̃ = Z + E with nearly equal singular values: the worst there is."""
    factors = factors_of(reference.random_problem(), 2)
    for gap in (1e-1, 1e-2, 1e-3):
        Z = np.diag([1.0 + gap, 1.0])
        E = 0.2 * gap * np.array([[0.0, 1.0], [1.0, 0.0]])
        sigma, eps = np.linalg.svd(Z + E)[1], np.linalg.norm(E)
        turned = replace(factors, singular_values=sigma, errors=lambda e=eps: (e, 0.0))
        off = np.linalg.norm(truncated(Z + E, 1) - truncated(Z, 1))
        assert off > eps  # the leading vectors turn by far more than E itself
        assert off <= turned.truncated_error(1) * (1.0 + ROUNDING)
        assert turned.tail(1) == pytest.approx(sigma[1])
        assert math.isfinite(turned.truncated_error(1))
