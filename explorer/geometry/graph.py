"""Neighborhoods on any graph: weights on the edges of a sparse pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from explorer.dims import EDGE, NODE, plain
from explorer.geometry import simplex
from explorer.geometry.neighborhood import Neighborhood
from explorer.kernels.planes import planes
from explorer.kernels.recurrence import products
from explorer.late import cached_property


@dataclass(frozen=True, eq=False)
class Graph(Neighborhood):
    """A directed graph: node i averages over the nodes k with an edge (i, k).

    Weights are (edge,), ordered by node i and then by neighbor k. SciPy
    computes products with Ω, in compressed sparse rows.

    Parameters
    ----------
    pattern : csr_array (node, node), square, sorted, at least one entry per row.
    """

    pattern: sp.csr_array = field(repr=False)

    dims = (NODE,)
    weight_dims = (EDGE,)
    multiplicity = 1

    @classmethod
    def of(cls, graph: Any) -> Graph:
        """Return the graph of a sparse or dense matrix, whose values are not used.

        Raises
        ------
        TypeError, ValueError
            if it is not a matrix, not square, or empty, or if it has a node without
            neighbors or entries that are not finite.
        """
        try:
            pattern = sp.csr_array(graph if sp.issparse(graph) else dense(graph))
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"`graph` is a {type(graph).__name__}; pass a scipy.sparse matrix "
                f"(node, node), such as `neighbor_graph(features, count)` returns "
                f"({error})"
            ) from error
        if not np.isfinite(pattern.data).all():
            bad = pattern.data[~np.isfinite(pattern.data)][0]
            raise ValueError(
                f"`graph` must have finite entries, got {bad}: every stored entry "
                "is an edge; remove those that are not edges"
            )
        if pattern.ndim != 2 or pattern.shape[0] != pattern.shape[1]:
            raise ValueError(
                f"`graph` has shape {pattern.shape}; it must be a square matrix "
                "(node, node)"
            )
        pattern = pattern.copy()
        pattern.sum_duplicates()
        degrees = np.diff(pattern.indptr)
        alone = np.flatnonzero(degrees == 0)
        if not degrees.size or alone.size:
            first = f", the first is {alone[0]}" if alone.size else ""
            raise ValueError(
                f"`graph` has {degrees.size} nodes, {alone.size} without "
                f"neighbors{first}: give each node at least one, for example itself "
                "(add `scipy.sparse.eye_array(n)`)"
            )
        for array in (pattern.data, pattern.indices, pattern.indptr):
            array.flags.writeable = False  # a flow exposes its graph
        return cls(pattern)

    @property
    def shape(self) -> tuple[int]:
        """(nodes,)."""
        return (self.degrees.size,)

    @property
    def weight_shape(self) -> tuple[int]:
        """(edges,)."""
        return (self.pattern.nnz,)

    @cached_property
    def degrees(self) -> np.ndarray:
        """The number of neighbors of each node."""
        return np.diff(self.pattern.indptr)

    @property
    def largest(self) -> int:
        """The largest degree."""
        return int(self.degrees.max())

    @cached_property
    def sources(self) -> np.ndarray:
        """The node i of each edge (i, k)."""
        return np.repeat(np.arange(self.pixels), self.degrees)

    @property
    def targets(self) -> np.ndarray:
        """The neighbor k of each edge (i, k)."""
        return self.pattern.indices

    def coords(self) -> Mapping[str, Any]:
        """Return node and neighbor of each edge."""
        return {"source": (EDGE, self.sources), "target": (EDGE, self.targets)}

    def matrix(self, weights: np.ndarray) -> sp.csr_array:
        """Return Ω as a sparse matrix."""
        shape = self.pattern.shape
        return sp.csr_array((weights, self.targets, self.pattern.indptr), shape=shape)

    def average(self, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
        """(Ω X)_i = Σ_k ω_ik X_k."""
        return np.ascontiguousarray((self.matrix(weights) @ X.T).T)

    def average_transpose(self, weights: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Ωᵀ Y."""
        return np.ascontiguousarray((self.matrix(weights).T @ Y.T).T)

    def apply(self, weights: np.ndarray, S: np.ndarray, V: np.ndarray) -> np.ndarray:
        """R_S Ω V."""
        return simplex.replicator(S, self.average(weights, V))

    def apply_transpose(
        self, weights: np.ndarray, S: np.ndarray, U: np.ndarray
    ) -> np.ndarray:
        """Ωᵀ R_S U."""
        return self.average_transpose(weights, simplex.replicator(S, U))

    def sweep(
        self,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        """Write v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} for k ≥ start."""
        for k, (c0, c1, c2) in enumerate(factors, start):
            vectors[k + 1] = c0 * self.apply(*system, vectors[k])
            vectors[k + 1] += c1 * vectors[k] + c2 * vectors[max(k - 1, 0)]
        return products(planes(vectors[: start + len(factors) + 1]), start)

    def sweep_transpose(
        self,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        """Write v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} for k ≥ start."""
        for k, (c0, c1, c2) in enumerate(factors, start):
            vectors[k + 1] = c0 * self.apply_transpose(*system, vectors[k])
            vectors[k + 1] += c1 * vectors[k] + c2 * vectors[max(k - 1, 0)]
        return products(planes(vectors[: start + len(factors) + 1]), start)

    def sampled_product(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """⟦P, Q⟧_ik = Σ_j P_ij Q_kj on the edges (i, k)."""
        out = np.zeros(self.weight_shape, P.dtype)
        for p, q in zip(P, Q, strict=True):  # one term at a time: (edge,) of memory
            out += p[self.sources] * q[self.targets]
        return out

    def assemble(
        self,
        weights: np.ndarray,
        fields: tuple[np.ndarray, np.ndarray, np.ndarray],
        components: tuple[np.ndarray, np.ndarray, float, float],
        keep: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧ and G."""
        (S, C, z), (u, w, time, scale) = fields, components
        out, G = np.zeros(self.weight_shape, S.dtype), scale * z
        for ur, wr in zip(u, w, strict=True):
            X = self.average(weights, wr)
            mean_x, mean_u = simplex.inner(S, X), simplex.inner(S, ur)
            G += time * (ur * X - mean_x * ur - mean_u * X)
            out += self.sampled_product(time * simplex.replicator(S, ur), wr)
        return out + self.sampled_product(simplex.replicator(S, G), C), G

    def similarity(self, weights: np.ndarray, C: np.ndarray) -> np.ndarray:
        """S = softmax(Ω C)."""
        return simplex.softmax(self.average(weights, C))

    def total(self, u: np.ndarray) -> np.ndarray:
        """Return the sum over each node's edges, repeated on each of them."""
        return np.repeat(np.add.reduceat(u, self.pattern.indptr[:-1]), self.degrees)

    def top(self, u: np.ndarray) -> np.ndarray:
        """Return the maximum over each node's edges, repeated on each of them."""
        return np.repeat(np.maximum.reduceat(u, self.pattern.indptr[:-1]), self.degrees)

    def per_pixel(self, total: np.ndarray) -> np.ndarray:
        """Return (node,) from values that are repeated on the edges."""
        return total[self.pattern.indptr[:-1]]


def dense(graph: Any) -> np.ndarray:
    """Return a dense matrix, or raise if its entries are not numbers."""
    array = plain("graph", graph)
    if array.dtype.kind not in "fiubc":
        raise TypeError(f"entries have dtype {array.dtype}")
    return array
