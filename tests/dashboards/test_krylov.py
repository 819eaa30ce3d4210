"""The Krylov explorer against dense matrices: errors, bounds, costs, Ritz values."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.linalg import expm

import explorer as ex
from explorer.dashboards import krylov_nodes as nodes
from explorer.dashboards import krylov_views as views
from tests.dashboards.contract import counts, opened, ran, set_and_wait

pytestmark = pytest.mark.slow

SIDE, LABELS = 8, 3
SCENE = {"scene": "coffee", "size": SIDE, "labels": LABELS, "noise": 0.2}


@pytest.fixture
def app():
    app = opened(ex.KrylovExplorer, **SCENE)
    yield app
    app.close()


@pytest.fixture
def dense():
    """A and b of the scene as a matrix and a vector."""
    scene = ex.image_scene(ex.sample_image("coffee", size=SIDE), LABELS, noise=0.2)
    flow = ex.LinearizedFlow(scene.distances)
    system = flow.plain_system(flow.uniform_weights().values)
    n = system.source.size
    columns = [system.apply(e.reshape(system.shape)).ravel() for e in np.eye(n)]
    return np.stack(columns, axis=1), system.source.ravel()


def exact(dense, time):
    """V(T) from the exponential of an augmented matrix."""
    A, b = dense
    n = b.size
    M = np.zeros((n + 1, n + 1))
    M[:n, :n], M[:n, n] = time * A, time * b
    return expm(M)[:n, n]


def distance(found, V):
    return float(np.linalg.norm(found - V) / np.linalg.norm(V))


@pytest.mark.parametrize("time", [1.0, 5.0, 20.0])
def test_errors_over_m_are_true_and_below_their_bounds(app, dense, time):
    set_and_wait(app, time=time)
    errors, V = app.read("over_dims"), exact(dense, time)
    states = app.read("states")
    for m, true, bound in zip(errors.at, errors.true, errors.bound, strict=True):
        found = ex.Krylov(dim=int(m)).compute(states[int(m)], time).scaled.ravel()
        # the reference is exact to rounding, amplified by e^{T/2} at most
        rounding = 1e-13 * np.exp(time / 2)
        assert true == pytest.approx(distance(found, V), rel=1e-6, abs=rounding)
        assert true <= bound + rounding


def test_errors_over_t_are_true_and_below_their_bounds(app, dense):
    set_and_wait(app, dim=4)
    errors, state = app.read("over_times"), app.read("basis")
    for t, true, bound in zip(errors.at, errors.true, errors.bound, strict=True):
        found = ex.Krylov(dim=4).compute(state, float(t)).scaled.ravel()
        expected = distance(found, exact(dense, float(t)))
        assert true == pytest.approx(expected, rel=1e-4, abs=1e-12)
        assert true <= bound + 1e-12
    assert errors.true[-1] > 100 * errors.true[0]


def test_every_method_has_its_own_error_at_its_own_cost(app, dense):
    set_and_wait(app, time=4.0)
    A, b = dense
    V, costs = exact(dense, 4.0), app.read("costs")
    work, errors = costs["Euler"]
    assert list(work) == list(nodes.EULER_STEPS)
    for n, error in zip(nodes.EULER_STEPS, errors, strict=True):
        v, h = np.zeros(b.size), 4.0 / n
        for _ in range(n):
            v = v + h * (A @ v + b)
        assert error == pytest.approx(distance(v, V), rel=1e-9)
    work, errors = costs["Taylor"]
    term, total = 4.0 * b, np.zeros(b.size)
    for k, error in zip(work, errors, strict=True):
        total = total + term
        assert error == pytest.approx(distance(total, V), rel=1e-6, abs=1e-13)
        term = 4.0 / (k + 2) * (A @ term)
    work, errors = costs["Runge–Kutta"]
    for tolerance, count, error in zip(nodes.TOLERANCES, work, errors, strict=True):
        assert error <= 100 * tolerance
        assert count >= 12
    assert costs["Krylov"][0][2] == 3


def test_with_equal_cost_krylov_spaces_are_best(app):
    set_and_wait(app, time=8.0)
    costs = app.read("costs")
    krylov = dict(zip(*costs["Krylov"], strict=True))
    for name in ("Taylor", "Euler"):
        for work, error in zip(*costs[name], strict=True):
            if work in krylov and error > 1e-12:
                assert krylov[work] < error, (name, work)


def test_ritz_values_lie_in_the_disc_and_approach_eigenvalues(app, dense):
    set_and_wait(app, dim=30)
    ritz, system = app.read("ritz"), app.read("system")
    assert np.abs(ritz).max() <= system.growth
    assert np.linalg.norm(dense[0], 2) <= system.growth
    eigenvalues = np.linalg.eigvals(dense[0])
    # the outermost one is found first
    largest = eigenvalues[np.abs(eigenvalues).argmax()]
    assert np.abs(ritz - largest).min() < 1e-6
    panel = app.frame.panels["ritz-values"]
    values, circle = panel.series
    np.testing.assert_array_equal(values.x + 1j * values.y, ritz)
    assert not values.joined
    np.testing.assert_allclose(np.hypot(circle.x, circle.y), system.growth)


def test_ritz_values_lie_in_the_disc_of_another_base_point(app):
    set_and_wait(app, base_point="likelihood", dim=20)
    assert np.abs(app.read("ritz")).max() <= app.read("system").growth


@pytest.mark.parametrize("dim", [1, 2])
def test_too_few_vectors_for_sub_steps_are_refused_at_once(app, dim):
    app.set(dim=dim, time=30.0)
    assert app.wait(20.0)
    assert set(app.frame.errors) == {"substeps"}
    assert "`dim` must be at least 3" in app.frame.complaints["dim"]
    assert app.numbers["bound"] >= app.numbers["true_error"] > 0.1


@pytest.mark.parametrize("time", [0.0, 1000.0])
def test_the_code_gives_the_numbers_at_extreme_times(app, time):
    set_and_wait(app, time=time)
    space = {}
    exec(app.code(), space)
    assert space["numbers"] == pytest.approx(app.numbers, rel=1e-9, abs=1e-15)


def test_the_error_of_the_reference_stands_beside_the_true_error(app):
    shown = app.frame.readouts[0]
    assert not shown.warn
    assert "reference ±" in shown.note
    set_and_wait(app, time=2000.0, dim=60)  # the same as the reference: no error, but
    assert app.numbers["true_error"] == 0.0
    assert app.frame.readouts[0].warn


def test_sub_steps_fill_the_time(app):
    set_and_wait(app, dim=4, time=25.0)
    solved = app.read("adaptive")
    taken = solved.taken
    assert len(taken) == solved.work.substeps > 1
    assert taken[0].begin == 0.0
    assert taken[-1].end == 25.0
    for before, after in pairwise(taken):
        assert before.end == after.begin < after.end
    assert max(step.dim for step in taken) == solved.work.dim <= 4


def test_the_orthogonality_is_that_of_the_bases(app):
    found, system = app.read("orthogonality"), app.read("system")
    for name, process in (
        ("Gram–Schmidt", ex.GramSchmidt()), ("Chebyshev blocks", ex.BlockChebyshev()),
    ):  # fmt: skip
        made = process.build(system.forward, system.start, nodes.LONGEST)
        Q = made.vectors.reshape(made.dim, -1)
        k = made.dim
        expected = np.linalg.norm(Q @ Q.T - np.eye(k), 2)
        assert found[name][-1] == pytest.approx(expected, rel=1e-9)
        assert found[name].size == k
        assert found[name].max() < 1e-9


def test_moving_the_time_builds_no_space(app):
    before = counts(app)
    set_and_wait(app, time=7.0)
    built = {"basis", "states", "reference_state", "orthogonality", "over_times"}
    assert not ran(app, before) & built


def test_a_time_beyond_the_other_methods_is_said_in_their_view(app):
    set_and_wait(app, time=500.0)
    assert set(app.frame.errors) == {"equal-cost"}
    assert "`time` must be at most 30" in app.frame.complaints["time"]
    assert app.numbers["bound"] > 1.0
    set_and_wait(app, time=5.0)
    assert app.frame.errors == {}
    assert app.frame.complaints == {}


@pytest.mark.parametrize("shape", [(1, 1), (4, 5)])
def test_one_label_has_nothing_to_solve(shape):
    app = ex.KrylovExplorer(image=np.full(shape, 0.5), labels=1)
    assert app.wait(60.0)
    assert app.frame.errors == {}
    assert app.numbers == {"true_error": 0.0, "bound": 0.0, "error_percent": 0.0}
    space = {}
    exec(app.code(), space)
    assert space["numbers"] == app.numbers
    app.close()


def test_phi_is_the_mean_of_the_exponential():
    z = np.array([0.0, 1e-12, 1.0, -3.0, 2.0 + 5.0j, 700.0])
    means = [np.exp(z[:5, None] * s).mean(axis=1) for s in [MIDPOINTS]]
    np.testing.assert_allclose(views.phi_size(z[:5]), np.abs(means[0]), rtol=1e-6)
    assert np.isfinite(views.phi_size(z)).all()


MIDPOINTS = (np.arange(20_000) + 0.5) / 20_000
"""Where the integral of e^{zs} over s from 0 to 1 is summed."""
