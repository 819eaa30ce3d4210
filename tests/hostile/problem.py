"""The problem that all rows share, on 4 × 5 pixels, and the kinds of its parts."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import explorer as ex
from explorer import params
from tests.hostile.judge import Row
from tests.hostile.values import (
    FINITE,
    Array,
    Kind,
    Labels,
    Number,
    Simplex,
    Thing,
    number,
)

RNG = np.random.default_rng(0)
SHAPE, LRC, ORC = (4, 5), ("label", "row", "col"), ("offset", "row", "col")


def simplex(*shape: int) -> np.ndarray:
    """Positive, with sum one along the first axis."""
    p = RNG.uniform(0.2, 1.0, shape)
    return p / p.sum(axis=0)


D = RNG.uniform(size=(3, *SHAPE))
W = simplex(9, *SHAPE)
L = np.arange(20).reshape(SHAPE) % 3
IMAGE = RNG.uniform(size=(*SHAPE, 3))
FLOW = ex.LinearizedFlow(D)

distances = Array(D, dims=LRC, free=True)
weights = Simplex(W, dims=ORC)
labels = Labels(L, dims=LRC[1:], count=3)
flow, time = Thing(FLOW), number(params.TIME, 1.0)
dim, rtol = number(params.DIM, 4), number(params.RTOL, 0.01)
time_step, rho = number(params.TIME_STEP, 0.1), number(params.RHO, 0.5)
tolerance = number(params.TOLERANCE, 1e-6)
radius, seed = number(params.RADIUS, 1), number(params.SEED, 0)
tau, step = number(params.TAU, 0.0), number(params.STEP, 2.0)
noise, rank = number(params.NOISE, 0.2), number(params.RANK, 1)
loss = Thing(ex.DirectionLoss())
orthogonalization = Thing(ex.BlockChebyshev())
lowrank, krylov = Thing(ex.LowRankGradient(4)), Thing(ex.Krylov(4))


def optional(kind: Any, **changes: Any) -> Any:
    """The same kind, where None stands for a default."""
    allow = {**kind.allow, "none": FINITE}
    return dataclasses.replace(kind, allow=allow, **changes)


def number_from_zero(good: float) -> Number:
    """A number that may be zero and not negative."""
    return Number(good, low=0.0, high=1e4)


def row(name: str, call: Any, /, **kinds: Kind) -> Row:
    """One line of the table."""
    return Row(name, call, kinds)


@functools.cache
def folder() -> Path:
    """Where files lie that rows read; it goes with the process."""
    place = tempfile.TemporaryDirectory()
    atexit.register(place.cleanup)
    return Path(place.name)


@functools.cache
def scene(seed: int = 1) -> Any:
    """A scene of 8 × 8 pixels."""
    return ex.voronoi_scene("colors", size=8, noise=0.2, seed=seed)
