"""Controls made from the declarations of their parameters, with their own messages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets as widgets

from explorer.dashboard.slide import Slide
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
.explorer-slide { display: flex; align-items: center; gap: 6px; margin: 2px;
  min-height: 28px; }
.explorer-slide .widget-label { flex: 0 0 92px; width: 92px; text-align: right; }
.explorer-slide input[type=range] { flex: 1 1 0; min-width: 0; margin: 0; }
.explorer-slide .widget-readout { flex: 0 0 64px; width: 64px; min-width: 0;
  box-sizing: border-box; text-align: center; border: 1px solid transparent;
  background: transparent; color: inherit; font: inherit; }
.explorer-slide .widget-readout:hover, .explorer-slide .widget-readout:focus {
  border-color: var(--jp-border-color1, #bbb); }
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
    check : returns a valid value, or raises naming what is wrong.
    refused : whether the widget holds a value that cannot be.
    """

    def __init__(
        self,
        name: str,
        widget: Any,
        hint: str = "",
        check: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self.name, self.widget, self.check = name, widget, check
        self.message = widgets.HTML(layout={"display": "none"})
        self.message.add_class("explorer-message")
        margin = f"0 0 4px {HINT_INDENT}"
        note = widgets.HTML(hint, layout={"margin": margin, "height": "auto"})
        note.add_class("explorer-hint")
        self.box = widgets.VBox([widget, note, self.message])
        self._here = threading.local()
        self.refused = False

    def observe(self, callback: Callable[[str, Any], None]) -> None:
        """Call `callback(name, value)` when the user, not a program, sets the value."""

        def moved(change: dict[str, Any]) -> None:
            if getattr(self._here, "silent", False):
                return
            try:
                value = self.check(change["new"])
            except (ValueError, TypeError) as error:
                self.refused = True
                self.complain(escape(str(error)))
            else:
                self.refused = False
                callback(self.name, value)

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
        self.refused = False

    def complain(self, text: str) -> None:
        """Show a message beside the control, or clear it if `text` is empty."""
        self.message.value = text
        self.message.layout.display = "block" if text else "none"
        mark = self.widget.add_class if text else self.widget.remove_class
        mark("explorer-invalid")


def slider(parameter: Parameter, value: float) -> Control:
    """Return a slider whose label, range, tooltip and step come from the parameter."""
    low, high, increment = parameter.slider
    widget = Slide(
        low=low,
        high=high,
        increment=increment,
        log=parameter.log,
        description=f"{parameter.name} {parameter.symbol}",
        tooltip=f"{parameter.meaning}: {parameter.admissible}; arrow keys move it",
        layout={"width": "345px"},
    )
    ends = ".3g" if parameter.log else "g"
    shown = f"{low:{ends}} … {high:{ends}}" + ", logarithmic" * parameter.log
    unit = f" ({parameter.unit})" if parameter.unit else ""
    hint = f"{shown}{unit}"
    control = Control(parameter.name, widget, hint, check=parameter.check)
    control.show(value)
    return control


def widen(widget: Any, value: Any) -> None:
    """Make room for a value beyond a slider's range, or missing from a list."""
    if isinstance(widget, Slide):
        widget.widen(value)
    elif value not in [o[1] if isinstance(o, tuple) else o for o in widget.options]:
        widget.options = sorted({*widget.options, value})


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
