"""The door between plain and labeled arrays."""

from __future__ import annotations

import decimal
import warnings
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
    with pytest.raises(TypeError):  # coordinates are named, as attributes are
        dims.labeled(FIELD, dims.LABEL_FIELD, {})


def test_raw_undoes_labeled_in_any_order():
    array = dims.labeled(FIELD, dims.LABEL_FIELD)
    for order in (("row", "label", "col"), ("col", "row", "label")):
        back = dims.raw("x", array.transpose(*order), dims.LABEL_FIELD)
        np.testing.assert_array_equal(back, FIELD)
        assert back.flags.c_contiguous


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (FIELD[0], ValueError, r"`x` has shape \(3, 4\); it must have 3 dimensions"),
        (FIELD[None], ValueError, r"`x` has shape \(1, 2, 3, 4\); it must have 3"),
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
    field[0, 1, 2] = field[1, 0, 0] = bad
    first = (
        rf"holds 3 entries .* first is {bad} at \{{'label': 0, 'row': 1, 'col': 2\}}"
    )
    with pytest.raises(ValueError, match=first):
        dims.finite_field("x", field, dims.LABEL_FIELD)


@pytest.mark.parametrize(
    "dtype", ["f4", "f8", "f2", "i1", "i8", "u2", "?", np.longdouble], ids=str
)
def test_fields_are_float64_and_float32_only_where_it_is_kept(dtype):
    value = np.ones((2, 3, 4), dtype)
    assert dims.finite_field("x", value, dims.LABEL_FIELD).dtype == np.float64
    kept = dims.finite_field("x", value, dims.LABEL_FIELD, keep=True)
    assert kept.dtype == (np.float32 if dtype == "f4" else np.float64)


@pytest.mark.parametrize(
    "door",
    [
        lambda x: dims.plain("x", x),
        lambda x: dims.raw("x", x, dims.LABEL_FIELD),
        lambda x: dims.finite_field("x", x, dims.LABEL_FIELD),
    ],
    ids=["plain", "raw", "finite_field"],
)
def test_what_is_right_already_is_not_copied(door):
    assert np.shares_memory(door(FIELD), FIELD)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, float])
def test_labels_of_any_real_type_become_integers(dtype):
    labels = np.array([[0, 1], [1, 0]]).astype(dtype)
    checked = dims.label_field("x", labels, (2, 2), 2)
    assert checked.dtype == np.intp
    np.testing.assert_array_equal(checked, [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        ([[0.5, 0.0]], TypeError, "not integers"),
        ([[np.nan, 0.0]], TypeError, "not integers"),
        ([[np.inf, 0.0]], TypeError, "not integers"),
        ([[-1, 0]], ValueError, "from -1 to 0; they must be from 0 to 2"),
        ([[0, 3]], ValueError, "from 0 to 3; they must be from 0 to 2 .*renumber"),
        ([[1e300, 0]], ValueError, "from 0 to 1e"),
        ([[0], [0]], ValueError, r"shape \(2, 1\); it must have .* \(1, 2\)"),
        ([[0]], ValueError, r"shape \(1, 1\); it must have .* \(1, 2\)"),
    ],
)
def test_label_field_names_what_is_wrong(labels, error, words):
    with pytest.raises(error, match=words):
        dims.label_field("x", labels, (1, 2), 3)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 9])
def test_labels_run_from_zero_to_one_less_than_their_count(count):
    for k in range(count):
        assert dims.label_field("x", [[k, k]], (1, 2), count).tolist() == [[k, k]]
    with pytest.raises(ValueError, match=rf"0 to {count - 1} \(there are {count} "):
        dims.label_field("x", [[0, count]], (1, 2), count)
    with pytest.raises(TypeError, match=rf"integers from 0 to {count - 1}: round"):
        dims.label_field("x", [[0, 0.5]], (1, 2), count)


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


@pytest.mark.parametrize("number", [2**63 - 1, 1 - 2**63])
def test_whole_objects_that_fit_become_integers(number):
    assert dims.raw("x", np.array([number, 0], object), ("node",)).tolist()[0] == number


@pytest.mark.parametrize("number", [2**63, -(2**63), 2**64, Fraction(1, 2)], ids=str)
def test_other_objects_become_floats(number):
    array = dims.raw("x", np.array([number, 0], object), ("node",))
    assert array.dtype == np.float64
    assert array[0] == number


def test_integers_beyond_the_floats_are_refused():
    with pytest.raises(ValueError, match="`x` must be numbers up to 1e308"):
        dims.raw("x", np.array([10**400, 0], object), ("node",))


def test_numbers_keep_their_type():
    for dtype in ("f4", "i2", "?"):
        array = np.ones(3, dtype)
        assert dims.real_numbers("x", array) is array


class Lazy:
    """An array of 2 × 3 numbers that is computed when someone asks, as Dask's is."""

    shape, dtype, ndim = (2, 3), np.dtype("f8"), 2

    def __dask_graph__(self):
        return {"a": "task"}

    def compute(self):
        return np.ones(self.shape, self.dtype)


def test_a_lazy_array_says_its_size():
    size = f"{Lazy().compute().nbytes / 1e6:.3g}"
    with pytest.warns(UserWarning, match=rf"`x` is a lazy array of {size} MB"):
        array = dims.plain("x", Lazy())
    np.testing.assert_array_equal(array, Lazy().compute())


def test_a_warning_that_is_an_error_stays_what_it_is():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="`x` is a lazy array"):
            dims.plain("x", Lazy())


def test_dimensions_are_counted_without_computing():
    assert dims.axes_of("x", Lazy()) == 2  # a warning would be an error
    assert dims.axes_of("x", FIELD) == 3
    assert dims.axes_of("x", FIELD.tolist()) == 3


def test_digests_tell_shapes_types_contents_and_order_apart():
    a, b = np.arange(6.0), np.arange(6.0) + 1
    others = [(a.reshape(2, 3),), (a.astype("f4"),), (b,), (a, b), (b, a), (a, a), ()]
    digests = [dims.fingerprint(a), *(dims.fingerprint(*arrays) for arrays in others)]
    assert len(set(digests)) == len(digests)
    assert dims.fingerprint(a.copy(), b[::-1][::-1]) == dims.fingerprint(a, b)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_values_of_images_can_be_squared_and_summed(sign):
    most = sign * dims.LARGEST
    dims.refuse_huge("x", np.array([most, 0.0]))
    assert np.isfinite(1e8 * most**2)  # over 10⁸ pixels
    with pytest.raises(ValueError, match=r"`x` ranges from .* too far to be squared"):
        dims.refuse_huge("x", np.array([np.nextafter(most, sign * np.inf), 0.0]))


@pytest.mark.parametrize("value", [np.float32, "float32", "f4", float, np.dtype("f8")])
def test_flows_are_computed_in_two_types(value):
    assert dims.checked_dtype(value) == np.dtype(value)


@pytest.mark.parametrize(
    "value", [None, "half", np.float16, int, 3, [], "f16", complex]
)
def test_other_types_are_refused(value):
    with pytest.raises(ValueError, match=r"`dtype` = .* is unknown"):
        dims.checked_dtype(value)


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
