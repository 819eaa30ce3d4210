"""Still pictures and tables for use without a kernel: saved notebooks, GitHub, docs.

A front end shows the richest form of an output that it supports: the widget if there is
a kernel, else the HTML, else the PNG.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from explorer.drawing.prints import to_png
from explorer.kit.cells import in_voila
from explorer.warmup import missing

if TYPE_CHECKING:
    from explorer.kit.dashboard import Dashboard

FIRST_PICTURE = 10.0
"""Most seconds that displaying waits for the first result; usually below one."""

Row = Sequence[Any]


def bundle(app: Dashboard, live: Any) -> Any:
    """Return the MIME bundle of a dashboard, with a still picture and a table.

    While kernels are being compiled, and in Voila, which saves no notebook, the bundle
    contains only the widget.
    """
    if missing() or in_voila() or not app._first_picture(FIRST_PICTURE):
        return live
    frame = app._last()
    png = to_png(frame.panels)
    html = app.still = page(png, app.title, numbers(app))
    return beside(live, png, html)


def beside(live: Any, png: bytes, html: str) -> Any:
    """Return the MIME bundle of a widget, extended by PNG and HTML.

    live : bundle of the widget itself: data, or data and metadata.
    """
    data, *rest = live if isinstance(live, tuple) else (live,)
    still = {"text/html": html, "image/png": base64.b64encode(png).decode()}
    return ({**data, **still}, *rest) if rest else {**data, **still}


def page(png: bytes, alternative: str, table: Sequence[Row]) -> str:
    """Return HTML with a picture and a table; the first row is the head."""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    tags = ["th"] + ["td"] * (len(table) - 1)
    rows = "".join(
        "<tr>" + "".join(f"<{tag}>{escape(str(c))}</{tag}>" for c in cells) + "</tr>"
        for tag, cells in zip(tags, table, strict=True)
    )
    picture = f'<img src="{source}" alt="{escape(alternative)}">'
    return f"<div>{picture}<table>{rows}</table></div>"


def numbers(app: Dashboard) -> list[Row]:
    """Return a table of the readouts and the settings."""
    frame = app._last()
    reached = [(one.label, one.value) for one in frame.readouts]
    found = frame.moment.settings
    kinds = {n: s.control()["kind"] for n, s in app.plan.settings.items()}
    settings = app.plan.words(
        {n: v for n, v in found.items() if kinds[n] not in ("image", "hidden")}
    )
    return [("quantity", "value"), *reached, *settings.items()]
