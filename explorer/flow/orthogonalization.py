"""How a Krylov basis is made orthonormal: vector by vector, or in blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from explorer.flow.arnoldi import Arnoldi, Basis
from explorer.flow.chebyshev import Kept, Recurrence, Rerun, Vectors
from explorer.flow.system import Operator
from explorer.geometry.chains import Line
from explorer.params import Parameter, Record, is_real, of, one_of, part

MOST_KEPT = 64 * 2**20
"""Largest size of a basis, in bytes, that is kept by default. Above it, fresh memory
costs as much time as running the recurrence again."""

PROBE = 31 * 2**20
"""Bytes just below the 32 MB beyond which glibc always maps an array separately."""


@cache
def keep_freed_memory() -> None:
    """Let the C library keep freed arrays of up to 32 MB.

    The system clears fresh memory page by page on first access; at 128 × 128 pixels,
    this would take a third of a learning step. glibc maps each large array separately
    until an array of that size is freed; afterward it takes them from its heap.
    Therefore this function allocates a large array once, and frees it without touching
    it. With other C libraries it has no effect.
    """
    np.empty(PROBE, np.uint8)


def line_of(start: np.ndarray | Line) -> Line:
    """Return a start vector as a `Line`."""
    return start if isinstance(start, Line) else Line(start)


BLOCK = Parameter(
    "block", "block", 5, 1, 8, "vectors per block", "vectors", integer=True,
    slider=(1, 8, 1),
)  # fmt: skip

KEEP = "whether the vectors stay in memory; None: only if they are small"


def checked_block(value: Any) -> int:
    """Return the number of vectors per block, or raise."""
    whole = is_real(value) and isinstance(value, (int, np.integer))
    if not whole or not BLOCK.low <= value <= BLOCK.high:
        raise ValueError(
            f"`block` = {value!r} is out of range: it must be {BLOCK.admissible} "
            f"({BLOCK.meaning})"
        )
    return int(value)


def checked_keep(value: Any) -> bool | None:
    """Return whether vectors stay in memory, or raise."""
    if not (value is None or isinstance(value, bool)):
        raise TypeError(
            f"`keep` = {value!r} is a {type(value).__name__}; pass True, False or "
            "None (keep small bases)"
        )
    return value


class Orthogonalization(Record, ABC):
    """A way to build an orthonormal basis of K_m(A, start)."""

    @abstractmethod
    def build(
        self,
        operator: Operator,
        start: np.ndarray | Line,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Basis:
        """Return the basis; `check` is called often and may raise to stop."""

    def keeps(self, size: int, dim: int) -> bool:
        """Whether the vectors of a basis, `size` bytes each, stay in memory."""
        return True


@dataclass(frozen=True)
class GramSchmidt(Orthogonalization):
    """Arnoldi with classical Gram–Schmidt, run twice: orthogonal to rounding.

    Every new vector reads all the others four times, which dominates for large images.
    """

    def build(
        self,
        operator: Operator,
        start: np.ndarray | Line,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Basis:
        """Return the basis; it ends early, and exactly, with an invariant space."""
        return Arnoldi(operator.apply, line_of(start).array, dim, check).extend(dim)


@dataclass(frozen=True)
class BlockChebyshev(Orthogonalization):
    """Chebyshev polynomials of A in blocks, orthonormal by one Cholesky factor.

    Within a block v_{k+1} = 2 (A − a) v_k / d − v_{k−1} with the interval a ± d, which
    keeps the vectors far from parallel: A V_m = V_{m+1} B with a known, nearly
    tridiagonal B. The Gram matrix VᵀV = RᵀR gives Q = V R⁻¹, which is never formed, and
    A Q_m = Q_{m+1} (R B R_m⁻¹) with the Hessenberg matrix of Arnoldi. The next block
    starts from the last orthonormal vector. Each vector is read a few times in total,
    instead of four times by every later one. The results agree with `GramSchmidt` to
    ten digits or more, and large images are several times faster.

    If vectors become nearly dependent (in small problems, or when a space ends early),
    it starts again with `GramSchmidt`, which is slower but never less accurate.

    Parameters
    ----------
    block : int in 1 … 8, vectors per block: large blocks are fast but less orthogonal.
    keep : bool, optional
        whether the vectors, (m + 1) I J numbers, stay in memory. If not, only their
        inner products are stored, and every combination runs the recurrence again: a
        gradient takes about 50 % longer, and memory does not grow with m. By default,
        vectors are kept up to 64 MB. Graphs, windows larger than 3 × 3 and images
        narrower than 18 pixels always keep them.
    """

    block: int = of(BLOCK, check=checked_block)
    keep: bool | None = one_of((None, True, False), checked_keep, KEEP)

    def build(
        self,
        operator: Operator,
        start: np.ndarray | Line,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Basis:
        """Return the basis."""
        keep_freed_memory()
        line = line_of(start)
        norm, field, basis = line.norm, line.field, None
        if norm > 0.0 and operator.radius > 0.0 and dim < field.size:
            unit = line.times(1.0 / norm)
            vectors: Vectors = (
                Rerun(operator.chain, unit)
                if operator.chain is not None and not self.keeps(field.nbytes, dim)
                else Kept(operator, unit, dim)
            )
            work = Recurrence(vectors, operator.radius, dim, check)
            basis = work.run(self.block, norm)
        return basis or GramSchmidt().build(operator, start, dim, check)

    def keeps(self, size: int, dim: int) -> bool:
        """Whether vectors of `size` bytes each stay in memory."""
        if self.keep is None:
            return (dim + 1) * size <= MOST_KEPT
        return self.keep


def checked_orthogonalization(value: Any) -> Orthogonalization:
    """Return `value`, or raise if it is not an Orthogonalization."""
    if not isinstance(value, Orthogonalization):
        raise TypeError(
            f"`orthogonalization` = {value!r} is a {type(value).__name__}; pass "
            "`BlockChebyshev()` or `GramSchmidt()`"
        )
    return value


def any_orthogonalization() -> Any:
    """Return a field for the orthogonalization of bases; the default is fast."""
    kinds = BlockChebyshev, GramSchmidt
    meaning = "how bases are made orthonormal"
    return part(BlockChebyshev, checked_orthogonalization, *kinds, meaning=meaning)
