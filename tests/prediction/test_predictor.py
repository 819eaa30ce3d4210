"""The estimator: what it learns, what it refuses, and that nothing is lost."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import explorer as ex
from explorer.prediction.training import Trainer, TrainingState
from explorer.scenes.pictures import checked_pictures

SMALL = {"n_prototypes": 8, "steps": 4, "dim": 6}


def scenes(count, start=0, size=10, noise=0.25):
    return [
        ex.voronoi_scene("lines", size, noise, seed)
        for seed in range(start, start + count)
    ]


@pytest.fixture(scope="module")
def trained():
    return ex.WeightPatchPredictor(**SMALL).fit(scenes(2), scenes(1, 9))


def test_the_gradient_of_the_whole_chain_is_the_slope():
    """From (ν, p, log σ) through weights and flow to the loss: central differences."""
    predictor = ex.WeightPatchPredictor(**SMALL, seed=3)
    pictures = checked_pictures("scenes", scenes(1, size=9))
    state = next(predictor.iterate(scenes(1, size=9)))
    example = predictor._example(pictures[0], predictor.distances_)
    trainer = Trainer(ex.LowRankGradient(20, 20), time=2.0, rate=0.1)
    model = state.model
    _, _, gradient = trainer.evaluate(model, [example])
    rng = np.random.default_rng(0)
    for _ in range(3):
        step = model.with_vector(rng.normal(size=gradient.size)).vector
        t = 1e-5
        ends = [model.with_vector(model.vector + s * t * step) for s in (1, -1)]
        up, down = (trainer.judge(m, [example])[0] for m in ends)
        slope = float(gradient @ step)
        # t² of the third derivative, and rounding of the loss, 1e-16/t
        assert (up - down) / (2 * t) == pytest.approx(slope, abs=1e-8, rel=1e-6)


@pytest.mark.slow
def test_it_beats_uniform_weights_and_the_nearest_label_on_unseen_scenes():
    predictor = ex.WeightPatchPredictor(n_prototypes=20, steps=25, rate=0.2)
    predictor.fit(scenes(2, size=48, noise=0.3))
    for scene in scenes(2, 50, size=48, noise=0.3):
        truth = scene.labels.values
        flow = ex.LinearizedFlow(scene.distances)
        uniform = ex.Krylov().solve(flow, flow.uniform_weights(), 5.0).labels
        found = np.mean(predictor.label(scene.image).values != truth)
        assert found < 0.5 * np.mean(uniform.values != truth)
        assert 100.0 * found < 0.7 * scene.nearest_error_percent


@pytest.mark.slow
def test_training_goes_on_from_a_file_to_the_last_bit(tmp_path, trained):
    path = tmp_path / "model.nc"
    short = ex.WeightPatchPredictor(**(SMALL | {"steps": 2}))
    short.fit(scenes(2), scenes(1, 9)).save(path)
    again = ex.WeightPatchPredictor.load(path).set_params(steps=4)
    again.fit(scenes(2), scenes(1, 9), again.state_)
    np.testing.assert_array_equal(
        again.state_.model.vector, trained.state_.model.vector
    )
    for name in ("loss", "error_percent", "validation_loss"):
        np.testing.assert_array_equal(again.history_[name], trained.history_[name])


@pytest.mark.parametrize(
    ("changes", "data", "words"),
    [
        ({}, (scenes(2), scenes(1, 8)), "`validation` differ from those"),
        ({}, (scenes(2)[::-1], scenes(1, 9)), "`scenes` differ from those"),
        ({"window": 5}, (scenes(2), scenes(1, 9)), "`state` reads 9 features"),
        ({"radius": 2}, (scenes(2), scenes(1, 9)), "predicts 9 weights"),
    ],
    ids=["validation", "order", "window", "radius"],
)
def test_training_does_not_go_on_with_something_else(trained, changes, data, words):
    other = ex.WeightPatchPredictor(**(SMALL | changes))
    with pytest.raises(ValueError, match=words):
        other.fit(*data, trained.state_)


def test_scikit_learn_can_copy_it():
    """Its constructor keeps parameters as they are, the very same objects."""
    predictor = ex.WeightPatchPredictor(
        rho=1,
        features=ex.GaussianDerivatives([1, 2]),
        data_term=ex.Evidence(),
        seed=3000,
    )
    copy = clone(predictor)
    assert copy is not predictor
    assert copy.get_params() == predictor.get_params()


def test_numbers_of_other_types_can_be_stored(tmp_path):
    predictor = ex.WeightPatchPredictor(window=np.int64(5), steps=np.int32(0))
    predictor.fit(scenes(1)).save(tmp_path / "model.nc")
    again = ex.WeightPatchPredictor.load(tmp_path / "model.nc")
    assert again.get_params() == predictor.get_params()


def test_files_and_arrays_of_integers_are_one_image(tmp_path, trained):
    clipped = np.clip(scenes(1, 30)[0].image.values[..., 0], 0.0, 1.0)
    for kind in (np.uint8, np.uint16):
        array = (np.iinfo(kind).max * clipped).astype(kind)
        Image.fromarray(array).save(tmp_path / "image.png")
        expected = trained.label(tmp_path / "image.png")
        np.testing.assert_array_equal(trained.label(array), expected)
        named = xr.DataArray(array.T, dims=("col", "row"))
        np.testing.assert_array_equal(trained.label(named), expected)
    with pytest.raises(TypeError, match="`image` has dtype int64"):
        trained.label(array.astype(np.int64))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{"data_term": ex.Evidence()}, {"radius": 2}, {"window": 5},
     {"features": ex.StructureTensor()}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
@pytest.mark.parametrize("directly", [False, True])
def test_what_was_trained_is_not_used_with_other_choices(change, directly, tmp_path):
    predictor = ex.WeightPatchPredictor(**SMALL).fit(scenes(1, size=9))
    image = scenes(1, size=9)[0].image
    predictor.set_params(steps=6, rho=1.0)
    expected = predictor.label(image)
    (name, value), before = *change.items(), predictor.get_params()
    if directly:
        setattr(predictor, name, value)
    else:
        predictor.set_params(**change)
    for use in (predictor.label, predictor.predict_weights, predictor.distances):
        with pytest.raises(NotFittedError, match=f"`{name}` was .* in training"):
            use(image)
    with pytest.raises(NotFittedError, match="set it back, or call `fit` again"):
        predictor.save(tmp_path / "model.nc")
    setattr(predictor, name, before[name])
    np.testing.assert_array_equal(predictor.label(image), expected)
    predictor.set_params(**change).fit(scenes(1, size=9))
    assert predictor.label(image).shape == image.shape[:2]


@pytest.mark.slow
def test_attributes_that_cannot_be_are_named(trained, tmp_path):
    trained.save(tmp_path / "model.nc")
    image = scenes(1)[0].image
    for name, value in (("rho", "x"), ("time", np.nan), ("dim", 0), ("features", "x")):
        predictor = ex.WeightPatchPredictor.load(tmp_path / "model.nc")
        setattr(predictor, name, value)
        with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
            predictor.label(image)
        with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
            predictor.save(tmp_path / "other.nc")


def test_a_fit_that_is_stopped_at_once_changes_nothing():
    def stop():
        raise KeyboardInterrupt

    predictor = ex.WeightPatchPredictor(
        **SMALL, data_term=ex.Evidence(ex.RawWindow(3), hidden=0)
    ).fit(scenes(1))
    image = scenes(1, 5)[0].image
    before = predictor.distances(image), predictor.label(image)
    with pytest.raises(KeyboardInterrupt):
        next(predictor.iterate(scenes(1, 7), check=stop))
    np.testing.assert_array_equal(predictor.distances(image), before[0])
    np.testing.assert_array_equal(predictor.label(image), before[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.drop_vars("best_tangents"),
        lambda d: d.drop_vars("label_values"),
        lambda d: d.isel(step=slice(1, None)),
        lambda d: d.assign(mean=2.0 * d["mean"]),
        lambda d: d.assign_attrs(parameters="{}"),
        lambda d: d.drop_attrs().assign_attrs(kind=d.kind, schema=d.schema),
    ],
)
def test_a_damaged_file_is_said_to_be_one(tmp_path, trained, damage):
    trained.save(tmp_path / "model.nc")
    dataset = xr.load_dataset(tmp_path / "model.nc", engine="h5netcdf")
    damage(dataset).to_netcdf(tmp_path / "less.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"less.nc' is damaged"):
        ex.WeightPatchPredictor.load(tmp_path / "less.nc")


def test_a_flipped_bit_is_found(tmp_path, trained):
    trained.save(tmp_path / "model.nc")
    content = bytearray((tmp_path / "model.nc").read_bytes())
    place = content.find(trained.model_.tangents.tobytes())
    assert place > 0
    content[place] ^= 1
    (tmp_path / "model.nc").write_bytes(content)
    with pytest.raises(ValueError, match="is damaged: it is not what was written"):
        ex.WeightPatchPredictor.load(tmp_path / "model.nc")


def test_what_is_only_there_after_training_is_no_attribute_before():
    assert not hasattr(ex.WeightPatchPredictor(), "model_")
    assert not hasattr(ex.WeightPatchPredictor(), "history_")


def test_a_change_during_training_does_not_count(tmp_path):
    predictor = ex.WeightPatchPredictor(**SMALL)
    for _ in predictor.iterate(scenes(1, size=9)):
        predictor.radius = 3
    with pytest.raises(NotFittedError, match="`radius` was 1 in training"):
        predictor.label(scenes(1, size=9)[0].image)
    predictor.radius = 1
    predictor.label(scenes(1, size=9)[0].image)


def test_a_stored_predictor_gives_the_same_weights(tmp_path, trained):
    path = tmp_path / "model.nc"
    trained.save(path)
    again = ex.WeightPatchPredictor.load(path)
    assert again.get_params() == trained.get_params()
    image = scenes(1, 30)[0].image
    xr.testing.assert_identical(
        again.predict_weights(image), trained.predict_weights(image)
    )
    assert [p.name for p in tmp_path.iterdir()] == ["model.nc"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "features",
    [ex.RawWindow(5), ex.GaussianDerivatives((1.0,)), ex.StructureTensor((1.0, 2.0))],
    ids=repr,
)
def test_every_extractor_can_be_stored(tmp_path, features):
    predictor = ex.WeightPatchPredictor(features=features, **(SMALL | {"steps": 1}))
    predictor.fit(scenes(1)).save(tmp_path / "model.nc")
    assert ex.WeightPatchPredictor.load(tmp_path / "model.nc").features == features


@pytest.mark.slow
@pytest.mark.parametrize(
    "choices",
    [
        {"data_term": ex.Evidence(ex.RawWindow(3), 0.5), "loss": ex.BalancedLoss(0.5)},
        {"loss": ex.CrossEntropy(), "features": ex.StructureTensor((2.0,))},
    ],
    ids=str,
)
def test_every_choice_can_be_stored(tmp_path, choices):
    predictor = ex.WeightPatchPredictor(**choices, **(SMALL | {"steps": 1}))
    predictor.fit(scenes(1)).save(tmp_path / "model.nc")
    again = ex.WeightPatchPredictor.load(tmp_path / "model.nc")
    assert again.get_params() == predictor.get_params()
    image = scenes(1, 5)[0].image
    np.testing.assert_array_equal(again.label(image), predictor.label(image))


def test_a_choice_of_ones_own_cannot_be_stored(tmp_path):
    loss = ex.TangentLoss(ex.DirectionLoss())
    predictor = ex.WeightPatchPredictor(loss=loss, **(SMALL | {"steps": 1}))
    with pytest.raises(ValueError, match="cannot be stored"):
        predictor.fit(scenes(1)).save(tmp_path / "model.nc")

    class Plain(ex.RawWindow.__base__):
        def of(self, image):
            return image

    predictor = ex.WeightPatchPredictor(features=Plain(), **(SMALL | {"steps": 1}))
    with pytest.raises(ValueError, match=r"Plain\(\) cannot be stored: a file"):
        predictor.fit(scenes(1)).save(tmp_path / "model.nc")
    assert not list(tmp_path.iterdir())


def test_results_are_labeled(trained):
    scene = scenes(1, 40)[0]
    weights = trained.predict_weights(scene.image)
    assert weights.dims == ("offset", "row", "col")
    np.testing.assert_allclose(weights.sum("offset"), 1.0, rtol=1e-12)
    assert trained.label(scene.image).dims == ("row", "col")
    W = trained.probabilities(scene.image)
    np.testing.assert_allclose(W.sum("label"), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(W.argmax("label"), trained.label(scene.image))
    assert set(trained.history_) > {"loss", "validation_error_percent"}
    assert trained.history_.sizes["step"] == 5


def test_the_best_step_counts_and_a_flat_curve_ends_training():
    predictor = ex.WeightPatchPredictor(n_prototypes=4, steps=100, patience=3, rate=2.0)
    models = [
        state.model for state in predictor.iterate(scenes(1, noise=0.5), scenes(1, 9))
    ]
    losses = predictor.history_.validation_loss.values
    best = int(np.argmin(losses))
    assert best == len(losses) - 4  # three steps without a lower loss
    assert predictor.model_ is models[best]
    assert predictor.state_.model is models[-1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 2)])
def test_small_images_can_be_labeled(trained, shape):
    assert trained.label(np.full(shape, 0.5)).shape == shape


def test_a_constant_scene_trains_to_nothing():
    scene = scenes(1, size=6)[0]
    flat = scene.assign(
        image=scene.image * 0.0, clean=scene.clean * 0.0, labels=scene.labels * 0
    )
    predictor = ex.WeightPatchPredictor(**SMALL).fit(flat)
    assert len(predictor.model_.tangents) == 1
    assert np.isfinite(predictor.history_.loss).all()


def test_parameters_are_those_of_scikit_learn():

    predictor = ex.WeightPatchPredictor(rho=0.7)
    assert clone(predictor).get_params() == predictor.get_params()
    assert predictor.set_params(rho=0.2, window=5).rho == 0.2
    with pytest.raises(ValueError, match="`sigma` is no parameter"):
        predictor.set_params(sigma=1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_prototypes": 0}, "`n_prototypes` = 0"),
        ({"window": 4}, "`window` = 4"),
        ({"features": "raw"}, "`features` = 'raw'"),
        ({"rate": -1.0}, "`rate` = -1.0"),
        ({"rank": 11}, "`rank` = 11 exceeds"),
        ({"patience": 0}, "`patience` = 0"),
        ({"rho": float("nan")}, "`rho` = nan"),
    ],
)
def test_wrong_parameters_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        ex.WeightPatchPredictor(**arguments)


def broken(**changes):
    return scenes(1)[0].assign(**changes)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([], "`scenes` is empty"),
        (3, "`scenes` is a int"),
        ([np.zeros((3, 3))], "`scenes[0]` is a ndarray"),
        ([xr.Dataset()], "`scenes[0]` has no variable `image`"),
        ([broken(labels=("row", np.zeros(10, int)))], "`scenes[0].labels`"),
        ([broken(image=scenes(1)[0].image * np.nan)], "`scenes[0].image`"),
        ([broken(), broken(prototypes=scenes(1)[0].prototypes + 1.0)], "`scenes[1]`"),
    ],
)
def test_wrong_scenes_are_named(wrong, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        ex.WeightPatchPredictor(**SMALL).fit(wrong)


def test_wrong_images_are_named(trained):
    with pytest.raises(ValueError, match="`image` has 3 channels; it must have 1"):
        trained.label(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="not finite"):
        trained.label(np.full((4, 4), np.nan))
    with pytest.raises(ValueError, match=r"`image` ranges from 0 to 1e\+200, too far"):
        trained.label(np.diag([0.0, 1e200]))
    with pytest.raises(TypeError, match=r"`image` is a Dataset .* `scene.image`"):
        trained.label(scenes(1)[0])
    with pytest.raises(TypeError, match=r"`image` is a list .* equal lengths"):
        trained.label([[1.0, 2.0], [3.0]])
    with pytest.raises(NotFittedError, match="has not been trained"):
        ex.WeightPatchPredictor().label(np.zeros((4, 4)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"state": 3}, "`state` = 3 is not a"),
        ({"state": "model.nc"}, "`state` = 'model.nc'"),
        ({"check": 3}, "`check` must be a function, got 3"),
    ],
    ids=str,
)
def test_wrong_arguments_of_training_are_named(arguments, words):
    with pytest.raises(TypeError, match=words):
        ex.WeightPatchPredictor(**SMALL).iterate(scenes(1, size=9), **arguments)


def test_a_gradient_beyond_all_bounds_is_an_error_with_a_cure():
    predictor = ex.WeightPatchPredictor(
        n_prototypes=10, steps=9, time=1e4, loss=ex.BalancedLoss()
    )

    def huge(self, model, examples):
        loss, error, slope = whole(self, model, examples)
        return loss, error, 1e160 * slope

    whole = Trainer.evaluate
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "evaluate", huge)
        with pytest.raises(ValueError, match="lower `time` or raise `dim`"):
            predictor.fit(scenes(1, size=9))


@pytest.mark.slow
def test_wrong_files_are_named(tmp_path, trained):
    with pytest.raises(FileNotFoundError, match="names no file"):
        ex.WeightPatchPredictor.load(tmp_path / "none.nc")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        trained.save(tmp_path / "none" / "model.nc")
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(ValueError, match="cannot be read as netCDF"):
        ex.WeightPatchPredictor.load(tmp_path / "text.nc")
    xr.Dataset({"x": 1}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="pass a file with a weight patch predictor"):
        ex.WeightPatchPredictor.load(tmp_path / "other.nc")
    trained.save(tmp_path / "later.nc")
    later = xr.load_dataset(tmp_path / "later.nc").assign_attrs(schema=99)
    later.to_netcdf(tmp_path / "later.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="has layout 99"):
        ex.WeightPatchPredictor.load(tmp_path / "later.nc")


def test_a_fresh_state_has_no_best_step():
    state = TrainingState.start(ex.WeightPatchPredictor(**SMALL).fit(scenes(1)).model_)
    assert state.least == np.inf
    assert state.since_best == 0
