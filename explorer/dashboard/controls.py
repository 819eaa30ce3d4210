"""Controls made from the declarations of their parameters, with their own messages."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets

from explorer.params import Parameter

LABEL_WIDTH = "92px"
HINT_INDENT = "102px"
STYLE = """
<style>
.explorer-panel { min-width: 350px; max-width: 350px; position: sticky; top: 0; }
.explorer-message { color: #b00020; font-weight: 600; line-height: 1.25; }
.explorer-message .widget-html-content, .explorer-hint .widget-html-content {
  line-height: 1.25; white-space: normal; }
.explorer-status .widget-html-content { line-height: 1.35; white-space: normal; }
.explorer-hint { color: #555; font-size: 11px; }
.explorer-invalid { outline: 2px solid #b00020; outline-offset: 1px; }
.explorer-code .widget-html-content pre { white-space: pre-wrap; margin: 0;
  font: 12px/1.35 monospace; }
</style>
"""
"""Sent along as a widget: the same rules hold in JupyterLab and in Voila."""


class Control:
    """A widget with its label, hint and a place for its error message.

    Attributes
    ----------
    name : of the setting it steers; widget : carries the value; box : is displayed.
    """

    def __init__(self, name: str, widget: Any, hint: str = "", gap: str = "0") -> None:
        self.name, self.widget = name, widget
        self.message = widgets.HTML(layout={"display": "none"})
        self.message.add_class("explorer-message")
        margin = f"{gap} 0 4px {HINT_INDENT}"
        note = widgets.HTML(hint, layout={"margin": margin, "height": "auto"})
        note.add_class("explorer-hint")
        self.box = widgets.VBox([widget, note, self.message])
        self._here = threading.local()

    def observe(self, callback: Callable[[str, Any], None]) -> None:
        """Call `callback(name, value)` when the user, not a program, sets the value."""

        def moved(change: dict[str, Any]) -> None:
            if not getattr(self._here, "silent", False):
                callback(self.name, change["new"])

        self.widget.observe(moved, "value")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let this thread change the widget without calling anybody back."""
        self._here.silent = True
        try:
            yield
        finally:
            self._here.silent = False

    def show(self, value: Any) -> None:
        """Set the value; a range or list that does not hold it is widened first."""
        with self.silent():
            widen(self.widget, value)
            self.widget.value = value

    def complain(self, text: str) -> None:
        """Show a message beside the control, or clear it if `text` is empty."""
        self.message.value = text
        self.message.layout.display = "block" if text else "none"
        mark = self.widget.add_class if text else self.widget.remove_class
        mark("explorer-invalid")


def slider(parameter: Parameter, value: float, **options: Any) -> Control:
    """Return a slider whose label, range, tooltip and step come from the parameter."""
    low, high, increment = parameter.slider
    common: dict[str, Any] = {
        "description": f"{parameter.name} {parameter.symbol}",
        "tooltip": f"{parameter.meaning}: {parameter.admissible}; arrow keys move it",
        "style": {"description_width": LABEL_WIDTH},
        "layout": {"width": "345px"},
        **options,
    }
    if parameter.log:
        low, high = math.log10(low), math.log10(high)
        widget: Any = widgets.FloatLogSlider(
            min=low, max=high, step=increment, readout_format=".3g", **common
        )
        shown = f"{10**low:.3g} … {10**high:.3g}, logarithmic"
    else:
        kind = widgets.IntSlider if parameter.integer else widgets.FloatSlider
        decimals = "d" if parameter.integer else readout(increment)
        widget = kind(
            min=low, max=high, step=increment, readout_format=decimals, **common
        )
        shown = f"{low:g} … {high:g}"
    unit = f" ({parameter.unit})" if parameter.unit else ""
    control = Control(parameter.name, widget, f"{shown}{unit}", gap="-8px")
    control.show(value)
    return control


def tidy(value: Any) -> Any:
    """Return a number without the rounding that a logarithmic slider adds to it."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def widen(widget: Any, value: Any) -> None:
    """Make room for a value beyond a slider's range, or missing from a list."""
    if isinstance(widget, widgets.Dropdown):
        if value not in [o[1] if isinstance(o, tuple) else o for o in widget.options]:
            widget.options = sorted({*widget.options, value})
        return
    bound = math.log10(value) if isinstance(widget, widgets.FloatLogSlider) else value
    widget.min, widget.max = min(widget.min, bound), max(widget.max, bound)


def readout(increment: float) -> str:
    """Return a format that shows every step of a slider."""
    return (
        f".{max(0, -math.floor(math.log10(increment)))}f" if increment > 1e-4 else ".2g"
    )


def choice(
    name: str, options: Any, value: Any, tooltip: str, hint: str = ""
) -> Control:
    """Return a drop-down list, labeled by its name."""
    widget = widgets.Dropdown(
        options=options,
        value=value,
        description=name,
        tooltip=tooltip,
        style={"description_width": LABEL_WIDTH},
        layout={"width": "345px"},
    )
    return Control(name, widget, hint)


def button(label: str, tooltip: str, action: Callable[[], None], kind: str = "") -> Any:
    """Return a button that calls `action`."""
    widget = widgets.Button(
        description=label, tooltip=tooltip, button_style=kind, layout={"width": "auto"}
    )
    widget.on_click(lambda _: action())
    return widget
