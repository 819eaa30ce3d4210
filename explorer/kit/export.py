"""Export data, pages, pictures, tables, state and code of a dashboard as files."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from explorer.drawing.page import to_page
from explorer.drawing.prints import to_png
from explorer.drawing.table import as_csv, to_csv
from explorer.files import checked_target, encoded, whole
from explorer.kit.documents import Document, to_document
from explorer.kit.frozen import table_of
from explorer.kit.plan import RUNS, Plan, differs
from explorer.kit.runs import Moment
from explorer.settings import Image

if TYPE_CHECKING:
    from explorer.kit.results import Results

DECODING = ("import base64", "import zlib", "", "import numpy as np", "")
"""Imports that the code of an uploaded image needs."""

LONGEST_ATTRIBUTE = 60_000
"""Most bytes of a netCDF attribute: HDF5 accepts up to 64 KB, and uploads exceed it."""

TYPES = {
    "nc": "application/x-netcdf",
    "html": "text/html",
    "png": "image/png",
    "json": "application/json",
    "py": "text/x-python",
    "csv": "text/csv",
}
"""MIME types of the files, by suffix."""


def linked(document: Document, uploaded: Mapping[str, Mapping[str, Any]]) -> Document:
    """Return a state document as `to_link` takes it: all settings in each segment.

    uploaded : which settings use an image; an image that none uses is left out.
    """
    final = dict(document["settings"])
    for image, users in uploaded.items():
        if any(final[name] != value for name, value in users.items()):
            final[image] = None
    run = [[{**final, **changed}, count] for changed, count in document["run"]]
    return {**document, "settings": final, "run": run}


def code(plan: Plan, moment: Moment, short: bool = False) -> str:
    """Return the Python code that reproduces the numbers of a moment.

    short : whether to omit the pixels of an image, for display on screen.
    """
    if plan.recipe is None:
        return "# this dashboard declares no code\n"
    run, settings = moment.run, moment.settings
    stages = [({**settings, **now}, count) for now, count in run.segments]
    if not stages or beyond(plan, settings, stages[-1][0]):
        stages.append((settings, 0))
    stored = [n for n, s in plan.settings.items() if isinstance(s, Image)]
    pixels = any(settings[name] is not None for name in stored)
    program = plan.recipe.code(
        [(plan.words(s), n) for s, n in stages], DECODING if pixels else ()
    )
    return readable(program) if short else program


def readable(program: str) -> str:
    """Return code with shortened pixels of an uploaded image, for display on screen."""
    short = re.sub(r'(b85decode\("[^"]{40})[^"]{40,}', r"\1…", program)
    if short == program:
        return program
    return f"# shortened: app.code() returns all pixels of the image\n{short}"


def beyond(plan: Plan, now: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    """Return whether settings that determine numbers changed after the last step."""
    names: Any = now
    if plan.stepper is not None:
        names = plan.stepper.relevant(plan.graph(plan.defaults), now)
    return any(differs(now[name], last[name]) for name in names)


def dataset(plan: Plan, moment: Moment, data: xr.Dataset) -> xr.Dataset:
    """Return a dataset with state and code, as attributes or as variables."""
    texts = {
        "state": json.dumps(to_document(plan, moment)),
        "code": code(plan, moment),
    }
    found = {}
    for name, text in texts.items():
        if len(text.encode()) > LONGEST_ATTRIBUTE:
            found[name] = ((), text, {"long_name": f"{name} of the dashboard"})
            texts[name] = f"see the variable `{name}`"
    return data.assign(found).assign_attrs({**data.attrs, **texts})


def csv_of(app: Results, name: str) -> str:
    """Return the content of a view, or the table of runs, as CSV."""
    if isinstance(name, str) and name == RUNS:
        return as_csv(*table_of(app.plan, app._last()))
    return to_csv(app.plan.view(name), app._panel(name))


def table(app: Results, name: str) -> pd.DataFrame:
    """Return the content of a view, or the table of runs, with exact numbers."""
    head, *rows = csv.reader(io.StringIO(csv_of(app, name)))
    columns = zip(*rows, strict=True) if rows else [()] * len(head)
    return pd.DataFrame(dict(zip(head, map(parsed, columns), strict=True)))


def parsed(column: Sequence[str]) -> list[Any]:
    """Return texts as numbers if all of them are; pandas would round them."""
    try:
        return [float(text) if text else math.nan for text in column]
    except ValueError:
        return list(column)


def content(app: Results, kind: str, view: str | None = None) -> bytes:
    """Return the content of a file of that kind, for one view or for all."""
    if kind == "csv" and view is not None:
        return csv_of(app, view).encode()
    frame = app._last()
    chosen = [v for v in app.plan.views if v.name in frame.panels]
    if view is not None:
        chosen = [app.plan.view(view)]
    panels = {v.name: app._panel(v.name) for v in chosen}
    title = app.title or type(app).__name__
    if kind == "nc":
        return encoded(app.data)
    if kind == "html":
        return to_page(chosen, panels, title).encode()
    if kind == "png":
        return to_png(panels, title)
    if kind == "json":
        return json.dumps(app.state, indent=1).encode()
    if kind == "py":
        return app.code().encode()
    known = ", ".join(f".{name}" for name in TYPES)
    raise ValueError(f"`path` must end in one of {known}, got .{kind}")


def save(app: Results, path: str | Path, view: str | None = None) -> Path:
    """Write a file of the kind that its suffix names, completely or not at all."""
    target = checked_target(path)
    found = content(app, target.suffix.removeprefix("."), view)
    with whole(target) as draft:
        draft.write_bytes(found)
    return target


def download(app: Results, kind: str, view: str | None = None) -> None:
    """Let the browser save a file."""
    stem = view or type(app).__name__
    app.download(f"{stem}.{kind}", TYPES[kind], content(app, kind, view))
