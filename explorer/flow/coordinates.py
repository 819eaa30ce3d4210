"""The coordinates Ũ of a base point W₀, in which errors of V are measured.

With V = R_W₀ Ũ, Ũ = V/W₀ up to a constant per pixel, V̇ = A V + B becomes
Ũ' = R_S Ω Ũ + S: the operator of the barycenter, whose growth is at most `rate`,
however small the entries of W₀. The growth of V itself is only bounded by
‖R_W₀‖ ‖R_S Ω‖ max(1/W₀), and e^{Tμ} overflows if W₀ is close to a corner. Therefore
errors are bounded in Ũ and carried back by ‖ΔV‖ ≤ ‖R_W₀‖ ‖ΔŨ‖. The adjoint λ of V
corresponds to R_W₀ λ, the adjoint of Ũ, on which (R_S Ω)ᵀ acts. At the barycenter
nothing changes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explorer.flow.arnoldi import Basis
from explorer.flow.evolution import Evolution
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex


def lifted_norm(system: LinearSystem, V: np.ndarray) -> float:
    """Return ‖Π₀(V/W₀)‖, at the barycenter ‖V‖."""
    if system.base_point is None:
        return float(np.linalg.norm(V))
    return float(np.linalg.norm(simplex.center(V / system.base_point)))


def pulled_norm(system: LinearSystem, U: np.ndarray) -> float:
    """Return ‖R_W₀ U‖, at the barycenter ‖U‖."""
    return float(np.linalg.norm(system.pull(U)))


def lifted(system: LinearSystem, basis: Basis) -> Basis:
    """Return the basis without its vectors, measured in Ũ."""
    if system.base_point is None:
        return bare(basis)
    norms = [lifted_norm(system, q) for q in basis.vectors]
    last = 0.0 if basis.residual == 0.0 else system.push_norm
    if basis.last is not None:
        last = lifted_norm(system, basis.last)
    return measured(basis, norms, last)


def pulled(system: LinearSystem, basis: Basis) -> Basis:
    """Return a basis of adjoints without its vectors, measured in R_W₀ λ."""
    if system.base_point is None:
        return bare(basis)
    norms = [pulled_norm(system, q) for q in basis.vectors]
    last = 0.0 if basis.residual == 0.0 else system.pull_norm
    if basis.last is not None:
        last = pulled_norm(system, basis.last)
    return measured(basis, norms, last)


def bare(basis: Basis) -> Basis:
    """Return the basis without its vectors, which bounds do not need."""
    return replace(basis, stored=np.empty((0, 0)), last=None)


def measured(basis: Basis, norms: list[float], last: float) -> Basis:
    """Return the basis without its vectors, whose lengths are given."""
    return replace(
        bare(basis),
        residual=basis.residual * last,
        mixing=np.eye(basis.dim),
        lengths=np.array(norms),
    )


def at_base(system: LinearSystem, inner: Evolution) -> Evolution:
    """Return a system's evolution from the evolution of its `core`: V = J R_W₀ V_𝟙."""
    if system.base_point is None:
        return inner
    labels = system.shape[0]
    scale = labels * system.pull_norm
    return replace(
        inner,
        system=system,
        direction=simplex.replicator(system.base_point, labels * inner.direction),
        error=lambda: scale * inner.error,
        rounding=lambda: scale * inner.rounding,
    )
