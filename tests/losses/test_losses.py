"""Losses and the regularizer: gradients by their slopes, bounds by sampling."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import GraphFlow, Krylov, LinearizedFlow, LowRankGradient
from explorer.flow.evolution import Evolution, Work
from explorer.geometry.grid import Grid
from explorer.losses import losses
from explorer.losses.losses import (
    CURVATURE,
    LONGEST,
    CrossEntropy,
    DirectionLoss,
    TangentLoss,
    regularizer,
    target_of,
)
from tests import graphs, reference

GRID = Grid(1, 2, 2)

EPS = np.finfo(float).eps
SHAPE = (3, 2, 2)
seeds = st.integers(0, 10_000)


def draw(seed):
    rng = np.random.default_rng(seed)
    V, Y = rng.standard_normal((2, *SHAPE))
    return V, Y, target_of(rng.integers(0, 3, SHAPE[1:]), 3)


def central(f, x, Y, h):
    """(f(x + hY) − f(x − hY)) / 2h."""
    return (f(x + h * Y) - f(x - h * Y)) / (2 * h)


def test_target_is_the_centered_one_hot_labeling():
    labels = np.array([[0, 2], [1, 1]])
    target = target_of(labels, 3)
    np.testing.assert_allclose(target, reference.target(labels, 3), atol=EPS)
    np.testing.assert_array_equal(target.argmax(axis=0), labels)


@given(seeds)
def test_loss_is_one_minus_a_cosine(seed):
    V, _, target = draw(seed)
    value, _ = DirectionLoss()(V, target)
    labels = target.argmax(axis=0)
    # sums of twelve products of order one
    assert value == pytest.approx(reference.direction_loss(V, labels), abs=50 * EPS)
    assert 0.0 <= value <= 2.0


@given(seeds, st.integers(2, 5))
def test_the_short_form_needs_no_target(seed, labels):
    """⟨V*, V⟩ and ∂f for any V, also where V is not tangent, as in rounded sums."""
    rng = np.random.default_rng(seed)
    V, truth = rng.uniform(-1.0, 2.0, (labels, 2, 3)), rng.integers(0, labels, (2, 3))
    loss = DirectionLoss()
    (f, df), (g, dg) = loss.of_labels(V, truth), loss(V, target_of(truth, labels))
    # sums of thirty products below two
    assert f == pytest.approx(g, abs=100 * EPS)
    np.testing.assert_allclose(df, dg, rtol=0, atol=100 * EPS)


def test_the_short_form_of_one_label_is_zero():
    value, slope = DirectionLoss().of_labels(np.ones((1, 2, 3)), np.zeros((2, 3), int))
    assert value == 0.0
    np.testing.assert_array_equal(slope, np.zeros((1, 2, 3)))


LEAST_LABELS = [[[0, 2], [1, 1]], [[1, 2], [1, 1]]]
"""Where some pixel has label 0, and where none has."""


@pytest.mark.parametrize("labels", LEAST_LABELS, ids=["some", "none"])
@pytest.mark.parametrize("scale", [1e-130, 1e-3, 1.0, 1e130])
def test_no_target_is_formed_where_all_labels_are_known(labels, scale, monkeypatch):
    """V* takes as much memory as V."""
    monkeypatch.setattr(losses, "target_of", None)
    V, truth = draw(0)[0], np.array(labels)
    found = DirectionLoss().evaluate(ended(scale * V), truth)
    value, slope = DirectionLoss()(V, target_of(truth, 3))
    assert found.value == pytest.approx(value, abs=50 * EPS)
    np.testing.assert_allclose(scale * found.slope, slope, atol=50 * EPS)


@pytest.mark.parametrize("scale", [1e-150, 1e-130, 1.0, 1e130, 1e150])
@pytest.mark.parametrize("missing", [0, 1])
def test_only_the_direction_matters_at_any_length(scale, missing):
    """Also with unknown labels."""
    V, truth = draw(0)[0], np.array(LEAST_LABELS[0])
    truth.flat[:missing] = -1
    target = target_of(truth, 3)
    value, slope = DirectionLoss()(V, target)
    found = DirectionLoss().evaluate(ended(scale * V), truth)
    assert found.value == pytest.approx(value, abs=50 * EPS)
    np.testing.assert_allclose(scale * found.slope, slope, atol=50 * EPS)
    known = np.where(truth >= 0, V, 0.0)  # as if the others were not there
    cosine = np.vdot(target, known) / np.linalg.norm(target) / np.linalg.norm(known)
    assert value == pytest.approx(1.0 - cosine, abs=50 * EPS)


def test_slopes_are_numbers_where_squares_of_lengths_are_hardly_any():
    """1e-316 has eight digits; its inverse is infinite, that of its root is not."""
    V, truth = 1e-158 * draw(0)[0], np.array(LEAST_LABELS[0])
    value, slope = DirectionLoss()(V, target_of(truth, 3))
    found = DirectionLoss().evaluate(ended(V), truth)
    assert (found.value, np.isfinite(found.slope).all()) == (value, True)
    np.testing.assert_array_equal(found.slope, slope)


@given(seeds, st.floats(1e-8, 1e8))
def test_only_the_direction_matters(seed, scale):
    V, _, target = draw(seed)
    value, slope = DirectionLoss()(V, target)
    again, scaled = DirectionLoss()(scale * V, target)
    assert again == pytest.approx(value, abs=50 * EPS)
    np.testing.assert_allclose(scale * scaled, slope, atol=50 * EPS)
    # hence no slope along V itself
    assert abs(np.vdot(slope, V)) <= 50 * EPS


@given(seeds)
def test_loss_gradient_is_the_central_difference(seed):
    V, Y, target = draw(seed)
    loss = DirectionLoss()
    h = 1e-4 * np.linalg.norm(V) / np.linalg.norm(Y)
    slope = float(np.vdot(loss(V, target)[1], Y))
    # h² of the third derivative, below 10 in these units, and rounding eps/h
    difference = central(lambda x: loss(x, target)[0], V, Y, h)
    slack = (10 * 1e-8 + 50 * EPS / 1e-4) * np.linalg.norm(Y) / np.linalg.norm(V)
    assert abs(difference - slope) <= slack


@given(seeds, st.floats(1e-3, 0.9))
def test_error_bounds_hold_for_every_disturbance(seed, size):
    V, Y, target = draw(seed)
    loss = DirectionLoss()
    error = size * np.linalg.norm(V)
    other = V + error * Y / np.linalg.norm(Y)
    (f, df), (g, dg) = loss(V, target), loss(other, target)
    assert abs(f - g) <= loss.error(V, error) + 50 * EPS
    assert np.linalg.norm(df - dg) <= loss.gradient_error(V, error) + 50 * EPS


def test_gradient_error_bound_holds_along_the_worst_direction():
    """cos ∠(V*, V) = 1/√3, disturbed along the leading eigenvector of the Hessian."""
    labels = np.arange(4).reshape(2, 2) % 3
    target = target_of(labels, 3)
    along = target / np.linalg.norm(target)
    across = np.zeros_like(along)
    across[0, 0, 0] = 1.0
    across -= np.vdot(across, along) * along
    across /= np.linalg.norm(across)
    c, s = 1 / np.sqrt(3), np.sqrt(2 / 3)
    V, W = c * along + s * across, s * along - c * across  # orthonormal
    x, y = np.linalg.eigh([[0.0, s], [s, c]])[1][:, -1]
    for error in (1e-2, 1e-4):
        change = [
            np.linalg.norm(
                DirectionLoss()(V + error * (sign * x * V + y * W), target)[1]
                - DirectionLoss()(V, target)[1]
            )
            for sign in (1, -1)
        ]
        bound = DirectionLoss().gradient_error(V, error)
        assert max(change) <= bound
        # attained to first order, whichever way the eigenvector is oriented
        assert max(change) >= (1 - 5 * error) * bound


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_error_bounds_of_no_and_of_hopeless_errors(scale):
    V = scale * draw(0)[0]
    loss, whole = DirectionLoss(), float(np.linalg.norm(V))
    for exact in (V, 0.0 * V):  # of V = 0, too, the loss is known
        assert (loss.error(exact, 0.0), loss.gradient_error(exact, 0.0)) == (0.0, 0.0)
    for error in (whole, 2 * whole, np.inf):
        assert (loss.error(V, error), loss.gradient_error(V, error)) == (2.0, np.inf)


@given(seeds, st.floats(1e-3, 0.95), st.sampled_from([1e-3, 0.3, 1e3]))
def test_error_bounds_depend_on_the_relative_error(seed, size, scale):
    """f is of degree 0 in V, ∂f of degree −1; and f stays in [0, 2]."""
    V, loss = draw(seed)[0], DirectionLoss()
    V /= np.linalg.norm(V)
    f, df = loss.error(V, size), loss.gradient_error(V, size)
    assert loss.error(scale * V, scale * size) == pytest.approx(f, rel=1e-12)
    again = loss.gradient_error(scale * V, scale * size)
    assert scale * again == pytest.approx(df, rel=1e-12)
    assert f <= 2.0
    # ‖∂f‖ ≤ 1/(1 − size), ‖∂²f‖ ≤ 2/√3/(1 − size)² on the way
    assert f == pytest.approx(min(2.0, size / (1.0 - size)), rel=1e-12)
    assert df == pytest.approx(CURVATURE * size / (1.0 - size) ** 2, rel=1e-12)


def test_a_solve_is_judged_by_the_error_of_its_direction():
    V, _, target = draw(0)
    loss, error = DirectionLoss(), 0.1
    found = loss.evaluate(ended(V, error), target.argmax(axis=0))
    assert found.value_error == loss.error(V, error) > 0.0
    assert found.slope_error == loss.gradient_error(V, error) > 0.0


def test_an_error_below_the_length_may_change_the_loss_by_more_than_one():
    """V at 45° to V* and nearly cancelled: what remains is at 135°."""
    target = target_of(np.array([[0]]), 3)
    along = target / np.linalg.norm(target)
    across = np.array([0.0, 1.0, -1.0]).reshape(3, 1, 1) / np.sqrt(2.0)
    V, left = (along + across) / np.sqrt(2.0), 1e-3
    other = left * (across - along) / np.sqrt(2.0)
    loss, error = DirectionLoss(), np.linalg.norm(V - other)
    change = loss(other, target)[0] - loss(V, target)[0]
    assert change == pytest.approx(np.sqrt(2.0), rel=1e-9)
    assert change <= loss.error(V, error)


def test_curvature_is_the_largest_eigenvalue_of_the_hessian():
    """On the plane of V* and V the Hessian at ‖V‖ = 1 is [[0, s], [s, c]]."""
    angles = np.linspace(0.0, np.pi, 2001)
    s, c = np.sin(angles), np.cos(angles)
    blocks = np.moveaxis(np.array([[0 * s, s], [s, c]]), -1, 0)
    largest = np.abs(np.linalg.eigvalsh(blocks)).max()
    assert largest <= CURVATURE * (1 + 4 * EPS)
    assert largest == pytest.approx(CURVATURE, rel=1e-5)  # h² of the angles' step


def test_hessian_by_differences_stays_below_the_curvature():
    loss, h = DirectionLoss(), 1e-5
    for seed in range(10):
        V, _, target = draw(seed)
        V /= np.linalg.norm(V)
        columns = [
            central(lambda x: loss(x, target)[1].ravel(), V, e.reshape(SHAPE), h)  # noqa: B023
            for e in np.eye(V.size)
        ]
        # differences are good to h² plus eps/h, both near 1e-10
        assert np.linalg.norm(np.stack(columns), 2) <= CURVATURE + 1e-8


def test_defined_answers_where_no_direction_exists():
    V, _, target = draw(0)
    for answer, v, goal in ((0.0, V, 0 * target), (1.0, 0 * V, target)):
        value, slope = DirectionLoss()(v, goal)
        assert value == answer
        np.testing.assert_array_equal(slope, 0.0)


@given(seeds, st.floats(1e-3, 10.0))
def test_regularizer_gradient_is_the_central_difference(seed, tau):
    weights = reference.random_weights(1, (2, 2), seed)
    Y = np.random.default_rng(seed).standard_normal(weights.shape)
    h = 1e-4 * weights.min()
    value, slope = regularizer(GRID, weights, tau)
    difference = central(lambda x: regularizer(GRID, x, tau)[0], weights, Y, h)
    # steps of 1e-4 relative to Ω: 1e-8 of third derivatives, 36 entries, |Y| ≤ 4;
    # rounding eps·ℛ/h with h ≥ 1e-4 · 0.1/9
    slack = 1e-4 * tau + 1e-9 * value
    assert abs(difference - np.vdot(slope, Y)) <= slack


def test_regularizer_vanishes_at_uniform_weights_only():
    uniform = np.full((9, 2, 2), 1.0 / 9.0)
    value, slope = regularizer(GRID, uniform, 1.0)
    assert value <= EPS  # Π₀ of nine equal logarithms, each rounded
    np.testing.assert_allclose(slope, 0.0, atol=200 * EPS)
    assert regularizer(GRID, reference.random_weights(1, (2, 2)), 1.0)[0] > 0.0


def smooth(V, target):
    """Σ √(1 + (V − V*)²): entries of the gradient below 1, of the Hessian, too."""
    root = np.sqrt(1.0 + (V - target) ** 2)
    return float(root.sum()), (V - target) / root


LIPSCHITZ = np.sqrt(np.prod(SHAPE))  # ‖∂f‖ for `smooth` on SHAPE
LENGTHY = {
    "entropy": CrossEntropy(),
    "smooth": TangentLoss(smooth, lipschitz=LIPSCHITZ, curvature=1.0),
}
lengthy = pytest.mark.parametrize("name", LENGTHY)
points = pytest.mark.parametrize("barycenter", [True, False])


def ended(direction, error=0.0, barycenter=True, shift=0.7, time=3.0):
    """A solve that has ended in some direction: V = T e^shift · direction."""
    base = None if barycenter else graphs.random_simplex(direction.shape, 1)
    flow = LinearizedFlow(np.zeros_like(direction), base_point=base)
    system = flow.plain_system(flow.uniform_weights().values)
    return Evolution(system, time, shift, direction, error, Work(1), "")


def naive_entropy(V, truth, base):
    """−mean log W at the truth, pixel by pixel, W = Exp_W₀(V) (2.11c)."""
    logs = []
    for pixel in np.ndindex(*truth.shape):
        p, v = base[:, *pixel], V[:, *pixel]
        W = p * np.exp(v / p) / (p * np.exp(v / p)).sum()
        logs.append(np.log(W[truth[pixel]]))
    return -np.mean(logs)


@given(seeds, st.booleans())
def test_cross_entropy_is_the_mean_log_probability_of_the_truth(seed, barycenter):
    V, _, target = draw(seed)
    truth = target.argmax(axis=0)
    end = ended(V / 20, barycenter=barycenter)
    base = end.system.base_point
    base = np.full(SHAPE, 1.0 / 3.0) if base is None else base
    value = CrossEntropy().evaluate(end, truth).value
    # exponents below 30 are rounded to 30 eps, and e^u with them
    expected = naive_entropy(end.scaled, truth, base)
    assert value == pytest.approx(expected, rel=1e-13, abs=50 * EPS)
    if barycenter:
        direct, _ = CrossEntropy()(end.scaled, target)
        assert direct == pytest.approx(value, rel=1e-14)


@given(seeds, st.sampled_from(list(LENGTHY)))
def test_gradients_in_V_are_central_differences(seed, name):
    V, Y, target = draw(seed)
    loss, h = LENGTHY[name], 1e-4
    slope = float(np.vdot(loss(V, target)[1], Y))
    difference = central(lambda x: loss(x, target)[0], V, Y, h)
    # h² of third derivatives, below J³ = 27 with |Y| ≤ 4 on four pixels or twelve
    # entries, is 3e-5·1e-4; rounding is eps·12/h
    assert abs(difference - slope) <= 27 * 4**3 * 12 * h**2 / 6


@given(seeds, st.sampled_from(list(LENGTHY)), st.booleans())
def test_slopes_in_the_direction_are_central_differences(seed, name, barycenter):
    V, Y, target = draw(seed)
    loss, truth, h = LENGTHY[name], target.argmax(axis=0), 1e-5
    direction = V / 20

    def value(d):
        return loss.evaluate(ended(d, barycenter=barycenter), truth).value

    slope = loss.evaluate(ended(direction, barycenter=barycenter), truth).slope
    difference = central(value, direction, Y, h)
    # dU = T e^0.7 dV / W₀ stretches by 6·11 at most: third derivatives for Y ≤ 4 are
    # below 0.1 · 264³ = 2e6 and times h²/6 below 3e-5; rounding is 30 eps / h = 1e-9
    assert abs(difference - np.vdot(slope, Y)) <= 3e-5 * (1 + np.linalg.norm(slope))


@given(seeds, st.floats(1e-4, 2.0), st.sampled_from(list(LENGTHY)), st.booleans())
def test_errors_of_losses_with_a_length_are_bounds(seed, error, name, barycenter):
    V, Y, target = draw(seed)
    loss, truth = LENGTHY[name], target.argmax(axis=0)
    end = ended(V / 4, error, barycenter)
    other = ended(V / 4 + error * Y / np.linalg.norm(Y), 0.0, barycenter)
    here, there = loss.evaluate(end, truth), loss.evaluate(other, truth)
    # values and slopes up to a few hundred are rounded
    assert abs(here.value - there.value) <= here.value_error + 1e-12
    apart = np.linalg.norm(here.slope - there.slope)
    assert apart <= here.slope_error + 1e-10
    assert (there.value_error, there.slope_error) == (0.0, 0.0)


@pytest.mark.parametrize("pixels", [1, 4])
def test_the_bounds_of_cross_entropy_are_attained(pixels):
    """At certain and wrong labels by the value, at (½, ½) by the slope.

    All pixels are disturbed alike: √(2/I) and 1/(2I) of the error are what they feel.
    """
    truth, error = np.zeros((1, pixels), int), 1e-6
    wrong = np.array([-9.0, 9.0]).reshape(2, 1, 1)  # W = (e^−100, 1)
    wrong = np.broadcast_to(wrong, (2, 1, pixels))
    away = error / np.sqrt(2.0 * pixels) * np.sign(wrong)
    loss = CrossEntropy()
    for start, attribute in ((wrong, "value"), (0 * wrong, "slope")):
        here = loss.evaluate(ended(start, error), truth)
        there = loss.evaluate(ended(start + away, error), truth)
        change = np.linalg.norm(getattr(here, attribute) - getattr(there, attribute))
        # second order: T e^0.7 J error = 1e-5; and rounding of values near 200
        bound = getattr(here, f"{attribute}_error")
        assert change == pytest.approx(bound, rel=1e-4)
        moved = loss.evaluate(ended(start, error, barycenter=False), truth)
        assert getattr(moved, f"{attribute}_error") >= bound / 2


@points
@pytest.mark.parametrize("time", [0.3, 3.0])
def test_the_bounds_of_cross_entropy_stretch_with_time_and_base_point(barycenter, time):
    """U = J V or V/W₀: the value feels T e^shift max(1/W₀), the slope its square."""
    V, _, target = draw(0)
    truth, error, pixels = target.argmax(axis=0), 1e-3, 4
    end = ended(V, error, barycenter, shift=0.7, time=time)
    found = CrossEntropy().evaluate(end, truth)
    base = end.system.base_point
    stretch = 3.0 if barycenter else 1.0 / base.min()
    scale = time * np.exp(0.7)
    off = stretch * scale * error
    assert found.value_error == pytest.approx(np.sqrt(2.0 / pixels) * off, rel=1e-12)
    bound = scale * stretch * off / (2.0 * pixels)
    assert found.slope_error == pytest.approx(bound, rel=1e-12)


@points
def test_the_bounds_of_linear_and_square_losses_are_attained(barycenter):
    """⟨a, V⟩ has L = ‖a‖ and M = 0; ½‖V‖² has M = 1."""
    V, a, target = draw(0)
    error, truth = 1e-3, target.argmax(axis=0)
    linear = TangentLoss(lambda V, _: (float(np.vdot(a, V)), a), np.linalg.norm(a), 0.0)
    square = TangentLoss(lambda V, _: (0.5 * float(np.vdot(V, V)), V), curvature=1.0)
    here = ended(V, error, barycenter)
    there = ended(V + error * a / np.linalg.norm(a), 0.0, barycenter)
    one, other = linear.evaluate(here, truth), linear.evaluate(there, truth)
    assert other.value - one.value == pytest.approx(one.value_error, rel=1e-9)
    np.testing.assert_array_equal(one.slope, other.slope)
    assert one.slope_error == 0.0
    one, other = square.evaluate(here, truth), square.evaluate(there, truth)
    change = np.linalg.norm(other.slope - one.slope)
    assert change == pytest.approx(one.slope_error, rel=1e-9)
    assert np.isnan(one.value_error)


@pytest.mark.parametrize("name", LENGTHY)
def test_a_length_at_the_limit_is_taken_and_any_beyond_is_not(name):
    V, _, target = draw(0)
    truth = target.argmax(axis=0)
    found = LENGTHY[name].evaluate(ended(V, shift=LONGEST), truth)
    assert np.isfinite(found.slope).all()
    longer = ended(V, shift=np.nextafter(LONGEST, np.inf))
    with pytest.raises(ValueError, match="lower `time`"):
        LENGTHY[name].evaluate(longer, truth)


def test_pixels_without_a_label_do_not_count():
    """The mean of cross-entropy is that of the others alone; so is its slope."""
    U, truth = draw(0)[0], np.array([[0, -1], [2, 1]])
    value, slope = CrossEntropy().of_exponent(U, truth)
    known = truth >= 0
    alone, part = CrossEntropy().of_exponent(U[:, known], truth[known])
    assert value == pytest.approx(alone, rel=4 * EPS)
    np.testing.assert_allclose(slope[:, known], part, atol=4 * EPS)
    np.testing.assert_array_equal(slope[:, ~known], 0.0)


@pytest.mark.parametrize("tau", [0.3, 2.0])
@given(seeds)
def test_the_regularizer_is_half_the_square_of_its_tangent_vectors(tau, seed):
    weights = reference.random_weights(1, (2, 2), seed)
    logs = np.log(weights)
    t = logs - logs.mean(axis=0)
    value, slope = regularizer(GRID, weights, tau)
    assert value == pytest.approx(0.5 * tau * (t**2).sum(), rel=1e-13)
    np.testing.assert_allclose(slope * weights, tau * t, atol=50 * EPS)


@lengthy
@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e20, 1e150])
def test_extreme_lengths_give_numbers(name, scale):
    V, _, target = draw(0)
    value, slope = LENGTHY[name](scale * V, target)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    if name == "entropy" and scale < 1.0:
        assert value == pytest.approx(np.log(3.0), rel=1e-15)  # V = 0 to rounding
    if name == "entropy" and scale > 1.0:  # the wrongest pixels count, linearly
        truth = target.argmax(axis=0)
        right = np.take_along_axis(V, truth[None], axis=0)[0]
        expected = 3.0 * scale * np.mean(V.max(axis=0) - right)
        assert value == pytest.approx(expected, rel=1e-14)


def test_cross_entropy_of_one_label_is_zero():
    value, slope = CrossEntropy()(np.ones((1, 2, 2)), np.zeros((1, 2, 2)))
    assert (value, np.abs(slope).max()) == (0.0, 0.0)
    flow = LinearizedFlow(np.ones((1, 2, 3)))
    data = LowRankGradient(loss=CrossEntropy())(
        flow, flow.uniform_weights(), np.zeros((2, 3)), 5.0
    )
    assert (float(data.loss), float(data.loss_error)) == (0.0, 0.0)
    np.testing.assert_array_equal(data.gradient, 0.0)


def test_cross_entropy_of_one_pixel_is_that_of_its_softmax():
    problem = reference.random_problem((1, 1))
    flow = LinearizedFlow(problem.distances, problem.rho)
    data = LowRankGradient(5, 5, CrossEntropy())(
        flow, problem.weights, problem.labels, problem.time
    )
    V = reference.solve(problem)[:, 0, 0]
    W = np.exp(3 * V) / np.exp(3 * V).sum()
    assert float(data.loss) == pytest.approx(-np.log(W[problem.labels.item()]))
    # all nine neighbors are the pixel itself: no tangent slope, nine terms of order one
    g = data.gradient.values
    np.testing.assert_allclose(g, np.full_like(g, g.mean()), atol=1e-13)


def test_no_time_leaves_the_length_at_zero():
    problem = reference.random_problem()
    flow = LinearizedFlow(problem.distances)
    for loss in (CrossEntropy(), TangentLoss(smooth)):
        data = LowRankGradient(loss=loss)(flow, problem.weights, problem.labels, 0.0)
        np.testing.assert_array_equal(data.gradient, 0.0)
        assert float(data.loss_error) == 0.0  # V = 0 is exact: no constant is needed
    goal = reference.target(problem.labels, 3)
    assert float(data.loss) == smooth(np.zeros_like(goal), goal)[0]


@pytest.mark.parametrize("loss", [CrossEntropy(), TangentLoss(smooth)])
def test_lengths_beyond_the_floats_are_refused(loss):
    problem = reference.random_problem()
    flow, method = LinearizedFlow(problem.distances), LowRankGradient(loss=loss)
    rate = Krylov().solve(flow, problem.weights, 1.0).evolution.shift
    allowed, beyond = 0.99 * LONGEST / rate, 1.01 * LONGEST / rate
    data = method(flow, problem.weights, problem.labels, allowed)
    assert np.isfinite(data.gradient).all()
    assert np.isfinite(np.linalg.norm(data.gradient))
    name = type(loss).__name__
    with pytest.raises(ValueError, match=rf"`time` = .*e\^303.*{name}.*DirectionLoss"):
        method(flow, problem.weights, problem.labels, beyond)


def smooth_of(problem, V):
    """The dense counterpart of `smooth`; analytic in V."""
    goal = reference.target(problem.labels, len(V))
    return np.sqrt(1.0 + (V - goal) ** 2).sum()


NAIVE = {"entropy": graphs.cross_entropy, "smooth": smooth_of}


@functools.cache
def exact(name, seed, barycenter):
    """A problem on four nodes with its loss and gradient, by dense exponentials."""
    pattern = graphs.random_pattern(4, seed)
    problem = graphs.random_problem(pattern, seed=seed, barycenter=barycenter)
    value = NAIVE[name](problem, graphs.solve(problem)).real
    return problem, value, graphs.complex_step_gradient(problem, NAIVE[name])


@pytest.mark.slow
@pytest.mark.parametrize("dim", [1, 2, 4, 8])
@pytest.mark.parametrize("rank", [1, "auto", "all"])
@points
@pytest.mark.parametrize("seed", range(2))
@lengthy
def test_gradients_of_losses_with_a_length_keep_their_bounds(
    dim, rank, barycenter, seed, name
):
    problem, value, gradient = exact(name, seed, barycenter)
    flow = GraphFlow(
        problem.distances,
        problem.pattern,
        problem.rho,
        base_point=None if barycenter else problem.base,
    )
    # SHAPE has twelve entries, as three labels on four nodes have
    method = LowRankGradient(dim, dim if rank == "all" else rank, LENGTHY[name])
    data = method(flow, problem.weights, problem.labels, problem.time)
    assert abs(float(data.loss) - value) <= float(data.loss_error) + 1e-11
    bound = float(data.approximation_error) + float(data.truncation_error)
    # where the bounds are nearly zero both sides are rounded
    slack = 1e-10 * max(1.0, np.linalg.norm(gradient))
    assert np.linalg.norm(data.gradient - gradient) <= bound + slack
    assert np.isfinite(bound)


def test_the_gradient_of_cross_entropy_is_the_slope_of_the_dense_loss():
    problem = graphs.of_grid(reference.random_problem((3, 3)))
    flow = GraphFlow(problem.distances, problem.pattern, problem.rho)
    method = LowRankGradient(27, 27, CrossEntropy())
    data = method(flow, problem.weights, problem.labels, problem.time)
    Y = np.random.default_rng(0).standard_normal(problem.weights.shape)

    def value(weights):
        return graphs.cross_entropy(problem, graphs.solve(problem, weights)).real

    # h² and eps/h, both 1e-10, times third derivatives and values of order ten
    difference = central(value, problem.weights, Y, 1e-5)
    assert difference == pytest.approx(np.vdot(data.gradient, Y), rel=1e-7)


@pytest.mark.parametrize("rank", [1, 4])
def test_bounds_that_the_loss_does_not_allow_are_no_numbers(rank):
    problem = reference.random_problem()
    flow = LinearizedFlow(problem.distances)
    method = LowRankGradient(4, rank, TangentLoss(smooth))
    data = method(flow, problem.weights, problem.labels, 3.0)
    for name in ("loss_error", "approximation_error", "singular_value_error"):
        assert np.isnan(data[name])
    assert float(data.truncation_error) >= 0.0  # that of the computed Z is known
    half = LowRankGradient(4, rank, TangentLoss(smooth, lipschitz=6.0))
    data = half(flow, problem.weights, problem.labels, 3.0)
    assert float(data.loss_error) > 0.0
    assert np.isnan(data.approximation_error)


@pytest.mark.parametrize("name", ["lipschitz", "curvature"])
@pytest.mark.parametrize(
    "value", [-1.0, -0.5, -1e-300, None, "1", True, 1j, -np.inf, 10**400, -(10**400)],
    ids=lambda value: str(value)[:9],
)  # fmt: skip
def test_constants_that_are_none(name, value):
    with pytest.raises(ValueError, match=f"`{name}` = .* must be a finite number ≥ 0"):
        TangentLoss(smooth, **{name: value})


class Unhashable:
    """A function of its own that is compared by value, as records are."""

    def __eq__(self, other):
        return isinstance(other, Unhashable)

    __hash__ = None

    def __call__(self, V, target):
        return smooth(V, target)


def test_a_loss_of_ones_own_is_itself_only():
    """Methods are keys of tables, whatever function their loss is made of."""
    one, other = TangentLoss(Unhashable()), TangentLoss(Unhashable())
    assert one != other
    assert len({LowRankGradient(loss=one), LowRankGradient(loss=other)}) == 2


@pytest.mark.parametrize("kind", [DirectionLoss, CrossEntropy])
def test_losses_without_choices_are_equal(kind):
    assert kind() == kind()
    assert len({LowRankGradient(loss=kind()), LowRankGradient(loss=kind())}) == 1


@pytest.mark.parametrize("number", [np.float32(2.0), np.int64(2), 2, 0])
def test_constants_of_any_kind(number):
    assert TangentLoss(smooth, number, number).lipschitz == number


@pytest.mark.parametrize("function", [None, 3, "smooth", DirectionLoss()])
def test_functions_that_are_none(function):
    if callable(function):
        V, _, target = draw(0)  # a loss is a function of V and target, too
        assert TangentLoss(function)(V, target)[0] == function(V, target)[0]
        return
    with pytest.raises(TypeError, match=r"`function` = .*pass a function"):
        TangentLoss(function)
