"""Weights that an explorer starts from: uniform, random, learned or handed over."""

from __future__ import annotations

import numpy as np
import xarray as xr

from explorer import params
from explorer.dashboards.handed import Handed, Learned
from explorer.dashboards.nodes import Check
from explorer.flow.linearized import LinearizedFlow
from explorer.kit.recipe import Template
from explorer.learning.learner import Learner
from explorer.settings import Number, Pick

UNIFORM, RANDOM, LEARNED = "uniform", "random", "learned"

HANDED = "handed over"
"""The weights that another explorer of a home handed over."""

LEARNING_STEPS = 20
"""Steps of the learned weights, with the defaults of `Learner`."""

WEIGHTS = (
    Pick(
        "patches", (UNIFORM, RANDOM, LEARNED, HANDED),
        "weights of the neighbors; they are learned at T = 5 with m = 10, rank 1",
        labels=("uniform", "random", f"learned, {LEARNING_STEPS} steps", HANDED),
        label="weights Ω", unlisted=(HANDED,),
    ),
    Number(params.SEED, name="weights_seed", meaning="seed of the random weights"),
    Handed(),
)  # fmt: skip


def drawn(
    patches: str, weights_seed: int, handed: Learned | None
) -> int | Learned | None:
    """Return the seed of random weights, or the weights that were handed over.

    Other weights depend on neither.
    """
    if patches == HANDED and handed is None:
        raise ValueError(
            f"`patches` must be {UNIFORM}, {RANDOM} or {LEARNED}, got {HANDED}, but no "
            "weights were; learn some in the learning explorer of `ex.Home()`, and "
            "open this explorer from there"
        )
    return {RANDOM: weights_seed, HANDED: handed}.get(patches)


def weights(
    flow: LinearizedFlow,
    problem: xr.Dataset,
    patches: str,
    drawn: int | Learned | None,
    check: Check,
) -> np.ndarray:
    """Return the weights Ω: uniform, random, learned or handed over."""
    uniform = flow.neighborhood.uniform()
    if isinstance(drawn, Learned):
        found = drawn.weights(check)
        if found.shape != uniform.shape:
            raise ValueError(
                f"`patches` must fit the scene, got weights of {sizes(found)} for "
                f"{sizes(uniform)}; choose other weights, or the scene and the radius "
                "that they were learned with"
            )
        return found
    if drawn is not None:
        return flow.random_weights(drawn).values
    if patches == UNIFORM:
        return uniform
    learner = Learner(flow, problem.labels)
    for _ in learner.iterate(LEARNING_STEPS):
        check()
    return learner.weights.values


def sizes(weights: np.ndarray) -> str:
    """Return the numbers of neighbors and pixels as text."""
    offsets, rows, cols = weights.shape
    return f"{offsets} neighbors at {rows} × {cols} pixels"


def only(kind: str, line: str) -> Template:
    """Return a line of code that stands there if these weights are chosen."""
    return lambda words: line if words["patches"] == f'"{kind}"' else ""


WEIGHTS_LINES = (
    only(UNIFORM, "weights = flow.uniform_weights()"),
    only(RANDOM, "weights = flow.random_weights({weights_seed})"),
    only(LEARNED, "learner = ex.Learner(flow, scene.labels)"),
    only(LEARNED, f"trace = learner.run({LEARNING_STEPS})"),
    only(LEARNED, "weights = learner.weights"),
    only(HANDED, "{handed}"),
    only(HANDED, "weights = handed_over()"),
)
"""The lines of code that make `weights` from `flow` and `scene`."""
