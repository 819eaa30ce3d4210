"""The present run beside the frozen ones: in figures, in a table, and as a file."""

from __future__ import annotations

from typing import Any

from explorer.drawing.feed import KEPT
from explorer.drawing.view import View
from explorer.kit.frame import Frame, Kept
from explorer.kit.plan import Plan, difference
from explorer.panels import Panel
from explorer.settings import Uploaded


def compared(view: View, plan: Plan, frame: Frame) -> list[tuple[str, Panel]]:
    """Return label and panel of the newest frozen runs, as many as a figure draws."""
    kept = [one for one in frame.kept if view.name in one.frame.panels][-KEPT:]
    labels = [label_of(plan, frame, one) for one in kept]
    return [
        (
            label if labels.count(label) == 1 else f"run {one.number}: {label}",
            one.frame.panels[view.name],
        )
        for label, one in zip(labels, kept, strict=True)
    ]


def label_of(plan: Plan, frame: Frame, kept: Kept) -> str:
    """Return the differing settings of a frozen run, or its number if none differ."""
    now, then = frame.moment.settings, kept.frame.moment.settings
    ignored = {name for name in now if name == "pixel"}
    said = [t for n, t in difference(plan, now, then).items() if n not in ignored]
    steps = kept.frame.moment.run.steps
    return ", ".join(said) or f"run {kept.number}, {steps} step{'s' * (steps != 1)}"


def runs_of(plan: Plan, frame: Frame) -> dict[str, Any]:
    """Return the table for the page; it is empty as long as no run is frozen."""
    count = len(frame.kept)
    if not count:
        return {"columns": [], "rows": [], "note": ""}
    columns, rows = table_of(plan, frame)
    note = f"The figures draw the newest {KEPT} of these {count} frozen runs."
    return {"columns": columns, "rows": rows, "note": note if count > KEPT else ""}


def table_of(plan: Plan, frame: Frame) -> tuple[list[str], list[list[Any]]]:
    """Return names of columns, and a row of settings and numbers for each run.

    The first row is the present run; only settings that differ have a column.
    """
    frames = [("now", frame), *((k.number, k.frame) for k in frame.kept)]
    settings = [f.moment.settings for _, f in frames]
    names = [
        name
        for name in plan.settings
        if any(difference(plan, settings[0], s).get(name) for s in settings[1:])
    ]
    numbers = list(frame.numbers)
    rows = [
        [
            number,
            *(cell_of(plan, n, f.moment.settings[n]) for n in names),
            f.moment.run.steps,
            *(f.numbers.get(n) for n in numbers),
            sum(getattr(record, "seconds", 0.0) for record in f.moment.run.records),
        ]
        for number, f in frames
    ]
    return ["run", *names, "steps", *numbers, "seconds"], rows


def cell_of(plan: Plan, name: str, value: Any) -> str:
    """Return the value of a setting as a cell of the table of runs."""
    if isinstance(value, Uploaded):
        return value.name
    return plan.words({name: value})[name].removeprefix("ex.")
