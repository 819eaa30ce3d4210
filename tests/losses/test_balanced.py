"""The balanced loss: (3.4) at balance zero, blind to how many pixels a label has."""

from __future__ import annotations

import numpy as np
import pytest

import explorer as ex
from explorer.losses.losses import DirectionLoss, target_of

RNG = np.random.default_rng(0)
V = RNG.normal(size=(3, 4, 5))
TRUTH = np.minimum(RNG.integers(0, 5, (4, 5)), 2)
TARGET = target_of(TRUTH, 3)


def test_balance_zero_is_the_direction_loss():
    value, slope = ex.BalancedLoss(0.0)(V, TARGET)
    expected, gradient = DirectionLoss()(V, TARGET)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(slope, gradient, rtol=1e-13)


@pytest.mark.parametrize("balance", [0.5, 1.0, 2.0])
def test_its_gradient_is_the_slope(balance):
    assert bool(ex.check_loss(ex.BalancedLoss(balance), V, TARGET).passed)


def test_repeating_the_pixels_of_a_label_changes_nothing():
    """At balance one a label weighs the same with a hundred times as many pixels."""
    truth = np.array([[0, 1]])
    field = np.array([[[0.3, -0.1]], [[-0.3, 0.1]]])  # label 1 is wrong
    wide = np.concatenate([field[..., :1].repeat(100, axis=2), field[..., 1:]], axis=2)
    many = np.concatenate([truth[:, :1].repeat(100, axis=1), truth[:, 1:]], axis=1)
    loss = ex.BalancedLoss(1.0)
    one = loss(field, target_of(truth, 2))[0]
    two = loss(wide, target_of(many, 2))[0]
    assert one == pytest.approx(two, rel=1e-13)
    plain = [DirectionLoss()(f, target_of(t, 2))[0] for f, t in
             ((field, truth), (wide, many))]  # fmt: skip
    assert plain[1] < 0.5 * plain[0]


def test_errors_bound_what_a_rough_solution_changes():
    scene = ex.voronoi_scene("lines", 10, 0.3, seed=1)
    flow = ex.LinearizedFlow(scene.distances)
    loss = ex.BalancedLoss()
    weights = flow.uniform_weights()
    exact = ex.LowRankGradient(40, 40, loss)(flow, weights, scene.labels, 4.0)
    for dim in (3, 5, 8):
        rough = ex.LowRankGradient(dim, dim, loss)(flow, weights, scene.labels, 4.0)
        off = abs(float(rough.loss - exact.loss))
        assert off <= float(rough.loss_error) + 1e-14
        distance = float(np.linalg.norm(rough.gradient - exact.gradient))
        assert distance <= float(rough.approximation_error) + 1e-13


def test_learning_with_it_keeps_thin_lines():
    """After few small steps: fewer line pixels are lost than with the plain loss."""
    scene = ex.voronoi_scene("lines", 48, 0.3, seed=2)
    flow = ex.LinearizedFlow(scene.distances)
    lost = []
    for loss in (DirectionLoss(), ex.BalancedLoss()):
        learner = ex.Learner(
            flow,
            scene.labels,
            gradient=ex.LowRankGradient(loss=loss),
            optimizer=ex.RiemannianDescent(0.3),
        )
        learner.run(3)
        found = ex.Krylov().solve(flow, learner.weights, 5.0).labels
        line = scene.labels == 0
        lost.append(float((found != 0).where(line).mean()))
    assert lost[1] < lost[0]


def test_one_label_has_no_loss():
    loss, target = ex.BalancedLoss(), target_of(np.zeros((2, 2), int), 1)
    value, slope = loss(np.zeros((1, 2, 2)), target)
    assert value == 0.0
    assert not slope.any()


@pytest.mark.parametrize("balance", [-0.1, 2.5, float("nan")])
def test_wrong_balances_are_named(balance):
    with pytest.raises(ValueError, match="`balance` = "):
        ex.BalancedLoss(balance)
