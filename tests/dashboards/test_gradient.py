"""The gradient explorer against the library and against dense matrices."""

from dataclasses import replace

import numpy as np
import pytest

import explorer as ex
from explorer.dashboards import gradient_nodes as nodes
from explorer.dashboards.gradient import METHODS
from explorer.dashboards.gradient_costs import measured
from explorer.flow import integrators
from tests.dashboards.contract import counts, opened, ran, set_and_wait

pytestmark = pytest.mark.slow

SCENE = {"scene": "coffee", "size": 8, "labels": 3, "noise": 0.2}


@pytest.fixture
def app():
    app = opened(ex.GradientExplorer, **SCENE)
    yield app
    app.close()


@pytest.fixture
def scene():
    return ex.image_scene(ex.sample_image("coffee", size=8), 3, noise=0.2)


@pytest.fixture
def flow(scene):
    return ex.LinearizedFlow(scene.distances)


def moves(data, weights):
    """R_Ω ∂f of a gradient, by the definition of the replicator."""
    g = data.gradient
    return weights * (g - (weights * g).sum("offset"))


def distance(found, exact):
    return float(((found - exact) ** 2).sum() / (exact**2).sum()) ** 0.5


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.__name__)
def test_every_method_is_compared_with_the_dense_gradient(app, scene, flow, kind):
    if kind is ex.DirectKronecker:
        app.set(gradient=kind())  # 96 GB: refused in words, before any work
        assert app.wait(60.0)
        said = app.frame.complaints["gradient"]
        assert "DirectKronecker" in said
        assert "needs" in said
        return
    app.set(gradient=kind(), reference=ex.DenseGradient(), time=4.0)
    assert app.wait(120.0)
    assert app.frame.errors == {}
    weights = flow.uniform_weights()
    exact = moves(ex.DenseGradient()(flow, weights, scene.labels, 4.0), weights)
    found = moves(kind()(flow, weights, scene.labels, 4.0), weights)
    assert app.numbers["relative_error"] == pytest.approx(
        distance(found, exact), rel=1e-6, abs=1e-12
    )
    inner = (found * exact).sum("offset")
    lengths = ((found**2).sum("offset") * (exact**2).sum("offset")) ** 0.5
    np.testing.assert_allclose(app.data.cosine, inner / lengths, atol=1e-9)


def test_the_error_falls_with_rank_and_dimension(app, scene, flow):
    set_and_wait(app, reference=ex.DenseGradient(), time=8.0)
    weights = flow.uniform_weights()
    exact = moves(ex.DenseGradient()(flow, weights, scene.labels, 8.0), weights)
    for rank, error in zip(nodes.RANKS, app.read("over_ranks"), strict=True):
        data = ex.LowRankGradient(30, rank)(flow, weights, scene.labels, 8.0)
        expected = distance(moves(data, weights), exact)
        assert error == pytest.approx(expected, rel=1e-6, abs=1e-11)
    for m, error in zip(nodes.DIMS, app.read("over_dims"), strict=True):
        data = ex.LowRankGradient(m, m)(flow, weights, scene.labels, 8.0)
        expected = distance(moves(data, weights), exact)
        assert error == pytest.approx(expected, rel=1e-6, abs=1e-11)
    assert app.read("over_ranks")[3] < 1e-3 * app.read("over_ranks")[0]


def test_aligned_pixels_over_time_are_those_of_the_library(app, scene, flow):
    weights, found = flow.uniform_weights(), app.read("over_times")
    for k in (0, 5, 11):
        time = nodes.TIMES[k]
        exact = ex.LowRankGradient(30, 30)(flow, weights, scene.labels, time)
        b = moves(exact, weights)
        for rank in (1, 2, 3):
            data = ex.LowRankGradient(30, rank)(flow, weights, scene.labels, time)
            a = moves(data, weights)
            lengths = ((a**2).sum("offset") * (b**2).sum("offset")) ** 0.5
            cosine = (a * b).sum("offset") / lengths
            share = 100.0 * float((cosine >= 0.9).mean())
            assert found[rank - 1, k] == pytest.approx(share)


def test_patches_are_descent_directions_of_both_methods(app, scene, flow):
    set_and_wait(app, pixel=(2, 5), reference=ex.FactoredSVD())
    weights, panels = flow.uniform_weights(), app.frame.panels
    for name, method in (
        ("gradient-patch", ex.LowRankGradient(dim=6)),
        ("reference-patch", ex.FactoredSVD()),
    ):
        data = method(flow, weights, scene.labels, 5.0)
        expected = -moves(data, weights).values[:, 2, 5].reshape(3, 3)
        np.testing.assert_allclose(panels[name].values, expected, rtol=1e-9)


def test_the_compared_method_is_named(app):
    set_and_wait(app, reference=ex.FactoredSVD())
    assert app.frame.panels["reference-patch"].note == "FactoredSVD"


def test_methods_that_do_not_fit_say_what_they_need(app, monkeypatch):
    app.show("methods")
    set_and_wait(app)
    for one in app.read("measured"):
        kind = getattr(ex, one.name)
        method = replace(kind(), dim=10) if hasattr(kind(), "dim") else kind()
        if one.needed:
            assert one.needed == method.memory(8 * 8 * 3)
        assert one.reason or one.seconds > 0.0
    by_name = {one.name: one for one in app.read("measured")}
    assert not by_name["DenseGradient"].reason  # 192 numbers: it is measured
    monkeypatch.setattr(integrators, "ALWAYS_THERE", 0)
    monkeypatch.setattr(
        integrators.psutil, "virtual_memory",
        lambda: type("Memory", (), {"available": 10**5})(),
    )  # fmt: skip
    rows = {m.name: m.reason for m in measured(
        app.read("system"), app.read("against"), ex.DirectionLoss(), lambda: None
    )}  # fmt: skip
    assert rows["DenseGradient"] == rows["DirectKronecker"] == "does not fit"


def test_the_loss_is_that_of_both_gradients(app, scene, flow):
    set_and_wait(app, loss=ex.CrossEntropy())
    weights = flow.uniform_weights()
    data = ex.LowRankGradient(dim=6, loss=ex.CrossEntropy())(
        flow, weights, scene.labels, 5.0
    )
    assert app.numbers["loss"] == pytest.approx(float(data.loss), rel=1e-12)


def test_the_rank_computes_nothing_but_its_own_gradient(app):
    set_and_wait(app, dim=8)
    before = counts(app)
    set_and_wait(app, rank=3)
    expensive = {"compared", "factors", "over_ranks", "over_dims", "over_times"}
    assert not ran(app, before) & expensive


def test_a_component_that_does_not_exist_is_said_beside_its_control(app):
    app.show("factor-left", "factor-right")
    set_and_wait(app, component=200)
    assert "`component` must be at most" in app.frame.complaints["component"]
    set_and_wait(app, component=2)
    assert app.frame.complaints == {}


@pytest.mark.parametrize("shape", [(1, 1), (4, 5)])
def test_one_label_has_no_gradient(shape):
    app = ex.GradientExplorer(image=np.full(shape, 0.5), labels=1)
    assert app.wait(60.0)
    assert app.frame.errors == {}
    assert app.numbers["relative_error"] == 0.0
    assert (app.frame.readouts[1].value, app.frame.readouts[1].note) == (
        "—",
        "vanishes",
    )
    app.close()


def test_the_code_gives_the_numbers_where_nothing_moves(app):
    """At T = 0 the gradient vanishes; nothing is divided by zero."""
    set_and_wait(app, time=0.0)
    space = {}
    exec(app.code(), space)
    assert space["numbers"] == pytest.approx(app.numbers, abs=1e-12)


def test_a_method_that_fails_does_not_take_the_others_away(app):
    set_and_wait(app, time=3000.0)
    rows = {m.name: m.reason for m in measured(
        app.read("system"), app.read("against"), ex.DirectionLoss(), lambda: None
    )}  # fmt: skip
    assert rows["EulerAdjoint"] == "beyond double precision"
    assert rows["LowRankGradient"] == ""


@pytest.mark.parametrize("setting", ["gradient", "reference"])
def test_methods_that_take_minutes_are_refused_beside_their_control(setting):
    app = opened(ex.GradientExplorer, size=32)
    set_and_wait(app, scene="lines", **{setting: ex.BenziSimoncini()})
    text = app.frame.complaints[setting]
    assert "takes minutes; lower `size`" in text
    assert "BenziSimoncini for 2048 = I·J numbers" in text
    set_and_wait(app, size=24)
    assert app.frame.complaints == {}
    app.close()
