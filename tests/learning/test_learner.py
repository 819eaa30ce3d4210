"""Descent of the weights: its records, its continuation, and what it reaches."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from explorer import Learner, LinearizedFlow, LowRankGradient, RiemannianDescent
from explorer.geometry import simplex
from explorer.geometry.grid import Grid
from explorer.gradients.derivative import GradientMethod
from explorer.losses.losses import regularizer
from tests import reference

SCALARS = ("loss", "error_percent", "gradient_norm", "seconds")
# the values that a repeated run must repeat to the last bit; the clock may differ
REPEATED = ("loss", "error_percent", "gradient_norm", "singular_values")


@pytest.fixture
def learner(flow, problem):
    return Learner(flow, problem.labels, time=3.0)


class CountingGradient(GradientMethod):
    """Counts how often the loss is evaluated."""

    def differentiate(self, *args):
        evaluations.append(1)
        return LowRankGradient().differentiate(*args)


evaluations: list[int] = []


def spread(learner):
    """How far the weights are from uniform."""
    return regularizer(learner.flow.neighborhood, learner.weights.values, 1.0)[0]


def point(weights, gradient):
    """What an optimizer reads of an evaluation."""
    grid = Grid(1, *weights.shape[1:])
    system = SimpleNamespace(neighborhood=grid, pixels=grid.pixels)
    return SimpleNamespace(system=system, weights=weights, gradient=gradient, tau=0.0)


def test_the_first_record_is_the_start(learner, flow, problem):
    first = next(learner.iterate(3))
    expected = LowRankGradient()(flow, flow.uniform_weights(), problem.labels, 3.0)
    assert first.step == 0
    assert first.loss == float(expected.loss)
    assert first.error_percent == float(expected.error_percent)
    np.testing.assert_array_equal(first.singular_values, expected.singular_values)
    np.testing.assert_array_equal(learner.weights, flow.uniform_weights())


def test_run_gives_the_start_and_every_step(learner):
    assert learner.run(4).step.values.tolist() == [0, 1, 2, 3, 4]


def test_no_steps_give_the_present_state(learner):
    assert learner.run(0).step.values.tolist() == [0]


def test_the_loss_falls(learner):
    loss = learner.run(10).loss
    assert float(loss[-1]) < float(loss[0])


def test_gradient_norm_is_that_of_the_riemannian_gradient(learner, flow, problem):
    first = next(learner.iterate(0))
    data = LowRankGradient()(flow, flow.uniform_weights(), problem.labels, 3.0)
    R = simplex.replicator(flow.uniform_weights().values, data.gradient.values)
    # one norm, computed twice
    assert first.gradient_norm == pytest.approx(np.linalg.norm(R), rel=1e-14)


def test_continuing_equals_one_long_run(flow, problem):
    once, twice = (Learner(flow, problem.labels, time=3.0) for _ in range(2))
    long = once.run(6)
    parts = [twice.run(2), twice.run(4)]
    assert parts[1].step.values.tolist() == [2, 3, 4, 5, 6]
    for name in REPEATED:
        joined = np.concatenate([parts[0][name], parts[1][name][1:]])
        np.testing.assert_array_equal(joined, long[name])
    np.testing.assert_array_equal(once.weights, twice.weights)


def test_continuing_evaluates_nothing_twice(flow, problem):
    learner = Learner(flow, problem.labels, gradient=CountingGradient())
    evaluations.clear()
    learner.run(2)
    assert len(evaluations) == 3
    learner.run(2)
    assert len(evaluations) == 5
    learner.run(0)
    assert len(evaluations) == 5


def test_learning_is_deterministic(flow, problem):
    runs = [Learner(flow, problem.labels).run(4) for _ in range(2)]
    for name in REPEATED:
        np.testing.assert_array_equal(runs[0][name], runs[1][name])


def test_an_abandoned_iterator_keeps_the_state_reached(flow, problem):
    left, straight = (Learner(flow, problem.labels) for _ in range(2))
    reached = list(itertools.islice(left.iterate(100), 3))
    assert [step.step for step in reached] == [0, 1, 2]
    straight.run(2)
    np.testing.assert_array_equal(left.weights, straight.weights)
    np.testing.assert_array_equal(left.run(3).loss[1:], straight.run(3).loss[1:])


def test_iterate_refuses_bad_steps_before_the_first_record(learner):
    with pytest.raises(ValueError, match="`steps` = -1"):
        learner.iterate(-1)


def test_weights_stay_positive_patches_under_huge_steps(flow, problem):
    learner = Learner(flow, problem.labels, optimizer=RiemannianDescent(step=1e4))
    learner.run(3)
    flow.check_weights(learner.weights)


def test_initial_weights_are_the_start(flow, problem):
    learner = Learner(flow, problem.labels, 3.0, initial_weights=problem.weights)
    data = LowRankGradient()(flow, problem.weights, problem.labels, 3.0)
    assert next(learner.iterate(0)).loss == float(data.loss)


def test_nobody_else_writes_into_the_weights(flow, problem):
    start = problem.weights.copy()
    learner = Learner(flow, problem.labels, initial_weights=start)
    start[:] = 0.5
    learner.weights[:] = 0.5
    np.testing.assert_array_equal(learner.weights, problem.weights)


def test_the_regularizer_enters_loss_and_gradient(flow, problem):
    tau = 0.01
    kwargs = {"initial_weights": problem.weights, "time": 3.0}
    plain = next(Learner(flow, problem.labels, **kwargs).iterate(0))
    tied = next(Learner(flow, problem.labels, tau=tau, **kwargs).iterate(0))
    value, slope = regularizer(flow.neighborhood, problem.weights, tau)
    assert tied.loss == pytest.approx(plain.loss + value, rel=1e-15)
    data = LowRankGradient()(flow, problem.weights, problem.labels, 3.0)
    total = simplex.replicator(problem.weights, data.gradient.values + slope)
    assert tied.gradient_norm == pytest.approx(np.linalg.norm(total), rel=1e-14)


@pytest.mark.parametrize("tau", [1e-4, 1e-2, 1.0, 1e3])
def test_the_regularizer_alone_pulls_toward_uniform_weights(problem, tau):
    """‖t‖ falls in every step, however large: nothing overshoots."""
    blank = LinearizedFlow(np.zeros_like(problem.distances))
    learner = Learner(
        blank, problem.labels, tau=tau, initial_weights=problem.weights
    )  # fmt: skip
    spreads = []
    for _ in learner.iterate(5):
        spreads.append(spread(learner))
        if spreads[-1] < 1e-20:  # only rounding is left of t
            break
    assert (np.diff(spreads) < 0.0).all()


@pytest.mark.slow
@pytest.mark.parametrize("tau", [1e-4, 1e-3, 1e-2])
def test_regularized_learning_does_not_diverge_at_small_weights(flow, problem, tau):
    """The explicit step (3.7) raises the loss a hundredfold here."""
    loss = Learner(flow, problem.labels, tau=tau).run(30).loss.values
    assert loss.max() <= 1.5 * loss[0]
    assert loss[-1] < loss[0]


@pytest.mark.parametrize("tau", [0.0, 1e-3, 1.0])
def test_a_small_step_lowers_the_loss_as_much_as_its_slope_says(flow, problem, tau):
    learner = Learner(flow, problem.labels, tau=tau, initial_weights=problem.weights)
    start, step = learner.evaluate(problem.weights), 1e-5
    moved = RiemannianDescent(step).propose(start, None)[0]
    R = simplex.replicator(problem.weights, start.gradient)
    length = step * problem.labels.size
    fall = -length * float(np.sum(R**2 / (problem.weights + length * tau)))
    change = learner.evaluate(moved).loss - start.loss
    assert fall < 0.0
    # rank one leaves out a hundredth of the slope; the second order is below that
    assert change == pytest.approx(fall, rel=0.05)


def test_more_regularization_ends_nearer_to_uniform(flow, problem):
    ends = []
    for tau in (0.0, 1e-3, 1e-2):
        learner = Learner(flow, problem.labels, tau=tau)
        learner.run(15)
        ends.append(spread(learner))
    assert ends[0] > ends[1] > ends[2]


def test_a_descent_step_is_the_exponential_map(problem):
    gradient = np.random.default_rng(0).standard_normal(problem.weights.shape) / 12
    moved = RiemannianDescent(step=0.5).propose(point(problem.weights, gradient), None)[
        0
    ]
    factor = np.exp(-0.5 * problem.labels.size * gradient) * problem.weights
    expected = factor / factor.sum(axis=0)
    # exponents below 3, sums of nine; the floor of 1e-10 is not reached
    np.testing.assert_allclose(moved, expected, rtol=1e-14)


def test_the_step_per_pixel_does_not_depend_on_the_image_size():
    """Four copies of a pixel carry a quarter of its gradient each."""
    weights, g = reference.random_weights(1, (1, 1)), np.linspace(-1, 1, 9)
    one = RiemannianDescent().propose(point(weights, g.reshape(9, 1, 1)), None)[0]
    tile = np.tile(weights, (1, 2, 2))
    quarter = np.tile(g.reshape(9, 1, 1) / 4, (1, 2, 2))
    four = RiemannianDescent().propose(point(tile, quarter), None)[0]
    np.testing.assert_allclose(four, np.tile(one, (1, 2, 2)), rtol=1e-15)


def test_the_trace_is_labeled(learner):
    trace = learner.run(2)
    assert dict(trace.sizes) == {"step": 3, "component": 10}
    for name in SCALARS:
        assert trace[name].dims == ("step",)
    assert trace.singular_values.dims == ("step", "component")
    assert trace.error_percent.attrs["units"] == "percent"
    assert trace.attrs["time"] == 3.0
    assert trace.attrs["rho"] == 0.5
    assert "step=2.0" in trace.attrs["optimizer"]
    assert (trace.seconds >= 0.0).all()


def test_the_trace_survives_netcdf(learner, tmp_path):
    trace = learner.run(2)
    trace.to_netcdf(tmp_path / "trace.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "trace.nc", engine="h5netcdf") as back:
        xr.testing.assert_identical(back.load(), trace)


def test_spaces_that_end_early_leave_nan_in_the_trace():
    flow = LinearizedFlow(np.full((2, 2, 2), 0.5))
    trace = Learner(flow, np.zeros((2, 2))).run(1)
    assert trace.sizes["component"] == 0
    assert trace.loss.values.tolist() == [1.0, 1.0]


def test_one_label_has_nothing_to_learn():
    flow = LinearizedFlow(np.ones((1, 2, 3)))
    trace = Learner(flow, np.zeros((2, 3))).run(2)
    np.testing.assert_array_equal(trace.loss, 0.0)
    np.testing.assert_array_equal(trace.error_percent, 0.0)
    np.testing.assert_array_equal(trace.gradient_norm, 0.0)


@pytest.mark.parametrize("name", ["time", "tau", "gradient", "flow", "labels"])
def test_what_a_learner_was_told_cannot_be_changed_under_way(problem, flow, name):
    learner = Learner(flow, problem.labels)
    with pytest.raises(AttributeError, match=f"`{name}` of a Learner"):
        setattr(learner, name, None)
