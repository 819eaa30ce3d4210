"""The flow in PyTorch's differentiable operations: A V + B, Euler, Arnoldi and φ(TH).

Tensors are planar and float64: each application of Ω pads the field once, and its taps
are slices of the padded field. The module `torch` is passed as an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.flow import phi
from explorer.flow.arnoldi import BREAKDOWN, Basis
from explorer.flow.evolution import Evolution, Work
from explorer.flow.krylov import direction_error
from explorer.flow.system import LinearSystem
from explorer.geometry.graph import Graph
from explorer.geometry.grid import Grid
from explorer.gradients.discrete import ending, grown, require_finite
from explorer.late import cached_property

Tensor = Any
"""A torch.Tensor; its type is unknown until PyTorch is loaded."""

SAVED = 4
"""Fields that PyTorch keeps of one application of A for the backward pass: V padded,
ΩV, its difference from the mean, and one for temporary results."""


def saved_fields(system: LinearSystem) -> int:
    """Return how many fields one application of A keeps; on a graph one per edge."""
    hood = system.neighborhood
    return SAVED + (hood.largest if isinstance(hood, Graph) else 0)


@dataclass(frozen=True, eq=False)
class TracedSystem:
    """A V = R_W₀ R_S Ω (V/W₀) and B as differentiable functions of Ω.

    Attributes
    ----------
    system : in NumPy; weights : Ω, the leaf of the graph; average : X ↦ Ω X.
    similarity : S; base_point : W₀ or None.
    """

    torch: Any
    system: LinearSystem
    weights: Tensor
    average: Callable[[Tensor], Tensor]
    similarity: Tensor
    base_point: Tensor | None

    @classmethod
    def of(cls, torch: Any, system: LinearSystem) -> TracedSystem:
        """Return the system with S = softmax(Ω C) on the graph of Ω."""
        weights = torch.tensor(system.weights, requires_grad=True)
        hood = system.neighborhood
        if isinstance(hood, Grid):
            average = grid_average(torch, hood, weights)
        elif isinstance(hood, Graph):
            average = graph_average(torch, hood, weights)
        else:
            raise TypeError(
                f"`flow` has a {type(hood).__name__}, which automatic differentiation "
                "does not know: use a LinearizedFlow or a GraphFlow"
            )
        S = torch.softmax(average(torch.tensor(system.log_likelihood)), dim=0)
        W = system.base_point
        base = None if W is None else torch.tensor(W)
        return cls(torch, system, weights, average, S, base)

    @cached_property
    def source(self) -> Tensor:
        """B = R_W₀ S, at the barycenter Π₀ S / J."""
        S = self.similarity
        if self.base_point is None:
            return (S - S.mean(dim=0)) / S.shape[0]
        return replicator(self.base_point, S)

    def apply(self, V: Tensor) -> Tensor:
        """A V."""
        if self.base_point is None:
            return replicator(self.similarity, self.average(V))
        inner = replicator(self.similarity, self.average(V / self.base_point))
        return replicator(self.base_point, inner)

    def norm(self, V: Tensor) -> float:
        """‖V‖ as a number, outside the graph."""
        return float(self.torch.linalg.vector_norm(V.detach()))

    def gradient(self, y: Tensor, slope: np.ndarray) -> np.ndarray:
        """Return ⟨slope, ∂y/∂Ω⟩, zero where y does not depend on Ω."""
        if not y.requires_grad:
            return np.zeros_like(self.system.weights)
        out = self.torch.tensor(slope)
        return self.torch.autograd.grad(y, self.weights, out)[0].numpy()


def replicator(p: Tensor, u: Tensor) -> Tensor:
    """R_p u = p∘u − ⟨p, u⟩ p."""
    return p * (u - (p * u).sum(dim=0))


def grid_average(torch: Any, grid: Grid, weights: Tensor) -> Callable:
    """Return X ↦ Ω X on a grid; rows are sliced first, for fewer backward steps."""
    R, side = grid.radius, 2 * grid.radius + 1
    taps = weights.unbind(0)

    def average(X: Tensor) -> Tensor:
        padded = torch.nn.functional.pad(X, (R, R, R, R), mode="replicate")
        bands = [padded[:, dr : dr + grid.rows] for dr in range(side)]
        slices = [
            band[..., dc : dc + grid.cols] for band in bands for dc in range(side)
        ]
        total = taps[0] * slices[0]
        for tap, x in zip(taps[1:], slices[1:], strict=True):
            total = torch.addcmul(total, tap, x)
        return total

    return average


def graph_average(torch: Any, graph: Graph, weights: Tensor) -> Callable:
    """Return X ↦ Ω X on a graph: gather along the edges, then add up at the nodes."""
    sources = torch.tensor(graph.sources, dtype=torch.int64)
    targets = torch.tensor(graph.targets, dtype=torch.int64)

    def average(X: Tensor) -> Tensor:
        along = weights * X.index_select(1, targets)
        return torch.zeros_like(X).index_add(1, sources, along)

    return average


def traced_euler(
    traced: TracedSystem, time: float, tau: np.ndarray, check: Callable[[], None]
) -> tuple[Tensor, Evolution]:
    """Return y(1) = V(T)/T of explicit Euler on the graph of Ω, and its end.

    The error bound is the one of `discrete.euler`, with ẏ_{n+1} − ẏ_n computed as
    T A y_{n+1} − T A y_n.
    """
    growth, error, size = time * traced.system.growth, 0.0, 0.0
    torch, B = traced.torch, traced.source
    y, before = tau[0] * B, torch.zeros_like(B)  # y_0 = 0
    for n, step in enumerate(tau):
        check()
        last = n == tau.size - 1
        with torch.set_grad_enabled(not last):
            slope = traced.apply(y)  # for the next step, or for the final error
        change = time * traced.norm(slope.detach() - before)
        error = grown(step * growth, error + 0.5 * step * change)
        before = slope.detach()
        if not last:
            y = torch.add(y, slope, alpha=time * tau[n + 1])
            y = torch.add(y, B, alpha=tau[n + 1])
        size = max(size, traced.norm(y)) if last else size
        require_finite(change + size, time)
    return y, ending(traced.system, time, y.detach().numpy(), error, tau.size)


def traced_krylov(
    traced: TracedSystem, time: float, dim: int, check: Callable[[], None]
) -> tuple[Tensor, Evolution]:
    """Return β Q_m φ(T H_m) e₁ · e^{−shift} on the graph of Ω, and its end."""
    torch, system = traced.torch, traced.system
    vectors, H, beta, residual = traced_arnoldi(traced, dim, check)
    m, shape = len(vectors), (len(vectors), *system.shape)
    Q = torch.stack(vectors).view(shape) if m else torch.zeros(shape)
    basis = Basis(
        Q.detach().numpy(), H.detach().numpy(), float(beta.detach()), residual
    )
    shift = phi.shift_of(basis.H, time)
    y = torch.zeros(system.shape, dtype=beta.dtype)
    if m:
        M = torch.nn.functional.pad(time * H, (0, 1, 0, 1))
        constant = -shift * torch.eye(m + 1, dtype=M.dtype)
        constant[0, m] += 1.0
        coefficients = beta * torch.matrix_exp(M + constant)[:m, m]
        y = torch.tensordot(coefficients, Q, dims=1)
    error = float(direction_error(basis, time, shift, system.growth)[-1])
    evolution = Evolution(
        system=system,
        time=time,
        shift=shift,
        direction=y.detach().numpy(),
        error=error,
        work=Work(applications=m, dim=m),
        cure="raise `dim`",
        exact=residual == 0.0,
        basis=basis,
    )
    return y, evolution


def traced_arnoldi(
    traced: TracedSystem, dim: int, check: Callable[[], None]
) -> tuple[list[Tensor], Tensor, Tensor, float]:
    """Return q_1 … q_m, H_m, β, h_{m+1,m} like `flow.arnoldi`, on the graph of Ω."""
    torch, start = traced.torch, traced.source
    beta = torch.linalg.vector_norm(start)
    if float(beta.detach()) == 0.0:
        return [], start.new_zeros((0, 0)), beta, 0.0
    vectors, columns, largest = [start.flatten() / beta], [], 0.0
    dim = min(dim, start.numel())
    for j in range(dim):
        check()
        w = traced.apply(vectors[-1].view(start.shape)).flatten()
        scale = max(traced.norm(w), largest)
        w, h = orthogonalized(torch, w, vectors)
        residual = torch.linalg.vector_norm(w)
        columns.append(torch.stack([*h, residual]))
        largest = max(largest, float(columns[-1].detach().abs().max()))
        if float(residual.detach()) <= BREAKDOWN * scale:
            return vectors, hessenberg(torch, columns), beta, 0.0
        if j < dim - 1:
            vectors.append(w / residual)
    return vectors, hessenberg(torch, columns), beta, float(residual.detach())


def orthogonalized(
    torch: Any, w: Tensor, vectors: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Return w − Σ h_i q_i orthogonal to all q_i, and the h_i.

    Gram–Schmidt runs twice. The second pass subtracts components that are zero up to
    rounding; their derivatives are also zero and are omitted.
    """
    h = []
    for q in vectors:
        h.append(torch.dot(q, w))
        w = torch.addcmul(w, q, h[-1], value=-1.0)
    with torch.no_grad():
        rest, again = w.clone(), []
        for q in vectors:
            again.append(torch.dot(q, rest))
            rest -= again[-1] * q
        rest -= w
    return w + rest, [a + b for a, b in zip(h, again, strict=True)]


def hessenberg(torch: Any, columns: list[Tensor]) -> Tensor:
    """Return H from its columns, column j with j + 2 entries; the last row is cut."""
    m = len(columns)
    pad = torch.nn.functional.pad
    square = [pad(c, (0, max(0, m - len(c))))[:m] for c in columns]
    return torch.stack(square, dim=1)
