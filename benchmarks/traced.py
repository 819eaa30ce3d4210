"""The loss as plain tensor code, for libraries that differentiate it themselves.

Planar slices: the padded field is read at nine offsets and summed, which is what
PyTorch and JAX do fastest here; gathering by index takes twice as long.
"""

from __future__ import annotations

from typing import Any

from benchmarks.problem import RHO, TIME


def torch_loss(torch: Any, D: Any, truth: Any, Omega: Any, dim: int) -> Any:
    """Return f(V(T)) through the Krylov integrator in PyTorch."""
    labels, rows, cols = D.shape

    def average(X: Any) -> Any:
        padded = torch.nn.functional.pad(X[None], (1, 1, 1, 1), mode="replicate")[0]
        return sum(
            Omega[3 * r + c] * padded[:, r : r + rows, c : c + cols]
            for r in range(3)
            for c in range(3)
        )

    S = torch.softmax(average(-D / RHO), dim=0)

    def apply(V: Any) -> Any:
        U = average(V)
        return S * (U - (S * U).sum(dim=0))

    b = (S - S.mean(dim=0)) / labels
    beta = b.norm()
    basis, columns = [b / beta], []
    for j in range(dim):
        w = apply(basis[j])
        Q = torch.stack(basis).reshape(j + 1, -1)
        h = Q @ w.reshape(-1)
        w = w - (h @ Q).reshape(w.shape)
        norm = w.norm()
        columns.append(torch.cat([h, norm[None], h.new_zeros(dim - 1 - j)]))
        basis.append(w / norm)
    H = torch.stack(columns, dim=1)[:dim]
    unit = torch.zeros(dim, 1, dtype=D.dtype)
    unit[0] = 1.0
    top = torch.cat([TIME * H, TIME * unit], dim=1)
    augmented = torch.cat([top, top.new_zeros(1, dim + 1)])
    y = beta * torch.linalg.matrix_exp(augmented)[:dim, dim]
    V = (y @ torch.stack(basis[:dim]).reshape(dim, -1)).reshape(D.shape)
    goal = (torch.arange(labels)[:, None, None] == truth).to(D.dtype) - 1.0 / labels
    return 1.0 - (goal * V).sum() / (goal.norm() * V.norm())


def jax_loss(jax: Any, D: Any, truth: Any, Omega: Any, dim: int) -> Any:
    """Return f(V(T)) through the Krylov integrator in JAX."""
    jnp = jax.numpy
    labels, rows, cols = D.shape

    def average(X: Any) -> Any:
        padded = jnp.pad(X, ((0, 0), (1, 1), (1, 1)), mode="edge")
        return sum(
            Omega[3 * r + c] * padded[:, r : r + rows, c : c + cols]
            for r in range(3)
            for c in range(3)
        )

    S = jax.nn.softmax(average(-D / RHO), axis=0)

    def apply(V: Any) -> Any:
        U = average(V)
        return S * (U - (S * U).sum(axis=0))

    b = (S - S.mean(axis=0)) / labels
    beta = jnp.linalg.norm(b)
    basis, columns = [(b / beta).ravel()], []
    for j in range(dim):
        w = apply(basis[j].reshape(D.shape)).ravel()
        Q = jnp.stack(basis)
        h = Q @ w
        w = w - h @ Q
        norm = jnp.linalg.norm(w)
        zeros = jnp.zeros(dim - 1 - j, D.dtype)
        columns.append(jnp.concatenate([h, norm[None], zeros]))
        basis.append(w / norm)
    H = jnp.stack(columns, axis=1)[:dim]
    augmented = jnp.zeros((dim + 1, dim + 1), D.dtype)
    augmented = augmented.at[:dim, :dim].set(TIME * H).at[0, dim].set(TIME)
    y = beta * jax.scipy.linalg.expm(augmented)[:dim, dim]
    V = y @ jnp.stack(basis[:dim])
    goal = (jnp.arange(labels)[:, None, None] == truth).astype(D.dtype) - 1.0 / labels
    product = goal.ravel() @ V
    return 1.0 - product / (jnp.linalg.norm(goal) * jnp.linalg.norm(V))
