"""Weights that an explorer starts from: uniform, random or learned."""

from __future__ import annotations

import numpy as np
import xarray as xr

from explorer import params
from explorer.dashboards.nodes import Check
from explorer.flow.linearized import LinearizedFlow
from explorer.kit.recipe import Template
from explorer.learning.learner import Learner
from explorer.settings import Number, Pick

UNIFORM, RANDOM, LEARNED = "uniform", "random", "learned"

LEARNING_STEPS = 20
"""Steps of the learned weights, with the defaults of `Learner`."""

WEIGHTS = (
    Pick(
        "patches", (UNIFORM, RANDOM, LEARNED),
        "weights of the neighbors; they are learned at T = 5 with m = 10, rank 1",
        labels=("uniform", "random", f"learned, {LEARNING_STEPS} steps"),
        label="weights Ω",
    ),
    Number(params.SEED, name="weights_seed", meaning="seed of the random weights"),
)  # fmt: skip


def drawn(patches: str, weights_seed: int) -> int | None:
    """Return the seed if the weights are random: others do not depend on it."""
    return weights_seed if patches == RANDOM else None


def weights(
    flow: LinearizedFlow,
    problem: xr.Dataset,
    patches: str,
    drawn: int | None,
    check: Check,
) -> np.ndarray:
    """Return the weights Ω: uniform, random or learned."""
    if drawn is not None:
        return flow.random_weights(drawn).values
    if patches == UNIFORM:
        return flow.neighborhood.uniform()
    learner = Learner(flow, problem.labels)
    for _ in learner.iterate(LEARNING_STEPS):
        check()
    return learner.weights.values


def only(kind: str, line: str) -> Template:
    """Return a line of code that stands there if these weights are chosen."""
    return lambda words: line if words["patches"] == f'"{kind}"' else ""


WEIGHTS_LINES = (
    only(UNIFORM, "weights = flow.uniform_weights()"),
    only(RANDOM, "weights = flow.random_weights({weights_seed})"),
    only(LEARNED, "learner = ex.Learner(flow, scene.labels)"),
    only(LEARNED, f"trace = learner.run({LEARNING_STEPS})"),
    only(LEARNED, "weights = learner.weights"),
)
"""The lines of code that make `weights` from `flow` and `scene`."""
