"""The nonlinear assignment flow: stored answers, orders, entropy, certainty."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.integrate
from scipy.integrate import DOP853

from explorer import AdaptiveRungeKutta, GeometricEuler, LinearizedFlow
from explorer.flow.status import Ending
from tests import reference

ALL = (*reference.CASES, "base_point")


def flow_of(problem):
    return LinearizedFlow(problem.distances, problem.rho, problem.radius)


@pytest.mark.parametrize("name", ALL)
def test_the_adaptive_scheme_reaches_the_stored_assignment(name):
    case = reference.load(name)
    problem = reference.problem_of(case)  # (2.9) starts at the barycenter, always
    scheme = AdaptiveRungeKutta(1e-11)
    solution = scheme.solve(flow_of(problem), problem.weights, problem.time)
    # the stored answers are good to 1e-10
    np.testing.assert_allclose(solution.W, case["nonlinear_W"], rtol=0, atol=2e-10)
    assert solution.status.ok
    assert solution.time == problem.time


@pytest.mark.parametrize("tolerance", [1e-4, 1e-7, 1e-10])
def test_the_tolerance_is_kept(tolerance):
    case = reference.load("random")
    problem = reference.problem_of(case)
    scheme = AdaptiveRungeKutta(tolerance)
    solution = scheme.solve(flow_of(problem), problem.weights, problem.time)
    # per step, on U of size up to T = 5; the flow amplifies by less than e^{T/2} = 12
    assert np.abs(solution.W - case["nonlinear_W"]).max() <= 60 * tolerance + 1e-10


def test_euler_is_of_first_order():
    case = reference.load("random")
    problem = reference.problem_of(case)
    errors = [
        np.abs(
            GeometricEuler(h).solve(flow_of(problem), problem.weights, problem.time).W
            - case["nonlinear_W"]
        ).max()
        for h in (0.05, 0.025, 0.0125)
    ]
    slopes = np.diff(np.log2(errors))
    np.testing.assert_allclose(slopes, -1.0, atol=0.2)


def test_one_euler_step_is_the_lifted_similarity(problem, flow):
    solution = GeometricEuler(0.3).solve(flow, problem.weights, 0.3)
    S = reference.similarity(problem.weights, problem.distances, problem.rho)
    expected = np.exp(0.3 * S) / np.exp(0.3 * S).sum(axis=0)  # exp_𝟙(h S(𝟙))
    np.testing.assert_allclose(solution.W, expected, rtol=1e-13)


def test_euler_ends_exactly_at_the_time(problem, flow):
    solution = GeometricEuler(0.3).solve(flow, problem.weights, 1.0)
    assert (solution.time, solution.steps, solution.evaluations) == (1.0, 4, 4)
    assert GeometricEuler(0.1).solve(flow, problem.weights, 0.3).steps == 3


@pytest.mark.parametrize("scheme", [GeometricEuler(0.5), AdaptiveRungeKutta()])
def test_it_stops_when_certain_and_says_so_if_not(problem, flow, scheme):
    solution = scheme.solve(flow, problem.weights, 1000.0, entropy=1e-3)
    assert solution.entropy < 1e-3
    assert solution.time < 1000.0
    assert solution.status.ending is Ending.ACCURATE
    rounded = solution.W.values.max(axis=0)
    assert rounded.mean() > 0.99
    early = scheme.solve(flow, problem.weights, 0.5, entropy=1e-3)
    assert early.status.ending is Ending.INACCURATE
    assert "raise `time`" in str(early.status)


@pytest.mark.parametrize("scheme", [GeometricEuler(), AdaptiveRungeKutta()])
def test_time_zero_is_the_base_point(problem, flow, scheme):
    solution = scheme.solve(flow, problem.weights, 0.0)
    np.testing.assert_array_equal(solution.W, np.full_like(solution.W, 1 / 3))
    assert solution.entropy == pytest.approx(1.0)


def test_it_starts_where_it_is_told(problem):
    half = GeometricEuler(0.25).solve(flow_of(problem), problem.weights, 0.5)
    moved = LinearizedFlow(problem.distances, problem.rho, base_point=half.W)
    whole = GeometricEuler(0.25).solve(flow_of(problem), problem.weights, 1.0)
    rest = GeometricEuler(0.25).solve(moved, problem.weights, 0.5)
    np.testing.assert_allclose(rest.W, whole.W, rtol=1e-12)


def test_one_label_and_one_pixel():
    flow = LinearizedFlow(np.ones((1, 1, 1)))
    solution = AdaptiveRungeKutta().solve(flow, flow.uniform_weights(), 3.0)
    assert solution.W.item() == 1.0


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: GeometricEuler(time_step=0.0), "time_step"),
        (lambda: GeometricEuler(time_step=float("nan")), "time_step"),
        (lambda: AdaptiveRungeKutta(tolerance=-1.0), "tolerance"),
        (lambda: AdaptiveRungeKutta(tolerance="tiny"), "tolerance"),
    ],
)
def test_bad_choices_are_refused(make, name):
    with pytest.raises((ValueError, TypeError), match=f"`{name}`"):
        make()


@pytest.mark.parametrize(("time", "entropy"), [(-1.0, 0.0), (1.0, 2.0), (None, 0.0)])
def test_bad_calls_are_refused(problem, flow, time, entropy):
    with pytest.raises((ValueError, TypeError), match=r"`(time|entropy)`"):
        GeometricEuler().solve(flow, problem.weights, time, entropy)


def test_runge_kutta_is_of_order_eight(monkeypatch):
    """Steps of fixed size, as no tolerance stops them: the error falls as h⁸."""
    problem = reference.random_problem((4, 5), 3, 1, 8.0)
    flow = LinearizedFlow(problem.distances, problem.rho)
    exact = AdaptiveRungeKutta(3e-14).solve(flow, problem.weights, 6.0).W.values
    errors = []
    for h in (1.5, 0.75):  # at a quarter rounding is reached
        fixed = partial(DOP853, first_step=h, max_step=h)
        monkeypatch.setattr(scipy.integrate, "DOP853", fixed)
        solution = AdaptiveRungeKutta(1.0).solve(flow, problem.weights, 6.0)
        assert solution.steps == 6.0 / h
        errors.append(np.linalg.norm(solution.W.values - exact))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(8.0, abs=0.2)
