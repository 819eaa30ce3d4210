"""`Flow`: the common part of linearized flows on grids and graphs, without weights."""

from __future__ import annotations

import hashlib
from abc import ABC
from dataclasses import replace
from typing import Any, final

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates, require_neighbors
from explorer.dims import LABEL, checked_dtype, finite_field
from explorer.flow.labeled import LabeledSystem
from explorer.flow.system import LinearSystem
from explorer.geometry.neighborhood import Neighborhood
from explorer.params import settle
from explorer.threads import exclusive
from explorer.truths import truth_field

PATCH_TOLERANCE = 1e-6
"""Largest deviation of a patch sum from one: single precision, 225 neighbors."""

STEEPEST = {np.dtype("float64"): 1e150, np.dtype("float32"): 1e15}
"""Largest |D|/ρ: its square, summed over a patch, must stay finite."""


def log_likelihood(distances: np.ndarray, rho: float, dtype: np.dtype) -> np.ndarray:
    """Return C = −D/ρ, shifted: the least distance of each pixel becomes zero.

    Only differences between labels matter, since S = softmax(Ω C).
    """
    steepest = STEEPEST[dtype]
    least, C = distances.min(axis=0), np.empty(distances.shape, dtype)
    with np.errstate(over="ignore"):  # checked below
        for D, out in zip(distances, C, strict=True):  # in float64, then rounded once
            out[:] = np.subtract(least, D, dtype=np.float64) / rho
    if not C.min() >= -steepest:
        raise ValueError(
            f"`distances` from {distances.min():g} to {distances.max():g}, divided by "
            f"`rho` = {rho:g}, exceed {steepest:g}, the most that {dtype} allows: "
            "rescale them or raise `rho`"
        )
    return C


def read_only(values: np.ndarray) -> np.ndarray:
    """Return a read-only copy."""
    array = values.copy()
    array.flags.writeable = False
    return array


def check_base_point(
    value: Any, shape: tuple[int, ...], dims: tuple[str, ...]
) -> np.ndarray:
    """Return W₀ as a plain array after checking shape, sign and sums."""
    array = finite_field("base_point", value, dims)
    if array.shape != shape:
        raise ValueError(
            f"`base_point` has shape {array.shape}; the distances have "
            f"({', '.join(dims)}) = {shape}"
        )
    if array.min() <= 0.0:
        raise ValueError(
            f"`base_point` holds the entry {array.min():g}; points of the assignment "
            "manifold are positive: raise small entries to 1e-10 and renormalize"
        )
    worst = float(np.abs(array.sum(axis=0) - 1.0).max())
    if worst > PATCH_TOLERANCE:
        raise ValueError(
            f"`base_point` has a pixel whose labels sum to 1 only within {worst:.3g}; "
            "divide by `base_point.sum('label')`"
        )
    return array


class Flow(ABC):
    """The data of a linearized flow: distances, scale, neighborhood, base point.

    Concrete flows are frozen dataclasses that check their arguments and `_settle` them.
    They copy the arrays that they are given, and show them read-only. Labeled arguments
    are aligned by their coordinates, and results carry the coordinates of the
    distances; see `explorer.coordinates`.
    """

    rho: float
    dtype: Any
    neighborhood: Neighborhood
    coordinates: Coordinates
    _base: np.ndarray | None
    _log_likelihood: np.ndarray

    @final
    def _settle(self, D: np.ndarray, base_point: Any, **fields: Any) -> None:
        """Store the checked arguments and everything derived from them."""
        dims, coords = (LABEL, *fields["neighborhood"].dims), fields["coordinates"]
        coords.require_free()
        dtype = checked_dtype(fields["dtype"])
        C, base = log_likelihood(D, self.rho, dtype), None
        if base_point is not None:
            base_point = coords.align("base_point", base_point)
            base = check_base_point(base_point, D.shape, dims)
            C = C + np.log(base)
        about = {"symbol": "D", "long_name": "distance to the prototypes"}
        fields |= {
            "distances": coords.label(read_only(D), dims, **about),
            "base_point": None if base is None else coords.label(read_only(base), dims),
            "dtype": dtype,
            "_base": None if base is None else base.astype(dtype),
            "_log_likelihood": C.astype(dtype, copy=False),
        }
        settle(self, **fields)

    @final
    @property
    def shape(self) -> tuple[int, ...]:
        """(labels, rows, cols), or (labels, nodes)."""
        return self._log_likelihood.shape

    @final
    @property
    def digest(self) -> str:
        """A fingerprint of the data: log W₀ − D/ρ, its type, and the neighborhood."""
        C = self._log_likelihood
        head = f"{C.shape} {C.dtype} {self.neighborhood!r} {self._base is None}"
        return hashlib.sha256(head.encode() + C.tobytes()).hexdigest()

    @final
    def uniform_weights(self) -> xr.DataArray:
        """Return Ω with equal weights for all neighbors of a pixel."""
        return self.label_weights(self.neighborhood.uniform().astype(self.dtype))

    @final
    def random_weights(self, seed: int) -> xr.DataArray:
        """Return Ω with each patch drawn uniformly from the simplex.

        Parameters
        ----------
        seed : int in 0 … 2³² − 1.
        """
        rng = np.random.default_rng(params.SEED.check(seed))
        drawn = rng.exponential(size=self.neighborhood.weight_shape)
        return self.label_weights(self.neighborhood.bounded(drawn).astype(self.dtype))

    @final
    def label_weights(self, weights: np.ndarray) -> xr.DataArray:
        """Return a weight-shaped array with dimensions and neighbor coordinates."""
        hood, attrs = self.neighborhood, {"symbol": "Ω", "long_name": "weight patches"}
        label = self.coordinates.label
        return label(weights, hood.weight_dims, hood.coords(), **attrs)

    @final
    def check_weights(self, weights: Any, argument: str = "weights") -> np.ndarray:
        """Return weights as a plain array after checking shape, sign and patch sums."""
        hood = self.neighborhood
        require_neighbors(argument, weights, hood.coords())
        weights = self.coordinates.align(argument, weights)
        array = finite_field(argument, weights, hood.weight_dims)
        if array.shape != hood.weight_shape:
            raise ValueError(
                f"`{argument}` has shape {array.shape}; this flow needs "
                f"({', '.join(hood.weight_dims)}) = {hood.weight_shape}, to match "
                "its `distances`: start from `uniform_weights()`"
            )
        if array.min() <= 0.0:
            raise ValueError(
                f"`{argument}` holds the entry {array.min():g}; weights must be "
                "positive: use `numpy.maximum(weights, 1e-10)` and divide by the "
                "patch sums"
            )
        worst = float(np.abs(hood.total(array) - 1.0).max())
        if worst > PATCH_TOLERANCE:
            raise ValueError(
                f"`{argument}` has a patch whose sum differs from 1 by {worst:.3g}; "
                "divide each patch by its sum, on a grid `weights.sum('offset')`"
            )
        return array.astype(self.dtype)

    @final
    def check_labels(self, labels: Any) -> np.ndarray:
        """Return a ground truth labeling as an integer array (row, col) or (node,)."""
        labels = self.coordinates.align("labels", labels)
        return truth_field(
            "labels", labels, self.shape[1:], self.shape[0], self.neighborhood.dims
        )

    @final
    def potential(self) -> tuple[np.ndarray, np.ndarray]:
        """Return −D/ρ and log W₀, up to constants per pixel."""
        if self._base is None:
            return self._log_likelihood, np.zeros(self.shape, self.dtype)
        start = np.log(self._base)
        return self._log_likelihood - start, start

    @final
    @exclusive
    def system(self, weights: Any) -> LabeledSystem:
        """Return the linear system V̇ = A V + B of these weights, with labeled fields.

        Parameters
        ----------
        weights : DataArray or array (offset, row, col), or (edge,); positive, patches
            sum to one.
        """
        array = self.check_weights(weights)
        return LabeledSystem(self.plain_system(array), self.label_weights(array.copy()))

    @final
    @exclusive
    def plain_system(self, weights: np.ndarray) -> LinearSystem:
        """Return the linear system of already checked weights, on plain arrays."""
        fields = self.neighborhood, weights, self._log_likelihood, self._base
        return replace(LinearSystem.at(*fields), coordinates=self.coordinates)


def checked_flow(flow: Any) -> Flow:
    """Return `flow`, or raise if it is not a flow."""
    if not isinstance(flow, Flow):
        raise TypeError(
            f"`flow` is a {type(flow).__name__}; pass a LinearizedFlow: "
            "`LinearizedFlow(distances)`"
        )
    return flow
