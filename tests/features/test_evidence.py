"""Data terms: the distances of the paper, and log odds of a classifier."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import explorer as ex
from explorer.features.data_terms import PrototypeDistance
from explorer.features.evidence import Evidence
from explorer.features.extractors import (
    Extractor,
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
    smoothed,
)
from explorer.scenes.pictures import Picture, checked_pictures


def pictures(kind="lines", count=2, size=10, noise=0.2):
    scenes = [ex.voronoi_scene(kind, size, noise, seed) for seed in range(count)]
    return scenes, checked_pictures("scenes", scenes)


def picture_of(image, labels, count):
    tones = np.linspace(0.0, 1.0, count)[:, None]
    return Picture(image, image, labels, tones, np.arange(count)[:, None])


def test_prototype_distances_are_those_of_the_scene():
    scenes, found = pictures("colors")
    distances = PrototypeDistance().fit(found, 0)
    np.testing.assert_array_equal(distances.of(found[1].image), scenes[1].distances)


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [0, 16])
@pytest.mark.parametrize("kind", ["lines", "colors"])
def test_evidence_is_minus_the_log_of_probabilities(kind, hidden):
    _, found = pictures(kind)
    D = Evidence(RawWindow(3), hidden=hidden).fit(found, 0).of(found[0].image)
    np.testing.assert_allclose(np.exp(-D).sum(axis=0), 1.0, rtol=1e-12)
    assert np.mean(D.argmin(axis=0) == found[0].labels) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [0, 7])
@pytest.mark.parametrize("kind", ["lines", "colors"])
def test_evidence_is_that_of_scikit_learn(kind, hidden):
    _, found = pictures(kind, count=1)
    picture = found[0]
    term = Evidence(RawWindow(3), balance=0.0, hidden=hidden)
    x = term.features.of(picture.image)
    x = x.reshape(-1, x.shape[-1])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    model = LogisticRegression(max_iter=500)
    if hidden:
        model = MLPClassifier((hidden,), max_iter=500, random_state=4)
    with warnings.catch_warnings(action="ignore"):
        model.fit(x, picture.labels.ravel())
    expected = -model.predict_log_proba(x).T.reshape(-1, 10, 10)
    D = term.fit(found, 4).of(picture.image)
    # what is standardized here is standardized there in another order of operations
    np.testing.assert_allclose(D, expected, rtol=1e-6, atol=1e-6)


class Colors(Extractor):
    """The image itself."""

    def of(self, image):
        return image


def test_a_hidden_layer_sees_what_no_line_divides():
    rng = np.random.default_rng(0)
    image = rng.choice([0.0, 1.0], (10, 10, 2))
    labels = (image[..., 0] != image[..., 1]).astype(int)  # exclusive or
    tones = np.array([[0.0, 0.0], [1.0, 1.0]])
    picture = Picture(image, image, labels, tones, np.arange(2)[:, None])
    wrong = []
    for hidden in (0, 16):
        term = Evidence(Colors(), hidden=hidden)
        D = term.fit([picture], 0).of(image)
        wrong.append(np.mean(D.argmin(axis=0) != labels))
    assert wrong[0] > 0.3
    assert wrong[1] < 0.02


def test_balance_finds_more_of_a_rare_label():
    labels = np.ones((10, 10), int)
    labels[:, 4] = 0
    image = labels[..., None] + np.random.default_rng(3).normal(size=(10, 10, 1))
    picture = picture_of(image, labels, 2)
    recall = []
    for balance in (0.0, 1.0):
        D = Evidence(RawWindow(3), balance, 0).fit([picture], 0).of(image)
        recall.append(np.mean(D.argmin(axis=0)[labels == 0] == 0))
    assert recall[1] > recall[0]


def test_labels_that_never_occur_are_possible_but_far():
    image = np.random.default_rng(0).random((6, 6, 1))
    for present, hidden in (([1], 0), ([1], 3), ([0, 2], 0), ([0, 2], 3)):
        labels = np.resize(present, (6, 6))
        picture = picture_of(image, labels, 3)
        D = Evidence(RawWindow(3), hidden=hidden).fit([picture], 0).of(image)
        assert np.isfinite(D).all()
        assert set(np.unique(D.argmin(axis=0))) <= set(present)


def test_a_constant_image_has_evidence():
    image = np.full((4, 4, 1), 0.5)
    labels = np.array([[0, 1, 1, 1]] * 4)
    picture = picture_of(image, labels, 2)
    D = Evidence(RawWindow(3), 0.0, 0).fit([picture], 0).of(image)
    # nothing but the shares is known; the regression is slightly regularized
    np.testing.assert_allclose(np.exp(-D[1]), 0.75, atol=0.01)


def test_derivatives_are_those_of_a_polynomial():
    rows, cols = np.indices((40, 40)) - 20.0
    image = (0.5 * rows**2 + 3.0 * rows * cols - cols)[..., None]
    f = GaussianDerivatives((2.0,)).of(image)[20, 20]
    # (0,0), (0,1), (0,2), (1,0), (1,1), (2,0); scaled by s to the order
    expected = [0.5 * 2.0**2, -1.0 * 2, 0.0, 0.0, 3.0 * 4, 1.0 * 4]
    # the sampled Gaussian, cut off at four standard deviations, is not quite one
    np.testing.assert_allclose(f, expected, rtol=0.02, atol=0.02)


def test_a_structure_tensor_knows_the_orientation_of_an_edge():
    image = np.zeros((20, 20, 1))
    image[:, 10:] = 1.0
    f = StructureTensor((1.0, 2.0)).of(image)
    assert f.shape == (20, 20, 1 + 3 * 2)  # the value counts once
    value, rr, rc, cc, *_ = f[10, 10]
    assert 0.4 < value < 1.0
    assert cc > 0.2
    assert abs(rr) < 1e-6
    assert abs(rc) < 1e-6


@pytest.mark.parametrize(
    "extractor", [RawWindow(5), GaussianDerivatives(), StructureTensor()], ids=repr
)
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 7, 3)])
def test_features_of_small_images_are_finite(extractor, shape):
    f = extractor.of(np.random.default_rng(1).random(shape))
    assert f.shape[:2] == shape[:2]
    assert np.isfinite(f).all()
    assert extractor(np.ones(shape)).dims == ("row", "col", "feature")


def test_features_go_by_the_names_of_dimensions():
    image = np.random.default_rng(2).random((5, 6, 3))
    turned = xr.DataArray(np.moveaxis(image, -1, 0), dims=("channel", "row", "col"))
    expected = RawWindow(3).of(image)
    np.testing.assert_array_equal(RawWindow(3)(turned), expected)
    with pytest.raises(ValueError, match="`image`"):
        RawWindow(3)(np.full((3, 3), np.nan))
    for extractor in (GaussianDerivatives(), StructureTensor()):
        with pytest.raises(ValueError, match=r"`image` ranges from 0 to 1e\+200"):
            extractor(np.diag([0.0, 1e200]))
    masked = np.ma.masked_array([[0.1, 0.9]], mask=[[0, 1]])
    for use in (RawWindow(3), ex.read_image, ex.window_features):
        with pytest.raises(TypeError, match="`image` has masked entries"):
            use(masked)
    np.testing.assert_array_equal(
        ex.read_image(np.ma.masked_array([[0.1, 0.9]])), [[[0.1], [0.9]]]
    )
    for wrong in (ex.voronoi_scene("lines", 5), [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match=r"`image` is a .* makes no array"):
            RawWindow(3)(wrong)
        with pytest.raises(TypeError, match=r"`image` is a .* makes no array"):
            ex.window_features(wrong)


def test_smoothing_keeps_constants():
    np.testing.assert_allclose(smoothed(np.full((5, 5), 2.0), 1.5), 2.0, rtol=1e-12)


@pytest.mark.parametrize("s", [0.5, 0.7, 1.5])
def test_the_finest_scales_are_as_good_as_said(s):
    ramp = np.arange(9.0)[:, None, None] + np.zeros((1, 9, 1))
    slope = GaussianDerivatives((s,)).of(ramp)[4, 4, 3] / s
    assert abs(slope - 1.0) < (0.15 if s == 0.5 else 0.01)


@pytest.mark.parametrize(
    "scales",
    [(), (0.0,), (0.4,), (65.0,), "x", "12", ("1",), (True,), 3.0, (1.0,) * 9, None],
)
def test_wrong_scales_are_named(scales):
    for kind in (GaussianDerivatives, StructureTensor):
        with pytest.raises(ValueError, match="`scales` = "):
            kind(scales)


def test_wrong_choices_are_named():
    with pytest.raises(TypeError, match="`features` = 3"):
        Evidence(3)
    with pytest.raises(ValueError, match="`balance` = 3"):
        Evidence(balance=3)
    with pytest.raises(ValueError, match=r"`hidden` = 1\.5"):
        Evidence(hidden=1.5)
    with pytest.raises(TypeError, match="`data_term` = None"):
        ex.WeightPatchPredictor(data_term=None)
    with pytest.raises(TypeError, match="`loss` = 'x'"):
        ex.WeightPatchPredictor(loss="x")
