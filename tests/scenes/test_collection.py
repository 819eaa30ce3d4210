"""Files of images and labels as scenes with common labels and prototypes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import explorer as ex
from explorer.scenes.collection import labeled_images


def store(path, array):
    Image.fromarray(np.asarray(array)).save(path)
    return path


@pytest.fixture
def pair(tmp_path):
    """Two gray images of different sizes; the second has one of three labels."""
    images = [
        store(tmp_path / "a.png", np.array([[0, 51, 102]] * 2, np.uint8)),
        store(tmp_path / "b.png", np.array([[153]], np.uint8)),
    ]
    labels = [
        store(tmp_path / "a_l.png", np.array([[0, 128, 255]] * 2, np.uint8)),
        store(tmp_path / "b_l.png", np.array([[255]], np.uint8)),
    ]
    return images, labels


def test_labels_and_prototypes_are_common(pair):
    one, two = labeled_images(*pair)
    np.testing.assert_array_equal(one.labels, [[0, 1, 2]] * 2)
    np.testing.assert_array_equal(two.labels, [[2]])
    expected = [[0.0], [0.2], [(0.4 + 0.4 + 0.6) / 3]]
    np.testing.assert_allclose(one.prototypes, expected, rtol=1e-14, atol=1e-16)
    np.testing.assert_array_equal(one.prototypes, two.prototypes)
    assert one.attrs["scene"] == "a.png"


def test_prototypes_are_those_of_the_training_images(tmp_path, pair):
    images, labels = pair
    one, two = labeled_images(images, labels, training=1)
    expected = [[0.0], [0.2], [0.4]]
    for scene in (one, two):
        np.testing.assert_allclose(scene.prototypes, expected, rtol=1e-14, atol=1e-16)
        np.testing.assert_array_equal(scene.label_values, [[0], [128], [255]])
    with pytest.raises(ValueError, match="hold 0 in none of the 1 training images"):
        labeled_images(images[::-1], labels[::-1], training=1)


def test_depth_does_not_matter(tmp_path, pair):
    deep = store(tmp_path / "c.png", np.array([[0, 13107, 26214]] * 2, np.uint16))
    a, c = (labeled_images([p], pair[1][:1])[0] for p in (pair[0][0], deep))
    np.testing.assert_allclose(a.image, c.image, rtol=1e-14)


def test_colors_can_be_labels(tmp_path):
    colors = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    image = store(tmp_path / "i.png", colors)
    found = labeled_images([image], [store(tmp_path / "l.png", colors)])[0]
    np.testing.assert_array_equal(found.labels, [[1, 0]])  # in order of the colors
    gray = store(tmp_path / "g.png", np.repeat(colors[..., :1], 3, axis=2))
    np.testing.assert_array_equal(labeled_images([image], [gray])[0].labels, [[1, 0]])


def test_label_images_of_any_kind_agree(tmp_path, pair):
    """Gray, of one bit, with a palette, gray or colors saved with or without alpha."""
    code = np.array([[0, 255, 0]] * 2, np.uint8)
    kinds = {"gray": Image.fromarray(code), "bits": Image.fromarray(code > 0)}
    kinds["palette"] = Image.fromarray(code, mode="P")
    kinds["palette"].putpalette([7, 7, 7] * 256)  # colors do not count
    kinds["rgb"] = kinds["gray"].convert("RGB")
    kinds["rgba"] = kinds["gray"].convert("RGBA")
    for name, picture in kinds.items():
        picture.save(tmp_path / f"{name}.png")
    files = [tmp_path / f"{name}.png" for name in kinds]
    images = {
        store(tmp_path / f"{k}.png", np.array([[k, 51, 102]] * 2, np.uint8)): path
        for k, path in enumerate(files)
    }
    for scene in labeled_images(images, images):
        np.testing.assert_array_equal(scene.labels, [[0, 1, 0]] * 2)
        np.testing.assert_array_equal(scene.label_values, [[0], [255]])


def test_label_images_that_are_none_are_refused(tmp_path, pair):
    def refused(array, words, name="l.png", **options):
        Image.fromarray(array).save(tmp_path / name, **options)
        with pytest.raises(ValueError, match=words):
            labeled_images(pair[0][:1], [tmp_path / name])

    code = np.array([[0, 255, 0]] * 2)
    refused(code.astype(np.uint8), "is a JPEG", "l.jpg")
    refused((code / 255).astype(np.float32), "entries of type float32", "l.tif")
    refused((-code).astype(np.int32), "integers from 0 to 65535", "m.tif")


def test_any_sequence_of_paths_will_do(pair):
    (one,) = labeled_images((p for p in pair[0][:1]), np.array([str(pair[1][0])]))
    np.testing.assert_array_equal(one.labels, [[0, 1, 2]] * 2)


def test_the_file_that_is_wrong_is_named(tmp_path, pair):
    bad = store(tmp_path / "b.tif", np.full((1, 1), np.nan, np.float32))
    with pytest.raises(ValueError, match=r"`images` = '.*b.tif' holds entries that"):
        labeled_images([pair[0][0], bad], pair[1])


def test_a_mask_in_the_alpha_channel_counts(tmp_path, pair):
    code = np.zeros((2, 3, 4), np.uint8)
    code[:, 1, 3] = 255
    path = store(tmp_path / "mask.png", code)
    (scene,) = labeled_images(pair[0][:1], [path])
    np.testing.assert_array_equal(scene.labels, [[0, 1, 0]] * 2)


@pytest.mark.parametrize("training", [0, -1, 3])
def test_how_many_are_for_training_is_checked(pair, training):
    with pytest.raises(ValueError, match=f"`training` = {training} is out of range"):
        labeled_images(*pair, training=training)


def test_what_does_not_fit_is_named(tmp_path, pair):
    images, labels = pair
    with pytest.raises(ValueError, match="1 files for 2 `images`"):
        labeled_images(images, labels[:1])
    with pytest.raises(ValueError, match="at least one"):
        labeled_images([], [])
    for wrong in (None, 3, images[0], str(images[0])):
        with pytest.raises(TypeError, match=r"`images` = .* is not a list"):
            labeled_images(wrong, labels)
    with pytest.raises(TypeError, match=r"`labels\[1\]` is a ndarray"):
        labeled_images(images, [labels[0], np.zeros((1, 1), int)])
    for wrong in (1.5, "1", True):
        with pytest.raises((TypeError, ValueError), match="`training` = "):
            labeled_images(images, labels, training=wrong)
    with pytest.raises(ValueError, match=r"b_l.png' has 1×1 pixels; its image has 2×3"):
        labeled_images(images[:1], labels[1:])
    with pytest.raises(FileNotFoundError, match="names no file"):
        labeled_images([tmp_path / "none.png"], labels[:1])
    many = store(tmp_path / "m.png", np.arange(81, dtype=np.uint8).reshape(9, 9))
    with pytest.raises(ValueError, match="81 distinct values; at most 64"):
        labeled_images([store(tmp_path / "n.png", np.zeros((9, 9), np.uint8))], [many])
    color = store(tmp_path / "b.tif", np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(ValueError, match="all gray or all in color, got"):
        labeled_images([images[0], color], labels)


def test_scenes_and_their_variables_share_nothing(pair):
    first, second = labeled_images(*pair)
    expected = second.copy(deep=True)
    first.image.values[:] = first.prototypes.values[:] = 7.0
    assert float(first.clean.max()) < 7.0
    xr.testing.assert_identical(second, expected)


def test_what_is_ignored_is_declared(tmp_path, pair):
    images, labels = pair
    one, two = labeled_images(images, labels, ignore=128)
    np.testing.assert_array_equal(one.labels, [[0, -1, 1]] * 2)
    np.testing.assert_array_equal(two.labels, [[1]])
    np.testing.assert_array_equal(one.label_values, [[0], [255]])
    for scene in (one, two):
        assert scene.labels.attrs["no_label"] == -1
        assert scene.attrs["ignored_values"] == "128"
        assert scene.attrs["nearest_error_percent"] == 0.0
    # the color of what is ignored is in no prototype
    expected = [[0.0], [(0.4 + 0.4 + 0.6) / 3]]
    np.testing.assert_allclose(one.prototypes, expected, rtol=1e-14, atol=1e-16)
    for ignore in ((), [128, "#ffff00"]):
        scene = labeled_images(images, labels, ignore=ignore)[0]
        file = tmp_path / "scene.nc"
        scene.to_netcdf(file, engine="h5netcdf")
        again = xr.load_dataset(file, engine="h5netcdf")
        xr.testing.assert_identical(again.labels, scene.labels)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ignore": "void"}, "`ignore` must be integers from 0 to 65535 or colors"),
        ({"ignore": -1}, "`ignore` must be .*, got -1"),
        ({"ignore": 2**16}, "`ignore` must be .*, got 65536"),
        ({"ignore": 1.0}, "`ignore` must be .*, got 1.0"),
        ({"ignore": True}, "`ignore` must be .*, got True"),
        ({"ignore": None}, "`ignore` must be .*, got None"),
        ({"ignore": {255: 0}}, "`ignore` must be .*, got {255: 0}"),
        ({"values": []}, "`values` must be 1 to 64 distinct values, got none"),
        ({"values": [0, 0]}, "`values` must be 1 to 64 distinct values, got 0, 0"),
        ({"values": ["red"]}, "`values` must be .*, got 'red'"),
        ({"values": [0, 128]}, "holds 255, which is no label; the labels are 0, 128"),
        ({"values": ["#ff0000"]}, "`values` must name gray values"),
        ({"values": [0, 128, 255, 7]}, "hold 7 in none of the 2 training images"),
    ],
)
def test_values_that_are_none_are_refused(pair, options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        labeled_images(*pair, **options)


def test_scenes_of_files_tell_what_their_labels_are(tmp_path):
    half = np.arange(64).reshape(8, 8) % 8 > 3
    image = store(tmp_path / "a.png", np.where(half, 200, 50).astype(np.uint8))
    codes = [np.where(half, 2, low).astype(np.uint8) for low in (0, 1)]
    scenes = [
        ex.image_scene(image, store(tmp_path / f"{k}.png", code), noise=0.0)
        for k, code in enumerate(codes)
    ]
    np.testing.assert_array_equal(scenes[0].label_values, [[0], [2]])
    np.testing.assert_array_equal(scenes[1].label_values, [[1], [2]])
    predictor = ex.WeightPatchPredictor(n_prototypes=3, steps=0)
    with pytest.raises(ValueError, match=r"`scenes\[1\]` must have the label valu"):
        predictor.fit(scenes)
    with pytest.raises(ValueError, match=r"`validation\[0\]` must have the label valu"):
        predictor.fit(scenes[:1], scenes[1:])
    predictor.fit(scenes[:1], [scenes[1].drop_vars("label_values")])  # nobody knows
    np.testing.assert_array_equal(predictor.label_values_, [[0], [2]])


def test_palettes_come_with_the_scenes(tmp_path, pair):
    picture = Image.fromarray(np.array([[0, 1, 2]] * 2, np.uint8), mode="P")
    picture.putpalette([9, 9, 9, 255, 0, 0, 0, 0, 255])
    picture.save(tmp_path / "p.png")
    (scene,) = labeled_images(pair[0][:1], [tmp_path / "p.png"])
    colors = [[9, 9, 9], [255, 0, 0], [0, 0, 255]]
    np.testing.assert_array_equal(scene.label_colors, colors)
    predictor = ex.WeightPatchPredictor(n_prototypes=3, steps=0).fit(scene)
    predictor.save(tmp_path / "m.nc")
    again = ex.WeightPatchPredictor.load(tmp_path / "m.nc")
    np.testing.assert_array_equal(again.label_colors_, colors)
    assert labeled_images(*pair)[0].get("label_colors") is None
