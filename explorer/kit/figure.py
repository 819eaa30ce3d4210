"""`LiveFigure`: one Bokeh layout in a notebook, updated from any thread."""

from __future__ import annotations

from collections.abc import Mapping
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
        super().__init__([root], max_fps, **kwargs)

    def _answer(self, message: Mapping[str, Any], buffers: Any) -> None:
        """Ignore the message: the page of a figure sends no wishes."""
        return

    def _snapshot(self, doc: Any) -> dict[str, Any]:
        return {"doc": doc, "root": self._roots[0].id}
