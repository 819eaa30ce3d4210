"""Chains of fields v₀, v₁, … from one pass over the image: kept, or summed up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.kernels import sweeps
from explorer.kernels.planes import aligned, empty_fields, gap, planes
from explorer.late import cached_property

System = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Line:
    """factor · field + shift, a field that need not be formed."""

    field: np.ndarray
    factor: float = 1.0
    shift: float = 0.0

    @cached_property
    def norm(self) -> float:
        """The Euclidean norm, label by label."""
        return math.hypot(*(float(np.linalg.norm(self._on(x))) for x in self.field))

    @property
    def array(self) -> np.ndarray:
        """The field as an array; the given array itself if nothing changes."""
        plain = self.factor == 1.0 and self.shift == 0.0
        return self.field if plain else self._on(self.field)

    def times(self, factor: float) -> Line:
        """Return a multiple."""
        return Line(self.field, factor * self.factor, factor * self.shift)

    @property
    def numbers(self) -> np.ndarray:
        """Factor and shift, of the field's type."""
        return np.array([self.factor, self.shift], self.field.dtype)

    def _on(self, x: np.ndarray) -> np.ndarray:
        factor, shift = self.numbers
        out = x * factor
        out += shift
        return out


@dataclass(frozen=True, eq=False)
class Links:
    """The links of a chain: v_{k+1} from the fields before it, k = 0, 1, ….

    Attributes
    ----------
    factors : (steps, 3), v_{k+1} = c₀ A v_k + c₁ v_k + c₂ v_{k−1}; all 0: see mixes.
    mixes : (steps, steps + 1), v_{k+1} = Σ_i mixes_ki v_i.
    """

    factors: np.ndarray
    mixes: np.ndarray

    @classmethod
    def none(cls) -> Links:
        """Return the chain that ends with v₀."""
        return cls(np.zeros((0, 3)), np.zeros((0, 1)))

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.factors)

    def then(self, factors: np.ndarray) -> Links:
        """Return the chain with steps of a recurrence added."""
        more = np.zeros((len(factors), self.mixes.shape[1]))
        return self._with(np.vstack([self.factors, factors]), [self.mixes, more])

    def mixed(self, coefficients: np.ndarray) -> Links:
        """Return the chain with a combination of all its fields added."""
        factors = np.vstack([self.factors, np.zeros((1, 3))])
        return self._with(factors, [self.mixes, coefficients[None]])

    @staticmethod
    def _with(factors: np.ndarray, mixes: list[np.ndarray]) -> Links:
        width = len(factors) + 1
        return Links(
            factors,
            np.vstack([np.pad(m, ((0, 0), (0, width - m.shape[1]))) for m in mixes]),
        )


@dataclass(frozen=True, eq=False)
class Chain:
    """Chains of one operator, A or Aᵀ, on an image whose rows are wide enough.

    Attributes
    ----------
    kernel : `sweeps.sweep` or `sweeps.sweep_transpose`; system : (Ω, S).
    bands : number of bands of rows; one thread works on each.
    """

    kernel: Callable[..., None]
    system: System
    bands: int

    def extend(
        self, vectors: np.ndarray, start: int, factors: np.ndarray
    ) -> np.ndarray:
        """Write v_{start+1}, … behind v_start; return products of all from v_start on.

        vectors are (count, label, row, col), see `empty_fields`.
        """
        fields, (rows, cols) = planes(vectors), vectors.shape[2:]
        count, labels, plane = fields.shape
        layout = np.arange(count) * labels * plane, np.full(count, rows), cols, plane
        nothing = np.empty((labels, 0), fields.dtype)
        mixes = np.zeros((len(factors), count), fields.dtype)
        line = np.ones(2, fields.dtype)
        plan = nothing, line, start, factors.astype(fields.dtype), mixes
        return self._products(fields.reshape(1, -1), layout, plan, start)

    def products(self, first: Line, links: Links, start: int) -> np.ndarray:
        """Return ⟨v_a, v_b⟩ for a ≥ start and b ≤ a."""
        fields, layout, plan = self._ring(first, links)
        return self._products(fields, layout, plan, start)

    def combine(
        self, first: Line, links: Links, columns: np.ndarray, gaps: bool = False
    ) -> np.ndarray:
        """Return Σ_k columns_rk v_k for each r, (r, label, row, col)."""
        fields, layout, plan = self._ring(first, links)
        shape, dtype = first.field.shape, first.field.dtype
        if gaps:
            out = empty_fields(len(columns), shape, dtype)
        else:
            out = np.empty((len(columns), *shape), dtype)
        wide = np.ascontiguousarray(columns, dtype)
        sums = np.empty((shape[1], 0, 0)), 0, wide, planes(out)
        self.kernel(self.system, fields, layout, plan, sums, self.bands)
        return out

    def _ring(self, first: Line, links: Links) -> Any:
        """Return rings, their layout, and the plan.

        Row i of v_k is needed until the last field reaches it, steps − k rows later;
        the next step also needs its neighbors.
        """
        source = first.field
        labels, _, cols = source.shape
        dtype, steps = source.dtype, len(links)
        depth = np.maximum(steps + 1 - np.arange(steps + 1), 3)
        plane = cols + gap(dtype)
        pitch = labels * plane
        base = np.concatenate([[0], np.cumsum(depth)[:-1]]) * pitch
        rings = aligned((self.bands, int(depth.sum()) * pitch), dtype)
        plan = (
            source.reshape(labels, -1),
            first.numbers,
            0,
            links.factors.astype(dtype),
            links.mixes.astype(dtype),
        )
        return rings, (base, depth, pitch, plane), plan

    def _products(
        self, fields: np.ndarray, layout: Any, plan: Any, since: int
    ) -> np.ndarray:
        """Run the kernel; return ⟨v_a, v_b⟩ for a ≥ since and b ≤ a."""
        labels, rows, cols = self.system[1].shape
        stop = plan[2] + len(plan[3]) + 1
        products = np.zeros((rows, stop - since, -4 * (-stop // 4)))
        nothing = np.empty((0, stop), fields.dtype)
        out = np.empty((0, labels, rows * cols), fields.dtype)
        sums = products, since, nothing, out
        self.kernel(self.system, fields, layout, plan, sums, self.bands)
        return np.tril(products.sum(axis=0)[:, :stop], since)


def chain(kernel: str, system: System, bands: int) -> Chain:
    """Return the chains of A (kernel "sweep") or Aᵀ ("sweep_transpose")."""
    return Chain(getattr(sweeps, kernel), system, bands)
