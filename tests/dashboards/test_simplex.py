"""The simplex explorer against the definitions of its curves, and the library."""

import numpy as np
import pytest

import explorer as ex
from explorer.dashboards import simplex_nodes as nodes
from explorer.panels import Simplex
from tests.dashboards.contract import counts, opened, ran, set_and_wait

pytestmark = pytest.mark.slow

M = ex.manifold
S = np.linspace(-1.0, 1.0, nodes.SAMPLES)


@pytest.fixture
def app():
    app = opened(ex.SimplexExplorer)
    yield app
    app.close()


@pytest.fixture
def scene():
    return ex.image_scene(ex.sample_image("coffee", size=12), 3, noise=0.3)


@pytest.fixture
def flow(scene):
    return ex.LinearizedFlow(scene.distances)


def test_the_vector_points_where_its_angle_says(app):
    for angle in (0.0, 37.0, 90.0, 200.0):
        set_and_wait(app, angle=angle, length=0.2)
        v = app.read("vector")
        assert v.sum() == pytest.approx(0.0, abs=1e-15)
        assert np.linalg.norm(v) == pytest.approx(0.2)
        origin, tip = Simplex.xy(np.zeros(3)), Simplex.xy(v)
        turned = np.arctan2(tip[1] - origin[1], tip[0] - origin[0])
        assert np.cos(turned - np.radians(angle)) == pytest.approx(1.0)


def test_each_curve_leaves_p_along_v_in_its_own_way(app):
    set_and_wait(app, p0=0.5, p1=0.2, angle=75.0, length=0.25)
    p, v = app.read("point"), app.read("vector")
    # e-geodesic: log p changes linearly, up to a constant
    e = np.log(app.read("exponential_curve")) - np.log(p)[:, None]
    np.testing.assert_allclose(
        e - e.mean(axis=0), np.outer(v / p - (v / p).mean(), S), atol=1e-12
    )
    lifted = np.log(app.read("lifting_curve")) - np.log(p)[:, None]
    np.testing.assert_allclose(
        lifted - lifted.mean(axis=0), np.outer(v - v.mean(), S), atol=1e-12
    )
    straight = app.read("straight_curve")
    np.testing.assert_allclose(straight, p[:, None] + np.outer(v, S), atol=1e-15)
    # Fisher–Rao: constant speed, and the shortest way to each of its points
    great = app.read("geodesic_curve")
    length = float(M.inner(p, v, v)) ** 0.5
    for s, q in zip(S, great.T, strict=True):
        assert float(M.distance(p, q)) == pytest.approx(abs(s) * length, abs=1e-7)
    half = M.geodesic(p, great[:, -1], 0.5)
    np.testing.assert_allclose(great[:, 30], half, atol=1e-12)  # s = 1/2
    for name in ("exponential_curve", "straight_curve", "geodesic_curve"):
        points = app.read(name)
        step = (points[:, 21] - points[:, 19]) / (S[21] - S[19])
        np.testing.assert_allclose(step, v, atol=5e-3)


def test_curves_that_leave_the_triangle_end_at_its_edge(app):
    set_and_wait(app, p0=0.6, p1=0.3, angle=0.0, length=2.0)
    for name in ("straight_curve", "geodesic_curve"):
        points = app.read(name)
        known = np.isfinite(points[0])
        assert 0 < known.sum() < nodes.SAMPLES
        assert points[:, known].min() >= 0.0
        np.testing.assert_allclose(points[:, known].sum(axis=0), 1.0, rtol=1e-12)
    for name in ("exponential_curve", "lifting_curve"):
        assert np.isfinite(app.read(name)).all()


@pytest.mark.parametrize("p", [(1 / 3, 1 / 3), (0.6, 0.35), (0.9, 0.05)])
def test_circles_have_their_radius(app, p):
    set_and_wait(app, p0=p[0], p1=p[1])
    point = app.read("point")
    for radius, points in app.read("circles").items():
        known = np.isfinite(points[0])
        found = [float(M.distance(point, q)) for q in points[:, known].T]
        np.testing.assert_allclose(found, radius, rtol=1e-6)


def test_numbers_are_those_of_the_manifold(app):
    p, v = app.read("point"), app.read("vector")
    assert app.numbers["length"] == pytest.approx(np.sqrt((v**2 / p).sum()))
    q = p * np.exp(v / p) / (p * np.exp(v / p)).sum()
    assert app.numbers["distance"] == pytest.approx(
        2.0 * np.arccos(np.sqrt(p * q).sum())
    )
    assert app.numbers["entropy"] == pytest.approx(-(p * np.log(p)).sum() / np.log(3))


def test_paths_end_in_the_assignment(app, scene, flow):
    set_and_wait(app, dim=20, time=9.0, pixel=(4, 7))
    weights = flow.uniform_weights()
    W = ex.DenseExponential().solve(flow, weights, 9.0).W
    np.testing.assert_allclose(app.read("paths")[-1], W, atol=1e-9)
    np.testing.assert_allclose(app.read("paths")[0], 1.0 / 3.0, atol=1e-15)
    nonlinear = ex.AdaptiveRungeKutta(1e-11).solve(flow, weights, 9.0).W
    end = app.read("nonlinear_path")[-1]
    np.testing.assert_allclose(end, nonlinear[:, 4, 7], atol=1e-4)
    panel = app.frame.panels["pixel-paths"]
    assert [s.name for s in panel.series] == [
        "linearized", "nonlinear", "above", "below", "left", "right",
    ]  # fmt: skip
    x, y = Simplex.xy(np.asarray(W[:, 3, 7]))
    assert (panel.series[2].x[-1], panel.series[2].y[-1]) == pytest.approx((x, y))


def test_the_geometric_mean_is_the_similarity_of_equal_data(app):
    """S(W) = softmax(Ω log W) where D = 0 (2.17)."""
    set_and_wait(app, pixel=(0, 11), patches="random")
    W, weights = app.data.W.values, app.data.weights.values
    hood = ex.LinearizedFlow(np.zeros_like(W)).neighborhood
    S_of_W = hood.similarity(weights, np.log(W))
    arithmetic, geometric = app.read("means")
    np.testing.assert_allclose(geometric, S_of_W[:, 0, 11], atol=1e-9)
    np.testing.assert_allclose(
        arithmetic, hood.average(weights, W)[:, 0, 11], atol=1e-12
    )


def test_a_tap_into_the_triangle_moves_p(app):
    x, y = Simplex.xy(np.array([0.2, 0.1, 0.7]))
    tap = {"kind": "tap", "id": "v", "n": 1, "x": float(x), "y": float(y)}
    app._hear({**tap, "view": "maps"})
    assert app.wait()
    np.testing.assert_allclose(app.read("point"), [0.2, 0.1, 0.7], atol=1e-3)
    app._hear({**tap, "n": 2, "view": "circles-around", "x": -3.0, "y": 0.0})
    assert app.wait()
    p = app.read("point")  # beside the triangle: the nearest place that is not lost
    assert p[0] > 0.9
    assert p.min() > 0.0
    pixel = app.frame.moment.settings["pixel"]
    app._hear({**tap, "n": 3, "view": "picture", "x": 2.4, "y": 5.6})
    assert app.wait()
    assert app.frame.moment.settings["pixel"] == (5, 2) != pixel


def test_a_point_without_a_third_label_is_refused_beside_its_control(app):
    set_and_wait(app, p0=0.9)
    assert "lower `p0` or `p1`" in app.frame.complaints["p1"]
    set_and_wait(app, p0=0.4)
    assert app.frame.complaints == {}
    assert app.frame.errors == {}


def test_another_number_of_labels_has_curves_instead_of_triangles(app):
    set_and_wait(app, labels=5)
    assert set(app.frame.errors) == {"neighbor-means", "pixel-paths"}
    assert "`labels` must be 3" in app.frame.complaints["labels"]
    assert len(app.frame.panels["probabilities"].series) == 5
    set_and_wait(app, labels=3)
    assert app.frame.errors == {}


def test_the_point_does_not_touch_the_flow(app):
    before = counts(app)
    set_and_wait(app, angle=10.0)
    assert not ran(app, before) & {"solved", "paths", "trajectory", "basis"}


def test_a_tap_that_sets_two_numbers_is_one_step_of_undo(app):
    before = app.frame.moment.settings
    for number, x in enumerate((0.3, 0.35, 0.4)):
        app._hear(
            {"kind": "tap", "view": "maps", "x": x, "y": 0.3, "n": number, "id": "v"}
        )
    assert app.wait()
    assert app.frame.moment.settings["p1"] != before["p1"]
    app.undo()
    assert app.wait()
    assert app.frame.moment.settings == before
    assert not app.frame.undo
