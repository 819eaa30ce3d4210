"""Predicted weights: laws of (4.3)–(4.4), and their differential by differences."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.prediction.initial import agreements, first_model
from explorer.prediction.patches import PatchModel, lengths


def random_model(rng, prototypes=4, offsets=9, features=5):
    tangents = rng.normal(size=(prototypes, offsets))
    tangents -= tangents.mean(axis=1, keepdims=True)
    return PatchModel(tangents, rng.normal(size=(prototypes, features)), 0.3)


def naive_weights(model, features):
    """(4.3)–(4.4), pixel by pixel."""
    result = []
    for f in features:
        s = np.array(
            [
                np.exp(-np.exp(model.log_scale) * np.linalg.norm(f - p))
                for p in model.prototypes
            ]
        )
        t = sum(s_j / s.sum() * nu for s_j, nu in zip(s, model.tangents, strict=True))
        result.append(np.exp(t) / np.exp(t).sum())
    return np.array(result).T


def test_weights_are_the_lifted_average():
    rng = np.random.default_rng(0)
    model, features = random_model(rng), rng.normal(size=(7, 5))
    found = model.weights(model.shares(features))
    # a dozen operations on numbers of order one
    np.testing.assert_allclose(found, naive_weights(model, features), rtol=1e-13)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, rtol=1e-14)


def test_the_differential_is_the_slope():
    """The remainder of a step t is t²/2 times a curvature: a quarter at half of t."""
    rng = np.random.default_rng(1)
    model, features = random_model(rng), rng.normal(size=(6, 5))
    slope = rng.normal(size=(9, 6))

    def f(m):
        return float(np.vdot(slope, m.weights(m.shares(features))))

    shares = model.shares(features)
    gradient = model.pull_back(shares, model.weights(shares), slope).vector
    step = model.with_vector(rng.normal(size=model.vector.size)).vector
    remainders = []
    for t in (1e-2, 5e-3, 2.5e-3):
        moved = model.with_vector(model.vector + t * step)
        remainders.append(abs(f(moved) - f(model) - t * float(gradient @ step)))
    rates = np.log2(np.array(remainders[:-1]) / remainders[1:])
    np.testing.assert_allclose(rates, 2.0, atol=0.1)


def test_a_feature_on_a_prototype_has_a_finite_gradient():
    rng = np.random.default_rng(2)
    model = random_model(rng)
    features = model.prototypes[:2].copy()
    shares = model.shares(features)
    assert (np.diag(shares.distance[:, :2]) == 0.0).all()
    found = model.pull_back(shares, model.weights(shares), rng.normal(size=(9, 2)))
    assert np.isfinite(found.vector).all()


def test_lengths_are_norms():
    rng = np.random.default_rng(3)
    f, p = rng.normal(size=(5, 3)), rng.normal(size=(2, 3))
    expected = [[np.linalg.norm(a - b) for b in p] for a in f]
    np.testing.assert_allclose(lengths(f, p), expected, rtol=1e-12)


def test_vectors_go_back_and_forth():
    model = random_model(np.random.default_rng(4))
    again = model.with_vector(model.vector)
    np.testing.assert_allclose(again.vector, model.vector, atol=1e-15)
    np.testing.assert_allclose(again.tangents.sum(axis=1), 0.0, atol=1e-15)


def test_agreements_name_the_neighbors_of_the_same_label():
    truth = np.array([[0, 0, 1]])
    found = agreements(truth, 1).reshape(3, 3, 3)
    # rows outside the image repeat the only one
    np.testing.assert_array_equal(found[0], [[1, 1, 1]] * 3)
    np.testing.assert_array_equal(found[1], [[1, 1, -1]] * 3)
    np.testing.assert_array_equal(found[2], [[-1, 1, 1]] * 3)


def test_training_starts_toward_the_label_of_the_center():
    truth = np.zeros((6, 6), int)
    truth[:, 3:] = 1
    model = first_model([truth[..., None].astype(float)], [truth], 10, 1, 0)
    assert len(model.tangents) == 2  # no more distinct patches than that
    assert model.log_scale == 0.0
    by_tone = model.tangents[np.argsort(model.prototypes[:, 0])].reshape(2, 3, 3)
    # dark pixels have bright neighbors on the right, bright ones dark on the left
    assert (by_tone[0][:, 2] < by_tone[0][:, 0]).all()
    assert (by_tone[1][:, 0] < by_tone[1][:, 2]).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_start_is_reproducible(seed):
    rng = np.random.default_rng(seed)
    image, truth = rng.random((9, 9, 2)), rng.integers(0, 2, (9, 9))
    one, two = (first_model([image], [truth], 5, 1, seed) for _ in range(2))
    np.testing.assert_array_equal(one.vector, two.vector)
    assert one.tangents.shape == (5, 9)
