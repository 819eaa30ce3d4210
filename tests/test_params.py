"""Parameters check, explain and bound themselves from one declaration."""

from __future__ import annotations

import ast
import datetime
import decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from explorer import params

ALL = [value for value in vars(params).values() if isinstance(value, params.Parameter)]
every = pytest.mark.parametrize("parameter", ALL, ids=lambda p: p.name)


@every
def test_defaults_and_sliders_are_admissible(parameter):
    low, high, increment = parameter.slider
    assert parameter.check(low) <= parameter.default <= parameter.check(high)
    # one move leaves both ends apart, and the whole way is no endless one
    length = np.log10(high / low) if parameter.log else high - low
    assert increment <= length <= 1000.0 * increment


@every
def test_admissible_ranges_are_spelled_in_full(parameter):
    open_ends, closed_ends = (" above ", " and at most "), (" from ", " to ")
    begin, to = open_ends if parameter.open_low else closed_ends
    kind, ends = parameter.admissible.split(begin)
    assert kind == ("an integer" if parameter.integer else "a finite number")
    low, high = ends.split(to)
    assert (float(low), float(high)) == (parameter.low, parameter.high)
    if parameter.integer:  # no powers of ten
        assert low.isdigit()
        assert high.isdigit()


@every
def test_names_are_unique_and_meanings_are_given(parameter):
    same = [p for p in ALL if p.name == parameter.name]
    assert parameter.meaning
    assert len({p.meaning for p in same}) == len(same)  # or it is one parameter


@every
def test_bounds_are_admissible_unless_open(parameter):
    assert parameter.check(parameter.high) == parameter.high
    if parameter.open_low:
        with pytest.raises(ValueError, match="out of range"):
            parameter.check(parameter.low)
    else:
        assert parameter.check(parameter.low) == parameter.low


@every
@pytest.mark.parametrize(
    "value", [np.nan, np.inf, -np.inf, -1, 1e300, 10**400, -(10**400)], ids=str
)
def test_numbers_out_of_range_are_refused_with_value_and_range(parameter, value):
    with pytest.raises(ValueError, match=f"`{parameter.name}` = ") as caught:
        parameter.check(value)
    assert repr(value) in str(caught.value)
    assert parameter.admissible in str(caught.value)


@every
@pytest.mark.parametrize(
    "value",
    [None, True, np.True_, "3", b"3", 1j, [1], (1,), {}, np.array(1), np.array([1])],
    ids=repr,
)
def test_what_is_no_number_is_refused_with_its_type(parameter, value):
    with pytest.raises(TypeError, match=f"`{parameter.name}` = ") as caught:
        parameter.check(value)
    assert type(value).__name__ in str(caught.value)
    assert parameter.admissible in str(caught.value)


@every
def test_numbers_of_any_type_become_plain_ones(parameter):
    whole = max(1, round(parameter.low)) if parameter.high >= 1 else 0
    for kind in (np.float32, np.int8, np.uint64, Fraction):
        checked = parameter.check(kind(whole))
        assert checked == whole
        assert type(checked) is (int if parameter.integer else float)


@pytest.mark.parametrize("value", [1.5, np.float32(2.5), Fraction(7, 2)])
def test_integers_are_not_rounded(value):
    with pytest.raises(ValueError, match="it must be an integer"):
        params.DIM.check(value)


@pytest.mark.parametrize(
    "value",
    [
        np.timedelta64(1), np.timedelta64(5, "s"), np.timedelta64("NaT"),
        np.datetime64(5, "s"), datetime.timedelta(seconds=1), decimal.Decimal(1),
        np.bool_(True), np.array(1.0), np.array([1.0]), xr.DataArray(1.0), None, "", [],
        np.ma.masked, 1 + 0j,
    ],
    ids=lambda value: f"{type(value).__name__} {value}",
)  # fmt: skip
@pytest.mark.parametrize("parameter", ["TIME", "DIM", "RANK"])
def test_what_is_no_number_is_refused(parameter, value):
    declared = getattr(params, parameter)
    with pytest.raises(TypeError, match=f"`{declared.name}` = .*it must be"):
        declared.check(value)


@pytest.mark.parametrize(
    "value",
    [Fraction(3), np.float16(3), np.longdouble(3), np.uint8(3), np.int64(3)],
    ids=lambda value: type(value).__name__,
)
def test_other_kinds_of_real_numbers_are_taken_right(value):
    assert params.TIME.check(value) == 3.0
    assert type(params.TIME.check(value)) is float
    assert type(params.DIM.check(value)) is int


def test_a_number_too_long_for_a_message_is_refused():
    with pytest.raises(ValueError, match="`time` = <int> is out of range"):
        params.TIME.check(10**5000)


OTHER_MEANING = {
    ("geometry/manifold.py", "time"),  # of a geodesic: half way
    ("flow/evolution.py", "dim"),  # of the space that was used, if there was one
}
"""Defaults whose names stand for something else than the parameter."""


def literal_defaults(path):
    """Names of arguments and fields of a module whose default is a literal number."""
    pairs = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
            defaults = node.args.defaults
            pairs += zip(names[len(names) - len(defaults) :], defaults, strict=True)
            more = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            pairs += [(a.arg, default) for a, default in more]
        elif isinstance(node, ast.ClassDef):
            fields = [f for f in node.body if isinstance(f, ast.AnnAssign)]
            pairs += [(f.target.id, f.value) for f in fields]
    plain = [(name, v.value) for name, v in pairs if isinstance(v, ast.Constant)]
    return {name for name, value in plain if type(value) in (int, float)}


@pytest.mark.slow
def test_no_default_of_a_parameter_is_declared_twice():
    package, names = Path(params.__file__).parent, {p.name for p in ALL}
    found = {
        (path.relative_to(package).as_posix(), name)
        for path in package.rglob("*.py")
        if "kit" not in path.parts
        for name in literal_defaults(path) & names
    }
    assert found <= OTHER_MEANING


def test_messages_have_one_form():
    text = params.must("noise", "a number", "x" * 10_000, "lower it")
    assert text.startswith("`noise` must be a number, got 'xxx")
    assert text.endswith("…; lower it")


def test_values_are_shown_whole_unless_they_are_too_long():
    fits = "x" * (params.LONGEST_REPR - 2)  # two quotation marks around
    assert params.shown(fits) == repr(fits)
    cut = params.shown(fits + "x")
    assert len(cut) == params.LONGEST_REPR
    assert cut == repr(fits)[:-1] + "…"
