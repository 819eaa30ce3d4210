"""Rows of flows, integrators, and the manifold."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse as sp
import xarray as xr

import explorer as ex
from explorer import params
from tests.hostile import problem as p
from tests.hostile.problem import FLOW, LRC, ORC, D, L, W, optional, row
from tests.hostile.values import (
    FINITE,
    REFUSED,
    SAME,
    Array,
    Labels,
    Number,
    Several,
    Simplex,
    Thing,
    number,
    whole,
)

M = ex.manifold
TIMES = Several([0.5, 0.5], allow={"array": FINITE, "set": FINITE, "series": FINITE})
TWO_TIMES = Several([0.5, 0.5], count=True)
TWO = Several([W, W], count=True)
ENTROPY, SEED = number(params.ENTROPY, 0.0), number(params.SEED, 0)
DATA = {"flow": p.flow, "weights": p.weights, "time": p.time}

PATTERN = sp.csr_array(np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1))
NODES = p.RNG.uniform(size=(3, 6))
NETWORK = ex.GraphFlow(NODES, PATTERN)
EDGES = np.asarray(NETWORK.uniform_weights())
FEATURES = p.RNG.uniform(size=(6, 2))
COUPLING = 0.1 * np.eye(3)
CHAIN = ex.SerialFlow([ex.Stage(FLOW), ex.Stage(FLOW, COUPLING)])
PAIR = ex.ParallelFlow([FLOW, FLOW], {(0, 1): COUPLING})
BATCH_D, BATCH_W = p.RNG.uniform(size=(2, *D.shape)), np.stack([W, W])
BATCH = ex.FlowBatch(BATCH_D)
BATCH_DIMS = ("image", *LRC)


def solved(make: Any) -> Any:
    """A record of choices, used."""
    return lambda **o: make(**o).solve(FLOW, W, 1.0)


def on(flow: Any) -> Any:
    """A flow, solved with uniform weights."""
    return ex.Krylov(4).solve(flow, flow.uniform_weights(), 1.0)


def constant(call: Any) -> Any:
    """A call that needs no argument."""
    return lambda: call()


def dtype() -> Thing:
    names = ("cls", "dataarray", "series", "float", "function")
    return Thing("float64", allow=dict.fromkeys(names, FINITE))


def integrators() -> list[Any]:
    records = {
        "Krylov": {
            "dim": p.dim,
            "rtol": p.rtol,
            "orthogonalization": p.orthogonalization,
        },
        "AdaptiveKrylov": {"dim": p.dim, "rtol": p.rtol},
        "ExplicitEuler": {"time_step": p.time_step, "rtol": p.rtol},
        "RungeKutta": {"tolerance": p.tolerance, "rtol": p.rtol},
        "DenseExponential": {"rtol": p.rtol},
        "GeometricEuler": {"time_step": p.time_step},
        "AdaptiveRungeKutta": {"tolerance": p.tolerance},
    }
    rows = []
    for name, kinds in records.items():
        made = getattr(ex, name)
        more = {"entropy": ENTROPY} if hasattr(made, "iterate") else {}
        rows.append(row(name, solved(made), **kinds))
        rows.append(row(f"{name}.solve", made().solve, **DATA, **more))
    check = Thing(lambda: None, allow={"cls": FINITE, "function": FINITE})
    rows.append(row("AdaptiveRungeKutta.trajectory", reached, **DATA, check=check))
    return rows


def reached(flow: Any, weights: Any, time: Any, check: Any) -> Any:
    """The end of a trajectory."""
    whole = ex.AdaptiveRungeKutta().trajectory(flow, weights, time, check)
    return whole.at(whole.time)


def orthogonalizations() -> list[Any]:
    def build(**o: Any) -> Any:
        return ex.Krylov(4, 0.01, ex.BlockChebyshev(**o)).solve(FLOW, W, 1.0)

    keep = Thing(True, allow={"none": FINITE, "true": FINITE})
    plain = ex.Krylov(4, 0.01, ex.GramSchmidt())
    return [
        row("BlockChebyshev", build, block=whole(5, 1, 8), keep=keep),
        row("GramSchmidt", lambda: plain.solve(FLOW, W, 1.0)),
    ]


def iterated() -> list[Any]:
    made = ex.IteratedLinearization
    return [
        row(
            "IteratedLinearization",
            lambda integrator: made(integrator).solve(FLOW, W, [0.5, 0.5]),
            integrator=p.krylov,
        ),
        row(
            "IteratedLinearization.solve", made(ex.Krylov(4)).solve,
            flow=p.flow, weights=p.weights, times=TIMES,
        ),
    ]  # fmt: skip


def flows() -> list[Any]:
    base = optional(Simplex(p.simplex(*D.shape), dims=LRC))
    nodes = Array(NODES, dims=("label", "node"), allow={"doubled": FINITE})
    graph = Array(
        PATTERN.toarray(), free=True,
        allow={
            "sparse": FINITE, "complex": FINITE, "complex_real": FINITE,
            "strings": FINITE, "bools": FINITE, "none_masked": FINITE,
            "doubled": REFUSED, "short": REFUSED, "corner": REFUSED, "zeros": REFUSED,
        },
        more=[
            ("sparse_nan", PATTERN * np.nan, REFUSED),
            ("sparse_inf", PATTERN * np.inf, REFUSED),
            ("coo", sp.coo_array(PATTERN), SAME),
            ("csc", sp.csc_array(PATTERN), SAME),
            ("boolean", PATTERN.astype(bool), SAME),
        ],
    )  # fmt: skip
    node_base = optional(Simplex(p.simplex(3, 6), dims=("label", "node")))
    return [
        row(
            "LinearizedFlow", lambda **k: on(ex.LinearizedFlow(**k)),
            distances=p.distances, rho=p.rho, radius=p.radius, base_point=base,
            dtype=dtype(),
        ),
        row("LinearizedFlow.uniform_weights", FLOW.uniform_weights),
        row("LinearizedFlow.random_weights", FLOW.random_weights, seed=SEED),
        row(
            "GraphFlow", lambda **k: on(ex.GraphFlow(**k)),
            distances=nodes, graph=graph, rho=p.rho, base_point=node_base,
            dtype=dtype(),
        ),
        row("GraphFlow.uniform_weights", NETWORK.uniform_weights),
        row("GraphFlow.random_weights", NETWORK.random_weights, seed=SEED),
        row(
            "neighbor_graph", ex.neighbor_graph,
            features=Array(FEATURES, dims=("node", "feature"), free=True),
            count=whole(3, 1, 6),
        ),
    ]  # fmt: skip


def on_graphs() -> list[Any]:
    edges = Simplex(
        EDGES, dims=("edge",), allow={"edge 5e-324": REFUSED, "edge 0": REFUSED}
    )
    truth = Labels(np.arange(6) % 3, dims=("node",), count=3)
    solve = lambda weights: ex.Krylov(4).solve(NETWORK, weights, 1.0)  # noqa: E731
    slope = lambda labels: ex.LowRankGradient(4)(NETWORK, EDGES, labels, 1.0)  # noqa: E731
    return [
        row("on a graph: weights", solve, weights=edges),
        row("on a graph: labels", slope, labels=truth),
    ]


def batches() -> list[Any]:
    pictures = Array(BATCH_D, dims=BATCH_DIMS, free=True, allow={"turned": FINITE})
    weights = Simplex(
        BATCH_W, dims=("image", *ORC), axis=1,
    )  # fmt: skip
    truth = Labels(np.stack([L, L]), dims=BATCH_DIMS[:1] + LRC[1:], count=3)
    return [
        row(
            "FlowBatch", lambda **k: on_batch(ex.FlowBatch(**k)),
            distances=pictures, rho=p.rho, radius=p.radius,
        ),
        row(
            "FlowBatch.solve", BATCH.solve,
            integrator=p.krylov, weights=weights, time=p.time,
        ),
        row("FlowBatch.uniform_weights", BATCH.uniform_weights),
        row(
            "batch_gradient", ex.batch_gradient, method=p.lowrank, batch=Thing(BATCH),
            weights=weights, labels=truth, time=p.time,
        ),
    ]  # fmt: skip


def on_batch(batch: Any) -> Any:
    return batch.solve(ex.Krylov(4), batch.uniform_weights(), 1.0)


def coupled() -> list[Any]:
    couple = Array(
        COUPLING, allow={"sparse": FINITE}, more=[("turned", COUPLING.T, SAME)]
    )
    wrong = {
        "self": {(0, 0): COUPLING}, "far": {(0, 5): COUPLING},
        "before": {(-1, 0): COUPLING}, "text_key": {"01": COUPLING},
        "float_key": {(0.0, 1.0): COUPLING}, "flag_key": {(False, True): COUPLING},
        "nan": {(0, 1): np.nan * COUPLING}, "shape": {(0, 1): np.eye(2)},
        "nothing": {(0, 1): None}, "imaginary": {(0, 1): 1j * COUPLING},
        "durations": {(0, 1): np.ones((3, 3), "m8[s]")},
    }  # fmt: skip
    links = Thing(
        {(0, 1): COUPLING}, allow={"empty_dict": FINITE, "dataset": FINITE},
        more=[(f"link_{name}", value, REFUSED) for name, value in wrong.items()],
    )  # fmt: skip
    stages = Several(
        list(CHAIN.stages), allow={"too_long": FINITE, "too_short": FINITE},
        more=[("first_coupled", list(CHAIN.stages[::-1]), REFUSED)],
    )  # fmt: skip
    return [
        row(
            "Stage", lambda **k: chain([ex.Stage(FLOW), ex.Stage(**k)]),
            flow=p.flow, coupling=couple,
        ),
        row("SerialFlow", chain, stages=stages),
        row(
            "SerialFlow.solve", CHAIN.solve,
            weights=TWO, times=TWO_TIMES, integrator=p.krylov,
        ),
        row("SerialFlow.uniform_weights", CHAIN.uniform_weights),
        row(
            "ParallelFlow", parallel, couplings=links,
            flows=Several([FLOW, FLOW], allow=dict.fromkeys(FEWER, FINITE)),
        ),
        row(
            "ParallelFlow.solve", PAIR.solve,
            weights=TWO, time=p.time, integrator=p.krylov,
        ),
        row("ParallelFlow.uniform_weights", PAIR.uniform_weights),
    ]  # fmt: skip


def chain(stages: Any) -> Any:
    flow = ex.SerialFlow(stages)
    return flow.solve(flow.uniform_weights(), [0.5] * len(flow.stages))


def parallel(flows: Any, couplings: Any) -> Any:
    flow = ex.ParallelFlow(flows, couplings)
    return flow.solve(flow.uniform_weights(), 0.5)


FEWER = ("too_long", "too_short")

COUNT = whole(3, 1, 10**8, more=[("1000000000", 10**8 + 1, REFUSED)])
"""Labels of a barycenter; nobody has more, and memory for more."""


def manifold() -> list[Any]:
    """Points p, q; v tangent; u any vectors. Other shapes are other points."""
    rows = [row("manifold.barycenter", M.barycenter, count=COUNT)]
    shapes = {
        "center": "u", "replicator": "pu", "exponential": "pv", "logarithm": "pq",
        "lift": "pu", "unlift": "pq", "inner": "puv", "distance": "pq",
        "geodesic": "pq", "entropy": "p",
    }  # fmt: skip
    for name, arguments in shapes.items():
        kinds: dict[str, Any] = {a: point(a) for a in arguments}
        if name == "geodesic":
            kinds["time"] = ANYWHERE
        call = functools.partial(by_position, name)
        rows.append(row(f"manifold.{name}", call, **kinds, dim=Thing("label")))
    return rows


ANYWHERE = Number(0.5, low=-np.inf, high=np.inf, allow={"array1": FINITE})
"""A geodesic goes on before its beginning and after its end."""


def by_position(name: str, dim: Any, **arguments: Any) -> Any:
    """A map of the manifold; dimensions have names in labeled arrays only."""
    given = list(arguments.values())
    if not (isinstance(dim, str) and dim == "label"):
        given = [xr.DataArray(a, dims=LRC) if np.ndim(a) == 3 else a for a in given]
    return getattr(M, name)(*given, dim=dim)


LOOSE = (
    "axis_more", "axis_before", "axis_less", "flat", "turned", "corner", "short",
    "doubled", "scalar", "zero_d", "one_other_dim", "dim_more", "coords_twice",
    "coords_nan", "coords_back", "dims_turned", "empty_list", "empty", "empty_axis",
)  # fmt: skip
"""Any number of points, of any number of labels, is welcome where they fit together."""


def point(letter: str) -> Any:
    allow = dict.fromkeys(LOOSE, FINITE)
    if letter in "pq":
        allow |= {
            "doubled": REFUSED,
            "scalar": REFUSED,
            "zero_d": REFUSED,
            "tiny": REFUSED,
        }
        return Simplex(p.simplex(3, 4, 5), dims=LRC, allow=allow)
    u = 0.1 * p.RNG.normal(size=(3, 4, 5))
    return Array(u - u.mean(axis=0), dims=LRC, free=True, allow=allow)


def rows() -> list[Any]:
    """All rows of this module."""
    return [
        *integrators(), *orthogonalizations(), *iterated(), *flows(), *on_graphs(),
        *batches(), *coupled(), *manifold(),
    ]  # fmt: skip
