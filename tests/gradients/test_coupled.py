"""Gradients of coupled flows in all weights, by complex steps through dense ones."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from explorer import (
    CrossEntropy,
    DirectionLoss,
    IteratedGradient,
    LowRankGradient,
    ParallelFlow,
    ParallelGradient,
    SerialFlow,
    SerialGradient,
    Stage,
    TangentLoss,
)
from explorer.flow.arnoldi import arnoldi
from explorer.gradients.coupled import factorize
from tests import reference
from tests.coupled_reference import (
    CHAINS,
    EXACT,
    WEBS,
    Network,
    Node,
    graph_node,
    network,
    node,
)

each_chain = pytest.mark.parametrize("net", CHAINS.values(), ids=CHAINS)
each_web = pytest.mark.parametrize("net", WEBS.values(), ids=WEBS)

# both sides are exact up to rounding, relative to the largest entry; what is handed
# back over long times loses digits in the dense exponential, ‖TA‖ eps for each squaring
ROUNDING = 1e-11


def labels_for(net, k=-1):
    labels, *shape = net.nodes[k].shape
    return np.random.default_rng(0).integers(0, labels, shape)


def goal(V, labels):
    return (np.arange(len(V)).reshape(-1, *(1,) * labels.ndim) == labels).astype(float)


def direction(V, labels):
    """f = 1 − cos(V*, V) (3.4), analytic in V."""
    target = goal(V, labels) - 1.0 / len(V)
    return 1.0 - (target * V).sum() / np.sqrt((target**2).sum() * (V**2).sum())


def cross_entropy(V, labels):
    """f = −mean log softmax(J V) at the true label, analytic in V."""
    U = len(V) * (V - V.real.max(axis=0))
    logsum = np.log(np.exp(U).sum(axis=0))
    return (logsum - (goal(V, labels) * U).sum(axis=0)).mean()


def squares(V, labels):
    """f = ½ ‖V − V*‖², analytic in V."""
    return 0.5 * ((V - goal(V, labels) + 1.0 / len(V)) ** 2).sum()


LOSSES = [
    (DirectionLoss(), direction),
    (CrossEntropy(), cross_entropy),
    (TangentLoss(lambda V, W: (0.5 * ((V - W) ** 2).sum(), V - W)), squares),
]
each_loss = pytest.mark.parametrize(
    ("loss", "analytic"), LOSSES, ids=[f.__name__ for _, f in LOSSES]
)


@threadpool_limits.wrap(limits=1)  # threads cost more than products of 20 × 20 save
def complex_step(solve, weights, loss):
    """∂f for each flow; `solve` takes complex weights, `loss` is analytic in fields."""
    h, out = 1e-20, []
    for k, w in enumerate(weights):
        gradient = np.empty_like(w)
        for index in np.ndindex(*w.shape):
            moved = [v.astype(complex) for v in weights]
            moved[k][index] += 1j * h
            gradient[index] = loss(solve(moved)).imag / h
        out.append(gradient)
    return out


def assert_gradients(result, exact):
    for k, gradient in enumerate(exact):
        np.testing.assert_allclose(
            result[f"gradient_{k}"],
            gradient,
            rtol=0,
            atol=ROUNDING * np.abs(gradient).max() + 1e-15,  # one may vanish
        )


def check_chain(net, loss, analytic):
    labels = labels_for(net)
    result = SerialGradient(EXACT, loss=loss)(
        net.serial(), net.weights, labels, list(net.times)
    )
    V = net.solve_serial()[-1]
    assert float(result.loss) == pytest.approx(analytic(V, labels), rel=1e-11)
    exact = complex_step(
        net.solve_serial, net.weights, lambda V: analytic(V[-1], labels)
    )
    assert_gradients(result, exact)


def check_web(net, loss, analytic, observed=-1):
    labels = labels_for(net, observed)
    gradient = ParallelGradient(EXACT, loss=loss, observed=observed)
    result = gradient(net.parallel(), net.weights, labels, net.times[0])
    V = net.solve_parallel()[observed]
    assert float(result.loss) == pytest.approx(analytic(V, labels), rel=1e-11)
    exact = complex_step(
        net.solve_parallel, net.weights, lambda V: analytic(V[observed], labels)
    )
    assert_gradients(result, exact)


@each_chain
def test_the_share_of_wrong_labels(net):
    labels = labels_for(net)
    times = list(net.times)
    result = SerialGradient()(net.serial(), net.weights, labels, times)
    wrong = net.solve_serial()[-1].argmax(axis=0) != labels
    assert float(result.error_percent) == pytest.approx(100 * wrong.mean())


@pytest.mark.parametrize("observed", [0, 1, -1])
def test_the_share_of_wrong_labels_of_the_observed_flow(observed):
    net = WEBS["a ring of three"]
    labels = labels_for(net, observed)
    gradient = ParallelGradient(observed=observed)
    result = gradient(net.parallel(), net.weights, labels, net.times[0])
    wrong = net.solve_parallel()[observed].argmax(axis=0) != labels
    assert float(result.error_percent) == pytest.approx(100 * wrong.mean())


@pytest.mark.slow
@each_chain
def test_the_gradient_of_every_stage(net):
    check_chain(net, DirectionLoss(), direction)


@each_loss
def test_every_loss_of_a_chain(loss, analytic):
    check_chain(CHAINS["other labels"], loss, analytic)


@pytest.mark.slow
@each_web
@pytest.mark.parametrize("observed", [0, -1])
def test_the_gradient_of_every_flow(net, observed):
    check_web(net, DirectionLoss(), direction, observed)


@each_loss
def test_every_loss_of_flows_side_by_side(loss, analytic):
    check_web(WEBS["other labels"], loss, analytic)


def test_a_chain_of_one_has_the_gradient_of_the_flow(problem, flow):
    plain = LowRankGradient(EXACT, 3)(flow, problem.weights, problem.labels, 3.0)
    chain, web = SerialFlow([Stage(flow)]), ParallelFlow([flow])
    one = SerialGradient(EXACT, 3)(chain, [problem.weights], problem.labels, [3.0])
    side = ParallelGradient(EXACT, 3)(web, [problem.weights], problem.labels, 3.0)
    for result in (one, side):
        # the same operations, but for the order of sums
        np.testing.assert_allclose(result.gradient_0, plain.gradient, atol=1e-13)
        assert float(result.loss) == pytest.approx(float(plain.loss), rel=1e-13)
        assert result.gradient_0.dims == plain.gradient.dims


@pytest.mark.parametrize("rank", [1, 2, 0])
def test_behind_a_map_of_zero_nothing_is_learned(rank):
    net = CHAINS["other labels"]
    net = Network(net.nodes, {(1, 0): np.zeros((2, 4))}, net.times)
    labels, last = labels_for(net), net.nodes[1]
    result = SerialGradient(EXACT, rank)(
        net.serial(), net.weights, labels, list(net.times)
    )
    plain = LowRankGradient(EXACT, rank or EXACT)(
        last.flow, last.weights, labels, net.times[1]
    )
    assert np.all(result.gradient_0 == 0.0)
    last_gradient = result.gradient_1.values
    np.testing.assert_allclose(last_gradient, plain.gradient, atol=1e-13)  # rounding


def test_a_flow_that_is_not_read_learns_nothing():
    net = WEBS["one way"]  # flow 1 feeds flow 0
    labels = labels_for(net)
    result = ParallelGradient(EXACT)(net.parallel(), net.weights, labels, 2.0)
    last = net.nodes[1]
    plain = LowRankGradient(EXACT, EXACT)(last.flow, last.weights, labels, 2.0)
    assert np.all(result.gradient_0 == 0.0)
    np.testing.assert_allclose(
        result.gradient_1.values, plain.gradient, atol=1e-13
    )  # rounding


def distances_to_all(method, call, ranks):
    """‖∂f_r − ∂f‖ over all flows, for each rank r."""
    whole = call(method(EXACT))
    names = [name for name in whole if name.startswith("gradient")]
    parts = [call(method(EXACT, r)) - whole for r in ranks]
    return [np.sqrt(sum(float((p[n] ** 2).sum()) for n in names)) for p in parts]


def test_rank_truncates_z_only():
    """The share that is cut off falls fast with the rank, and none is left at all."""
    ranks = [1, 2, 4, EXACT]
    net, web = CHAINS["three stages"], WEBS["both ways"]
    chain = distances_to_all(
        SerialGradient,
        lambda m: m(net.serial(), net.weights, labels_for(net), list(net.times)),
        ranks,
    )
    block = distances_to_all(
        ParallelGradient,
        lambda m: m(web.parallel(), web.weights, labels_for(web), 2.0),
        ranks,
    )
    for off in (chain, block):
        assert 0.01 > off[0] > 10.0 * off[1] > 1000.0 * off[2] > off[3] == 0.0


def test_the_slope_that_is_handed_back_does_not_depend_on_the_rank():
    """It is L^T z, and z is kept exactly: rank one of the last stage is not felt."""
    net, times = CHAINS["same labels"], [1e-9, 5.0]
    labels = labels_for(net)
    one = SerialGradient(EXACT, 1)(net.serial(), net.weights, labels, times)
    whole = SerialGradient(EXACT)(net.serial(), net.weights, labels, times)
    felt = np.abs(one - whole).max() / np.abs(whole).max()
    assert felt.gradient_1 > 1e-3
    # what stage 0 itself loses by rank one is its own Z, T₀ = 1e-9 beside z
    assert felt.gradient_0 < 1e-9


def test_the_loss_error_bounds_the_error_of_the_loss():
    net = CHAINS["three stages"]
    labels = labels_for(net)
    exact = direction(net.solve_serial()[-1], labels)
    bounds = []
    for dim in (2, 4, 6, 8):
        result = SerialGradient(dim)(net.serial(), net.weights, labels, list(net.times))
        bounds.append(float(result.loss_error))
        assert abs(float(result.loss) - exact) <= bounds[-1] + 1e-14  # rounding
    assert bounds[-1] < 0.1 * bounds[0]


# degenerate networks


def constant(shape, seed=0):
    return Node(np.ones(shape), reference.random_weights(1, shape[1:], seed))


DEGENERATE = {
    "one label first": [node((1, 2, 2), 0), node((3, 2, 2), 1)],
    "one label last": [node((3, 2, 2), 0), node((1, 2, 2), 1)],
    "constant first": [constant((3, 2, 2)), node((3, 2, 2), 1)],
    "constant last": [node((3, 2, 2), 0), constant((3, 2, 2))],
    "constant": [constant((3, 2, 2)), constant((3, 2, 2), 1)],
    "one pixel": [node((3, 1, 1), 0), node((2, 1, 1), 1)],
}
SMOOTH = LOSSES[2]
"""A loss that is analytic at V = 0, too."""


@pytest.mark.slow
@pytest.mark.parametrize("times", [(2.0, 1.5), (0.0, 2.0), (2.0, 0.0)], ids=str)
@pytest.mark.parametrize("nodes", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_chains(nodes, times):
    net = network(nodes, {(1, 0): "labels"}, times)
    check_chain(net, *SMOOTH)


@pytest.mark.slow
@pytest.mark.parametrize("time", [0.0, 2.0])
@pytest.mark.parametrize("nodes", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_webs(nodes, time):
    net = network(nodes, {(1, 0): "labels", (0, 1): "labels"}, (time,))
    check_web(net, *SMOOTH)


def test_the_direction_at_time_zero_is_that_of_the_source():
    """V(T)/T → B + Π₀ L V₀ as T → 0: loss and gradient have that limit."""
    net = CHAINS["same labels"]
    labels, gradient = labels_for(net), SerialGradient(EXACT)
    zero = gradient(net.serial(), net.weights, labels, [1.5, 0.0])
    small = gradient(net.serial(), net.weights, labels, [1.5, 1e-6])
    for name in ("loss", "gradient_0", "gradient_1"):
        # both differ by O(T), with factors below ten
        np.testing.assert_allclose(zero[name], small[name], rtol=0, atol=1e-5)
        assert np.abs(zero[name]).max() > 0.01


def test_z_remains_where_the_source_vanishes():
    """z = φ(TAᵀ) g hands the slope back, whatever has come forth."""
    one = constant((3, 2, 2))
    flow, T = ParallelFlow([one.flow]), 2.0
    end = flow.evolve([one.weights], T)
    assert end.basis.dim == 0
    g = np.random.default_rng(0).standard_normal(one.shape)
    left = arnoldi(end.system.apply_transpose, g.ravel(), EXACT)
    (factors,) = factorize(left, end.basis, end.evolutions)
    A, _ = one.dense(one.weights)
    exact = reference.phi_column(A.T, reference.vec(g), T)
    np.testing.assert_allclose(factors.z, one.unvec(exact), atol=1e-13)  # rounding
    assert factors.singular_values.size == 0


@pytest.mark.parametrize("kind", ["serial", "parallel"])
def test_where_there_is_one_label_the_loss_and_its_gradient_vanish(kind):
    net = network(DEGENERATE["one label last"], {(1, 0): "labels"}, (2.0, 1.0))
    method, time = SerialGradient(), [2.0, 1.0]
    if kind == "parallel":
        method, time = ParallelGradient(), 2.0
    result = method(getattr(net, kind)(), net.weights, np.zeros((2, 2), int), time)
    assert float(result.loss) == 0.0
    assert np.all(result.gradient_0 == 0.0)
    assert np.all(result.gradient_1 == 0.0)


# the result


def test_dimensions_are_shared_where_they_agree():
    net = CHAINS["same labels"]
    result = SerialGradient()(net.serial(), net.weights, labels_for(net), [1.0, 1.0])
    for k in range(2):
        assert result[f"gradient_{k}"].dims == ("offset", "row", "col")
    assert result.attrs["times"] == [1.0, 1.0]
    assert result.attrs["dim"] == result.attrs["rank"] == 10


def test_dimensions_are_numbered_where_they_differ():
    net = WEBS["a ring of three"]
    result = ParallelGradient()(net.parallel(), net.weights, labels_for(net), 1.0)
    dims = [result[f"gradient_{k}"].dims for k in range(3)]
    assert dims[0] == ("offset_0", "row_0", "col_0")
    assert dims[1] == ("edge_1",)
    assert dims[2] == ("offset_2", "row_2", "col_2")
    assert "source_1" in result.coords
    assert result.attrs["observed"] == 2


def test_graphs_of_equal_size_keep_their_own_edges():
    """Two graphs with as many edges, but other ones."""
    pattern = np.eye(4, dtype=bool)
    first, second = pattern.copy(), pattern.copy()
    first[0, 1] = second[2, 3] = True
    nodes = []
    for graph in (first, second):
        weights = np.concatenate([np.full(r.sum(), 1.0 / r.sum()) for r in graph])
        distances = graph_node(2, 4, 0).distances
        nodes.append(Node(distances, weights, pattern=graph))
    net = network(nodes, {(1, 0): "all"}, (1.0, 1.0))
    result = SerialGradient()(net.serial(), net.weights, labels_for(net), [1.0, 1.0])
    assert result.gradient_0.dims == ("edge_0",)
    assert result.gradient_1.dims == ("edge_1",)
    assert list(result.source_0.values) == [0, 0, 1, 2, 3]
    assert list(result.source_1.values) == [0, 1, 2, 2, 3]


# refusals

NET = CHAINS["same labels"]
LABELS = labels_for(NET)


def serial(flow=None, weights=NET.weights, labels=LABELS, times=(1.0, 1.0)):
    flow = NET.serial() if flow is None else flow
    return SerialGradient()(flow, weights, labels, times)


NO_RANKS = (None, False, "", [], (), "auto", 0.5)


def parallel(flow=None, weights=NET.weights, labels=LABELS, time=1.0, observed=-1):
    flow = NET.parallel() if flow is None else flow
    return ParallelGradient(observed=observed)(flow, weights, labels, time)


REFUSED = [
    (lambda: SerialGradient(0), r"`dim` = 0"),
    (lambda: SerialGradient(5, 6), r"`rank` = 6 exceeds `dim` = 5"),
    (lambda: ParallelGradient(5, -1), r"`rank` = -1"),
    *((lambda r=r: SerialGradient(5, r), "`rank` = ") for r in NO_RANKS),
    *((lambda r=r: ParallelGradient(5, r), "`rank` = ") for r in NO_RANKS),
    *((lambda r=r: IteratedGradient(5, r), "`rank` = ") for r in NO_RANKS),
    (lambda: ParallelGradient(loss="cosine"), r"`loss` = 'cosine'"),
    (lambda: ParallelGradient(observed=0.0), r"`observed` = 0.0 is a float.*integer"),
    (lambda: parallel(observed=2), r"`observed` = 2 names none of the 2.*from -2 to 1"),
    (lambda: serial(NET.parallel()), r"`flow` is a ParallelFlow.*SerialFlow"),
    (lambda: parallel(NET.nodes[0].flow), r"`flow` is a LinearizedFlow.*ParallelFlow"),
    (lambda: serial(weights=NET.weights[:1]), r"`weights` has 1 entries"),
    (lambda: parallel(weights=NET.weights[0]), r"`weights` is a ndarray"),
    (lambda: serial(labels=LABELS + 3), r"`labels` holds labels from"),
    (lambda: parallel(labels=LABELS[:1]), r"`labels` has shape"),
    (lambda: serial(times=1.0), r"`times` = 1.0.*sequence"),
    (lambda: parallel(time=-1.0), r"`time` = -1.0"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_bad_input_is_refused(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()
