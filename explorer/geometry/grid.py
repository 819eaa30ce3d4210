"""Square neighborhoods on the pixel grid: offsets, weights, and their norm.

Offsets k enumerate (dr, dc) row by row, dr and dc from −R to R. A neighbor outside the
image is replaced by the nearest pixel of the image, so every pixel has (2R+1)²
neighbors as (2.19) requires; at the border two offsets may refer to the same pixel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer import threads
from explorer.dims import OFFSET, PIXELS, WEIGHT_FIELD
from explorer.geometry import simplex
from explorer.geometry.chains import Chain, chain
from explorer.geometry.neighborhood import Neighborhood
from explorer.kernels import assembly, fusion, patches, recurrence, windows
from explorer.kernels.planes import planes, readable_planes
from explorer.kernels.stencil import wide


def offsets(radius: int) -> np.ndarray:
    """Return the (2R+1)² offsets (dr, dc) in storage order, shape (offset, 2)."""
    span = np.arange(-radius, radius + 1)
    return np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Grid(Neighborhood):
    """(2R+1)² windows on an image of rows × cols pixels.

    Weights are (offset, row, col): Ω[k, i] is the weight that pixel i gives to its
    neighbor k. All operators are compiled kernels on planar float64 arrays.
    """

    radius: int
    rows: int
    cols: int

    dims = PIXELS
    weight_dims = WEIGHT_FIELD

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.rows, self.cols

    @property
    def largest(self) -> int:
        """(2R+1)², the size of every patch."""
        return (2 * self.radius + 1) ** 2

    @property
    def weight_shape(self) -> tuple[int, int, int]:
        """(offsets, rows, cols)."""
        return self.largest, self.rows, self.cols

    @property
    def multiplicity(self) -> int:
        """Largest number of offsets of one pixel that refer to the same neighbor.

        Along an axis of length n the clamped offsets −R … R of pixel i hit n pixels;
        the end pixels are hit most often: R + 1 times, or all 2R + 1 times if n = 1.
        """
        hits = [2 * self.radius + 1 if n == 1 else self.radius + 1 for n in self.shape]
        return math.prod(hits)

    def coords(self) -> Mapping[str, Any]:
        """Return the offsets (drow, dcol)."""
        drow, dcol = offsets(self.radius).T
        return {"drow": (OFFSET, drow), "dcol": (OFFSET, dcol)}

    def average(self, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
        """(Ω X)_i = Σ_k ω_ik X_k."""
        out = np.empty_like(X)
        windows.average(weights, X, out)
        return out

    def average_transpose(self, weights: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Ωᵀ Y: clamped contributions fold back onto the border."""
        out = np.empty_like(Y)
        windows.average_transpose(weights, Y, out)
        return out

    def apply(self, weights: np.ndarray, S: np.ndarray, V: np.ndarray) -> np.ndarray:
        """R_S Ω V."""
        out = np.empty_like(V)
        windows.apply(weights, S, V, out)
        return out

    def apply_transpose(
        self, weights: np.ndarray, S: np.ndarray, U: np.ndarray
    ) -> np.ndarray:
        """Ωᵀ R_S U."""
        out, work = np.empty_like(U), np.empty_like(U)
        windows.apply_transpose(weights, S, U, work, out)
        return out

    def sweep(
        self,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        """Write v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} in one pass."""
        return self._sweep("sweep", system, vectors, start, factors)

    def sweep_transpose(
        self,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        """Write v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} in one pass."""
        return self._sweep("sweep_transpose", system, vectors, start, factors)

    def _sweep(
        self,
        kernel: str,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        if self.fast(vectors):
            return chain(kernel, system, self.bands).extend(vectors, start, factors)
        stop = start + len(factors) + 1
        new = planes(vectors[start:stop])
        getattr(recurrence, kernel)(
            system, new, factors.astype(vectors.dtype), self.bands
        )
        return recurrence.products(planes(vectors[:stop]), start)

    def chain(
        self, system: tuple[np.ndarray, np.ndarray], transpose: bool
    ) -> Chain | None:
        """Return chains of A or Aᵀ that keep no vectors; None if rows are too short."""
        kernel = "sweep_transpose" if transpose else "sweep"
        return chain(kernel, system, self.bands) if self.fast(system[1]) else None

    def fast(self, S: np.ndarray) -> bool:
        """Whether there are kernels in vector registers for images of this size."""
        return wide(2 * self.radius + 1, self.rows, self.cols, S.dtype)

    @property
    def bands(self) -> int:
        """Number of bands of rows that are processed at once: one per thread."""
        return max(1, min(threads.count(), self.rows))

    def sampled_product(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """⟦P, Q⟧_ik = Σ_j P_ij Q_kj for the neighbors k of i."""
        out = np.empty(self.weight_shape, P.dtype)
        windows.sampled_product(P, Q, out)
        return out

    def assemble(
        self,
        weights: np.ndarray,
        fields: tuple[np.ndarray, np.ndarray, np.ndarray],
        components: tuple[np.ndarray, np.ndarray, float, float],
        keep: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧ and G in one pass."""
        (S, C, z), (u, w, time, scale) = fields, components
        fast = self.fast(S)
        out = np.empty(self.weight_shape, S.dtype)
        G = np.empty_like(S) if keep or not fast else np.empty((0, 0, 0), S.dtype)
        number = S.dtype.type
        if fast:
            pair, z = (
                (readable_planes(u), readable_planes(w)),
                readable_planes(z[None])[0],
            )
        else:
            pair = np.ascontiguousarray(u), np.ascontiguousarray(w)
            z = np.ascontiguousarray(z)
        module = fusion if fast else assembly
        parts = (*pair, number(time), number(scale))
        module.assemble(weights, (S, C, z, G), parts, out)
        return out, G

    def similarity(self, weights: np.ndarray, C: np.ndarray) -> np.ndarray:
        """S = softmax(Ω C)."""
        out = np.empty_like(C)
        if self.fast(C):
            fusion.exponents(weights, C, out)
            np.exp(out, out=out)
            out /= out.sum(axis=0)
        else:
            windows.similarity(weights, C, out)
        return out

    def averaging_norm(self, weights: np.ndarray) -> float:
        """Return the bound ‖Ω‖₂ ≤ √(‖Ω‖₁ ‖Ω‖_∞); column sums are window sums."""
        R, (rows, cols) = self.radius, self.shape
        received = np.zeros((rows + 2 * R, cols + 2 * R), weights.dtype)
        for (dr, dc), w in zip(offsets(R) + R, weights, strict=True):
            received[dr : dr + rows, dc : dc + cols] += w
        for sums in (received, received.T):  # the outside counts at the border
            sums[R] += sums[:R].sum(axis=0)
            sums[-R - 1] += sums[-R:].sum(axis=0)
        inside = received[R : R + rows, R : R + cols]
        return math.sqrt(float(inside.max()) * float(self.total(weights).max()))

    def retract(self, p: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Return exp_p(−u) for each patch, entries kept ≥ 1e-10."""
        return patches.retract(p, u, simplex.FLOOR)

    def tangent_norm(self, p: np.ndarray, u: np.ndarray) -> float:
        """Return ‖R_p u‖ over all patches."""
        return patches.tangent_norm(p, u)

    def total(self, u: np.ndarray) -> np.ndarray:
        """Return the sum over the offsets, (1, row, col)."""
        return u.sum(axis=0, keepdims=True)

    def top(self, u: np.ndarray) -> np.ndarray:
        """Return the maximum over the offsets, (1, row, col)."""
        return u.max(axis=0, keepdims=True)

    def per_pixel(self, total: np.ndarray) -> np.ndarray:
        """Return (row, col) from (1, row, col)."""
        return total[0]
