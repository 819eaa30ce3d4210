"""Predictors and extractors in the hands of scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sklearn
import xarray as xr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

import explorer as ex

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

SMALL = {"n_prototypes": 4, "steps": 0}
EXTRACTORS = (
    ex.RawWindow(3), ex.GaussianDerivatives((0.7, 2.0)), ex.StructureTensor((1.0, 2.0)),
)  # fmt: skip


def scenes(count, noise=0.2):
    return [ex.voronoi_scene("colors", 8, noise, seed) for seed in range(count)]


class OfTables(ex.WeightPatchPredictor):
    """A predictor of tables: each sample is a pixel of an image with one column.

    It is how tables, which scikit-learn checks estimators with, become scenes.
    """

    def fit(self, X, y):
        X, y = validate_data(self, X, y, dtype=float)
        self.classes_, codes = np.unique(y, return_inverse=True)
        prototypes = np.stack([X[codes == k].mean(axis=0) for k in set(codes)])
        scene = {
            "image": (("row", "col", "channel"), X[:, None]),
            "labels": (("row", "col"), codes[:, None]),
            "prototypes": (("label", "channel"), prototypes),
        }
        return super().fit([xr.Dataset(scene)])

    def predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=float)
        return self.classes_[self.label(X[:, None]).values[:, 0]]

    def score(self, X, y):
        return float(np.mean(self.predict(X) == y))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.no_validation = True, False
        return tags


def claiming(extractor):
    """An extractor that claims to take tables, so that checks are made at all."""

    class Claiming(type(extractor)):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.two_d_array = True
            return tags

        def __reduce__(self):
            return claiming, (extractor,), vars(self)

    return Claiming(**extractor.get_params())


AT_ONCE = {
    "check_do_not_raise_errors_in_init_or_set_params": "wrong parameters are refused "
    "where they are given, not first by `fit`: `check_set_params` warns of it, too",
}
OF_NEIGHBORS = AT_ONCE | {
    f"check_methods_{order}_invariance": "the label of a pixel depends on its neighbors"
    for order in ("sample_order", "subset")
}
OF_PREDICTORS = OF_NEIGHBORS | {
    "check_parameters_default_constructible": "some defaults are records: frozen ones",
}
OF_EXTRACTORS = OF_NEIGHBORS | {
    f"check_{name}": "a table is an image, and each entry of it a row of features"
    for name in ("transformer_general", "transformers_unfitted_stateless")
}


@pytest.mark.filterwarnings("ignore:.* occurred during set_params:UserWarning")
@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (OfTables(n_prototypes=2, steps=1), OF_PREDICTORS),
        *((claiming(extractor), OF_EXTRACTORS) for extractor in EXTRACTORS),
    ],
    ids=["predictor", *(type(e).__name__ for e in EXTRACTORS)],
)
def test_the_checks_of_scikit_learn_that_apply_pass(estimator, expected):
    """Those that do not apply fail, or their reason would be none."""
    found = check_estimator(
        estimator, expected_failed_checks=expected, on_skip=None, on_fail=None
    )
    failed = {f["check_name"]: f["exception"] for f in found if f["status"] == "failed"}
    assert failed == {}
    assert {f["check_name"] for f in found if f["status"] == "xfail"} == set(expected)
    assert sum(f["status"] == "passed" for f in found) >= 30


def test_it_is_fitted_when_it_has_been_trained():
    predictor = ex.WeightPatchPredictor(**SMALL)
    with pytest.raises(NotFittedError):
        check_is_fitted(predictor)
    for use in (predictor.predict, predictor.score):
        with pytest.raises(NotFittedError, match="has not been trained"):
            use(scenes(1))
    check_is_fitted(predictor.fit(scenes(1)))
    assert predictor.n_features_in_ == 3
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(predictor))


def test_tags_say_that_samples_are_images():
    tags = get_tags(ex.WeightPatchPredictor())
    assert not tags.input_tags.two_d_array
    assert not tags.target_tags.required
    assert tags.requires_fit
    assert not get_tags(ex.RawWindow()).requires_fit


def test_parts_of_parts_are_parameters():
    evidence = ex.Evidence(ex.StructureTensor((1.0,)), hidden=0)
    predictor = ex.WeightPatchPredictor(data_term=evidence, loss=ex.BalancedLoss(0.5))
    deep = predictor.get_params()
    assert deep["data_term__features__scales"] == (1.0,)
    assert deep["loss__balance"] == 0.5
    assert predictor.get_params(deep=False).keys() < deep.keys()
    changed = predictor.set_params(
        data_term__features__scales=[2, 3], data_term__hidden=8, loss__balance=1.0
    )
    assert changed is predictor
    assert predictor.data_term.features.scales == (2.0, 3.0)
    assert (predictor.data_term.hidden, predictor.loss.balance) == (8, 1.0)
    assert (evidence.hidden, evidence.features.scales) == (0, (1.0,))  # the old one
    predictor.set_params(data_term__balance=0.0, data_term=ex.Evidence(hidden=5))
    assert (predictor.data_term.hidden, predictor.data_term.balance) == (5, 0.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sigma": 1.0}, "`sigma` is no parameter; there are n_prototypes, "),
        ({"data_term__sigma": 1}, "`data_term__sigma` is no parameter; there is none"),
        ({"features__window": 5}, "`features__window` is no parameter"),
        ({"loss__": 5}, "`loss__` is no parameter"),
        ({"features": ex.RawWindow(), "features__window": 4}, "`window` = 4 is even"),
    ],
)
def test_parts_that_are_none_are_named(changes, words):
    predictor = ex.WeightPatchPredictor()
    before = predictor.get_params()
    with pytest.raises(ValueError, match=words):
        predictor.set_params(rho=0.2, **changes)
    assert predictor.get_params() == before


def test_a_changed_part_of_a_part_is_refused_until_it_is_set_back():
    evidence = ex.Evidence(ex.RawWindow(), hidden=0)
    predictor = ex.WeightPatchPredictor(**SMALL, data_term=evidence).fit(scenes(1))
    image = scenes(1)[0].image
    expected = predictor.label(image)
    evidence.features.set_params(window=5)  # as a pipeline would
    with pytest.raises(NotFittedError, match=r"`data_term` was .*window=3.* in tr"):
        predictor.label(image)
    evidence.features.set_params(window=3)
    np.testing.assert_array_equal(predictor.label(image), expected)


def test_scenes_can_be_cross_validated_and_searched():
    predictor, data = ex.WeightPatchPredictor(**SMALL), scenes(4, 0.4)
    found = cross_validate(
        predictor, data, cv=2, return_estimator=True, error_score="raise"
    )
    halves = KFold(2).split(data)
    for score, trained, (_, test) in zip(
        found["test_score"], found["estimator"], halves, strict=True
    ):
        right = [np.mean(trained.label(data[k].image) == data[k].labels) for k in test]
        assert score == pytest.approx(np.mean(right), rel=1e-12)
    grid = {"rho": [0.2, 2.0], "data_term__hidden": [0, 2]}
    predictor.set_params(data_term=ex.Evidence(ex.RawWindow()))
    search = GridSearchCV(predictor, grid, cv=2, error_score="raise").fit(data)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.get_params().items() >= search.best_params_.items()
    assert search.predict(data)[3].dims == ("row", "col")
    assert search.score(data) == search.best_estimator_.score(data)


def test_predictions_and_scores_take_lists():
    data = scenes(2)
    predictor = ex.WeightPatchPredictor(**SMALL).fit(data)
    first, second = predictor.predict([data[0], data[1].image])
    xr.testing.assert_identical(first, predictor.label(data[0].image))
    xr.testing.assert_identical(second, predictor.label(data[1].image))
    for use in (predictor.predict, predictor.score):
        for wrong in (data[0], [], None):
            with pytest.raises(TypeError, match="`scenes` must be a list of scenes"):
                use(wrong)
    with pytest.raises(ValueError, match="`y` must be None"):
        predictor.score(data, [0, 1])


def test_settings_of_scikit_learn_do_no_harm():
    data = scenes(1)
    expected = ex.WeightPatchPredictor(**SMALL).fit(data).label(data[0].image)
    settings = {"transform_output": "pandas", "enable_metadata_routing": True}
    with sklearn.config_context(**settings):
        predictor = ex.WeightPatchPredictor(**SMALL, features=ex.RawWindow(3)).fit(data)
        xr.testing.assert_identical(predictor.label(data[0].image), expected)
    assert "n_prototypes" in predictor._repr_html_()


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda e: type(e).__name__)
def test_extractors_make_tables(extractor):
    image, gray = scenes(1)[0].image, scenes(2)[1].image[..., 0]
    table = clone(extractor).set_output(transform="pandas").fit_transform(image)
    np.testing.assert_array_equal(table, extractor(image).values.reshape(64, -1))
    assert list(table.columns) == list(extractor.get_feature_names_out(
        ["channel0", "channel1", "channel2"]
    ))  # fmt: skip
    assert len(set(table.columns)) == table.shape[1]
    several = extractor.transform([gray[:3], gray[3:, :5].values])
    np.testing.assert_array_equal(several[:24], extractor.transform(gray[:3]))
    np.testing.assert_array_equal(several[24:], extractor.transform(gray[3:, :5]))
    again = pickle.loads(pickle.dumps(clone(extractor).fit(gray)))
    assert again == extractor
    assert len(again.get_feature_names_out()) == several.shape[1]


def columns(extractor, image):
    return clone(extractor).set_output(transform="pandas").fit_transform(image)


def test_names_of_columns_say_what_they_hold():
    image = scenes(1)[0].image
    windows = columns(ex.RawWindow(3), image)
    assert windows["channel0_row-1_col+1"][8 * 3 + 3] == image[2, 4, 0]
    assert windows["channel2_row+1_col+0"][8 * 3 + 3] == image[4, 3, 2]
    side = np.arange(31.0)
    ramp = np.stack([2.0 * side[:, None] + 3.0 * side, 0.0 * ramp_like(side)], axis=-1)
    middle = 15 * 31 + 15
    slopes = columns(ex.GaussianDerivatives((1.0, 2.0)), ramp).iloc[middle]
    # sampled Gaussians keep straight lines up to their rounded sum, and what of them
    # is cut off: less than a thousandth
    assert slopes["channel0_scale2_row0_col1"] == pytest.approx(2 * 3.0, rel=1e-3)
    assert slopes["channel0_scale1_row1_col0"] == pytest.approx(2.0, rel=1e-3)
    assert slopes["channel1_scale2_row0_col1"] == 0.0
    tensor = columns(ex.StructureTensor((2.0,)), ramp).iloc[middle]
    assert tensor["channel0_value"] == pytest.approx(5.0 * 15.0, rel=1e-3)
    assert tensor["channel0_scale2_row_row"] == pytest.approx(2.0, rel=1e-1)
    assert tensor["channel0_scale2_col_col"] == pytest.approx(3.0, rel=1e-1)
    assert tensor["channel0_scale2_row_col"] == pytest.approx(6.0**0.5, rel=1e-1)


def ramp_like(side):
    return np.zeros((side.size, side.size))


def test_an_extractor_of_ones_own_has_names_and_parameters():
    class Squares(type(EXTRACTORS[0]).__base__):
        def __init__(self, power=2):
            self.power = power

        def of(self, image):
            return image**self.power

    assert list(Squares().get_feature_names_out(["a", "b"])) == ["squares0", "squares1"]
    predictor = ex.WeightPatchPredictor(**SMALL, features=Squares())
    predictor.set_params(features__power=3).fit(scenes(1))
    assert predictor.features.power == 3
    assert clone(predictor).get_params()["features__power"] == 3
    predictor.label(scenes(1)[0].image)


def test_pixels_can_be_classified_in_a_pipeline():
    data = scenes(2)
    union = FeatureUnion([("raw", ex.RawWindow()), ("edges", ex.StructureTensor())])
    pipeline = make_pipeline(union, StandardScaler(), LogisticRegression(max_iter=500))
    pipeline.set_params(featureunion__edges__scales=(1.0,))
    y = np.concatenate([scene.labels.values.ravel() for scene in data])
    pipeline.fit([scene.image for scene in data], y)
    assert pipeline.score([scene.image for scene in data], y) > 0.95  # it fits them
    assert pipeline.predict(data[0].image).reshape(8, 8).shape == (8, 8)
    assert pipeline[:-1].get_feature_names_out()[0] == "raw__channel0_row-1_col-1"


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([], "`images`"),
        ("image.png", "`images`"),
        ([np.ones((3, 3)), np.ones((3, 3, 2))], r"`images\[1\]` must have 1 channels"),
        ([np.ones((3, 3)), np.full((3, 3), np.nan)], r"`images\[1\]` holds .* finite"),
        (np.full((3, 3), 1e200), "`images` ranges from"),
    ],
)
def test_wrong_images_of_transformers_are_named(images, words):
    for extractor in EXTRACTORS:
        for use in (extractor.transform, clone(extractor).fit):
            with pytest.raises((TypeError, ValueError), match=words):
                use(images)


def test_other_channels_than_those_of_fit_are_named():
    extractor = ex.RawWindow().fit(np.ones((3, 3)))
    with pytest.raises(ValueError, match="`images` must have 1 channels, like those"):
        extractor.transform(np.ones((3, 3, 3)))
    with pytest.raises(ValueError, match="`input_features` must be 1 names"):
        extractor.get_feature_names_out(["r", "g", "b"])
    with pytest.raises(NotFittedError, match="number of channels is unknown"):
        ex.RawWindow().get_feature_names_out()
