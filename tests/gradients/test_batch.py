"""Gradients of batches: every image gets what it would have got alone."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import (
    CrossEntropy,
    FlowBatch,
    LinearizedFlow,
    LowRankGradient,
    batch_gradient,
)
from tests import reference

SHAPE, LABELS = (4, 5), 3


@pytest.fixture
def batch():
    usual = reference.random_problem(SHAPE, LABELS).distances
    return FlowBatch(np.stack([usual, np.ones_like(usual), usual[::-1]]))


@pytest.fixture
def truths():
    return np.random.default_rng(0).integers(0, LABELS, (3, *SHAPE))


def test_each_image_has_its_own_gradient(batch, truths):
    method = LowRankGradient(6, 2)
    weights = reference.random_weights(1, SHAPE)
    found = batch_gradient(method, batch, weights, truths, 3.0)
    for k, flow in enumerate(batch.flows):
        alone = method(flow, weights, truths[k], 3.0)
        mine = found.isel(image=k)
        np.testing.assert_array_equal(mine.gradient, alone.gradient)
        assert float(mine.loss) == float(alone.loss)
        count = alone.sizes["component"]
        np.testing.assert_array_equal(
            mine.singular_values[:count], alone.singular_values
        )
        assert np.isnan(mine.singular_values[count:]).all()
    assert found.ok.all()


def test_the_mean_is_the_gradient_in_shared_weights(batch, truths):
    """Central differences of the mean loss in one weight field for all images."""
    method = LowRankGradient(20, 20)
    weights, h = reference.random_weights(1, SHAPE), 1e-6
    found = batch_gradient(method, batch, weights, truths, 2.0)
    Y = np.random.default_rng(1).standard_normal(weights.shape)
    Y -= Y.mean(axis=0)  # stays on the patches' affine hull

    def mean_loss(t):
        moved = weights + t * weights.min() * Y / np.abs(Y).max()
        return float(
            batch_gradient(method, batch, moved, truths, 2.0).loss.mean("image")
        )

    expected = (mean_loss(h) - mean_loss(-h)) / (2 * h)
    slope = np.vdot(found.gradient.mean("image"), Y) * weights.min() / np.abs(Y).max()
    # second differences of order h² = 1e-12, rounding eps/h = 2e-10
    assert slope == pytest.approx(expected, abs=2e-9)


def test_a_failing_image_touches_no_other(truths):
    """Cross-entropy refuses V beyond e^600, which only the first image reaches."""
    steep = reference.random_problem(SHAPE, LABELS).distances
    batch = FlowBatch(np.stack([steep, np.ones_like(steep)]))
    method = LowRankGradient(8, loss=CrossEntropy())
    weights = batch.uniform_weights()
    found = batch_gradient(method, batch, weights, truths[:2], 3000.0)
    assert found.ok.values.tolist() == [False, True]
    assert np.isnan(found.gradient[0]).all()
    assert "failed: `time` = 3000" in str(found.status.values[0])
    alone = method(batch.flows[1], weights[1], truths[1], 3000.0)
    np.testing.assert_array_equal(found.gradient[1], alone.gradient)


def test_bad_arguments_are_refused(batch, truths):
    weights, method = batch.uniform_weights(), LowRankGradient(4)
    with pytest.raises(TypeError, match=r"`method` = .*LowRankGradient"):
        batch_gradient(LowRankGradient, batch, weights, truths, 1.0)
    flow = LinearizedFlow(batch.distances[0])
    with pytest.raises(TypeError, match="`batch` is a LinearizedFlow"):
        batch_gradient(method, flow, weights, truths, 1.0)
    with pytest.raises(ValueError, match="`labels` has shape"):
        batch_gradient(method, batch, weights, truths[:2], 1.0)
    with pytest.raises(ValueError, match="`labels` holds labels from 0 to 7"):
        batch_gradient(method, batch, weights, np.where(truths, 7, 0), 1.0)
    with pytest.raises(ValueError, match="`time` = 20000"):
        batch_gradient(method, batch, weights, truths, 2e4)
