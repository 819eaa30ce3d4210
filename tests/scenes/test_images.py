"""Images of every kind become scenes; what is no image is refused by name."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from explorer import (
    SAMPLES,
    Krylov,
    LinearizedFlow,
    LowRankGradient,
    fit,
    image_scene,
    sample_image,
)
from explorer.flow.status import Ending
from explorer.images.decoding import MAX_PIXELS
from explorer.images.reading import read_image

SHAPE = (6, 5)


@pytest.fixture
def gray():
    return np.random.default_rng(0).uniform(size=SHAPE)


@pytest.fixture
def color():
    return np.random.default_rng(0).uniform(size=(*SHAPE, 3))


@pytest.fixture
def saved(tmp_path):
    """Save a Pillow image and return its path."""

    def save(picture, name="image.png", **options):
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def bytes_of(color):
    return np.round(color * 255).astype(np.uint8)


def test_k_means_colors_are_the_nearest_and_ordered_from_dark_to_bright(color):
    scene = image_scene(color, labels=4, noise=0.0)
    np.testing.assert_array_equal(scene.distances.argmin("label"), scene.labels)
    brightness = scene.prototypes.sum("channel").values
    assert (np.diff(brightness) > 0).all()
    assert scene.attrs["nearest_error_percent"] == 0.0


def test_prototypes_of_given_labels_are_their_mean_colors(color):
    labels = np.arange(30).reshape(SHAPE) % 3
    scene = image_scene(color, labels, noise=0.1)
    for j in range(3):
        # a mean of ten numbers
        np.testing.assert_allclose(
            scene.prototypes[j], color[labels == j].mean(axis=0), rtol=1e-15
        )
    np.testing.assert_array_equal(scene.labels, labels)


def test_noise_and_clusters_follow_the_seed(color):
    first, again, other = (image_scene(color, 3, 0.2, seed=s) for s in (1, 1, 2))
    assert first.identical(again)
    assert not first.image.equals(other.image)


def test_one_channel_may_be_implied(gray):
    flat, deep = image_scene(gray, 3), image_scene(gray[..., None], 3)
    assert flat.image.equals(deep.image)
    assert flat.sizes["channel"] == 1


def test_a_file_equals_its_array(color, saved):
    path = saved(Image.fromarray(bytes_of(color)))
    from_file = image_scene(path, 3, seed=5)
    from_array = image_scene(bytes_of(color), 3, seed=5)
    assert from_file.image.equals(from_array.image)
    assert from_file.attrs["scene"] == str(path)
    assert image_scene(str(path), 3, seed=5).image.equals(from_array.image)


def test_sixteen_bits_are_kept(gray, saved):
    deep = np.round(gray * 65535).astype(np.uint16)
    path = saved(Image.fromarray(deep))
    np.testing.assert_array_equal(read_image(path)[..., 0], deep / 65535.0)
    np.testing.assert_array_equal(read_image(deep), read_image(path))


def test_transparency_is_shown_on_white(color, saved):
    alpha = np.full(SHAPE, 51, np.uint8)  # a fifth
    rgba = np.dstack([bytes_of(color), alpha])
    expected = 0.2 * bytes_of(color) / 255.0 + 0.8
    for image in (rgba, saved(Image.fromarray(rgba))):
        # a few roundings of numbers below one
        np.testing.assert_allclose(read_image(image), expected, atol=1e-15)


def test_a_palette_is_looked_up(color, saved):
    picture = Image.fromarray(bytes_of(color)).quantize(16)
    expected = np.asarray(picture.convert("RGB")) / 255.0
    np.testing.assert_array_equal(read_image(saved(picture)), expected)


def test_a_transparent_palette_color_is_white(saved):
    picture = Image.new("P", (4, 3), 0)
    picture.putpalette([10, 20, 30, 200, 100, 0])
    path = saved(picture, transparency=0)
    np.testing.assert_array_equal(read_image(path), np.ones((3, 4, 3)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "I;16", "F"])
def test_other_modes_of_files_are_read_in_the_unit_range(gray, saved, mode):
    picture = Image.fromarray(bytes_of(gray))
    if mode == "F":
        picture = Image.fromarray(gray.astype(np.float32))
    elif mode == "I;16":
        picture = Image.fromarray(np.round(gray * 65535).astype(np.uint16))
    else:
        picture = picture.convert(mode)
    unit = read_image(saved(picture, "image.tiff"))
    assert unit.shape[:2] == SHAPE
    assert unit.min() >= 0.0
    assert unit.max() <= 1.0


def test_bool_is_black_and_white(gray):
    scene = image_scene(gray > 0.5, labels=2, noise=0.0)
    # k-means subtracts the mean and adds it again
    np.testing.assert_allclose(scene.prototypes.values.ravel(), [0, 1], atol=1e-15)
    np.testing.assert_array_equal(scene.labels, gray > 0.5)


def test_dimensions_are_found_by_name(color):
    labeled = xr.DataArray(color, dims=("row", "col", "channel"))
    turned = image_scene(labeled.transpose("channel", "col", "row"), 3)
    assert turned.image.equals(image_scene(color, 3).image)


def test_labels_may_come_from_a_file(color, saved):
    labels = np.arange(30).reshape(SHAPE) % 3
    codes = np.array([0, 128, 255], np.uint8)[labels]
    path = saved(Image.fromarray(codes), "labels.png")
    np.testing.assert_array_equal(image_scene(color, path).labels, labels)
    colors = np.array([[0, 0, 0], [0, 9, 9], [9, 0, 0]], np.uint8)[labels]
    path = saved(Image.fromarray(colors), "colors.png")
    np.testing.assert_array_equal(image_scene(color, path).labels, labels)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_square_and_in_the_unit_range(name):
    image = sample_image(name, 16)
    assert image.shape == (16, 16, 3)
    assert 0.0 <= image.min() < image.max() <= 1.0


@pytest.mark.slow
def test_a_sample_may_be_one_pixel():
    assert sample_image("rocket", 1).shape == (1, 1, 3)


def test_too_many_labels_for_the_colors_name_the_cure():
    with pytest.raises(ValueError, match=r"`labels` = 8 .* is 1: ask for at most 1"):
        image_scene(np.full((4, 4), 0.5), labels=8)


def test_a_constant_image_has_one_label():
    scene = image_scene(np.full((4, 4), 0.5), labels=1)
    assert scene.sizes["label"] == 1
    flow = LinearizedFlow(scene.distances)
    data = LowRankGradient()(flow, flow.uniform_weights(), scene.labels, 5.0)
    assert (float(data.loss), float(data.error_percent)) == (0.0, 0.0)


def test_labels_of_a_constant_image_are_undetermined():
    labels = np.arange(16).reshape(4, 4) % 2
    scene = image_scene(np.full((4, 4), 0.5), labels)
    flow = LinearizedFlow(scene.distances)
    weights = flow.uniform_weights()
    status = Krylov().solve(flow, weights, 5.0).status
    assert status.ending is Ending.UNDETERMINED
    data = LowRankGradient()(flow, weights, scene.labels, 5.0)
    assert float(data.loss) == 1.0
    np.testing.assert_array_equal(data.gradient, 0.0)


def test_one_pixel_is_an_image():
    scene = image_scene(np.full((1, 1), 0.5), labels=1)
    flow = LinearizedFlow(scene.distances)
    assert Krylov().solve(flow, flow.uniform_weights(), 1.0).labels.item() == 0


def png_header(rows, cols):
    """A PNG that claims a size and holds no pixels."""
    chunks = [b"\x89PNG\r\n\x1a\n"]
    head = struct.pack(">IIBBBBB", cols, rows, 8, 0, 0, 0, 0)
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        code = struct.pack(">I", zlib.crc32(kind + data))
        chunks.append(struct.pack(">I", len(data)) + kind + data + code)
    return b"".join(chunks)


@pytest.mark.parametrize("side", [5_000, 12_000, 60_000])
def test_huge_images_are_refused_before_they_are_decoded(tmp_path, side):
    """Above our limit, above Pillow's warning, and above Pillow's error."""
    (tmp_path / "huge.png").write_bytes(png_header(side, side))
    with pytest.raises(ValueError, match=r"`image`.*(scale it down|too large)"):
        image_scene(tmp_path / "huge.png")


def test_huge_arrays_are_refused():
    huge = np.broadcast_to(np.uint8(0), (MAX_PIXELS + 1, 1))
    with pytest.raises(ValueError, match=r"`image` has .* scale it down"):
        image_scene(huge)


def test_files_that_are_no_images_are_refused(tmp_path, color):
    good = tmp_path / "good.png"
    Image.fromarray(bytes_of(color)).save(good)
    content = good.read_bytes()
    broken = {
        "truncated.png": content[:-40],
        "header.png": content[:20],
        "text.png": b"no image",
        "empty.png": b"",
        "flipped.png": content[:60] + bytes(20) + content[80:],
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=rf"`image` = '.*{name}'.*save it again"):
            image_scene(tmp_path / name)
        with pytest.raises(ValueError, match=rf"`labels` = '.*{name}'"):
            image_scene(color, tmp_path / name)


@pytest.mark.parametrize("path", ["missing.png", "", ".", "a\0b"])
def test_what_is_no_file_is_not_found(path, color):
    with pytest.raises(FileNotFoundError, match=r"`image` = .* check the path"):
        image_scene(path)
    with pytest.raises(FileNotFoundError, match=r"`labels` = .* check the path"):
        image_scene(color, path)


def test_a_photograph_is_read_the_way_a_viewer_shows_it(tmp_path):
    picture = Image.fromarray(np.zeros((4, 6, 3), np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn by 90 degrees
    picture.save(tmp_path / "phone.jpg", exif=exif)
    assert read_image(tmp_path / "phone.jpg").shape == (6, 4, 3)


@pytest.mark.parametrize("dtype", [">u2", "<u2", ">f4", "f2"])
def test_arrays_of_any_byte_order_and_width_make_the_same_scene(color, dtype):
    array = color if dtype[1:2] == "f" or dtype[0] == "f" else color * 65535
    swapped = array.astype(dtype)
    labels = np.arange(30).reshape(SHAPE) % 3
    first = image_scene(swapped, labels.astype(">i4"), noise=0.0)
    native = swapped.astype(swapped.dtype.newbyteorder("="))
    assert first.identical(image_scene(native, labels, noise=0.0))


def test_pillow_images_make_the_scene_of_their_files(color, saved):
    labels = np.arange(30).reshape(SHAPE) % 3
    picture = Image.fromarray(bytes_of(color)).quantize(9)
    marks = Image.fromarray(labels.astype(np.uint8))
    marks.putpalette([9, 9, 9, 200, 0, 0, 0, 0, 200])
    first = image_scene(saved(picture), saved(marks, "labels.png"), noise=0.0)
    second = image_scene(picture, marks, noise=0.0)
    assert second.image.equals(first.image)
    assert second.prototypes.equals(first.prototypes)
    np.testing.assert_array_equal(second.labels, labels)


TALL, WIDE = (6, 4), (4, 6)
"""Shapes of a photograph as it is shown and as it is stored, turned by 90°."""


def turned(saved, shape, orientation, name="photo.png"):
    exif = Image.Exif()
    exif[0x0112] = orientation
    tones = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape) * 7
    return saved(Image.fromarray(tones), name, exif=exif)


@pytest.mark.parametrize(
    ("stored", "orientation", "shape", "fits"),
    [
        (WIDE, 6, TALL, True),  # they can lie on the picture as it is shown only
        (WIDE, 6, WIDE, False),
        ((5, 5), 6, (5, 5), False),  # nobody can tell
        (WIDE, 3, WIDE, False),
        (WIDE, 2, WIDE, False),
        (WIDE, 1, WIDE, True),
    ],
)
@pytest.mark.parametrize("as_file", [False, True])
def test_labels_on_stored_pixels_of_a_turned_image_are_refused(
    saved, stored, orientation, shape, fits, as_file
):
    photo = turned(saved, stored, orientation)
    labels = np.indices(shape)[0] % 2
    given = labels
    if as_file:
        given = saved(Image.fromarray(labels.astype(np.uint8)), "labels.png")
    if fits:
        np.testing.assert_array_equal(image_scene(photo, given).labels, labels)
        return
    with pytest.raises(ValueError, match=r"`labels`.*stored (rotated|mirrored).*EXIF"):
        image_scene(photo, given)
    if (
        shape == read_image(photo).shape[:2]
    ):  # which says that they lie on what is shown
        image_scene(read_image(photo), given)


def test_labels_turned_as_their_image_are_turned_back_with_it(saved):
    photo, marks = turned(saved, WIDE, 6), turned(saved, WIDE, 6, "labels.png")
    scene = image_scene(photo, marks, noise=0.0)
    light = scene.image.values.ravel()
    np.testing.assert_array_equal(
        scene.labels.values.ravel().argsort(), light.argsort()
    )
    one = Image.fromarray(np.zeros(WIDE, np.uint8))
    one.getexif()[0x0112] = 6
    with Image.open(photo) as picture:
        assert image_scene(picture, one).labels.shape == TALL


def test_labels_of_another_shape_name_both(color):
    words = r"`labels` must have the shape of `image`, \(6, 5\), got \(5, 6\)"
    with pytest.raises(ValueError, match=words):
        image_scene(color, np.zeros((5, 6), int))
    turned = xr.DataArray(np.arange(30).reshape(5, 6) % 2, dims=("col", "row"))
    np.testing.assert_array_equal(image_scene(color, turned).labels, turned.T)


@pytest.mark.parametrize("code", [2**62, 2**64 - 1, 2**31 - 1, 64, 1e300])
def test_label_codes_never_size_an_array(color, code):
    labels = np.zeros(SHAPE, np.uint64 if code == 2**64 - 1 else type(code))
    labels[0, 0] = code
    with pytest.raises(ValueError, match="`labels`"):
        image_scene(color, labels)


def test_seeds_may_be_whole_floats(color):
    assert image_scene(color, 3, seed=2.0).identical(image_scene(color, 3, seed=2))


@pytest.mark.parametrize("longest", [0, -5, 2.5, "8", None, True, [8], float("nan")])
def test_fit_refuses_lengths_by_name(color, longest):
    with pytest.raises((TypeError, ValueError), match="`longest`"):
        fit(color, longest)


@pytest.mark.parametrize(
    "image", [None, [[1.0], [1.0, 2.0]], np.full(SHAPE, np.nan), np.zeros((0, 3)), 2j]
)
def test_fit_refuses_images_by_name(image):
    with pytest.raises((TypeError, ValueError), match="`image`"):
        fit(image, 8)


def test_fit_scales_the_longest_side_down_and_leaves_small_images(color, gray):
    assert fit(color, 3).shape == (3, 2, 3)  # round(5/2) is even
    assert fit(gray, 3).shape == (3, 2)
    for longest in (6, 10**6):
        np.testing.assert_array_equal(fit(color, longest), color)
        np.testing.assert_array_equal(fit(gray, longest), gray)
    scaled = fit(color, 3)
    assert scaled.min() >= 0.0
    assert scaled.max() <= 1.0


def test_fit_scales_bytes_to_the_unit_range_whatever_their_size(color):
    for longest in (3, 6):  # scaled down or not
        found = fit(bytes_of(color), longest)
        np.testing.assert_allclose(found, fit(bytes_of(color) / 255, longest))


@pytest.mark.parametrize("size", [0, 4097, 2.5, "8", None])
def test_sample_image_refuses_sizes_by_name(size):
    with pytest.raises((TypeError, ValueError), match="`size`"):
        sample_image("rocket", size)


def test_a_labeling_meets_its_image_by_coordinate(color):
    rows = np.arange(len(color)) * 0.5
    image = xr.DataArray(color, dims=("row", "col", "channel"), attrs={"crs": "a"})
    image = image.assign_coords(row=("row", rows, {"units": "mm"}))
    truth = xr.DataArray(
        (color[..., 0] > np.median(color[..., 0])).astype(int), dims=("row", "col")
    ).assign_coords(row=rows)
    right = image_scene(image, truth, noise=0)
    assert right.attrs["crs"] == "a"
    for name in ("image", "clean", "labels", "distances"):
        assert right[name].row.values.tolist() == rows.tolist()
        assert right[name].row.attrs == {"units": "mm"}
    turned = truth.isel(row=slice(None, None, -1)).transpose()
    xr.testing.assert_identical(image_scene(image, turned, noise=0), right)
    with pytest.raises(ValueError, match="`labels` has other coordinates along `row`"):
        image_scene(image, truth.assign_coords(row=rows + 1))


def test_one_image_of_a_stack_makes_a_scene(color):
    stack = xr.DataArray(color[None], dims=("image", "row", "col", "channel"))
    scene = image_scene(stack.assign_coords(image=["a"], time=0)[0], 2)
    assert scene.image.dims == ("row", "col", "channel")
    assert scene.coords["time"] == 0


def test_channels_keep_their_names_unless_one_was_transparency(color):
    alpha = np.concatenate([color, np.ones_like(color[..., :1])], axis=2)
    for image, names in ((color, list("rgb")), (alpha, list("rgba"))):
        named = xr.DataArray(image, dims=("row", "col", "channel"))
        scene = image_scene(named.assign_coords(channel=names), 2)
        assert ("channel" in scene.coords) == (len(names) == 3)
        if "channel" in scene.coords:
            assert scene.channel.values.tolist() == names
