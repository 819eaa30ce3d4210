"""The data flow of the dashboard: each setting enters at one place."""

import numpy as np
import pytest

import explorer as ex
from explorer.dashboard.graph import Node
from explorer.dashboard.model import LearningModel, Settings
from explorer.geometry.grid import Grid

SMALL = Settings(size=10, noise=0.3, dim=6)


def nothing():
    """Never stop."""


@pytest.fixture
def model():
    m = LearningModel(SMALL)
    m.refresh(nothing)
    return m


def counts(model):
    nodes = {k: v for k, v in vars(model).items() if isinstance(v, Node)}
    return {name: node.evaluations for name, node in nodes.items()}


GRADIENT = {"gradient", "cosine", "evaluation", "norms"}
ADJOINT = {"evolution", "factors", "reference"} | GRADIENT
FORWARD = {"system", "basis"} | ADJOINT


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"step": 3.0}, set()),
        ({"tau": 1e-6}, {"evaluation", "norms"}),
        ({"rank": 2}, GRADIENT),
        ({"time": 6.0}, ADJOINT),
        ({"dim": 5}, {"basis"} | ADJOINT),
        ({"rho": 0.4}, {"flow"} | FORWARD),
        ({"noise": 0.2}, {"scene", "flow"} | FORWARD),
        ({"seed": 1}, {"structure", "scene", "flow"} | FORWARD),
    ],
)
def test_nothing_upstream_of_a_setting_is_computed_again(model, change, expected):
    before = counts(model)
    model.set(change)
    model.refresh(nothing)
    after = counts(model)
    # the leaf of the weights is read when it is set anew, it computes nothing
    changed = {n for n in after if after[n] != before[n]} - {"weights"}
    assert changed == expected
    assert all(after[n] - before[n] <= 1 for n in expected)


def test_it_gives_the_numbers_of_the_library(model):
    for _ in range(3):
        model.advance(nothing)
    scene = ex.voronoi_scene("colors", size=10, noise=0.3, seed=0)
    learner = ex.Learner(
        ex.LinearizedFlow(scene.distances),
        scene.labels,
        gradient=ex.LowRankGradient(dim=6),
    )
    trace = learner.run(3)
    # the same operations in the same order
    np.testing.assert_array_equal(model.trace().loss, trace.loss)
    np.testing.assert_array_equal(model.trace().singular_values, trace.singular_values)
    np.testing.assert_array_equal(model.evaluation().weights, learner.weights)


def test_an_abandoned_step_leaves_the_weights_as_they_were(model):
    before = model.evaluation().weights

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.advance(stop)
    model.refresh(nothing)
    np.testing.assert_array_equal(model.evaluation().weights, before)
    assert len(model.records) == 1


def test_a_new_ground_truth_starts_learning_anew_but_noise_does_not(model):
    model.advance(nothing)
    model.set({"noise": 0.2})
    model.refresh(nothing)
    assert [r.step for r in model.records] == [0, 1]
    model.set({"seed": 4})
    model.refresh(nothing)
    assert [r.step for r in model.records] == [0]
    assert not model.history


def test_history_counts_steps_per_settings(model):
    model.advance(nothing)
    model.advance(nothing)
    model.set({"rank": 2})
    model.advance(nothing)
    assert [(s.settings.rank, s.steps) for s in model.history] == [(1, 2), (2, 1)]


def test_cosine_knows_its_special_cases():
    reference = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])[:, None]
    gradient = np.array([[2.0, -1.0, 1.0], [0.0, 0.0, 0.0]])[:, None]
    np.testing.assert_array_equal(
        Grid(1, 1, 3).cosine(gradient, reference), [[1.0, -1.0, np.nan]]
    )
    assert Grid(1, 1, 3).cosine(0.0 * gradient, reference)[0, 0] == 0.0
