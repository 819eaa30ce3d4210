"""Arrays as images: of any byte order and kind, or refused by their type."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from explorer.dims import PICTURE
from explorer.images.reading import LARGEST_FILE, read_image
from tests.images.files import ALPHA, COLOR, DEEP, GRAY


@pytest.mark.parametrize(
    "array", [GRAY, COLOR, ALPHA, DEEP], ids=lambda a: str(a.shape)
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_integers_of_either_byte_order(array, order):
    swapped = array.astype(array.dtype.newbyteorder(order))
    found = read_image(swapped)
    np.testing.assert_array_equal(found, read_image(array.copy()))
    assert found.dtype == np.float64
    assert found.dtype.isnative
    assert found.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "g"])
def test_floats_of_any_width(dtype):
    array = (COLOR / 255).astype(dtype)
    found = read_image(array)
    np.testing.assert_array_equal(found, array.astype(float))
    assert found.dtype == np.float64
    assert found.dtype.isnative


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", ">i4", "u4", "u8"])
def test_integers_whose_white_is_unknown_are_refused_by_their_type(dtype):
    with pytest.raises(
        TypeError, match=f"`image` has dtype {np.dtype(dtype).name};.*convert"
    ):
        read_image((GRAY // 2).astype(dtype))


class Lent:
    """Something with `__array__`, as tensors and lazy arrays are."""

    asked = 0

    def __array__(self, dtype=None, copy=None):
        self.asked += 1
        return np.asarray(COLOR, dtype)


def test_whatever_makes_an_array_is_an_image():
    expected = read_image(COLOR)
    lent = Lent()
    for image in (lent, memoryview(COLOR), xr.DataArray(COLOR, dims=PICTURE)):
        np.testing.assert_array_equal(read_image(image), expected)
    assert lent.asked == 1  # a lazy array is computed once
    unit = COLOR / 255
    np.testing.assert_array_equal(read_image(unit.tolist()), unit)


def test_frames_are_images():
    np.testing.assert_array_equal(read_image(pd.DataFrame(GRAY)), read_image(GRAY))


def test_the_image_given_is_not_changed_and_not_shared():
    for array in (COLOR / 255, ALPHA / 255, np.asfortranarray(COLOR / 255)):
        before = array.copy()
        found = read_image(array)
        found[:] = 7.0
        np.testing.assert_array_equal(array, before)


def test_opaque_colors_do_not_change_by_a_bit():
    opaque = np.dstack([COLOR, np.full_like(GRAY, 255)])
    np.testing.assert_array_equal(read_image(opaque), read_image(COLOR))
    clear = np.dstack([COLOR, np.zeros_like(GRAY)])
    np.testing.assert_array_equal(read_image(clear), np.ones(COLOR.shape))


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (COLOR.astype(float), ValueError, "ranges from .* floats must lie in"),
        (np.full((2, 2), np.nan), ValueError, "not finite"),
        (COLOR[..., :2], ValueError, "has shape"),
        (COLOR[None], ValueError, "has shape"),
        (COLOR[:0], ValueError, "has shape"),
        (COLOR.astype(complex), TypeError, "has dtype complex128"),
        (COLOR.astype(str), TypeError, "has dtype"),
        (COLOR.astype(object), TypeError, "has dtype object"),
        (b"abc", ValueError, "has shape"),
        (xr.DataArray(GRAY, dims=("y", "x")), ValueError, "has the dimensions"),
        (np.ma.masked_equal(GRAY, GRAY[0, 0]), TypeError, "masked entries"),
    ],
)
def test_arrays_that_are_no_images_are_refused(image, error, words):
    with pytest.raises(error, match=f"`image` .*{words}"):
        read_image(image)


def test_a_path_may_begin_with_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Image.fromarray(GRAY).save(tmp_path / "gray.png")
    np.testing.assert_array_equal(read_image("~/gray.png"), read_image(GRAY))
    with pytest.raises(FileNotFoundError, match=r"`image` = '~/none\.png' names no"):
        read_image("~/none.png")


def test_a_file_too_large_for_any_image_is_not_read(tmp_path):
    path = tmp_path / "film.png"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # takes no room on most disks
    with pytest.raises(ValueError, match=r"'.*film\.png' has 1024 MB, more than any"):
        read_image(path)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(b"")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    words = r"`image` = '.*secret.png' cannot be read \(Permission denied\)"
    with pytest.raises(PermissionError, match=words):
        read_image(path)
