"""`Upload`: a button that hands one file from the browser to a callback.

The upload button of ipywidgets sends a file as one message; a Jupyter server cuts the
connection at 10 MB. This one sends pieces, and announces a file that is too large
without sending it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Upload(anywidget.AnyWidget):
    """Pick a file and send it; see `on_file`."""

    # text, not a path: anywidget watches a file for ever, and with it each instance
    _esm = (Path(__file__).parent / "upload.js").read_text(encoding="utf-8")
    description = traitlets.Unicode("upload").tag(sync=True)
    tooltip = traitlets.Unicode("").tag(sync=True)
    limit = traitlets.Int(0, help="bytes a file may have").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._name, self._pieces = "", 0
        self._parts: dict[int, bytes] = {}
        self._on_file: Callable[[str, int, bytes | None], None] = lambda *_: None
        super().__init__(**traits)
        self.on_msg(self._receive)

    def on_file(self, callback: Callable[[str, int, bytes | None], None]) -> None:
        """Call `callback(name, size, content)`; content is None if it is too large."""
        self._on_file = callback

    def _receive(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        if message["kind"] == "begin":
            self._name, self._pieces = message["name"], message["pieces"]
            self._parts = {}
            if message["size"] > self.limit:
                self._on_file(self._name, message["size"], None)
            elif not self._pieces:
                self._on_file(self._name, 0, b"")
        elif message["kind"] == "piece":
            self._parts[message["index"]] = bytes(buffers[0])
            if len(self._parts) == self._pieces:
                whole = b"".join(self._parts[k] for k in range(self._pieces))
                self._parts = {}
                self._on_file(self._name, len(whole), whole)
