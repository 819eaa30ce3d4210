"""The views of the complexity explorer, each a function from values to a panel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from explorer.dashboards.complexity_nodes import (
    GIGA,
    GPU,
    NAMES,
    PHONE,
    Growth,
    Largest,
)
from explorer.dashboards.complexity_runs import Runs
from explorer.drawing.view import view
from explorer.panels import Curves, Mark, Series, Table

SIDE = "side of the image in pixels"

SPEED = 1e12
"""Operations per second at which the levels of the view of operations are drawn."""

TIMES = ((1.0, "1 second"), (86_400.0, "1 day"), (3.15576e9, "100 years"))
"""Seconds, and their names."""


@view(title="Memory", series=len(NAMES), log=True, log_x=True)
def memory_over_size(growth: Growth, machine: float, size: int) -> Curves:
    """Memory of each method by the paper's count, against that of three machines."""
    series = curves(growth.sides, growth.memory / GIGA)
    return Curves(
        "Memory", SIDE, "GB", series, True, at(size),
        log_x=True, levels=machines(machine), note=sizes(machine),
    )  # fmt: skip


@view(title="Operations", series=len(NAMES), log=True, log_x=True)
def operations_over_size(growth: Growth, size: int) -> Curves:
    """Operations of each method, and the time they take at 10¹² per second."""
    series = curves(growth.sides, growth.operations)
    levels = [(SPEED * seconds, name) for seconds, name in TIMES]
    return Curves(
        "Operations", SIDE, "operations", series, True, at(size),
        log_x=True, levels=levels, note="times at 10¹² operations per second",
    )  # fmt: skip


@view(title="Largest side")
def largest_side(largest: Largest, machine: float) -> Table:
    """The largest square image that fits into memory, by the paper's count."""
    rows = zip(NAMES, largest.phone, largest.here, largest.gpu, strict=True)
    columns = ("method", *(f"{size:.0f} GB" for size, _ in machines(machine)))
    note = "in pixels, on a phone, here, and on a large GPU"
    return Table("Largest side", columns, list(rows), note=note)


@view(title="At this size")
def at_this_size(costs: xr.Dataset) -> Table:
    """Memory and operations of each method for the chosen image, by the paper."""
    memory, operations = costs.memory.values / GIGA, costs.operations.values
    rows = list(zip(NAMES, memory.tolist(), operations.tolist(), strict=True))
    side, labels = costs.attrs["rows"], costs.attrs["labels"]
    note = f"{side} × {side} pixels, {labels} label{'s' * (labels != 1)}"
    return Table("At this size", ("method", "GB", "flops"), rows, note=note)


@view(title="With our code")
def with_our_code(costs: xr.Dataset, largest: Largest, machine: float) -> Table:
    """Memory that our methods require, temporary arrays included."""
    needed = costs.required.values
    rows = zip(NAMES, (needed / GIGA).tolist(), largest.runs, strict=True)
    note = f"largest: the side that fits into {machine / GIGA:.3g} GB"
    columns = ("method", "GB", "largest")
    return Table("With our code", columns, list(rows), note=note)


@view(title="Measured memory", series=len(NAMES), log=True, log_x=True, hidden=True)
def measured_memory(growth: Growth, machine: float, runs: Mapping[str, Runs]) -> Curves:
    """Markers: the most memory that Python allocated while a method ran here."""
    inside = growth.sides <= max(max(run.sides, default=1) for run in runs.values())
    series = [
        Series(name, growth.sides[inside], row[inside] / GIGA,
               measured=(np.array(run.sides, float), np.array(run.peaks) / GIGA))
        for (name, run), row in zip(runs.items(), growth.memory, strict=True)
    ]  # fmt: skip
    return Curves(
        "Measured memory", SIDE, "GB", series, True,
        log_x=True, levels=machines(machine), note="markers; lines: the paper's count",
    )  # fmt: skip


@view(title="Measured time", series=len(NAMES), log=True, log_x=True, hidden=True)
def measured_time(runs: Mapping[str, Runs]) -> Curves:
    """Seconds of one gradient on this machine, with the forward solve."""
    series = [
        Series(name, np.array(run.sides, float), np.array(run.seconds))
        for name, run in runs.items()
    ]
    return Curves("Measured time", SIDE, "seconds", series, True, log_x=True)


@view(title="What was measured", hidden=True)
def what_was_measured(runs: Mapping[str, Runs]) -> Table:
    """The largest image measured with each method, and why none is larger."""
    rows = [(name, max(run.sides, default=0), run.ended) for name, run in runs.items()]
    note = "next: the side that was not measured, and why"
    return Table("What was measured", ("method", "side", "next"), rows, note=note)


def curves(sides: np.ndarray, values: np.ndarray) -> list[Series]:
    """Return a curve for each method."""
    return [Series(name, sides, row) for name, row in zip(NAMES, values, strict=True)]


def at(size: int) -> tuple[Mark, ...]:
    """Return the mark of the chosen size."""
    return ((float(size), f"{size} pixels"),)


def machines(machine: float) -> tuple[Mark, ...]:
    """Return the memory of the three machines, in GB, as levels."""
    return (PHONE / GIGA, "phone"), (machine / GIGA, "here"), (GPU / GIGA, "GPU")


def sizes(machine: float) -> str:
    """Return the memory of the three machines as text."""
    return ", ".join(f"{name} {size:.0f} GB" for size, name in machines(machine))


VIEWS = (
    memory_over_size, operations_over_size, largest_side, at_this_size, with_our_code,
    measured_memory, measured_time, what_was_measured,
)  # fmt: skip
