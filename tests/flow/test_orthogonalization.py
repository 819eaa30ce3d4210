"""Both ways to an orthonormal Krylov basis give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import (
    BlockChebyshev,
    GramSchmidt,
    GraphFlow,
    Krylov,
    Learner,
    LinearizedFlow,
    LowRankGradient,
    TwoSided,
    voronoi_scene,
)
from explorer.flow import chebyshev
from explorer.flow.chebyshev import Recomputed
from explorer.flow.orthogonalization import MOST_KEPT
from tests import reference

EPS = np.finfo(float).eps
# pivots above 1e-3 let errors of the Gram matrix grow by 1e6, at most; blocks of five
# stay far from that
CLOSE = 1e-9


def scene_flow(kind, size=40):
    scene = voronoi_scene(kind, size=size, noise=0.3, seed=0)
    return LinearizedFlow(scene.distances, rho=0.5), scene.labels.values


@pytest.fixture(params=["colors", "lines"])
def system(request):
    flow, _ = scene_flow(request.param)
    return flow.plain_system(flow.neighborhood.uniform())


@pytest.fixture
def learned():
    """Weights that learning has driven far from uniform."""
    flow, labels = scene_flow("lines")
    learner = Learner(flow, labels)
    learner.run(12)
    return flow.plain_system(learner.weights.values)


def assert_same(ours, exact, slack=CLOSE):
    assert ours.dim == exact.dim
    np.testing.assert_allclose(ours.H, exact.H, atol=slack)
    np.testing.assert_allclose(ours.vectors, exact.vectors, atol=slack)
    assert ours.residual == pytest.approx(exact.residual, abs=slack)
    assert ours.norm == pytest.approx(exact.norm, rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 2, 5, 6, 10, 13, 20])
@pytest.mark.parametrize("side", ["forward", "adjoint"])
def test_blocks_give_the_basis_of_arnoldi(system, dim, side):
    operator = getattr(system, side)
    ours = BlockChebyshev().build(operator, system.source, dim)
    assert ours.mixing is not None  # nothing fell back
    assert_same(ours, GramSchmidt().build(operator, system.source, dim))


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 5, 6, 13])
@pytest.mark.parametrize("side", ["forward", "adjoint"])
def test_vectors_that_are_not_kept_give_the_same_basis(system, dim, side):
    operator = getattr(system, side)
    ours = BlockChebyshev(keep=False).build(operator, system.source, dim)
    assert isinstance(ours.stored, Recomputed)
    assert_same(ours, GramSchmidt().build(operator, system.source, dim))


def test_large_bases_are_not_kept(system):
    operator, start = system.forward, system.source
    some = BlockChebyshev().build(operator, start, 5)
    assert isinstance(some.stored, np.ndarray)
    many = MOST_KEPT // start.nbytes
    assert not BlockChebyshev().keeps(start.nbytes, many)
    assert BlockChebyshev(keep=True).keeps(start.nbytes, many)


@pytest.mark.parametrize("keep", [1, 0.5, "yes"])
def test_keep_is_yes_no_or_none(keep):
    with pytest.raises(TypeError, match=r"`keep` = .*; pass True, False or None"):
        BlockChebyshev(keep=keep)


@pytest.mark.parametrize("block", [1, 3, 5])
def test_blocks_of_any_size_give_the_same(learned, block):
    for operator in (learned.forward, learned.adjoint):
        ours = BlockChebyshev(block).build(operator, learned.source, 10)
        assert ours.mixing is not None
        assert_same(ours, GramSchmidt().build(operator, learned.source, 10))


def test_vectors_are_orthonormal_and_satisfy_the_recurrence(learned):
    basis = BlockChebyshev().build(learned.forward, learned.source, 10)
    Q = basis.vectors.reshape(10, -1)
    np.testing.assert_allclose(Q @ Q.T, np.eye(10), atol=CLOSE)
    AQ = np.stack([learned.apply(q).ravel() for q in basis.vectors])
    rest = AQ - basis.H.T @ Q
    np.testing.assert_allclose(rest[:-1], 0.0, atol=CLOSE)
    assert np.linalg.norm(rest[-1]) == pytest.approx(basis.residual, rel=CLOSE)
    y = np.random.default_rng(0).standard_normal(10)
    np.testing.assert_allclose(basis.combine(y).ravel(), y @ Q, atol=1e-12)


def test_solutions_and_gradients_do_not_depend_on_it():
    flow, labels = scene_flow("lines")
    weights = flow.neighborhood.uniform()
    solutions, gradients = [], []
    for way in (GramSchmidt(), BlockChebyshev(), BlockChebyshev(keep=False)):
        solver = Krylov(10, orthogonalization=way)
        solutions.append(solver.solve(flow, weights, 5.0))
        method = LowRankGradient(10, 10, route=TwoSided(way))
        gradients.append(method(flow, weights, labels, 5.0))
    exact = np.linalg.norm(solutions[0].V)
    for k in (1, 2):
        assert np.linalg.norm(solutions[k].V - solutions[0].V) <= 1e-11 * exact
        assert solutions[k].error == pytest.approx(solutions[0].error, rel=1e-6)
        off = np.linalg.norm(gradients[k].gradient - gradients[0].gradient)
        assert off <= 1e-11 * np.linalg.norm(gradients[0].gradient)


def test_a_space_that_ends_early_is_still_exact():
    """Constant fields are invariant: two dimensions for three labels."""
    distances = np.broadcast_to(np.array([0.1, 0.5, 0.3])[:, None, None], (3, 6, 6))
    flow = LinearizedFlow(distances)
    solution = Krylov(10).solve(flow, flow.uniform_weights(), 5.0)
    assert solution.dim == 2
    # what rounding costs: a few dozen roundings of A and b, amplified until T = 5
    assert solution.error <= 1e4 * 2.3e-16 * float(np.linalg.norm(solution.V))
    assert "exact" in str(solution.status)


def test_parallel_vectors_are_not_trusted(system, monkeypatch):
    """Where pivots are too small the basis is built again, vector by vector."""
    monkeypatch.setattr(chebyshev, "LEAST_PIVOT", 1.1)
    basis = BlockChebyshev().build(system.forward, system.source, 6)
    assert basis.mixing is None
    exact = GramSchmidt().build(system.forward, system.source, 6)
    np.testing.assert_array_equal(basis.vectors, exact.vectors)


def test_small_spaces_base_points_and_no_source_fall_back():
    problem = reference.random_problem((1, 2), 2)
    flow = LinearizedFlow(problem.distances)
    assert Krylov(10).solve(flow, problem.weights, 2.0).dim <= 4
    case = reference.load("base_point")
    problem = reference.problem_of(case)
    away = LinearizedFlow(
        problem.distances, problem.rho, problem.radius, case["base_point"]
    )
    system = away.plain_system(problem.weights)
    assert BlockChebyshev().build(system.forward, system.source, 5).mixing is None
    flat = LinearizedFlow(np.zeros((3, 4, 4)))
    assert Krylov(5).solve(flat, flat.uniform_weights(), 2.0).dim == 0


def test_graphs_have_blocks_too():
    scene = voronoi_scene("colors", size=12, noise=0.3, seed=0)
    nodes = scene.distances.values.reshape(8, -1)
    chain = np.eye(144) + np.eye(144, k=1) + np.eye(144, k=-1)
    flow = GraphFlow(nodes, chain)
    system = flow.plain_system(flow.neighborhood.uniform())
    ours = BlockChebyshev().build(system.forward, system.source, 8)
    assert ours.mixing is not None
    assert_same(ours, GramSchmidt().build(system.forward, system.source, 8))


def test_work_can_be_abandoned(system):
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        BlockChebyshev().build(system.forward, system.source, 10, check)
    assert len(calls) == 2  # once per block


@pytest.mark.parametrize("block", [0, 9, 2.5, True, None, "5"])
def test_blocks_out_of_range_are_refused(block):
    with pytest.raises(ValueError, match=r"`block` = .*from 1 to 8"):
        BlockChebyshev(block)


def test_other_things_are_no_orthogonalization():
    for make in (lambda x: Krylov(5, orthogonalization=x), TwoSided):
        with pytest.raises(TypeError, match=r"`orthogonalization` = None .*Block"):
            make(None)
