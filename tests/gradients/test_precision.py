"""Single precision: everything stays in it, and what it costs is within the bounds."""

from __future__ import annotations

import numpy as np
import pytest

import explorer as ex
from explorer.flow.base import STEEPEST

TIME = 5.0


@pytest.fixture(scope="module", params=["image", "graph"])
def pair(request):
    """The same problem in double and in single precision, and its ground truth."""
    scene = ex.voronoi_scene("colors", size=20, noise=0.3)
    D, labels = scene.distances.values, scene.labels.values
    if request.param == "image":
        flows = [ex.LinearizedFlow(D, dtype=t) for t in ("float64", "float32")]
        return *flows, labels
    graph = ex.neighbor_graph(np.argwhere(labels >= 0), 9)
    flat = D.reshape(len(D), -1)
    flows = [ex.GraphFlow(flat, graph, dtype=t) for t in ("float64", "float32")]
    return *flows, labels.ravel()


WAYS = [ex.BlockChebyshev(), ex.BlockChebyshev(keep=False), ex.GramSchmidt()]


@pytest.mark.parametrize("way", WAYS, ids=repr)
def test_errors_of_single_precision_are_within_the_bound(pair, way):
    double, single, _ = pair
    solver = ex.Krylov(20, orthogonalization=way)
    exact = ex.Krylov(30).solve(double, double.uniform_weights(), TIME)
    found = solver.solve(single, single.uniform_weights(), TIME)
    assert found.V.dtype == np.float32
    off = float(np.linalg.norm(found.V - exact.V))
    norm = float(np.linalg.norm(exact.V))
    assert 1e-9 * norm < off <= found.error < 1e-2 * norm
    assert found.error > 1e3 * exact.error  # rounding is counted


@pytest.mark.parametrize("way", WAYS, ids=repr)
def test_the_gradient_points_where_the_double_one_does(pair, way):
    double, single, labels = pair
    exact = ex.LowRankGradient(30, 30)(double, double.uniform_weights(), labels, TIME)
    method = ex.LowRankGradient(10, 10, route=ex.TwoSided(way))
    found = method(single, single.uniform_weights(), labels, TIME)
    assert found.gradient.dtype == np.float32
    u = found.gradient.values.astype(float).ravel()
    v = exact.gradient.values.ravel()
    assert u @ v >= 0.9999 * np.linalg.norm(u) * np.linalg.norm(v)
    assert abs(float(found.loss - exact.loss)) <= float(found.loss_error) < 0.05
    assert float(found.approximation_error) >= np.linalg.norm(u - v)


GRADIENTS = [
    ex.LowRankGradient(4, 2),
    ex.LowRankGradient(4, 2, route=ex.KroneckerSum()),
    ex.BenziSimoncini(4),
    ex.KroneckerKrylov(4),
    ex.FactoredSVD(4),
    ex.DenseGradient(),
    ex.DirectKronecker(),
    ex.EulerAdjoint(),
]


@pytest.mark.slow
@pytest.mark.parametrize("method", GRADIENTS, ids=repr)
@pytest.mark.parametrize("central", [True, False])
def test_every_gradient_takes_single_precision_at_any_base_point(method, central):
    rng = np.random.default_rng(0)
    D, base = rng.random((3, 3, 4)), rng.uniform(0.2, 1.0, (3, 3, 4))
    base, labels = None if central else base / base.sum(axis=0), D.argmin(axis=0)
    double, single = (
        ex.LinearizedFlow(D, base_point=base, dtype=t) for t in ("float64", "float32")
    )
    exact = method(double, double.uniform_weights(), labels, 1.0).gradient.values
    found = method(single, single.uniform_weights(), labels, 1.0).gradient.values
    # a few hundred roundings of single precision
    assert np.linalg.norm(found - exact) < 1e-4 * np.linalg.norm(exact)


OPTIMIZERS = [ex.RiemannianDescent(), ex.Adam(), ex.MomentumDescent(0.5)]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("tau", [0.0, 1e-6])
def test_learning_stays_in_single_precision_and_learns(pair, optimizer, tau):
    _, single, labels = pair
    learner = ex.Learner(single, labels, optimizer=optimizer, tau=tau)
    trace = learner.run(6)
    assert learner.weights.dtype == np.float32
    assert float(trace.loss[-1]) < float(trace.loss[0])
    sums = single.neighborhood.total(learner.weights.values)
    np.testing.assert_allclose(sums, 1.0, atol=1e-5)


@pytest.mark.parametrize(
    "dtype", ["float16", "int32", "complex128", "half a float", None]
)
def test_other_types_are_refused(dtype):
    with pytest.raises(ValueError, match=r'`dtype` = .*; pass "float64"'):
        ex.LinearizedFlow(np.zeros((2, 3, 3)), dtype=dtype)


def test_distances_too_steep_for_single_precision_are_refused():
    D = np.zeros((2, 3, 3))
    D[0] = 1e3 * STEEPEST[np.dtype("float32")]
    ex.LinearizedFlow(D, 1.0)
    with pytest.raises(ValueError, match=r"the most that float32 allows"):
        ex.LinearizedFlow(D, 1.0, dtype="float32")


def test_bounds_of_past_steps_are_not_kept_and_say_so(pair):
    double, _, labels = pair
    learner = ex.Learner(double, labels)
    learner.run(1)
    derivative = learner.evaluate(double.uniform_weights().values).derivative
    with pytest.raises(RuntimeError, match="call the gradient method"):
        derivative.bounds()
    with pytest.raises(RuntimeError, match="call the gradient method"):
        _ = derivative.loss_error
    assert derivative.evolution.error >= 0.0  # this one is
