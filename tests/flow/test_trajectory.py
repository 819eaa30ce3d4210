"""A trajectory agrees with the nonlinear flow at each time, and solves nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import explorer as ex
from explorer.flow import integrators
from explorer.flow import trajectory as module
from explorer.flow.status import Ending
from explorer.geometry.grid import Grid
from tests import reference

TIMES = (0.0, 0.03, 0.4, 1.7, 3.1, 6.6, 9.0)


@pytest.fixture
def whole(problem, flow):
    return ex.AdaptiveRungeKutta().trajectory(flow, problem.weights, 9.0)


@pytest.mark.parametrize("time", TIMES)
def test_it_agrees_with_a_solve_at_each_time(problem, flow, whole, time):
    exact = ex.AdaptiveRungeKutta(1e-12).solve(flow, problem.weights, time)
    found = whole.at(time)
    # a step is right to 1e-6 relative to |U| ≤ 9; the flow amplifies by less than e^4.5
    assert np.abs(found.W - exact.W).max() <= 1e-6 * 9 * np.exp(4.5)
    assert found.time == time
    assert found.status.ok


@pytest.mark.parametrize("name", ["random", "uniform", "radius2", "two_labels"])
def test_it_reaches_the_stored_assignment(name):
    case = reference.load(name)
    problem = reference.problem_of(case)
    flow = ex.LinearizedFlow(problem.distances, problem.rho, problem.radius)
    scheme = ex.AdaptiveRungeKutta(1e-11)
    whole = scheme.trajectory(flow, problem.weights, 2.0 * problem.time)
    found = whole.at(problem.time)
    np.testing.assert_allclose(found.W, case["nonlinear_W"], rtol=0, atol=1e-9)


def test_its_end_is_that_of_a_solve(problem, flow, whole):
    solution = ex.AdaptiveRungeKutta().solve(flow, problem.weights, 9.0)
    found = whole.at(9.0)
    np.testing.assert_allclose(found.W, solution.W, rtol=1e-12)
    assert (whole.steps, whole.evaluations) >= (solution.steps, solution.evaluations)


def test_reading_a_time_solves_nothing(whole, monkeypatch):
    def refuse(*_):
        raise AssertionError("S(W) is computed")

    monkeypatch.setattr(Grid, "similarity", refuse)
    for time in TIMES:
        whole.at(time)


def test_it_starts_at_the_base_point(problem):
    W = np.random.default_rng(0).dirichlet(np.ones(3), size=(3, 4))
    base = np.moveaxis(0.9 * W + 0.1 / 3, -1, 0)
    flow = ex.LinearizedFlow(problem.distances, base_point=base)
    whole = ex.AdaptiveRungeKutta().trajectory(flow, problem.weights, 2.0)
    np.testing.assert_allclose(whole.at(0.0).W, base, rtol=1e-14)


@pytest.mark.parametrize("time", [9.001, 1e4])
def test_a_time_beyond_its_end_is_refused(whole, time):
    with pytest.raises(ValueError, match=r"`time` must be at most 9, .* integrate to"):
        whole.at(time)


@pytest.mark.parametrize("time", [-1.0, np.nan, np.inf, "soon", None])
def test_a_time_that_is_none_is_refused(whole, time):
    with pytest.raises((ValueError, TypeError), match="`time`"):
        whole.at(time)


def test_no_time_at_all_is_the_start(problem, flow):
    whole = ex.AdaptiveRungeKutta().trajectory(flow, problem.weights, 0.0)
    np.testing.assert_allclose(whole.at(0.0).W, 1.0 / 3.0, rtol=1e-15)


@pytest.mark.parametrize("stages", [10**12, module.STAGES])
def test_steps_that_do_not_fit_into_memory_are_refused(
    stages, problem, flow, monkeypatch
):
    """Small steps add up: the system is asked before each, however small it is."""
    monkeypatch.setattr(module, "STAGES", stages)
    little = SimpleNamespace(available=10**6)
    monkeypatch.setattr(integrators.psutil, "virtual_memory", lambda: little)
    with pytest.raises(MemoryError, match="lower `time`, raise `tolerance`"):
        ex.AdaptiveRungeKutta().trajectory(flow, problem.weights, 9.0)


@pytest.mark.parametrize("begins", [1.0, 0.0])
def test_a_vanished_step_size_is_said(begins, problem, flow, monkeypatch):
    """SciPy gives up where the step size falls below the spacing of the times."""
    true = ex.AdaptiveRungeKutta._scheme

    def failing(self, function, begin, y, end):
        solver = true(self, function, begin, y, end)
        take = solver.step

        def step():
            if solver.t >= begins:
                solver.status = "failed"
            else:
                take()

        solver.step = step
        return solver

    monkeypatch.setattr(ex.AdaptiveRungeKutta, "_scheme", failing)
    whole = ex.AdaptiveRungeKutta().trajectory(flow, problem.weights, 9.0)
    assert begins <= whole.reached < 9.0
    assert whole.at(0.5).status.ok == (begins > 0.5)
    assert whole.at(8.0).status.ending is Ending.INACCURATE
    assert "raise `tolerance`" in str(whole.at(8.0).status)


def test_steps_are_those_up_to_the_time(whole):
    steps = [whole.at(t).steps for t in TIMES]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1] == whole.steps


def test_it_can_be_stopped(problem, flow):
    class EnoughError(Exception):
        pass

    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        ex.AdaptiveRungeKutta().trajectory(flow, problem.weights, 9.0, check)


def test_random_weights_are_those_of_their_seed(flow):
    one, again, other = (flow.random_weights(seed) for seed in (3, 3, 4))
    assert one.identical(again)
    assert not one.equals(other)
    np.testing.assert_allclose(one.sum("offset"), 1.0, rtol=1e-15)
    assert one.dims == ("offset", "row", "col")


def test_random_patches_are_uniform_on_their_simplex():
    """Each weight of a patch of nine is below x with probability 1 − (1 − x)⁸."""
    flow = ex.LinearizedFlow(np.zeros((2, 90, 90)))
    found = flow.random_weights(0).values
    for x in (0.05, 0.1, 0.2, 0.4):
        expected = 1.0 - (1.0 - x) ** 8
        spread = np.sqrt(expected * (1 - expected) / 8100)  # of the share per offset
        assert np.abs((found < x).mean(axis=(1, 2)) - expected).max() < 5 * spread
