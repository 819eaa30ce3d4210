"""A status never lies and never cries wolf: rounding, base points, single precision."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from explorer import (
    AdaptiveKrylov,
    AdaptiveRungeKutta,
    DenseExponential,
    ExplicitEuler,
    GramSchmidt,
    GraphFlow,
    IteratedLinearization,
    Krylov,
    LinearizedFlow,
    RungeKutta,
)
from explorer.flow.evolution import present
from explorer.flow.rounding import LEAST, SMALL, abscissa
from explorer.flow.status import Ending
from explorer.flow.system import LinearSystem
from tests import reference

INTEGRATORS = (
    Krylov(10),
    Krylov(10, orthogonalization=GramSchmidt()),
    AdaptiveKrylov(),
    DenseExponential(),
    RungeKutta(1e-9),
    ExplicitEuler(0.05),
)
each = pytest.mark.parametrize("integrator", INTEGRATORS, ids=repr)

OPPOSITE = np.array([[[0.0, 1.0]], [[1.0, 0.0]]])
"""Two pixels of opposite colors: V = c · (1, −1; −1, 1) for all T, by symmetry. The sum
of the pixels is unstable, so that rounding takes over about T = 150."""

RIGHT = np.array([[[0.5, -0.5]], [[-0.5, 0.5]]])


def unit(V):
    return V / np.linalg.norm(V)


@pytest.mark.slow
@each
@pytest.mark.parametrize("time", [20.0, 100.0, 190.0, 400.0, 1000.0])
def test_amplified_rounding_is_stated_or_spoken_of(integrator, time):
    flow = LinearizedFlow(OPPOSITE)
    solution = integrator.solve(flow, flow.uniform_weights(), time)
    V = solution.V.values
    off, said = np.linalg.norm(unit(V) - RIGHT), solution.error / np.linalg.norm(V)
    assert off <= max(2.0 * said, 1e-12)  # a few roundings
    if time >= 190.0:
        assert not solution.status.ok
        assert "lower `t" in str(solution.status)  # time, time_step or tolerance
    if time <= 20.0 and not isinstance(integrator, ExplicitEuler):
        assert solution.status.ok


def test_rounding_that_is_not_amplified_is_no_alarm():
    """V points where A grows most: after any time only rounding is left."""
    problem = reference.random_problem((4, 5), time=300.0)
    flow = LinearizedFlow(problem.distances, problem.rho)
    w = flow.uniform_weights()
    for integrator in (Krylov(60), DenseExponential(), AdaptiveKrylov()):
        solution = integrator.solve(flow, w, 300.0)
        assert solution.status.ok, solution.status
        assert solution.error <= 1e-5 * np.linalg.norm(solution.V)


@pytest.mark.parametrize("shape", [(2, 3), (6, 7)], ids=str)
def test_the_abscissa_is_the_largest_real_part(shape):
    """Found from all eigenvalues of small problems, and by ARPACK."""
    problem = reference.random_problem(shape)
    system = LinearizedFlow(problem.distances).plain_system(problem.weights)
    assert (system.similarity.size > SMALL) == (shape == (6, 7))
    A, _ = reference.dense_system(problem.weights, system.similarity)
    exact = np.linalg.eigvals(A).real.max()
    assert exact * (1.0 - 1e-12) <= abscissa(system) <= 1.002 * exact


def corner_case(least, seed=1):
    """Distances, and a base point with one small entry at every pixel."""
    rng = np.random.default_rng(seed)
    D, which = rng.uniform(size=(3, 4, 5)), rng.integers(0, 3, (4, 5))
    W0 = np.full(D.shape, (1.0 - least) / 2.0)
    np.put_along_axis(W0, which[None], least, axis=0)
    return D, W0


def exact_at(W0, D, time):
    """V(T) at a base point in Ũ, by a dense exponential: V = R_W₀ Ũ."""
    weights = np.full((9, *D.shape[1:]), 1.0 / 9.0)
    C = np.log(W0) - D / 0.5
    S = reference.similarity(weights, -C, 1.0)
    A, _ = reference.dense_system(weights, S)
    U = reference.unvec(time * reference.phi_column(A, reference.vec(S), time), D.shape)
    return W0 * (U - (W0 * U).sum(axis=0))


BASE = [
    (Krylov(6), 1e3),
    (Krylov(10), 1e3),
    (Krylov(6, orthogonalization=GramSchmidt()), 1e3),
    (AdaptiveKrylov(12, 1e-6), 1e3),
    (ExplicitEuler(0.05), 1e3),
]


@pytest.mark.slow
@pytest.mark.parametrize("least", [0.15, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("time", [1.0, 5.0])
@pytest.mark.parametrize(("integrator", "factor"), BASE, ids=str)
def test_bounds_at_a_base_point_are_tight(integrator, factor, least, time):
    D, W0 = corner_case(least)
    flow = LinearizedFlow(D, base_point=W0)
    solution = integrator.solve(flow, flow.uniform_weights(), time)
    V = exact_at(W0, D, time)
    off, norm = np.linalg.norm(solution.V.values - V), np.linalg.norm(V)
    rounding = 1e-11 * norm  # below, dense exponentials are no reference
    assert off <= solution.error + rounding
    assert solution.error <= factor * max(off, rounding)


@each
@pytest.mark.parametrize("least", [1e-3, 1e-6])
def test_every_integrator_is_right_at_a_base_point(integrator, least):
    D, W0 = corner_case(least)
    flow = LinearizedFlow(D, base_point=W0)
    solution = integrator.solve(flow, flow.uniform_weights(), 3.0)
    V = exact_at(W0, D, 3.0)
    off = np.linalg.norm(solution.V.values - V)
    assert off <= solution.error + 1e-11 * np.linalg.norm(V)
    assert solution.status.ok or isinstance(integrator, ExplicitEuler)
    assert off <= 0.05 * np.linalg.norm(V)


def test_a_graph_has_the_same_bounds_at_a_base_point():
    D, W0 = corner_case(1e-5)
    flat, nodes = D.reshape(3, -1), D[0].size
    ring = np.eye(nodes) + np.eye(nodes, k=1) + np.eye(nodes, k=-1)
    flow = GraphFlow(flat, ring, base_point=W0.reshape(3, -1))
    w = flow.uniform_weights()
    rough, fine = (Krylov(m).solve(flow, w, 5.0) for m in (6, 40))
    off = np.linalg.norm(rough.V - fine.V)
    assert off <= rough.error <= 1e3 * off


@pytest.mark.parametrize(("rho", "time"), [(0.5, 5.0), (1e-3, 1e3), (0.5, 300.0)])
@pytest.mark.parametrize("integrator", [AdaptiveKrylov(), Krylov(40)], ids=repr)
def test_single_precision_states_what_it_loses(integrator, rho, time):
    D = np.random.default_rng(0).uniform(size=(3, 5, 5))
    single = LinearizedFlow(D, rho, dtype="float32")
    double = LinearizedFlow(D, rho)
    w = double.uniform_weights()
    found = integrator.solve(single, w, time)
    exact = DenseExponential().solve(double, w, time)
    a, b = (unit(s.V.values.astype(float)) for s in (found, exact))
    stated = found.error / np.linalg.norm(found.V.values.astype(float))
    assert np.linalg.norm(a - b) <= 2.0 * stated
    assert found.V.dtype == np.float32
    assert np.isfinite(found.V).all()
    assert np.isfinite(found.W).all()
    if not found.status.ok:
        assert 'dtype="float64"' in str(found.status)


@pytest.mark.parametrize("integrator", [Krylov(10), AdaptiveKrylov()], ids=repr)
def test_exact_means_that_the_error_is_small(integrator):
    D = np.random.default_rng(0).uniform(size=(3, 5, 5))
    for scale, time in ((1.0, 1.0), (1e3, 5.0), (1e6, 5.0), (3e3, 300.0)):
        flow = LinearizedFlow(D * scale, dtype="float32")
        solution = integrator.solve(flow, flow.uniform_weights(), time)
        stated = solution.error / np.linalg.norm(solution.V.values.astype(float))
        assert solution.status.ok == (stated <= integrator.rtol)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("tolerance", [1e-2, 1.0])
@pytest.mark.parametrize("time", [0.0, 1e-300, 2000.0])
def test_runge_kutta_ends_with_a_status(dtype, tolerance, time):
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(3, 4, 4)), dtype=dtype)
    solution = RungeKutta(tolerance).solve(flow, flow.uniform_weights(), time)
    assert np.isfinite(solution.V).all()
    if time >= 2000.0:
        assert not solution.status.ok
        assert "`tolerance`" in str(solution.status)


def test_runge_kutta_says_where_its_steps_vanished(monkeypatch):
    """Numbers that are none stand for any right side that no step size resolves."""
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(3, 4, 4)))
    right, calls = LinearSystem.apply, itertools.count()

    def broken(system, V):
        return right(system, V) * (np.nan if next(calls) > 40 else 1.0)

    monkeypatch.setattr(LinearSystem, "apply", broken)
    solution = RungeKutta().solve(flow, flow.uniform_weights(), 50.0)
    assert solution.error == math.inf
    assert not solution.status.ok
    assert "the step size vanished at time" in str(solution.status)
    assert "raise `tolerance`, lower `time`" in str(solution.status)
    assert np.isfinite(solution.V).all()


TOO_FINE = [5e-324, 1e-300, 1e-25, 0.99 * LEAST]


@pytest.mark.parametrize("value", TOO_FINE)
@pytest.mark.parametrize(
    "kind", [Krylov, AdaptiveKrylov, ExplicitEuler, RungeKutta, DenseExponential]
)
def test_tolerances_below_rounding_are_refused(kind, value):
    with pytest.raises(ValueError, match=r"`rtol` must be at least 2.2e-14.*raise it"):
        kind(rtol=value)
    assert kind(rtol=LEAST).rtol == LEAST


@pytest.mark.parametrize("value", TOO_FINE)
@pytest.mark.parametrize("kind", [RungeKutta, AdaptiveRungeKutta])
def test_step_tolerances_below_rounding_are_refused(kind, value):
    with pytest.raises(ValueError, match=r"`tolerance` must be at least 2.2e-14"):
        kind(tolerance=value)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_least_tolerance_ends(dtype):
    D = np.random.default_rng(0).uniform(size=(3, 4, 5))
    flow = LinearizedFlow(D, dtype=dtype)
    solution = AdaptiveKrylov(4, LEAST).solve(flow, flow.uniform_weights(), 1.0)
    assert solution.work.substeps < 1000
    assert not solution.status.ok
    exact = Krylov(40).solve(LinearizedFlow(D), flow.uniform_weights(), 1.0)
    assert np.linalg.norm(solution.V - exact.V) <= solution.error


def test_a_status_of_numbers_that_are_none_is_not_ok():
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(3, 4, 5)))
    system = flow.plain_system(flow.uniform_weights().values)
    evolution = Krylov(4).integrate(system, 1.0)
    for value in (np.nan, np.inf):
        bad = replace(evolution, direction=np.full(system.shape, value), exact=True)
        status = present(bad, 1.0).status
        assert status.ending is Ending.INACCURATE
        assert "not finite" in str(status)


def test_an_iterated_linearization_says_where_it_is_cut():
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(3, 4, 5)))
    solver = IteratedLinearization(Krylov(40, rtol=1.0))
    solution = solver.solve(flow, flow.uniform_weights(), [1.0, 3000.0])
    assert not solution.status.ok
    assert "V of step 1 grows to e^" in str(solution.status)
    assert "take shorter `times`" in str(solution.status)
