"""Kinds of arguments, and the hostile values of each with what must become of them."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
import xarray as xr

from explorer.params import Parameter


class Demand(enum.Enum):
    """What must become of a value; each allows an error that names the argument."""

    REFUSED = "refused, naming the argument"
    SAME = "refused by name, or the result of the good value"
    FINITE = "refused by name, or a finite result"
    ANY = "refused by name, or any result"


REFUSED, SAME, FINITE, ANY = Demand


class Hostile(NamedTuple):
    """A value that somebody may pass, and what must become of it."""

    name: str
    value: Any
    demand: Demand


def all_of(demand: Demand, **values: Any) -> Iterator[Hostile]:
    """Values of one demand, by name."""
    for name, value in values.items():
        yield Hostile(name, value, demand)


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of argument with a good value; `allow` changes the demands of some.

    make : called for the good value, where making it costs something.
    more : hostile values of this argument alone.
    """

    good: Any = None
    allow: Mapping[str, Demand] = field(default_factory=dict)
    more: Sequence[tuple[str, Any, Demand]] = ()
    make: Callable[[], Any] | None = None

    @property
    def value(self) -> Any:
        return self.make() if self.make else self.good

    def hostile(self) -> Iterator[Hostile]:
        """Fresh values: some, such as iterators, can be used once."""
        own = [Hostile(*m) for m in self.more]
        names = {h.name for h in own}
        for h in self.own():
            if h.name not in names:
                yield h._replace(demand=self.allow.get(h.name, h.demand))
        yield from own

    def own(self) -> Iterator[Hostile]:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Number(Kind):
    """A scalar within bounds, or an integer."""

    low: float = -math.inf
    high: float = math.inf
    integer: bool = False
    open_low: bool = False

    def own(self) -> Iterator[Hostile]:
        good = self.good
        yield from all_of(
            REFUSED, text="abc", digits=str(good), bytes=b"1", true=True, false=False,
            numpy_true=np.True_, imaginary=1j, complex_real=complex(good), list=[good],
            tuple=(good,), dict={}, array1=np.array([good]), empty=np.array([]),
            object=object(), cls=float, function=lambda: 1, set={good},
            instant=np.datetime64(5, "s"), duration=np.timedelta64(5, "s"),
            bare_duration=np.timedelta64(1), no_time=np.timedelta64("NaT"),
            timedelta=datetime.timedelta(seconds=1), pandas_delta=pd.Timedelta("1s"),
            missing=pd.NA, series=pd.Series([good]), masked=np.ma.masked,
            dataset=xr.Dataset(), dataarray1=xr.DataArray([good], dims="x"),
            none=None, empty_text="", huge_int=10**400, minus_huge=-(10**400),
            nan=math.nan, nan32=np.float32("nan"), nan_decimal=decimal.Decimal("nan"),
            inf=math.inf, minus_inf=-math.inf,
        )  # fmt: skip
        for value in (-1, -1e-300, 0, -0.0, 5e-324, 1e-300, 1e308, 2**63, 10**9, 2.5):
            yield Hostile(f"{value!r}", value, self.demand_of(value))
        if math.isfinite(self.high):
            above = self.high + 1 if self.integer else math.nextafter(self.high, 1e99)
            yield Hostile("above", above, REFUSED)
        if math.isfinite(self.low):
            step = self.low - 1 if self.integer else math.nextafter(self.low, -1e99)
            yield Hostile("below", self.low if self.open_low else step, REFUSED)
        yield from all_of(
            SAME, numpy=np.float64(good), as_float=float(good), zero_d=np.array(good),
            fraction=fractions.Fraction(good), decimal=decimal.Decimal(good),
            dataarray=xr.DataArray(good), swapped=np.array([good], ">f8")[0],
            longdouble=np.longdouble(good),
        )  # fmt: skip
        if good == int(good):
            yield from all_of(SAME, int8=np.int8(good), uint64=np.uint64(good))
        yield from all_of(FINITE, float32=np.float32(good), float16=np.float16(good))

    def demand_of(self, value: float) -> Demand:
        below = value <= self.low if self.open_low else value < self.low
        broken = below or value > self.high or (self.integer and value != round(value))
        return REFUSED if broken else FINITE


def number(parameter: Parameter, good: float, **options: Any) -> Number:
    """A scalar that is declared in `params`."""
    return Number(
        good, low=parameter.low, high=parameter.high, integer=parameter.integer,
        open_low=parameter.open_low, **options,
    )  # fmt: skip


def whole(good: int, low: float, high: float, **options: Any) -> Number:
    """An integer within bounds that `params` does not declare."""
    return Number(good, low=low, high=high, integer=True, **options)


def spoiled(array: Any, value: float) -> np.ndarray:
    """A copy in floating point with one entry, in the middle, replaced."""
    copy = np.array(array, float)
    copy.flat[copy.size // 2] = value
    return copy


@dataclass(frozen=True, eq=False)
class Array(Kind):
    """An array with named dimensions; other shapes are refused unless `free`."""

    dims: tuple[str, ...] = ()
    free: bool = False

    def own(self) -> Iterator[Hostile]:
        a = np.asarray(self.value)
        yield from self.no_numbers(a)
        yield from self.other_shapes(a)
        yield from self.same_numbers(a)
        if self.dims:
            yield from self.named(a)
        yield from self.of_values(a)

    def no_numbers(self, a: np.ndarray) -> Iterator[Hostile]:
        yield from all_of(
            REFUSED, text="abc", bytes=b"abc", dict={}, set={1.0}, object=object(),
            cls=int, none=None, complex=a + 1j, complex_real=a.astype(complex),
            strings=a.astype(str), object_text=np.full(a.shape, "a", object),
            object_none=np.full(a.shape, None, object),
            instants=np.ones(a.shape, "M8[s]"), durations=np.ones(a.shape, "m8[s]"),
            struct=np.zeros(a.shape, [("x", float)]), void=np.zeros(a.shape, "V8"),
            ragged=[[1.0], [1.0, 2.0]], empty_list=[], generator=(x for x in a),
            dataset=xr.Dataset({"x": ((), 1.0)}), sparse=sp.csr_array(np.eye(3)),
            missing=pd.array([1, None], dtype="Int64"),
            none_entry=[*a.tolist()[1:], None],
            nan=spoiled(a, np.nan), all_nan=np.full(a.shape, np.nan),
            inf=spoiled(a, np.inf), minus_inf=spoiled(a, -np.inf),
            nan32=spoiled(a, np.nan).astype("f4"),
            one_masked=np.ma.masked_array(a, np.arange(a.size).reshape(a.shape) == 1),
            all_masked=np.ma.masked_all(a.shape), empty=a[:0], empty_axis=a[..., :0],
        )  # fmt: skip

    def other_shapes(self, a: np.ndarray) -> Iterator[Hostile]:
        demand = FINITE if self.free else REFUSED
        yield from all_of(
            REFUSED, axis_more=a[..., None], axis_before=a[None], zero_d=np.array(1.0),
            scalar=0.5,
        )  # fmt: skip
        yield Hostile("axis_less", a[..., 0], REFUSED)
        if a.ndim > 1:
            yield Hostile("flat", a.ravel(), REFUSED)
            turned = np.moveaxis(a, 0, -1)
            same = turned.shape == a.shape
            yield Hostile("turned", turned, FINITE if self.free or same else REFUSED)
        corner = a[tuple(slice(0, max(1, n - 1)) for n in a.shape)]
        yield from all_of(
            demand, corner=corner, short=a[..., :-1], doubled=np.concatenate([a, a])
        )

    def same_numbers(self, a: np.ndarray) -> Iterator[Hostile]:
        yield from all_of(
            SAME, list=a.tolist(), fortran=np.asfortranarray(a),
            swapped=a.astype(a.dtype.newbyteorder(">")),
            strided=np.repeat(a, 2, axis=-1)[..., ::2],
            backward=a[..., ::-1].copy()[..., ::-1],
            none_masked=np.ma.masked_array(a), objects=a.astype(object),
            read_only=np.broadcast_to(a, a.shape), longdouble=a.astype(np.longdouble),
        )  # fmt: skip
        if a.ndim == 2:
            yield from all_of(SAME, frame=pd.DataFrame(a), matrix=matrix_of(a))
        yield from all_of(FINITE, float16=a.astype("f2"), float32=a.astype("f4"))

    def named(self, a: np.ndarray) -> Iterator[Hostile]:
        d, last = xr.DataArray(a, dims=self.dims), self.dims[-1]
        yield from all_of(
            REFUSED, other_dims=d.rename({dim: f"{dim}_" for dim in self.dims}),
            one_other_dim=d.rename({last: "unknown"}),
            dim_more=d.expand_dims("unknown"),
        )  # fmt: skip
        yield from all_of(
            SAME, named=d, dims_turned=d.transpose(*self.dims[::-1]),
            odd_attrs=d.assign_attrs(x=object()),
            coords_twice=d.assign_coords({last: np.zeros(a.shape[-1])}),
            coords_nan=d.assign_coords({last: np.full(a.shape[-1], np.nan)}),
            coords_back=d.assign_coords({last: np.arange(a.shape[-1])[::-1]}),
        )  # fmt: skip

    def of_values(self, a: np.ndarray) -> Iterator[Hostile]:
        yield from all_of(
            FINITE, zeros=0.0 * a, negative=-a, huge=1e308 * np.sign(a - a.mean()),
            one_huge=spoiled(a, 1e308), large=a * 1e200, tiny=np.full(a.shape, 5e-324),
            ints=np.ones(a.shape, int), bools=a > a.mean(),
            unsigned=np.full(a.shape, 2**64 - 1, np.uint64),
        )  # fmt: skip


def matrix_of(a: np.ndarray) -> np.matrix:
    """What old code, and SciPy, hand on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy would rather have no matrices
        return np.asmatrix(a)


@dataclass(frozen=True, eq=False)
class Simplex(Array):
    """Positive numbers with sum one along an axis: weights, base points."""

    axis: int = 0

    def of_values(self, a: np.ndarray) -> Iterator[Hostile]:
        yield from all_of(
            REFUSED, zeros=0 * a, negative=-a, one_negative=spoiled(a, -0.5),
            twice=2 * a, one_huge=spoiled(a, 1e308), large=a * 1e300, off=1.01 * a,
            tiny=np.full(a.shape, 5e-324), ints=np.ones(a.shape, int),
            bools=a > a.mean(), unsigned=np.full(a.shape, 2**64 - 1, np.uint64),
        )  # fmt: skip
        for least in (5e-324, 0.0):  # at the boundary, and on it
            b = np.moveaxis(a, self.axis, 0)
            edge = np.concatenate(
                [np.full_like(b[:1], least), b[1:] / b[1:].sum(axis=0)]
            )
            yield Hostile(f"edge {least:g}", np.moveaxis(edge, 0, self.axis), FINITE)
        if self.dims[:1] == ("offset",) and len(a) == 9:
            yield Hostile("of_other_offsets", turned_offsets(a, self.dims), REFUSED)


def turned_offsets(a: np.ndarray, dims: Sequence[str]) -> xr.DataArray:
    """Weights whose coordinates say of each that it is of the neighbor across."""
    rows, cols = np.repeat([1, 0, -1], 3), np.tile([1, 0, -1], 3)
    return xr.DataArray(
        a, dims=dims, coords={"drow": ("offset", rows), "dcol": ("offset", cols)}
    )


@dataclass(frozen=True, eq=False)
class Labels(Array):
    """Integers 0 … J−1; more of them are refused where `count` is given."""

    count: int | None = None

    def of_values(self, a: np.ndarray) -> Iterator[Hostile]:
        yield from all_of(
            REFUSED, negative=a - 1, half=a + 0.5, huge=np.full(a.shape, 2**62),
            almost=a + 1e-9, one_huge=spoiled(a, 1e300),
            unsigned=np.full(a.shape, 2**64 - 1, np.uint64),
        )  # fmt: skip
        if self.count is not None:
            yield Hostile("beyond", a + self.count, REFUSED)
        yield from all_of(SAME, floats=a.astype(float), bytes_=a.astype("u1"))
        yield Hostile("bools", a > a.mean(), FINITE)


@dataclass(frozen=True, eq=False)
class Picture(Array):
    """Gray values or colors in 0 … 1, or integers of 8 or 16 bits."""

    def of_values(self, a: np.ndarray) -> Iterator[Hostile]:
        yield from all_of(
            REFUSED, above=2 * a + 1, negative=-a - 0.1, ints=np.full(a.shape, 7),
            signed=np.full(a.shape, -3, "i1"), wide=(a * 65535).astype("u4"),
        )  # fmt: skip
        yield from all_of(
            FINITE, bytes_=(a * 255).astype("u1"), words=(a * 65535).astype("u2"),
            zeros=0.0 * a, tiny=a * 5e-324, bools=a > a.mean(),
        )  # fmt: skip


NOTHINGS: dict[str, Any] = {
    "text": "abc", "empty_text": "", "bytes": b"x", "int": 3, "float": 1.5,
    "nan": math.nan, "true": True, "imaginary": 1j, "list": [None], "empty_list": [],
    "empty_tuple": (), "dict": {"a": 1}, "empty_dict": {}, "set": {1},
    "array": np.ones((3, 3)), "zero_d": np.array(1.0),
    "objects": np.array([None], object), "duration": np.timedelta64(5, "s"),
    "object": object(), "cls": int, "masked": np.ma.masked, "dataset": xr.Dataset(),
    "dataarray": xr.DataArray(1.0), "series": pd.Series([1.0]), "ellipsis": ...,
    "function": lambda *a: None, "error": ValueError("x"), "huge_int": 10**400,
    "none": None,
}  # fmt: skip
"""What is no record, no choice, and no list."""


@dataclass(frozen=True, eq=False)
class Thing(Kind):
    """A record of the library's, or one of a few choices."""

    def own(self) -> Iterator[Hostile]:
        yield from all_of(REFUSED, **NOTHINGS)
        good = self.value
        if good is not None and not isinstance(good, str | bool | FunctionType):
            yield Hostile("its_class", type(good), REFUSED)


@dataclass(frozen=True, eq=False)
class Several(Kind):
    """A sequence; longer and shorter ones are refused where `count` says so."""

    count: bool = False

    def own(self) -> Iterator[Hostile]:
        good = list(self.value)
        yield from all_of(REFUSED, **NOTHINGS)
        yield Hostile("tuple", tuple(good), SAME)
        yield from all_of(FINITE, iterator=iter(good))
        yield from all_of(REFUSED, bare=good[0], nested=[good])
        other = REFUSED if self.count else FINITE
        yield Hostile("too_long", [*good, good[0]], other)
        yield Hostile("too_short", good[:-1], other if len(good) > 1 else REFUSED)
        for name in ("none", "text", "nan", "imaginary", "true", "object", "duration"):
            yield Hostile(f"with_{name}", [*good[:-1], NOTHINGS[name]], REFUSED)
        bad = np.full((2, 2), np.nan)
        yield from all_of(
            REFUSED, with_dict=[*good[:-1], {}], with_array=[*good[:-1], bad],
            with_inf=[*good[:-1], math.inf], with_negative=[*good[:-1], -1.0],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Place(Kind):
    """A path; `output` where it is to be written, and any good name will do."""

    output: bool = False

    def own(self) -> Iterator[Hostile]:
        demands = dict.fromkeys(NOTHINGS, REFUSED) | {"text": FINITE}
        for name, value in NOTHINGS.items():
            yield Hostile(name, value, demands[name] if self.output else REFUSED)
        yield from all_of(
            REFUSED, folder="/tmp", no_folder="/nonexistent/folder/file.nc", nul="a\0b",
            long="a" * 5000, device="/dev/null",
        )  # fmt: skip
