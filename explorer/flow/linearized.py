"""`LinearizedFlow`: the data of an image labeling problem, before any weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import LABEL_FIELD, finite_field
from explorer.flow.base import Flow
from explorer.geometry.grid import Grid
from explorer.params import check_fields, of


@dataclass(frozen=True, eq=False)
class LinearizedFlow(Flow):
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
        ρ, scale of the distances, in their unit: larger ρ gives the data less weight.
    radius : int in 1 … 7
        R; every pixel averages over a (2R+1)² window.
    base_point : DataArray or array (label, row, col), optional
        W₀, positive, summing to one over the labels; by default the barycenter.
    dtype : "float64" or "float32"
        type of all numbers. float32 takes half the memory and time, and keeps about six
        digits. The reported errors include rounding.

    Raises
    ------
    ValueError, TypeError
        The message names the argument, its value and the cure.
    """

    distances: Any
    rho: float = of(params.RHO)
    radius: int = of(params.RADIUS)
    base_point: Any = None
    dtype: Any = "float64"
    neighborhood: Grid = field(init=False, repr=False)
    coordinates: Coordinates = field(init=False, repr=False)
    _base: np.ndarray | None = field(init=False, repr=False)
    _log_likelihood: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        D = finite_field("distances", self.distances, LABEL_FIELD, keep=True)
        check_fields(self)
        grid = Grid(self.radius, *D.shape[1:])
        self._settle(
            D,
            self.base_point,
            dtype=self.dtype,
            neighborhood=grid,
            coordinates=Coordinates.of("distances", self.distances, LABEL_FIELD),
        )
