"""The door between plain and labeled arrays."""

from __future__ import annotations

import decimal
from fractions import Fraction

import numpy as np
import pytest
import xarray as xr

from explorer import dims

FIELD = np.arange(24.0).reshape(2, 3, 4)


def test_labeled_gives_names_and_attributes():
    array = dims.labeled(FIELD, dims.LABEL_FIELD, symbol="V")
    assert array.dims == ("label", "row", "col")
    assert array.attrs == {"symbol": "V"}


def test_raw_undoes_labeled_in_any_order():
    array = dims.labeled(FIELD, dims.LABEL_FIELD)
    for order in (("row", "label", "col"), ("col", "row", "label")):
        back = dims.raw("x", array.transpose(*order), dims.LABEL_FIELD)
        np.testing.assert_array_equal(back, FIELD)
        assert back.flags.c_contiguous


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (FIELD[0], ValueError, r"`x` has shape \(3, 4\); needed are 3 dimensions"),
        (FIELD[:0], ValueError, r"`x` has shape \(0, 3, 4\).*at least one entry"),
        (FIELD.astype(complex), TypeError, "`x` has dtype complex128"),
        (FIELD.astype(str), TypeError, r"`x` has dtype <U.*astype\(float\)"),
        (np.full((2, 3, 4), None), TypeError, "`x` has dtype object"),
        (None, TypeError, "`x` has dtype object"),
        ([[[1.0], [1.0, 2.0]]], TypeError, "`x` is a list .* equal lengths"),
        (xr.Dataset({"x": 1}), TypeError, "`x` is a Dataset .* DataArray"),
        (xr.DataArray(FIELD, dims=("a", "b", "c")), ValueError, "rename or select"),
    ],
)
def test_raw_names_the_argument_and_the_cure(value, error, words):
    with pytest.raises(error, match=words):
        dims.raw("x", value, dims.LABEL_FIELD)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_finite_field_says_where_it_is_not(bad):
    field = FIELD.copy()
    field[1, 2, 3] = bad
    where = r"`x` holds 1 entries .* at \{'label': 1, 'row': 2, 'col': 3\}"
    with pytest.raises(ValueError, match=where):
        dims.finite_field("x", field, dims.LABEL_FIELD)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, float])
def test_labels_of_any_real_type_become_integers(dtype):
    labels = np.array([[0, 1], [1, 0]]).astype(dtype)
    checked = dims.label_field("x", labels, (2, 2), 2)
    assert checked.dtype == np.intp
    np.testing.assert_array_equal(checked, [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        ([[0.5, 0.0]], TypeError, "no integers"),
        ([[np.nan, 0.0]], TypeError, "no integers"),
        ([[np.inf, 0.0]], TypeError, "no integers"),
        ([[-1, 0]], ValueError, "from -1 to 0; admissible are 0 to 2"),
        ([[0, 3]], ValueError, "from 0 to 3; admissible are 0 to 2 .*renumber"),
        ([[1e300, 0]], ValueError, "from 0 to 1e"),
        ([[0], [0]], ValueError, r"shape \(2, 1\); needed is .* \(1, 2\)"),
    ],
)
def test_label_field_names_what_is_wrong(labels, error, words):
    with pytest.raises(error, match=words):
        dims.label_field("x", labels, (1, 2), 3)


WHOLE = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "value",
    [
        WHOLE.astype(">f8"),
        WHOLE.astype(">i2"),
        WHOLE.astype(">u8"),
        WHOLE.astype("f2"),
        WHOLE.astype(np.longdouble),
        WHOLE.astype(object),
        np.vectorize(Fraction, otypes=[object])(WHOLE),
        WHOLE.tolist(),
        np.asfortranarray(WHOLE),
        WHOLE[::-1, :, ::-1].copy()[::-1, :, ::-1],
        np.repeat(WHOLE, 2, axis=-1)[..., ::2],
        np.broadcast_to(WHOLE[None], (1, 2, 3, 4))[0],
        np.ma.masked_array(WHOLE, False),
        xr.DataArray(WHOLE.astype(">f4"), dims=dims.LABEL_FIELD),
        memoryview(WHOLE),
    ],
    ids=[
        ">f8", ">i2", ">u8", "f2", "longdouble", "object", "Fraction", "list",
        "fortran",
        "reversed", "strided", "read-only", "nothing masked", ">f4", "buffer",
    ],
)  # fmt: skip
def test_the_same_numbers_in_any_storage_are_the_same(value):
    array = dims.raw("x", value, dims.LABEL_FIELD)
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array, WHOLE)
    field = dims.finite_field("x", value, dims.LABEL_FIELD)
    assert field.dtype == np.float64
    np.testing.assert_array_equal(field, FIELD)


@pytest.mark.parametrize(
    "entry",
    [True, np.bool_(True), "1", None, 1j, np.timedelta64(1), decimal.Decimal(1), [1]],
    ids=lambda e: type(e).__name__,
)
def test_objects_that_are_no_real_numbers_are_refused(entry):
    array = WHOLE.astype(object)
    array[0, 0, 0] = entry
    with pytest.raises(TypeError, match="`x` has dtype object"):
        dims.raw("x", array, dims.LABEL_FIELD)


def test_whole_objects_stay_exact():
    exact = dims.raw("x", np.array([2**62 + 1, 0], dtype=object), ("node",))
    assert exact.tolist() == [2**62 + 1, 0]


def test_masks_are_found_in_lists_too():
    row = np.ma.masked_array([1.0, 2.0], [False, True])
    for value in (row, [row, row], [[1.0, np.ma.masked]], [(row,), (row,)]):
        with pytest.raises(TypeError, match="`x` has masked entries"):
            dims.plain("x", value)


class Broken:
    """What some libraries do, with errors of their own."""

    def __array__(self, *_, **__):
        raise RuntimeError("detach it first")


def test_whatever_makes_no_array_is_refused_by_name():
    with pytest.raises(TypeError, match="`x` is a Broken that makes no array"):
        dims.plain("x", Broken())


def test_numbers_beyond_float64_are_infinite():
    with pytest.raises(ValueError, match="`x` holds 1 entries that are not finite"):
        dims.finite_field("x", np.array([np.longdouble("1e4000"), 0]), ("node",))
