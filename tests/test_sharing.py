"""What is made of an array does not change with it, and arguments are never changed."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import xarray as xr

import explorer as ex
from tests import reference

SOLVER = ex.Krylov(5)
FIELD = ("label", "row", "col")


def arrays():
    """Return distances, base point, weights, labels, of which each test has its own."""
    problem = reference.random_problem()
    base = reference.random_weights(1, (3, 4), 5)[:3]
    labels = problem.labels.astype(np.intp)
    return problem.distances, base / base.sum(axis=0), problem.weights, labels


def solved(flow):
    return SOLVER.solve(flow, flow.uniform_weights(), 1.0).V.values


def kinds(values, dims=FIELD):
    """Return ways to hand over an array that share its memory."""
    yield values
    yield values[::-1][::-1]
    yield xr.DataArray(values, dims=dims)
    yield xr.DataArray(values.transpose(), dims=dims[::-1])
    frozen = values.view()
    frozen.flags.writeable = False
    yield frozen


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", range(5))
def test_a_flow_keeps_its_own_data(kind, dtype):
    D, base, _, _ = arrays()
    D, base = D.astype(dtype), base.astype(dtype)
    base = base / base.sum(axis=0)
    given = list(kinds(D))[kind], list(kinds(base))[kind]
    flow = ex.LinearizedFlow(given[0], base_point=given[1], dtype=dtype)
    before = solved(flow), flow.distances.values.copy(), flow.base_point.values.copy()
    D *= 0.5
    base *= 0.5
    after = solved(flow), flow.distances.values, flow.base_point.values
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old)


def test_what_a_flow_shows_cannot_be_written_into():
    D, base, _, _ = arrays()
    flow, batch = ex.LinearizedFlow(D, base_point=base), ex.FlowBatch(D[None])
    graph = ex.GraphFlow(D.reshape(3, -1), np.eye(12))
    learner = ex.Learner(flow, np.zeros((3, 4), int))
    for shown in (
        flow.distances.values,
        flow.base_point.values,
        batch.distances.values,
        batch.flows[0].distances.values,
        graph.graph.data,
        graph.graph.indices,
        learner.labels.values,
        learner.truth,
    ):
        with pytest.raises(ValueError, match="read-only"):
            shown[...] = 0
    assert np.shares_memory(batch.distances, batch.flows[0].distances)  # one copy


def test_a_batch_and_a_graph_keep_their_own_data():
    D, _, _, _ = arrays()
    stack, nodes, edges = (
        np.stack([D, 2 * D]),
        D.reshape(3, -1),
        sp.csr_array(np.eye(12)),
    )
    batch, graph = ex.FlowBatch(stack), ex.GraphFlow(nodes, edges)
    shown, before = batch.distances.values.copy(), solved(graph)
    stack[:] = 0
    nodes *= 0.5
    edges.indices[:] = 0
    np.testing.assert_array_equal(batch.distances, shown)
    np.testing.assert_array_equal(batch.flows[1].distances, shown[1])
    np.testing.assert_array_equal(solved(graph), before)


def test_a_learner_keeps_its_own_labels_and_start():
    D, _, weights, labels = arrays()
    flow = ex.LinearizedFlow(D)
    learner = ex.Learner(flow, labels, initial_weights=weights)
    before = learner.truth.copy(), learner.start.copy(), learner.labels.values.copy()
    labels[:] = 0
    weights[:] = 1.0
    after = learner.truth, learner.start, learner.labels.values
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old)
    learner.weights.values[:] = 0.0
    learner.start[:] = 0.0
    np.testing.assert_array_equal(learner.weights, before[1])


def test_labels_of_a_learner_serve_another_one():
    D, _, _, labels = arrays()
    labels[1, 2] = -1
    truth = xr.DataArray(labels, dims=("row", "col"), attrs={"no_label": -1})
    learner = ex.Learner(ex.LinearizedFlow(D), truth)
    again = ex.Learner(ex.LinearizedFlow(D), learner.labels)
    np.testing.assert_array_equal(again.truth, labels)


def test_couplings_are_copied():
    D, *_ = arrays()
    flow, L = ex.LinearizedFlow(D), 0.1 * np.eye(3)
    stage, couplings = ex.Stage(flow, L), {(0, 1): L}
    pair = ex.ParallelFlow([flow, flow], couplings)
    L[:] = 0.0
    couplings.clear()
    np.testing.assert_array_equal(stage.coupling, 0.1 * np.eye(3))
    np.testing.assert_array_equal(pair.couplings[0, 1], 0.1 * np.eye(3))
    assert len(pair.maps) == 1


def test_a_labeled_system_hands_out_copies():
    D, _, weights, _ = arrays()
    system = ex.LinearizedFlow(D).system(weights)
    before = system.apply(D).values
    for shown in (system.similarity, system.source, system.weights):
        shown.values[:] = 0.5
    weights[:] = 0.0
    np.testing.assert_array_equal(system.apply(D), before)


def test_arguments_are_never_changed():
    D, base, weights, labels = arrays()
    given = D, base, weights, labels
    before = [a.copy() for a in given]
    flow = ex.LinearizedFlow(D, base_point=base)
    SOLVER.solve(flow, weights, 1.0)
    ex.LowRankGradient(5)(flow, weights, labels, 1.0)
    ex.Learner(flow, labels, tau=1e-3, initial_weights=weights).run(2)
    ex.FlowBatch(D[None]).solve(SOLVER, weights, 1.0)
    ex.manifold.geodesic(base, base[::-1], 0.3)
    ex.score(labels, labels)
    for old, new in zip(before, given, strict=True):
        np.testing.assert_array_equal(new, old)
