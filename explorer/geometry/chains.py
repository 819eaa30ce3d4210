"""Chains of fields v₀, v₁, … that one pass over the image makes: kept, or summed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.geometry import sweeps
from explorer.geometry.planes import aligned, gap, planes

System = tuple[np.ndarray, np.ndarray]
First = tuple[np.ndarray, float]
"""A field and a factor, the product of which is v₀."""


@dataclass(frozen=True, eq=False)
class Links:
    """What follows from what: v_{k+1} from those before, k = 0, 1, ….

    Attributes
    ----------
    factors : (steps, 3), v_{k+1} = c₀ A v_k + c₁ v_k + c₂ v_{k−1}; all 0: mixes hold.
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
    bands : of rows, each worked on by one thread.
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
        plan = nothing, fields.dtype.type(1), start, factors.astype(fields.dtype), mixes
        return self._run(fields.reshape(1, -1), layout, plan, None)

    def products(self, first: First, links: Links, start: int) -> np.ndarray:
        """Return ⟨v_a, v_b⟩ for a ≥ start and b ≤ a."""
        fields, layout, plan = self._ring(first, links, start)
        return self._run(fields, layout, plan, None)

    def combine(self, first: First, links: Links, columns: np.ndarray) -> np.ndarray:
        """Return Σ_k columns_rk v_k for each r, (r, label, row, col)."""
        fields, layout, plan = self._ring(first, links, 0)
        out = self._run(fields, layout, plan, columns)
        return out.reshape(-1, *first[0].shape)

    def _ring(self, first: First, links: Links, start: int) -> Any:
        """Return rings, their layout, and the plan.

        Row i of v_k is needed until the last field has it, steps − k rows later, and
        its neighbors for the next step.
        """
        source, scale = first
        labels, _, cols = source.shape
        dtype, steps = source.dtype, len(links)
        depth = np.maximum(steps + 1 - np.arange(steps + 1), 3)
        plane = cols + gap(dtype)
        pitch = labels * plane
        base = np.concatenate([[0], np.cumsum(depth)[:-1]]) * pitch
        rings = aligned((self.bands, int(depth.sum()) * pitch), dtype)
        plan = (
            source.reshape(labels, -1),
            dtype.type(scale),
            start,
            links.factors.astype(dtype),
            links.mixes.astype(dtype),
        )
        return rings, (base, depth, pitch, plane), plan

    def _run(
        self, fields: np.ndarray, layout: Any, plan: Any, columns: Any
    ) -> np.ndarray:
        """Run the kernel; return products, or combinations if columns are given."""
        source, scale, start, factors, mixes = plan
        labels, rows, cols = self.system[1].shape
        dtype = fields.dtype
        ring = source.size > 0
        stop = len(factors) + 1 + (0 if ring else start)
        if columns is None:
            products = np.zeros((rows, stop - start, -4 * (-stop // 4)))
            columns = np.empty((0, stop), dtype)
        else:
            products = np.empty((rows, 0, 0))
            columns = np.ascontiguousarray(columns, dtype)
        out = np.empty((len(columns), labels, rows * cols), dtype)
        plan = source, scale, 0 if ring else start, factors, mixes
        sums = products, start, columns, out
        self.kernel(self.system, fields, layout, plan, sums, self.bands)
        if len(columns):
            return out
        return np.tril(products.sum(axis=0)[:, :stop], start)


def chain(kernel: str, system: System, bands: int) -> Chain:
    """Return the chains of A (kernel "sweep") or Aᵀ ("sweep_transpose")."""
    return Chain(getattr(sweeps, kernel), system, bands)
