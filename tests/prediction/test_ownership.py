"""What a predictor knows is its own, and what it says carries the image's place."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import explorer as ex

SMALL = {"n_prototypes": 4, "steps": 1}
TERMS = (ex.PrototypeDistance(), ex.Evidence(ex.RawWindow(), hidden=2))


def scene(seed=0):
    return ex.voronoi_scene("colors", size=8, noise=0.2, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_scenes_can_be_written_into_after_training(term):
    data, validation, image = scene(), scene(1), scene().image.copy(deep=True)
    data = data.assign_coords(label_values=(("label", "code"), np.arange(8)[:, None]))
    predictor = ex.WeightPatchPredictor(**SMALL, data_term=term)
    predictor.fit([data], [validation])
    before = predictor.probabilities(image).values.copy()
    values = predictor.label_values_.copy()
    for dataset in (data, validation):
        for name in ("prototypes", "image", "clean", "labels", "distances"):
            dataset[name].values[:] = 0
    data["label_values"].values[:] = 7
    np.testing.assert_array_equal(predictor.probabilities(image), before)
    np.testing.assert_array_equal(predictor.label_values_, values)


def test_scenes_can_be_written_into_during_training():
    """What `iterate` begins with counts, also before the first step."""
    data, image = scene(), scene().image.copy(deep=True)
    expected = ex.WeightPatchPredictor(**SMALL).fit(scene())
    predictor = ex.WeightPatchPredictor(**SMALL)
    states = predictor.iterate(data)
    for _ in range(2):
        for name in ("prototypes", "image", "clean", "labels"):
            data[name].values[:] = 0
        next(states)
    np.testing.assert_array_equal(predictor.label(image), expected.label(image))
    np.testing.assert_array_equal(predictor.model_.vector, expected.model_.vector)


@pytest.mark.slow
@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("stored", [False, True])
def test_what_was_learned_cannot_be_written_into(term, stored, tmp_path):
    predictor = ex.WeightPatchPredictor(**SMALL, data_term=term).fit(scene())
    if stored:
        predictor.save(tmp_path / "model.nc")
        predictor = ex.WeightPatchPredictor.load(tmp_path / "model.nc")
    state = predictor.state_
    learned = [
        predictor.label_prototypes_, predictor.label_values_,
        state.model.tangents, state.best.prototypes, state.slope, state.square,
        *predictor.distances_.arrays.values(),
    ]  # fmt: skip
    for array in learned:
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_results_can_be_written_into():
    predictor, image = ex.WeightPatchPredictor(**SMALL).fit(scene()), scene().image
    for use in (predictor.label, predictor.predict_weights, predictor.distances):
        before = use(image).copy(deep=True)
        use(image).values[:] = 0
        xr.testing.assert_identical(use(image), before)


@pytest.mark.slow
def test_images_are_not_changed():
    data = scene()
    copy = data.copy(deep=True)
    predictor = ex.WeightPatchPredictor(**SMALL, data_term=TERMS[1]).fit(data)
    predictor.label(data.image)
    xr.testing.assert_identical(data, copy)


@pytest.mark.parametrize(
    "use", ["label", "probabilities", "distances", "predict_weights"]
)
def test_results_carry_the_place_of_the_image(use):
    predictor = ex.WeightPatchPredictor(**SMALL).fit(scene())
    plain = getattr(predictor, use)(scene().image)
    millimeters = ("row", np.linspace(0.0, 3.5, 8), {"units": "mm"})
    image = scene().image.assign_coords(row=millimeters, col=list("abcdefgh"), run=3)
    found = getattr(predictor, use)(image.transpose("channel", "col", "row"))
    np.testing.assert_array_equal(found.transpose(*plain.dims), plain)
    assert found.row.attrs == {"units": "mm"}
    assert list(found.col.values) == list("abcdefgh")
    assert int(found.run) == 3
    turned = getattr(predictor, use)(image.isel(row=slice(None, None, -1)))
    assert turned.row[0] == 3.5


def test_variables_of_a_scene_meet_by_coordinate():
    data = scene().assign_coords(row=np.arange(8.0), col=list("abcdefgh"))
    parts = {n: data[n] for n in ("image", "clean", "labels", "prototypes")}
    turned = dict(parts, labels=parts["labels"][::-1], clean=parts["clean"][:, ::-1])
    found = [
        ex.WeightPatchPredictor(**SMALL).fit([s]).model_.vector
        for s in (data, parts, turned)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    other = dict(parts, labels=parts["labels"].assign_coords(row=np.arange(1.0, 9.0)))
    with pytest.raises(ValueError, match=r"`scenes\[0\].labels` has other coordinates"):
        ex.WeightPatchPredictor(**SMALL).fit([other])


def test_pixels_without_a_label_are_not_scored():
    data = scene()
    predictor = ex.WeightPatchPredictor(**SMALL).fit(data)
    wrong = predictor.label(data.image) != data.labels
    hidden = data.labels.where(~wrong, -1).assign_attrs(no_label=-1)
    assert predictor.score([data]) == pytest.approx(
        1.0 - float(wrong.mean()), abs=1e-15
    )
    assert bool(wrong.any())
    assert predictor.score([data.assign(labels=hidden)]) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", [">u2", ">f4", ">f8", "f2", "f4", np.longdouble])
def test_numbers_of_other_kinds_are_the_same_image(kind):
    predictor = ex.WeightPatchPredictor(**SMALL).fit(scene())
    levels = np.clip(scene().image.values, 0.0, 1.0)
    real = np.dtype(kind).kind == "f"  # of so few digits that all kinds hold them
    native = levels.astype("f2") if real else (levels * 65535).astype("u2")
    image = native.astype(kind)
    expected = predictor.label(native)
    np.testing.assert_array_equal(predictor.label(image), expected)
    np.testing.assert_array_equal(
        predictor.label(image[:, ::-1])[:, ::-1].shape, (8, 8)
    )
    image.flags.writeable = False
    named = xr.DataArray(image, dims=("row", "col", "channel"))
    np.testing.assert_array_equal(predictor.label(named), expected)
