"""Rows of gradients, losses, optimizers, and learners."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

import explorer as ex
from explorer import params
from tests.hostile import problem as p
from tests.hostile.flows import CHAIN, DATA, PAIR, TIMES, TWO, TWO_TIMES
from tests.hostile.problem import FLOW, LRC, ORC, D, L, W, folder, optional, row
from tests.hostile.values import (
    ANY,
    FINITE,
    REFUSED,
    Array,
    Labels,
    Number,
    Place,
    Several,
    Simplex,
    Thing,
    number,
    whole,
)

FULL = DATA | {"labels": p.labels}
FULL_RANK = number(params.RANK, 1)
ALL_RANKS = whole(1, 0, 200)

SMALL_W = p.simplex(9, 2, 2)
SMALL = {
    "flow": Thing(ex.LinearizedFlow(D[:2, :2, :2])),
    "weights": Simplex(SMALL_W, dims=ORC),
    "labels": Labels(np.array([[0, 1], [1, 0]]), dims=LRC[1:], count=2),
    "time": p.time,
}
"""A problem that fits the methods with Kronecker products."""


def gradients() -> list[Any]:
    records: dict[str, dict[str, Any]] = {
        "DirectKronecker": {},
        "DenseGradient": {},
        "KroneckerKrylov": {"dim": p.dim},
        "BenziSimoncini": {"dim": p.dim},
        "FactoredSVD": {"dim": p.dim},
        "EulerAdjoint": {"time_step": p.time_step},
        "EulerAutodiff": {"time_step": p.time_step},
        "KrylovAutodiff": {"dim": p.dim},
        "LowRankGradient": {
            "dim": p.dim,
            "rank": number(params.RANK, 1, more=[("text", "auto", FINITE)]),
            "route": Thing(ex.TwoSided()),
            "rank_tolerance": number(params.RANK_TOLERANCE, 0.01),
        },
    }
    rows = []
    for name, kinds in records.items():
        data = FULL if kinds else SMALL
        call = functools.partial(applied, name, data)
        rows.append(row(name, call, **kinds, loss=p.loss))
        # made when it is called, as some need optional packages
        rows.append(row(f"{name}.__call__", functools.partial(called, name), **data))
    return rows


def called(name: str, **data: Any) -> Any:
    """A gradient with a small space, of these data."""
    small = name in ("DirectKronecker", "DenseGradient", "EulerAdjoint")
    choices = {} if small or name == "EulerAutodiff" else {"dim": p.dim.value}
    return getattr(ex, name)(**choices)(**data)


def applied(name: str, data: dict[str, Any], **choices: Any) -> Any:
    """A gradient made of some choices, of the shared problem."""
    return getattr(ex, name)(**choices)(*(data[k].value for k in ORDER))


ORDER = ("flow", "weights", "labels", "time")


def routes() -> list[Any]:
    two = lambda o: ex.LowRankGradient(4, route=ex.TwoSided(o))(FLOW, W, L, 1.0)  # noqa: E731
    one = ex.LowRankGradient(4, route=ex.KroneckerSum())
    return [
        row("TwoSided", lambda orthogonalization: two(orthogonalization),
            orthogonalization=p.orthogonalization),
        row("KroneckerSum", lambda: one(FLOW, W, L, 1.0)),
    ]  # fmt: skip


def of_several_flows() -> list[Any]:
    choice = {"dim": p.dim, "rank": ALL_RANKS, "loss": p.loss}
    back = whole(1, -2, 1)
    iterated = lambda **o: ex.IteratedGradient(**o)(FLOW, W, L, [0.5, 0.5])  # noqa: E731
    serial = lambda **o: ex.SerialGradient(**o)(CHAIN, [W, W], L, [0.5, 0.5])  # noqa: E731
    parallel = lambda **o: ex.ParallelGradient(**o)(PAIR, [W, W], L, 1.0)  # noqa: E731
    return [
        row("IteratedGradient", iterated, **choice),
        row(
            "IteratedGradient.__call__", ex.IteratedGradient(4),
            flow=p.flow, weights=p.weights, labels=p.labels, times=TIMES,
        ),
        row("SerialGradient", serial, **choice),
        row(
            "SerialGradient.__call__", ex.SerialGradient(4),
            flow=Thing(CHAIN), weights=TWO, labels=p.labels, times=TWO_TIMES,
        ),
        row("ParallelGradient", parallel, **choice, observed=back),
        row(
            "ParallelGradient.__call__", ex.ParallelGradient(4),
            flow=Thing(PAIR), weights=TWO, labels=p.labels, time=p.time,
        ),
    ]  # fmt: skip


V = p.RNG.normal(size=D.shape)
TARGET = np.eye(3)[L].transpose(2, 0, 1) - 1 / 3

ANSWERS: dict[str, Any] = {
    "nan": lambda V, t: (math.nan, V),
    "nan_slope": lambda V, t: (0.0, V * np.nan),
    "inf": lambda V, t: (math.inf, V),
    "no_pair": lambda V, t: 1.0,
    "shape": lambda V, t: (1.0, V[:1]),
    "imaginary": lambda V, t: (1j, V),
    "imaginary_slope": lambda V, t: (1.0, V * 1j),
    "nothing": lambda V, t: None,
    "text": lambda V, t: ("a", V),
    "no_arguments": lambda: (0.0, V),
    "list": lambda V, t: (0.0, [1]),
    "array": lambda V, t: (V, V),
}
"""Losses of users that answer with nonsense."""


def squares(V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """½‖V − V*‖² and its slope."""
    return 0.5 * float(np.vdot(V - target, V - target)), V - target


def losses() -> list[Any]:
    def used(function: Any, **o: Any) -> Any:
        made = ex.TangentLoss(function, **o)
        return ex.LowRankGradient(4, loss=made)(FLOW, W, L, 1.0)

    unknown = dict.fromkeys(("nan", "nan32", "nan_decimal", "inf"), ANY)
    bound = functools.partial(Number, 1.0, low=0, allow=unknown)
    balanced = lambda balance: ex.LowRankGradient(4, loss=ex.BalancedLoss(balance))  # noqa: E731
    crossed = ex.LowRankGradient(4, loss=ex.CrossEntropy())
    direct = ex.LowRankGradient(4, loss=ex.DirectionLoss())
    answers = [(f"answers_{name}", f, REFUSED) for name, f in ANSWERS.items()]
    fits = dict.fromkeys(("turned", "corner", "short", "doubled", "axis_less"), FINITE)
    field = functools.partial(Array, dims=LRC, allow=fits)
    return [
        row("TangentLoss", used, function=Thing(squares, more=answers),
            lipschitz=bound(), curvature=bound()),
        row("BalancedLoss", lambda balance: balanced(balance)(FLOW, W, L, 1.0),
            balance=number(params.BALANCE, 1.0)),
        row("CrossEntropy", lambda: crossed(FLOW, W, L, 1.0)),
        row("DirectionLoss", lambda: direct(FLOW, W, L, 1.0)),
        row("check_loss", ex.check_loss, loss=p.loss, V=field(V), target=field(TARGET),
            seed=p.seed),
    ]  # fmt: skip


def learner(**changes: Any) -> Any:
    """A learner on the shared problem."""
    choices = {"flow": FLOW, "labels": L, "gradient": ex.LowRankGradient(4)}
    return ex.Learner(**(choices | changes))


def optimizers() -> list[Any]:
    betas = {"beta1": number(params.BETA1, 0.9), "beta2": number(params.BETA2, 0.999)}
    adam = {"rate": number(params.RATE, 0.3), **betas}
    records = {
        "RiemannianDescent": {"step": p.step},
        "ArmijoDescent": {"step": p.step},
        "MomentumDescent": {"step": p.step, "momentum": number(params.MOMENTUM, 0.9)},
        "Adam": adam,
        "AdaMax": adam,
    }
    return [
        row(name, functools.partial(descended, name), **kinds)
        for name, kinds in records.items()
    ]


def descended(name: str, **choices: Any) -> Any:
    return learner(optimizer=getattr(ex, name)(**choices), tau=1e-3).run(2)


def learners() -> list[Any]:
    steps = number(params.STEPS, 1)
    return [
        row(
            "Learner", lambda **k: ex.Learner(**k).run(1), flow=p.flow, labels=p.labels,
            time=p.time, gradient=p.lowrank, optimizer=Thing(ex.RiemannianDescent()),
            tau=p.tau, initial_weights=optional(p.weights),
        ),
        row("Learner.run", lambda steps: learner().run(steps), steps=steps),
        row("Learner.iterate", lambda steps: list(learner().iterate(steps)),
            steps=steps),
        row("Learner.settings", lambda: learner().settings()),
    ]  # fmt: skip


@functools.cache
def stopped() -> tuple[Any, list[Any]]:
    """A learner after a step, and its records."""
    made = learner()
    return made, list(made.iterate(1))


@functools.cache
def kept() -> str:
    """A file with a learning run."""
    path = str(folder() / "checkpoint.nc")
    ex.save_checkpoint(*stopped(), path)
    return path


@functools.cache
def junk() -> str:
    """A file of no kind."""
    path = folder() / "junk.nc"
    path.write_bytes(b"junk" * 100)
    return str(path)


def checkpoints() -> list[Any]:
    return [
        row(
            "load_checkpoint", ex.load_checkpoint,
            learner=Thing(make=learner),
            path=Place(make=kept, more=[("junk", junk(), REFUSED)]),
        ),
        row(
            "save_checkpoint", ex.save_checkpoint,
            learner=Thing(make=lambda: stopped()[0]),
            records=Several(make=lambda: stopped()[1], allow={"too_long": REFUSED}),
            path=Place(make=lambda: str(folder() / "out.nc"), output=True),
        ),
    ]  # fmt: skip


def rows() -> list[Any]:
    """All rows of this module."""
    return [
        *gradients(), *routes(), *of_several_flows(), *losses(), *optimizers(),
        *learners(), *checkpoints(),
    ]  # fmt: skip
