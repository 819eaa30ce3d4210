"""`check_loss` tells right gradients from wrong ones."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer import CrossEntropy, DirectionLoss, TangentLoss, check_loss
from explorer.geometry import simplex
from explorer.losses.losses import target_of

SHAPE = (3, 2, 4)
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, SHAPE[1:])
TARGET = target_of(LABELS, 3)
V = RNG.standard_normal(SHAPE)


def squares(V, target):
    return 0.5 * float(((V - target) ** 2).sum()), V - target


def linear(V, target):
    return float((V * target).sum()), target


def cubes(V, target):
    """Around V = target the second derivative vanishes, too."""
    return float(((V - target) ** 3).sum()), 3.0 * (V - target) ** 2


def wrong(factor):
    """The gradient of `squares`, off by a factor."""
    return lambda V, target: (squares(V, target)[0], factor * squares(V, target)[1])


seeds = pytest.mark.parametrize("seed", [0, 1, 2, 2**32 - 1])


@seeds
@pytest.mark.parametrize(
    "loss",
    [DirectionLoss(), CrossEntropy(), TangentLoss(squares), squares],
    ids=lambda loss: getattr(loss, "__name__", type(loss).__name__),
)
@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_right_gradients_leave_the_square(loss, scale, seed):
    data = check_loss(loss, scale * V, TARGET, seed)
    assert bool(data.passed)
    # t ≤ 1e-3 ‖V‖ at the smallest three steps: that much of the third order remains
    # next to the second, and where that is small, a few times as much
    assert data.attrs["slope"] == pytest.approx(2.0, abs=0.1)
    assert data.attrs["status"].startswith("passed: the remainder falls like t^2.0")


def test_a_saturated_loss_passes():
    """At ‖V‖ = 50 most of W is near a corner, where its curvature nearly vanishes."""
    assert bool(check_loss(CrossEntropy(), 10.0 * V, TARGET).passed)


@seeds
@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 0.99, 1.01, 2.0])
def test_wrong_gradients_leave_a_slope(factor, seed):
    data = check_loss(wrong(factor), V, TARGET, seed)
    assert not bool(data.passed)
    # t²/2 is a few percent of t ⟨∂f, Y⟩/100 at t = 1e-4 ‖V‖, and a third where Y is
    # nearly orthogonal to ∂f
    assert data.attrs["slope"] == pytest.approx(1.0, abs=0.2)
    assert "failed" in data.attrs["status"]
    assert "compare ∂f with f" in data.attrs["status"]


@seeds
def test_gradients_that_are_nearly_right_are_wrong(seed):
    """Off by 10⁻⁴: t²/2 still dominates the larger two of the three fitted steps."""
    data = check_loss(wrong(1.0001), V, TARGET, seed)
    assert not bool(data.passed)
    assert 1.0 < data.attrs["slope"] < 1.8


def test_one_wrong_entry_is_found():
    def careless(V, target):
        value, slope = squares(V, target)
        slope[1, 0, 2] *= 1.1
        return value, slope

    assert not bool(check_loss(careless, V, TARGET).passed)


@seeds
@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
def test_linear_losses_leave_rounding(scale, seed):
    data = check_loss(linear, scale * V, TARGET, seed)
    assert bool(data.passed)
    assert np.isnan(data.attrs["slope"])
    assert "linear" in data.attrs["status"]


def test_a_vanishing_second_derivative_is_no_fault():
    data = check_loss(cubes, TARGET + 0.0, TARGET)
    assert bool(data.passed)
    # cubes alone are left, exactly; f(V) = 0 here, so nothing cancels
    assert data.attrs["slope"] == pytest.approx(3.0, abs=1e-6)


def test_the_verdict_does_not_depend_on_units():
    for unit in (1e-80, 1e80):

        def scaled(V, target, unit=unit):
            value, slope = squares(V / unit, target)
            return value, slope / unit

        data = check_loss(scaled, unit * V, TARGET)
        assert data.attrs["slope"] == pytest.approx(2.0, abs=0.01)


def test_remainders_are_those_of_the_definition():
    """½‖V − target‖² has the remainder t²/2 along every unit direction."""
    data = check_loss(squares, V, TARGET)
    steps = np.linalg.norm(V) * 10.0 ** -np.arange(1, 7)
    np.testing.assert_allclose(data.step, steps, rtol=1e-15)
    # values near 20 cancel: 20 eps next to t²/2 ≥ 1e-11
    np.testing.assert_allclose(data.remainder, steps**2 / 2, rtol=1e-3)
    assert data.remainder.dims == ("step",)


def test_directions_are_tangent_and_the_arguments_untouched():
    before, seen = (V.copy(), TARGET.copy()), []

    def greedy(V, target):
        seen.append(V.copy())
        answer = squares(V, target)
        V[:], target[:] = 7.0, 7.0
        return answer

    assert bool(check_loss(greedy, V, TARGET).passed)
    np.testing.assert_array_equal(V, before[0])
    np.testing.assert_array_equal(TARGET, before[1])
    Y = seen[1] - seen[0]  # t ‖Y‖ = 0.1 ‖V‖, three summands below 2 each
    np.testing.assert_allclose(Y.sum(axis=0), 0.0, atol=10 * 2.3e-16)
    assert np.linalg.norm(Y) == pytest.approx(0.1 * np.linalg.norm(V))


def test_the_direction_is_not_the_vector_that_the_same_seed_draws():
    """Along V itself the direction loss is constant, whatever its gradient."""
    V = simplex.center(np.random.default_rng(5).standard_normal(SHAPE))
    assert not np.isnan(check_loss(DirectionLoss(), V, TARGET, seed=5).attrs["slope"])


def test_graphs_labeled_arrays_and_one_label():
    flat = (V.reshape(3, -1), TARGET.reshape(3, -1))
    assert bool(check_loss(squares, *flat).passed)
    named = [xr.DataArray(x, dims=("label", "row", "col")) for x in (V, TARGET)]
    turned = check_loss(squares, named[0].transpose("col", "row", "label"), named[1])
    xr.testing.assert_identical(turned, check_loss(squares, V, TARGET))
    one = check_loss(squares, np.ones((1, 2, 2)), np.zeros((1, 2, 2)))
    assert bool(one.passed)  # tangent vectors of one label are zero: no direction


def test_the_dataset_survives_netcdf(tmp_path):
    data = check_loss(linear, V, TARGET)
    data.to_netcdf(tmp_path / "check.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "check.nc", engine="h5netcdf") as back:
        xr.testing.assert_identical(back.load(), data)


@pytest.mark.parametrize("loss", [None, 3, "direction", DirectionLoss, CrossEntropy])
def test_losses_that_are_none(loss):
    with pytest.raises(TypeError, match=r"`loss` = .*pass a Loss.*function"):
        check_loss(loss, V, TARGET)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (1.0, r"returned a float; it must return a tuple \(f, ∂f\)"),
        ([1.0, V], "must return a tuple"),
        ((1.0, V, V), "must return a tuple"),
        ((None, V), "must return a number f"),
        ((1.0, "V"), "must return a number f"),
        ((1j, V), "must return a number f"),
        ((1.0, 1j * V), "∂f of type complex128.*`.real`"),
        ((1.0, V.astype(str)), "∂f of type <U"),
        ((1.0, np.ones(V.shape, "m8[s]")), "∂f of type timedelta64"),
        ((np.complex128(1.0), V), "f of type complex128"),
        ((True, V), "f of type bool"),
        ((V, V), r"f of shape \(3, 2, 4\)"),
        ((1.0, V[:1]), r"gradient of shape \(1, 2, 4\)"),
        ((np.nan, V), "not finite"),
        ((1.0, np.inf * V), "not finite"),
    ],
)
def test_answers_that_are_none(answer, words):
    with pytest.raises((TypeError, ValueError), match=rf"(?s)`function` .*{words}"):
        check_loss(lambda V, target: answer, V, TARGET)


@pytest.mark.parametrize(
    ("argument", "value", "words"),
    [
        ("V", 0 * V, "norm 0"),
        ("V", V[0, 0], r"must have 3 dimensions"),
        ("V", None, "dtype object"),
        ("V", V * 1j, "real numbers"),
        ("V", np.where(V > 1, np.nan, V), "not finite"),
        ("V", np.full_like(V, 1e200), "norm inf"),
        ("target", TARGET[:, :1], r"has shape \(3, 1, 4\); V has"),
        ("target", LABELS, "must have 3 dimensions"),
        ("target", "truth", "real numbers"),
        ("seed", -1, "out of range"),
        ("seed", 0.5, "out of range"),
        ("seed", None, "it must be an integer"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_arguments_that_do_not_fit(argument, value, words):
    arguments = {"V": V, "target": TARGET} | {argument: value}
    with pytest.raises((TypeError, ValueError), match=f"`{argument}` .*{words}"):
        check_loss(squares, **arguments)
