"""Pixels without a label: declared, and left out of all that is learned or counted."""

from __future__ import annotations

import io

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from explorer.dims import PIXELS
from explorer.losses.losses import target_of
from explorer.truths import percent_wrong, truth_field, truth_of

RNG = np.random.default_rng(0)
TRUTH = np.array([[0, 1, 2, -1], [1, 1, -1, 2], [0, -1, 2, 2]])
KNOWN = TRUTH >= 0
V = RNG.normal(size=(3, *TRUTH.shape))
V -= V.mean(axis=0)
OTHER = np.where(KNOWN, V, RNG.normal(size=V.shape))
"""As V where a label is known."""


def squares(V, target):
    """Half the squared distance to the target, and its gradient."""
    return 0.5 * float(((V - target) ** 2).sum()), V - target


LOSSES = [
    ex.DirectionLoss(), ex.BalancedLoss(), ex.BalancedLoss(0.0), ex.CrossEntropy(),
    ex.TangentLoss(squares),
]  # fmt: skip
each_loss = pytest.mark.parametrize(
    "loss", LOSSES, ids=lambda loss: repr(loss).split(" at ")[0]
)


def declared(truth, code=-1):
    return xr.DataArray(truth, dims=PIXELS, attrs={"no_label": code})


def test_a_declared_number_stands_for_no_label():
    found = truth_field("labels", declared(TRUTH), TRUTH.shape, 3)
    np.testing.assert_array_equal(found, TRUTH)
    void = declared(np.where(KNOWN, TRUTH, 255), 255)
    np.testing.assert_array_equal(truth_field("labels", void, TRUTH.shape, 3), TRUTH)
    turned = declared(TRUTH).transpose("col", "row")
    found = truth_field("labels", turned, TRUTH.shape, 3)
    np.testing.assert_array_equal(found, TRUTH)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (TRUTH, r"`labels` holds labels from -1 to 2.*assign_attrs\(no_label=-1\)"),
        (xr.DataArray(TRUTH, dims=PIXELS), "`labels` holds labels from -1"),
        (declared(TRUTH - 1), "`labels` holds labels from -2"),
        (declared(np.where(KNOWN, TRUTH, 3), -1), "`labels` holds labels from 0 to 3"),
        (declared(np.full_like(TRUTH, -1)), "must have a label at one pixel at least"),
    ],
)
def test_what_is_not_declared_is_refused(labels, words):
    with pytest.raises(ValueError, match=words):
        truth_field("labels", labels, TRUTH.shape, 3)


def test_a_target_tells_its_truth():
    np.testing.assert_array_equal(truth_of(target_of(TRUTH, 3)), TRUTH)
    whole = np.abs(TRUTH)
    np.testing.assert_array_equal(truth_of(target_of(whole, 3)), whole)
    np.testing.assert_array_equal(truth_of(target_of(0 * TRUTH, 1)), 0 * TRUTH)


def test_wrong_pixels_are_counted_where_the_truth_is_known():
    labels = TRUTH.copy()
    labels[0, 0] = 1
    assert percent_wrong(labels, TRUTH) == pytest.approx(100 / 9, rel=1e-15)
    labels[~KNOWN] = 2
    assert percent_wrong(labels, TRUTH) == pytest.approx(100 / 9, rel=1e-15)


@each_loss
def test_a_loss_does_not_see_pixels_without_a_label(loss):
    target = target_of(TRUTH, 3)
    value, slope = loss(V, target)
    other = loss(OTHER, target)
    assert other[0] == value
    np.testing.assert_array_equal(other[1], slope)
    assert (slope[:, ~KNOWN] == 0.0).all()
    assert (slope[:, KNOWN] != 0.0).any()


@each_loss
def test_a_loss_is_that_of_the_known_pixels_alone(loss):
    """As on an image that has no other pixels."""
    value, slope = loss(V, target_of(TRUTH, 3))
    alone = loss(V[:, KNOWN], target_of(TRUTH[KNOWN], 3))
    # other orders of summation
    assert value == pytest.approx(alone[0], rel=1e-13)
    np.testing.assert_allclose(slope[:, KNOWN], alone[1], rtol=1e-12, atol=1e-15)


@each_loss
def test_the_gradient_of_the_weights_is_right(loss):
    """Against differences, with their error of the order of the square of the step."""
    D = RNG.uniform(size=(3, *TRUTH.shape))
    flow, time = ex.LinearizedFlow(D), 1.5
    weights = flow.uniform_weights()
    method = ex.LowRankGradient(dim=30, rank=30, loss=loss)
    found = method(flow, weights, declared(TRUTH), time)
    step, Y = 1e-4, RNG.normal(size=weights.shape)
    Y -= Y.mean(axis=0)

    def at(sign):
        moved = weights + sign * step * Y
        return float(method(flow, moved, declared(TRUTH), time).loss)

    slope = (at(1) - at(-1)) / (2 * step)
    assert float((found.gradient * Y).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-9)
    labels = ex.Krylov(30).solve(flow, weights, time).labels.values
    assert float(found.error_percent) == percent_wrong(labels, TRUTH)


def test_learning_does_not_depend_on_what_is_unknown():
    """Where the data say nothing either: an unknown label is no fourth one."""
    scene = ex.voronoi_scene("colors", 8, 0.2, seed=1)
    hidden = scene.labels.where(scene.labels != 5, -1).assign_attrs(no_label=-1)
    flow = ex.LinearizedFlow(scene.distances)
    learner = ex.Learner(flow, hidden, 2.0)
    first, *_, last = learner.iterate(5)
    assert last.loss < first.loss
    batch = ex.FlowBatch(scene.distances.expand_dims("image"))
    stack = hidden.expand_dims("image").assign_attrs(hidden.attrs)
    weights = flow.uniform_weights()
    found = ex.batch_gradient(ex.LowRankGradient(), batch, weights, stack, 2.0)
    assert bool(found.ok.all())
    assert float(found.loss[0]) == first.loss


@pytest.mark.parametrize("data_term", [ex.PrototypeDistance(), ex.Evidence(hidden=3)])
def test_a_predictor_learns_from_what_is_known(tmp_path, data_term):
    scene = ex.voronoi_scene("lines", 10, 0.1, seed=0)
    labels = scene.labels.copy()
    labels[:, :3] = -1
    masked = scene.assign(labels=labels.assign_attrs(no_label=-1))
    options = {"n_prototypes": 4, "steps": 2, "dim": 4, "data_term": data_term}
    one = ex.WeightPatchPredictor(**options).fit([masked], [masked])
    assert np.isfinite(one.history_.loss).all()
    found = one.label(scene.image)
    known = labels.values >= 0
    wrong = percent_wrong(found.values, labels.values)
    assert wrong == pytest.approx(
        100 * np.mean(found.values[known] != labels.values[known])
    )
    assert float(one.history_.error_percent[-1]) == float(
        one.history_.validation_error_percent[-1]
    )
    plain = scene.assign(labels=labels)
    with pytest.raises(ValueError, match=r"`scenes\[0\].labels` holds labels from -1"):
        ex.WeightPatchPredictor(**options).fit([plain])


def test_scenes_keep_the_declaration_in_files():
    labels = ex.image_scene(
        V[0] - V.min() < 1, declared(np.abs(TRUTH) * 0 + TRUTH), 0.0
    )
    assert labels.labels.attrs["no_label"] == -1
    file = io.BytesIO(labels.to_netcdf(engine="h5netcdf"))
    again = xr.load_dataset(file, engine="h5netcdf")
    assert again.labels.dtype.kind == "i"
    found = truth_field("labels", again.labels, TRUTH.shape, 3)
    np.testing.assert_array_equal(found, TRUTH)
