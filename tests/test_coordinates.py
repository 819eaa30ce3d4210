"""Coordinates of two arguments meet exactly, or are refused by name."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from explorer.coordinates import Coordinates, require_neighbors

ROWS, COLS = [0.5, 1.0, 1.5], ["a", "b"]
FIELD = xr.DataArray(
    np.arange(6.0).reshape(3, 2),
    dims=("row", "col"),
    coords={
        "row": ("row", ROWS, {"units": "mm"}),
        "col": COLS,
        "lon": (("row", "col"), np.arange(6.0).reshape(3, 2)),
        "spatial_ref": ((), 0, {"crs_wkt": "EPSG:4326"}),
    },
    attrs={"crs": "EPSG:4326", "units": "distance", "long_name": "D"},
)
OWN = Coordinates.of("distances", FIELD, FIELD.dims)


def bare(values, **coords):
    return xr.DataArray(values, dims=("row", "col"), coords=coords)


def test_results_carry_coordinates_with_their_attributes_and_those_of_place():
    found = OWN.label(np.zeros((3, 2)), ("row", "col"), symbol="V")
    assert found.attrs == {"crs": "EPSG:4326", "symbol": "V"}
    assert set(found.coords) == {"row", "col", "lon", "spatial_ref"}
    assert found.row.attrs == {"units": "mm"}
    assert found.spatial_ref.attrs == {"crs_wkt": "EPSG:4326"}
    xr.testing.assert_equal(found.lon, FIELD.lon)


def test_a_result_has_only_coordinates_along_its_dimensions():
    found = OWN.label(np.zeros((4, 3)), ("label", "row"), {"drow": ("row", [7, 8, 9])})
    assert set(found.coords) == {"row", "spatial_ref", "drow"}
    assert OWN.at("row", 1).label(np.zeros(2), ("col",)).col.values.tolist() == COLS


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]], ids=str)
def test_the_same_coordinates_in_another_order_are_put_in_order(order):
    found = OWN.align("labels", FIELD.isel(row=order, col=[1, 0]))
    np.testing.assert_array_equal(found.values, FIELD.values)


@pytest.mark.parametrize(
    "value",
    [
        FIELD.values[::-1],
        bare(FIELD.values[::-1]),
        bare(FIELD.values[::-1], row=ROWS),
        FIELD.transpose("col", "row"),
        bare(FIELD.values, row=[0.5, 1, 1.5]),
    ],
    ids=["plain", "no coordinates", "equal rows", "transposed", "other types"],
)
def test_without_other_coordinates_positions_count(value):
    assert OWN.align("labels", value) is value


@pytest.mark.parametrize(
    "rows",
    [
        [0.5, 1.0, 1.6],
        [0.5, 1.0, 1.0],
        [0.5, np.nan, 1.5],
        ["a", "b", "c"],
        np.array([0, 1, 2], "datetime64[s]"),
        pd.interval_range(0, 3),
    ],
    ids=["other", "repeated", "NaN", "texts", "dates", "intervals"],
)
def test_other_coordinates_are_refused_by_name_and_dimension(rows):
    words = r"`labels` has other coordinates along `row` than `distances`.*\.sel\(row"
    with pytest.raises(ValueError, match=words):
        OWN.align("labels", bare(FIELD.values, row=rows))


def test_fewer_or_more_coordinates_are_refused():
    for value in (FIELD.isel(row=[0, 1]), FIELD.isel(row=[0, 1, 2, 2])):
        with pytest.raises(ValueError, match="`labels` has other coordinates along"):
            OWN.align("labels", value)


@pytest.mark.parametrize("rows", [[1.0, 1.0, 2.0], [np.nan, 1.0, 2.0]], ids=str)
def test_repeated_and_missing_coordinates_match_where_they_are_equal(rows):
    value = bare(FIELD.values, row=rows)
    own = Coordinates.of("distances", value, value.dims)
    assert own.align("labels", value) is value
    with pytest.raises(ValueError, match="repeated or missing"):
        own.align("labels", value.isel(row=[1, 2, 0]))


def test_a_coordinate_that_is_no_index_must_agree():
    value = bare(FIELD.values, lon=(("row", "col"), FIELD.lon.values[::-1]))
    with pytest.raises(ValueError, match=r"another coordinate `lon`.*drop_vars"):
        OWN.align("labels", value)
    assert OWN.align("labels", value.drop_vars("lon")) is not None


def test_nobody_else_writes_into_coordinates():
    lon = np.arange(6.0).reshape(3, 2)
    given = bare(FIELD.values, lon=(("row", "col"), lon))
    own = Coordinates.of("distances", given, given.dims)
    lon[:] = -1.0
    found = own.label(np.zeros((3, 2)), ("row", "col"))
    np.testing.assert_array_equal(found.lon, FIELD.lon)
    with contextlib.suppress(ValueError):  # a copy, or read-only
        found.lon.values[0, 0] = 5.0
    again = own.label(np.zeros((3, 2)), ("row", "col"))
    np.testing.assert_array_equal(again.lon, FIELD.lon)


def test_weights_of_other_neighbors_are_refused():
    mine = {"drow": ("offset", np.array([-1, 0, 1]))}
    weights = xr.DataArray(np.ones(3), dims="offset", coords=mine)
    require_neighbors("weights", weights, mine)
    require_neighbors("weights", weights.drop_vars("drow"), mine)
    for other in ([1, 0, -1], [-1.0, 0.0, np.nan]):
        with pytest.raises(ValueError, match=r"`weights` .*`drow`.*sortby\(\['drow'\]"):
            require_neighbors(
                "weights", weights.assign_coords(drow=("offset", other)), mine
            )
