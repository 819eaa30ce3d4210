"""`GraphFlow`: linearized flows on any graph, and graphs of nearest neighbors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import FEATURE, LABEL, NODE, finite_field
from explorer.flow.base import Flow
from explorer.geometry.graph import Graph
from explorer.params import check_fields, of


@dataclass(frozen=True, eq=False)
class GraphFlow(Flow):
    """The linearized assignment flow (2.22b)–(2.23) on the nodes of a graph.

    Like `LinearizedFlow`, but Ω is a sparse row-stochastic matrix of a fixed pattern:
    (Ω X)_i = Σ_{k ∈ N_i} ω_ik X_k, where the patches N_i may differ in size. Every
    function that accepts a flow accepts this one; weights are (edge,), with the
    coordinates `source` and `target`.

    Parameters
    ----------
    distances : DataArray or array (label, node)
        D_ij, distance of the feature at node i to prototype j.
    graph : scipy.sparse matrix or array (node, node)
        An entry (i, k) makes node i average over node k; its value is not used. In a
        sparse matrix every stored entry counts, even a zero; in a dense one, every
        entry ≠ 0. A node averages over itself only if its diagonal entry exists.
    rho : float in (0, 10⁶], ρ, scale of the distances, in their unit.
    base_point : DataArray or array (label, node), optional; W₀, default: barycenter.
    dtype : "float64" or "float32", type of all numbers; see `LinearizedFlow`.

    Raises
    ------
    ValueError, TypeError
        The message names the argument, its value and the cure.
    """

    distances: Any
    graph: Any = field(repr=False)
    rho: float = of(params.RHO)
    base_point: Any = None
    dtype: Any = "float64"
    neighborhood: Graph = field(init=False, repr=False)
    coordinates: Coordinates = field(init=False, repr=False)
    _base: np.ndarray | None = field(init=False, repr=False)
    _log_likelihood: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        D = finite_field("distances", self.distances, (LABEL, NODE), keep=True)
        check_fields(self)
        graph = Graph.of(self.graph)
        if graph.shape != D.shape[1:]:
            raise ValueError(
                f"`graph` has {graph.shape[0]} nodes, `distances` has {D.shape[1]}: "
                "give `graph` one row and one column for each node"
            )
        self._settle(
            D,
            self.base_point,
            graph=graph.pattern,
            dtype=self.dtype,
            neighborhood=graph,
            coordinates=Coordinates.of("distances", self.distances, (LABEL, NODE)),
        )


def neighbor_graph(features: Any, count: int) -> sp.csr_array:
    """Return the graph that links each node to itself and its nearest neighbors.

    Parameters
    ----------
    features : DataArray or array (node, feature); Euclidean distances are used.
    count : int in 1 … nodes, neighbors per node, the node itself included.
    """
    array = finite_field("features", features, (NODE, FEATURE))
    count = params.NEIGHBORS.check(count)
    if count > array.shape[0]:
        raise ValueError(
            f"`count` = {count} exceeds the {array.shape[0]} nodes of `features`: "
            "lower `count`"
        )
    from scipy.spatial import KDTree

    array = array / (float(np.abs(array).max()) or 1.0)  # so that no square overflows
    # the nearest neighbor is the node itself, or any node that is identical to it
    nearest = KDTree(array).query(array, k=list(range(1, count + 1)))[1]
    nearest = with_itself(np.asarray(nearest))
    rows = np.repeat(np.arange(array.shape[0]), count)
    ones = np.ones(rows.size)
    shape = (array.shape[0],) * 2
    return sp.csr_array((ones, (rows, nearest.ravel())), shape=shape)


def with_itself(nearest: np.ndarray) -> np.ndarray:
    """Replace the farthest neighbor by the node itself where the node is missing."""
    itself = np.arange(nearest.shape[0])
    missing = ~(nearest == itself[:, None]).any(axis=1)
    nearest[missing, -1] = itself[missing]
    return nearest
