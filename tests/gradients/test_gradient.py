"""The low-rank gradient against exact answers, and its error bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from explorer import (
    BlockChebyshev,
    CrossEntropy,
    GramSchmidt,
    GraphFlow,
    Krylov,
    LinearizedFlow,
    LowRankGradient,
    TwoSided,
)
from explorer.flow import integrators, orthogonalization
from explorer.geometry import simplex
from explorer.geometry.grid import Grid
from explorer.gradients import gradient as module
from explorer.gradients.factors import Factors
from explorer.gradients.gradient import (
    gradient_errors,
    lighter,
    riemannian_gradient,
    sensitivity,
)
from explorer.gradients.iterated import IteratedGradient
from tests import graphs, reference

# the stored answers and ours come from exponentials of matrices of norm ≤ 40, which
# lose some of sixteen digits; nine are kept with a margin
RTOL = 1e-9
# what remains where the bounds are (nearly) zero: both sides are rounded
ROUNDING = 1e-11
DIMS = (1, 2, 3, 4, 6, 8, 10, 14, 20, 30)

dims = pytest.mark.parametrize("dim", DIMS)


def gradient_of(problem, dim, rank=1, time=None):
    flow = LinearizedFlow(problem.distances, problem.rho, problem.radius)
    return LowRankGradient(dim=dim, rank=rank)(
        flow, problem.weights, problem.labels, problem.time if time is None else time
    )


def distance(actual, expected):
    return float(np.linalg.norm(np.asarray(actual) - expected))


def test_loss_and_gradients_of_the_reference_problems(case):
    problem = reference.problem_of(case)
    for rank, name in (
        (1, "gradient_rank1"),
        (2, "gradient_rank2"),
        (60, "gradient"),
    ):
        data = gradient_of(problem, 60, rank)
        assert float(data.loss) == pytest.approx(float(case["loss"]), rel=RTOL)
        expected = case[name]
        slack = RTOL * np.linalg.norm(expected)
        assert distance(data.gradient, expected) <= slack


def test_singular_values_of_the_reference_problems(case):
    sigma = gradient_of(reference.problem_of(case), 60).singular_values.values[:8]
    # singular values are known to eps times the largest
    slack = RTOL * case["singular_values"][0]
    np.testing.assert_allclose(sigma, case["singular_values"][: sigma.size], atol=slack)


@pytest.mark.slow
@dims
def test_loss_error_is_a_bound(case, dim):
    data = gradient_of(reference.problem_of(case), dim)
    off = abs(float(data.loss) - float(case["loss"]))
    assert off <= float(data.loss_error) + ROUNDING


@pytest.mark.slow
@dims
def test_singular_value_error_is_a_bound(case, dim):
    data = gradient_of(reference.problem_of(case), dim)
    sigma = np.zeros(8)  # a small space has fewer: the others count as zero
    found = data.singular_values.values[:8]
    sigma[: found.size] = found
    off = np.abs(sigma - case["singular_values"]).max()
    slack = ROUNDING * case["singular_values"][0]
    assert off <= float(data.singular_value_error) + slack


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dim", "rank"), [(dim, rank) for dim in DIMS for rank in (1, 2) if rank <= dim]
)
def test_approximation_error_bounds_the_distance_to_exact_truncation(case, dim, rank):
    data = gradient_of(reference.problem_of(case), dim, rank)
    expected = case[f"gradient_rank{rank}"]
    slack = ROUNDING * np.linalg.norm(expected)
    assert distance(data.gradient, expected) <= float(data.approximation_error) + slack


@pytest.mark.slow
@dims
def test_both_errors_together_bound_the_distance_to_the_gradient(case, dim):
    for rank in {1, dim}:
        data = gradient_of(reference.problem_of(case), dim, rank)
        bound = float(data.approximation_error) + float(data.truncation_error)
        slack = ROUNDING * np.linalg.norm(case["gradient"])
        assert distance(data.gradient, case["gradient"]) <= bound + slack


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (2, 3)], ids=str)
def test_bounds_hold_on_random_problems(shape, seed):
    problem = reference.random_problem(shape, time=(0.5, 4.0)[seed % 2], seed=seed)
    exact = reference.complex_step_gradient(problem)
    for dim in (1, 2, 4, 6):
        data = gradient_of(problem, dim, dim)
        bound = float(data.approximation_error) + float(data.truncation_error)
        slack = ROUNDING * max(1.0, np.linalg.norm(exact))
        assert distance(data.gradient, exact) <= bound + slack


def test_the_bounds_certify_where_the_space_is_large(problem):
    """A bound that never becomes small would hold, and be of no use."""
    data = gradient_of(problem, 20, 20)
    assert float(data.approximation_error) <= 1e-6 * np.linalg.norm(data.gradient)
    assert float(data.loss_error) <= 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("labels", [2, 3])
def test_the_full_gradient_is_the_complex_step_derivative(radius, labels):
    problem = reference.random_problem((3, 3), labels, radius, time=2.0, seed=4)
    expected = reference.complex_step_gradient(problem)
    actual = gradient_of(problem, 27, 27).gradient
    assert distance(actual, expected) <= RTOL * np.linalg.norm(expected)


def test_the_full_gradient_is_the_slope_of_a_taylor_expansion(problem):
    """f(Exp_Ω(tY)) − f(Ω) − t⟨∂f, R_Ω Y⟩ = O(t²) on the manifold of weights."""
    Omega = problem.weights
    data = gradient_of(problem, 40, 40)
    Y = np.random.default_rng(5).standard_normal(Omega.shape)
    slope = np.vdot(data.gradient.values, simplex.replicator(Omega, Y))
    ts = np.array([1e-2, 1e-3, 1e-4])
    values = [reference.loss(problem, simplex.lift(Omega, t * Y)) for t in ts]
    rest = np.abs(values - reference.loss(problem, Omega) - ts * slope)
    rates = np.log10(rest[:-1] / rest[1:])
    # second order, up to the third order's share of a few percent at the largest step
    assert (np.abs(rates - 2.0) <= 0.1).all()


def test_the_full_gradient_is_that_of_automatic_differentiation(problem, torch):
    """PyTorch through the dense exponential: no formula of ours is involved."""
    Omega = torch.tensor(problem.weights, requires_grad=True)
    labels, rows, cols = problem.distances.shape
    pixels = rows * cols
    average = torch.zeros((pixels, pixels), dtype=Omega.dtype)
    for k, r, c, nr, nc in reference.links(problem.weights):
        unit = torch.zeros((pixels, pixels), dtype=Omega.dtype)
        unit[r * cols + c, nr * cols + nc] = 1.0
        average = average + Omega[k, r, c] * unit
    C = torch.tensor(-problem.distances / problem.rho).reshape(labels, pixels).T
    S = torch.softmax(average @ C, dim=1)
    R = torch.block_diag(*(torch.diag(p) - torch.outer(p, p) for p in S))
    A = R @ torch.kron(average, torch.eye(labels, dtype=Omega.dtype))
    b = ((S - S.mean(dim=1, keepdim=True)) / labels).reshape(-1, 1)
    T = problem.time
    M = torch.cat([torch.cat([T * A, b], dim=1), torch.zeros((1, A.shape[0] + 1))])
    V = torch.matrix_exp(M)[:-1, -1]
    goal = torch.tensor(reference.vec(reference.target(problem.labels, labels)))
    loss = 1.0 - goal @ V / (goal.norm() * V.norm())
    loss.backward()
    data = gradient_of(problem, 40, 40)
    expected = Omega.grad.numpy()
    assert float(data.loss) == pytest.approx(loss.item(), rel=RTOL)
    assert distance(data.gradient, expected) <= RTOL * np.linalg.norm(expected)


def test_labels_may_come_in_any_order_of_dimensions(problem, flow):
    truth = xr.DataArray(problem.labels, dims=("row", "col")).transpose("col", "row")
    turned = LowRankGradient()(flow, problem.weights, truth, 3.0)
    plain = LowRankGradient()(flow, problem.weights, problem.labels, 3.0)
    np.testing.assert_array_equal(turned.gradient, plain.gradient)


def test_the_dataset_is_labeled(problem, flow):
    data = LowRankGradient(dim=5)(flow, problem.weights, problem.labels, 3.0)
    assert data.gradient.dims == ("offset", "row", "col")
    assert data.singular_values.component.values.tolist() == [1, 2, 3, 4, 5]
    assert (data.attrs["time"], data.attrs["dim"], data.attrs["rank"]) == (3.0, 5, 1)
    assert data.error_percent.attrs["units"] == "percent"
    wrong = reference.solve(problem).argmax(axis=0) != problem.labels
    assert float(data.error_percent) == 100.0 * wrong.mean()


def test_the_rank_needs_no_new_factors(problem, flow):
    solver = Krylov(dim=6)
    evolution = solver.compute(solver.init(flow.plain_system(problem.weights)), 3.0)
    state = LowRankGradient(dim=6).init(evolution, problem.labels)
    for rank in (1, 3):
        alone = LowRankGradient(dim=6, rank=rank)
        data = alone(flow, problem.weights, problem.labels, 3.0)
        np.testing.assert_array_equal(alone.compute(state).gradient, data.gradient)


def test_riemannian_gradient_is_tangent(problem, flow):
    system = flow.plain_system(problem.weights)
    gradient = np.random.default_rng(0).standard_normal(problem.weights.shape)
    tangent = riemannian_gradient(system, gradient)
    # nine products below 3
    np.testing.assert_allclose(tangent.sum(axis=0), 0.0, atol=30 * 2.3e-16)


def test_no_time_gives_the_limit(problem):
    still, soon = (
        gradient_of(problem, 10, time=0.0),
        gradient_of(problem, 10, time=1e-6),
    )
    # V(T)/T and with it loss and gradient differ by O(T ‖A‖) from the limit
    assert float(still.loss) == pytest.approx(float(soon.loss), abs=1e-6)
    slack = 1e-5 * np.linalg.norm(still.gradient)
    assert slack > 0.0
    assert distance(still.gradient, soon.gradient.values) <= slack
    assert float(still.error_percent) == float(soon.error_percent)
    # nothing but rounding of b and of the slope: the space holds b itself
    rounding = 1e4 * 2.3e-16 * float(np.linalg.norm(still.gradient))
    assert float(still.approximation_error) <= rounding


def test_the_limit_of_no_time_is_the_derivative_of_the_source(problem):
    """At T = 0 the loss is f(b): differentiate S(Ω) by complex steps."""
    short = reference.Problem(
        problem.distances, problem.weights, problem.labels, problem.rho, 1e-9
    )
    expected = reference.complex_step_gradient(short)
    actual = gradient_of(problem, 10, time=0.0).gradient
    # the reference stands at T = 1e-9, O(T) away
    assert distance(actual, expected) <= 1e-7 * np.linalg.norm(expected)


@pytest.mark.parametrize("time", [2000.0, 1e4])
@pytest.mark.parametrize("rho", [1e-6, 0.5, 1e6])
@pytest.mark.parametrize("dim", [1, 10, 60])
def test_extreme_times_and_scales_give_numbers(problem, time, rho, dim):
    extreme = reference.Problem(
        problem.distances, problem.weights, problem.labels, rho, time
    )
    data = gradient_of(extreme, dim)
    for name in ("loss", "gradient", "singular_values", "error_percent"):
        assert np.isfinite(data[name]).all()
    for name in data:
        if name.endswith("_error"):  # a bound may be infinite, but is a number
            assert not math.isnan(float(data[name]))
            assert float(data[name]) >= 0.0


def test_huge_distances_have_bounds_that_are_numbers(problem):
    steep = reference.Problem(
        1e149 * problem.distances, problem.weights, problem.labels, 0.5, 3.0
    )
    data = gradient_of(steep, 5)
    assert np.isfinite(data.gradient).all()
    assert not math.isnan(float(data.approximation_error))


def test_one_label_is_always_right():
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(1, 3, 3)))
    data = LowRankGradient()(
        flow, flow.uniform_weights(), np.zeros((3, 3), dtype=int), 5.0
    )
    assert (float(data.loss), float(data.error_percent)) == (0.0, 0.0)
    np.testing.assert_array_equal(data.gradient, 0.0)


def test_equal_distances_have_no_slope():
    flow = LinearizedFlow(np.full((3, 4, 4), 0.7))
    labels = np.arange(16).reshape(4, 4) % 3
    data = LowRankGradient()(flow, flow.uniform_weights(), labels, 5.0)
    assert float(data.loss) == 1.0
    np.testing.assert_array_equal(data.gradient, 0.0)
    assert data.singular_values.size == 0


def test_one_pixel_has_a_loss_and_a_zero_tangent_gradient():
    """All neighbors of one pixel are itself: weights that sum to one do not matter."""
    problem = reference.random_problem((1, 1), labels=3, time=4.0)
    data = gradient_of(problem, 5, 5)
    gradient = simplex.center(data.gradient.values)
    # nine equal entries of order one
    np.testing.assert_allclose(gradient, 0.0, atol=1e-14)


@pytest.mark.parametrize("word", ["all", "AUTO", "auto ", "best", ""])
def test_other_words_than_auto_are_no_ranks(word):
    with pytest.raises(TypeError, match=r"`rank` = .* is an unknown word"):
        LowRankGradient(rank=word)


def test_a_word_is_known_by_its_letters(problem, flow):
    spelled = LowRankGradient(dim=4, rank="".join(["au", "to"]))
    assert spelled == LowRankGradient(dim=4, rank="auto")
    assert spelled.memory(12) == LowRankGradient(dim=4, rank=4).memory(12)
    data = spelled(flow, problem.weights, problem.labels, 3.0)
    assert 1 <= data.attrs["rank"] <= 4


def test_the_rank_may_be_as_large_as_the_space_and_no_larger():
    for dim in (1, 2, 10, 200):
        assert LowRankGradient(dim=dim, rank=dim).rank == dim
    with pytest.raises(ValueError, match="`rank` = 6 exceeds `dim` = 5"):
        LowRankGradient(dim=5, rank=6)


def test_a_rank_of_zero_stands_for_all():
    ranks = [IteratedGradient(dim=7, rank=rank).rank for rank in (0, 3)]
    assert ranks == [7, 3]
    for dim, rank in ((7, -1), (0, 1)):
        with pytest.raises(ValueError, match="out of range"):
            IteratedGradient(dim=dim, rank=rank)


def test_an_automatic_rank_is_one_where_there_is_no_component():
    flow = LinearizedFlow(np.full((3, 2, 2), 0.7))
    data = LowRankGradient(rank="auto")(
        flow, flow.uniform_weights(), np.zeros((2, 2), int), 5.0
    )
    assert data.attrs["rank"] == 1


KEPT = TwoSided(BlockChebyshev(keep=True))
GONE = TwoSided(BlockChebyshev(keep=False))
NUMBER = np.dtype(float).itemsize


@pytest.mark.parametrize("size", [1, 12, 10**7])
@pytest.mark.parametrize(("dim", "rank"), [(1, 1), (5, 2), (10, 10)])
def test_memory_is_that_of_vectors_and_components(size, dim, rank):
    """Two bases of one vector more than their dimension, and u, w and two more fields.

    Of each component as of z; vectors that are not kept take nothing.
    """
    field = NUMBER * size
    kept = LowRankGradient(dim, rank, route=KEPT)
    assert kept.memory(size) == 2 * (dim + 1) * field + 4 * (rank + 1) * field
    gone = LowRankGradient(dim, rank, route=GONE)
    assert gone.memory(size) == 4 * (rank + 1) * field
    auto = LowRankGradient(dim, "auto", route=GONE)  # it may need them all
    assert auto.memory(size) == LowRankGradient(dim, dim, route=GONE).memory(size)
    always = LowRankGradient(dim, rank, route=TwoSided(GramSchmidt()))
    assert always.memory(size) == kept.memory(size)


def test_memory_falls_where_vectors_are_not_kept_any_more():
    dim = 7
    size = orthogonalization.MOST_KEPT // (NUMBER * (dim + 1))  # a power of two
    chosen, kept, gone = (
        LowRankGradient(dim, route=route) for route in (TwoSided(), KEPT, GONE)
    )
    assert chosen.memory(size) == kept.memory(size)
    assert chosen.memory(size + 1) == gone.memory(size + 1)


def test_what_the_bases_hold_is_no_more_than_their_memory(problem, flow):
    method = LowRankGradient(5, 2, route=KEPT)
    evolution = method.forward.integrate(flow.plain_system(problem.weights), 3.0)
    factors = method.init(evolution, problem.labels).factors
    held = factors.left.nbytes + factors.right.nbytes
    parts = sum(x.nbytes for x in factors.parts(2))
    assert held + parts <= method.memory(problem.distances.size)


@pytest.fixture
def available(monkeypatch):
    """Set how many bytes there are."""

    def limit(number):
        monkeypatch.setattr(integrators, "ALWAYS_THERE", number)

        class Memory:
            available = number

        monkeypatch.setattr(integrators.psutil, "virtual_memory", Memory)

    return limit


@pytest.mark.parametrize("size", [3 * 10**5, 3 * 10**6])
def test_the_cure_is_the_cheapest_gradient_and_its_memory(size, available):
    """Where vectors are kept it is cheaper not to; else the default does as well."""
    frugal, usual = LowRankGradient(route=GONE), LowRankGradient()
    need = frugal.memory(size)
    assert need <= usual.memory(size)
    call = (
        "LowRankGradient(dim=10, rank=1)"
        if need == usual.memory(size)
        else "LowRankGradient(route=TwoSided(BlockChebyshev(keep=False)))"
    )
    assert eval(call).memory(size) == need
    available(need)
    assert lighter(size) == f"use `{call}`, which needs {need / 1e9:.3g} GB"
    available(need - 1)
    text = f"the cheapest gradient, {call}, needs {need / 1e9:.3g} GB too; use fewer"
    assert lighter(size).startswith(text)


def ended(barycenter=True, labels=3, time=3.0, graph=False):
    """A solve on a few pixels, or nodes; and its true labels."""
    problem = reference.random_problem((2, 3), labels)
    base = None if barycenter else graphs.random_simplex(problem.distances.shape, 1)
    flow = LinearizedFlow(problem.distances, problem.rho, base_point=base)
    weights, truth = problem.weights, problem.labels
    if graph:
        whole = graphs.of_grid(problem)
        base = None if barycenter else base.reshape(labels, -1)
        flow = GraphFlow(whole.distances, whole.pattern, whole.rho, base_point=base)
        weights, truth = whole.weights, whole.labels
    return Krylov(dim=5).integrate(flow.plain_system(weights), time), truth


problems = pytest.mark.parametrize("barycenter", [True, False])
grids = pytest.mark.parametrize("graph", [False, True], ids=["grid", "graph"])


@problems
@grids
@pytest.mark.parametrize("time", [0.0, 0.7, 3.0])
def test_errors_of_the_factors_enter_as_derived(barycenter, graph, time):
    """T ‖R_S‖ (√(J·multiplicity) + 3c) of Z and ‖R_S‖ c / J of z (`gradient_errors`).

    c² = N max_k ‖Π₀C_k‖². Away from the barycenter Z carries ‖R_W₀‖ max(1/W₀), and z
    ‖R_W₀‖ instead of 1/J.
    """
    evolution, _ = ended(barycenter, graph=graph)
    system = evolution.system
    C = system.log_likelihood - system.log_likelihood.mean(axis=0)
    degrees = 9 if not graph else np.diff(system.neighborhood.pattern.indptr).max()
    multiplicity = system.neighborhood.multiplicity
    c = np.sqrt(degrees * (C**2).sum(axis=0).max())
    W = system.base_point
    pull = 1.0 if barycenter else simplex.replicator_norm(W)
    push = 1.0 if barycenter else (1.0 / W).max()
    of_Z, of_z = sensitivity(system, time)
    whole = time * system.spread * pull * push * (np.sqrt(3 * multiplicity) + 3 * c)
    assert of_Z == pytest.approx(whole, rel=1e-13, abs=0.0)
    part = system.spread * c * (1 / 3 if barycenter else pull)
    assert of_z == pytest.approx(part, rel=1e-13, abs=0.0)


def test_bounds_are_linear_in_the_errors_of_the_factors():
    evolution, _ = ended()
    of_Z, of_z = sensitivity(evolution.system, evolution.time)
    n = evolution.system.similarity.size
    sigma = np.array([3.0, 2.0, 0.5] + [0.0] * (n - 3))
    z = np.ones(evolution.system.shape)

    def bounds(errors, rank):
        return gradient_errors(
            Factors.of_dense(evolution, np.diag(sigma), z, errors), rank
        )

    # of a whole Z: Z itself is within ε, and so is its best approximation
    assert bounds((1e-3, 0.0), n).approximation == pytest.approx(2e-3 * of_Z)
    assert bounds((0.0, 1e-3), n).approximation == pytest.approx(1e-3 * of_z)
    both = bounds((1e-3, 2e-3), n).approximation
    assert both == pytest.approx(2e-3 * of_Z + 2e-3 * of_z)
    for rank in (0, 1, 2, 3):
        left = np.linalg.norm(sigma[rank:])
        assert bounds((0.0, 0.0), rank).truncation == pytest.approx(of_Z * left)
    assert bounds((1e-3, 2e-3), 1).singular_value == 1e-3


def test_without_time_unknown_errors_of_Z_do_not_matter():
    """∂f then depends on z alone: 0 · ∞ is nothing here."""
    evolution, _ = ended(time=0.0)
    n = evolution.system.similarity.size
    factors = Factors.of_dense(
        evolution, np.eye(n), np.ones(evolution.system.shape), (np.inf, 0.0)
    )
    assert gradient_errors(factors, 1).approximation == 0.0


@problems
def test_nothing_is_kept_or_copied_that_is_not_asked_for(barycenter, monkeypatch):
    """G is as large as S, and the fields of the components are larger."""
    evolution, truth = ended(barycenter)
    state = LowRankGradient(5, 2, loss=CrossEntropy()).init(evolution, truth)
    given, assemble = [], Grid.assemble

    def spy(self, weights, fields, parts, keep):
        given.append((fields, parts, keep))
        return assemble(self, weights, fields, parts, keep)

    monkeypatch.setattr(Grid, "assemble", spy)
    parts = state.factors.parts(2)
    monkeypatch.setattr(Factors, "parts", lambda self, rank: parts)
    alone = module.assemble(state.factors, 2)
    both, G = module.assemble_both(state.factors, 2)
    np.testing.assert_array_equal(alone, both)
    assert G.shape == evolution.system.shape
    assert [keep for *_, keep in given] == [False, True]
    if barycenter:
        (fields, components, _), *_ = given
        for passed, own in zip((*components[:2], fields[2]), parts, strict=True):
            assert np.shares_memory(passed, own)


@grids
def test_assembling_nothing_at_a_base_point_gives_nothing(graph):
    """Where there is no component, only z counts; and z may vanish, too."""
    evolution, _ = ended(barycenter=False, graph=graph)
    found = module.assemble(Factors.none(evolution), 1)
    np.testing.assert_array_equal(found, np.zeros_like(evolution.system.weights))
