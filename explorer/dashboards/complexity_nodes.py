"""The data flow of the complexity explorer: counts of memory and of operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import psutil
import xarray as xr

from explorer.dims import APPROACH
from explorer.gradients.complexity import BYTES, complexity, counts, methods
from explorer.gradients.ranks import require_rank
from explorer.kit.plan import Readout

GIGA = 1e9

PHONE, GPU = 8e9, 80e9
"""Bytes of memory of a phone, and of a large graphics processor."""

SIDES = np.array([1, 2, 3, *(s * 2**k for k in range(1, 11) for s in (2, 3)), 4096])
"""Sides of the images on the axis."""

WIDEST = 2**17
"""Largest side that `largest` considers: more memory than any of the three has."""

GRID = np.unique(np.geomspace(1, WIDEST, 400).astype(int))
"""Sides between which the search for the largest image begins."""

NAMES = ("direct", "Krylov", "Benzi–Simoncini", "factored SVD", "low rank", "Van Loan")
"""Short names of the methods, in the order of `complexity`."""

EXACT, LOW_RANK = "DirectKronecker", "LowRankGradient"

EXPONENTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Growth:
    """Memory in bytes and operations, both (method, side), over the side."""

    sides: np.ndarray
    memory: np.ndarray
    operations: np.ndarray


@dataclass(frozen=True, eq=False)
class Largest:
    """The largest side of a square image in pixels, for each method.

    Attributes
    ----------
    phone, here, gpu : by the paper's count, in the memory of a phone, of this machine,
        and of a large graphics processor.
    runs : in the memory of this machine, by what the methods of this library require.
    """

    phone: tuple[int, ...]
    here: tuple[int, ...]
    gpu: tuple[int, ...]
    runs: tuple[int, ...]


def kept(rank: int, dim: int) -> int:
    """Return the rank, or raise if m vectors hold fewer components."""
    require_rank(rank, dim)
    return rank


def machine() -> float:
    """Return the bytes of memory of this machine, free or not."""
    return float(psutil.virtual_memory().total)


def costs(size: int, labels: int, dim: int, kept: int) -> xr.Dataset:
    """Return memory and operations of each method for the chosen image."""
    return complexity(size, size, labels, dim, kept)


def growth(labels: int, dim: int, kept: int) -> Growth:
    """Return memory and operations of each method over the side of the image."""
    numbers, operations = counts(SIDES**2 * labels, dim, kept)
    return Growth(SIDES.astype(float), BYTES * numbers, operations)


def largest(labels: int, dim: int, kept: int, machine: float) -> Largest:
    """Return the largest image that each method can do with the given memory."""
    table = methods(dim, kept)

    def counted(sides: np.ndarray) -> np.ndarray:
        return BYTES * counts(sides**2 * labels, dim, kept)[0]

    def required(sides: np.ndarray) -> np.ndarray:
        sizes = [int(side) ** 2 * labels for side in sides]
        return np.array([[method.memory(n) for n in sizes] for method in table], float)

    phone, here, gpu = (largest_sides(counted, m) for m in (PHONE, machine, GPU))
    return Largest(phone, here, gpu, largest_sides(required, machine))


def largest_sides(
    memory: Callable[[np.ndarray], np.ndarray], limit: float
) -> tuple[int, ...]:
    """Return, for each method, a side that fits such that the next does not.

    memory : function from sides (side) to bytes (method, side). Large bases are
        recomputed instead of stored, so that memory may fall where these begin: the
        search goes down from the largest image.
    """
    found = []
    for method, fits in enumerate(memory(GRID) <= limit):
        last = int(np.flatnonzero(fits)[-1]) if fits.any() else -1
        low = int(GRID[last]) if last >= 0 else 0
        between = np.arange(low, int(GRID[min(last + 1, GRID.size - 1)]))[1:]
        fitting = between[memory(between)[method] <= limit]
        found.append(int(fitting.max(initial=low)))
    return tuple(found)


def numbers(costs: xr.Dataset) -> dict[str, float]:
    """Return the numbers that the code reproduces, on any machine."""
    exact, low = (costs.sel({APPROACH: name}) for name in (EXACT, LOW_RANK))
    return {
        "exact_bytes": float(exact.memory),
        "low_rank_bytes": float(low.memory),
        "ratio": float(exact.memory / low.memory),
        "exact_operations": float(exact.operations),
        "low_rank_operations": float(low.operations),
    }


def readouts(
    numbers: dict[str, float], largest: Largest, machine: float, costs: xr.Dataset
) -> list[Readout]:
    """Return the four numbers above the views."""
    exact, low = numbers["exact_bytes"], numbers["low_rank_bytes"]
    m, r = costs.attrs["dim"], costs.attrs["rank"]
    value, unit = in_bytes(exact).split()
    narrow = (f"exact, {unit}", value) if "·" in value else ("exact", f"{value} {unit}")
    return [
        Readout(*narrow, "direct computation", warn=exact > machine),
        Readout("low rank", in_bytes(low), f"m = {m}, r = {r}", warn=low > machine),
        Readout("ratio", in_powers(numbers["ratio"]), "exact to low rank"),
        Readout(
            "fits here, in theory", f"{largest.here[0]} × {largest.here[0]}",
            f"exact; low rank {largest.here[4]} × {largest.here[4]}, "
            f"in {in_bytes(machine)}",
        ),
    ]  # fmt: skip


def dataset(costs: xr.Dataset, growth: Growth) -> xr.Dataset:
    """Return the costs at the chosen size, and over the side of the image."""
    axes = (APPROACH, "side")
    return costs.assign_coords(side=("side", growth.sides, {"units": "pixels"})).assign(
        memory_over_side=(axes, growth.memory, {"units": "bytes"}),
        operations_over_side=(axes, growth.operations),
    )


UNITS = ("B", "kB", "MB", "GB", "TB")


def in_bytes(value: float) -> str:
    """Return bytes with three digits and a unit, at most terabytes.

    >>> in_bytes(4.614e8), in_bytes(999.6e6), in_bytes(3.8e26)
    ('461 MB', '1 GB', '4·10¹⁴ TB')
    """
    value = rounded(value)
    step = min(int(np.log10(max(value, 1.0)) // 3), len(UNITS) - 1)
    return f"{in_powers(value / 1000.0**step)} {UNITS[step]}"


def rounded(value: float) -> float:
    """Return a number with three digits."""
    return float(f"{value:.3g}")


def in_powers(value: float) -> str:
    """Return a number with three digits, or from 10⁴ on with one and a power of ten.

    >>> in_powers(12.345), in_powers(999.6), in_powers(9999.6), in_powers(8.19e17)
    ('12.3', '1000', '1·10⁴', '8·10¹⁷')
    """
    value = rounded(value)
    if value < 1e4:
        return f"{value:.3g}" if value < 1000.0 else f"{value:.0f}"
    digit, power = f"{value:.0e}".split("e")
    return f"{digit}·10{str(int(power)).translate(EXPONENTS)}"
