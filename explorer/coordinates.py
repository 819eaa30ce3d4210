"""Coordinates of labeled input: aligned between arguments, and copied to results.

Labeled arrays are aligned as by `xarray.align(join="exact")`, except that coordinates
in another order are reordered. Along each dimension:

- if only one array has coordinates, or one is a plain array, positions count;
- coordinates match if all entries are equal, including NaN and repeated entries;
- the same unique coordinates in another order are reordered;
- anything else raises an error that names the argument and the dimension.

A result has all coordinates of the input along its dimensions, with their attributes,
and the attributes of the input that describe its location.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

PLACE_ATTRS = (
    "crs", "crs_wkt", "spatial_ref", "grid_mapping", "transform", "affine", "res",
    "resolution", "spacing", "pixel_size", "origin", "extent", "bounds",
)  # fmt: skip
"""Attributes that describe the location of an array, whatever its values mean."""


RESULTS = (
    "V", "labels", "loss", "gradient", "singular_values", "singular_value_ratio",
    "error_percent", "loss_error", "singular_value_error", "approximation_error",
    "truncation_error", "error", "log_scale", "ok", "status", "applications",
    "substeps", "dim",
)  # fmt: skip
"""Names of variables in the datasets that solvers and gradients return."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The coordinates of one argument, and the attributes of its location.

    Attributes
    ----------
    argument : the name of the argument, for messages.
    dataset : has no variables; a read-only copy.
    """

    argument: str = "distances"
    dataset: xr.Dataset = field(default_factory=xr.Dataset, repr=False)

    @classmethod
    def of(cls, argument: str, value: Any, dims: Sequence[Hashable]) -> Coordinates:
        """Return the coordinates that lie along `dims`, or along none."""
        if not isinstance(value, xr.DataArray):
            return cls(argument)
        own = value.coords.to_dataset()
        own = own.drop_dims([d for d in own.dims if d not in dims])
        own = own.compute().copy(deep=True)
        for variable in own.variables.values():
            freeze(variable)
        attrs = {k: v for k, v in value.attrs.items() if k in PLACE_ATTRS}
        return cls(argument, own.assign_attrs(attrs))

    def along(self, dims: Sequence[Hashable]) -> xr.Dataset:
        """Return the coordinates that a result with these dimensions carries."""
        own = self.dataset
        return own.drop_dims([d for d in own.dims if d not in dims])

    def require_free(self, names: Sequence[str] = RESULTS) -> None:
        """Raise if a coordinate has the name of a result that it would accompany.

        Raises
        ------
        ValueError
            naming the argument and the coordinate.
        """
        taken = [name for name in names if name in self.dataset.coords]
        if taken:
            raise ValueError(
                f"`{self.argument}` must have no coordinate named as a result is, got "
                f"`{taken[0]}`: rename it with `.rename({taken[0]}=…)`, or leave it "
                f"out with `.drop_vars({taken[0]!r})`"
            )

    def at(self, dim: str, position: int) -> Coordinates:
        """Return the coordinates of one entry along a dimension."""
        own = self.dataset
        if dim in own.dims:
            own = own.isel({dim: position})
        return Coordinates(self.argument, own.drop_vars(dim, errors="ignore"))

    def label(
        self,
        values: Any,
        dims: Sequence[Hashable],
        extra: Mapping[str, Any] | None = None,
        **attrs: Any,
    ) -> xr.DataArray:
        """Return `values` as a DataArray with these coordinates, and `extra` ones."""
        dims = tuple(dims)
        own = self.along(dims)
        if extra:
            own = own.drop_vars(list(extra), errors="ignore").assign_coords(extra)
        attrs = {**self.dataset.attrs, **attrs}
        return xr.DataArray(values, dims=dims, coords=own.coords, attrs=attrs)

    def align(self, argument: str, value: Any) -> Any:
        """Return `value` in the order of these coordinates, or raise by name.

        Anything but a DataArray has no coordinates and is returned unchanged.
        """
        if not isinstance(value, xr.DataArray):
            return value
        for dim in value.dims:
            if dim in value.coords and dim in self.dataset.coords:
                value = self._ordered(argument, value, str(dim))
        for name, own in self.dataset.coords.items():
            if own.ndim and name in value.coords and name not in self.dataset.dims:
                self._require_same(argument, value, str(name))
        return value

    def _ordered(self, argument: str, value: xr.DataArray, dim: str) -> xr.DataArray:
        """Return `value` with its entries along `dim` in our order."""
        if self.dataset.variables[dim].equals(value.coords[dim].variable):
            return value
        ours, theirs = self.dataset.get_index(dim), value.get_index(dim)
        unclear = [i for i in (ours, theirs) if not i.is_unique or has_missing(i)]
        places = None if unclear else positions(ours, theirs)
        if places is not None:
            return value.isel({dim: places})
        if unclear:
            reason = "some of them repeated or missing, so that they cannot be matched"
        else:
            reason = f"from {theirs[0]} to {theirs[-1]}, not {ours[0]} to {ours[-1]}"
        raise ValueError(
            f"`{argument}` has other coordinates along `{dim}` than `{self.argument}`, "
            f"{reason}: select the same ones with `.sel({dim}=…)`, or, if positions "
            f"count, leave them out with `.drop_vars({dim!r})`"
        )

    def _require_same(self, argument: str, value: xr.DataArray, name: str) -> None:
        """Raise if a coordinate that is not an index differs from ours."""
        own, found = self.dataset.coords[name].variable, value.coords[name].variable
        same_dims = set(own.dims) == set(found.dims)
        if not same_dims or not own.equals(found.transpose(*own.dims)):
            raise ValueError(
                f"`{argument}` has another coordinate `{name}` than `{self.argument}`: "
                "put both in one order, or, if positions count, leave it out with "
                f"`.drop_vars({name!r})`"
            )


def freeze(variable: xr.Variable) -> None:
    """Make an array in memory read-only; arrays of indexes always are."""
    data = variable.data
    if isinstance(data, np.ndarray):
        data.flags.writeable = False


def has_missing(index: Any) -> bool:
    """Return whether an index holds NaN or the like."""
    return bool(index.nlevels == 1 and index.hasnans)


def positions(wanted: Any, found: Any) -> np.ndarray | None:
    """Return the places of the entries of one index in another, or None."""
    if len(wanted) != len(found):
        return None
    try:
        places: np.ndarray = found.get_indexer(wanted)
        # an index of intervals finds numbers, too: what is found must be equal
        same = (places >= 0).all() and found[places].equals(wanted)
    except Exception:  # kinds that cannot be compared, such as texts and dates
        return None
    return places if same else None


def require_neighbors(argument: str, value: Any, coords: Mapping[str, Any]) -> None:
    """Raise if the coordinates of weights name other neighbors, or another order.

    Parameters
    ----------
    coords : {name: (dim, values)}, the neighbor of each weight.
    """
    if not isinstance(value, xr.DataArray):
        return
    for name, (dim, own) in coords.items():
        if name not in value.coords:
            continue
        found = value.coords[name]
        if found.shape != np.shape(own) or not np.array_equal(found.values, own):
            raise ValueError(
                f"`{argument}` has other coordinates `{name}` along `{dim}` than the "
                "flow: its weights belong to other neighbors, or are in another order; "
                f"put them in order with `.sortby({list(coords)})`, or, if positions "
                f"count, leave these out with `.drop_vars({list(coords)})`"
            )
