"""The Bokeh views of a learning run: built once, then fed with columns.

Sources are named after what they show (`labeling`, `labeling-error`,
`singular-values`, `gradient-cosine`, …); the figure of a source is `<name>-figure`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.layouts import row
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
    UIElement,
)
from bokeh.palettes import cividis
from bokeh.plotting import figure

from explorer.dashboard import painting
from explorer.dashboard.snapshot import Snapshot

SIDE = 300
"""Width and height of a view in CSS pixels: three abreast in a notebook."""

INK = "#0072B2"
ACCENT = "#D55E00"
TOOLS = "pan,wheel_zoom,box_zoom,reset,save"


class LearningViews:
    """All views of the learning explorer as one linked layout.

    Attributes
    ----------
    layout : the Bokeh layout that holds every figure.
    """

    def __init__(self) -> None:
        self._cols = Range1d(0, 1, name="cols", bounds=None)
        self._rows = Range1d(1, 0, name="rows", bounds=None)
        self._probe = source("probe", x=[], y=[])
        figures = [
            self._picture("input", "input with noise"),
            self._picture("ground-truth", "ground truth", painting.label_palette(2)),
            self._labeling(),
            self._norms(),
            curve("labeling-error", "labeling error", "wrong pixels in %"),
            singular_values(),
            cosines(),
            curve("loss", "loss", "f + R"),
            self._patch(),
        ]
        self.layout: UIElement = row(figures, styles={"flex-wrap": "wrap"})

    def _picture(
        self, name: str, title: str, palette: list[str] | None = None, **columns: Any
    ) -> figure:
        """Return a picture figure, linked to the others in pan, zoom and probe."""
        plot = frame(name, title, x_range=self._cols, y_range=self._rows)
        plot.tags = ["probe"]
        plot.grid.visible = False
        data = source(name, image=[], dw=[], dh=[], **columns)
        if palette is None:
            plot.image_rgba("image", 0, 0, "dw", "dh", source=data)
        else:
            mapper = LinearColorMapper(
                palette=palette,
                low=-0.5,
                high=len(palette) - 0.5,
                name=name + "-colors",
            )
            plot.image("image", 0, 0, "dw", "dh", source=data, color_mapper=mapper)
        for color, width in (("white", 4), ("black", 1.5)):
            plot.scatter(
                "x", "y", source=self._probe, marker="square", size=11,
                fill_alpha=0, line_color=color, line_width=width,
            )  # fmt: skip
        return plot

    def _labeling(self) -> figure:
        plot = self._picture(
            "labeling", "labeling", painting.error_palette(2), label=[], truth=[]
        )
        tips = [("label", "@label"), ("ground truth", "@truth"), ("x, y", "$x, $y")]
        plot.add_tools(HoverTool(tooltips=tips, renderers=[plot.renderers[0]]))
        return plot

    def _norms(self) -> figure:
        plot = self._picture("gradient-norm", "gradient norm", list(cividis(256)))
        scale = LinearColorMapper(palette=cividis(256), low=-painting.DECADES, high=0)
        ticks = list(range(-painting.DECADES, 1))
        bar = ColorBar(
            color_mapper=scale,
            width=8,
            padding=4,
            ticker=FixedTicker(ticks=ticks),
            title="log₁₀",
            title_text_font_size="11px",
        )
        plot.add_layout(bar, "right")
        return plot

    def _patch(self) -> figure:
        plot = frame(
            "weight-patch",
            "weight patch",
            x_range=Range1d(-1.5, 1.5, name="patch-cols"),
            y_range=Range1d(1.5, -1.5, name="patch-rows"),
        )
        plot.grid.visible = False
        plot.xaxis.axis_label, plot.yaxis.axis_label = "column offset", "row offset"
        plot.xaxis.ticker = plot.yaxis.ticker = FixedTicker(ticks=list(range(-7, 8)))
        data = source("weight-patch", x=[], y=[], weight=[], text=[], ink=[])
        mapper = LinearColorMapper(
            palette=cividis(256), low=0, high=1, name="weight-patch-colors"
        )
        plot.rect(
            "x", "y", 1, 1, source=data, line_color="white",
            fill_color={"field": "weight", "transform": mapper},
        )  # fmt: skip
        plot.text(
            "x", "y", "text", source=data, text_align="center", text_color="ink",
            text_baseline="middle", text_font_size="13px",
        )  # fmt: skip
        return plot


def source(name: str, **columns: Any) -> ColumnDataSource:
    """Return a named source."""
    return ColumnDataSource(columns, name=name)


def frame(name: str, title: str, **options: Any) -> figure:
    """Return an empty figure in the common style; its title is `<name>-title`."""
    plot = figure(
        name=name + "-figure",
        title=title,
        width=SIDE,
        height=SIDE,
        tools=TOOLS,
        toolbar_location="right",
        **options,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.title.name = name + "-title"
    plot.title.text_font_size = "13px"
    plot.axis.axis_label_text_font_style = "normal"
    return plot


def curve(name: str, title: str, ylabel: str) -> figure:
    """Return a curve over the learning steps."""
    plot = frame(name, title)
    plot.xaxis.axis_label, plot.yaxis.axis_label = "step", ylabel
    plot.y_range.start = 0
    plot.x_range.start, plot.x_range.min_interval = -0.5, 5
    data = source(name, x=[], y=[])
    plot.line("x", "y", source=data, color=INK, line_width=2)
    dots = plot.scatter("x", "y", source=data, color=INK, size=5)
    tips = [("step", "@x"), (ylabel, "@y{0.0000}")]
    plot.add_tools(HoverTool(tooltips=tips, renderers=[dots]))
    return plot


def singular_values() -> figure:
    """Return the decay of the singular values; disks are kept, rings neglected."""
    plot = frame("singular-values", "singular values", y_axis_type="log")
    plot.xaxis.axis_label, plot.yaxis.axis_label = "component", "σ of Z"
    plot.xaxis.ticker.desired_num_ticks = 5
    data = source("singular-values", x=[], y=[], fill=[])
    plot.line("x", "y", source=data, color=INK)
    dots = plot.scatter(
        "x", "y", source=data, size=9, line_color=INK, line_width=2, fill_color="fill"
    )
    tips = [("component", "@x"), ("σ", "@y{0.00e+0}")]
    plot.add_tools(HoverTool(tooltips=tips, renderers=[dots]))
    return plot


def cosines() -> figure:
    """Return the histogram of the cosine between the gradient and its reference."""
    plot = frame(
        "gradient-cosine", "gradient cosine", x_range=(-1, 1), y_range=(0, 100)
    )
    plot.xaxis.axis_label = "cosine to the reference gradient"
    plot.yaxis.axis_label = "pixels in %"
    data = source("gradient-cosine", left=[], right=[], y=[], color=[])
    bars = plot.quad(
        left="left", right="right", top="y", bottom=0, source=data,
        fill_color="color", line_color="white",
    )  # fmt: skip
    tips = [("cosine", "@left{0.00} … @right{0.00}"), ("pixels", "@y{0.00} %")]
    plot.add_tools(HoverTool(tooltips=tips, renderers=[bars]))
    return plot


Columns = dict[str, dict[str, Any]]


def columns(shown: Snapshot, probe: tuple[int, int]) -> Columns:
    """Return the columns of every source for a snapshot."""
    truth, size = shown.scene.labels.values, extent(shown)
    # below this a singular value is rounding, and no point on a log axis
    least = np.finfo(float).eps * shown.sigma.max(initial=0.0)
    sigma = np.where(shown.sigma > least, shown.sigma, np.nan)
    component = np.arange(1, sigma.size + 1)
    fill = [INK if k <= shown.rank else "white" for k in component]
    aligned = painting.BINS[:-1] >= 0.9 - 1e-9  # an edge, up to rounding
    return {
        "input": {"image": [painting.rgba(shown.scene.image.values)], **size},
        "ground-truth": {"image": [truth.astype(np.uint8)], **size},
        "labeling": {
            "image": [painting.mark_errors(shown.labels, truth, shown.label_count)],
            "label": [shown.labels.astype(np.uint8)],
            "truth": [truth.astype(np.uint8)],
            **size,
        },
        "gradient-norm": {"image": [painting.log_map(shown.norms)], **size},
        "labeling-error": {"x": shown.steps, "y": shown.error_percent},
        "loss": {"x": shown.steps, "y": shown.loss},
        "singular-values": {"x": component, "y": sigma, "fill": fill},
        "gradient-cosine": {
            "left": painting.BINS[:-1],
            "right": painting.BINS[1:],
            "y": painting.cosine_histogram(shown.cosine),
            "color": [INK if a else ACCENT for a in aligned],
        },
        **probe_columns(shown, probe),
    }


def probe_columns(shown: Snapshot, probe: tuple[int, int]) -> Columns:
    """Return the columns that show the weight patch of one pixel."""
    r, c = probe
    weight = shown.weights[:, r, c]
    radius = (round(weight.size**0.5) - 1) // 2
    span = np.arange(-radius, radius + 1)
    return {
        "probe": {"x": [c + 0.5], "y": [r + 0.5]},
        "weight-patch": {
            "x": np.tile(span, span.size),
            "y": np.repeat(span, span.size),
            "weight": weight,
            "text": [f"{w:.3f}" for w in weight],
            "ink": ["black" if w > 0.5 * weight.max() else "white" for w in weight],
        },
    }


def extent(shown: Snapshot) -> dict[str, Any]:
    """Return the columns that stretch a picture over its pixels."""
    rows, cols = shown.shape
    return {"dw": [cols], "dh": [rows]}


def titles(shown: Snapshot, probe: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """Return the titles, which carry the figures that matter, as properties."""
    ratio = shown.sigma[1] / shown.sigma[0] if shown.sigma.size > 1 else 0.0
    texts = {
        "labeling": f"labeling: dark = wrong, {shown.error_percent[-1]:.2f} %",
        "gradient-norm": f"gradient norm, largest {shown.norms.max():.1e}",
        "singular-values": f"singular values, σ₂/σ₁ = {ratio:.2g}",
        "gradient-cosine": (
            f"gradient: {painting.share_aligned(shown.cosine):.1f} % ≥ 0.9"
        ),
        "weight-patch": f"weight patch at row {probe[0]}, col {probe[1]}",
        "labeling-error": f"labeling error, step {shown.steps[-1]}",
    }
    props = {name + "-title": {"text": text} for name, text in texts.items()}
    top = float(shown.weights[:, probe[0], probe[1]].max())
    return {**props, "weight-patch-colors": {"low": 0.0, "high": top}}


def scene_props(shown: Snapshot) -> dict[str, dict[str, Any]]:
    """Return the properties that change with the scene: ranges and palettes."""
    (rows, cols), count = shown.shape, shown.label_count
    radius = (round(shown.weights.shape[0] ** 0.5) - 1) // 2 + 0.5
    side = max(rows, cols)
    return {
        "cols": {"start": 0, "end": side, "reset_start": 0, "reset_end": side},
        "rows": {"start": side, "end": 0, "reset_start": side, "reset_end": 0},
        "ground-truth-colors": {
            "palette": painting.label_palette(count),
            "high": count - 0.5,
        },
        "labeling-colors": {
            "palette": painting.error_palette(count),
            "high": 2 * count - 0.5,
        },
        "patch-cols": {"start": -radius, "end": radius},
        "patch-rows": {"start": radius, "end": -radius},
    }
