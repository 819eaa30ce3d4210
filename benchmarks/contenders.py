"""Who takes part: each contender turns a problem into a function to be timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.problem import RHO, TIME, Problem

Run = Callable[[], np.ndarray]
"""Computes loss and gradient (or, forward only, V(T)) and returns the array."""


def ours(problem: Problem, rank: int = 1) -> Run:
    """Return this package's closed form of rank one."""
    import explorer as ex

    flow = ex.LinearizedFlow(problem.distances(), RHO, dtype=problem.dtype)
    weights, truth = flow.check_weights(problem.weights()), problem.truth()
    method = ex.LowRankGradient(problem.dim, rank=rank)
    return lambda: (
        method.differentiate(flow.plain_system(weights), truth, TIME).gradient
    )


def ours_whole(problem: Problem) -> Run:
    """Return this package's closed form, no component of Z neglected."""
    return ours(problem, problem.dim)


def ours_forward(problem: Problem) -> Run:
    """Return this package's Krylov integrator, without the gradient."""
    import explorer as ex

    flow = ex.LinearizedFlow(problem.distances(), RHO)
    weights = flow.check_weights(problem.weights())
    solver = ex.Krylov(problem.dim)
    return lambda: solver.integrate(flow.plain_system(weights), TIME).scaled


def torch_eager(problem: Problem) -> Run:
    """Return PyTorch through the Krylov integrator, planar slices."""
    import torch

    from benchmarks.traced import torch_loss

    kind = torch.float32 if problem.single else torch.float64
    D = torch.tensor(problem.distances(), dtype=kind)
    truth = torch.tensor(problem.truth())
    Omega = torch.tensor(problem.weights(), dtype=kind, requires_grad=True)

    def run() -> np.ndarray:
        loss = torch_loss(torch, D, truth, Omega, problem.dim)
        (gradient,) = torch.autograd.grad(loss, Omega)
        return gradient.numpy()

    return run


def torch_compiled(problem: Problem) -> Run:
    """Return the same under torch.compile."""
    import torch

    from benchmarks.traced import torch_loss

    kind = torch.float32 if problem.single else torch.float64
    D = torch.tensor(problem.distances(), dtype=kind)
    truth = torch.tensor(problem.truth())
    Omega = torch.tensor(problem.weights(), dtype=kind, requires_grad=True)
    compiled = torch.compile(
        lambda weights: torch_loss(torch, D, truth, weights, problem.dim)
    )

    def run() -> np.ndarray:
        (gradient,) = torch.autograd.grad(compiled(Omega), Omega)
        return gradient.numpy()

    return run


def jax_jit(problem: Problem) -> Run:
    """Return JAX under jit, planar slices."""
    import jax

    from benchmarks.traced import jax_loss

    jax.config.update("jax_enable_x64", not problem.single)
    D = jax.numpy.asarray(problem.distances(), dtype=problem.dtype)
    truth = jax.numpy.asarray(problem.truth())
    Omega = jax.numpy.asarray(problem.weights(), dtype=problem.dtype)
    gradient = jax.jit(jax.grad(lambda w: jax_loss(jax, D, truth, w, problem.dim)))
    return lambda: np.asarray(gradient(Omega))


def scipy_forward(problem: Problem) -> Run:
    """Return V(T) by SciPy: A as sparse rows, expm_multiply; no gradient."""
    from scipy.sparse.linalg import expm_multiply

    from benchmarks.sparse import augmented_system

    matrix, start, shape = augmented_system(problem)
    trace = float(matrix.diagonal().sum())

    def run() -> np.ndarray:
        moved = expm_multiply(matrix, start, traceA=trace)
        labels, rows, cols = shape
        return np.moveaxis(moved[:-1].reshape(rows, cols, labels), -1, 0)

    return run


GRADIENTS: dict[str, Callable[[Problem], Run]] = {
    "ours": ours,
    "ours, full rank": ours_whole,
    "PyTorch eager": torch_eager,
    "PyTorch compile": torch_compiled,
    "JAX jit": jax_jit,
}

FORWARD: dict[str, Callable[[Problem], Run]] = {
    "ours, forward": ours_forward,
    "SciPy, forward": scipy_forward,
}

CONTENDERS: dict[str, Callable[[Problem], Run]] = GRADIENTS | FORWARD

NEEDS: dict[str, Any] = {
    "PyTorch eager": "torch",
    "PyTorch compile": "torch",
    "JAX jit": "jax",
}
"""The module without which a contender stays away."""

DOUBLE_ONLY = ("ours, forward", "SciPy, forward")
"""Contenders that compute in double precision alone."""


def exact(problem: Problem) -> Run:
    """Return the gradient that the others are compared with: full rank, m = 30."""
    import explorer as ex

    flow = ex.LinearizedFlow(problem.distances(), RHO)
    weights, truth = flow.check_weights(problem.weights()), problem.truth()
    method = ex.LowRankGradient(30, rank=30)
    return lambda: (
        method.differentiate(flow.plain_system(weights), truth, TIME).gradient
    )


def exact_forward(problem: Problem) -> Run:
    """Return the V(T) that the others are compared with: m = 30."""
    import explorer as ex

    flow = ex.LinearizedFlow(problem.distances(), RHO)
    weights = flow.check_weights(problem.weights())
    solver = ex.Krylov(30)
    return lambda: solver.integrate(flow.plain_system(weights), TIME).scaled


REFERENCES = {"exact": exact, "exact, forward": exact_forward}
"""Never timed."""
