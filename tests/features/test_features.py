"""Window features and their distances, against loops over pixels."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from explorer import (
    LinearizedFlow,
    feature_distances,
    mean_features,
    voronoi_scene,
    window_features,
)
from tests import reference


@pytest.mark.parametrize("shape", reference.SHAPES, ids=str)
@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_feature_is_the_window_around_its_pixel(shape, radius, channels):
    image = np.random.default_rng(0).uniform(size=(*shape, channels))
    features = window_features(image, radius)
    assert features.dims == ("row", "col", "feature")
    for r, c in np.ndindex(*shape):
        window = [image[n] for n in reference.neighbors(radius, shape, r, c)]
        np.testing.assert_array_equal(features[r, c], np.concatenate(window))


def test_a_gray_image_needs_no_channel():
    image = np.random.default_rng(0).uniform(size=(4, 5))
    np.testing.assert_array_equal(
        window_features(image), window_features(image[..., None])
    )


def test_distances_are_root_mean_squares():
    rng = np.random.default_rng(0)
    f, p = rng.uniform(size=(3, 4, 6)), rng.uniform(size=(2, 6))
    D = feature_distances(f, p)
    assert D.dims == ("label", "row", "col")
    for j, r, c in np.ndindex(2, 3, 4):
        expected = np.sqrt(np.mean((f[r, c] - p[j]) ** 2))
        assert float(D[j, r, c]) == pytest.approx(expected, rel=1e-14)
    nodes = feature_distances(f.reshape(12, 6), p)
    assert nodes.dims == ("label", "node")
    np.testing.assert_array_equal(nodes.values, D.values.reshape(2, 12))


def test_prototypes_are_means():
    f = np.arange(12.0).reshape(2, 3, 2)
    labels = np.array([[0, 1, 0], [1, 1, 0]])
    expected = [f[labels == j].mean(axis=0) for j in (0, 1)]
    np.testing.assert_array_equal(mean_features(f, labels), expected)


def test_windows_tell_labels_apart_better_than_pixels():
    """What the paper takes windows for: noise averages out within them."""
    scene = voronoi_scene("colors", size=48, noise=0.45, seed=0)
    wrong = []
    for features in (scene.image, window_features(scene.image, 1)):
        prototypes = mean_features(features.values, scene.labels)
        D = feature_distances(features.values, prototypes)
        wrong.append(float((D.argmin("label") != scene.labels).mean()))
        LinearizedFlow(D)  # what a flow takes
    assert wrong[1] < 0.5 * wrong[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: window_features(np.zeros((2, 2, 2, 2))), "`image` has shape"),
        (lambda: window_features(np.full((2, 2), np.inf)), "`image` holds 4 entries"),
        (lambda: window_features(np.zeros((2, 2)), 0), "`radius` = 0"),
        (
            lambda: feature_distances(np.zeros((2, 2, 3)), np.zeros((2, 4))),
            "`prototypes` has 4 features; `features` has 3",
        ),
        (lambda: feature_distances(np.zeros(3), np.zeros((2, 4))), "`features` has sh"),
        (
            lambda: mean_features(np.zeros((1, 2, 3)), [[0, 2]]),
            "`labels` never has the value 1, but has 2",
        ),
        (lambda: mean_features(np.zeros((1, 2, 3)), [[0, -1]]), "`labels` holds"),
        (lambda: mean_features(np.zeros((1, 2, 3)), [[0]]), "`labels` has shape"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2**16, "`labels` holds labels from 0 to 65536; they must be from 0 to 65535"),
        (2**31 - 1, "`labels` holds labels from 0 to 2.14748e"),
        (2**62, "`labels` holds labels from 0 to"),
        (1e300, "`labels` holds labels from 0 to 1e\\+300"),
        (40_000, "`labels` never has the value 1, but has 40000"),
    ],
)
@pytest.mark.parametrize("axes", [1, 2])
def test_values_of_labels_size_no_array(code, words, axes):
    """Nothing is allocated that grows with the value of a label."""
    labels = np.zeros((2, 3), type(code))
    labels[0, 0] = code
    features = np.ones((2, 3, 2))
    if axes == 1:
        features, labels = features.reshape(-1, 2), labels.ravel()
    tracemalloc.start()
    with pytest.raises(ValueError, match=words):
        mean_features(features, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("factor", [1e200, 1e308])
def test_features_that_cannot_be_squared_are_named(factor):
    features, prototypes = np.ones((2, 2, 3)), np.ones((2, 3))
    with pytest.raises(ValueError, match="`features` ranges from"):
        feature_distances(factor * features, prototypes)
    with pytest.raises(ValueError, match="`prototypes` ranges from"):
        feature_distances(features, -factor * prototypes)
