"""The Bokeh views of a learning run: built once, then fed with columns.

Sources are named after what they show (`labeling`, `labeling-error`,
`singular-values`, `gradient-cosine`, …); the figure of a source is `<name>-figure`.
"""

from __future__ import annotations

from typing import Any

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

from explorer.drawing import colors
from explorer.drawing.colors import INK

SIDE = 270
"""Width and height of a view in CSS pixels: two abreast beside the controls in a narrow
JupyterLab, three in Voila on a laptop."""

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
            self._picture("ground-truth", "ground truth", colors.label_palette(2)),
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
            "labeling", "labeling", colors.error_palette(2), label=[], truth=[]
        )
        tips = [("label", "@label"), ("ground truth", "@truth"), ("x, y", "$x, $y")]
        plot.add_tools(HoverTool(tooltips=tips, renderers=[plot.renderers[0]]))
        return plot

    def _norms(self) -> figure:
        plot = self._picture("gradient-norm", "gradient norm", list(cividis(256)))
        scale = LinearColorMapper(palette=cividis(256), low=-colors.DECADES, high=0)
        ticks = list(range(-colors.DECADES, 1))
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
    plot.xaxis.ticker.min_interval = 1
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
