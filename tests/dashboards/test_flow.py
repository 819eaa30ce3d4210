"""The flow explorer against the library: three flows, each solved once."""

import numpy as np
import pytest

import explorer as ex
from explorer.dashboards import courses
from explorer.dashboards.flow_nodes import ITERATED, NONLINEAR, SPAN
from explorer.dashboards.weights import LEARNED, LEARNING_STEPS, RANDOM
from explorer.flow.krylov import Krylov
from explorer.flow.trajectory import AdaptiveRungeKutta
from tests.dashboards.contract import counts, opened, ran, set_and_wait

pytestmark = pytest.mark.slow

SOLVERS = {"basis", "chain", "trajectory", "linear_course", "nonlinear_course"}


@pytest.fixture
def app():
    app = opened(ex.FlowExplorer)
    yield app
    app.close()


@pytest.fixture
def scene():
    return ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)


@pytest.fixture
def flow(scene):
    return ex.LinearizedFlow(scene.distances)


def test_moving_through_time_solves_nothing(app, monkeypatch):
    """Each time comes from the spaces and the steps that are there."""
    set_and_wait(app, time=3.1)
    before, inits = counts(app), []
    init = Krylov.init
    monkeypatch.setattr(
        Krylov, "init", lambda self, *a: inits.append(1) or init(self, *a)
    )

    def refuse(*_):
        raise AssertionError("the nonlinear flow is integrated again")

    monkeypatch.setattr(AdaptiveRungeKutta, "trajectory", refuse)
    for time in (3.2, 4.0, 5.9):  # five linearizations: the second one
        set_and_wait(app, time=time)
        assert app.frame.errors == {}
    assert not ran(app, before) & SOLVERS
    assert inits == []
    set_and_wait(app, time=6.5)
    assert inits == [1]  # the third linearization has a space of its own


@pytest.mark.parametrize("time", [0.1, 2.5, 3.0, 7.7, 15.0, 21.0])
def test_the_flows_are_those_of_the_library(app, flow, time):
    set_and_wait(app, time=time, iterations=4)
    data, weights = app.data, flow.uniform_weights()
    end = max(SPAN, time)
    exact = ex.DenseExponential().solve(flow, weights, time)
    # Krylov spaces of dimension 6: as exact as their bound says
    assert (
        np.abs(data.W_linearized - exact.W).max()
        <= 8
        * app.read("linearized").error
        * time
        * np.exp(app.read("linearized").shift)
        + 1e-12
    )
    times = [end / 4] * int(time // (end / 4)) + [time % (end / 4)]
    scheme = ex.IteratedLinearization(ex.Krylov(6))
    iterated = scheme.solve(flow, weights, times)
    np.testing.assert_allclose(data.W_iterated, iterated.W, atol=1e-12)
    nonlinear = ex.AdaptiveRungeKutta(1e-11).solve(flow, weights, time)
    np.testing.assert_allclose(data.W_nonlinear, nonlinear.W, atol=1e-4)


def test_one_linearization_is_the_linearized_flow(app):
    set_and_wait(app, iterations=1, time=9.0)
    data = app.data
    np.testing.assert_allclose(data.W_iterated, data.W_linearized, atol=1e-13)
    chain, linear = app.read("chain").course, app.read("linear_course")
    for name in ("times", "entropy", "decided", "wrong"):
        found, usual = getattr(chain, name), getattr(linear, name)
        np.testing.assert_allclose(found, usual, rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("iterations", [1, 2, 7, 30, 31, 100])
def test_the_curves_pass_through_the_pictures(app, iterations):
    set_and_wait(app, iterations=iterations, time=SPAN / 30 * 17)
    data, truth = app.data, app.read("problem").labels
    found = {
        "linear_course": data.W_linearized,
        "chain": data.W_iterated,
        "nonlinear_course": data.W_nonlinear,
    }
    for node, W in found.items():
        course = app.read(node)
        course = course.course if node == "chain" else course
        assert course.times.size == courses.MOMENTS
        k = int(np.argmin(np.abs(course.times - SPAN / 30 * 17)))
        entropy = float(ex.manifold.entropy(W).mean())
        assert course.entropy[k] == pytest.approx(entropy, abs=1e-9)
        wrong = 100.0 * float((W.argmax("label") != truth).mean())
        assert course.wrong[k] == pytest.approx(wrong)
        decided = 100.0 * float((W.max("label") >= courses.DECIDED).mean())
        assert course.decided[k] == pytest.approx(decided)


def test_more_linearizations_approach_the_nonlinear_flow(app):
    set_and_wait(app, time=6.0, dim=20)
    gaps = []
    for iterations in (5, 10, 20, 40, 80):
        set_and_wait(app, iterations=iterations)
        data = app.data
        gaps.append(float(np.abs(data.W_iterated - data.W_nonlinear).max()))
    slopes = -np.diff(np.log2(gaps))
    np.testing.assert_allclose(slopes[1:], 2.0, atol=0.25)  # of second order in h


def test_at_another_base_point_the_start_is_labeled_already(app):
    set_and_wait(app, base_point="likelihood", time=SPAN)
    for one in app.read("over_time"):
        assert np.isfinite(one.wrong).all()
    set_and_wait(app, base_point="barycenter")
    for one in app.read("over_time"):
        assert np.isnan(one.wrong[0])
        assert np.isfinite(one.wrong[1:]).all()


def test_a_seed_that_is_not_used_computes_nothing(app):
    before = counts(app)
    set_and_wait(app, weights_seed=7)
    assert not ran(app, before) & {"weights", *SOLVERS}


def test_the_time_zero_has_no_labels_and_is_refused(app):
    with pytest.raises(ValueError, match="`time` must be a finite number above 0"):
        app.set(time=0.0)


def test_weights_are_uniform_random_or_learned(app, scene, flow):
    set_and_wait(app, patches=RANDOM, weights_seed=5)
    np.testing.assert_array_equal(app.data.weights, flow.random_weights(5))
    set_and_wait(app, patches=LEARNED)
    learner = ex.Learner(flow, scene.labels)
    learner.run(LEARNING_STEPS)
    np.testing.assert_array_equal(app.data.weights, learner.weights)
    wrong = app.numbers["error_percent"]
    set_and_wait(app, patches="uniform")
    assert app.numbers["error_percent"] > wrong


def test_a_later_time_extends_the_axis(app):
    set_and_wait(app, time=40.0)
    for node in ("linear_course", "nonlinear_course"):
        assert app.read(node).times[-1] == 40.0
    assert app.read("chain").course.times[-1] == 40.0
    assert app.frame.panels["entropy"].marks == ((40.0, "t = 40"),)


@pytest.mark.parametrize("flow_name", [ITERATED, NONLINEAR])
def test_the_flow_to_compare_with_is_the_chosen_one(app, flow_name):
    set_and_wait(app, compared_with=flow_name, time=8.0)
    data, panels = app.data, app.frame.panels
    W, other = data.W_linearized.values, data[f"W_{flow_name}"].values
    np.testing.assert_array_equal(panels["disagreement"].truth, other.argmax(axis=0))
    assert panels["disagreement"].called == (flow_name, "differs")
    distance = 0.5 * np.abs(W - other).sum(axis=0)
    np.testing.assert_allclose(panels["difference"].values, distance, atol=1e-15)


def test_a_label_that_does_not_exist_is_said_beside_its_control(app):
    app.show("tangent", "probability")
    set_and_wait(app, shown_label=8)
    assert "`shown_label` must be at most 7" in app.frame.complaints["shown_label"]
    set_and_wait(app, shown_label=7)
    assert app.frame.complaints == {}
    V = app.read("linearized").scaled[7]
    np.testing.assert_array_equal(app.frame.panels["tangent"].values, V)


def test_the_path_ends_in_the_probabilities_of_the_pixel(app):
    set_and_wait(app, time=SPAN, pixel=(3, 8))
    data = app.data
    for series in app.frame.panels["path"].series:
        label, name = series.name.split(", ")
        end = float(data[f"W_{name}"][int(label), 3, 8])
        assert series.y[-1] == pytest.approx(end, abs=1e-9)
        assert series.y[0] == pytest.approx(1.0 / 8.0)


@pytest.mark.parametrize("shape", [(1, 1), (5, 4)])
def test_one_label_has_nothing_to_decide(shape):
    app = ex.FlowExplorer(image=np.full(shape, 0.5), labels=1)
    assert app.wait(60.0)
    assert app.frame.errors == {}
    assert app.numbers["error_percent"] == 0.0
    assert app.numbers["entropy"] == 0.0
    app.close()
