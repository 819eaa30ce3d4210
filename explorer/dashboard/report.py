"""A learning run as one HTML page that works offline: the views and the numbers."""

from __future__ import annotations

from html import escape
from pathlib import Path

import xarray as xr
from bokeh.embed import file_html
from bokeh.layouts import column
from bokeh.models import Div
from bokeh.resources import INLINE

from explorer.dashboard import feeding
from explorer.dashboard.snapshot import Snapshot
from explorer.dashboard.views import LearningViews
from explorer.learning.learner import Learner


def write_report(
    path: Path, scene: xr.Dataset, learner: Learner, trace: xr.Dataset
) -> None:
    """Write the views of a finished run to an HTML file that works offline.

    Parameters
    ----------
    path : file to write.
    scene : the scene that was learned; learner : after its last step.
    trace : Dataset over `step` as `Learner.run` returns it.
    """
    snapshot = Snapshot.of_learner(scene, learner, trace)
    path.write_text(report_html(snapshot, scene, trace), encoding="utf-8")


def report_html(snapshot: Snapshot, scene: xr.Dataset, trace: xr.Dataset) -> str:
    """Return the page as text."""
    shown = LearningViews()
    fill(shown, snapshot)
    settings = {**scene.attrs, **trace.attrs}
    title = f"Learning run: {settings.get('scene', 'scene')}"
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(str(k))}</th>"
        f"<td>{escape(str(v))}</td></tr>"
        for k, v in settings.items()
    )
    head = Div(text=f"<h1>{escape(title)}</h1><table>{rows}</table>")
    return file_html(column(head, shown.layout), resources=INLINE, title=title)


def fill(shown: LearningViews, snapshot: Snapshot) -> None:
    """Put a snapshot into freshly built views."""
    probe = (snapshot.shape[0] // 2, snapshot.shape[1] // 2)
    models = {m.name: m for m in shown.layout.references() if m.name}
    for name, data in feeding.columns(snapshot, probe).items():
        models[name].data = data
    props = {
        **feeding.scene_props(snapshot.scene),
        **feeding.patch_props(snapshot),
        **feeding.titles(snapshot, probe),
    }
    for name, values in props.items():
        models[name].update(**values)
