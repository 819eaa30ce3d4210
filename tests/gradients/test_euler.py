"""The discrete adjoint of Euler's scheme against complex steps, and its bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp

from explorer import (
    CrossEntropy,
    DirectionLoss,
    EulerAdjoint,
    GraphFlow,
    Learner,
    LinearizedFlow,
    LowRankGradient,
    TangentLoss,
)
from explorer.gradients import discrete
from tests import reference

# some hundred operations on numbers of one size, on both sides
ROUNDING = 1e-12
STEPS = (1.0, 0.3, 0.1, 0.02)


def softmax(U):
    e = np.exp(U - U.real.max(axis=0))
    return e / e.sum(axis=0)


def replicator(p, u):
    return p * (u - (p * u).sum(axis=0))


def naive_euler(Omega, D, rho, time, step, W0):
    """V ← V + h (A V + B) (3.49) on (label, node), Ω a matrix; complex or real."""
    S = softmax((np.log(W0) - (D - D.min(axis=0)) / rho) @ Omega.T)
    B, V, now = replicator(W0, S), 0.0 * S, 0.0
    while now < time:
        h = min(step, time - now)
        V = V + h * (replicator(W0, replicator(S, (V / W0) @ Omega.T)) + B)
        now += h
    return V


def direction(V, truth, _):
    return reference.direction_loss(V, truth)


def cross_entropy(V, truth, W0):
    W = softmax(np.log(W0) + V / W0)
    return -np.log(np.take_along_axis(W, truth[None], axis=0)).mean()


def complex_steps(matrix_of, flow, weights, truth, time, step, f=direction):
    """∂f/∂ω = Im f(ω + i·1e-20)/1e-20 of the naive scheme, exact to rounding."""
    D = flow.distances.values.reshape(flow.shape[0], -1)
    W0 = np.full(D.shape, 1.0 / len(D))
    if flow.base_point is not None:
        W0 = flow.base_point.values.reshape(D.shape)
    out = np.empty(weights.shape)
    for index in np.ndindex(*weights.shape):
        moved = weights.astype(complex)
        moved[index] += 1e-20j
        V = naive_euler(matrix_of(moved), D, flow.rho, time, step, W0)
        out[index] = f(V, truth.ravel(), W0).imag / 1e-20
    return out


def distance(actual, expected):
    return float(np.linalg.norm(np.asarray(actual) - expected))


def agree(actual, expected):
    assert distance(actual, expected) <= ROUNDING * np.linalg.norm(expected)


def flow_of(case):
    radius = (math.isqrt(len(case["weights"])) - 1) // 2
    return LinearizedFlow(
        case["distances"], float(case["rho"]), radius, case.get("base_point")
    )


def random_graph_flow(seed=0, nodes=7, labels=3):
    """A flow on a graph whose patches differ in size, with weights and ground truth."""
    rng = np.random.default_rng(seed)
    graph = sp.csr_array(
        (rng.uniform(size=(nodes, nodes)) < 0.4) | np.eye(nodes, dtype=bool)
    )
    flow = GraphFlow(rng.uniform(size=(labels, nodes)), graph)
    raw = rng.uniform(0.1, 1.0, flow.neighborhood.weight_shape)
    weights = raw / flow.neighborhood.total(raw)
    return flow, weights, rng.integers(0, labels, nodes)


def matrix_on(flow):
    """The dense Ω of weights on the edges, entry by entry."""

    def matrix_of(weights):
        Omega = np.zeros((flow.shape[1],) * 2, weights.dtype)
        hood = flow.neighborhood
        for w, i, k in zip(weights, hood.sources, hood.targets, strict=True):
            Omega[i, k] = w
        return Omega

    return matrix_of


@pytest.fixture
def base_case():
    return reference.load("base_point")


@pytest.mark.parametrize("step", [0.7, 10.0], ids=["cut", "single"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 2)], ids=str)
def test_the_gradient_is_that_of_the_discretized_loss(shape, step):
    problem = reference.random_problem(shape, time=3.0, seed=2)
    flow = LinearizedFlow(problem.distances, problem.rho)
    args = (flow, problem.weights, problem.labels, problem.time)
    expected = complex_steps(reference.dense_average, *args, step)
    agree(EulerAdjoint(step)(*args).gradient, expected)


@pytest.mark.parametrize(
    ("loss", "f"), [(DirectionLoss(), direction), (CrossEntropy(), cross_entropy)]
)
def test_so_it_is_at_a_base_point(base_case, loss, f):
    flow = flow_of(base_case)
    args = (flow, base_case["weights"], base_case["labels"], 1.0)
    expected = complex_steps(reference.dense_average, *args, 0.3, f)
    agree(EulerAdjoint(0.3, loss)(*args).gradient, expected)


@pytest.mark.parametrize(
    ("loss", "f"), [(DirectionLoss(), direction), (CrossEntropy(), cross_entropy)]
)
def test_so_it_is_on_a_graph(loss, f):
    flow, weights, truth = random_graph_flow()
    expected = complex_steps(matrix_on(flow), flow, weights, truth, 2.0, 0.3, f)
    agree(EulerAdjoint(0.3, loss)(flow, weights, truth, 2.0).gradient, expected)


def test_a_users_loss_is_differentiated_alike(problem, flow):
    own = TangentLoss(DirectionLoss())
    args = (flow, problem.weights, problem.labels, 3.0)
    agree(EulerAdjoint(0.3, own)(*args).gradient, EulerAdjoint(0.3)(*args).gradient)


def test_the_gradient_converges_with_the_first_order(case):
    args = (flow_of(case), case["weights"], case["labels"], float(case["time"]))
    steps = float(case["time"]) / np.array([64, 128, 256])
    off = [distance(EulerAdjoint(h)(*args).gradient, case["gradient"]) for h in steps]
    rates = np.log2(np.array(off[:-1]) / off[1:])
    # O(h) with a share O(h²), which at ‖hA‖ ≤ 0.2 is below a seventh
    assert (np.abs(rates - 1.0) <= 0.2).all()


def test_bounds_that_the_loss_does_not_allow_are_no_numbers(problem, flow):
    args = (flow, problem.weights, problem.labels, 3.0)
    data = EulerAdjoint(0.3, TangentLoss(DirectionLoss()))(*args)
    for name in ("loss_error", "approximation_error", "singular_value_error"):
        assert np.isnan(data[name])


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_errors_never_exceed_their_bounds(case, step):
    args = (flow_of(case), case["weights"], case["labels"], float(case["time"]))
    data = EulerAdjoint(step)(*args)
    assert distance(data.gradient, case["gradient"]) <= float(data.approximation_error)
    assert abs(float(data.loss) - float(case["loss"])) <= float(data.loss_error)
    sigma = np.zeros(max(8, data.singular_values.size))
    sigma[: data.singular_values.size] = data.singular_values
    off = np.abs(sigma[:8] - case["singular_values"]).max()
    assert off <= float(data.singular_value_error)
    assert float(data.truncation_error) == 0.0


@pytest.mark.parametrize("step", STEPS)
def test_nor_do_they_at_a_base_point(base_case, step):
    time = float(base_case["time"])
    args = (flow_of(base_case), base_case["weights"], base_case["labels"], time)
    data = EulerAdjoint(step)(*args)
    off = distance(data.gradient, base_case["gradient"])
    assert off <= float(data.approximation_error)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (2, 3)], ids=str)
def test_bounds_hold_on_random_problems(shape, seed):
    problem = reference.random_problem(shape, time=(0.5, 4.0)[seed % 2], seed=seed)
    exact = reference.complex_step_gradient(problem)
    flow = LinearizedFlow(problem.distances, problem.rho)
    for step in STEPS:
        data = EulerAdjoint(step)(flow, problem.weights, problem.labels, problem.time)
        assert distance(data.gradient, exact) <= float(data.approximation_error)


@pytest.mark.slow
def test_the_bounds_shrink_with_the_step(problem, flow):
    """A bound that stays large would hold, and be of no use."""
    args = (flow, problem.weights, problem.labels, 3.0)
    coarse, fine = EulerAdjoint(0.01)(*args), EulerAdjoint(0.001)(*args)
    # O(h): ten times less; what is of higher order makes the coarse one larger
    shrunk = float(coarse.approximation_error / fine.approximation_error)
    assert 9.0 <= shrunk <= 12.0
    assert float(fine.approximation_error) <= 0.1 * np.linalg.norm(fine.gradient)


def dense_sums(problem, step):
    """Z_h = Σ τ_n λ_{n+1} y_nᵀ as a matrix, from dense A."""
    S = reference.similarity(problem.weights, problem.distances, problem.rho)
    A, b = reference.dense_system(problem.weights, S)
    T, N = problem.time, round(problem.time / step)
    y = [np.zeros_like(b)]
    for _ in range(N):
        y.append(y[-1] + (T * A @ y[-1] + b) / N)
    goal = reference.vec(reference.target(problem.labels, len(S)))
    norm, length = np.linalg.norm(y[-1]), np.linalg.norm(goal)
    x = (goal @ y[-1] / (length * norm**2) * y[-1] - goal / length) / norm
    Z = np.zeros_like(A)
    for n in reversed(range(N)):
        Z += np.outer(x, y[n]) / N
        x = x + T / N * A.T @ x
    return Z


@pytest.mark.parametrize("count", [1, 5, 30, 200])
def test_singular_values_are_those_of_the_discrete_sum(problem, flow, count):
    """Also with more steps than their Krylov spaces have vectors."""
    assert 30 < discrete.SPECTRUM_DIM < 200
    step = problem.time / count
    expected = np.linalg.svd(dense_sums(problem, step), compute_uv=False)
    data = EulerAdjoint(step)(flow, problem.weights, problem.labels, problem.time)
    sigma = data.singular_values.values
    # singular values are known to a rounding of the largest
    slack = ROUNDING * max(expected[0], 1.0)
    np.testing.assert_allclose(sigma, expected[: sigma.size], rtol=0, atol=slack)
    np.testing.assert_allclose(expected[sigma.size :], 0.0, atol=slack)
    if count > 1:  # one step knows y_0 = 0 only
        ratio = float(data.singular_value_ratio)
        assert ratio == pytest.approx(expected[1] / expected[0], abs=ROUNDING)
        assert ratio > 0.0


def test_a_small_space_states_what_its_singular_values_lack(problem, flow, monkeypatch):
    expected = np.linalg.svd(dense_sums(problem, 0.1), compute_uv=False)
    monkeypatch.setattr(discrete, "SPECTRUM_DIM", 3)
    system = flow.plain_system(problem.weights)
    record = EulerAdjoint(0.1).differentiate(system, problem.labels, problem.time)
    value = record.evolution.direction
    slope = DirectionLoss()(value, reference.target(problem.labels, 3))[1]
    tau = discrete.fractions(system, problem.time, 0.1)
    sigma, error = discrete.spectrum(record.evolution, tau, slope)
    off = np.abs(sigma - expected[:3]).max()
    assert ROUNDING < off <= error


def test_no_time_is_the_limit(problem, flow):
    data = EulerAdjoint(0.1)(flow, problem.weights, problem.labels, 0.0)
    other = LowRankGradient(10)(flow, problem.weights, problem.labels, 0.0)
    agree(data.gradient, other.gradient.values)
    assert np.linalg.norm(data.gradient) > 0.1
    assert float(data.loss) == pytest.approx(float(other.loss), abs=ROUNDING)
    assert float(data.approximation_error) == 0.0


def test_one_label_is_always_right():
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(1, 3, 3)))
    truth = np.zeros((3, 3), dtype=int)
    data = EulerAdjoint()(flow, flow.uniform_weights(), truth, 5.0)
    assert (float(data.loss), float(data.error_percent)) == (0.0, 0.0)
    np.testing.assert_array_equal(data.gradient, 0.0)
    assert float(data.approximation_error) == 0.0


def test_equal_distances_have_no_slope():
    flow = LinearizedFlow(np.full((3, 4, 4), 0.7))
    labels = np.arange(16).reshape(4, 4) % 3
    data = EulerAdjoint()(flow, flow.uniform_weights(), labels, 5.0)
    assert float(data.loss) == 1.0
    np.testing.assert_array_equal(data.gradient, 0.0)
    assert data.singular_values.size == 0
    assert float(data.singular_value_ratio) == 0.0


@pytest.mark.parametrize("loss", [DirectionLoss(), CrossEntropy()], ids=str)
def test_a_time_beyond_double_precision_is_refused(problem, flow, loss):
    method = EulerAdjoint(1.0, loss)
    with pytest.raises(ValueError, match=r"`time` = 10000 .* lower `time` or use `Low"):
        method(flow, problem.weights, problem.labels, 1e4)


@pytest.mark.parametrize("rho", [1e-6, 0.5, 1e6])
@pytest.mark.parametrize(("time", "step"), [(600.0, 1.0), (1e4, 1e4), (1e-300, 1e4)])
def test_extreme_times_and_scales_give_numbers(problem, time, step, rho):
    flow = LinearizedFlow(problem.distances, rho)
    data = EulerAdjoint(step)(flow, problem.weights, problem.labels, time)
    assert np.isfinite(data.gradient).all()
    assert np.isfinite(data.singular_values).all()
    for name in data:
        if name.endswith("_error"):  # a bound may be infinite, but is a number
            assert float(data[name]) >= 0.0


@pytest.mark.parametrize("step", [1e-12, 1e-300, 5e-324])
def test_more_steps_than_memory_holds_are_refused(problem, flow, step):
    with pytest.raises(MemoryError, match="Euler steps"):
        EulerAdjoint(step)(flow, problem.weights, problem.labels, 3.0)


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"time_step": 0.0}, ValueError, "`time_step` = 0.0"),
        ({"time_step": math.nan}, ValueError, "`time_step` = nan"),
        ({"time_step": "small"}, TypeError, "`time_step` = 'small'"),
        ({"loss": "direction"}, TypeError, "`loss` = 'direction'"),
    ],
)
def test_bad_choices_are_refused(kwargs, error, words):
    with pytest.raises(error, match=words):
        EulerAdjoint(**kwargs)


def test_the_work_can_be_abandoned(problem, flow):
    """The check runs before each application of A: 10 and 1 forward, 10 backward."""
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 15:
            raise InterruptedError

    method, system = EulerAdjoint(0.3), flow.plain_system(problem.weights)
    with pytest.raises(InterruptedError):
        method.differentiate(system, problem.labels, 3.0, check)


def test_the_dataset_says_how_it_was_made(problem, flow):
    data = EulerAdjoint(0.3)(flow, problem.weights, problem.labels, 3.0)
    assert data.gradient.dims == ("offset", "row", "col")
    assert (data.attrs["time_step"], data.attrs["time"]) == (0.3, 3.0)
    assert data.attrs["rank"] == 9  # ten steps, the first from zero
    assert "(3.49)" in data.attrs["source"]
    assert data.approximation_error.attrs["cure"] == "lower `time_step`"


def test_it_learns(problem, flow):
    trace = Learner(flow, problem.labels, 3.0, EulerAdjoint(0.3)).run(10)
    assert float(trace.loss[-1]) < 0.9 * float(trace.loss[0])
