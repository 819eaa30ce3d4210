"""Base points and integrators of the learning explorer, against the library."""

import numpy as np
import pytest
from scipy.special import softmax

import explorer as ex
from explorer.dashboards.learning import INTEGRATORS
from explorer.dashboards.nodes import BARYCENTER, BASE_POINT, LIKELIHOOD, SHORT_FLOW
from tests.dashboards.contract import counts, opened, ran, set_and_wait

pytestmark = pytest.mark.slow

POINTS = BASE_POINT.options


def mixed(W):
    return 0.99 * W + 0.01 / len(W)


def base_point(name, scene, rho=0.5):
    """The base point by other means than those of the explorer."""
    D = scene.distances.values
    if name == LIKELIHOOD:
        return mixed(softmax(-D / rho, axis=0))
    flow = ex.LinearizedFlow(D, rho=rho)
    exact = ex.DenseExponential().solve(flow, flow.uniform_weights(), 1.0)
    return mixed(softmax(len(D) * exact.V.values, axis=0))


@pytest.fixture
def app():
    app = opened(ex.LearningExplorer)
    yield app
    app.close()


@pytest.mark.parametrize("name", [LIKELIHOOD, SHORT_FLOW])
def test_the_flow_is_linearized_at_the_chosen_point(app, name):
    set_and_wait(app, base_point=name)
    scene = ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)
    flow = ex.LinearizedFlow(scene.distances, base_point=base_point(name, scene))
    learner = ex.Learner(flow, scene.labels, gradient=ex.LowRankGradient(dim=6))
    trace = learner.run(2)
    app.run(2)
    assert app.wait(60.0)
    assert app.numbers["loss"] == pytest.approx(float(trace.loss[-1]), rel=1e-6)
    np.testing.assert_allclose(app.data.weights, learner.weights, rtol=1e-4)


def test_the_code_follows_every_change_of_the_base_point(app):
    for name in (*POINTS, LIKELIHOOD, BARYCENTER, SHORT_FLOW):
        set_and_wait(app, base_point=name)
        app.run(1)
        assert app.wait(60.0)
        space = {}
        exec(app.code(), space)
        assert space["numbers"] == pytest.approx(app.numbers, rel=1e-9), name


def test_learned_weights_stay_where_the_base_point_changes(app):
    app.run(2)
    assert app.wait(60.0)
    set_and_wait(app, base_point=LIKELIHOOD)
    assert app.frame.moment.run.steps == 2


def test_at_the_barycenter_the_time_changes_no_flow(app):
    before = counts(app)
    set_and_wait(app, time=6.0)
    assert not {"central", "base", "flow", "system"} & ran(app, before)


@pytest.mark.parametrize("kind", INTEGRATORS)
@pytest.mark.parametrize("name", [BARYCENTER, LIKELIHOOD])
def test_integrators_are_compared(app, kind, name):
    app.show("by-integrator", "difference")
    set_and_wait(app, integrator=kind(), base_point=name)
    scene = ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)
    W0 = None if name == BARYCENTER else base_point(name, scene)
    flow = ex.LinearizedFlow(scene.distances, base_point=W0)
    one, other = (
        found.solve(flow, flow.uniform_weights(), 5.0)
        for found in (kind(), ex.Krylov(dim=6))
    )
    panels = app.frame.panels
    np.testing.assert_array_equal(panels["by-integrator"].labels, one.labels)
    largest = float(np.abs(one.W - other.W).max())
    shown = 10.0 ** panels["difference"].values.max()
    assert shown == pytest.approx(max(largest, 1e-12), rel=1e-3)


def test_integrators_cost_nothing_while_nobody_looks(app):
    before = counts(app)
    set_and_wait(app, integrator=ex.DenseExponential())
    assert "solved_again" not in ran(app, before)


@pytest.mark.parametrize("name", [BARYCENTER, LIKELIHOOD])
def test_the_pointer_reads_the_probabilities_of_the_library(app, name):
    set_and_wait(app, base_point=name)
    scene = ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)
    W0 = None if name == BARYCENTER else base_point(name, scene)
    flow = ex.LinearizedFlow(scene.distances, base_point=W0)
    solution = ex.Krylov(dim=6).solve(flow, flow.uniform_weights(), 5.0)
    panel = app.frame.panels["labeling"]
    np.testing.assert_allclose(panel.probabilities, solution.W, rtol=1e-6)
    np.testing.assert_array_equal(panel.probabilities.argmax(axis=0), panel.labels)


def test_the_neighbors_of_the_pixel_are_those_of_the_flow(app):
    app.show("pixel-neighbors")
    set_and_wait(app, pixel=(0, 11), radius=2)
    app.run(1)
    assert app.wait(60.0)
    scene = ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)
    offsets = ex.LinearizedFlow(scene.distances, radius=2).uniform_weights().coords
    rows = np.clip(0 + offsets["drow"].values, 0, 11)
    cols = np.clip(11 + offsets["dcol"].values, 0, 11)
    panel = app.frame.panels["pixel-neighbors"]
    places = np.array([cells[:2] for cells in panel.rows])
    np.testing.assert_array_equal(places, np.stack([rows, cols], axis=1))
    weights = [cells[2] for cells in panel.rows]
    np.testing.assert_array_equal(weights, app.data.weights[:, 0, 11])
    truth = [cells[4] for cells in panel.rows]
    np.testing.assert_array_equal(truth, scene.labels.values[rows, cols])
