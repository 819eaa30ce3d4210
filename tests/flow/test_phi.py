"""The small exponentials against dense `expm`, and the bounds taken of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from explorer.flow import phi
from tests import reference

SIZE = 6
# expm of matrices of norm ≤ 30 against expm of the same, differently scaled ones
RTOL = 1e-12


def matrix(seed=0, size=SIZE):
    return np.random.default_rng(seed).standard_normal((size, size)) / np.sqrt(size)


def first(size=SIZE):
    return np.eye(size)[0]


@pytest.mark.parametrize("time", [0.0, 1e-6, 0.5, 3.0, 12.0])
def test_phi_first_is_phi_of_the_dense_matrix(time):
    H = matrix()
    shift = phi.shift_of(H, time)
    expected = np.exp(-shift) * reference.phi_column(H, first(), time)
    np.testing.assert_allclose(
        phi.phi_first(H, time, shift), expected, atol=RTOL * np.abs(expected).max()
    )


def test_phi_of_zero_time_is_the_identity():
    np.testing.assert_array_equal(phi.phi_first(matrix(), 0.0, 0.0), first())


def test_phi_of_one_number_is_its_definition():
    x = phi.phi_first(np.array([[0.5]]), 2.0, 0.0)
    # φ(1) = e − 1, to the accuracy of a 2 × 2 expm
    np.testing.assert_allclose(x, np.e - 1.0, rtol=1e-14)


@pytest.mark.parametrize("time", [0.5, 6.0])
def test_histories_follow_the_dense_exponentials(time):
    H = matrix()
    shift = phi.shift_of(H, time)
    ys, es = phi.phi_history(H, time, shift), phi.exp_history(H, time, shift)
    assert ys.shape == es.shape == (phi.INTERVALS + 1, SIZE)
    for k, tau in enumerate(np.linspace(0.0, 1.0, phi.INTERVALS + 1)):
        fade = np.exp(-tau * shift)
        y = fade * tau * reference.phi_column(H, first(), tau * time)
        e = fade * expm(tau * time * H)[:, 0]
        # both histories stay of order one, and 64 steps add up their rounding
        np.testing.assert_allclose(ys[k], y, atol=RTOL)
        np.testing.assert_allclose(es[k], e, atol=RTOL)


@pytest.mark.parametrize("time", [1e4, 1e6])
def test_a_huge_time_does_not_overflow(time):
    H = matrix()
    shift = phi.shift_of(H, time)
    assert shift > 1000.0  # e^shift itself would overflow
    for values in (
        phi.phi_first(H, time, shift),
        phi.phi_history(H, time, shift),
        phi.exp_history(H, time, shift),
    ):
        assert np.isfinite(values).all()
    # φ(TH) e₁ turns into the eigenvector of the largest real part: H x = λ x
    H = np.diag([0.9, 0.1]) + np.array([[0.0, 0.2], [0.3, 0.0]])
    x = phi.phi_first(H, time, phi.shift_of(H, time))
    slack = 1e-9 * np.linalg.norm(x)  # squaring up to 20 times, each doubles eps
    np.testing.assert_allclose(H @ x, np.linalg.eigvals(H).max() * x, atol=slack)


def test_shift_is_the_growth_of_the_exponential():
    assert phi.shift_of(np.diag([0.5, 0.25]), 4.0) == 2.0
    assert phi.shift_of(np.diag([-0.5, -0.25]), 4.0) == 0.0
    assert phi.shift_of(np.zeros((0, 0)), 4.0) == 0.0


@given(seed=st.integers(0, 10_000), time=st.floats(0.01, 8.0))
def test_defect_bound_bounds_a_perturbed_solution(seed, time):
    """ė = T A e + r(τ) v, e(0) = e₀: the bound from |r|, ‖v‖ = 1, μ = ‖A‖₂."""
    A, rng = matrix(seed), np.random.default_rng(seed)
    v, start = rng.standard_normal((2, SIZE))
    v /= np.linalg.norm(v)
    grid = np.linspace(0.0, 1.0, phi.INTERVALS + 1)
    # e(τ) = e^{τTA} e₀ + ∫ e^{(τ−s)TA} s v ds: r(τ) = τ, a nilpotent block of expm
    M = np.zeros((SIZE + 2, SIZE + 2))
    M[:SIZE, :SIZE], M[:SIZE, SIZE], M[SIZE, SIZE + 1] = time * A, v, 1.0
    small, x = expm(M / phi.INTERVALS), np.append(start, [0.0, 1.0])
    errors = [np.linalg.norm(start)]
    for _ in range(phi.INTERVALS):
        x = small @ x
        errors.append(np.linalg.norm(x[:SIZE]))
    mu = np.linalg.norm(A, 2)
    bound = phi.defect_bound(grid, time * mu, errors[0])
    assert (np.array(errors) <= bound * (1.0 + RTOL)).all()


@pytest.mark.parametrize("growth", [1e3, 1e5])
def test_defect_bound_of_enormous_growth_is_infinite_but_no_nan(growth):
    """At growth > 64·709 even one subinterval overflows, where ∞ · 0 threatens."""
    bound = phi.defect_bound(np.linspace(0.0, 1.0, phi.INTERVALS + 1), growth)
    assert bound[0] == 0.0
    assert bound[-1] == np.inf
    assert not np.isnan(bound).any()


def test_upper_integral_is_not_below_the_integral():
    s = np.linspace(0.0, 1.0, phi.INTERVALS + 1)
    for values, integral in ((s, 1 / 2), (1 - s, 1 / 2), (s**8, 1 / 9)):
        upper = phi.upper_integral(values)
        # monotone: upper minus lower sum is one step times the variation
        assert integral <= upper <= integral + 1 / phi.INTERVALS
