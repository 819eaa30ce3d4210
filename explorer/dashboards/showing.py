"""Show figures of the paper in a notebook cell."""

from __future__ import annotations

from html import escape
from numbers import Integral
from typing import Any

import ipywidgets as widgets
import xarray as xr

from explorer.alternatives import describe
from explorer.drawing.page import heading, layout_of
from explorer.drawing.prints import png_of
from explorer.experiments.figures import FIGURES
from explorer.kit.figure import LiveFigure
from explorer.kit.memory import give_back
from explorer.kit.stills import beside, page
from explorer.panels import Figure

WIDTH = 960
"""CSS pixels of the panels side by side: about the width of a notebook cell."""

STILL_DPI = 72
"""Dots per inch of the picture in a saved notebook: about 100 kB."""

NEEDED = "pass what `experiments.figure1()` … `figure5()` returned, unchanged"


class FigureView(widgets.VBox):
    """A figure with its title above and its caption below; wide figures scroll."""

    def __init__(self, shown: Figure) -> None:
        title = widgets.HTML(f"<h3>{escape(heading(shown))}</h3>")
        self.live = LiveFigure(layout_of(shown, WIDTH))
        caption = widgets.HTML(f"<p>{escape(shown.caption)}</p>")
        self._shown = shown
        super().__init__([title, self.live, caption])
        self.layout.overflow = "auto"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget, with a picture and a table for use without a kernel."""
        png = png_of(self._shown, STILL_DPI)
        self.live.still = page(png, heading(self._shown), contents(self._shown))
        title, _, caption = self.children
        html = f"{title.value}{self.live.still}{caption.value}"
        return beside(super()._repr_mimebundle_(**kwargs), png, html)

    def close(self) -> None:
        """Close the figure with all its parts."""
        if self.comm is None:
            return
        for part in self.children:
            part.close()
        super().close()
        give_back()


def contents(figure: Figure) -> list[tuple[str, str]]:
    """Return a description of each panel of a figure in words and numbers."""
    panels = [panel for row in figure.rows for panel in row]
    return [("panel", "shows"), *((p.title, describe(p)) for p in panels)]


def show(data: xr.Dataset) -> Any:
    """Return a widget that draws what `ex.experiments.figure1` … `figure5` returned.

    Parameters
    ----------
    data : Dataset, with the number of the figure in `attrs["figure"]`.
    """
    number = data.attrs.get("figure") if isinstance(data, xr.Dataset) else None
    whole = isinstance(number, Integral) and not isinstance(number, bool)
    known = [k for k in FIGURES if whole and k == number]
    if not known:
        raise ValueError(
            f"`data` is a {type(data).__name__} that belongs to no figure; {NEEDED}"
        )
    _, draw = FIGURES[known[0]]
    try:
        return FigureView(draw(data))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"`data` lacks a part of figure {known[0]} ({type(error).__name__}: "
            f"{error}); {NEEDED}"
        ) from error
