"""Results as files: netCDF, a page that works offline, and the state, as links."""

from __future__ import annotations

import base64
import json
from typing import Any

import xarray as xr

from explorer.dashboard.published import Published
from explorer.dashboard.report import report_html
from explorer.dims import PIXELS, WEIGHT_FIELD
from explorer.files import encoded

LONGEST_ATTRIBUTE = 60_000
"""Bytes of an attribute in netCDF at most."""


def run_dataset(published: Published) -> xr.Dataset:
    """Return scene, labeling, weights and trace of what is shown as one dataset."""
    shown, trace = published.shown, published.trace
    if shown is None:
        raise RuntimeError("nothing is shown any more: the explorer is closed")
    found: dict[str, Any] = {
        "labeling": (PIXELS, shown.labels, {"long_name": "labels found"}),
        "weights": (WEIGHT_FIELD, shown.weights, {"symbol": "Ω"}),
    }
    whole = xr.merge([shown.scene, trace], combine_attrs="override")
    texts = {"state": json.dumps(published.state), "code": published.code}
    for name, text in texts.items():
        # HDF5 takes attributes of up to 64 KB; an uploaded image needs more
        if len(text.encode()) > LONGEST_ATTRIBUTE:
            found[name] = ((), text, {"long_name": f"{name} of the explorer"})
            texts[name] = f"see the variable `{name}`"
    return whole.assign(found).assign_attrs({**trace.attrs, **texts})


def download_links(published: Published) -> str:
    """Return HTML links that hold the files themselves: nothing is left on a server."""
    dataset, trace = run_dataset(published), published.trace
    state = json.dumps(published.state, indent=1)
    assert published.shown is not None  # or there would be no dataset
    page = report_html(published.shown, published.shown.scene, trace)
    files = {
        "run.nc": ("application/x-netcdf", encoded(dataset)),
        "run.html": ("text/html", page.encode()),
        "state.json": ("application/json", state.encode()),
    }
    links = [link(name, kind, content) for name, (kind, content) in files.items()]
    note = "pictures: the disk icon of each"
    return f"step {trace.step.values[-1]}: {', '.join(links)}<br>{note}"


def link(name: str, kind: str, content: bytes) -> str:
    """Return a link that downloads `content` under `name`."""
    data = base64.b64encode(content).decode()
    size = f"{len(content) / 1e6:.1f} MB"
    return f'<a download="{name}" href="data:{kind};base64,{data}">{name}</a> ({size})'
