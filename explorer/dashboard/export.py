"""Results as files: netCDF, a page that works offline, and the state, as links."""

from __future__ import annotations

import base64
import json

import xarray as xr

from explorer.dashboard import recipe
from explorer.dashboard.model import UPLOAD, Segment, Settings
from explorer.dashboard.report import report_html
from explorer.dashboard.snapshot import Snapshot
from explorer.dims import PIXELS, WEIGHT_FIELD
from explorer.learning.files import encoded


def run_dataset(
    shown: Snapshot, settings: Settings, history: list[Segment], trace: xr.Dataset
) -> xr.Dataset:
    """Return scene, labeling, weights and trace of what is shown as one dataset."""
    found = {
        "labeling": (PIXELS, shown.labels, {"long_name": "labels found"}),
        "weights": (WEIGHT_FIELD, shown.weights, {"symbol": "Ω"}),
    }
    whole = xr.merge([shown.scene, trace], combine_attrs="override")
    state = json.dumps(recipe.to_state(settings, history))
    attrs = {**trace.attrs, "state": state, "code": recipe.to_code(settings, history)}
    return whole.assign(found).assign_attrs(attrs)


def download_links(
    shown: Snapshot, settings: Settings, history: list[Segment], trace: xr.Dataset
) -> str:
    """Return HTML links that hold the files themselves: nothing is left on a server."""
    dataset = run_dataset(shown, settings, history, trace)
    state = json.dumps(recipe.to_state(settings, history), indent=1)
    page = report_html(shown, shown.scene, trace)
    files = {
        "run.nc": ("application/x-netcdf", encoded(dataset)),
        "run.html": ("text/html", page.encode()),
        "state.json": ("application/json", state.encode()),
    }
    links = [link(name, kind, content) for name, (kind, content) in files.items()]
    note = "pictures: the disk icon of each"
    if settings.scene == UPLOAD:
        note += "; the state does not contain the uploaded image"
    return f"step {trace.step.values[-1]}: {', '.join(links)}<br>{note}"


def link(name: str, kind: str, content: bytes) -> str:
    """Return a link that downloads `content` under `name`."""
    data = base64.b64encode(content).decode()
    size = f"{len(content) / 1e6:.1f} MB"
    return f'<a download="{name}" href="data:{kind};base64,{data}">{name}</a> ({size})'
