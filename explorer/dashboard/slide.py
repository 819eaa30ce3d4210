"""`Slide`: a slider that never alters what a program has set.

The sliders of ipywidgets round each value to their step as soon as they display it,
and send it back: 4.33 becomes 4.25, and ρ = 2 becomes 1.995.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Slide(anywidget.AnyWidget):
    """A labeled slider with its number, linear or logarithmic.

    Attributes
    ----------
    value : number; a program may set any, a hand moves it by `increment`.
    low, high : ends of the slider; increment : in decades if `log`.
    """

    _esm = (Path(__file__).parent / "slide.js").read_text(encoding="utf-8")
    value = traitlets.Union([traitlets.Int(0), traitlets.Float(0.0)]).tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    increment = traitlets.Float(0.1).tag(sync=True)
    log = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)
    tooltip = traitlets.Unicode("").tag(sync=True)

    def widen(self, value: Any) -> None:
        """Make room for a value beyond the ends; a logarithmic scale has no zero."""
        if not self.log or value > 0.0:
            self.low, self.high = min(self.low, value), max(self.high, value)
