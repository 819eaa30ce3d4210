"""V(T) against dense matrices; its error bound; the answers in degenerate cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer import Krylov, LinearizedFlow
from explorer.flow.status import Ending
from tests import reference

# the stored answers and ours come from exponentials of matrices of norm ≤ 20, which
# lose at most four of sixteen digits; nine are kept with a margin
RTOL = 1e-9
# what remains when the bound is zero or nearly so: both sides are rounded
ROUNDING = 1e-11


def flow_of(problem):
    return LinearizedFlow(problem.distances, problem.rho, problem.radius)


def relative(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def test_similarity_source_and_solution_of_the_reference_problems(case):
    problem = reference.problem_of(case)
    flow = flow_of(problem)
    system = flow.plain_system(flow.check_weights(problem.weights))
    assert relative(system.similarity, case["similarity"]) <= RTOL
    assert relative(system.source, case["source"]) <= RTOL
    solution = Krylov(dim=60).solve(flow, problem.weights, problem.time)
    assert relative(solution.V.values, case["V"]) <= RTOL
    np.testing.assert_array_equal(solution.labels, case["V"].argmax(axis=0))


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 6, 8, 10, 14, 20, 30])
def test_the_error_never_exceeds_its_bound(case, dim):
    problem = reference.problem_of(case)
    solution = Krylov(dim=dim).solve(flow_of(problem), problem.weights, problem.time)
    actual = np.linalg.norm(solution.V.values - case["V"])
    assert actual <= solution.error + ROUNDING * np.linalg.norm(case["V"])


@pytest.mark.parametrize("shape", reference.SHAPES, ids=str)
@pytest.mark.parametrize("time", [0.1, 1.0, 10.0])
def test_the_bound_holds_on_every_grid(shape, time):
    problem = reference.random_problem(shape, time=time)
    exact, flow = reference.solve(problem), flow_of(problem)
    for dim in range(1, 8):
        solution = Krylov(dim=dim).solve(flow, problem.weights, time)
        slack = ROUNDING * np.linalg.norm(exact)
        assert np.linalg.norm(solution.V.values - exact) <= solution.error + slack


def test_the_bound_is_sharp_enough_to_certify(problem, flow):
    """Within a factor e^{Tμ} ≈ 5 and the 64 intervals of the truth: under 100."""
    exact = reference.solve(problem)
    for dim in (2, 4, 6):
        solution = Krylov(dim=dim).solve(flow, problem.weights, problem.time)
        actual = np.linalg.norm(solution.V.values - exact)
        assert solution.error <= 100.0 * actual


def test_growth_bounds_the_norm_of_A(case):
    problem = reference.problem_of(case)
    system = flow_of(problem).plain_system(problem.weights)
    assert np.linalg.norm(case["A"], 2) <= system.growth * (1.0 + ROUNDING)


def test_the_status_tells_the_cure(problem, flow):
    rough = Krylov(dim=2, rtol=1e-6).solve(flow, problem.weights, problem.time)
    assert rough.status.ending is Ending.INACCURATE
    assert not rough.status.ok
    assert "raise `dim` above 2 or lower `time` below 3" in str(rough.status)
    fine = Krylov(dim=12, rtol=1e-6).solve(flow, problem.weights, problem.time)
    assert fine.status.ending is Ending.ACCURATE
    assert fine.status.ok
    whole = Krylov(dim=200).solve(flow, problem.weights, problem.time)
    assert whole.status.ending is Ending.EXACT
    assert whole.dim <= problem.distances.size
    # rounding is left: 24 vectors, T = 3, and growth e^{1.5}
    assert 0.0 < whole.error <= 1e-12 * np.linalg.norm(whole.V)


def test_the_basis_does_not_depend_on_time(problem, flow):
    solver = Krylov(dim=6)
    state = solver.init(flow.plain_system(problem.weights))
    for time in (0.5, 5.0):
        evolution = solver.compute(state, time)
        V = time * math.exp(evolution.shift) * evolution.direction
        alone = solver.solve(flow, problem.weights, time).V.values
        np.testing.assert_array_equal(V, alone)


def test_W_is_a_labeling_on_the_simplex_with_the_same_labels(problem, flow):
    solution = Krylov().solve(flow, problem.weights, problem.time)
    # a sum of three rounded numbers
    np.testing.assert_allclose(solution.W.sum("label"), 1.0, rtol=1e-15)
    np.testing.assert_array_equal(solution.W.argmax("label"), solution.labels)


def test_no_time_gives_zero_and_the_labels_of_the_limit(problem, flow):
    still = Krylov().solve(flow, problem.weights, 0.0)
    soon = Krylov().solve(flow, problem.weights, 1e-6)
    np.testing.assert_array_equal(still.V, 0.0)
    np.testing.assert_array_equal(still.labels, soon.labels)
    assert (still.error, still.status.ok) == (0.0, True)


@pytest.mark.parametrize("time", [2000.0, 1e4])
@pytest.mark.parametrize("dim", [1, 5, 60])
def test_very_long_times_neither_overflow_nor_warn(problem, flow, time, dim):
    solution = Krylov(dim=dim).solve(flow, problem.weights, time)
    assert np.isfinite(solution.V).all()
    assert np.isfinite(solution.W).all()
    assert not math.isnan(solution.error)
    np.testing.assert_array_equal(solution.W.argmax("label"), solution.labels)


def test_a_long_time_turns_V_into_the_leading_eigenvector(problem, flow):
    solution = Krylov(dim=60).solve(flow, problem.weights, 2000.0)
    assert solution.V.attrs["log_scale"] > 0.0
    S = reference.similarity(problem.weights, problem.distances, problem.rho)
    A, _ = reference.dense_system(problem.weights, S)
    v = reference.vec(solution.V.values)
    eigenvalue = np.linalg.eigvals(A).real.max()
    # e^{−T gap} of the next eigenvalue is gone; eleven squarings each double eps
    slack = 1e-10 * np.linalg.norm(v)
    np.testing.assert_allclose(A @ v, eigenvalue * v, atol=slack)


def test_growth_beyond_floats_is_reported_as_an_infinite_error():
    """225 pixels that copy one: ‖Ω‖₂ = 15, and e^{Tμ/64} alone leaves the floats."""
    size, radius = 15, 7
    weights = np.full((225, size, size), 1e-10)
    center = size // 2
    for row, col in np.ndindex(size, size):
        offset = (center - row + radius) * 15 + center - col + radius
        weights[offset, row, col] = 1.0
    weights /= weights.sum(axis=0)
    D = np.random.default_rng(0).uniform(0.0, 0.01, (2, size, size))
    solution = Krylov(dim=3).solve(LinearizedFlow(D, radius=radius), weights, 1e4)
    assert solution.error == np.inf
    assert solution.status.ending is Ending.INACCURATE


def test_dim_beyond_the_space_is_exact(problem, flow):
    solution = Krylov(dim=200).solve(flow, problem.weights, problem.time)
    assert relative(solution.V.values, reference.solve(problem)) <= RTOL


def test_one_pixel_is_a_scalar_problem():
    problem = reference.random_problem((1, 1), labels=2, time=4.0)
    solution = Krylov().solve(flow_of(problem), problem.weights, problem.time)
    assert relative(solution.V.values, reference.solve(problem)) <= RTOL
    assert solution.dim == 1  # T₀ of one pixel and two labels is a line


def test_one_label_leaves_nothing_to_decide():
    flow = LinearizedFlow(np.ones((1, 3, 3)))
    solution = Krylov().solve(flow, flow.uniform_weights(), 5.0)
    assert solution.status.ending is Ending.EXACT
    np.testing.assert_array_equal(solution.labels, 0)
    np.testing.assert_array_equal(solution.W, 1.0)


def test_equal_distances_are_undetermined():
    flow = LinearizedFlow(np.full((3, 4, 4), 0.7))
    solution = Krylov().solve(flow, flow.uniform_weights(), 5.0)
    assert solution.status.ending is Ending.UNDETERMINED
    assert not solution.status.ok
    np.testing.assert_array_equal(solution.V, 0.0)


@pytest.mark.parametrize("rho", [1e-6, 1e6])
def test_extreme_scales_of_the_data_give_finite_answers(problem, rho):
    flow = LinearizedFlow(problem.distances, rho=rho)
    solution = Krylov(dim=12).solve(flow, problem.weights, problem.time)
    S = reference.similarity(problem.weights, problem.distances, rho)
    A, b = reference.dense_system(problem.weights, S)
    expected = problem.time * reference.phi_column(A, b, problem.time)
    # ρ = 1e-6 raises differences of order 1e6 to the exponent: 1e6 eps of error in S;
    # ρ = 1e6 leaves differences of order 1e-6 in S beside 1/3: 1e6 eps again
    assert relative(reference.vec(solution.V.values), expected) <= 1e-8


def test_labels_of_a_nearly_decided_problem_are_those_of_the_smoothed_distances():
    problem = reference.random_problem((4, 4), time=1.0)
    flow = LinearizedFlow(problem.distances, rho=1e-6)
    solution = Krylov().solve(flow, problem.weights, 1.0)
    smoothed = reference.average(problem.weights, problem.distances)
    np.testing.assert_array_equal(solution.labels, smoothed.argmin(axis=0))
