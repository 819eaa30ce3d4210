"""Lazy (Dask) arrays are computed once for each call, and a warning says so."""

from __future__ import annotations

import dask
import dask.array
import numpy as np
import pytest
import xarray as xr

import explorer as ex
from tests import reference

PROBLEM = reference.random_problem()
D, W, L = PROBLEM.distances, PROBLEM.weights, PROBLEM.labels
BASE = np.full_like(D, 1.0 / 3.0)
FLOW, BATCH = ex.LinearizedFlow(D), ex.FlowBatch(np.stack([D, D]))
PICTURE = np.random.default_rng(0).uniform(size=(3, 4, 2))
COLORS = np.random.default_rng(0).uniform(size=(3, 4, 3))
NODES = np.random.default_rng(0).uniform(size=(3, 6))
SOLVER, METHOD = ex.Krylov(4), ex.LowRankGradient(4)
FIELD, WEIGHTS, PIXELS = (
    ("label", "row", "col"),
    ("offset", "row", "col"),
    ("row", "col"),
)
IMAGE, FEATURES = ("row", "col", "channel"), ("row", "col", "feature")

CALLS = {
    "flow": (D, FIELD, lambda x: ex.LinearizedFlow(x)),
    "base point": (BASE, FIELD, lambda x: ex.LinearizedFlow(D, base_point=x)),
    "weights": (W, WEIGHTS, lambda x: SOLVER.solve(FLOW, x, 1.0)),
    "nonlinear": (W, WEIGHTS, lambda x: ex.GeometricEuler(0.5).solve(FLOW, x, 1.0)),
    "iterated": (
        np.stack([W, W]),
        ("iteration", *WEIGHTS),
        lambda x: ex.IteratedGradient(4, 1)(FLOW, x, L, [0.5, 0.5]),
    ),  # only names tell steps from rows
    "labels": (L, PIXELS, lambda x: METHOD(FLOW, W, x, 1.0)),
    "learner": (L, PIXELS, lambda x: ex.Learner(FLOW, x).run(1)),
    "start": (W, WEIGHTS, lambda x: ex.Learner(FLOW, L, initial_weights=x).run(1)),
    "batch": (np.stack([D, D]), ("image", *FIELD), lambda x: ex.FlowBatch(x)),
    "batch weights": (W, WEIGHTS, lambda x: BATCH.solve(SOLVER, x, 1.0)),
    "batch labels": (
        np.stack([L, L]),
        ("image", *PIXELS),
        lambda x: ex.batch_gradient(METHOD, BATCH, W, x, 1.0),
    ),
    "nodes": (NODES, ("label", "node"), lambda x: ex.GraphFlow(x, np.eye(6))),
    "graph": (np.eye(6), ("a", "b"), lambda x: ex.GraphFlow(NODES, x)),
    "neighbors": (NODES, ("node", "feature"), lambda x: ex.neighbor_graph(x, 2)),
    "system": (D, FIELD, lambda x: FLOW.system(W).apply(x)),
    "coupling": (np.eye(3), ("label", "from_label"), lambda x: ex.Stage(FLOW, x)),
    "score": (L, PIXELS, lambda x: ex.score(x, L)),
    "truth": (L, PIXELS, lambda x: ex.score(L, x)),
    "scene": (COLORS, IMAGE, lambda x: ex.image_scene(x, L)),
    "scene labels": (L, PIXELS, lambda x: ex.image_scene(COLORS, x)),
    "windows": (PICTURE, IMAGE, lambda x: ex.window_features(x)),
    "extractor": (PICTURE, IMAGE, lambda x: ex.GaussianDerivatives((1.0,))(x)),
    "mean features": (PICTURE, FEATURES, lambda x: ex.mean_features(x, L)),
    "their labels": (L, PIXELS, lambda x: ex.mean_features(PICTURE, x)),
    "distances": (PICTURE, FEATURES, lambda x: ex.feature_distances(x, np.eye(2))),
    "loss": (D, FIELD, lambda x: ex.check_loss(ex.DirectionLoss(), x, D - D.mean(0))),
    "manifold": (BASE, FIELD, lambda x: ex.manifold.distance(x, BASE)),
}


@pytest.mark.parametrize(
    ("name", "labeled"),
    [(n, True) for n in CALLS] + [(n, False) for n in CALLS if n != "iterated"],
)
def test_a_lazy_array_is_computed_once_and_said_so(name, labeled):
    values, dims, call = CALLS[name]
    count = []
    delayed = dask.delayed(lambda: count.append(1) or values)()
    lazy = dask.array.from_delayed(delayed, values.shape, values.dtype)
    with pytest.warns(UserWarning, match=r"is a lazy array of .* computed now") as said:
        call(xr.DataArray(lazy, dims=dims) if labeled else lazy)
    assert len(count) == 1
    assert len(said) == 1


def test_lazy_values_are_those_in_memory():
    lazy = xr.DataArray(D, dims=FIELD).chunk(row=1)
    with pytest.warns(UserWarning, match="`distances` is a lazy array"):
        flow = ex.LinearizedFlow(lazy)
    found = SOLVER.solve(flow, W, 1.0).V
    np.testing.assert_array_equal(found, SOLVER.solve(FLOW, W, 1.0).V)
