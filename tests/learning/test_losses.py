"""Losses and the regularizer: gradients by their slopes, bounds by sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.geometry.grid import Grid
from explorer.learning.losses import CURVATURE, DirectionLoss, regularizer, target_of
from tests import reference

GRID = Grid(1, 2, 2)

EPS = np.finfo(float).eps
SHAPE = (3, 2, 2)
seeds = st.integers(0, 10_000)


def draw(seed):
    rng = np.random.default_rng(seed)
    V, Y = rng.standard_normal((2, *SHAPE))
    return V, Y, target_of(rng.integers(0, 3, SHAPE[1:]), 3)


def central(f, x, Y, h):
    """(f(x + hY) − f(x − hY)) / 2h."""
    return (f(x + h * Y) - f(x - h * Y)) / (2 * h)


def test_target_is_the_centered_one_hot_labeling():
    labels = np.array([[0, 2], [1, 1]])
    target = target_of(labels, 3)
    np.testing.assert_allclose(target, reference.target(labels, 3), atol=EPS)
    np.testing.assert_array_equal(target.argmax(axis=0), labels)


@given(seeds)
def test_loss_is_one_minus_a_cosine(seed):
    V, _, target = draw(seed)
    value, _ = DirectionLoss()(V, target)
    labels = target.argmax(axis=0)
    # sums of twelve products of order one
    assert value == pytest.approx(reference.direction_loss(V, labels), abs=50 * EPS)
    assert 0.0 <= value <= 2.0


@given(seeds, st.floats(1e-8, 1e8))
def test_only_the_direction_matters(seed, scale):
    V, _, target = draw(seed)
    value, slope = DirectionLoss()(V, target)
    again, scaled = DirectionLoss()(scale * V, target)
    assert again == pytest.approx(value, abs=50 * EPS)
    np.testing.assert_allclose(scale * scaled, slope, atol=50 * EPS)
    # hence no slope along V itself
    assert abs(np.vdot(slope, V)) <= 50 * EPS


@given(seeds)
def test_loss_gradient_is_the_central_difference(seed):
    V, Y, target = draw(seed)
    loss = DirectionLoss()
    h = 1e-4 * np.linalg.norm(V) / np.linalg.norm(Y)
    slope = float(np.vdot(loss(V, target)[1], Y))
    # h² of the third derivative, below 10 in these units, and rounding eps/h
    difference = central(lambda x: loss(x, target)[0], V, Y, h)
    slack = (10 * 1e-8 + 50 * EPS / 1e-4) * np.linalg.norm(Y) / np.linalg.norm(V)
    assert abs(difference - slope) <= slack


@given(seeds, st.floats(1e-3, 0.9))
def test_error_bounds_hold_for_every_disturbance(seed, size):
    V, Y, target = draw(seed)
    loss = DirectionLoss()
    error = size * np.linalg.norm(V)
    other = V + error * Y / np.linalg.norm(Y)
    (f, df), (g, dg) = loss(V, target), loss(other, target)
    assert abs(f - g) <= loss.error(V, error) + 50 * EPS
    assert np.linalg.norm(df - dg) <= loss.gradient_error(V, error) + 50 * EPS


def test_gradient_error_bound_holds_along_the_worst_direction():
    """cos ∠(V*, V) = 1/√3, disturbed along the leading eigenvector of the Hessian."""
    labels = np.arange(4).reshape(2, 2) % 3
    target = target_of(labels, 3)
    along = target / np.linalg.norm(target)
    across = np.zeros_like(along)
    across[0, 0, 0] = 1.0
    across -= np.vdot(across, along) * along
    across /= np.linalg.norm(across)
    c, s = 1 / np.sqrt(3), np.sqrt(2 / 3)
    V, W = c * along + s * across, s * along - c * across  # orthonormal
    x, y = np.linalg.eigh([[0.0, s], [s, c]])[1][:, -1]
    for error in (1e-2, 1e-4):
        change = [
            np.linalg.norm(
                DirectionLoss()(V + error * (sign * x * V + y * W), target)[1]
                - DirectionLoss()(V, target)[1]
            )
            for sign in (1, -1)
        ]
        bound = DirectionLoss().gradient_error(V, error)
        assert max(change) <= bound
        # attained to first order, whichever way the eigenvector is oriented
        assert max(change) >= (1 - 5 * error) * bound


def test_error_bounds_of_no_and_of_hopeless_errors():
    V, _, _ = draw(0)
    loss, whole = DirectionLoss(), float(np.linalg.norm(V))
    assert (loss.error(V, 0.0), loss.gradient_error(V, 0.0)) == (0.0, 0.0)
    for error in (whole, 2 * whole, np.inf):
        assert (loss.error(V, error), loss.gradient_error(V, error)) == (2.0, np.inf)


def test_curvature_is_the_largest_eigenvalue_of_the_hessian():
    """On the plane of V* and V the Hessian at ‖V‖ = 1 is [[0, s], [s, c]]."""
    angles = np.linspace(0.0, np.pi, 2001)
    s, c = np.sin(angles), np.cos(angles)
    blocks = np.moveaxis(np.array([[0 * s, s], [s, c]]), -1, 0)
    largest = np.abs(np.linalg.eigvalsh(blocks)).max()
    assert largest <= CURVATURE * (1 + 4 * EPS)
    assert largest == pytest.approx(CURVATURE, rel=1e-5)  # h² of the angles' step


def test_hessian_by_differences_stays_below_the_curvature():
    loss, h = DirectionLoss(), 1e-5
    for seed in range(10):
        V, _, target = draw(seed)
        V /= np.linalg.norm(V)
        columns = [
            central(lambda x: loss(x, target)[1].ravel(), V, e.reshape(SHAPE), h)  # noqa: B023
            for e in np.eye(V.size)
        ]
        # differences are good to h² plus eps/h, both near 1e-10
        assert np.linalg.norm(np.stack(columns), 2) <= CURVATURE + 1e-8


def test_defined_answers_where_no_direction_exists():
    V, _, target = draw(0)
    for answer, v, goal in ((0.0, V, 0 * target), (1.0, 0 * V, target)):
        value, slope = DirectionLoss()(v, goal)
        assert value == answer
        np.testing.assert_array_equal(slope, 0.0)


@given(seeds, st.floats(1e-3, 10.0))
def test_regularizer_gradient_is_the_central_difference(seed, tau):
    weights = reference.random_weights(1, (2, 2), seed)
    Y = np.random.default_rng(seed).standard_normal(weights.shape)
    h = 1e-4 * weights.min()
    value, slope = regularizer(GRID, weights, tau)
    difference = central(lambda x: regularizer(GRID, x, tau)[0], weights, Y, h)
    # steps of 1e-4 relative to Ω: 1e-8 of third derivatives, 36 entries, |Y| ≤ 4;
    # rounding eps·ℛ/h with h ≥ 1e-4 · 0.1/9
    slack = 1e-4 * tau + 1e-9 * value
    assert abs(difference - np.vdot(slope, Y)) <= slack


def test_regularizer_vanishes_at_uniform_weights_only():
    uniform = np.full((9, 2, 2), 1.0 / 9.0)
    value, slope = regularizer(GRID, uniform, 1.0)
    assert value <= EPS  # Π₀ of nine equal logarithms, each rounded
    np.testing.assert_allclose(slope, 0.0, atol=200 * EPS)
    assert regularizer(GRID, reference.random_weights(1, (2, 2)), 1.0)[0] > 0.0
