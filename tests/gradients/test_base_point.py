"""Linearization away from the barycenter: the flow and its gradient (2.22b)."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import Krylov, LinearizedFlow, LowRankGradient
from tests import reference

# as for the other stored problems: dense exponentials lose four of sixteen digits
RTOL = 1e-9
# what remains when a bound is nearly zero: both sides are rounded
ROUNDING = 1e-11


@pytest.fixture
def case():
    return reference.load("base_point")


@pytest.fixture
def flow(case):
    return LinearizedFlow(
        case["distances"], float(case["rho"]), base_point=case["base_point"]
    )


def relative(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def dense(apply, shape):
    """Return the matrix of a linear map on (label, row, col), in (pixel, label)."""
    columns = np.eye(int(np.prod(shape))).reshape(-1, *shape[1:], shape[0])
    images = [apply(np.ascontiguousarray(np.moveaxis(e, -1, 0))) for e in columns]
    return np.stack([np.moveaxis(v, 0, -1).ravel() for v in images], axis=1)


def test_the_system_of_the_reference_problem(case, flow):
    system = flow.plain_system(case["weights"])
    A = dense(system.apply, system.shape)
    np.testing.assert_allclose(A, case["A"], atol=1e-15)  # a few roundings of ‖A‖ < 1
    np.testing.assert_allclose(
        dense(system.apply_transpose, system.shape), A.T, atol=1e-15
    )
    assert relative(system.source, case["source"]) <= RTOL
    assert np.linalg.norm(A, 2) <= system.growth


def test_solution_loss_and_gradients(case, flow):
    time = float(case["time"])
    solution = Krylov(48).solve(flow, case["weights"], time)
    assert relative(solution.V.values, case["V"]) <= RTOL
    for rank, name in ((1, "gradient_rank1"), (2, "gradient_rank2"), (48, "gradient")):
        result = LowRankGradient(48, rank)(flow, case["weights"], case["labels"], time)
        assert relative(result.gradient.values, case[name]) <= RTOL
    assert float(result.loss) == pytest.approx(float(case["loss"]), rel=RTOL)
    np.testing.assert_allclose(
        result.singular_values[:8], case["singular_values"], rtol=0, atol=RTOL
    )


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 6, 8, 10, 20])
def test_errors_never_exceed_their_bounds(case, flow, dim):
    time = float(case["time"])
    solution = Krylov(dim).solve(flow, case["weights"], time)
    error = np.linalg.norm(solution.V.values - case["V"])
    assert error <= solution.error + ROUNDING * np.linalg.norm(case["V"])
    result = LowRankGradient(dim)(flow, case["weights"], case["labels"], time)
    error = np.linalg.norm(result.gradient.values - case["gradient_rank1"])
    scale = np.linalg.norm(case["gradient_rank1"])
    assert error <= float(result.approximation_error) + ROUNDING * scale


def test_the_assignment_is_lifted_from_the_base_point(case, flow):
    solution = Krylov(48).solve(flow, case["weights"], float(case["time"]))
    W0 = case["base_point"]
    u = solution.V.values / W0
    expected = W0 * np.exp(u) / (W0 * np.exp(u)).sum(axis=0)  # (2.11c), literally
    np.testing.assert_allclose(solution.W, expected, rtol=1e-12)
    np.testing.assert_array_equal(solution.labels, expected.argmax(axis=0))
    start = Krylov().solve(flow, case["weights"], 0.0)
    np.testing.assert_allclose(start.W, W0, rtol=1e-14)


def test_the_barycenter_as_base_point_is_the_default(case):
    D, w = case["distances"], case["weights"]
    plain = Krylov(20).solve(LinearizedFlow(D), w, 3.0)
    given = LinearizedFlow(D, base_point=np.full_like(D, 1 / len(D)))
    moved = Krylov(20).solve(given, w, 3.0)
    np.testing.assert_allclose(moved.V, plain.V, atol=1e-13)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p[:, :2], "shape"),
        (lambda p: np.where(p == p.max(), np.nan, p), "finite"),
        (lambda p: p * 0.5, "sum"),
        (lambda p: np.where(p == p.max(), 0.0, p), "positive"),
    ],
)
def test_a_bad_base_point_is_refused(case, change, words):
    with pytest.raises(ValueError, match=f"`base_point`.*{words}"):
        LinearizedFlow(case["distances"], base_point=change(case["base_point"]))


def test_a_base_point_of_the_wrong_type_is_refused(case):
    with pytest.raises(TypeError, match="`base_point`"):
        LinearizedFlow(case["distances"], base_point="barycenter")


@pytest.mark.parametrize("least", [0.1, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("dim", [6, 8])
def test_gradient_bounds_stay_tight_near_the_corners(least, dim):
    """All components: the bound holds, and is within a thousand of the error."""
    rng = np.random.default_rng(2)
    D, labels = rng.uniform(size=(3, 4, 5)), rng.integers(0, 3, (4, 5))
    W0 = np.full(D.shape, (1.0 - least) / 2.0)
    np.put_along_axis(W0, rng.integers(0, 3, (1, 4, 5)), least, axis=0)
    flow = LinearizedFlow(D, base_point=W0)
    w = flow.uniform_weights()
    exact = LowRankGradient(40, 40)(flow, w, labels, 3.0).gradient
    result = LowRankGradient(dim, dim)(flow, w, labels, 3.0)
    error = float(np.linalg.norm(result.gradient - exact))
    assert error <= float(result.approximation_error) <= 1e3 * error
