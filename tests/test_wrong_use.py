"""Wrong use of any public argument raises, naming argument, value and cure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from tests import graphs, reference

REFUSALS = (ValueError, TypeError, FileNotFoundError)
PROBLEM = reference.random_problem()
COLOR = np.random.default_rng(0).uniform(size=(4, 5, 3))
FLOW = ex.LinearizedFlow(PROBLEM.distances)
SHAPE = PROBLEM.labels.shape


NODES = graphs.random_problem(graphs.random_pattern(6), seed=2)
NETWORK = ex.GraphFlow(NODES.distances, NODES.pattern)
FEATURES = np.random.default_rng(1).uniform(size=(6, 2))


def graph_flow(distances=NODES.distances, graph=NODES.pattern, **kwargs):
    return ex.GraphFlow(distances, graph, **kwargs)


def neighbor_graph(features=FEATURES, count=3):
    return ex.neighbor_graph(features, count)


def on_graph(weights=NODES.weights, labels=NODES.labels):
    ex.LowRankGradient()(NETWORK, weights, labels, 1.0)
    return ex.Krylov().solve(NETWORK, weights, 1.0)


def solve(flow=FLOW, weights=PROBLEM.weights, time=1.0):
    return ex.Krylov().solve(flow, weights, time)


def gradient(flow=FLOW, weights=PROBLEM.weights, labels=PROBLEM.labels, time=1.0):
    return ex.LowRankGradient()(flow, weights, labels, time)


def learner(**kwargs):
    return ex.Learner(**{"flow": FLOW, "labels": PROBLEM.labels} | kwargs)


def image_scene(image=COLOR, **kwargs):
    return ex.image_scene(image, **{"labels": 2} | kwargs)


class Scalar(NamedTuple):
    """A function and its scalar argument, with a number that is out of range."""

    function: object
    argument: str
    beyond: float

    def __str__(self):
        return f"{getattr(self.function, '__name__', '')}-{self.argument}"


SCALARS = [
    Scalar(ex.voronoi_scene, "size", 0),
    Scalar(ex.voronoi_scene, "size", 1.5),
    Scalar(ex.voronoi_scene, "noise", -0.1),
    Scalar(ex.voronoi_scene, "seed", -1),
    Scalar(image_scene, "labels", 0),
    Scalar(image_scene, "labels", 65),
    Scalar(image_scene, "noise", 11),
    Scalar(image_scene, "seed", 2**32),
    Scalar(lambda size: ex.sample_image("rocket", size), "size", 4097),
    Scalar(lambda rho: ex.LinearizedFlow(PROBLEM.distances, rho), "rho", 0),
    Scalar(lambda rho: ex.LinearizedFlow(PROBLEM.distances, rho), "rho", -1),
    Scalar(lambda radius: ex.LinearizedFlow(COLOR, radius=radius), "radius", 0),
    Scalar(lambda radius: ex.LinearizedFlow(COLOR, radius=radius), "radius", 8),
    Scalar(ex.Krylov, "dim", 0),
    Scalar(ex.Krylov, "dim", 201),
    Scalar(ex.Krylov, "rtol", 0),
    Scalar(solve, "time", -1e-9),
    Scalar(solve, "time", 10001),
    Scalar(ex.LowRankGradient, "dim", 0),
    Scalar(ex.LowRankGradient, "rank", 0),
    Scalar(gradient, "time", -1),
    Scalar(ex.LowRankGradient, "rank_tolerance", 0),
    Scalar(ex.LowRankGradient, "rank_tolerance", 1.1),
    Scalar(ex.RiemannianDescent, "step", 0),
    Scalar(ex.ArmijoDescent, "step", 0),
    Scalar(ex.ArmijoDescent, "step", 10001),
    Scalar(ex.MomentumDescent, "step", 0),
    Scalar(ex.MomentumDescent, "momentum", -0.1),
    Scalar(ex.MomentumDescent, "momentum", 1),
    Scalar(ex.Adam, "rate", 0),
    Scalar(ex.Adam, "rate", 11),
    Scalar(ex.Adam, "beta1", 1),
    Scalar(ex.Adam, "beta2", -0.1),
    Scalar(ex.AdaMax, "rate", 0),
    Scalar(ex.AdaMax, "beta1", -0.1),
    Scalar(ex.AdaMax, "beta2", 1),
    Scalar(graph_flow, "rho", 0),
    Scalar(neighbor_graph, "count", 0),
    Scalar(neighbor_graph, "count", 1001),
    Scalar(neighbor_graph, "count", 2.5),
    Scalar(learner, "time", -1),
    Scalar(learner, "tau", -1),
    Scalar(lambda steps: learner().iterate(steps), "steps", -1),
    Scalar(lambda steps: learner().run(steps), "steps", 1.5),
]


@pytest.mark.parametrize("scalar", SCALARS, ids=str)
@pytest.mark.parametrize("value", ["beyond", np.nan, np.inf, 10**400], ids=str)
def test_numbers_out_of_range(scalar, value):
    value = scalar.beyond if value == "beyond" else value
    with pytest.raises(ValueError, match=f"`{scalar.argument}` = ") as caught:
        scalar.function(**{scalar.argument: value})
    assert repr(value) in str(caught.value)
    assert "it must be" in str(caught.value)


@pytest.mark.parametrize("scalar", SCALARS, ids=str)
@pytest.mark.parametrize("value", [None, True, "3", 1j, [3]], ids=repr)
def test_scalars_that_are_no_numbers(scalar, value):
    with pytest.raises(REFUSALS, match=f"`{scalar.argument}` ") as caught:
        scalar.function(**{scalar.argument: value})
    assert any(word in str(caught.value) for word in ("must", "check the path"))


@pytest.mark.parametrize("value", [None, 3, "cells", ["colors"], np.array(["a", "b"])])
def test_names_that_do_not_exist(value):
    with pytest.raises(ValueError, match=r"`kind` = .* must be one of colors, lines"):
        ex.voronoi_scene(value, 8)
    with pytest.raises(ValueError, match=r"`name` = .* must be one of astronaut"):
        ex.sample_image(value, 8)


def hole(array, value):
    """A copy with one entry replaced."""
    copy = np.array(array, dtype=float)
    copy.flat[-1] = value
    return copy


def of_no_use(array):
    """What no numeric argument accepts, whatever its shape."""
    return [
        np.asarray(array).astype(complex),
        np.asarray(array).astype(str),
        None,
        {},
        [[1.0], [1.0, 2.0]],
        xr.Dataset(),
        np.asarray(array)[..., None, None],
        np.asarray(array)[:0],
        hole(array, np.nan),
        hole(array, np.inf),
    ]


def describe(value):
    return f"{type(value).__name__}{getattr(value, 'dtype', '')}"


W = PROBLEM.weights
BASE = graphs.random_simplex(PROBLEM.distances.shape, seed=3)
ARRAYS = [
    (ex.LinearizedFlow, "distances", of_no_use(PROBLEM.distances)),
    (solve, "weights", [*of_no_use(W), W[:, 1:], W[1:], -W, 2 * W, 0 * W, W > 0.1]),
    (gradient, "weights", [*of_no_use(W), W[:, 1:], 2 * W]),
    (
        lambda initial_weights: learner(initial_weights=initial_weights),
        "initial_weights",
        [w for w in of_no_use(W) if w is not None] + [W[:, 1:], 2 * W, 0 * W],
    ),
    (
        gradient,
        "labels",
        [*of_no_use(PROBLEM.labels), PROBLEM.labels.T, PROBLEM.labels + 1, COLOR],
    ),
    (
        lambda base_point: ex.LinearizedFlow(PROBLEM.distances, base_point=base_point),
        "base_point",
        [x for x in of_no_use(BASE) if x is not None] + [BASE[:, 1:], 2 * BASE, -BASE],
    ),
    (
        lambda labels: learner(labels=labels),
        "labels",
        [*of_no_use(PROBLEM.labels), PROBLEM.labels.T, -PROBLEM.labels],
    ),
    (
        image_scene,
        "labels",
        [*of_no_use(np.zeros(COLOR.shape[:2])), np.zeros((2, 2)), np.ones((4, 5))],
    ),
    (
        image_scene,
        "image",
        [
            *of_no_use(COLOR),
            *(5, 2 * COLOR, -COLOR, COLOR[..., :2], COLOR[0, 0]),
            np.zeros((4, 5), np.int64),
            xr.DataArray(COLOR[0], dims=("y", "x")),
        ],
    ),
]


w, truth = NODES.weights, NODES.labels
ARRAYS += [
    (graph_flow, "distances", of_no_use(NODES.distances)),
    (
        lambda base_point: graph_flow(base_point=base_point),
        "base_point",
        [
            *(x for x in of_no_use(NODES.base) if x is not None),
            *(NODES.base.T, 2 * NODES.base, -NODES.base),
        ],
    ),
    # one weight too few, one too many, those of a grid, of a matrix, and no patches
    (
        on_graph,
        "weights",
        [*of_no_use(w), w[1:], np.append(w, 1.0), W, NODES.pattern / 6, -w, 2 * w],
    ),
    (
        on_graph,
        "labels",
        [*of_no_use(truth), truth[1:], truth + 3, truth - 3, PROBLEM.labels],
    ),
    (neighbor_graph, "features", [*of_no_use(FEATURES), FEATURES[:, 0]]),
]


@pytest.mark.parametrize(
    ("function", "argument", "value"),
    [(f, name, value) for f, name, values in ARRAYS for value in values],
    ids=lambda x: x if isinstance(x, str) else describe(x),
)
def test_arrays_that_do_not_fit(function, argument, value):
    with pytest.raises(REFUSALS, match=f"`{argument}` ") as caught:
        function(**{argument: value})
    # what it holds, and after a colon or semicolon what to do
    words = (
        "has dtype",
        "has shape",
        "has the dimensions",
        "holds",
        "is a",
        "sum",
        "ranges",
        "skips",
        "must have",
    )
    assert any(word in str(caught.value) for word in words)
    assert any(mark in str(caught.value) for mark in (";", ":"))


def test_rank_above_dim():
    with pytest.raises(ValueError, match=r"`rank` = 4 exceeds `dim` = 3.*lower `rank`"):
        ex.LowRankGradient(dim=3, rank=4)


@pytest.mark.parametrize("loss", [None, "direction", ex.DirectionLoss, abs])
def test_losses_that_are_none(loss):
    with pytest.raises(TypeError, match=r"`loss` = .*pass a Loss: `DirectionLoss\(\)`"):
        ex.LowRankGradient(loss=loss)


@pytest.mark.parametrize("route", [None, "two-sided", ex.TwoSided, abs])
def test_routes_that_are_none(route):
    with pytest.raises(TypeError, match=r"`route` = .*`TwoSided\(\)`"):
        ex.LowRankGradient(route=route)


@pytest.mark.parametrize(
    "graph", [None, "ring", 3, [0, 1], np.ones((6, 5)), np.zeros((6, 6)), FLOW]
)
def test_graphs_that_are_none(graph):
    with pytest.raises(
        (TypeError, ValueError), match=r"`graph` (is a|has) .*(pass|must be|give)"
    ):
        graph_flow(graph=graph)


def test_graphs_of_another_size():
    with pytest.raises(ValueError, match=r"`graph` has 5 nodes, `distances` has 6"):
        graph_flow(graph=np.eye(5))


def test_more_neighbors_than_nodes():
    with pytest.raises(ValueError, match=r"`count` = 7 exceeds the 6 nodes.*lower"):
        neighbor_graph(count=7)


@pytest.mark.parametrize("flow", [None, PROBLEM.distances, ex.LinearizedFlow])
@pytest.mark.parametrize("function", [solve, gradient, learner])
def test_flows_that_are_none(function, flow):
    with pytest.raises(TypeError, match=r"`flow` is a .*LinearizedFlow\(distances\)"):
        function(flow=flow)


@pytest.mark.parametrize("argument", ["gradient", "optimizer"])
@pytest.mark.parametrize("value", [None, 3, "adam", dict])
def test_strategies_that_are_none(argument, value):
    with pytest.raises(TypeError, match=f"`{argument}` = .*pass an instance such as"):
        learner(**{argument: value})


def test_classes_in_place_of_instances():
    with pytest.raises(TypeError, match="`gradient` = "):
        learner(gradient=ex.LowRankGradient)
    with pytest.raises(TypeError, match="`optimizer` = "):
        learner(optimizer=ex.RiemannianDescent)


@pytest.mark.parametrize(
    "values", [[[0, 2]], [[1, 1]], [[0, 3]]], ids=["gap", "no zero", "wide gap"]
)
def test_labels_that_skip_numbers(values):
    with pytest.raises(ValueError, match=r"`labels` skips the numbers .*renumber them"):
        ex.image_scene(np.zeros((1, 2)), np.array(values))
