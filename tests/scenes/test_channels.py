"""Channels by name: each meets its own, whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import explorer as ex

SCENE = ex.voronoi_scene("colors", size=8, noise=0.2, seed=0)
COLORS = ["red", "green", "blue"]
SMALL = {"n_prototypes": 4, "steps": 0}


def named(scene, names):
    return scene.assign_coords(channel=names)


@pytest.fixture(scope="module")
def plain():
    return ex.WeightPatchPredictor(**SMALL).fit(SCENE)


@pytest.fixture(scope="module")
def infrared(tmp_path_factory):
    """Trained on channels that no file has, in an order of its own, and stored."""
    path = tmp_path_factory.mktemp("models") / "model.nc"
    names = ["nir", "green", "red"]
    ex.WeightPatchPredictor(**SMALL).fit(named(SCENE, names)).save(path)
    return ex.WeightPatchPredictor.load(path)


@pytest.mark.parametrize("names", [COLORS, ["R", "G", "B"], [0, 1, 2], [1.0, 2.0, 3.0]])
def test_colors_meet_those_of_scenes_without_names(plain, names):
    image = named(SCENE, names).image
    expected = plain.label(SCENE.image)
    np.testing.assert_array_equal(plain.label(image), expected)
    if isinstance(names[0], str):
        turned = image[..., [2, 0, 1]].transpose("channel", "col", "row")
        np.testing.assert_array_equal(plain.label(turned), expected)


def test_own_names_are_met_in_any_order(infrared):
    expected = infrared.label(SCENE.image)  # without names: by position
    image = named(SCENE, ["nir", "green", "red"]).image
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        np.testing.assert_array_equal(infrared.label(image[..., order]), expected)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            COLORS,
            "`image` must have the channels nir, green, red, as in training",
        ),
        ([3, 2, 1], "`image` must have the channels nir"),
        (["nir", "nir", "red"], "`image` must have distinct names along `channel`"),
        ([0.0, np.nan, 2.0], "`image` must have distinct names along `channel`"),
    ],
)
def test_other_names_are_refused(infrared, names, words):
    with pytest.raises(ValueError, match=words):
        infrared.label(named(SCENE, names).image)


def test_names_that_mean_nothing_are_refused(plain):
    for names in (["x", "y", "z"], [2, 1, 0], ["nir", "green", "red"]):
        with pytest.raises(ValueError, match=r"red, green, blue, as in files"):
            plain.label(named(SCENE, names).image)


def test_files_have_colors(infrared, tmp_path):
    array = (255 * np.clip(SCENE.image.values, 0, 1)).astype(np.uint8)
    Image.fromarray(array).save(tmp_path / "image.png")
    with pytest.raises(ValueError, match="`image` must have the channels nir"):
        infrared.label(tmp_path / "image.png")
    turned = named(SCENE, ["b", "g", "r"])
    predictor = ex.WeightPatchPredictor(**SMALL).fit(turned)
    np.testing.assert_array_equal(
        predictor.label(tmp_path / "image.png"), predictor.label(array[..., ::-1])
    )


def test_scenes_of_several_orders_become_one():
    first, second = SCENE, ex.voronoi_scene("colors", size=8, noise=0.2, seed=1)
    together = [named(first, COLORS), named(second, COLORS)]
    mixed = [together[0], together[1].isel(channel=[2, 0, 1])]
    found = [ex.WeightPatchPredictor(**SMALL).fit(data) for data in (together, mixed)]
    np.testing.assert_array_equal(found[0].model_.vector, found[1].model_.vector)
    other = named(second, ["nir", "green", "red"])
    with pytest.raises(ValueError, match=r"`scenes\[1\].prototypes` must have the"):
        ex.WeightPatchPredictor(**SMALL).fit([together[0], other])


def test_one_channel_needs_no_name():
    scene = ex.voronoi_scene("lines", size=8, noise=0.2, seed=0)
    predictor = ex.WeightPatchPredictor(**SMALL).fit(scene)
    image = scene.image.assign_coords(channel=["gray"])
    np.testing.assert_array_equal(predictor.label(image), predictor.label(scene.image))
    assert isinstance(image, xr.DataArray)
