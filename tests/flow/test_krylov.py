"""V(T) against dense matrices; its error bound; the answers in degenerate cases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from explorer import GramSchmidt, Krylov, LinearizedFlow, params
from explorer.flow import krylov, phi
from explorer.flow.arnoldi import Basis
from explorer.flow.coordinates import lifted
from explorer.flow.krylov import cure_of, direction_error, solve_errors
from explorer.flow.status import Ending
from tests import graphs, reference

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


@pytest.mark.slow
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


def test_the_cure_is_a_larger_space_where_there_is_one():
    highest = params.DIM.high
    for dim in (1, highest - 1):
        assert f"raise `dim` above {dim} or lower `time` below 2.5" in cure_of(dim, 2.5)
    for dim in (highest, highest + 1):
        assert cure_of(dim, 2.5) == "lower `time` below 2.5"


def system_of(problem, barycenter):
    base = None if barycenter else graphs.random_simplex(problem.distances.shape, 1)
    flow = LinearizedFlow(problem.distances, problem.rho, base_point=base)
    return flow.plain_system(problem.weights)


points = pytest.mark.parametrize("barycenter", [True, False])


def dense_defect(system, basis, time, count):
    """‖ẏ_m − T A y_m − b‖ at `count` times in [0, 1]: y_m = β Q τφ(τTH) e₁ (2.28b).

    ẏ_m = β Q e^{τTH} e₁; the exponential of [[TH, e₁], [0, 0]] has τφ(τTH) e₁ and 1 in
    its last column, e^{τTH} e₁ in the first.
    """
    m, Q = basis.dim, basis.vectors.reshape(basis.dim, -1).T
    M = np.zeros((m + 1, m + 1))
    M[:m, :m], M[0, m] = time * basis.H, 1.0
    found = []
    for tau in np.linspace(0.0, 1.0, count):
        E = expm(tau * M)
        y, slope = basis.norm * Q @ E[:m, m], basis.norm * Q @ E[:m, 0]
        A_y = system.apply(y.reshape(system.shape)).ravel()
        found.append(np.linalg.norm(slope - time * A_y - system.source.ravel()))
    return np.array(found)


@pytest.mark.parametrize("dim", [1, 2, 4])
@pytest.mark.parametrize("time", [0.7, 3.0])
def test_without_growth_the_error_is_the_integral_of_the_defect(problem, dim, time):
    system = system_of(problem, True)
    basis = Krylov(dim=dim).init(system).basis
    defect = dense_defect(system, basis, time, phi.INTERVALS + 1)
    bound = direction_error(basis, time, 0.0, 0.0)
    assert bound[0] == 0.0
    # the larger end value stands for an interval; 65 sums of rounded numbers below T
    expected = np.maximum(defect[1:], defect[:-1]) / phi.INTERVALS
    slack = 1e-12 * time * basis.norm
    np.testing.assert_allclose(np.diff(bound), expected, rtol=1e-9, atol=slack)


@pytest.mark.parametrize("growth", [0.2, 0.8])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_defects_grow_until_the_end(problem, growth, shift):
    """∫ e^{(1−s)Tμ} ρ(s) ds, all scaled by e^{−shift}; the samples raise it little."""
    dim, time, fine = 3, 3.0, 641
    system = system_of(problem, True)
    basis = Krylov(dim=dim).init(system).basis
    grid = np.linspace(0.0, 1.0, fine)
    defect = dense_defect(system, basis, time, fine)
    integral = np.trapezoid(np.exp((1.0 - grid) * time * growth) * defect, grid)
    expected = math.exp(-shift) * integral
    bound = direction_error(basis, time, shift, growth)[-1]
    # ρ(s) ~ s^m is overestimated by (1 + 1/64)^m of the sum, and an exponential by
    # its change within an interval; the trapezoids are off by their square
    steps = dim + 1 + time * growth + shift
    assert expected * (1.0 - 1e-4) <= bound
    assert bound <= expected * (1.0 + 1.0 / phi.INTERVALS) ** (2.0 * steps)


NOISES = [(1e-3, 2e-4), (1e-3, 0.0), (0.0, 2e-4), (1.0, 1.0)]


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_noise_is_a_defect_of_its_own(problem, noise):
    """ν_A T ‖y‖ + ν_b; both defects grow, so that larger end values add up."""
    system, time = system_of(problem, True), 3.0
    basis = Krylov(dim=3, orthogonalization=GramSchmidt()).init(system).basis
    history = basis.norm * phi.phi_history(basis.H, time, 0.0)
    size = np.abs(history).sum(axis=1)  # each vector of Q enters with its rounding
    assert (np.diff(size) > 0.0).all()
    exact = direction_error(basis, time, 0.0, 0.4)
    own = phi.defect_bound(time * noise[0] * size + noise[1], time * 0.4)
    total = direction_error(basis, time, 0.0, 0.4, noise)
    np.testing.assert_allclose(total - exact, own, rtol=1e-9, atol=1e-14)


def test_without_noise_an_invariant_space_is_exact_however_fast_errors_grow(problem):
    system, growth = system_of(problem, True), 100.0
    whole = Krylov(dim=200).init(system).basis
    assert whole.residual == 0.0
    assert not direction_error(whole, 1e4, 0.0, growth).any()  # e^{1e6} · 0
    for noise in ((1e-9, 0.0), (1e-9, 1e-9)):
        bound = direction_error(whole, 1e-2, 0.0, growth, noise)
        assert (np.diff(bound) > 0.0).all()


def test_where_nothing_starts_the_noise_of_the_start_remains():
    nothing = Basis(np.zeros((0, 2, 1)), np.zeros((0, 0)), 0.0, 0.0)
    bound = direction_error(nothing, 3.0, 0.0, 0.5, (1e-3, 2e-4))
    np.testing.assert_array_equal(bound, np.full(phi.INTERVALS + 1, 2e-4))


def errors_of(system, time=3.0, enough=np.inf, dim=4):
    basis = Krylov(dim=dim).init(system).basis
    scale = time, phi.shift_of(basis.H, time)
    own = lifted(system, basis)
    return solve_errors(system, own, scale, enough), own, scale


@points
def test_errors_are_carried_back_from_the_coordinates_of_the_barycenter(
    problem, barycenter
):
    """‖ΔV‖ ≤ ‖R_W₀‖ ‖ΔŨ‖, of the Krylov space as of rounding."""
    system = system_of(problem, barycenter)
    found, own, scale = errors_of(system)
    core = system.core
    core.__dict__["noise"] = system.noise  # what W₀ adds to it is counted in Ũ
    inner = solve_errors(core, own, scale, np.inf)
    pull = system.pull_norm
    assert (pull == 1.0) == barycenter
    np.testing.assert_allclose(found, [pull * e for e in inner], rtol=1e-14)
    # the error is that of the end, which is the largest: the scaled bounds grow
    path = direction_error(own, *scale, system.rate)
    assert (np.diff(path) > 0.0).all()
    assert found[0] == pytest.approx(pull * path[-1], rel=1e-14)


@points
def test_the_norms_on_the_way_and_what_is_enough(problem, barycenter, monkeypatch):
    system, paths = system_of(problem, barycenter), []
    monkeypatch.setattr(
        krylov, "amplified", lambda *given: paths.append(given[-1]) or 1.0
    )
    solver = Krylov(dim=4, rtol=1e-3, orthogonalization=GramSchmidt())
    end = solver.integrate(system, 3.0)
    assert end.rounding == system.pull_norm  # of the one that is said to be lost
    (path,) = paths
    assert path.norms[0] == 0.0  # V(0) = 0
    # Σ |y_k| ‖q_k‖ is no less than ‖Σ y_k q_k‖, here in Ũ = V/W₀
    lifted_V = end.direction
    if not barycenter:
        lifted_V = lifted_V / system.base_point
        lifted_V = lifted_V - lifted_V.mean(axis=0)
    length = np.linalg.norm(lifted_V)
    assert length <= path.norms[-1] * (1.0 + ROUNDING)
    assert path.norms[-1] <= 2.0 * length  # √m = 2 if the q_k keep their lengths
    # an error of `enough` in Ũ is one of rtol ‖V‖ in V
    allowed = 1e-3 * np.linalg.norm(end.direction)
    assert system.pull_norm * path.enough == pytest.approx(allowed, rel=1e-14)
    assert path.noise == system.noise


def test_bounds_are_found_once_and_when_they_are_asked_for(problem, flow, monkeypatch):
    calls, found = [], krylov.solve_errors
    monkeypatch.setattr(
        krylov, "solve_errors", lambda *given: calls.append(1) or found(*given)
    )
    end = Krylov(dim=4).integrate(flow.plain_system(problem.weights), 3.0)
    assert calls == []
    assert 0.0 < end.rounding < end.error
    assert end.light().error == end.error
    assert len(calls) == 1


def test_in_an_invariant_space_all_error_is_rounding(problem, flow):
    system = flow.plain_system(problem.weights)
    whole = Krylov(dim=200).integrate(system, problem.time)
    assert whole.exact
    assert whole.error == whole.rounding > 0.0
    small = Krylov(dim=4).integrate(system, problem.time)
    assert not small.exact
    long = replace(small.basis, residual=1.0)  # in whatever unit of time
    assert not Krylov(dim=4).compute(krylov.KrylovState(system, long), 3.0).exact


def test_one_label_has_no_error_at_any_base_point():
    """R_W₀ = 0 there, and no error in Ũ is too large."""
    flow = LinearizedFlow(np.ones((1, 2, 2)), base_point=np.ones((1, 2, 2)))
    assert flow.plain_system(flow.uniform_weights().values).pull_norm == 0.0
    solution = Krylov().solve(flow, flow.uniform_weights(), 5.0)
    assert (solution.error, solution.status.ending) == (0.0, Ending.EXACT)
    assert solution.evolution.rounding == 0.0
