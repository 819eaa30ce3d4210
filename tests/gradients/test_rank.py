"""The automatic rank: the fewest components that leave out no more than is allowed."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import Learner, LinearizedFlow, LowRankGradient
from tests import reference

TOLERANCES = (1e-12, 1e-6, 1e-3, 1e-2, 0.1, 0.5, 1.0)


@pytest.fixture(params=[0.5, 5.0, 20.0], ids=lambda t: f"T={t:g}")
def data(request):
    """A method of some tolerance, evaluated; at large times more components count."""
    problem = reference.random_problem(time=request.param)
    flow = LinearizedFlow(problem.distances, problem.rho)

    def evaluate(**kwargs):
        method = LowRankGradient(dim=12, **kwargs)
        return method(flow, problem.weights, problem.labels, problem.time)

    return evaluate


def tail(sigma, rank):
    """‖Z − Z_r‖ / ‖Z‖ (Frobenius)."""
    return np.sqrt((sigma[rank:] ** 2).sum() / (sigma**2).sum())


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_it_is_the_smallest_whose_tail_is_allowed(data, tolerance):
    found = data(rank="auto", rank_tolerance=tolerance)
    sigma, rank = found.singular_values.values, found.attrs["rank"]
    # tails are rounded, and below eps σ₁ they are rounding
    assert tail(sigma, rank) <= tolerance * (1 + 1e-12)
    if rank > 1:
        assert tail(sigma, rank - 1) > tolerance * (1 - 1e-12)
    fixed = data(rank=rank)
    np.testing.assert_array_equal(found.gradient, fixed.gradient)
    assert float(found.truncation_error) == float(fixed.truncation_error)


def test_a_tolerance_of_one_needs_one_component(data):
    assert data(rank="auto", rank_tolerance=1.0).attrs["rank"] == 1


def test_ranks_grow_as_tolerances_fall(data):
    ranks = [data(rank="auto", rank_tolerance=t).attrs["rank"] for t in TOLERANCES]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[-1]


def test_the_ratio_is_that_of_the_first_two(data):
    found = data(rank=1)
    sigma = found.singular_values.values
    assert float(found.singular_value_ratio) == sigma[1] / sigma[0]
    assert found.singular_value_ratio.attrs["limit"] == 0.03


def test_fewer_than_two_components_have_no_ratio():
    problem = reference.random_problem()
    flow = LinearizedFlow(problem.distances)
    one = LowRankGradient(dim=1)(flow, problem.weights, problem.labels, 3.0)
    assert float(one.singular_value_ratio) == 0.0
    blank = LinearizedFlow(np.zeros_like(problem.distances))
    method = LowRankGradient(rank="auto")
    none = method(blank, problem.weights, problem.labels, 3.0)
    assert (float(none.singular_value_ratio), none.attrs["rank"]) == (0.0, 1)


def test_learning_takes_an_automatic_rank():
    problem = reference.random_problem(time=15.0)
    flow = LinearizedFlow(problem.distances)
    method = LowRankGradient(rank="auto", rank_tolerance=1e-3)
    loss = Learner(flow, problem.labels, 15.0, method).run(5).loss
    assert float(loss[-1]) < float(loss[0])


@pytest.mark.parametrize("rank", ["Auto", "automatic", "", "3"])
def test_words_other_than_auto_are_refused(rank):
    with pytest.raises(
        TypeError, match=r'`rank` = .*it must be an integer .*, or "auto"'
    ):
        LowRankGradient(rank=rank)


@pytest.mark.parametrize("rank", [b"auto", None, ["auto"], True, np.array("auto")])
def test_what_is_no_rank_is_refused(rank):
    with pytest.raises(TypeError, match=r"`rank` = .*it must be an integer"):
        LowRankGradient(rank=rank)


@pytest.mark.parametrize("rank", [0, -1, 1.5, 201, np.nan])
def test_ranks_out_of_range_are_refused(rank):
    with pytest.raises(ValueError, match=r"`rank` = .*out of range"):
        LowRankGradient(rank=rank, dim=200)


@pytest.mark.parametrize("tolerance", [0, 0.0, -0.1, 1.1, np.nan, np.inf])
@pytest.mark.parametrize("rank", [1, "auto"])
def test_tolerances_out_of_range_are_refused(tolerance, rank):
    with pytest.raises(ValueError, match=r"`rank_tolerance` = .*out of range"):
        LowRankGradient(rank=rank, rank_tolerance=tolerance)
