"""`LinearizedFlow`: the data of a labeling problem, before any weights are chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import (
    LABEL_FIELD,
    OFFSET,
    WEIGHT_FIELD,
    finite_field,
    label_field,
    labeled,
)
from explorer.flow.system import LinearSystem
from explorer.geometry import grid
from explorer.threads import exclusive

PATCH_TOLERANCE = 1e-6
"""How far a weight patch may sum from one: single precision over 225 neighbors."""

STEEPEST = 1e150
"""Largest |D|/ρ: its square, summed over a patch, must stay a finite number."""


def log_likelihood(distances: np.ndarray, rho: float) -> np.ndarray:
    """Return C = −D/ρ, shifted: the least distance of each pixel becomes zero.

    Only differences between labels matter, since S = softmax(Ω C).
    """
    with np.errstate(over="ignore"):  # overflow is refused here, with its cure
        C = (distances.min(axis=0) - distances) / rho
    if not C.min() >= -STEEPEST:
        raise ValueError(
            f"`distances` from {distances.min():g} to {distances.max():g}, divided by "
            f"`rho` = {rho:g}, exceed {STEEPEST:g}: rescale them or raise `rho`"
        )
    return C


def check_base_point(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return W₀ as a plain array after checking shape, sign and sums."""
    array = finite_field("base_point", value, LABEL_FIELD)
    if array.shape != shape:
        raise ValueError(
            f"`base_point` has shape {array.shape}; the distances have (label, row, "
            f"col) = {shape}"
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


@dataclass(frozen=True, eq=False)
class LinearizedFlow:
    """The assignment flow, linearized at the barycenter or at any W₀ (2.22b)–(2.23).

    V̇ = A V + B, V(0) = 0, with A V = R_W₀ R_S Ω (V/W₀), B = R_W₀ S and
    S = softmax(Ω(log W₀ − D/ρ)); W(t) = Exp_W₀(V(t)) are the label probabilities.
    At the barycenter this is A V = R_S Ω V, B = Π₀ S / J.

    Parameters
    ----------
    distances : DataArray or array (label, row, col)
        D_ij ≥ 0, distance of the feature at pixel i to prototype j; any finite numbers
        whose differences, divided by ρ, do not exceed 10¹⁵⁰.
    rho : float in (0, 10⁶]
        ρ, scale of the distances, in their unit: large ρ trusts the data less.
    radius : int in 1 … 7
        R; every pixel averages over a (2R+1)² window.
    base_point : DataArray or array (label, row, col), optional
        W₀, positive, summing to one over the labels; the barycenter if not given.

    Raises
    ------
    ValueError, TypeError
        naming the argument, what it holds, and the cure.
    """

    distances: Any
    rho: float = params.RHO.default
    radius: int = int(params.RADIUS.default)
    base_point: Any = None
    _base: np.ndarray | None = field(init=False, repr=False)
    _log_likelihood: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        D = finite_field("distances", self.distances, LABEL_FIELD)
        rho, radius = params.RHO.check(self.rho), params.RADIUS.check(self.radius)
        C, base = log_likelihood(D, rho), None
        if self.base_point is not None:
            base = check_base_point(self.base_point, D.shape)
            C = C + np.log(base)
        fields = {
            "distances": labeled(
                D, LABEL_FIELD, symbol="D", long_name="distance to the prototypes"
            ),
            "rho": rho,
            "radius": radius,
            "base_point": None if base is None else labeled(base, LABEL_FIELD),
            "_base": base,
            "_log_likelihood": C,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(labels, rows, cols)."""
        labels, rows, cols = self._log_likelihood.shape
        return labels, rows, cols

    def uniform_weights(self) -> xr.DataArray:
        """Return Ω = 1/(2R+1)² everywhere, as (offset, row, col)."""
        return self.label_weights(grid.uniform(self.radius, self.shape[1:]))

    def label_weights(self, weights: np.ndarray) -> xr.DataArray:
        """Return a weight-shaped array with its dims and the offsets as coordinates."""
        drow, dcol = grid.offsets(self.radius).T
        coords = {"drow": (OFFSET, drow), "dcol": (OFFSET, dcol)}
        return labeled(
            weights, WEIGHT_FIELD, coords=coords, symbol="Ω", long_name="weight patches"
        )

    def check_weights(self, weights: Any, argument: str = "weights") -> np.ndarray:
        """Return weights as a plain array after checking shape, sign and patch sums."""
        array = finite_field(argument, weights, WEIGHT_FIELD)
        wanted = ((2 * self.radius + 1) ** 2, *self.shape[1:])
        if array.shape != wanted:
            raise ValueError(
                f"`{argument}` has shape {array.shape}; this flow (radius "
                f"{self.radius}) needs (offset, row, col) = {wanted}: start from "
                "`uniform_weights()`"
            )
        if array.min() <= 0.0:
            raise ValueError(
                f"`{argument}` holds the entry {array.min():g}; weights must be "
                "positive: use `numpy.maximum(weights, 1e-10)` and divide by the "
                "patch sums"
            )
        worst = float(np.abs(array.sum(axis=0) - 1.0).max())
        if worst > PATCH_TOLERANCE:
            raise ValueError(
                f"`{argument}` has a patch whose sum differs from 1 by {worst:.3g}; "
                "divide by `weights.sum('offset')`"
            )
        return array

    def check_labels(self, labels: Any) -> np.ndarray:
        """Return a ground truth labeling as an integer array (row, col)."""
        return label_field("labels", labels, self.shape[1:], self.shape[0])

    def potential(self) -> tuple[np.ndarray, np.ndarray]:
        """Return −D/ρ and log W₀, up to constants per pixel."""
        if self._base is None:
            return self._log_likelihood, np.zeros(self.shape)
        start = np.log(self._base)
        return self._log_likelihood - start, start

    @exclusive
    def system(self, weights: np.ndarray) -> LinearSystem:
        """Return the linear system of already checked weights."""
        return LinearSystem.at(weights, self._log_likelihood, self._base)


def checked_flow(flow: Any) -> LinearizedFlow:
    """Return `flow`, or raise if it is no LinearizedFlow."""
    if not isinstance(flow, LinearizedFlow):
        raise TypeError(
            f"`flow` is a {type(flow).__name__}; needed is a LinearizedFlow: "
            "make one with `LinearizedFlow(distances)`"
        )
    return flow
