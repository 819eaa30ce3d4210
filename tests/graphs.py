"""Dense matrices and naive loops for graphs, as `reference` has them for grids.

Nothing here uses the package. Edges run through the pattern row by row; fields are
(label, node), and vectors of R^n are (node, label) in row-major order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests import reference

PATTERNS = {
    "one node": np.ones((1, 1), bool),
    "loops only": np.eye(5, dtype=bool),
    "full": np.ones((4, 4), bool),
    "ring without loops": np.roll(np.eye(5, dtype=bool), 1, axis=1),
    "everyone looks at node 2": np.eye(6, dtype=bool) | (np.arange(6) == 2),
    "patches of 1 to 7 nodes": np.tril(np.ones((7, 7), bool)),
}


def random_pattern(nodes: int, seed: int = 0, density: float = 0.3) -> np.ndarray:
    """A directed graph in which each node has a neighbor, often not itself."""
    rng = np.random.default_rng(seed)
    pattern = rng.uniform(size=(nodes, nodes)) < density
    pattern[np.arange(nodes), rng.integers(0, nodes, nodes)] = True
    return pattern


def patches(pattern: np.ndarray) -> list[np.ndarray]:
    """The numbers of the edges of each node."""
    ends = np.cumsum(pattern.sum(axis=1))
    return [
        np.arange(end - row.sum(), end) for end, row in zip(ends, pattern, strict=True)
    ]


def random_weights(pattern: np.ndarray, seed: int = 0) -> np.ndarray:
    weights = np.random.default_rng(seed).uniform(0.1, 1.0, int(pattern.sum()))
    for edges in patches(pattern):
        weights[edges] /= weights[edges].sum()
    return weights


def matrix(pattern: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Numbers on the edges as a dense matrix, zero elsewhere."""
    out = np.zeros(pattern.shape, values.dtype)
    out[pattern] = values
    return out


def random_simplex(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Positive, with sum one along the first axis."""
    p = np.random.default_rng(seed).uniform(0.2, 1.0, shape)
    return p / p.sum(axis=0)


@dataclass(frozen=True, eq=False)
class Problem:
    """A labeling problem on a few nodes, linearized at `base`."""

    pattern: np.ndarray
    weights: np.ndarray
    distances: np.ndarray
    labels: np.ndarray
    base: np.ndarray
    rho: float = 0.5
    time: float = 3.0


def random_problem(
    pattern: np.ndarray,
    labels: int = 3,
    seed: int = 0,
    time: float = 3.0,
    barycenter: bool = True,
) -> Problem:
    rng = np.random.default_rng(seed)
    shape = (labels, len(pattern))
    base = np.full(shape, 1.0 / labels)
    return Problem(
        pattern,
        random_weights(pattern, seed),
        rng.uniform(size=shape),
        rng.integers(0, labels, len(pattern)),
        base if barycenter else random_simplex(shape, seed),
        time=time,
    )


def of_grid(problem: reference.Problem) -> Problem:
    """The same problem on a graph: weights of clamped duplicates add up."""
    average = reference.dense_average(problem.weights)
    labels = len(problem.distances)
    distances = problem.distances.reshape(labels, -1)
    base = np.full(distances.shape, 1.0 / labels)
    return Problem(
        average > 0.0, average[average > 0.0], distances, problem.labels.ravel(),
        base, problem.rho, problem.time,
    )  # fmt: skip


def dense_system(
    problem: Problem, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A = R_W₀ R_S (Ω ⊗ I) Diag(1/W₀) and B = R_W₀ S (2.22b), for any W₀."""
    average = matrix(problem.pattern, weights)
    u = (np.log(problem.base) - problem.distances / problem.rho) @ average.T
    S = np.exp(u - u.real.max(axis=0))
    S = S / S.sum(axis=0)
    # `reference` knows images: the nodes are an image of one row
    R_S, R_W = (reference.dense_replicator(p[:, None]) for p in (S, problem.base))
    Omega = np.kron(average, np.eye(len(S)))
    A = R_W @ R_S @ Omega / reference.vec(problem.base)
    return A, R_W @ reference.vec(S)


def solve(problem: Problem, weights: np.ndarray | None = None) -> np.ndarray:
    """V(T) = T φ(TA) B, (label, node)."""
    weights = problem.weights if weights is None else weights
    A, b = dense_system(problem, weights)
    V = problem.time * reference.phi_column(A, b, problem.time)
    return reference.unvec(V, (len(problem.base), 1, len(problem.pattern)))[:, 0]


def direction_loss(problem: Problem, V: np.ndarray) -> complex:
    return reference.direction_loss(V, problem.labels)


def cross_entropy(problem: Problem, V: np.ndarray) -> complex:
    """−mean log W at the truth, W = W₀ e^{V/W₀} normalized (2.11c); analytic in V."""
    u = np.log(problem.base) + V / problem.base
    u = u - u.real.max(axis=0)
    truth = np.take_along_axis(u, problem.labels[None], axis=0)[0]
    return (np.log(np.exp(u).sum(axis=0)) - truth).mean()


def complex_step_gradient(
    problem: Problem, loss: Callable[[Problem, np.ndarray], complex]
) -> np.ndarray:
    """∂f(Ω)_e = Im f(Ω + i h e_e) / h, exact to rounding: h² is below eps."""
    h, out = 1e-20, np.empty_like(problem.weights)
    for e in range(out.size):
        weights = problem.weights.astype(complex)
        weights[e] += 1j * h
        out[e] = loss(problem, solve(problem, weights)).imag / h
    return out
