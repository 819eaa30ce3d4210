"""Graphs do what dense matrices and loops over nodes do; grids, what simplexes do."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from explorer.geometry import simplex
from explorer.geometry.graph import Graph
from explorer.geometry.grid import Grid
from explorer.kernels.planes import empty_fields
from tests import graphs, reference

LABELS = 3
EPS = np.finfo(float).eps
# sums of at most 3 · 8 products of numbers below 3, in another order: 24 · 3 · 2 eps
ROUNDING = 150 * EPS

patterns = pytest.mark.parametrize("name", graphs.PATTERNS)
drawn = given(
    nodes=st.integers(1, 8),
    seed=st.integers(0, 10_000),
    density=st.sampled_from([0.0, 0.2, 0.6, 1.0]),
)


def fields(nodes, seed=0):
    """S on the simplex, and two fields of either sign."""
    rng = np.random.default_rng(seed)
    S = graphs.random_simplex((LABELS, nodes), seed)
    return S, *rng.uniform(-1.0, 1.0, (2, LABELS, nodes))


def check_operators(pattern, seed=0):
    graph, weights = Graph.of(pattern), graphs.random_weights(pattern, seed)
    S, X, Y = fields(len(pattern), seed)
    Omega = graphs.matrix(pattern, weights)
    R = [np.diag(p) - np.outer(p, p) for p in S.T]
    RY = np.stack([r @ y for r, y in zip(R, Y.T, strict=True)], axis=1)
    RX = np.stack([r @ x for r, x in zip(R, (X @ Omega.T).T, strict=True)], axis=1)
    u = X @ Omega.T
    pairs = [
        (graph.average(weights, X), X @ Omega.T),
        (graph.average_transpose(weights, Y), Y @ Omega),
        (graph.apply(weights, S, X), RX),
        (graph.apply_transpose(weights, S, Y), RY @ Omega),
        (graph.sampled_product(X, Y), (X.T @ Y)[pattern]),
        (graph.similarity(weights, X), np.exp(u) / np.exp(u).sum(axis=0)),
    ]
    for actual, expected in pairs:
        np.testing.assert_allclose(actual, expected, rtol=0, atol=ROUNDING)
        assert actual.flags.c_contiguous


@patterns
def test_operators_of_known_patterns_are_dense_matrices(name):
    check_operators(graphs.PATTERNS[name])


@drawn
def test_operators_of_any_pattern_are_dense_matrices(nodes, seed, density):
    check_operators(graphs.random_pattern(nodes, seed, density), seed)


@drawn
def test_assembling_is_the_sum_of_its_terms(nodes, seed, density):
    """T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧, node by node and term by term."""
    pattern = graphs.random_pattern(nodes, seed, density)
    graph, weights = Graph.of(pattern), graphs.random_weights(pattern, seed)
    S, C, z = fields(nodes, seed)
    u, w = np.random.default_rng(seed).uniform(-1.0, 1.0, (2, 2, LABELS, nodes))
    time, scale, Omega = 1.7, 0.3, graphs.matrix(pattern, weights)
    R = [np.diag(p) - np.outer(p, p) for p in S.T]
    G, whole = scale * z, np.zeros((nodes, nodes))
    for ur, wr in zip(u, w, strict=True):
        for i, X in enumerate(Omega @ wr.T):
            p, a = S[:, i], ur[:, i]
            G[:, i] += time * (a * X - (p @ X) * a - (p @ a) * X)
            whole[i] += time * (R[i] @ a) @ wr
    for i in range(nodes):
        whole[i] += (R[i] @ G[:, i]) @ C
    out, found = graph.assemble(weights, (S, C, z), (u, w, time, scale), True)
    np.testing.assert_allclose(found, G, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(out, whole[pattern], rtol=0, atol=ROUNDING)


def test_fields_of_different_labels_do_not_meet():
    graph = Graph.of(np.eye(4))
    S, C, z = fields(4)
    with pytest.raises(ValueError, match="zip"):
        graph.sampled_product(S[:2], C)
    components = np.stack([S, C]), np.stack([S]), 1.0, 1.0
    with pytest.raises(ValueError, match="zip"):
        graph.assemble(graph.uniform(), (S, C, z), components, True)


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("name", ["sweep", "sweep_transpose"])
def test_a_sweep_reads_what_is_given_and_returns_inner_products(name, start):
    """The recurrence starts from v_start and v_{start−1}; what lies beyond is not read.

    Before the first vector there is none, and its factor is zero.
    """
    pattern = graphs.PATTERNS["patches of 1 to 7 nodes"]
    graph, weights, steps = Graph.of(pattern), graphs.random_weights(pattern), 3
    S, _, _ = fields(7)
    once = {"sweep": graph.apply, "sweep_transpose": graph.apply_transpose}[name]
    rng = np.random.default_rng(start)
    factors, count = rng.normal(size=(steps, 3)), start + steps + 1
    factors[0, 2] *= start > 0
    vectors = empty_fields(count + 2, (LABELS, 7), np.dtype(float))
    vectors[:] = np.nan
    vectors[: start + 1] = rng.uniform(-1.0, 1.0, (start + 1, LABELS, 7))
    expected = list(vectors[: start + 1].copy())
    for a, b, c in factors:
        before = expected[-2] if len(expected) > 1 else 0.0 * expected[0]
        v = expected[-1]
        expected.append(a * once(weights, S, v) + b * v + c * before)
    products = getattr(graph, name)((weights, S), vectors, start, factors)
    # each step multiplies errors by at most the sum of its factors
    slack = ROUNDING * np.prod(1.0 + np.abs(factors).sum(axis=1))
    np.testing.assert_allclose(vectors[:count], expected, rtol=0, atol=slack)
    assert np.isnan(vectors[count:]).all()
    flat = np.reshape(expected, (count, -1))
    gram = np.tril(flat @ flat.T)[start:]
    size = np.abs(flat).max() * np.abs(flat).sum(axis=1).max()
    np.testing.assert_allclose(products, gram, rtol=0, atol=slack * (1.0 + size))


def check_patch_maps(pattern, seed=0):
    """Node by node, with the formulas for one vector of the simplex."""
    graph, p = Graph.of(pattern), graphs.random_weights(pattern, seed)
    u, v = np.random.default_rng(seed).standard_normal((2, p.size))
    steep, low = 500.0 * u, 0.2  # e^500 overflows when squared; half of p is below 0.2
    actual = [
        graph.uniform(),
        graph.center(u),
        graph.replicator(p, u),
        graph.lift(p, u),
        graph.lift(p, steep),
        graph.bounded(p, low),
    ]
    inner, cosine = graph.inner(u, v), graph.cosine(u, v)
    for i, e in enumerate(graphs.patches(pattern)):
        q, x, y = p[e], u[e], v[e]
        big, raised = q * np.exp(steep[e] - steep[e].max()), np.maximum(q, low)
        expected = [
            np.full(e.size, 1.0 / e.size),
            x - x.mean(),
            (np.diag(q) - np.outer(q, q)) @ x,
            q * np.exp(x) / (q * np.exp(x)).sum(),
            big / big.sum(),
            raised / raised.sum(),
        ]
        for one, naive in zip(actual, expected, strict=True):
            np.testing.assert_allclose(one[e], naive, rtol=1e-13, atol=ROUNDING)
        assert inner[i] == pytest.approx(x @ y, abs=ROUNDING)
        angle = x @ y / np.sqrt((x @ x) * (y @ y))
        assert cosine[i] == pytest.approx(angle, abs=ROUNDING)


@patterns
def test_patch_maps_of_known_patterns_are_loops_over_nodes(name):
    check_patch_maps(graphs.PATTERNS[name])


@drawn
def test_patch_maps_of_any_pattern_are_loops_over_nodes(nodes, seed, density):
    check_patch_maps(graphs.random_pattern(nodes, seed, density), seed)


@drawn
def test_averaging_norm_bounds_the_spectral_norm(nodes, seed, density):
    pattern = graphs.random_pattern(nodes, seed, density)
    weights = graphs.random_weights(pattern, seed)
    spectral = np.linalg.norm(graphs.matrix(pattern, weights), 2)
    assert spectral <= Graph.of(pattern).averaging_norm(weights) * (1 + ROUNDING)


def test_averaging_norm_is_attained_by_a_node_that_everyone_copies():
    pattern = np.zeros((4, 4), bool)
    pattern[:, 1] = True
    # Ω = 1 e₁ᵀ has ‖Ω‖₂ = √4
    assert Graph.of(pattern).averaging_norm(np.ones(4)) == pytest.approx(2.0)


def test_a_cosine_needs_two_directions():
    graph = Graph.of(np.ones((2, 2)))
    u, v = np.array([1.0, 2.0, 0.0, 0.0]), np.array([0.0, 0.0, 3.0, -1.0])
    assert np.isnan(graph.cosine(u, v)[0])  # v vanishes there
    assert graph.cosine(u, v)[1] == 0.0
    # noise next to a patch of order one is no direction, either
    noise = np.array([1e-17, -1e-17, 3.0, -1.0])
    assert np.isnan(graph.cosine(u, noise)[0])


def test_sizes_and_coordinates():
    graph = Graph.of(graphs.PATTERNS["everyone looks at node 2"])
    assert (graph.shape, graph.weight_shape) == ((6,), (11,))
    assert (graph.pixels, graph.largest, graph.multiplicity) == (6, 2, 1)
    coords = graph.coords()
    assert coords["source"][1].tolist() == [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5]
    assert coords["target"][1].tolist() == [0, 2, 1, 2, 2, 2, 3, 2, 4, 2, 5]


@pytest.mark.parametrize(
    "graph",
    [
        [[1, 0], [2, 3]],
        np.array([[1.0, 0.0], [7.5, -1.0]]),
        sp.csc_matrix([[1, 0], [1, 1]]),
        sp.coo_array(([1, 1, 1, -1], ([1, 1, 0, 1], [1, 0, 0, 1]))),
        sp.csr_array(([0.0, 0.0, 0.0], [1, 0, 0], [0, 1, 3])),
    ],
    ids=["list", "any values", "csc", "duplicates that cancel", "stored zeros"],
)
def test_only_the_places_of_entries_count(graph):
    found = Graph.of(graph)
    places = list(zip(found.sources.tolist(), found.targets.tolist(), strict=True))
    expected = [(0, 1), (1, 0)] if places[0] == (0, 1) else [(0, 0), (1, 0), (1, 1)]
    assert places == expected
    assert (found.pattern.nnz, found.pattern.has_sorted_indices) == (len(places), True)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, sp.coo_array])
def test_entries_that_are_not_finite_are_no_edges(kind, value):
    matrix = np.eye(3)
    matrix[0, 1] = value
    matrix[2, 1] = -value if np.isinf(value) else np.inf  # not the first
    with pytest.raises(ValueError, match=rf"`graph` must have finite .*, got {value}:"):
        Graph.of(kind(matrix))


def test_nobody_else_writes_into_the_pattern():
    given_ = sp.csr_array(np.eye(3))
    graph = Graph.of(given_)
    given_.indices[:] = 0
    assert graph.targets.tolist() == [0, 1, 2]
    for array in (graph.pattern.data, graph.pattern.indices, graph.pattern.indptr):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_graph_is_itself_only_and_prints_no_pattern():
    graph, other = (Graph.of(np.eye(3)) for _ in range(2))
    assert graph != other
    assert len({graph, other, graph}) == 2
    assert repr(graph) == "Graph()"


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\); it must be a square"),
        (np.ones((3, 2)), r"shape \(3, 2\); it must be a square"),
        ([1, 2], "must be a square"),
        (np.zeros((0, 0)), "0 nodes"),
        (np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]]), "2 without .* first is 1.*eye"),
        (sp.csr_array((3, 3)), "3 without neighbors"),
    ],
    ids=["wide", "tall", "a vector", "empty", "nodes alone", "no edges"],
)
def test_patterns_that_are_refused(graph, words):
    with pytest.raises(ValueError, match=f"`graph` .*{words}"):
        Graph.of(graph)


@pytest.mark.parametrize(
    "graph",
    [None, 5, "ring", {}, len, [[1], [1, 2]], np.ones((2, 2, 2)), np.array([["a"]])],
    ids=["None", "number", "str", "dict", "function", "ragged", "3d", "letters"],
)
def test_what_is_no_matrix_is_refused(graph):
    with pytest.raises(TypeError, match=r"`graph` is a .*sparse.*neighbor_graph"):
        Graph.of(graph)


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1), (2, 5)], ids=str)
def test_patch_maps_of_a_grid_are_those_of_the_simplex(radius, shape):
    grid, p = Grid(radius, *shape), reference.random_weights(radius, shape)
    u, v = np.random.default_rng(1).standard_normal((2, *p.shape))
    lengths = np.sqrt(simplex.inner(u, u) * simplex.inner(v, v))
    pairs = [
        (grid.uniform(), np.full(p.shape, 1.0 / len(p))),
        (grid.center(u), simplex.center(u)),
        (grid.inner(u, v), simplex.inner(u, v)),
        (grid.replicator(p, u), simplex.replicator(p, u)),
        (grid.lift(p, u), simplex.lift(p, u)),
        (grid.lift(p, 500.0 * u), simplex.lift(p, 500.0 * u)),
        (grid.bounded(p, 0.05), simplex.bounded(p, 0.05)),
        (grid.cosine(u, v), simplex.inner(u, v) / lengths),
    ]
    for actual, expected in pairs:
        # 25 summands below 10, in another order
        np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=25 * 10 * EPS)
