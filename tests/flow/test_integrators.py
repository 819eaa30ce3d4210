"""One contract for all integrators of the linearized flow, then their differences."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.integrate
from scipy.integrate import DOP853

from explorer import (
    AdaptiveKrylov,
    DenseExponential,
    ExplicitEuler,
    Krylov,
    LinearizedFlow,
    RungeKutta,
)
from explorer.flow import adaptive
from explorer.flow.integrators import dense_bytes
from explorer.flow.status import Ending
from tests import reference

ALL = (
    Krylov(dim=40),
    AdaptiveKrylov(dim=6, rtol=1e-8),
    AdaptiveKrylov(dim=40, rtol=1e-8),
    ExplicitEuler(time_step=0.01),
    RungeKutta(tolerance=1e-9),
    DenseExponential(),
)
# what remains when an error is reported as nearly zero: both sides are rounded
ROUNDING = 1e-11

every = pytest.mark.parametrize("integrator", ALL, ids=repr)


def flow_of(problem):
    return LinearizedFlow(problem.distances, problem.rho, problem.radius)


@every
def test_the_error_never_exceeds_what_is_reported(case, integrator):
    problem = reference.problem_of(case)
    solution = integrator.solve(flow_of(problem), problem.weights, problem.time)
    error = np.linalg.norm(solution.V.values - case["V"])
    assert error <= solution.error + ROUNDING * np.linalg.norm(case["V"])
    assert solution.work.applications > 0


@every
def test_time_zero_gives_zero_and_the_labels_of_the_source(problem, flow, integrator):
    solution = integrator.solve(flow, problem.weights, 0.0)
    np.testing.assert_array_equal(solution.V, 0.0)
    B = flow.plain_system(problem.weights).source
    np.testing.assert_array_equal(solution.labels, B.argmax(axis=0))
    assert solution.error == 0.0


@every
def test_equal_distances_are_undetermined(integrator):
    flow = LinearizedFlow(np.full((3, 3, 4), 0.7))
    solution = integrator.solve(flow, flow.uniform_weights(), 5.0)
    assert solution.status.ending is Ending.UNDETERMINED
    np.testing.assert_array_equal(solution.V, 0.0)


@every
@pytest.mark.parametrize("shape", [(1, 1), (1, 5)], ids=str)
def test_tiny_grids(integrator, shape):
    problem = reference.random_problem(shape)
    solution = integrator.solve(flow_of(problem), problem.weights, problem.time)
    exact = reference.solve(problem)
    # the least accurate here is Euler: first order in h = 0.01
    np.testing.assert_allclose(solution.V, exact, rtol=0.05, atol=1e-12)


@every
def test_any_base_point(integrator):
    case = reference.load("base_point")
    flow = LinearizedFlow(
        case["distances"], float(case["rho"]), base_point=case["base_point"]
    )
    solution = integrator.solve(flow, case["weights"], float(case["time"]))
    error = np.linalg.norm(solution.V.values - case["V"])
    assert error <= solution.error + ROUNDING


@every
def test_the_work_can_be_abandoned(problem, flow, integrator):
    def stop():
        raise KeyboardInterrupt

    system = flow.plain_system(problem.weights)
    with pytest.raises(KeyboardInterrupt):
        integrator.integrate(system, 2.0, stop)


@every
def test_bad_calls_are_refused(problem, flow, integrator):
    with pytest.raises(ValueError, match="`time` = -1"):
        integrator.solve(flow, problem.weights, -1)
    with pytest.raises(TypeError, match="`flow`"):
        integrator.solve(problem.distances, problem.weights, 1.0)


def test_euler_is_of_first_order_and_its_bound_too(problem, flow):
    exact = reference.solve(problem)
    solutions = [
        ExplicitEuler(h).solve(flow, problem.weights, problem.time)
        for h in (0.04, 0.02, 0.01)
    ]
    errors = [np.linalg.norm(s.V.values - exact) for s in solutions]
    np.testing.assert_allclose(np.diff(np.log2(errors)), -1.0, atol=0.2)
    bounds = np.diff(np.log2([s.error for s in solutions]))
    np.testing.assert_allclose(bounds, -1.0, atol=0.2)


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-10])
def test_adaptive_krylov_reaches_its_tolerance(case, rtol):
    problem = reference.problem_of(case)
    solver = AdaptiveKrylov(dim=8, rtol=rtol)
    solution = solver.solve(flow_of(problem), problem.weights, problem.time)
    error = np.linalg.norm(solution.V.values - case["V"])
    assert error <= rtol * np.linalg.norm(case["V"])
    assert solution.status.ok


@pytest.mark.parametrize("time", [200.0, 2000.0, 10_000.0])
def test_adaptive_krylov_stays_on_scale_for_long_times(problem, flow, time):
    ours = AdaptiveKrylov(dim=10, rtol=1e-8).solve(flow, problem.weights, time)
    exact = DenseExponential().solve(flow, problem.weights, time)
    a, b = ours.evolution.direction, exact.evolution.direction
    cosine = np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
    assert 1.0 - cosine <= 1e-15  # the angle is at most rtol, so its square over two
    assert np.isfinite(ours.V).all()
    np.testing.assert_array_equal(ours.labels, exact.labels)


def test_work_is_counted(problem, flow):
    euler = ExplicitEuler(0.5).solve(flow, problem.weights, 2.0).work
    assert (euler.applications, euler.substeps, euler.dim) == (4, 4, 0)
    krylov = Krylov(5).solve(flow, problem.weights, 2.0).work
    assert (krylov.applications, krylov.substeps, krylov.dim) == (5, 1, 5)
    dense = DenseExponential().solve(flow, problem.weights, 2.0).work
    assert dense.applications == problem.distances.size


def test_a_dense_exponential_that_would_not_fit_is_refused():
    flow = LinearizedFlow(np.zeros((8, 300, 300)))
    with pytest.raises(MemoryError, match=r"needs 3.32e\+04 GB"):
        DenseExponential().solve(flow, flow.uniform_weights(), 1.0)
    assert dense_bytes(720_000) == 8 * 8 * 720_001**2


def test_an_inaccurate_solve_names_its_own_cure(problem, flow):
    rough = ExplicitEuler(1.0).solve(flow, problem.weights, 5.0)
    assert "lower `time_step` below 1" in str(rough.status)
    small = Krylov(1).solve(flow, problem.weights, 5.0)
    assert "raise `dim` above 1" in str(small.status)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ExplicitEuler(time_step=0), "time_step"),
        (lambda: ExplicitEuler(rtol=float("nan")), "rtol"),
        (lambda: RungeKutta(tolerance=-1), "tolerance"),
        (lambda: AdaptiveKrylov(dim=0), "dim"),
        (lambda: AdaptiveKrylov(rtol=2), "rtol"),
        (lambda: DenseExponential(rtol="small"), "rtol"),
    ],
)
def test_bad_choices_are_refused(make, name):
    with pytest.raises((ValueError, TypeError), match=f"`{name}`"):
        make()


def test_adaptive_krylov_takes_no_larger_space_than_it_needs(problem, flow):
    dims, works = [], []
    for rtol in (1e-5, 1e-11):
        solver = AdaptiveKrylov(dim=36, rtol=rtol)
        solution = solver.solve(flow, problem.weights, 3.0)
        dims.append(solution.dim)
        works.append(solution.work.applications)
        assert solution.work.substeps == 1
        # the space before its last extension would not have been enough
        smaller = Krylov(solution.dim - adaptive.GROWTH).solve(
            flow, problem.weights, 3.0
        )
        assert smaller.error > rtol * np.linalg.norm(smaller.V)
    assert dims == sorted(set(dims))  # the tighter, the larger
    assert works == dims


def test_adaptive_krylov_splits_time_where_its_largest_space_falls_short(problem, flow):
    solution = AdaptiveKrylov(dim=5, rtol=1e-8).solve(flow, problem.weights, 3.0)
    assert solution.work.substeps > 1
    assert solution.dim == 5
    exact = DenseExponential().solve(flow, problem.weights, 3.0)
    off = np.linalg.norm(solution.V.values - exact.V.values)
    assert off <= 1e-8 * np.linalg.norm(exact.V)


def test_runge_kutta_is_of_order_eight(monkeypatch):
    """Steps of fixed size, as no tolerance stops them: the error falls as h⁸."""
    problem = reference.random_problem((4, 5), 3, 1, 8.0)
    flow = flow_of(problem)
    exact = DenseExponential().solve(flow, problem.weights, 8.0).V.values
    errors = []
    for h in (1.0, 0.5):  # at a quarter rounding is reached
        fixed = partial(DOP853, first_step=h, max_step=h)
        monkeypatch.setattr(scipy.integrate, "DOP853", fixed)
        solution = RungeKutta(tolerance=1.0).solve(flow, problem.weights, 8.0)
        assert solution.work.substeps == 8.0 / h
        errors.append(np.linalg.norm(solution.V.values - exact))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(8.0, abs=0.2)


def test_euler_refuses_steps_without_number(problem, flow):
    for step in (1e-9, 5e-324):
        with pytest.raises(
            ValueError, match=r"`time_step` = .* more than 1e\+07 steps"
        ):
            ExplicitEuler(step).solve(flow, problem.weights, 5.0)


def test_euler_with_one_enormous_step_bounds_nothing(problem, flow):
    solution = ExplicitEuler(1e4).solve(flow, problem.weights, 1e4)
    assert solution.work.substeps == 1
    assert not solution.status.ok
    assert solution.error == np.inf
