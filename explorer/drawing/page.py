"""Panels as self-contained pages: zoom, hover, linked pictures, and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from bokeh.core.templates import get_env
from bokeh.embed import file_html
from bokeh.layouts import column, row
from bokeh.plotting import figure
from bokeh.resources import INLINE

from explorer.alternatives import describe
from explorer.drawing.chrome import dress
from explorer.drawing.columns import Columns, Props
from explorer.drawing.feed import feed
from explorer.drawing.frames import frame_of
from explorer.drawing.slots import Kept
from explorer.drawing.stage import PIXELWISE, Stage
from explorer.drawing.view import View, view_of
from explorer.files import whole
from explorer.panels import Field, Figure, Panel, shape_of

WIDTH, SIDES = 1280, (170, 300)
"""Width of a page in CSS pixels; least and largest width and height inside the axes."""

AXIS, SCALE = 75, 60
"""Widths of an axis with its label and margins, and of a color bar, in CSS pixels."""

PAGE = """\
{% from macros import embed %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title | e }}</title>
{{ bokeh_css }}
{{ bokeh_js }}
<style>
body { margin: 0 auto; padding: 16px; max-width: {{ width }}px; color: #1b2430;
  background: #fff; font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 20px; margin: 0 0 12px; }
.row { display: flex; flex-wrap: wrap; gap: 8px 4px; margin-bottom: 8px; }
.panel { max-width: 100%; overflow-x: auto; }
.caption { max-width: 80ch; }
</style>
</head>
<body>
<h1>{{ title | e }}</h1>
{% for plots in rows %}
<div class="row">
{% for plot in plots %}<div class="panel">{{ embed(roots[plot]) }}</div>{% endfor %}
</div>
{% endfor %}
<p class="caption">{{ caption | e }}</p>
{{ plot_script }}
</body>
</html>
"""

Shown = tuple[View, Panel, Kept]
"""A view, its panel, and the kept runs of the view."""


def to_page(
    views: Sequence[View],
    panels: Mapping[str, Panel],
    title: str,
    caption: str = "",
    kept: Mapping[str, Kept] | None = None,
) -> str:
    """Return panels as an HTML page that needs no network.

    Parameters
    ----------
    views : views in their order; views without a panel are omitted.
    panels, kept : panels, and kept runs, by the name of their view.
    """
    shown = [(v, panels[v.name], (kept or {}).get(v.name, ())) for v in views
             if v.name in panels]  # fmt: skip
    return page_of([shown], title, caption)


def write_page(drawn: Figure, path: Path) -> None:
    """Write a figure as an HTML file, completely or not at all."""
    content = page_of(rows_of(drawn), heading(drawn), drawn.caption)
    with whole(path) as draft:
        draft.write_text(content, encoding="utf-8")


def heading(drawn: Figure) -> str:
    """Return the number and the title of a figure."""
    return f"Figure {drawn.number}. {drawn.title}"


def rows_of(drawn: Figure) -> list[list[Shown]]:
    """Return the panels of a figure with a view for each."""
    return [
        [
            (view_of(f"panel-{r}-{c}", panel), panel, ())
            for c, panel in enumerate(panels)
        ]
        for r, panels in enumerate(drawn.rows)
    ]


def page_of(rows: Sequence[Sequence[Shown]], title: str, caption: str) -> str:
    """Return rows of panels as a page; longer rows continue below."""
    plots = plots_of(rows, WIDTH)
    names = [[plot.name for plot in part] for part in plots]
    template = get_env().from_string(PAGE)
    return file_html(
        [plot for part in plots for plot in part], INLINE, title, template=template,
        template_variables={"rows": names, "caption": caption, "width": WIDTH},
    )  # fmt: skip


def layout_of(drawn: Figure, width: int) -> Any:
    """Return the panels of a figure as a Bokeh layout, no wider than `width`."""
    return column([row(part) for part in plots_of(rows_of(drawn), width)])


def plots_of(rows: Sequence[Sequence[Shown]], width: int) -> list[list[figure]]:
    """Return rows of filled figures; pictures of equal shape zoom together."""
    stages: dict[Any, Stage] = {}
    parts, side = arranged([row for row in rows if row], width)
    plots = [[plot_of(shown, stages, side) for shown in part] for part in parts]
    for part in plots:
        level(part)
    for k, stage in enumerate(list(stages.values())[1:], start=2):
        for model in (stage.cols, stage.rows, stage.probe):
            model.name = f"{model.name}-{k}"  # unique in the document
    return plots


def level(plots: Sequence[figure]) -> None:
    """Give all headings of a row the same height, so that their frames align."""
    heads = [
        {m.name.rpartition("-")[2]: m for m in plot.above if m.name} for plot in plots
    ]
    counts = [sum(lines_of(head[k].text) for k in ("title", "note")) for head in heads]
    for head, count in zip(heads, counts, strict=True):
        head["title"].text = "\n" * (max(counts) - count) + head["title"].text


def lines_of(text: str) -> int:
    """Return the number of lines of a text; an empty text has none."""
    return text.count("\n") + 1 if text else 0


def plot_of(shown: Shown, stages: dict[Any, Stage], side: int) -> figure:
    """Return the filled figure of a view, with the true aspect if it has one."""
    view, panel, kept = shown
    shape = shape_of(panel) if isinstance(panel, PIXELWISE) else None
    stage = stages.setdefault(shape, Stage())
    plot = stage.build(view)
    fill(plot, *feed(view, panel, kept))
    fill(plot, *dress(view, panel, kept, side))
    across, down = map(round, frame_of(panel, side))
    plot.update(frame_width=max(1, across), frame_height=max(1, down))
    plot.html_attributes = {"role": "img", "aria-label": describe(panel)}
    return plot


def fill(plot: figure, columns: Columns, props: Props) -> None:
    """Put columns and properties into the models of a figure."""
    models = {model.name: model for model in plot.references() if model.name}
    for name, values in props.items():
        models[name].update(**values)
    for name, data in columns.items():
        models[name].data = data


def arranged(
    rows: Sequence[Sequence[Shown]], width: int
) -> tuple[list[list[Shown]], int]:
    """Return rows no wider than `width`, and the side of their panels."""
    side, found = SIDES[0], [list(row) for row in rows]
    for across in range(max(map(len, rows), default=0), 0, -1):
        found = [part for row in rows for part in parted(row, across)]
        side = min((width - sum(map(margin, part))) // len(part) for part in found)
        if side >= SIDES[0]:
            break
    return found, min(max(side, SIDES[0]), SIDES[1])


def parted(row: Sequence[Shown], across: int) -> list[list[Shown]]:
    """Return a row as several rows of similar length, at most `across` panels each."""
    count = -(-len(row) // across)
    ends = [len(row) * k // count for k in range(count + 1)]
    return [list(row[a:b]) for a, b in pairwise(ends)]


def margin(shown: Shown) -> int:
    """Return the width of a panel beside its axes, in CSS pixels."""
    return AXIS + SCALE * isinstance(shown[1], Field)
