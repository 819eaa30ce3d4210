"""Labeled input keeps its meaning: any order in, the same places out."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from tests import reference

ROW, COL, NAMES = [3.0, 3.25, 3.5], [7, 5, 3, 1], ["sky", "road", "tree"]
PLACE = {
    "row": ("row", ROW, {"units": "mm"}),
    "col": COL,
    "spatial_ref": ((), 0, {"crs_wkt": "EPSG:4326"}),
}
TURNED = {"row": [2, 0, 1], "col": [3, 2, 1, 0]}
TIME, SOLVER = 2.0, ex.Krylov(5)


@pytest.fixture
def distances(problem):
    return xr.DataArray(
        problem.distances,
        dims=("label", "row", "col"),
        coords={**PLACE, "label": NAMES},
        attrs={"crs": "EPSG:4326", "units": "distance"},
    )


@pytest.fixture
def named(distances):
    return ex.LinearizedFlow(distances, 0.5)


@pytest.fixture
def truth(problem):
    return xr.DataArray(problem.labels, dims=("row", "col"), coords=PLACE)


@pytest.fixture
def weights(named, problem):
    return named.label_weights(problem.weights)


def assert_placed(array, dims):
    """Assert that an array lies where the distances do."""
    assert set(dims) <= set(array.dims)
    assert array.row.values.tolist() == ROW
    assert array.row.attrs == {"units": "mm"}
    assert array.col.values.tolist() == COL
    assert array.spatial_ref.attrs == {"crs_wkt": "EPSG:4326"}
    assert array.attrs["crs"] == "EPSG:4326"
    assert array.attrs.get("units") != "distance"
    if "label" in array.dims:
        assert array.label.values.tolist() == NAMES


FIELD, PIXELS = ("label", "row", "col"), ("row", "col")


def test_solutions_carry_the_coordinates_of_the_distances(named, weights):
    solution = SOLVER.solve(named, weights, TIME)
    assert_placed(solution.V, FIELD)
    assert_placed(solution.W, FIELD)
    assert_placed(solution.labels, PIXELS)
    assert "label" not in solution.labels.coords
    assert_placed(named.distances, FIELD)
    assert_placed(named.uniform_weights(), ("offset", *PIXELS))


def test_nonlinear_and_iterated_flows_carry_them_too(named, weights):
    for found in (
        ex.GeometricEuler(0.5).solve(named, weights, TIME),
        ex.AdaptiveRungeKutta(1e-3).solve(named, weights, TIME),
        ex.IteratedLinearization(SOLVER).solve(named, weights, [1.0, 1.0]),
    ):
        assert_placed(found.W, FIELD)
        assert_placed(found.labels, PIXELS)


def test_coupled_flows_carry_them_too(named, weights):
    coupling = 0.1 * np.eye(3)
    chain = ex.SerialFlow([ex.Stage(named), ex.Stage(named, coupling)])
    pair = ex.ParallelFlow([named, named], {(0, 1): coupling})
    both = [weights, weights]
    for found in (*chain.solve(both, [1.0, 1.0]), *pair.solve(both, 1.0)):
        assert_placed(found.V, FIELD)
        assert_placed(found.labels, PIXELS)


def test_gradients_and_learned_weights_carry_them(named, weights, truth):
    for method in (ex.LowRankGradient(5), ex.EulerAdjoint(0.5)):
        gradient = method(named, weights, truth, TIME).gradient
        assert_placed(gradient, ("offset", *PIXELS))
        assert gradient.drow.dims == ("offset",)
    steps = ex.IteratedGradient(5, 1)(named, weights, truth, [1.0, 1.0]).gradient
    assert_placed(steps, ("iteration", "offset", *PIXELS))
    learner = ex.Learner(named, truth, gradient=ex.LowRankGradient(5))
    learner.run(1)
    assert_placed(learner.weights, ("offset", *PIXELS))
    chain = ex.SerialFlow([ex.Stage(named), ex.Stage(named, np.eye(3))])
    found = ex.SerialGradient(5, 1)(chain, [weights, weights], truth, [1.0, 1.0])
    assert_placed(found.gradient_0, ("offset", *PIXELS))


@pytest.mark.parametrize("turn", [{}, TURNED], ids=["transposed", "reordered"])
def test_every_argument_is_put_in_the_order_of_the_distances(
    named, weights, truth, turn
):
    base = named.distances.copy(data=reference.random_weights(1, (3, 4), 5)[:3])
    base = base / base.sum("label")
    flow = ex.LinearizedFlow(named.distances, 0.5, base_point=base)
    away = base.isel(turn).isel(label=[2, 0, 1]).transpose("col", "label", "row")
    other = ex.LinearizedFlow(named.distances, 0.5, base_point=away)
    turned = weights.isel(turn).transpose("col", "offset", "row")
    right, found = (SOLVER.solve(*a, TIME) for a in ((flow, weights), (other, turned)))
    xr.testing.assert_identical(found.V, right.V)
    method = ex.LowRankGradient(5)
    truth_ = truth.isel(turn).transpose("col", "row")
    xr.testing.assert_identical(
        method(named, turned, truth_, TIME), method(named, weights, truth, TIME)
    )
    start = ex.Learner(named, truth_, initial_weights=turned)
    np.testing.assert_array_equal(start.weights, weights)
    np.testing.assert_array_equal(start.truth, truth)


def test_other_coordinates_are_refused_before_anything_is_computed(
    named, weights, truth
):
    def calls(other):
        yield "weights", lambda: SOLVER.solve(named, other(weights), TIME)
        yield "labels", lambda: ex.Learner(named, other(truth))
        yield (
            "initial_weights",
            lambda: ex.Learner(named, truth, initial_weights=other(weights)),
        )
        yield (
            "base_point",
            lambda: ex.LinearizedFlow(
                named.distances, base_point=other(named.distances)
            ),
        )
        yield (
            r"weights\[1\]",
            lambda: ex.IteratedLinearization().solve(
                named, [weights, other(weights)], [1, 1]
            ),
        )
        yield "V", lambda: named.system(weights).apply(other(named.distances))

    for other in (
        lambda a: a.assign_coords(row=[3.0, 3.25, 4.0]),
        lambda a: a.isel(row=[0, 1]),
    ):
        for name, call in calls(other):
            with pytest.raises(ValueError, match=f"`{name}` has other coord.* `row`"):
                call()


def test_weights_of_other_neighbors_are_refused(named, weights):
    turned = weights.isel(offset=slice(None, None, -1))
    for call in (
        lambda: SOLVER.solve(named, turned, TIME),
        lambda: ex.GeometricEuler().solve(named, turned, TIME),
        lambda: ex.Learner(named, np.zeros((3, 4), int), initial_weights=turned),
        lambda: ex.FlowBatch(named.distances.expand_dims("image")).solve(
            SOLVER, turned.expand_dims("image"), TIME
        ),
    ):
        with pytest.raises(ValueError, match=r"weights` has other coordinates `drow`"):
            call()
    back = turned.sortby(["drow", "dcol"])
    xr.testing.assert_identical(
        SOLVER.solve(named, back, TIME).V, SOLVER.solve(named, weights, TIME).V
    )


def test_graphs_carry_names_of_nodes_and_refuse_edges_in_another_order():
    D = np.random.default_rng(0).uniform(size=(2, 4))
    names = ["n0", "n1", "n2", "n3"]
    D = xr.DataArray(D, dims=("label", "node"), coords={"node": names})
    flow = ex.GraphFlow(D, np.eye(4) + np.eye(4, k=1))
    weights = flow.uniform_weights()
    assert "node" not in weights.coords
    solution = SOLVER.solve(flow, weights, TIME)
    for array in (solution.V, solution.W, solution.labels):
        assert array.node.values.tolist() == names
    labels = xr.DataArray([0, 1, 1, 0], dims="node", coords={"node": names})
    method = ex.LowRankGradient(4)
    right = method(flow, weights, labels, TIME)
    xr.testing.assert_identical(method(flow, weights, labels[::-1], TIME), right)
    with pytest.raises(ValueError, match="`weights` has other coordinates `source`"):
        SOLVER.solve(flow, weights[::-1], TIME)


@pytest.fixture
def images(distances):
    parts = [distances, 2.0 * distances, 1.0 - distances]
    return xr.concat(parts, "image").assign_coords(image=["a", "b", "c"])


def test_batches_keep_and_match_the_names_of_images(images, distances, truth):
    batch = ex.FlowBatch(images, 0.5)
    weights = batch.uniform_weights() * xr.DataArray(
        np.linspace(0.5, 1.5, 27).reshape(3, 9), dims=("image", "offset")
    )
    weights = weights / weights.sum("offset")
    labels = xr.concat([truth, 2 - truth, 0 * truth], "image")
    labels = labels.assign_coords(image=["a", "b", "c"])
    mixed = {"image": [2, 0, 1], "row": [1, 2, 0]}
    right = batch.solve(SOLVER, weights, TIME)
    found = batch.solve(SOLVER, weights.isel(mixed).transpose("col", ...), TIME)
    xr.testing.assert_identical(found, right)
    assert right.image.values.tolist() == ["a", "b", "c"]
    assert right.row.values.tolist() == ROW
    assert right.attrs["crs"] == "EPSG:4326"
    method = ex.LowRankGradient(5)
    right = ex.batch_gradient(method, batch, weights, labels, TIME)
    found = ex.batch_gradient(method, batch, weights, labels.isel(mixed), TIME)
    xr.testing.assert_identical(found, right)
    assert right.gradient.coords["image"].values.tolist() == ["a", "b", "c"]
    alone = method(batch.flows[1], weights[1], labels[1], TIME)
    assert float(right.loss.sel(image="b")) == float(alone.loss)
    with pytest.raises(
        ValueError, match="`labels` has other coordinates along `image`"
    ):
        ex.batch_gradient(method, batch, weights, labels.isel(image=[0, 1]), TIME)


def test_a_batch_refuses_weights_by_name(images):
    batch = ex.FlowBatch(images)
    weights = batch.uniform_weights()
    with pytest.raises(ValueError, match="`weights` has the dimensions"):
        batch.solve(SOLVER, weights.rename(image="scene"), TIME)
    masked = np.ma.masked_array(weights.values, mask=False)
    masked[1, 4, 1, 1] = np.ma.masked
    for value in (masked, list(masked)):
        with pytest.raises(TypeError, match="`weights` has masked entries"):
            batch.solve(SOLVER, value, TIME)
