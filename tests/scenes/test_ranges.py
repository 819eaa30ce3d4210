"""A predictor knows the scale of the images it was trained on."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from explorer.scenes.pictures import checked_pictures

SMALL = {"n_prototypes": 4, "steps": 0}
CLEAN = ex.voronoi_scene("colors", size=8, noise=0.0, seed=0)
NOISY = ex.voronoi_scene("colors", size=8, noise=0.45, seed=0)
LEVELS = np.clip(NOISY.image.values, 0.0, 1.0)


def fit(scene):
    return ex.WeightPatchPredictor(**SMALL).fit(scene)


def times(scene, factor):
    names = ("image", "clean", "prototypes")
    return scene.assign({name: factor * scene[name] for name in names})


@pytest.fixture(scope="module", params=[CLEAN, NOISY], ids=["clean", "noisy"])
def unit(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.nc"
    fit(request.param).save(path)
    return ex.WeightPatchPredictor.load(path)


@pytest.mark.parametrize("use", ["label", "predict_weights", "distances", "solve"])
def test_every_use_refuses_another_scale(unit, use):
    words = r"`image` must be on .* got values from 0 to 255; divide by 255"
    with pytest.raises(ValueError, match=words):
        getattr(unit, use)(255.0 * LEVELS)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.rint(255.0 * LEVELS), "divide by 255, or pass integers"),
        (100.0 * LEVELS, "divide by 255"),
        (4095.0 * LEVELS, "divide by 4095"),
        (65535.0 * LEVELS, "divide by 65535"),
        (1e6 * LEVELS, "scale and shift it"),
        (-255.0 * LEVELS, "scale and shift it"),
        (1000.0 * LEVELS - 500.0, "divide by 1023"),
        (np.rint(8.0 * LEVELS) - 4.0, "got values from -4 to 4; scale and shift"),
        (LEVELS / 255.0, "got values from 0 to 0.0039"),
    ],
)
def test_other_scales_are_refused_with_the_cure(unit, image, words):
    for given in (image, xr.DataArray(image, dims=("row", "col", "channel"))):
        with pytest.raises(ValueError, match=words):
            unit.label(given)


@pytest.mark.parametrize(
    "image",
    [LEVELS, 0.5 * LEVELS, 0.0 * LEVELS, 0.5 + 0.0 * LEVELS, (3 * LEVELS).astype("u1"),
     (LEVELS * 255).astype("u1"), (LEVELS * 65535).astype("u2"), LEVELS > 0.5,
     LEVELS.astype("f4")],
    ids=["unit", "half", "black", "gray", "dark", "u1", "u2", "bool", "f4"],
)  # fmt: skip
def test_images_on_the_same_scale_are_taken(unit, image):
    assert unit.label(image).shape == (8, 8)


@pytest.mark.parametrize("noise", [2.0, 10.0])
def test_more_noise_is_said_and_labeled(unit, noise):
    image = ex.voronoi_scene("colors", size=8, noise=noise, seed=1).image
    with pytest.warns(UserWarning, match="% of the values of `image` lie far outside"):
        labels = unit.label(image)
    assert labels.shape == (8, 8)


def test_less_noise_is_no_matter(unit):
    for seed in range(5):
        unit.label(ex.voronoi_scene("colors", size=8, noise=0.02, seed=seed).image)


def test_other_shifts_are_said():
    with pytest.warns(UserWarning, match="only if it is noisier"):
        fit(CLEAN).label(2.0 * LEVELS - 1.0)


def test_floats_of_any_scale_can_be_trained_on():
    predictor = fit(times(NOISY, 255.0))
    same = predictor.label(255.0 * NOISY.image)
    np.testing.assert_array_equal(predictor.label(255.0 * NOISY.image.values), same)
    for image in ((255 * LEVELS).astype("u1"), LEVELS > 0.5):
        with pytest.raises(ValueError, match=r"integers are scaled to \[0, 1\]"):
            predictor.label(image)
    with pytest.raises(ValueError, match="got values from 0 to 1; scale and shift"):
        predictor.label(LEVELS)
    predictor.label(500.0 * LEVELS)  # a bright one


@pytest.mark.parametrize("name", ["image", "clean"])
def test_scenes_on_two_scales_are_refused(name):
    words = rf"`scenes\[1\].{name}` must be on the scale of its prototypes"
    with pytest.raises(ValueError, match=words):
        checked_pictures("scenes", [NOISY, NOISY.assign({name: 255.0 * NOISY[name]})])
    bytes_ = (255 * LEVELS).astype("u1")
    scene = times(NOISY, 255.0).assign({name: (NOISY[name].dims, bytes_)})
    with pytest.raises(ValueError, match=rf"`scenes\[0\].{name}` must .* integers are"):
        checked_pictures("scenes", [scene])


def test_scenes_with_much_noise_are_on_their_scale():
    loud = ex.voronoi_scene("colors", size=8, noise=10.0, seed=0)
    checked_pictures("scenes", [NOISY, loud])
