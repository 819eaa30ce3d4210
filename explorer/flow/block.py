"""Several linear systems as one, on the stacked vector of all their fields."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.flow import phi
from explorer.flow.arnoldi import Basis, arnoldi
from explorer.flow.coordinates import bare
from explorer.flow.coupling import Coupling
from explorer.flow.evolution import Evolution, Work
from explorer.flow.krylov import cure_of, direction_error
from explorer.flow.rounding import EPS
from explorer.flow.system import LinearSystem
from explorer.late import cached_property

COUPLING_ROUNDINGS = 64
"""Roundings of one product with a coupling: a sum over labels, and Π₀ twice."""


def stack(fields: Sequence[np.ndarray]) -> np.ndarray:
    """Return all fields in one vector (n,)."""
    return np.concatenate([np.ravel(X) for X in fields])


def split(vectors: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Return one array (…, *shape) per shape from vectors (…, n)."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    parts, head = np.split(vectors, ends, axis=-1), vectors.shape[:-1]
    return [p.reshape(*head, *s) for p, s in zip(parts, shapes, strict=True)]


@dataclass(frozen=True, eq=False)
class BlockSystem:
    """V̇ = 𝐀 V + 𝐁 for all fields in one vector: 𝐀_ii = A_i, 𝐀_ij = Π₀ L_ij.

    Attributes
    ----------
    systems : one per flow; couplings : {(i, j): L_ij}.
    """

    systems: tuple[LinearSystem, ...]
    couplings: Mapping[tuple[int, int], Coupling]

    @property
    def source(self) -> np.ndarray:
        """𝐁, all B_i in one vector."""
        return stack([system.source for system in self.systems])

    @cached_property
    def growth(self) -> float:
        """μ ≥ 0 with ‖e^{t𝐀}‖ ≤ e^{tμ}: ‖𝐀‖₂ ≤ ‖N‖₂ with N_ij ≥ ‖𝐀_ij‖₂."""
        norms = np.diag([system.growth for system in self.systems])
        for place, coupling in self.couplings.items():
            norms[place] = coupling.norm
        return float(np.linalg.norm(norms, 2))

    @cached_property
    def noise(self) -> tuple[float, float]:
        """Bounds of the rounding errors of 𝐀 and 𝐁; see `LinearSystem.noise`."""
        of_A, of_b = np.array([system.noise for system in self.systems]).T
        maps = COUPLING_ROUNDINGS * sum(c.norm for c in self.couplings.values())
        return float(of_A.max()) + EPS * maps, float(np.linalg.norm(of_b))

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of each field."""
        return [system.shape for system in self.systems]

    def apply(self, vector: np.ndarray) -> np.ndarray:
        """𝐀 V: A_i V_i + Σ_j Π₀ L_ij V_j."""
        V = split(vector, self.shapes)
        out = [s.apply(v) for s, v in zip(self.systems, V, strict=True)]
        for (i, j), coupling in self.couplings.items():
            out[i] += coupling.apply(V[j])
        return stack(out)

    def apply_transpose(self, vector: np.ndarray) -> np.ndarray:
        """𝐀ᵀ U: A_jᵀ U_j + Σ_i L_ijᵀ Π₀ U_i."""
        U = split(vector, self.shapes)
        out = [s.apply_transpose(u) for s, u in zip(self.systems, U, strict=True)]
        for (i, j), coupling in self.couplings.items():
            out[j] += coupling.apply_transpose(U[i])
        return stack(out)


@dataclass(frozen=True, eq=False)
class BlockEvolution:
    """All flows at time T.

    Attributes
    ----------
    basis : of K_m(𝐀, 𝐁); its vectors are (m, n).
    evolutions : the rows of each flow. All share time and shift, and the error of
        the whole, which bounds the error of each part.
    """

    system: BlockSystem
    basis: Basis
    evolutions: tuple[Evolution, ...]


def evolve(system: BlockSystem, time: float, dim: int) -> BlockEvolution:
    """Return all flows at `time` from one Krylov space of `dim`: see `Krylov`."""
    basis = arnoldi(system.apply, system.source, dim)
    shift = phi.shift_of(basis.H, time)
    direction = basis.combine(basis.norm * phi.phi_first(basis.H, time, shift))
    growth, noise = system.growth, system.noise
    same = bare(basis)
    own = float(direction_error(same, time, shift, growth)[-1])
    error = float(direction_error(same, time, shift, growth, noise)[-1])
    evolutions = tuple(
        Evolution(
            system=one,
            time=time,
            shift=shift,
            direction=part,
            error=error,
            rounding=error - own if math.isfinite(error) else 0.0,
            work=Work(applications=basis.dim, dim=basis.dim),
            cure=cure_of(basis.dim, time),
            exact=basis.residual == 0.0,
        )
        for one, part in zip(
            system.systems, split(direction, system.shapes), strict=True
        )
    )
    return BlockEvolution(system, basis, evolutions)
