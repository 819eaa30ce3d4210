"""`LiveFigure`: one Bokeh layout in a notebook, updated from any thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import traitlets
from bokeh.models import UIElement

from explorer.kit.bridge import MAX_FPS, Live
from explorer.kit.bundle import bundle, once


class LiveFigure(Live):
    """A live view of a Bokeh layout whose sources and models carry unique names."""

    # text instead of a path: anywidget never stops watching a file, which would keep
    # each instance alive
    _esm = once(bundle(Path(__file__).parent / "page", "figure.js"))

    still = traitlets.Unicode(
        "", help="HTML to show until there are figures, and where no kernel runs"
    ).tag(sync=True)

    def __init__(self, root: UIElement, max_fps: float = MAX_FPS, **kwargs: Any):
        self._root = root
        self._on_tap: Callable[[str, float, float], None] = lambda *_: None
        self._on_view: Callable[[], None] = lambda: None
        super().__init__([root], max_fps, **kwargs)

    def on_tap(self, callback: Callable[[str, float, float], None]) -> None:
        """Call `callback(figure name, x, y)` for taps on figures tagged "probe"."""
        self._on_tap = callback

    def on_view(self, callback: Callable[[], None]) -> None:
        """Call `callback()` for every view that opens in a browser."""
        self._on_view = callback

    def close(self) -> None:
        """Release the callbacks, and close the widget."""
        self._on_tap, self._on_view = lambda *_: None, lambda: None
        super().close()

    def _answer(self, message: Mapping[str, Any], buffers: Any) -> None:
        if message["kind"] == "tap":
            self._on_tap(message["figure"], message["x"], message["y"])
        elif message["kind"] == "hello":
            self._on_view()

    def _snapshot(self, doc: Any) -> dict[str, Any]:
        return {"doc": doc, "root": self._root.id}
