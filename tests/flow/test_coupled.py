"""Coupled flows: the dense solution, the laws of a linear network, its status."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import xarray as xr
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from explorer import (
    AdaptiveKrylov,
    DenseExponential,
    Krylov,
    LinearizedFlow,
    ParallelFlow,
    RungeKutta,
    SerialFlow,
    Stage,
)
from explorer.flow.block import BlockSystem
from explorer.flow.coupling import coupling_of, inherit
from explorer.flow.status import Ending
from tests import reference
from tests.coupled_reference import CHAINS, EXACT, WEBS, Network, Node, network, node

each_chain = pytest.mark.parametrize("net", CHAINS.values(), ids=CHAINS)
each_web = pytest.mark.parametrize("net", WEBS.values(), ids=WEBS)

PAIR = CHAINS["same labels"]
MAP = PAIR.maps[1, 0]

# both sides are exact up to rounding: some n·eps, times the condition of e^{TA}; the
# long times lose most, ‖TA‖ eps for each squaring of the dense exponential
ROUNDING = 1e-11


def worst(solutions, fields):
    """The largest deviation, relative to the largest entry of each field."""
    pairs = zip(solutions, fields, strict=True)
    return max(np.abs(s.V - V).max() / np.abs(V).max() for s, V in pairs)


def with_map(matrix, net=PAIR):
    return Network(net.nodes, {(1, 0): matrix}, net.times)


@each_chain
def test_a_chain_is_that_of_dense_matrices(net):
    solutions = net.serial().solve(net.weights, list(net.times), Krylov(EXACT))
    fields = net.solve_serial()
    assert worst(solutions, fields) < ROUNDING
    for solution, V in zip(solutions, fields, strict=True):
        np.testing.assert_array_equal(solution.labels, V.argmax(axis=0))
        assert solution.status.ending is Ending.EXACT


@each_web
def test_flows_side_by_side_are_one_dense_block_system(net):
    solutions = net.parallel().solve(net.weights, net.times[0], Krylov(EXACT))
    fields = net.solve_parallel()
    assert worst(solutions, fields) < ROUNDING
    for solution, V in zip(solutions, fields, strict=True):
        np.testing.assert_array_equal(solution.labels, V.argmax(axis=0))


@pytest.mark.parametrize("integrator", [DenseExponential(), AdaptiveKrylov()], ids=repr)
def test_a_chain_takes_any_integrator(integrator):
    net = CHAINS["three stages"]
    solutions = net.serial().solve(net.weights, list(net.times), integrator)
    for solution, V in zip(solutions, net.solve_serial(), strict=True):
        # the stated error, and the rounding of the oracle
        assert np.linalg.norm(solution.V - V) <= solution.error + ROUNDING
        assert solution.status.ok


def test_a_chain_of_one_is_the_plain_flow(problem, flow):
    krylov = Krylov(EXACT)
    (one,) = SerialFlow([Stage(flow)]).solve([problem.weights], [3.0], krylov)
    (side,) = ParallelFlow([flow]).solve([problem.weights], 3.0, krylov)
    plain = krylov.solve(flow, problem.weights, 3.0)
    np.testing.assert_array_equal(one.V, plain.V)
    np.testing.assert_allclose(side.V, plain.V, rtol=0, atol=1e-13)  # rounding
    assert str(one.status) == str(side.status) == str(plain.status)


@pytest.mark.parametrize("L", [np.zeros((3, 3)), np.ones((3, 1)) * MAP[:1]])
def test_a_map_without_tangent_part_leaves_the_plain_flow(L):
    """L = 0, and columns of equal entries, which Π₀ takes away."""
    net = with_map(L)
    coupled = net.serial().solve(net.weights, list(net.times))[1]
    plain = Krylov().solve(net.nodes[1].flow, net.weights[1], net.times[1])
    # Π₀ of equal entries leaves their rounding
    np.testing.assert_allclose(coupled.V, plain.V, rtol=1e-13, atol=1e-15)


def test_flows_without_couplings_do_not_interact():
    net = Network(WEBS["a ring of three"].nodes, {}, (1.5,))
    solutions = net.parallel().solve(net.weights, 1.5, Krylov(EXACT))
    for one, solution in zip(net.nodes, solutions, strict=True):
        plain = Krylov(EXACT).solve(one.flow, one.weights, 1.5)
        np.testing.assert_allclose(solution.V, plain.V, rtol=0, atol=1e-13)  # rounding


def test_the_end_of_a_chain_is_linear_in_the_maps():
    """V₁(aL + bM) − V₁(0) = a (V₁(L) − V₁(0)) + b (V₁(M) − V₁(0))."""
    other = np.random.default_rng(1).standard_normal(MAP.shape)

    def end(matrix):
        net = with_map(matrix)
        return net.serial().solve(net.weights, list(net.times), Krylov(EXACT))[1].V

    none = end(0 * MAP)
    both = end(2.0 * MAP - 3.0 * other) - none
    parts = 2.0 * (end(MAP) - none) - 3.0 * (end(other) - none)
    np.testing.assert_allclose(both, parts, rtol=0, atol=1e-12)  # rounding of V ≈ 10


def test_a_flow_that_is_only_read_does_not_notice():
    net = WEBS["one way"]
    solutions = net.parallel().solve(net.weights, 2.0, Krylov(EXACT))
    plain = Krylov(EXACT).solve(net.nodes[1].flow, net.weights[1], 2.0)
    np.testing.assert_allclose(solutions[1].V, plain.V, rtol=0, atol=1e-13)  # rounding
    alone = Krylov(EXACT).solve(net.nodes[0].flow, net.weights[0], 2.0)
    assert np.abs(solutions[0].V - alone.V).max() > 0.01  # the other one does


def test_a_small_matrix_and_its_operator_are_the_same_map():
    """An operator acts on (label, row, col).ravel(): L ⊗ I on all pixels."""
    big = aslinearoperator(sp.kron(sp.csr_array(MAP), sp.eye_array(6)).tocsr())
    stages = [Stage(PAIR.nodes[0].flow), Stage(PAIR.nodes[1].flow, big)]
    one = PAIR.serial().solve(PAIR.weights, list(PAIR.times))[1]
    two = SerialFlow(stages).solve(PAIR.weights, list(PAIR.times))[1]
    np.testing.assert_allclose(two.V, one.V, rtol=0, atol=1e-13)  # rounding
    # the norm, and with it the error, is an estimate that has converged here
    assert two.error == pytest.approx(one.error, rel=1e-6)


def test_a_map_may_be_a_labeled_array():
    turned = xr.DataArray(MAP.T, dims=("from_label", "label"))
    stages = [Stage(PAIR.nodes[0].flow), Stage(PAIR.nodes[1].flow, turned)]
    one = PAIR.serial().solve(PAIR.weights, list(PAIR.times))[1]
    two = SerialFlow(stages).solve(PAIR.weights, list(PAIR.times))[1]
    np.testing.assert_array_equal(two.V, one.V)


@pytest.mark.slow
@each_chain
@pytest.mark.parametrize("dim", [2, 4, 8])
def test_the_error_of_a_chain_is_bounded(net, dim):
    solutions = net.serial().solve(net.weights, list(net.times), Krylov(dim))
    for solution, V in zip(solutions, net.solve_serial(), strict=True):
        size = np.linalg.norm(V)
        assert np.linalg.norm(solution.V - V) <= solution.error + ROUNDING * size


def test_a_stage_inherits_the_error_of_the_one_before():
    """Its own space is exact, of one pixel and two labels; what flows in is not."""
    nodes = [node((3, 3, 3), 0), node((2, 1, 1), 1)]
    net = network(nodes, {(1, 0): "all"}, (5.0, 1.0))
    first, last = net.serial().solve(net.weights, list(net.times), Krylov(2))
    assert last.work.dim == 1
    assert first.error > 0.0
    assert last.status.ending is Ending.INACCURATE
    assert "the previous stage: raise `dim` above 2" in str(last.status)
    assert np.linalg.norm(last.V - net.solve_serial()[1]) <= last.error


@pytest.mark.parametrize("integrator", [Krylov(EXACT), RungeKutta()], ids=repr)
@pytest.mark.parametrize("time", [0.0, 1.0, 8.0])
def test_what_an_error_of_the_inflow_does_at_most(integrator, time):
    """‖φ(TA)‖, scaled as the direction is, times that error."""
    one = PAIR.nodes[0]
    evolution = integrator.integrate(one.flow.plain_system(one.weights), time)
    A, b = one.dense(one.weights)
    phi = np.stack([reference.phi_column(A, e, time) for e in np.eye(b.size)], axis=1)
    norm = np.exp(-evolution.shift) * np.linalg.norm(phi, 2)
    more = inherit(evolution, 2.0, "").error - evolution.error
    assert more >= 2.0 * norm * (1.0 - 1e-12)  # equal at T = 0, up to rounding
    # ‖A‖ is bounded within 35 %, and e^{8·0.35·‖A‖}, ‖A‖ ≤ ½, is 4.06 at most
    assert more <= 2.0 * norm * 4.1


@pytest.mark.slow
@each_web
@pytest.mark.parametrize("dim", [3, 6, 10])
def test_the_error_of_a_block_system_is_bounded(net, dim):
    solutions = net.parallel().solve(net.weights, net.times[0], Krylov(dim))
    for solution, V in zip(solutions, net.solve_parallel(), strict=True):
        size = np.linalg.norm(V)
        assert np.linalg.norm(solution.V - V) <= solution.error + ROUNDING * size


def block_matrices(net):
    """𝐀 and 𝐀ᵀ of the library, on vectors in its own order, and its bound of ‖𝐀‖."""
    flow = net.parallel()
    pairs = zip(flow.flows, net.weights, strict=True)
    system = BlockSystem(tuple(f.plain_system(w) for f, w in pairs), flow.maps)
    unit = np.eye(system.source.size)
    A = np.stack([system.apply(e) for e in unit], axis=1)
    At = np.stack([system.apply_transpose(e) for e in unit], axis=1)
    return A, At, system.growth


@each_web
def test_the_block_operator_its_transpose_and_its_bound(net):
    A, At, growth = block_matrices(net)
    np.testing.assert_allclose(At, A.T, rtol=0, atol=1e-14)  # the same few products
    # the estimated norms of operators come from below: within a percent after 20 steps
    assert growth >= 0.99 * np.linalg.norm(A, 2)


def tangent(shape):
    """Π₀ on vectors (row, col, label)."""
    labels, pixels = shape[0], int(np.prod(shape[1:]))
    return np.kron(np.eye(pixels), np.eye(labels) - 1.0 / labels)


@pytest.mark.parametrize("stage", [1, 2])
def test_the_norms_of_maps(stage):
    """A matrix, whose norm is exact, and an operator on 2 · 6 numbers."""
    net = CHAINS["three stages"]
    shape = net.nodes[stage - 1].shape
    exact = np.linalg.norm(net.dense_maps[stage, stage - 1] @ tangent(shape), 2)
    # 20 steps exhaust the space of the estimate, whose square root is taken of LᵀL
    assert net.serial().maps[stage - 1].norm == pytest.approx(exact, rel=1e-9)


# degenerate networks


def constant(shape, seed=0):
    return Node(np.ones(shape), reference.random_weights(1, shape[1:], seed))


DEGENERATE = {
    "one label first": [node((1, 2, 3), 0), node((3, 2, 3), 1)],
    "one label last": [node((3, 2, 3), 0), node((1, 2, 3), 1)],
    "constant first": [constant((3, 2, 3)), node((3, 2, 3), 1)],
    "constant last": [node((3, 2, 3), 0), constant((3, 2, 3))],
    "constant": [constant((3, 2, 3)), constant((3, 2, 3), 1)],
    "one pixel": [node((3, 1, 1), 0), node((2, 1, 1), 1)],
}


@pytest.mark.slow
@pytest.mark.parametrize("times", [(2.0, 1.5), (0.0, 2.0), (2.0, 0.0)], ids=str)
@pytest.mark.parametrize("nodes", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_chains(nodes, times):
    net = network(nodes, {(1, 0): "labels"}, times)
    solutions = net.serial().solve(net.weights, list(times), Krylov(EXACT))
    for solution, V in zip(solutions, net.solve_serial(), strict=True):
        np.testing.assert_allclose(solution.V, V, rtol=0, atol=1e-13)  # rounding


@pytest.mark.slow
@pytest.mark.parametrize("time", [0.0, 2.0])
@pytest.mark.parametrize("nodes", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_webs(nodes, time):
    net = network(nodes, {(1, 0): "labels", (0, 1): "labels"}, (time,))
    solutions = net.parallel().solve(net.weights, time, Krylov(EXACT))
    for solution, V in zip(solutions, net.solve_parallel(), strict=True):
        np.testing.assert_allclose(solution.V, V, rtol=0, atol=1e-13)  # rounding


def test_what_flows_in_decides_where_the_data_cannot():
    net = network(DEGENERATE["constant last"], {(1, 0): "labels"}, (2.0, 1.0))
    alone = Krylov().solve(net.nodes[1].flow, net.weights[1], 1.0)
    fed = net.serial().solve(net.weights, [2.0, 1.0])[1]
    assert alone.status.ending is Ending.UNDETERMINED
    assert fed.status.ok
    assert np.abs(fed.V).max() > 0.01


# refusals


def solve(flow=None, weights=None, times=(1.0, 1.0), integrator=None):
    flow = PAIR.serial() if flow is None else flow
    weights = PAIR.weights if weights is None else weights
    return flow.solve(weights, times, integrator or Krylov())


def chain(coupling):
    return SerialFlow([Stage(PAIR.nodes[0].flow), Stage(PAIR.nodes[1].flow, coupling)])


def web(couplings):
    return ParallelFlow([n.flow for n in PAIR.nodes], couplings)


def operator(**parts):
    return LinearOperator((18, 18), **{"matvec": np.asarray, "dtype": float} | parts)


def based():
    D = PAIR.nodes[0].distances
    return LinearizedFlow(D, base_point=np.full(D.shape, 1.0 / 3.0))


FLOW = PAIR.nodes[0].flow
REFUSED = [
    (lambda: SerialFlow(FLOW), r"`stages` is a LinearizedFlow.*list"),
    (lambda: SerialFlow([]), r"`stages` = \[\] is empty"),
    (lambda: SerialFlow([FLOW]), r"`stages\[0\]` is a LinearizedFlow.*Stage"),
    (lambda: SerialFlow([Stage(FLOW, MAP)]), r"`stages\[0\].coupling`.*leave it out"),
    (lambda: Stage(3), r"`flow` is a int.*LinearizedFlow"),
    (lambda: Stage(based()), r"`flow` has a base point.*barycenter"),
    (lambda: chain(None), r"`stages\[1\].coupling` is a NoneType.*array"),
    (lambda: chain(sp.eye_array(18)), r"`stages\[1\].coupling`.*aslinearoperator"),
    (lambda: chain(MAP[:2]), r"shape \(2, 3\); it must have .* = \(3, 3\)"),
    (lambda: chain(MAP * np.nan), r"`stages\[1\].coupling` holds 9 entries.*finite"),
    (lambda: chain(MAP * 1j), r"`stages\[1\].coupling` has dtype complex"),
    (
        lambda: chain(aslinearoperator(np.ones((18, 17)))),
        r"`stages\[1\].coupling` has shape \(18, 17\); it must have shape \(18, 18\)",
    ),
    (lambda: chain(operator()), r"`stages\[1\].coupling`.*no `rmatvec`"),
    (lambda: chain(operator(rmatvec=np.negative)), r"is not the transpose"),
    (
        lambda: chain(operator(matvec=lambda x: x * np.nan, rmatvec=np.asarray)),
        r"`stages\[1\].coupling`.*not finite",
    ),
    (lambda: chain(operator(dtype=complex)), r"has dtype complex128.*real"),
    (
        lambda: SerialFlow([Stage(FLOW), Stage(node((3, 3, 2), 0).flow, MAP)]),
        r"`stages\[1\].coupling`.*pixels \(2, 3\) and \(3, 2\).*LinearOperator",
    ),
    (lambda: ParallelFlow(FLOW), r"`flows` is a LinearizedFlow.*list"),
    (lambda: ParallelFlow([FLOW, 3]), r"`flows\[1\]` is a int"),
    (lambda: ParallelFlow([based()]), r"`flows\[0\]` has a base point"),
    (lambda: web([MAP]), r"`couplings` is a list; pass a dict"),
    (lambda: web({1: MAP}), r"`couplings` has the key 1;.*pair"),
    (lambda: web({(0, 1.0): MAP}), r"`couplings` has the key \(0, 1.0\);.*pair"),
    (lambda: web({(0, 2): MAP}), r"`couplings` has the key \(0, 2\);.*from 0 to 1"),
    (lambda: web({(1, 1): MAP}), r"`couplings` has the key \(1, 1\);.*different"),
    (lambda: web({(1, 0): MAP[:2]}), r"`couplings\[\(1, 0\)\]` has shape \(2, 3\)"),
    (lambda: solve(weights=PAIR.weights[0]), r"`weights` is a ndarray.*list"),
    (lambda: solve(weights=PAIR.weights[:1]), r"`weights` has 1 entries.*2 flows"),
    (lambda: solve(weights=[PAIR.weights[0], -PAIR.weights[1]]), r"`weights\[1\]`"),
    (lambda: solve(times=[1.0]), r"`times` has 1 entries; there are 2 stages"),
    (lambda: solve(times=[1.0, -1.0]), r"`time` = -1.0"),
    (lambda: solve(integrator="krylov"), r"`integrator` = 'krylov' is a str"),
    (lambda: solve(web({}), times=[1.0]), r"`time` = \[1.0\] is a list"),
    (lambda: solve(web({}), PAIR.weights[:1], 1.0), r"`weights` has 1 entries"),
    (
        lambda: solve(web({}), times=1.0, integrator=DenseExponential()),
        r"`integrator` = DenseExponential.*Krylov",
    ),
]


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_bad_input_is_refused(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


@pytest.mark.parametrize(("times", "scale"), [([300.0, 1.0], 1.0), ([5.0, 1.0], 1e32)])
def test_an_inflow_beyond_double_precision_is_refused(times, scale):
    with pytest.raises(ValueError, match=r"`times\[0\]` = .*lower it or scale"):
        solve(chain(scale * MAP), times=times)


def test_the_last_stage_may_grow_as_far_as_a_single_flow():
    last = solve(times=[100.0, 5000.0])[1]
    assert last.V.attrs["log_scale"] > 600.0
    assert np.isfinite(last.V).all()


def test_uniform_weights_fit():
    flow = CHAINS["a graph"].serial()
    solutions = flow.solve(flow.uniform_weights(), [1.0, 1.0])
    assert [s.V.dims for s in solutions] == [("label", "row", "col"), ("label", "node")]
    flow = WEBS["a ring of three"].parallel()
    assert all(s.status.ok for s in flow.solve(flow.uniform_weights(), 1.0))


def test_the_transposed_maps_are_tangent():
    """So that the slope they hand back spans a Krylov space in T₀."""
    U = np.random.default_rng(0).standard_normal((3, 2, 3))
    for value in (MAP, aslinearoperator(np.kron(MAP, np.eye(6)))):
        coupling = coupling_of("coupling", value, (3, 2, 3), (3, 2, 3))
        back = coupling.apply_transpose(U)
        np.testing.assert_allclose(back.sum(axis=0), 0.0, atol=1e-14)  # rounding
        V = U[::-1]
        forth = np.vdot(coupling.apply(V), U)
        assert forth == pytest.approx(np.vdot(V, back), rel=1e-12)  # rounding


@pytest.mark.parametrize("key", [(False, True), (np.bool_(0), 1), (0.0, 1.0), "01"])
def test_places_of_couplings_are_integers(problem, key):
    flow = LinearizedFlow(problem.distances)
    with pytest.raises(TypeError, match="`couplings` has the key"):
        ParallelFlow([flow, flow], {key: np.eye(3)})
