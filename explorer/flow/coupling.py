"""Linear maps between the tangent vectors of two flows (5.2)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.sparse.linalg import LinearOperator

from explorer.dims import LABEL, computed, finite_field
from explorer.flow.arnoldi import arnoldi
from explorer.flow.base import Flow
from explorer.flow.evolution import LARGEST_LOG_SCALE, Evolution
from explorer.geometry import simplex
from explorer.late import cached_property

FROM_LABEL = "from_label"

NORM_DIM = 20
"""Dimension of the Krylov space of LᵀL in which ‖L‖ is estimated: the largest
eigenvalue converges first, to within a few percent in this many steps."""

ADJOINT_TOLERANCE = 1e-5
"""How far ⟨Lx, y⟩ and ⟨x, Lᵀy⟩ may differ, relative to ‖Lx‖‖y‖ + ‖x‖‖Lᵀy‖: products
in single precision agree within 1e-6; a wrong transpose is off by about 1/√n."""

LARGEST_INFLOW = 1e30
"""Largest ‖L V‖: even after growth by e^300, a stage stays in double precision."""


class Coupling(ABC):
    """Π₀ L Π₀: the tangent vectors of one flow as an inflow of another.

    The left Π₀ keeps the inflow tangent. The right one does not change the map, because
    all V are tangent, but makes the transposed map return tangent vectors, too.
    """

    @property
    @abstractmethod
    def norm(self) -> float:
        """‖Π₀ L Π₀‖₂."""

    @abstractmethod
    def apply(self, V: np.ndarray) -> np.ndarray:
        """Π₀ L Π₀ V."""

    @abstractmethod
    def apply_transpose(self, U: np.ndarray) -> np.ndarray:
        """Π₀ Lᵀ Π₀ U."""


@dataclass(frozen=True, eq=False)
class LabelMap(Coupling):
    """One matrix (label, from_label) for the label vectors of all pixels.

    matrix : Π₀ L Π₀ itself.
    """

    matrix: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> LabelMap:
        """Return the map of a matrix L."""
        return cls(simplex.center(simplex.center(matrix).T).T)

    @property
    def norm(self) -> float:
        """The norm of the matrix: pixels do not mix."""
        return float(np.linalg.norm(self.matrix, 2))

    def apply(self, V: np.ndarray) -> np.ndarray:
        """L V, one product for all pixels."""
        return np.tensordot(self.matrix, V, 1)

    def apply_transpose(self, U: np.ndarray) -> np.ndarray:
        """Lᵀ U."""
        return np.tensordot(self.matrix.T, U, 1)


@dataclass(frozen=True, eq=False)
class OperatorMap(Coupling):
    """Any linear map between flows, on vectors in the order (label, row, col).

    shape, from_shape : shapes of the fields that it returns and takes.
    """

    operator: LinearOperator
    shape: tuple[int, ...]
    from_shape: tuple[int, ...]

    @cached_property
    def norm(self) -> float:
        """An estimate of the norm, from below: √ of the largest Ritz value of LᵀL."""
        start = np.random.default_rng(0).standard_normal(self.from_shape)
        basis = arnoldi(lambda V: self.apply_transpose(self.apply(V)), start, NORM_DIM)
        return math.sqrt(max(0.0, float(np.linalg.eigvals(basis.H).real.max())))

    def apply(self, V: np.ndarray) -> np.ndarray:
        """Π₀ L Π₀ V."""
        image = self.operator.matvec(simplex.center(V).ravel())
        return simplex.center(np.asarray(image, dtype=float).reshape(self.shape))

    def apply_transpose(self, U: np.ndarray) -> np.ndarray:
        """Π₀ Lᵀ Π₀ U."""
        image = self.operator.rmatvec(simplex.center(U).ravel())
        return simplex.center(np.asarray(image, dtype=float).reshape(self.from_shape))


def coupling_of(
    argument: str, value: Any, shape: tuple[int, ...], from_shape: tuple[int, ...]
) -> Coupling:
    """Return the checked coupling of a flow of `shape` to one of `from_shape`.

    Parameters
    ----------
    value : array (label, from_label), for flows on the same pixels, or a
        scipy.sparse.linalg.LinearOperator (n, from_n), n = I·J, real, with `rmatvec`.
    """
    if isinstance(value, LinearOperator):
        return operator_map(argument, value, shape, from_shape)
    if not isinstance(value, (np.ndarray, xr.DataArray, list, tuple)):
        raise TypeError(
            f"`{argument}` is a {type(value).__name__}; pass an array (label, "
            f"from_label) = {(shape[0], from_shape[0])} or a LinearOperator: wrap a "
            "sparse matrix with `scipy.sparse.linalg.aslinearoperator`"
        )
    matrix = finite_field(argument, value, (LABEL, FROM_LABEL))
    if matrix.shape != (shape[0], from_shape[0]):
        raise ValueError(
            f"`{argument}` has shape {matrix.shape}; it must have shape "
            f"(label, from_label) = {(shape[0], from_shape[0])}: one row for each "
            "label of the receiving flow, one column for each label of the other flow"
        )
    if shape[1:] != from_shape[1:]:
        raise ValueError(
            f"`{argument}` has shape {matrix.shape} and maps the labels of each pixel, "
            f"but the flows have the pixels {from_shape[1:]} and {shape[1:]}: pass a "
            "LinearOperator that maps between them"
        )
    return LabelMap.of(matrix)


def kept(value: Any) -> Any:
    """Return a copy of an array, because the caller may change the original.

    `coupling_of`, which knows the name of the argument, checks the value later.
    """
    value = computed("coupling", value)
    if isinstance(value, (np.ndarray, xr.DataArray)):
        return value.copy()
    return [kept(row) for row in value] if isinstance(value, list) else value


def operator_map(
    argument: str,
    operator: LinearOperator,
    shape: tuple[int, ...],
    from_shape: tuple[int, ...],
) -> OperatorMap:
    """Return the checked coupling of a LinearOperator."""
    needed = (math.prod(shape), math.prod(from_shape))
    if operator.shape != needed:
        raise ValueError(
            f"`{argument}` has shape {operator.shape}; it must have shape {needed}: "
            f"it maps raveled fields of shape {from_shape} to {shape}"
        )
    if operator.dtype is not None and np.dtype(operator.dtype).kind not in "fiub":
        raise TypeError(
            f"`{argument}` has dtype {operator.dtype}; it must be real: take its "
            "real part"
        )
    check_transpose(argument, operator)
    return OperatorMap(operator, shape, from_shape)


def check_transpose(argument: str, operator: LinearOperator) -> None:
    """Raise unless ⟨Lx, y⟩ = ⟨x, Lᵀy⟩ for random x and y, and all is finite.

    A wrong `rmatvec` would leave the solution right and make the gradient wrong.
    """
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal(n) for n in operator.shape[::-1])
    try:
        image, back = operator.matvec(x), operator.rmatvec(y)
    except NotImplementedError as error:
        raise TypeError(
            f"`{argument}` = {operator!r} has no `rmatvec`, which the gradient needs: "
            "pass it to LinearOperator(shape, matvec, rmatvec)"
        ) from error
    size = np.linalg.norm(image) * np.linalg.norm(y)
    size += np.linalg.norm(x) * np.linalg.norm(back)
    gap = abs(np.vdot(image, y) - np.vdot(x, back))
    if not np.isfinite(size):
        raise ValueError(
            f"`{argument}` = {operator!r} returned numbers that are not finite: "
            "rescale or repair it"
        )
    if gap > ADJOINT_TOLERANCE * size:
        raise ValueError(
            f"`{argument}` = {operator!r} has an `rmatvec` that is not the transpose "
            f"of its `matvec`: they differ by {gap / size:.1e}, relative; repair it"
        )


def at_barycenter(argument: str, flow: Any) -> None:
    """Raise unless `flow` is a flow that is linearized at the barycenter.

    Elsewhere tangent vectors have the form R_W₀ U, and Π₀ L V does not.
    """
    if not isinstance(flow, Flow):
        raise TypeError(
            f"`{argument}` is a {type(flow).__name__}; pass a flow: "
            "`LinearizedFlow(distances)`"
        )
    if flow._base is not None:
        raise ValueError(
            f"`{argument}` has a base point of shape {flow.shape}; coupled flows are "
            "linearized at the barycenter: leave out its `base_point`"
        )


def length(evolution: Evolution) -> float:
    """Return T e^shift, the factor in V(T) = T e^shift · direction."""
    return evolution.time * math.exp(evolution.shift)


def inflow_of(coupling: Coupling, evolution: Evolution, argument: str) -> np.ndarray:
    """Return Π₀ L V(T), or raise if it exceeds double precision."""
    with np.errstate(over="ignore", invalid="ignore"):
        inflow = coupling.apply(evolution.scaled)
        size = float(np.abs(inflow).max())
    # `scaled` is V(T) only up to that scale; NaN fails, too
    if evolution.shift > LARGEST_LOG_SCALE or not size <= LARGEST_INFLOW:
        raise ValueError(
            f"`{argument}` = {evolution.time:g} lets V(T) grow to e^"
            f"{evolution.shift:.0f} and L V(T) beyond {LARGEST_INFLOW:g}, which leaves "
            "double precision in the next stage: lower it or scale the coupling down"
        )
    return inflow


def inherit(
    evolution: Evolution, carried: float, cure: str, exact: bool = False
) -> Evolution:
    """Return a stage whose error includes the effect of an inflow error `carried`.

    V = T φ(TA)(B + L V') is then off by at most T φ(Tμ) times as much, the direction by
    e^{−shift} φ(Tμ). `cure` is the cure of the previous stage; if that stage is
    `exact`, only its rounding is passed on.
    """
    x = evolution.time * evolution.system.growth
    with np.errstate(over="ignore"):  # an infinite bound is valid
        phi = -np.expm1(-x) / x if x > 0.0 else 1.0
        more = float(np.exp(x - evolution.shift) * phi) * carried
    if more > evolution.error:
        cure = f"most of it comes from the previous stage: {cure}"
    else:
        cure = evolution.cure
    return replace(
        evolution,
        error=evolution.error + more,
        rounding=evolution.rounding + (more if exact else 0.0),
        cure=cure,
        exact=evolution.exact and exact,
    )
