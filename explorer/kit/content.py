"""Texts and values of the page: a declaration once, a content for each frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer import params
from explorer.alternatives import describe
from explorer.drawing.cells import number_of
from explorer.drawing.feed import feed, legend
from explorer.drawing.stage import PIXELWISE
from explorer.drawing.view import View
from explorer.kit.frame import Frame
from explorer.kit.frozen import compared, runs_of
from explorer.kit.plan import Plan, Readout
from explorer.panels import Table
from explorer.settings import Number, Setting, without_pixels

Columns = dict[str, dict[str, Any]]

EXPORTS = (
    ("nc", "all data (netCDF)"),
    ("html", "page that works offline (HTML)"),
    ("png", "all views (PNG)"),
    ("json", "state (JSON)"),
    ("py", "code (Python)"),
)
"""Suffixes and labels of the files that a dashboard writes."""


def declaration_of(
    plan: Plan,
    title: str,
    question: str,
    roots: Mapping[str, str],
    place: Mapping[str, str],
) -> Any:
    """Return the declaration of the page, which does not depend on results.

    roots : the id of the Bokeh figure of each view; place : `call`, the name of the
        dashboard in Python, and `cell`, the notebook's cell that shows it, or "".
    """
    stepper = plan.stepper is not None
    return {
        **place,
        "title": title,
        "question": question,
        "stepper": stepper,
        "steps": without_slider(Number(params.STEPS).control()),
        "main": plan.main,
        "groups": [
            {
                "name": name,
                "folded": name in plan.folded,
                "controls": controls_of(settings),
            }
            for name, settings in plan.groups.items()
        ],
        "presets": [{"name": n, "text": p.text} for n, p in plan.presets.items()],
        "views": [
            {
                "name": view.name,
                "title": view.heading,
                "kind": view.kind.__name__,
                "root": roots[view.name],
                "probed": view.kind in PIXELWISE and "pixel" in plan.settings,
                "about": view.about,
            }
            for view in plan.views
        ],
        "exports": [{"kind": kind, "label": label} for kind, label in EXPORTS],
    }


def controls_of(settings: Sequence[Setting]) -> list[dict[str, Any]]:
    """Return the descriptions of all controls that a page shows."""
    found = [setting.control() for setting in settings]
    return [control for control in found if control["kind"] != "hidden"]


def without_slider(control: dict[str, Any]) -> dict[str, Any]:
    """Return the control of a number as a field without a slider."""
    slider = {"low", "high", "increment"}
    kept = {key: value for key, value in control.items() if key not in slider}
    return {**kept, "unit": ""}  # the label says it


def content_of(plan: Plan, frame: Frame, shown: Sequence[str]) -> dict[str, Any]:
    """Return all texts and values of a frame, as a document for the page."""
    return {
        "values": without_pixels(plan.to_json(frame.moment.settings)),
        "complaints": dict(frame.complaints),
        "problem": frame.problem,
        "readouts": [readout_of(one) for one in frame.readouts],
        "undo": frame.undo,
        "redo": frame.redo,
        "running": frame.running,
        "step": frame.step,
        "views": {view.name: card_of(view, plan, frame) for view in plan.views},
        "shown": list(shown),
        "hidden": list(frame.moment.hide),
        "locked": list(frame.moment.lock),
        "runs": runs_of(plan, frame),
        "stages": [list(stage) for stage in frame.stages],
        "heard": dict(frame.heard),
    }


def readout_of(one: Readout) -> dict[str, Any]:
    """Return a readout as a document."""
    return {"label": one.label, "value": one.value, "note": one.note, "warn": one.warn}


def card_of(view: View, plan: Plan, frame: Frame) -> dict[str, Any]:
    """Return title, note, text alternative, legend and error of a view."""
    if view.name not in frame.panels:
        text = frame.errors.get(view.name, "")
        return {
            "title": view.heading,
            "note": "",
            "alt": text,
            "legend": [],
            "error": text,
        }
    panel = frame.panels[view.name]
    return {
        "title": panel.title,
        "note": panel.note,
        "alt": describe(panel),
        "legend": legend(view, panel, compared(view, plan, frame)),
        "error": "",
        **({"table": table_of(panel)} if isinstance(panel, Table) else {}),
    }


def table_of(panel: Table) -> dict[str, Any]:
    """Return the texts of a table, which the page shows instead of its figure."""
    rows = [[number_of(value) for value in row] for row in panel.rows]
    return {"columns": [str(name) for name in panel.columns], "rows": rows}


def columns_of(
    plan: Plan, frame: Frame, fed: dict[str, Any]
) -> tuple[Columns, dict[str, dict[str, Any]]]:
    """Return the columns and properties of the views that have changed.

    fed : panels that were sent last, by view; the function updates it.
    """
    columns: Columns = {}
    props: dict[str, dict[str, Any]] = {}
    for view in plan.views:
        panel = frame.panels.get(view.name)
        kept = compared(view, plan, frame)
        now = (panel, [(label, id(other)) for label, other in kept])
        if panel is None or fed.get(view.name) == now:
            continue
        fed[view.name] = now
        new_columns, new_props = feed(view, panel, kept)
        columns |= new_columns
        props |= new_props
    return columns, props
