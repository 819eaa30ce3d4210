"""One contract for all optimizers, then the formulas of each."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import (
    Adam,
    AdaMax,
    ArmijoDescent,
    GraphFlow,
    Learner,
    LinearizedFlow,
    LowRankGradient,
    MomentumDescent,
    RiemannianDescent,
    voronoi_scene,
)
from explorer.geometry.graph import Graph
from explorer.geometry.grid import Grid
from explorer.learning.evaluation import Evaluation
from explorer.losses.losses import regularizer
from tests import graphs, reference

ALL = (
    RiemannianDescent(),
    ArmijoDescent(),
    MomentumDescent(step=0.5, momentum=0.8),
    Adam(),
    AdaMax(),
)
EPS = np.finfo(float).eps
FLOOR = 1e-10  # what the documentation promises

every = pytest.mark.parametrize("optimizer", ALL, ids=lambda o: type(o).__name__)
moments = pytest.mark.parametrize("optimizer", [Adam(), AdaMax()], ids=repr)
seeds = st.integers(0, 10_000)


def point(hood, weights, gradient, tau=0.0, loss=0.0):
    """What an optimizer reads of an evaluation."""
    system = SimpleNamespace(neighborhood=hood, pixels=hood.pixels)
    return SimpleNamespace(
        system=system, weights=weights, gradient=gradient, tau=tau, loss=loss
    )


class Bowl:
    """ℒ(Ω) = ½ |Ω − goal|² per pixel, on a grid; counts its evaluations."""

    def __init__(self, goal, factor=1.0):
        self.goal, self.factor, self.calls = goal, factor, 0

    def __call__(self, weights):
        self.calls += 1
        grid, off = Grid(1, *weights.shape[1:]), weights - self.goal
        slope = self.factor * off / grid.pixels
        return point(grid, weights, slope, loss=0.5 * np.sum(off**2) / grid.pixels)


def path(optimizer, evaluate, weights, steps):
    """The weights and what is remembered after each step."""
    here, memory = evaluate(weights), None
    for _ in range(steps):
        here, memory = optimizer.advance(evaluate, here, memory)
        yield here.weights, memory


def bowl(seed=0, shape=(2, 3)):
    return (
        Bowl(reference.random_weights(1, shape, seed + 1)),
        reference.random_weights(1, shape, seed),
    )


def naive_lift(weights, u):
    """exp_Ω(−u) for each pixel, by logarithms."""
    q = np.exp(np.log(weights) - u - (np.log(weights) - u).max(axis=0))
    return q / q.sum(axis=0)


def natural(weights, gradient):
    """I (∂ℒ − ⟨Ω, ∂ℒ⟩)."""
    return weights[0].size * (gradient - (weights * gradient).sum(axis=0))


def naive_descent(step):
    def advance(weights, gradient, memory, count):
        return naive_lift(weights, step * natural(weights, gradient)), None

    return advance


def naive_momentum(step, momentum):
    def advance(weights, gradient, memory, count):
        M = momentum * memory + natural(weights, gradient)
        return naive_lift(weights, step * M), M

    return advance


def naive_moments(rate, beta1, beta2, largest):
    def advance(weights, gradient, memory, count):
        mean, size = memory if count > 1 else (0.0, 0.0)
        u = natural(weights, gradient)
        length = np.sqrt((np.maximum(weights, 1 / len(weights)) * u**2).sum(axis=0))
        mean = beta1 * mean + (1 - beta1) * u
        if largest:
            size = spread = np.maximum(beta2 * size, length)
        else:
            size = beta2 * size + (1 - beta2) * length**2
            spread = np.sqrt(size / (1 - beta2**count))
        u = rate * mean / (1 - beta1**count) / (spread + 1e-8)
        return naive_lift(weights, u), (mean, size)

    return advance


NAIVE = [
    (RiemannianDescent(1.5), naive_descent(1.5)),
    (MomentumDescent(0.7, 0.6), naive_momentum(0.7, 0.6)),
    (Adam(0.2, 0.8, 0.95), naive_moments(0.2, 0.8, 0.95, largest=False)),
    (Adam(0.2, 0.0, 0.0), naive_moments(0.2, 0.0, 0.0, largest=False)),
    (AdaMax(0.2, 0.8, 0.95), naive_moments(0.2, 0.8, 0.95, largest=True)),
]


@pytest.mark.parametrize(("optimizer", "naive"), NAIVE, ids=lambda x: str(x)[:40])
def test_steps_are_those_of_the_formulas(optimizer, naive):
    evaluate, weights = bowl()
    memory = 0.0
    for k, (actual, _) in enumerate(path(optimizer, evaluate, weights, 5), 1):
        weights, memory = naive(weights, evaluate(weights).gradient, memory, k)
        # exponents of order one through a few steps; weights ≥ 1e-3 stay off the floor
        np.testing.assert_allclose(actual, weights, rtol=1e-12)


@every
def test_steps_do_not_depend_on_the_image_size(optimizer):
    """Four copies of an image carry a quarter of its gradient each."""
    evaluate, weights = bowl()
    tile = (1, 2, 2)
    fourfold = Bowl(np.tile(evaluate.goal, tile))
    ones = path(optimizer, evaluate, weights, 4)
    fours = path(optimizer, fourfold, np.tile(weights, tile), 4)
    for (one, _), (four, _) in zip(ones, fours, strict=True):
        # a sum over 24 instead of 6 pixels decides Armijo's steps, all else is local
        np.testing.assert_allclose(four, np.tile(one, tile), rtol=1e-13)


def check_patches(hood, weights):
    # each patch is divided by its sum; nine numbers below one are added again
    np.testing.assert_allclose(hood.total(weights), 1.0, rtol=0, atol=8 * EPS)
    # raised to the floor and then divided by at most 1 + N·1e-10
    assert weights.min() >= FLOOR * (1 - 1e-8)


@every
@pytest.mark.parametrize("size", [1e-300, 1e-3, 1e3, 1e6, 1e140])
def test_weights_stay_patches_whatever_the_gradient(optimizer, size):
    rng = np.random.default_rng(0)
    pattern = graphs.random_pattern(6)
    for hood in (Grid(1, 2, 3), Grid(1, 1, 1), Graph.of(pattern)):
        weights = hood.uniform()
        memory = None
        for _ in range(4):
            gradient = size * rng.standard_normal(hood.weight_shape)
            here = point(hood, weights, gradient, loss=1.0)
            here, memory = optimizer.advance(
                lambda w, hood=hood: point(hood, w, 0 * w), here, memory
            )
            weights = here.weights
            check_patches(hood, weights)


@every
def test_nothing_happens_where_there_is_no_slope(optimizer):
    """A gradient that is constant on each patch is none, and its rounding neither."""
    for seed in range(20):
        weights = reference.random_weights(1, (2, 2), seed)
        for value in (0.0, 0.3 * (seed + 1), -1e3):

            def flat(w, value=value):
                return point(Grid(1, 2, 2), w, np.full_like(w, value))

            *_, (end, _) = path(optimizer, flat, weights, 3)
            # constants drop out of exponents exactly; three times nine numbers are
            # divided by their sum
            np.testing.assert_allclose(end, weights, rtol=27 * EPS)


@pytest.mark.slow
@every
@pytest.mark.parametrize("on_graph", [False, True])
def test_learning_can_be_left_and_resumed(optimizer, on_graph):
    flow, labels = case(on_graph)
    once, twice = (Learner(flow, labels, 3.0, optimizer=optimizer) for _ in range(2))
    long, parts = once.run(4), [twice.run(2), twice.run(2)]
    joined = np.concatenate([parts[0].loss, parts[1].loss[1:]])
    np.testing.assert_array_equal(joined, long.loss)
    np.testing.assert_array_equal(once.weights, twice.weights)


def case(on_graph):
    if on_graph:
        problem = graphs.random_problem(graphs.random_pattern(9, seed=1), seed=1)
        return GraphFlow(problem.distances, problem.pattern), problem.labels
    problem = reference.random_problem()
    return LinearizedFlow(problem.distances), problem.labels


@pytest.mark.slow
@every
@pytest.mark.parametrize("on_graph", [False, True])
def test_all_learn(optimizer, on_graph):
    flow, labels = case(on_graph)
    learner = Learner(flow, labels, 3.0, optimizer=optimizer)
    loss = learner.run(15).loss.values
    assert loss[-1] < 0.7 * loss[0]
    check_patches(flow.neighborhood, learner.weights.values)


@every
def test_no_run_shares_its_memory_with_another(optimizer):
    flow, labels = case(False)
    alone = Learner(flow, labels, 3.0, optimizer=optimizer).run(4)
    first, second = (Learner(flow, labels, 3.0, optimizer=optimizer) for _ in range(2))
    for a, b in zip(first.iterate(4), second.iterate(4), strict=True):
        assert a.loss == b.loss == float(alone.loss[a.step])


def spread(hood, weights):
    """How far weights are from uniform."""
    return regularizer(hood, weights, 1.0)[0]


@pytest.mark.slow
@every
@pytest.mark.parametrize("tau", [1e-4, 1e-3, 1e-2])
def test_regularized_learning_is_stable(optimizer, tau):
    flow, labels = case(False)
    loss = Learner(flow, labels, tau=tau, optimizer=optimizer).run(25).loss.values
    assert loss.max() <= 1.5 * loss[0]
    assert loss[-1] < loss[0]


def corners(kind):
    """Weights near corners of their simplexes, or with a few tiny entries."""
    hood = Grid(1, 3, 4)
    if kind == "random":
        draw = np.random.default_rng(0).dirichlet(np.full(9, 0.1), (3, 4))
        return hood.bounded(np.moveaxis(draw, -1, 0), 1e-9)
    weights = np.full(hood.weight_shape, kind)
    weights[4] = 1.0 - 8.0 * kind
    return weights


@pytest.mark.slow
@every
@pytest.mark.parametrize("kind", [1e-2, 1e-4, 1e-9, "random"])
def test_the_regularizer_leads_out_of_corners(optimizer, kind):
    """Its gradient is stiff at small entries: explicit steps leap between corners."""
    problem, start = reference.random_problem(), corners(kind)
    blank = LinearizedFlow(np.zeros_like(problem.distances))
    learner = Learner(
        blank,
        problem.labels,
        tau=1e-2,
        optimizer=optimizer,
        initial_weights=start,
    )
    first, hood = spread(blank.neighborhood, start), blank.neighborhood
    spreads = [spread(hood, learner.weights.values) for _ in learner.iterate(60)]
    # the heavy ball swings beyond its goal, by less than it came from
    assert max(spreads) <= 1.25 * first
    # the slowest, AdaMax from 1e-9, walks 20 nats in steps of 0.3 · √9, and ever less
    assert spreads[-1] <= 0.2 * first


@moments
@given(seed=seeds)
def test_the_first_adaptive_step_has_the_length_of_its_rate(optimizer, seed):
    """At uniform weights ‖u‖ is the Fisher–Rao length √⟨u, R_Ω u⟩, elsewhere more."""
    rng, grid = np.random.default_rng(seed), Grid(1, 2, 2)
    for weights in (grid.uniform(), reference.random_weights(1, (2, 2), seed)):
        g = rng.standard_normal(weights.shape)
        here = point(grid, weights, g)
        there, _ = optimizer.advance(lambda w: point(Grid(1, 2, 2), w, w), here, None)
        u = np.log(there.weights / weights)
        u -= (weights * u).sum(axis=0)
        length = np.sqrt((weights * u**2).sum(axis=0))
        # 1e-8 is added to lengths of order one; the logarithm is rounded
        assert length.max() <= optimizer.rate * (1 + 1e-12)
        assert np.abs(u).max() <= optimizer.rate * 3.0 * (1 + 1e-12)  # √N
        if np.ptp(weights) == 0.0:
            np.testing.assert_allclose(length, optimizer.rate, rtol=1e-6)


@moments
def test_adaptive_steps_forget_the_size_of_the_loss(optimizer):
    """Scaled losses take the same path, as long as TINY = 1e-8 is small beside them."""
    evaluate, weights = bowl()
    scaled = Bowl(evaluate.goal, factor=1e6)
    pairs = zip(
        path(optimizer, evaluate, weights, 4),
        path(optimizer, scaled, weights, 4),
        strict=True,
    )
    for (one, _), (other, _) in pairs:
        # ‖u‖ ≥ 1e-2 here: 1e-8 changes a step by 1e-6 of itself
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_momentum_without_memory_is_riemannian_descent():
    flow, labels = case(False)
    for tau in (0.0, 1e-3):
        runs = [
            Learner(flow, labels, 3.0, tau=tau, optimizer=optimizer).run(4)
            for optimizer in (MomentumDescent(2.0, 0.0), RiemannianDescent(2.0))
        ]
        np.testing.assert_array_equal(runs[0].loss, runs[1].loss)


def test_armijo_with_a_small_step_is_riemannian_descent():
    evaluate, weights = bowl()
    pairs = zip(
        path(ArmijoDescent(0.1), evaluate, weights, 4),
        path(RiemannianDescent(0.1), evaluate, weights, 4),
        strict=True,
    )
    for (one, h), (other, _) in pairs:
        np.testing.assert_array_equal(one, other)
        assert h == 0.1


@pytest.mark.slow
@pytest.mark.parametrize("step", [0.5, 8.0, 1e4])
@pytest.mark.parametrize("tau", [0.0, 1e-3])
@pytest.mark.parametrize("on_graph", [False, True])
def test_armijo_never_raises_the_loss(step, tau, on_graph):
    flow, labels = case(on_graph)
    optimizer = ArmijoDescent(step)
    learner = Learner(flow, labels, tau=tau, optimizer=optimizer)
    loss = learner.run(8).loss.values
    assert (np.diff(loss) <= 0.0).all()
    assert loss[-1] < loss[0]


@given(seed=seeds, step=st.sampled_from([1.0, 50.0, 1e4]))
def test_armijo_accepts_what_its_inequality_asks_for(seed, step):
    evaluate, weights = bowl(seed)
    optimizer, memory = ArmijoDescent(step), None
    here = evaluate(weights)
    for _ in range(3):
        there, h = optimizer.advance(evaluate, here, memory)
        u = natural(here.weights, here.gradient)
        R = here.weights * (u - (here.weights * u).sum(axis=0))
        promised = 1e-4 * h * np.vdot(here.gradient, R)
        assert promised > 0.0
        # both losses of order one are rounded
        assert there.loss <= here.loss - promised + 4 * EPS
        assert 0.0 < h <= step
        if h < step and (memory is None or h < 2 * memory):  # twice that was refused
            long = naive_lift(here.weights, 2 * h * u)
            long = np.maximum(long, FLOOR) / np.maximum(long, FLOOR).sum(axis=0)
            assert evaluate(long).loss > here.loss - 2 * promised - 4 * EPS
        here, memory = there, h


def test_armijo_halves_a_huge_step_and_remembers_it():
    evaluate, weights = bowl()
    here, optimizer = evaluate(weights), ArmijoDescent(1e4)
    evaluate.calls = 0
    there, h = optimizer.advance(evaluate, here, None)
    assert evaluate.calls == 1 + np.log2(1e4 / h)
    assert evaluate.calls > 5
    evaluate.calls = 0
    _, again = optimizer.advance(evaluate, there, h)
    assert evaluate.calls == 1 + np.log2(2 * h / again)
    assert evaluate.calls <= 3  # it starts from 2h, not from 1e4


def test_armijo_stays_at_a_stationary_point():
    evaluate, _ = bowl()
    here = evaluate(evaluate.goal)
    evaluate.calls = 0
    there, memory = ArmijoDescent().advance(evaluate, here, None)
    assert (there, evaluate.calls) == (here, 0)
    assert ArmijoDescent().advance(evaluate, there, memory)[0] is here


def test_armijo_stays_where_the_gradient_misleads_and_says_so_only_once():
    """The gradient points uphill: no step is accepted, and none is tried again."""
    evaluate = Bowl(reference.random_weights(1, (2, 3), 1), factor=-1.0)
    here = evaluate(reference.random_weights(1, (2, 3), 0))
    evaluate.calls = 0
    there, memory = ArmijoDescent().advance(evaluate, here, None)
    assert there is here
    assert evaluate.calls == 40
    assert ArmijoDescent().advance(evaluate, there, memory)[0] is here
    assert evaluate.calls == 40


def test_armijo_finds_its_step_where_losses_are_no_numbers():
    """A trial that gives NaN is no improvement."""
    evaluate, weights = bowl()

    def fragile(w):
        here = evaluate(w)
        if np.abs(w - weights).max() > 0.05:
            here.loss = np.nan
        return here

    there, h = ArmijoDescent(8.0).advance(fragile, fragile(weights), None)
    assert there.loss < fragile(weights).loss
    assert h < 8.0


@every
def test_one_pixel_and_one_label_have_nothing_to_learn(optimizer):
    pixel = reference.random_problem((1, 1))
    learner = Learner(
        LinearizedFlow(pixel.distances), pixel.labels, optimizer=optimizer
    )
    loss = learner.run(3).loss.values
    np.testing.assert_allclose(loss, loss[0], rtol=1e-12)  # nine equal neighbors
    single = LinearizedFlow(np.ones((1, 2, 3)))
    learner = Learner(single, np.zeros((2, 3)), optimizer=optimizer)
    np.testing.assert_array_equal(learner.run(3).loss, 0.0)
    np.testing.assert_allclose(learner.weights, 1 / 9, rtol=4 * EPS)


@every
def test_optimizers_are_records(optimizer):
    assert type(optimizer)(**vars(optimizer)) == optimizer
    assert hash(optimizer) == hash(type(optimizer)(**vars(optimizer)))
    with pytest.raises(AttributeError):
        optimizer.step = 1.0


@pytest.mark.slow
def test_gradients_of_full_rank_let_armijo_converge():
    """With the exact gradient on a graph the slope falls to a thousandth."""
    flow, labels = case(True)
    learner = Learner(
        flow,
        labels,
        2.0,
        gradient=LowRankGradient(27, 27),
        optimizer=ArmijoDescent(8.0),
        tau=1e-2,
    )
    norms = learner.run(40).gradient_norm.values
    assert norms[-1] <= 1e-3 * norms[0]


def test_momentum_with_a_regularizer_does_not_overshoot():
    """Damped for one step h alone, not for h/(1−μ), the loss would rise again."""
    scene = voronoi_scene("lines", size=10, noise=0.3, seed=0)
    flow = LinearizedFlow(scene.distances)
    learner = Learner(
        flow, scene.labels, optimizer=MomentumDescent(), tau=1e-3 / flow.shape[1] ** 2
    )
    loss = learner.run(40).loss.values
    assert loss[-1] <= 1.2 * loss.min()
    assert loss[-1] <= 0.2 * loss[0]


def test_a_step_into_no_number_is_refused_and_the_weights_stay():
    flow = LinearizedFlow(np.random.default_rng(0).uniform(size=(2, 3, 3)))
    learner = Learner(flow, np.zeros((3, 3), int))
    learner.run(1)
    before, bad = learner.weights, learner.evaluate(learner.weights.values)
    broken = replace(bad.derivative, loss=np.nan, loss_error=0.0, bounds=None)
    with pytest.raises(ValueError, match="lower `time`, or the `step`"):
        Evaluation.of(broken, 0.0)
    np.testing.assert_array_equal(learner.weights, before)
