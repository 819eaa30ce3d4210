"""What every gradient method takes here: memory, which is computed, and time."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from explorer.dashboards.nodes import HEAVY, LIVE, Check
from explorer.flow.integrators import fits
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import (
    GradientMethod,
)
from explorer.gradients.euler import EulerAdjoint
from explorer.gradients.gradient import (
    ClosedForm,
    LowRankGradient,
)
from explorer.gradients.hierarchy import (
    BenziSimoncini,
    DenseGradient,
    DirectKronecker,
    FactoredSVD,
    KroneckerKrylov,
)
from explorer.losses.losses import Loss
from explorer.scenes.scene import Structure

HIERARCHY = (
    LowRankGradient, FactoredSVD, BenziSimoncini, KroneckerKrylov, DenseGradient,
    DirectKronecker,
)  # fmt: skip
"""The closed forms, from the cheapest to the most expensive."""

Truth = tuple[Structure, float]
"""The ground truth, and the time T at which V(T) is compared with it."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a method takes here.

    Attributes
    ----------
    needed : bytes that it checks for, 0 if unknown; seconds : NaN if it did not run.
    reason : why it did not run.
    """

    name: str
    needed: float
    seconds: float = math.nan
    reason: str = ""


def candidates(loss: Loss, dim: int) -> Iterator[GradientMethod]:
    """Yield all methods with m vectors, as far as they have such a dimension."""
    for kind in (*HIERARCHY, EulerAdjoint):
        made: Any = kind(loss=loss)
        yield replace(made, dim=dim) if hasattr(made, "dim") else made


def measured(
    system: LinearSystem, against: Truth, loss: Loss, check: Check
) -> tuple[Measured, ...]:
    """Return memory and seconds of every method that fits and is quick enough here."""
    size, rows = system.source.size, []
    for method in candidates(loss, 10):
        check()
        name = type(method).__name__
        needed = float(method.memory(size)) if isinstance(method, ClosedForm) else 0.0
        dense = isinstance(method, HEAVY)
        if needed and not fits(int(needed)):
            rows.append(Measured(name, needed, reason="does not fit"))
        elif dense and size > LIVE:
            rows.append(Measured(name, needed, reason="takes minutes"))
        else:
            rows.append(tried(method, system, against, check))
    return tuple(rows)


def tried(
    method: GradientMethod, system: LinearSystem, against: Truth, check: Check
) -> Measured:
    """Return what a method takes, or why it fails here."""
    (structure, time), name = against, type(method).__name__
    size = system.source.size
    needed = float(method.memory(size)) if isinstance(method, ClosedForm) else 0.0
    began = clock.perf_counter()
    try:
        method.differentiate(system, structure.labels, time, check)
    except MemoryError:
        return Measured(name, needed, reason="does not fit")
    except ValueError:
        return Measured(name, needed, reason="beyond double precision")
    return Measured(name, needed, clock.perf_counter() - began)
