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

    As `LinearizedFlow`, with Ω a sparse row-stochastic matrix on a fixed pattern:
    (Ω X)_i = Σ_{k ∈ N_i} ω_ik X_k, where the patches N_i may differ in size. Everything
    that takes a flow takes this one; weights are (edge,), with the coordinates `source`
    and `target`.

    Parameters
    ----------
    distances : DataArray or array (label, node)
        D_ij, distance of the feature at node i to prototype j.
    graph : scipy.sparse matrix or array (node, node)
        entry (i, k): node i averages over node k. Values are not used: in a sparse
        matrix every stored entry counts, even a zero, in a dense one those ≠ 0. A node
        averages over itself only if its diagonal entry is there.
    rho : float in (0, 10⁶], ρ, scale of the distances, in their unit.
    base_point : DataArray or array (label, node), optional; W₀, else the barycenter.
    dtype : "float64" or "float32", type of all numbers; see `LinearizedFlow`.

    Raises
    ------
    ValueError, TypeError
        naming the argument, what it holds, and the cure.
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
                "needed is one row and one column of `graph` for each node"
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
    """Return the graph in which each node names itself and its nearest neighbors.

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

    array = array / (float(np.abs(array).max()) or 1.0)  # no square overflows
    # the node itself is its nearest neighbor; among identical nodes any of them may be
    nearest = KDTree(array).query(array, k=list(range(1, count + 1)))[1]
    nearest = with_itself(np.asarray(nearest))
    rows = np.repeat(np.arange(array.shape[0]), count)
    ones = np.ones(rows.size)
    shape = (array.shape[0],) * 2
    return sp.csr_array((ones, (rows, nearest.ravel())), shape=shape)


def with_itself(nearest: np.ndarray) -> np.ndarray:
    """Put each node in place of its farthest neighbor where it is not among them."""
    itself = np.arange(nearest.shape[0])
    missing = ~(nearest == itself[:, None]).any(axis=1)
    nearest[missing, -1] = itself[missing]
    return nearest
