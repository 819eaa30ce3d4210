"""`rowwise`: maps of plain arrays, simplex axis first, that accept labeled arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np
import xarray as xr

from explorer.coordinates import Coordinates
from explorer.dims import LABEL, computed, plain, real_numbers
from explorer.params import is_real, shown

POINTS, TIME = ("p", "q"), "time"
"""Names of the arguments that are points of the simplex, and of the one number."""

ROUNDINGS = 8
"""Roundings by which an entry of a point may be off: a softmax needs some."""

Fields = Mapping[str, Any]


def rowwise(
    reduces: bool = False, boundary: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Let a function on plain arrays, simplex axis first, accept labeled arrays, too.

    reduces : whether the simplex axis is summed over; boundary : whether the function
    is defined where entries of points are zero.
    """

    def decorate(function: Callable[..., np.ndarray]) -> Callable[..., Any]:
        signature = inspect.signature(function)

        @wraps(function)
        def apply(*arguments: Any, dim: str = LABEL, **options: Any) -> Any:
            bound = signature.bind(*arguments, **options)
            bound.apply_defaults()
            given = dict(bound.arguments)
            number = {TIME: checked_time(given.pop(TIME))} if TIME in given else {}
            check_dim(dim)

            def finish(fields: Fields) -> np.ndarray:
                for name in set(fields) & set(POINTS):
                    check_point(name, fields[name], boundary)
                return computed_map(function, fields, number)

            if any(isinstance(a, xr.DataArray) for a in given.values()):
                return on_labeled(finish, given, dim, reduces)
            return finish(aligned({k: real(k, v) for k, v in given.items()}))

        name_dim(apply, signature)
        return apply

    return decorate


def name_dim(function: Callable[..., Any], signature: inspect.Signature) -> None:
    """Show `dim` among the arguments of a function."""
    kind = inspect.Parameter.KEYWORD_ONLY
    last = inspect.Parameter("dim", kind, default=LABEL, annotation="str")
    parts = [*signature.parameters.values(), last]
    vars(function)["__signature__"] = signature.replace(parameters=parts)


def check_dim(dim: Any) -> None:
    """Raise unless `dim` is a name."""
    if not isinstance(dim, str):
        raise TypeError(
            f"`dim` must be the name of a dimension, got {shown(dim)}: pass "
            '"label" or "offset"'
        )


def checked_time(time: Any) -> float:
    """Return the place on a geodesic as a finite float."""
    if not is_real(time):
        raise TypeError(
            f"`time` must be a finite number, got {shown(time)}: 0 is at p, 1 at q"
        )
    try:
        number = float(time)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise ValueError(
            f"`time` must be a finite number, got {shown(time)}: 0 is at p, 1 at q"
        )
    return number


def real(argument: str, value: Any) -> np.ndarray:
    """Return a finite array of real numbers, of float64 unless it is narrower."""
    array = real_numbers(argument, plain(argument, value))
    if array.ndim == 0 or 0 in array.shape:
        raise ValueError(
            f"`{argument}` must have the entries of a vector along its first axis, "
            f"got the shape {array.shape}"
        )
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            array = array.astype(float)
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)][0]
        raise ValueError(
            f"`{argument}` must be finite, got {bad}: remove or replace such entries"
        )
    return array


def aligned(fields: Fields) -> dict[str, np.ndarray]:
    """Return plain arrays with axes that broadcast: vectors along the first one."""
    (first, template), *_ = fields.items()
    axes = max(a.ndim for a in fields.values())
    found = {k: a.reshape(a.shape + (1,) * (axes - a.ndim)) for k, a in fields.items()}
    for name, array in found.items():
        rest = zip(found[first].shape[1:], array.shape[1:], strict=True)
        fits = all(n == m or 1 in (n, m) for n, m in rest)
        if array.shape[0] != template.shape[0] or not fits:
            raise ValueError(
                f"`{name}` must have the shape of `{first}`, {template.shape}, or be "
                f"one vector of {template.shape[0]} entries for all pixels, got the "
                f"shape {fields[name].shape}"
            )
    return found


def check_point(argument: str, p: np.ndarray, boundary: bool) -> None:
    """Raise unless p lies in the open simplex, or on its boundary if that is allowed.

    A sum of J entries, each off by some units of rounding, is off by J times as much.
    """
    least = float(p.min())
    if least < 0.0 or (least == 0.0 and not boundary):
        admissible = "not negative" if boundary else "positive"
        raise ValueError(
            f"`{argument}` must be {admissible}, got the entry {least:g}: raise small "
            f"entries with `numpy.maximum({argument}, 1e-10)` and divide by the sums"
        )
    with np.errstate(over="ignore"):
        off = np.abs(p.sum(axis=0, dtype=float) - 1.0)
    if off.max() > ROUNDINGS * len(p) * np.finfo(p.dtype).eps:
        worst = float(p.reshape(len(p), -1).sum(axis=0).flat[off.argmax()])
        raise ValueError(
            f"`{argument}` must sum to 1 along the simplex, up to rounding of "
            f"{p.dtype}, got a sum of {worst:.17g}: divide by the sums"
        )


def computed_map(
    function: Callable[..., np.ndarray], fields: Fields, number: Mapping[str, float]
) -> np.ndarray:
    """Return the values of a map in float64, or raise if they overflow."""
    wide = {k: a.astype(float, copy=False) for k, a in fields.items()}
    with np.errstate(all="ignore"):  # the result is checked
        result = function(**wide, **number)
    if not np.isfinite(result).all():
        sizes = (f"`{k}` of {a.min():g} to {a.max():g}" for k, a in wide.items())
        raise ValueError(
            f"{' and '.join(sizes)} must give numbers below 1.8e308, got more: rescale "
            "the vectors, or raise small entries of points"
        )
    return result


def on_labeled(
    finish: Callable[[Fields], np.ndarray], given: Fields, dim: str, reduces: bool
) -> xr.DataArray:
    """Return a map of fields, some of them labeled; they are broadcast by name."""
    named = {k: a for k, a in given.items() if isinstance(a, xr.DataArray)}
    for name, array in named.items():
        if dim not in array.dims:
            raise ValueError(
                f"`dim` = {dim!r} is not a dimension of `{name}` with "
                f"{tuple(array.dims)}: name the dimension of the simplex"
            )
    first = next(iter(named))
    fields: dict[str, xr.DataArray] = {}
    for name, value in given.items():
        array = value if name in named else with_names(name, value, named, dim)
        array = computed(name, array)
        for other, before in fields.items():
            array = Coordinates.of(other, before, before.dims).align(name, array)
            require_sizes(name, array, other, before)
        fields[name] = array.copy(data=real(name, array))
    common = xr.broadcast(*fields.values())  # by name, the first argument's order first
    order = (dim, *(d for d in common[0].dims if d != dim))
    arrays = [a.transpose(*order).values for a in common]
    result = finish(dict(zip(fields, arrays, strict=True)))
    order = order[1:] if reduces else order
    labeled = Coordinates.of(first, common[0], common[0].dims).label(result, order)
    return labeled.transpose(*(d for d in common[0].dims if d in order))


def with_names(
    argument: str, value: Any, named: Mapping[str, xr.DataArray], dim: str
) -> xr.DataArray:
    """Return a plain array with names: one vector, or the shape of labeled ones."""
    array, ((first, template), *_) = plain(argument, value), named.items()
    if array.ndim == 1:
        return xr.DataArray(array, dims=(dim,))
    if array.shape == template.shape and template.dims[0] == dim:
        return xr.DataArray(array, dims=template.dims)
    raise ValueError(
        f"`{argument}` beside the labeled `{first}` {tuple(template.dims)} must be a "
        f"DataArray, or one vector, got a plain array of shape {array.shape}: name its "
        "dimensions"
    )


def require_sizes(
    name: str, array: xr.DataArray, other: str, before: xr.DataArray
) -> None:
    """Raise where two arrays have a dimension of different lengths."""
    for d in array.dims:
        if array.sizes[d] != before.sizes.get(d, array.sizes[d]):
            raise ValueError(
                f"`{name}` must have {before.sizes[d]} entries along `{d}`, as "
                f"`{other}` has, got {array.sizes[d]}"
            )
