"""Naive loops and dense matrices that the tests compare the library with.

Nothing here uses the package: vectors of R^n are (row, col, label) in row-major order,
so that pixel i and label j share the index i·J + j. Equation numbers are the paper's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import expm

DATA = Path(__file__).parent / "data"

CASES = ("uniform", "random", "two_labels", "radius2", "large_time")
"""Problems linearized at the barycenter, with exact answers."""

SHAPES = ((1, 1), (1, 5), (6, 1), (2, 2), (3, 7))
"""Grids that are smaller than, as large as, and larger than a neighborhood."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A labeling problem on a few pixels: what the library takes as its input."""

    distances: np.ndarray
    weights: np.ndarray
    labels: np.ndarray
    rho: float
    time: float

    @property
    def radius(self) -> int:
        return (math.isqrt(len(self.weights)) - 1) // 2


def load(name: str) -> dict[str, np.ndarray]:
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


def problem_of(case: dict[str, np.ndarray]) -> Problem:
    rho, time = float(case["rho"]), float(case["time"])
    return Problem(case["distances"], case["weights"], case["labels"], rho, time)


def random_weights(radius: int, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    weights = np.random.default_rng(seed).uniform(
        0.1, 1.0, ((2 * radius + 1) ** 2, *shape)
    )
    return weights / weights.sum(axis=0)


def random_problem(
    shape: tuple[int, int] = (3, 4),
    labels: int = 3,
    radius: int = 1,
    time: float = 3.0,
    seed: int = 0,
) -> Problem:
    rng = np.random.default_rng(seed)
    distances = rng.uniform(size=(labels, *shape))
    truth = rng.integers(0, labels, shape)
    return Problem(distances, random_weights(radius, shape, seed), truth, 0.5, time)


def neighbors(
    radius: int, shape: tuple[int, int], row: int, col: int
) -> list[tuple[int, int]]:
    """The neighbors of a pixel in storage order, clamped to the image."""
    span = range(-radius, radius + 1)
    rows, cols = shape
    return [
        (min(max(row + dr, 0), rows - 1), min(max(col + dc, 0), cols - 1))
        for dr in span
        for dc in span
    ]


def links(weights: np.ndarray) -> list[tuple[int, int, int, int, int]]:
    """All (offset, row, col, neighbor's row, neighbor's col)."""
    count, *shape = weights.shape
    radius = (math.isqrt(count) - 1) // 2
    return [
        (k, r, c, *near)
        for r, c in np.ndindex(*shape)
        for k, near in enumerate(neighbors(radius, (shape[0], shape[1]), r, c))
    ]


def average(weights: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Ω X, link by link."""
    out = np.zeros(X.shape, np.result_type(weights, X))
    for k, r, c, nr, nc in links(weights):
        out[:, r, c] += weights[k, r, c] * X[:, nr, nc]
    return out


def average_transpose(weights: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Ωᵀ Y, link by link."""
    out = np.zeros_like(Y)
    for k, r, c, nr, nc in links(weights):
        out[:, nr, nc] += weights[k, r, c] * Y[:, r, c]
    return out


def sampled_product(weights: np.ndarray, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """⟦P, Q⟧_ik = Σ_j P_ij Q_kj, link by link."""
    out = np.zeros_like(weights)
    for k, r, c, nr, nc in links(weights):
        out[k, r, c] = P[:, r, c] @ Q[:, nr, nc]
    return out


def similarity(weights: np.ndarray, distances: np.ndarray, rho: float) -> np.ndarray:
    """S = softmax(−Ω D/ρ) (2.17); differences of labels only, hence no overflow."""
    u = average(weights, -(distances - distances.min(axis=0)) / rho)
    e = np.exp(u - u.real.max(axis=0))
    return e / e.sum(axis=0)


def vec(field: np.ndarray) -> np.ndarray:
    """(label, row, col) → Rⁿ."""
    return np.moveaxis(field, 0, -1).ravel()


def unvec(vector: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Rⁿ → (label, row, col)."""
    labels, rows, cols = shape
    return np.moveaxis(vector.reshape(rows, cols, labels), -1, 0)


def dense_average(weights: np.ndarray) -> np.ndarray:
    """Ω as an I × I matrix."""
    rows, cols = weights.shape[1:]
    out = np.zeros((rows * cols, rows * cols), weights.dtype)
    for k, r, c, nr, nc in links(weights):
        out[r * cols + c, nr * cols + nc] += weights[k, r, c]
    return out


def dense_replicator(S: np.ndarray) -> np.ndarray:
    """R_S as an n × n matrix of blocks Diag(S_i) − S_i S_iᵀ (2.11b)."""
    labels, rows, cols = S.shape
    out = np.zeros((S.size, S.size), S.dtype)
    for i, (r, c) in enumerate(np.ndindex(rows, cols)):
        p, block = S[:, r, c], slice(i * labels, (i + 1) * labels)
        out[block, block] = np.diag(p) - np.outer(p, p)
    return out


def dense_system(weights: np.ndarray, S: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A = R_S (Ω ⊗ I_J) and b = Π₀ S / J (2.23)."""
    labels = S.shape[0]
    A = dense_replicator(S) @ np.kron(dense_average(weights), np.eye(labels))
    return A, vec((S - S.mean(axis=0)) / labels)


def phi_column(A: np.ndarray, b: np.ndarray, time: float) -> np.ndarray:
    """φ(TA) b, the last column of expm([[T A, b], [0, 0]])."""
    n = len(b)
    M = np.zeros((n + 1, n + 1), np.result_type(A, b))
    M[:n, :n], M[:n, n] = time * A, b
    return expm(M)[:n, n]


def solve(problem: Problem, weights: np.ndarray | None = None) -> np.ndarray:
    """V(T) = T φ(TA) b (2.28a) with dense matrices, (label, row, col)."""
    weights = problem.weights if weights is None else weights
    S = similarity(weights, problem.distances, problem.rho)
    V = problem.time * phi_column(*dense_system(weights, S), problem.time)
    return unvec(V, S.shape)


def target(labels: np.ndarray, count: int) -> np.ndarray:
    """V* = Π₀ (one-hot)."""
    return np.stack([(labels == j) - 1.0 / count for j in range(count)])


def direction_loss(V: np.ndarray, labels: np.ndarray) -> complex:
    """f(V) = 1 − ⟨V*, V⟩/(‖V*‖‖V‖) (3.4), analytic in V: no conjugates."""
    goal = target(labels, len(V))
    return 1.0 - (goal * V).sum() / np.sqrt((goal**2).sum() * (V**2).sum())


def loss(problem: Problem, weights: np.ndarray) -> complex:
    """f(V_T(Ω)) with dense matrices; `weights` may be complex."""
    return direction_loss(solve(problem, weights), problem.labels)


def complex_step_gradient(problem: Problem) -> np.ndarray:
    """∂f(Ω)_ik = Im f(Ω + i h e_ik) / h, exact to rounding: h² is below eps."""
    h, out = 1e-20, np.empty_like(problem.weights)
    for index in np.ndindex(*out.shape):
        weights = problem.weights.astype(complex)
        weights[index] += 1j * h
        out[index] = loss(problem, weights).imag / h
    return out
