"""Automatic differentiation by PyTorch against adjoints, closed forms, differences."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from explorer import (
    CrossEntropy,
    DirectionLoss,
    EulerAdjoint,
    EulerAutodiff,
    GraphFlow,
    Krylov,
    KrylovAutodiff,
    Learner,
    LinearizedFlow,
    LowRankGradient,
    TangentLoss,
)
from tests import reference

pytestmark = [pytest.mark.usefixtures("torch"), pytest.mark.slow]

# some hundred operations on numbers of one size, on both sides
ROUNDING = 1e-12
# the stored answers come from dense exponentials that lose some of sixteen digits
RTOL = 1e-9
LOSSES = (DirectionLoss(), CrossEntropy(), TangentLoss(DirectionLoss()))
METHODS = (EulerAutodiff, KrylovAutodiff)

losses = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
methods = pytest.mark.parametrize("method", METHODS)


def flow_of(case):
    radius = (math.isqrt(len(case["weights"])) - 1) // 2
    return LinearizedFlow(
        case["distances"], float(case["rho"]), radius, case.get("base_point")
    )


def arguments_of(case):
    return flow_of(case), case["weights"], case["labels"], float(case["time"])


@pytest.fixture(params=["grid", "base point", "graph"])
def arguments(request, problem, flow):
    """A flow, its weights, the ground truth, and a time, for each kind of flow."""
    if request.param == "grid":
        return flow, problem.weights, problem.labels, problem.time
    if request.param == "base point":
        return arguments_of(reference.load("base_point"))
    rng = np.random.default_rng(3)
    pattern = (rng.uniform(size=(9, 9)) < 0.4) | np.eye(9, dtype=bool)
    flow = GraphFlow(rng.uniform(size=(3, 9)), sp.csr_array(pattern))
    raw = rng.uniform(0.1, 1.0, flow.neighborhood.weight_shape)
    return flow, raw / flow.neighborhood.total(raw), rng.integers(0, 3, 9), 3.0


def distance(actual, expected):
    return float(np.linalg.norm(np.asarray(actual) - np.asarray(expected)))


def agree(actual, expected, tolerance=ROUNDING):
    assert distance(actual, expected) <= tolerance * np.linalg.norm(expected)


@losses
@pytest.mark.parametrize("step", [0.7, 0.1, 10.0], ids=["cut", "many", "single"])
def test_euler_is_its_own_adjoint(arguments, loss, step):
    """The gradient of one discrete map, and all that is said about it."""
    ours, theirs = (
        EulerAdjoint(step, loss)(*arguments),
        EulerAutodiff(step, loss)(*arguments),
    )
    agree(theirs.gradient, ours.gradient)
    for name in set(ours) - {"gradient"}:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-9, atol=ROUNDING)
    assert theirs.attrs["rank"] == ours.attrs["rank"]


def test_euler_is_its_own_adjoint_in_larger_windows(case):
    ours, theirs = (M(0.1)(*arguments_of(case)) for M in (EulerAdjoint, EulerAutodiff))
    agree(theirs.gradient, ours.gradient)


def test_a_large_krylov_space_gives_the_reference_gradient(case):
    for dim in (60, 200):  # beyond the size of the problems: the process ends before
        data = KrylovAutodiff(dim)(*arguments_of(case))
        assert data.attrs["rank"] < 60
        assert float(data.loss) == pytest.approx(float(case["loss"]), rel=RTOL)
        agree(data.gradient, case["gradient"], RTOL)
        found = data.singular_values[:8]
        slack = RTOL * case["singular_values"][0]
        np.testing.assert_allclose(found, case["singular_values"], rtol=0, atol=slack)


@losses
def test_a_large_krylov_space_gives_the_closed_form(arguments, loss):
    ours = LowRankGradient(60, 60, loss)(*arguments)
    theirs = KrylovAutodiff(60, loss)(*arguments)
    agree(theirs.gradient, ours.gradient, RTOL)
    assert float(theirs.loss) == pytest.approx(float(ours.loss), rel=RTOL)


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_a_small_krylov_space_is_differentiated_itself(problem, flow, dim):
    """Central differences of the loss of the Krylov approximation, not of the exact."""
    goal = reference.target(problem.labels, 3)
    grid = flow.neighborhood

    def loss_at(weights):
        V = Krylov(dim).integrate(flow.plain_system(weights), problem.time).direction
        return DirectionLoss()(V, goal)[0]

    data = KrylovAutodiff(dim)(flow, problem.weights, problem.labels, problem.time)
    rng, h = np.random.default_rng(1), 1e-5
    for _ in range(4):
        Y = grid.center(rng.standard_normal(problem.weights.shape))
        ends = (loss_at(problem.weights + s * h * Y) for s in (1.0, -1.0))
        slope = float(np.vdot(data.gradient, Y))
        # O(h²) = 1e-10 beside eps/h = 1e-11, times derivatives and norms of order ten
        assert (next(ends) - next(ends)) / (2 * h) == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 6, 8, 10, 20])
def test_krylov_errors_never_exceed_their_bounds(case, dim):
    data = KrylovAutodiff(dim)(*arguments_of(case))
    off = distance(data.gradient, case["gradient"])
    # what remains where the bounds are (nearly) zero: both sides are rounded
    slack = 1e-11 * np.linalg.norm(case["gradient"])
    assert off <= float(data.approximation_error) + slack
    assert abs(float(data.loss) - float(case["loss"])) <= float(data.loss_error) + slack


@pytest.mark.parametrize("step", [1.0, 0.1])
def test_euler_errors_never_exceed_their_bounds(case, step):
    data = EulerAutodiff(step)(*arguments_of(case))
    off = distance(data.gradient, case["gradient"])
    assert off <= float(data.approximation_error)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (2, 3)], ids=str)
def test_krylov_bounds_hold_on_random_problems(shape, seed):
    problem = reference.random_problem(shape, time=(0.5, 4.0)[seed % 2], seed=seed)
    exact = reference.complex_step_gradient(problem)
    flow = LinearizedFlow(problem.distances, problem.rho)
    for dim in (1, 2, 4, 6, 30):
        data = KrylovAutodiff(dim)(flow, problem.weights, problem.labels, problem.time)
        slack = 1e-11 * max(1.0, np.linalg.norm(exact))
        assert distance(data.gradient, exact) <= float(data.approximation_error) + slack


def test_an_invariant_space_hides_what_leaves_it_and_the_bound_says_so():
    """Where all pixels are alike the space ends early, but not that of a changed Ω."""
    alike = np.broadcast_to(np.array([0.1, 0.6, 0.3])[:, None, None], (3, 3, 4))
    truth = np.random.default_rng(0).integers(0, 3, (3, 4))
    weights = reference.random_weights(1, (3, 4))
    problem = reference.Problem(alike, weights, truth, 0.5, 3.0)
    exact = reference.complex_step_gradient(problem)
    data = KrylovAutodiff(20)(LinearizedFlow(alike, 0.5), weights, truth, 3.0)
    assert data.attrs["rank"] < 3  # of the space that is left to labels alone
    assert float(data.loss) == pytest.approx(reference.loss(problem, weights), rel=RTOL)
    off = distance(data.gradient, exact)
    assert 0.01 * np.linalg.norm(exact) < off  # no rounding: a share of three percent
    assert off <= float(data.approximation_error) + ROUNDING
    fine = EulerAutodiff(0.01)(LinearizedFlow(alike, 0.5), weights, truth, 3.0)
    # Euler's scheme has no such blind spot: its error is O(h)
    assert distance(fine.gradient, exact) <= 1e-2 * np.linalg.norm(exact)


@methods
def test_no_time_is_the_limit(problem, flow, method):
    args = (flow, problem.weights, problem.labels, 0.0)
    data, other = method()(*args), LowRankGradient()(*args)
    agree(data.gradient, other.gradient.values)
    assert float(data.approximation_error) <= ROUNDING


@methods
def test_one_label_is_always_right(method):
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(1, 3, 3)))
    truth = np.zeros((3, 3), dtype=int)
    data = method()(flow, flow.uniform_weights(), truth, 5.0)
    assert (float(data.loss), float(data.error_percent)) == (0.0, 0.0)
    np.testing.assert_array_equal(data.gradient, 0.0)


@methods
def test_equal_distances_have_no_slope(method):
    flow = LinearizedFlow(np.full((3, 4, 4), 0.7))
    labels = np.arange(16).reshape(4, 4) % 3
    data = method()(flow, flow.uniform_weights(), labels, 5.0)
    assert float(data.loss) == 1.0
    np.testing.assert_array_equal(data.gradient, 0.0)
    assert data.singular_values.size == 0


@pytest.mark.parametrize("time", [600.0, 1e4])
@pytest.mark.parametrize("rho", [1e-6, 0.5, 1e6])
@pytest.mark.parametrize("dim", [1, 10, 60])
def test_extreme_times_and_scales_give_numbers(problem, time, rho, dim):
    flow = LinearizedFlow(problem.distances, rho)
    data = KrylovAutodiff(dim)(flow, problem.weights, problem.labels, time)
    for name in ("loss", "gradient", "singular_values", "error_percent"):
        assert np.isfinite(data[name]).all()
    for name in data:
        if name.endswith("_error"):  # a bound may be infinite, but is a number
            assert float(data[name]) >= 0.0


def test_euler_refuses_a_time_beyond_double_precision(problem, flow):
    with pytest.raises(ValueError, match=r"`time` = 10000 .* lower `time`"):
        EulerAutodiff(1.0)(flow, problem.weights, problem.labels, 1e4)


def test_more_steps_than_memory_holds_are_refused(problem, flow):
    with pytest.raises(MemoryError, match="Euler steps"):
        EulerAutodiff(1e-12)(flow, problem.weights, problem.labels, 3.0)


def test_a_krylov_space_beyond_memory_is_refused(problem, flow, monkeypatch):
    monkeypatch.setattr("explorer.flow.integrators.ALWAYS_THERE", 0)
    monkeypatch.setattr(
        "explorer.flow.integrators.psutil.virtual_memory",
        lambda: type("Memory", (), {"available": 8 * 36 * 99}),
    )
    args = (flow, problem.weights, problem.labels, 3.0)
    with pytest.raises(MemoryError, match="10 Krylov vectors"):
        KrylovAutodiff(10)(*args)
    assert float(KrylovAutodiff(5)(*args).loss) > 0.0  # a smaller one fits


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: EulerAutodiff(0.0), ValueError, "`time_step` = 0.0"),
        (lambda: EulerAutodiff(loss="direction"), TypeError, "`loss` = 'direction'"),
        (lambda: KrylovAutodiff(0), ValueError, "`dim` = 0"),
        (lambda: KrylovAutodiff(2.5), ValueError, "`dim` = 2.5"),
        (lambda: KrylovAutodiff(loss=1), TypeError, "`loss` = 1"),
    ],
)
def test_bad_choices_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


@methods
def test_the_work_can_be_abandoned(problem, flow, method):
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        method().differentiate(
            flow.plain_system(problem.weights), problem.labels, 3.0, check
        )


@methods
def test_the_settings_of_torch_stay_as_they_are(problem, flow, method, torch):
    def settings():
        return (
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.initial_seed(),
        )

    torch.set_grad_enabled(True)
    before = settings()
    method()(flow, problem.weights, problem.labels, 3.0)
    assert settings() == before


@methods
def test_the_gradient_does_not_depend_on_the_default_type(problem, flow, method, torch):
    args = (flow, problem.weights, problem.labels, 3.0)
    double = method()(*args)
    assert torch.get_default_dtype() == torch.float32
    assert double.gradient.dtype == np.float64
    torch.set_default_dtype(torch.float64)
    try:
        again = method()(*args)
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(again.gradient, double.gradient)


@methods
def test_it_learns(problem, flow, method):
    trace = Learner(flow, problem.labels, 3.0, method()).run(10)
    closed = Learner(flow, problem.labels, 3.0, LowRankGradient(10, 10)).run(10)
    assert float(trace.loss[-1]) < 0.9 * float(trace.loss[0])
    # Euler's error is O(h) with h = 0.1, and T = 3
    assert float(trace.loss[-1]) == pytest.approx(float(closed.loss[-1]), abs=0.05)


@methods
def test_singular_values_wait_until_they_are_asked_for(problem, flow, method):
    """They cost more than the gradient, and learning does not need them."""
    system = flow.plain_system(problem.weights)
    record = method().differentiate(system, problem.labels, 3.0)
    assert record.singular_values.size == 0
    assert record.complete().ratio > 0.0
    assert record.complete().complete().singular_values.size > 1


@methods
def test_missing_torch_names_the_cure(problem, flow, method, monkeypatch):
    cure = r'PyTorch, which is not installed: run pip install "\.\[autodiff\]"'
    made = method()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=cure):
        method()
    with pytest.raises(ImportError, match=cure):
        made(flow, problem.weights, problem.labels, 3.0)
