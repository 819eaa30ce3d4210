"""`LabeledSystem`: V̇ = A V + B with named dimensions in arguments and results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import finite_field
from explorer.flow.system import LinearSystem


@dataclass(frozen=True, eq=False)
class LabeledSystem:
    """A `LinearSystem` that takes and returns labeled fields.

    Attributes
    ----------
    plain : the system on plain arrays, for inner loops.
    weights : DataArray (offset, row, col) or (edge,), Ω.
    """

    plain: LinearSystem = field(repr=False)
    weights: xr.DataArray

    @property
    def similarity(self) -> xr.DataArray:
        """S = softmax(Ω(log W₀ − D/ρ)), (label, row, col)."""
        S = self.plain.similarity.copy()
        return self.plain.label(S, symbol="S", long_name="similarity")

    @property
    def source(self) -> xr.DataArray:
        """B = R_W₀ S, at the barycenter Π₀ S / J, (label, row, col)."""
        B = self.plain.source.copy()
        return self.plain.label(B, symbol="B", long_name="source")

    def apply(self, V: Any) -> xr.DataArray:
        """A V = R_W₀ R_S Ω (V/W₀) of a DataArray or array (label, row, col)."""
        found = self.plain.apply(self._field("V", V))
        return self.plain.label(found, symbol="A V")

    def apply_transpose(self, U: Any) -> xr.DataArray:
        """Aᵀ U = (Ωᵀ R_S R_W₀ U) / W₀ of a DataArray or array (label, row, col)."""
        found = self.plain.apply_transpose(self._field("U", U))
        return self.plain.label(found, symbol="Aᵀ U")

    def _field(self, argument: str, values: Any) -> np.ndarray:
        """Return a field as a plain array after checking its shape."""
        system = self.plain
        values = system.coordinates.align(argument, values)
        array = finite_field(argument, values, system.dims)
        if array.shape != system.shape:
            raise ValueError(
                f"`{argument}` has shape {array.shape}; it must have the shape of the "
                f"distances, ({', '.join(system.dims)}) = {system.shape}"
            )
        return array.astype(system.similarity.dtype)
