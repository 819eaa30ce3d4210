"""Bounds of gradients are above the true error, and not far above it.

The factors are those found on the stored problems, doubled at least: a bound that is
valid and useless is a fault, too. At T ≤ 3 the growth that ‖A‖ allows is small; at
T = 20 it is what separates the bounds from the errors.
"""

from __future__ import annotations

import numpy as np
import pytest

import explorer as ex
from tests import reference

MODERATE = [name for name in reference.CASES if name != "large_time"]

DIMS = (4, 6)
"""Krylov spaces in which the errors are far above rounding."""

METHODS = {
    "all ranks": (lambda dim: ex.LowRankGradient(dim, dim), 400.0),
    "rank one": (lambda dim: ex.LowRankGradient(dim, 1), 250.0),
    "FactoredSVD": (ex.FactoredSVD, 4e4),
    "BenziSimoncini": (ex.BenziSimoncini, 2e4),
    "KroneckerKrylov": (ex.KroneckerKrylov, 1e6),
    "EulerAdjoint": (lambda dim: ex.EulerAdjoint(0.08 / dim), 700.0),
}
"""Each with the largest factor between the bound of its gradient and the error."""

LOSS, VALUES, VALUES_OF_FACTORS = 250.0, 5e3, 2e5
"""The same for the loss, and for singular values: V ⊗ V loses what a basis keeps."""


def gradient_of(method, case, dim):
    problem = reference.problem_of(case)
    flow = ex.LinearizedFlow(problem.distances, problem.rho, problem.radius)
    make, factor = METHODS[method]
    data = make(dim)(flow, problem.weights, problem.labels, problem.time)
    return data, factor


def between(true, bound, factor):
    """Whether a bound holds, up to rounding of the stored answer, and is tight."""
    rounding = 1e-13
    assert true <= bound + rounding
    assert bound <= factor * (true + rounding)


@pytest.mark.slow
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODERATE)
def test_bounds_of_gradient_loss_and_values_are_tight(name, method, dim):
    case = reference.load(name)
    data, factor = gradient_of(method, case, dim)
    true = float(np.linalg.norm(data.gradient.values - case["gradient"]))
    bound = float(data.approximation_error) + float(data.truncation_error)
    between(true, bound, factor)
    between(abs(float(data.loss - case["loss"])), float(data.loss_error), LOSS)
    count = min(data.sizes["component"], len(case["singular_values"]))
    off = data.singular_values.values[:count] - case["singular_values"][:count]
    plain = method in ("all ranks", "rank one", "EulerAdjoint")
    most = VALUES if plain else VALUES_OF_FACTORS
    between(float(np.abs(off).max()), float(data.singular_value_error), most)


@pytest.mark.parametrize(("dim", "factor"), [(6, 2e5), (8, 2e5), (10, 1e5)])
def test_bounds_at_a_large_time_are_within_their_growth(dim, factor):
    case = reference.load("large_time")
    data, _ = gradient_of("all ranks", case, dim)
    true = float(np.linalg.norm(data.gradient.values - case["gradient"]))
    between(true, float(data.approximation_error), factor)
    between(abs(float(data.loss - case["loss"])), float(data.loss_error), 4 * LOSS)


@pytest.mark.parametrize("name", reference.CASES)
def test_the_nonlinear_flow_is_as_exact_as_its_tolerance(name):
    """Errors per step add up over time; a tolerance far below the error is a lie."""
    case = reference.load(name)
    problem = reference.problem_of(case)
    flow = ex.LinearizedFlow(problem.distances, problem.rho, problem.radius)
    for tolerance in (1e-4, 1e-7):
        found = ex.AdaptiveRungeKutta(tolerance).solve(
            flow, problem.weights, problem.time
        )
        off = float(np.abs(found.W.values - case["nonlinear_W"]).max())
        assert off <= 20.0 * tolerance
        assert found.evaluations <= 800  # not by steps far smaller than it needs


@pytest.mark.parametrize("name", reference.CASES)
def test_geometric_euler_loses_as_much_as_its_step(name):
    case = reference.load(name)
    problem = reference.problem_of(case)
    flow = ex.LinearizedFlow(problem.distances, problem.rho, problem.radius)
    off = [
        float(np.abs(found.W.values - case["nonlinear_W"]).max())
        for step in (0.02, 0.01)
        for found in [
            ex.GeometricEuler(step).solve(flow, problem.weights, problem.time)
        ]
    ]
    assert off[0] <= 0.2 * 0.02
    assert off[0] / off[1] == pytest.approx(2.0, rel=0.1)  # of first order, no better
