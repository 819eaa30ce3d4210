"""Flows on graphs: equal to those on grids, to dense matrices, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer import (
    AdaptiveKrylov,
    AdaptiveRungeKutta,
    CrossEntropy,
    DenseExponential,
    ExplicitEuler,
    GeometricEuler,
    GraphFlow,
    IteratedLinearization,
    Krylov,
    LinearizedFlow,
    LowRankGradient,
    RungeKutta,
    neighbor_graph,
)
from explorer.geometry.graph import Graph
from tests import graphs, reference

# as for grids: exponentials of matrices of norm below ten lose some of sixteen digits
RTOL = 1e-9
# what remains where bounds are (nearly) zero: both sides are rounded
ROUNDING = 1e-11

grids = pytest.mark.parametrize(
    ("shape", "radius"), [((1, 1), 1), ((1, 5), 2), ((3, 4), 1), ((4, 3), 3)], ids=str
)
patterns = pytest.mark.parametrize("name", [*graphs.PATTERNS, "random"])
points = pytest.mark.parametrize("barycenter", [True, False])


def relative(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def flow_of(problem):
    flat = np.ptp(problem.base) == 0.0
    return GraphFlow(
        problem.distances,
        problem.pattern,
        problem.rho,
        base_point=None if flat else problem.base,
    )


def problem_of(name, **kwargs):
    pattern = graphs.random_pattern(7) if name == "random" else graphs.PATTERNS[name]
    return graphs.random_problem(pattern, **kwargs)


def both(shape, radius, **kwargs):
    """The same flow on a grid and on its graph, each with its weights."""
    problem = reference.random_problem(shape, radius=radius)
    graph = graphs.of_grid(problem)
    flat = {k: v.reshape(graph.distances.shape) for k, v in kwargs.items()}
    on_grid = LinearizedFlow(problem.distances, problem.rho, radius, **kwargs)
    on_graph = GraphFlow(graph.distances, graph.pattern, graph.rho, **flat)
    return (on_grid, problem.weights), (on_graph, graph.weights)


@pytest.mark.slow
@pytest.mark.parametrize(
    "integrator",
    [
        Krylov(dim=6),
        AdaptiveKrylov(dim=6),
        ExplicitEuler(time_step=0.3),
        RungeKutta(),
        DenseExponential(),
    ],
    ids=repr,
)
@grids
def test_linearized_flows_on_a_grid_and_on_its_graph_agree(integrator, shape, radius):
    on_grid, on_graph = both(shape, radius)
    expected = integrator.solve(*on_grid, 3.0)
    actual = integrator.solve(*on_graph, 3.0)
    assert actual.V.dims == ("label", "node")
    flat = expected.V.values.reshape(actual.V.shape)
    # the same operations with sums in another order, amplified by e^{T/2} < 5
    np.testing.assert_allclose(actual.V, flat, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(actual.labels, expected.labels.values.ravel())
    np.testing.assert_allclose(
        actual.W, expected.W.values.reshape(actual.W.shape), atol=1e-12
    )
    assert actual.work == expected.work
    assert actual.status.ending == expected.status.ending


@pytest.mark.parametrize(
    "scheme", [GeometricEuler(0.25), AdaptiveRungeKutta()], ids=repr
)
@grids
def test_nonlinear_flows_on_a_grid_and_on_its_graph_agree(scheme, shape, radius):
    on_grid, on_graph = both(shape, radius)
    expected, actual = scheme.solve(*on_grid, 2.0), scheme.solve(*on_graph, 2.0)
    assert actual.W.dims == ("label", "node")
    # as above; W is below one
    flat = expected.W.values.reshape(actual.W.shape)
    np.testing.assert_allclose(actual.W, flat, rtol=0, atol=1e-12)
    assert actual.steps == expected.steps


@grids
def test_iterated_linearizations_on_a_grid_and_on_its_graph_agree(shape, radius):
    on_grid, on_graph = both(shape, radius)
    expected, actual = (
        IteratedLinearization().solve(*case, [0.5, 1.0, 0.5])
        for case in (on_grid, on_graph)
    )
    flat = expected.W.values.reshape(actual.W.shape)
    np.testing.assert_allclose(actual.W, flat, rtol=0, atol=1e-12)
    assert actual.labels.dims == ("node",)


def test_base_points_on_a_grid_and_on_its_graph_agree():
    base = graphs.random_simplex((3, 3, 4), seed=3)
    on_grid, on_graph = both((3, 4), 1, base_point=base)
    expected, actual = Krylov(20).solve(*on_grid, 3.0), Krylov(20).solve(*on_graph, 3.0)
    flat = expected.V.values.reshape(actual.V.shape)
    # entries of order one; 1/W₀ < 15 amplifies what sums in another order lose
    np.testing.assert_allclose(actual.V, flat, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(actual.labels, expected.labels.values.ravel())


@grids
@pytest.mark.parametrize("rank", [1, 4])
def test_gradients_on_a_grid_and_on_its_graph_agree(shape, radius, rank):
    """∂f at an offset is that at the edge it names: clamped duplicates share it."""
    problem = reference.random_problem(shape, radius=radius)
    (grid, weights), (graph, merged) = both(shape, radius)
    method = LowRankGradient(4, rank)
    expected = method(grid, weights, problem.labels, 3.0)
    actual = method(graph, merged, problem.labels.ravel(), 3.0)
    nodes = int(np.prod(shape))
    edge = graphs.matrix(graphs.of_grid(problem).pattern, actual.gradient.values)
    spread = np.empty_like(weights)
    for k, r, c, nr, nc in reference.links(weights):
        spread[k, r, c] = edge.reshape(nodes, nodes)[
            r * shape[1] + c, nr * shape[1] + nc
        ]
    scale = np.abs(expected.gradient.values).max()
    # singular values below 1e-9 of the first have vectors of rounding, weighted by them
    np.testing.assert_allclose(spread, expected.gradient, rtol=0, atol=RTOL * scale)
    assert float(actual.loss) == pytest.approx(float(expected.loss), rel=1e-12)
    assert float(actual.error_percent) == float(expected.error_percent)


@patterns
@points
def test_the_system_is_the_dense_matrix(name, barycenter):
    problem = problem_of(name, barycenter=barycenter)
    system = flow_of(problem).plain_system(problem.weights)
    A, b = graphs.dense_system(problem, problem.weights)
    shape = (*problem.base.shape[:1], 1, len(problem.pattern))
    for column, row, unit in zip(A.T, A, np.eye(b.size), strict=True):
        e = np.ascontiguousarray(reference.unvec(unit, shape)[:, 0])
        # entries of A are below 1/min W₀ = 15; a hundred roundings
        slack = {"rtol": 0, "atol": 1500 * np.finfo(float).eps}
        image = reference.unvec(column, shape)[:, 0]
        np.testing.assert_allclose(system.apply(e), image, **slack)
        image = reference.unvec(row, shape)[:, 0]
        np.testing.assert_allclose(system.apply_transpose(e), image, **slack)
    np.testing.assert_allclose(
        system.source, reference.unvec(b, shape)[:, 0], rtol=0, atol=1e-15
    )
    assert np.linalg.norm(A, 2) <= system.growth * (1 + 1e-12)


@patterns
@points
def test_solutions_are_dense_exponentials(name, barycenter):
    problem = problem_of(name, barycenter=barycenter)
    solution = Krylov(30).solve(flow_of(problem), problem.weights, problem.time)
    assert relative(solution.V.values, graphs.solve(problem)) <= RTOL


LOSSES = {
    "direction": (LowRankGradient(30, 30), graphs.direction_loss),
    "entropy": (LowRankGradient(30, 30, CrossEntropy()), graphs.cross_entropy),
}


@pytest.mark.slow
@patterns
@points
@pytest.mark.parametrize("loss", LOSSES)
def test_the_full_gradient_is_the_complex_step_derivative(name, barycenter, loss):
    problem = problem_of(name, barycenter=barycenter, time=2.0)
    method, naive = LOSSES[loss]
    data = method(flow_of(problem), problem.weights, problem.labels, problem.time)
    expected = graphs.complex_step_gradient(problem, naive)
    assert data.gradient.dims == ("edge",)
    error = np.linalg.norm(data.gradient - expected)
    # where a single node or its own loops leave no slope, parts of order one cancel
    assert error <= RTOL * max(1.0, np.linalg.norm(expected))
    value = naive(problem, graphs.solve(problem)).real
    assert float(data.loss) == pytest.approx(value, rel=RTOL)


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 2, 4, 6])
@pytest.mark.parametrize("seed", range(4))
@points
def test_bounds_hold_on_random_graphs(dim, seed, barycenter):
    pattern = graphs.random_pattern(5, seed)
    problem = graphs.random_problem(pattern, seed=seed, barycenter=barycenter)
    flow = flow_of(problem)
    solution = Krylov(dim).solve(flow, problem.weights, problem.time)
    V = graphs.solve(problem)
    error = np.linalg.norm(solution.V.values - V)
    assert error <= solution.error + ROUNDING * np.linalg.norm(V)
    data = LowRankGradient(dim, dim)(
        flow, problem.weights, problem.labels, problem.time
    )
    exact = graphs.complex_step_gradient(problem, graphs.direction_loss)
    bound = float(data.approximation_error) + float(data.truncation_error)
    error = np.linalg.norm(data.gradient - exact)
    assert error <= bound + ROUNDING * max(1.0, np.linalg.norm(exact))


@pytest.mark.slow
@pytest.mark.parametrize("radius", [2, 3])
def test_the_gradient_of_wide_windows_is_the_complex_step_derivative(radius):
    problem = reference.random_problem((2, 4), 2, radius, time=2.0, seed=6)
    flow = LinearizedFlow(problem.distances, problem.rho, radius)
    method = LowRankGradient(16, 16)
    data = method(flow, problem.weights, problem.labels, problem.time)
    expected = reference.complex_step_gradient(problem)
    assert relative(data.gradient.values, expected) <= RTOL


def test_weights_know_their_edges():
    flow = GraphFlow(np.ones((2, 3)), [[1, 0, 1], [0, 1, 0], [1, 1, 1]])
    weights = flow.uniform_weights()
    assert weights.dims == ("edge",)
    assert weights.source.values.tolist() == [0, 0, 1, 2, 2, 2]
    assert weights.target.values.tolist() == [0, 2, 1, 0, 1, 2]
    np.testing.assert_allclose(weights, [1 / 2, 1 / 2, 1, 1 / 3, 1 / 3, 1 / 3])


def test_dimensions_are_found_by_name():
    problem = problem_of("random")
    turned = xr.DataArray(problem.distances.T, dims=("node", "label"))
    flow = GraphFlow(turned, problem.pattern)
    np.testing.assert_array_equal(flow.distances, problem.distances)


def test_time_zero_equal_distances_and_one_label():
    problem = problem_of("random")
    flow = flow_of(problem)
    start = Krylov().solve(flow, problem.weights, 0.0)
    np.testing.assert_array_equal(start.V, 0.0)
    blank = GraphFlow(np.full((3, 7), 0.5), problem.pattern)
    data = LowRankGradient()(blank, problem.weights, problem.labels, 3.0)
    np.testing.assert_array_equal(data.gradient, 0.0)
    single = GraphFlow(np.ones((1, 7)), problem.pattern)
    data = LowRankGradient()(single, problem.weights, np.zeros(7), 3.0)
    assert (float(data.loss), float(data.error_percent)) == (0.0, 0.0)


def nearest_by_force(features, count):
    """The distances to the nearest nodes, each node first, by all pairs."""
    apart = np.linalg.norm(features[:, None] - features[None], axis=-1)
    return np.sort(apart, axis=1)[:, :count], apart


@pytest.mark.parametrize("count", [1, 2, 5, 9])
@pytest.mark.parametrize("channels", [1, 3])
def test_neighbors_are_the_nearest_nodes(count, channels):
    features = np.random.default_rng(count).standard_normal((9, channels))
    pattern = neighbor_graph(features, count).toarray() > 0
    expected, apart = nearest_by_force(features, count)
    assert pattern.diagonal().all()
    for row, distances, nearest in zip(pattern, apart, expected, strict=True):
        # two ways to round a distance of order one
        np.testing.assert_allclose(np.sort(distances[row]), nearest, atol=1e-15)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6])
def test_nodes_that_coincide_still_name_themselves(count):
    """Four copies of one point, two of another: which copies are taken is open."""
    features = np.array([[0.0], [0.0], [5.0], [0.0], [0.0], [5.0]])
    pattern = neighbor_graph(features, count).toarray() > 0
    expected, apart = nearest_by_force(features, count)
    assert pattern.diagonal().all()
    np.testing.assert_array_equal(pattern.sum(axis=1), count)
    for row, distances, nearest in zip(pattern, apart, expected, strict=True):
        np.testing.assert_array_equal(np.sort(distances[row]), nearest)
    Graph.of(neighbor_graph(features, count))


def test_as_many_neighbors_as_nodes_are_all_of_them():
    features = np.random.default_rng(0).standard_normal((6, 2))
    np.testing.assert_array_equal(neighbor_graph(features, 6).toarray(), 1.0)


@pytest.mark.parametrize("unit", [1e-300, 1e-200, 1e200, 8e307])
def test_neighbors_do_not_depend_on_units(unit):
    features = np.random.default_rng(0).uniform(-2.0, 2.0, (8, 2))
    expected = neighbor_graph(features, 3).toarray()
    np.testing.assert_array_equal(
        neighbor_graph(unit * features, 3).toarray(), expected
    )


def test_features_are_found_by_name():
    features = np.random.default_rng(0).standard_normal((7, 2))
    named = xr.DataArray(features.T, dims=("feature", "node"))
    expected = neighbor_graph(features, 3).toarray()
    np.testing.assert_array_equal(neighbor_graph(named, 3).toarray(), expected)
