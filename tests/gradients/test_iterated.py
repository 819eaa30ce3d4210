"""Iterated linearization: its order, its limit, and the gradient of every step."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer import (
    IteratedGradient,
    IteratedLinearization,
    Krylov,
    LinearizedFlow,
    LowRankGradient,
)
from explorer.flow.iterated import check_times
from tests import reference

# Krylov spaces of this dimension are exact on the small problems
EXACT = 60


def flow_of(problem):
    return LinearizedFlow(problem.distances, problem.rho, problem.radius)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["random", "two_labels", "radius2"])
def test_it_approaches_the_nonlinear_flow_at_second_order(name):
    case = reference.load(name)
    problem = reference.problem_of(case)
    path = IteratedLinearization(Krylov(EXACT))
    errors = []
    for count in (8, 16, 32):
        times = [problem.time / count] * count
        solution = path.solve(flow_of(problem), problem.weights, times)
        errors.append(np.abs(solution.W - case["nonlinear_W"]).max())
    np.testing.assert_allclose(np.diff(np.log2(errors)), -2.0, atol=0.2)


def test_each_step_is_the_flow_linearized_where_the_last_one_ended(problem, flow):
    times = [0.7, 1.1]
    path = IteratedLinearization(Krylov(EXACT))
    first = Krylov(EXACT).solve(flow, problem.weights, times[0])
    moved = LinearizedFlow(problem.distances, problem.rho, base_point=first.W)
    second = Krylov(EXACT).solve(moved, problem.weights, times[1])
    both = path.solve(flow, problem.weights, times)
    # the base point route divides by W: a few digits less
    np.testing.assert_allclose(both.W, second.W, rtol=1e-10)


def test_one_step_is_the_linearized_flow(problem, flow):
    one = IteratedLinearization().solve(flow, problem.weights, [problem.time])
    plain = Krylov().solve(flow, problem.weights, problem.time)
    np.testing.assert_allclose(one.W, plain.W, rtol=1e-13)
    np.testing.assert_array_equal(one.labels, plain.labels)
    # U = J V, and so are their errors
    assert one.errors[0] == pytest.approx(3 * plain.error)


def test_it_reaches_corners_without_harm(problem, flow):
    solution = IteratedLinearization().solve(flow, problem.weights, [5.0] * 40)
    assert np.isfinite(solution.U).all()
    np.testing.assert_allclose(solution.W.max("label"), 1.0, atol=1e-6)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_gradient_of_every_step_by_finite_differences(problem, flow, step):
    rng = np.random.default_rng(step)
    patches = [reference.random_weights(1, (3, 4), seed) for seed in range(3)]
    Y = rng.standard_normal(patches[0].shape)
    Y = 0.01 * (Y - Y.mean(axis=0))  # keeps the sums and, for these h, the signs
    gradient = IteratedGradient(EXACT)
    times = [1.0, 0.7, 1.5]

    def loss(h):
        moved = [w + h * Y if k == step else w for k, w in enumerate(patches)]
        return float(gradient(flow, moved, problem.labels, times).loss)

    h = 0.05
    difference = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
    result = gradient(flow, patches, problem.labels, times)
    exact = float((result.gradient[step].values * Y).sum())
    # fourth order in h Y ≤ 2e-3, and rounding eps/h: both about 1e-13
    assert difference == pytest.approx(exact, rel=1e-8, abs=1e-12)


def test_one_step_has_the_gradient_of_the_flow(problem, flow):
    one = IteratedGradient(EXACT)(flow, problem.weights, problem.labels, [problem.time])
    plain = LowRankGradient(EXACT, EXACT)(
        flow, problem.weights, problem.labels, problem.time
    )
    np.testing.assert_allclose(one.gradient[0], plain.gradient, atol=1e-12)
    assert float(one.loss) == pytest.approx(float(plain.loss), rel=1e-12)


def test_weights_may_carry_the_dimension_iteration(problem, flow):
    patches = np.stack([reference.random_weights(1, (3, 4), s) for s in range(2)])
    stacked = xr.DataArray(patches, dims=("iteration", "offset", "row", "col"))
    path = IteratedLinearization()
    np.testing.assert_array_equal(
        path.solve(flow, stacked, [1.0, 1.0]).W,
        path.solve(flow, list(patches), [1.0, 1.0]).W,
    )


def test_an_inaccurate_step_says_which(problem, flow):
    solution = IteratedLinearization(Krylov(1)).solve(flow, problem.weights, [0.0, 9.0])
    assert "of step 1 exceeds" in str(solution.status)


@pytest.mark.parametrize(
    ("times", "words"),
    [([], "empty"), (3.0, "sequence"), ("ab", "sequence"), ([1.0, -2.0], "-2.0")],
)
def test_bad_times_are_refused(problem, flow, times, words):
    with pytest.raises((ValueError, TypeError), match=f"`time.*{words}"):
        IteratedLinearization().solve(flow, problem.weights, times)


def test_bad_weights_are_refused_by_number(problem, flow):
    good = problem.weights
    with pytest.raises(ValueError, match=r"`weights` has 2 entries; `times` has 3"):
        IteratedLinearization().solve(flow, [good, good], [1.0] * 3)
    with pytest.raises(ValueError, match=r"`weights\[1\]`"):
        IteratedLinearization().solve(flow, [good, -good], [1.0] * 2)
    with pytest.raises(TypeError, match="`integrator`"):
        IteratedLinearization("krylov")


@pytest.mark.parametrize(
    "times",
    [
        0.5, np.array(0.5), "0.5", b"5", float, None, [[0.5]], np.ones((1, 2)), {},
        np.ones(2, "m8[ns]"), [np.timedelta64(1)], np.ma.masked_equal([1.0, 2.0], 2.0),
        xr.DataArray(0.5), xr.Dataset({"a": 1}),
    ],
    ids=lambda value: f"{type(value).__name__} {value!s:.9}",
)  # fmt: skip
def test_what_is_no_sequence_of_times_is_refused(times):
    with pytest.raises(TypeError, match=r"`times?`"):
        check_times(times)


@pytest.mark.parametrize("kind", [list, tuple, np.array, xr.DataArray, iter])
def test_any_sequence_of_times_will_do(kind):
    assert check_times(kind([0.5, 1.0])) == [0.5, 1.0]
