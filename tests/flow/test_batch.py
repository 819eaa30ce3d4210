"""Batches: every image gets what it would have got alone."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer import FlowBatch, Krylov, LinearizedFlow, RungeKutta
from explorer.flow.evolution import Integrator
from tests import reference

SHAPE, LABELS = (4, 5), 3


@pytest.fixture
def distances():
    """A usual image, one whose Krylov space ends early, one of constant data."""
    usual = reference.random_problem(SHAPE, LABELS).distances
    flat = np.broadcast_to(np.array([0.1, 0.5, 0.3])[:, None, None], usual.shape)
    return np.stack([usual, flat, np.ones_like(usual)])


@pytest.fixture
def batch(distances):
    return FlowBatch(distances, rho=0.5)


def test_each_image_is_solved_as_if_alone(batch, distances):
    found = batch.solve(Krylov(8), batch.uniform_weights(), 3.0)
    for k, D in enumerate(distances):
        flow = LinearizedFlow(D, 0.5)
        alone = Krylov(8).solve(flow, flow.uniform_weights(), 3.0)
        mine = found.isel(image=k)
        np.testing.assert_array_equal(mine.V, alone.V)  # to the last bit
        np.testing.assert_array_equal(mine.labels, alone.labels)
        assert float(mine.error) == alone.error
        assert str(mine.status.values) == str(alone.status)
        assert int(mine.dim) == alone.dim
    # constant fields are invariant under A, and the tangent space of 3 labels has two
    # dimensions; without any difference between labels there is no start vector
    assert found.dim.values.tolist() == [8, 2, 0]
    assert found.ok.values.tolist() == [True, True, False]


def test_one_weight_field_serves_all_images(batch):
    weights = reference.random_weights(1, SHAPE)
    shared = batch.solve(Krylov(6), weights, 2.0)
    each = batch.solve(Krylov(6), np.stack([weights] * 3), 2.0)
    xr.testing.assert_identical(shared, each)
    named = batch.flows[0].label_weights(weights)
    xr.testing.assert_identical(batch.solve(Krylov(6), named, 2.0), shared)


class Breaking(Integrator):
    """Fails on the images it is told to."""

    rtol = 1e-2

    def __init__(self, broken):
        self.broken, self.calls = broken, 0

    def integrate(self, system, time, check=lambda: None):
        self.calls += 1
        if self.calls - 1 in self.broken:
            raise ArithmeticError("the numbers broke down")
        return Krylov(5).integrate(system, time, check)


@pytest.mark.parametrize("broken", [{0}, {1}, {0, 2}])
def test_a_failing_image_touches_no_other(batch, broken):
    weights = reference.random_weights(1, SHAPE)
    found = batch.solve(Breaking(broken), weights, 2.0)
    good = batch.solve(Krylov(5), weights, 2.0)
    for k in range(3):
        mine = found.isel(image=k)
        if k in broken:
            assert np.isnan(mine.V).all()
            assert (mine.labels == -1).all()
            assert not mine.ok
            assert str(mine.status.values) == "failed: the numbers broke down"
        else:
            xr.testing.assert_equal(mine, good.isel(image=k))


def test_any_integrator_serves(batch):
    weights = reference.random_weights(1, SHAPE)
    ours = batch.solve(Krylov(12), weights, 2.0)
    other = batch.solve(RungeKutta(1e-10), weights, 2.0)
    np.testing.assert_allclose(other.V, ours.V, atol=1e-7)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"distances": np.zeros((3, 4, 5))}, ValueError, r"`distances` has shape"),
        ({"distances": np.full((1, 2, 2, 2), np.nan)}, ValueError, "not finite"),
        ({"rho": 0.0}, ValueError, "`rho` = 0"),
        ({"radius": 9}, ValueError, "`radius` = 9"),
    ],
)
def test_bad_data_is_refused(distances, change, error, words):
    with pytest.raises(error, match=words):
        FlowBatch(**{"distances": distances} | change)


def test_bad_arguments_are_refused_before_any_image_is_solved(batch):
    weights = batch.uniform_weights()
    integrator = Breaking(set())
    negative = weights.values.copy()
    negative[2, 0, 0, 0] = -1.0
    cases = [
        (negative, 1.0, r"`weights\[2\]` holds the entry -1"),
        (weights.values[:2], 1.0, "`weights` has 2 images; the distances have 3"),
        (weights.values[..., :2], 1.0, r"`weights\[0\]` has shape"),
        (weights.values[0, 0], 1.0, "`weights` has shape"),
        (weights, -1.0, "`time` = -1"),
    ]
    for value, time, words in cases:
        with pytest.raises(ValueError, match=words):
            batch.solve(integrator, value, time)
    assert integrator.calls == 0
    with pytest.raises(TypeError, match=r"`integrator` = .*`Krylov\(dim=10\)`"):
        batch.solve(Krylov, weights, 1.0)
