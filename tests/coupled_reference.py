"""Dense coupled flows that the tests compare the library with, and their scenes.

The oracles use dense matrices and loops only; vectors of Rⁿ are (row, col, label), as
in `reference`. A graph of n nodes is an image of n × 1 pixels here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator

from explorer import GraphFlow, LinearizedFlow, ParallelFlow, SerialFlow, Stage
from tests import reference

EXACT = 150
"""Krylov spaces of this dimension are exact: no scene has that many numbers."""


@dataclass(frozen=True, eq=False)
class Node:
    """One flow of a network: an image, or a graph if it has a pattern."""

    distances: np.ndarray
    weights: np.ndarray
    rho: float = 0.5
    pattern: np.ndarray | None = None

    @property
    def flow(self):
        if self.pattern is None:
            return LinearizedFlow(self.distances, self.rho)
        return GraphFlow(self.distances, sp.csr_array(self.pattern), self.rho)

    @property
    def shape(self):
        return self.distances.shape

    @property
    def planar(self):
        """(label, row, col), also for a graph."""
        return (*self.shape, 1)[:3]

    def omega(self, weights):
        """Ω as a dense matrix; `weights` may be complex."""
        if self.pattern is None:
            return reference.dense_average(weights)
        matrix = np.zeros(self.pattern.shape, weights.dtype)
        matrix[np.nonzero(self.pattern)] = weights  # in the order of rows
        return matrix

    def dense(self, weights):
        """A = R_S (Ω ⊗ I_J) and b = Π₀ S / J with S = softmax(−Ω D/ρ) (2.23)."""
        omega, (labels, *_) = self.omega(weights), self.shape
        D = self.distances.reshape(labels, -1)
        u = -(D - D.min(axis=0)) / self.rho @ omega.T
        S = np.exp(u - u.real.max(axis=0))
        S = (S / S.sum(axis=0)).reshape(self.planar)
        A = reference.dense_replicator(S) @ np.kron(omega, np.eye(labels))
        return A, reference.vec((S - S.mean(axis=0)) / labels)

    def unvec(self, vector):
        return reference.unvec(vector, self.planar).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes with maps {(i, j): L_ij}, in a chain {(k, k − 1): L_k}.

    A map is a matrix (label, from_label), or (n, from_n) on raveled fields.
    """

    nodes: tuple
    maps: dict
    times: tuple[float, ...]

    @property
    def weights(self):
        return [node.weights for node in self.nodes]

    def public(self, key):
        """The map as the library takes it."""
        matrix = self.maps[key]
        return matrix if self.is_small(key) else aslinearoperator(matrix)

    def is_small(self, key):
        """Whether a map is one matrix for the label vectors of all pixels."""
        return self.maps[key].shape == tuple(len(self.nodes[k].distances) for k in key)

    def serial(self):
        """The chain."""
        maps = [None, *(self.public((k, k - 1)) for k in range(1, len(self.nodes)))]
        pairs = zip(self.nodes, maps, strict=True)
        return SerialFlow([Stage(node.flow, L) for node, L in pairs])

    def parallel(self):
        """The same flows side by side."""
        maps = {key: self.public(key) for key in self.maps}
        return ParallelFlow([node.flow for node in self.nodes], maps)

    @cached_property
    def dense_maps(self):
        """Π₀ L_ij on vectors (row, col, label), column by column."""
        return {key: self.dense_map(*key) for key in self.maps}

    def dense_map(self, i, j):
        L, goal, origin = self.maps[i, j], self.nodes[i], self.nodes[j]
        columns = []
        for unit in np.eye(np.prod(origin.shape)):
            field = reference.unvec(unit, origin.planar)
            if self.is_small((i, j)):
                image = np.einsum("ij,jrc->irc", L, field)
            else:
                image = (L @ field.ravel()).reshape(goal.planar)
            columns.append(reference.vec(image - image.mean(axis=0)))
        return np.stack(columns, axis=1)

    def solve_serial(self, weights=None):
        """V_k = T_k φ(T_k A_k)(b_k + Π₀ L_k V_{k−1}), the fields of all stages."""
        V, out = None, []
        for k, w in enumerate(self.weights if weights is None else weights):
            A, b = self.nodes[k].dense(w)
            if k > 0:
                b = b + self.dense_maps[k, k - 1] @ V
            V = self.times[k] * reference.phi_column(A, b, self.times[k])
            out.append(self.nodes[k].unvec(V))
        return out

    def dense_block(self, weights=None):
        """The block matrix 𝐀 and 𝐁, and the numbers of each flow."""
        weights = self.weights if weights is None else weights
        parts = [n.dense(w) for n, w in zip(self.nodes, weights, strict=True)]
        ends = np.cumsum([0, *(b.size for _, b in parts)])
        rows = [slice(*pair) for pair in pairwise(ends)]
        kind = np.result_type(*(A for A, _ in parts))
        block = np.zeros((ends[-1], ends[-1]), kind)
        for k, (A, _) in enumerate(parts):
            block[rows[k], rows[k]] = A
        for (i, j), L in self.dense_maps.items():
            block[rows[i], rows[j]] = L
        return block, np.concatenate([b for _, b in parts]), rows

    def solve_parallel(self, weights=None):
        """𝐕 = T φ(T𝐀)𝐁, the fields of all flows; T is the first of the times."""
        A, b, rows = self.dense_block(weights)
        V = self.times[0] * reference.phi_column(A, b, self.times[0])
        return [n.unvec(V[r]) for n, r in zip(self.nodes, rows, strict=True)]


def node(shape, seed, rho=0.5):
    """An image with random distances and weights."""
    rng = np.random.default_rng(seed)
    weights = reference.random_weights(1, shape[1:], seed)
    return Node(rng.uniform(size=shape), weights, rho)


def graph_node(labels, nodes, seed):
    """A graph with random edges, each node its own neighbor."""
    rng = np.random.default_rng(seed)
    pattern = (rng.uniform(size=(nodes, nodes)) < 0.4) | np.eye(nodes, dtype=bool)
    dense = np.where(pattern, rng.uniform(0.1, 1.0, pattern.shape), 0.0)
    dense /= dense.sum(axis=1, keepdims=True)
    distances = rng.uniform(size=(labels, nodes))
    return Node(distances, dense[np.nonzero(pattern)], pattern=pattern)


def network(nodes, maps, times, seed=0):
    """A network with random maps: "labels" (label, from_label), "all" (n, from_n)."""
    rng, drawn = np.random.default_rng(seed), {}
    for (i, j), kind in maps.items():
        goal, origin = nodes[i].shape, nodes[j].shape
        full = np.prod(goal), np.prod(origin)
        size = full if kind == "all" else (goal[0], origin[0])
        # a map of norm about 0.7, so that flow and inflow weigh alike
        drawn[i, j] = rng.standard_normal(size) * 0.5 / np.sqrt(size[1])
    return Network(tuple(nodes), drawn, times)


CHAINS = {
    "same labels": network(
        [node((3, 2, 3), 0), node((3, 2, 3), 1)], {(1, 0): "labels"}, (1.5, 2.0)
    ),
    "other labels": network(
        [node((4, 3, 2), 2), node((2, 3, 2), 3, rho=0.2)], {(1, 0): "labels"}, (3.0, 1)
    ),
    "three stages": network(
        [node((3, 2, 3), 4), node((2, 2, 3), 5), node((4, 2, 3), 6)],
        {(1, 0): "labels", (2, 1): "all"},
        (1.0, 2.5, 1.5),
    ),
    "other pixels": network(
        [node((3, 3, 3), 7), node((2, 1, 5), 8)], {(1, 0): "all"}, (2.0, 2.0)
    ),
    "a graph": network(
        [node((3, 2, 3), 9), graph_node(2, 7, 10)], {(1, 0): "all"}, (1.0, 2.0)
    ),
    "long times": network(
        [node((3, 2, 3), 11), node((3, 2, 3), 12)], {(1, 0): "labels"}, (40.0, 30.0)
    ),
}

WEBS = {
    "both ways": network(
        [node((3, 2, 3), 0), node((3, 2, 3), 1)],
        {(1, 0): "labels", (0, 1): "labels"},
        (2.0,),
    ),
    "other labels": network(
        [node((4, 3, 2), 2), node((2, 3, 2), 3)],
        {(1, 0): "labels", (0, 1): "labels"},
        (1.5,),
    ),
    "one way": network(
        [node((3, 2, 3), 4), node((2, 2, 3), 5)], {(0, 1): "labels"}, (2.0,)
    ),
    "a ring of three": network(
        [node((3, 2, 2), 6), graph_node(2, 5, 7), node((4, 1, 3), 8)],
        {(1, 0): "all", (2, 1): "all", (0, 2): "all"},
        (1.5,),
    ),
    "a long time": network(
        [node((3, 2, 3), 9), node((2, 2, 3), 10)],
        {(1, 0): "labels", (0, 1): "labels"},
        (30.0,),
    ),
}
