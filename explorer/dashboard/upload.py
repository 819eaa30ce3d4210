"""`Upload`: a button that hands one file from the browser to a callback.

The upload button of ipywidgets sends a file as one message; a Jupyter server cuts the
connection at 10 MB. This one sends pieces, and announces a file that is too large
without sending it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anywidget
import traitlets

MOST_COMING = 4
"""Files on their way at once; a page that closes leaves the rest of its file unsent."""


@dataclass
class Coming:
    """A file on its way: its name, how many pieces it has, and those that arrived."""

    name: str
    pieces: int
    parts: dict[int, bytes] = field(default_factory=dict)


class Upload(anywidget.AnyWidget):
    """Pick a file and send it; see `on_file`."""

    # text, not a path: anywidget watches a file for ever, and with it each instance
    _esm = (Path(__file__).parent / "upload.js").read_text(encoding="utf-8")
    description = traitlets.Unicode("upload").tag(sync=True)
    tooltip = traitlets.Unicode("").tag(sync=True)
    limit = traitlets.Int(0, help="bytes a file may have").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._coming: dict[str, Coming] = {}
        self._on_file: Callable[[str, int, bytes | None], None] = lambda *_: None
        super().__init__(**traits)
        self.on_msg(self._receive)

    def on_file(self, callback: Callable[[str, int, bytes | None], None]) -> None:
        """Call `callback(name, size, content)`; content is None if it is too large."""
        self._on_file = callback

    def close(self) -> None:
        """Close the widget, and let go of files that are on their way."""
        self._coming, self._on_file = {}, lambda *_: None
        super().close()

    def _receive(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        key = message["id"]
        if message["kind"] == "begin":
            self._begin(key, message)
        elif message["kind"] == "piece" and key in self._coming:
            coming = self._coming[key]
            coming.parts[message["index"]] = bytes(buffers[0])
            if len(coming.parts) == coming.pieces:
                del self._coming[key]
                whole = b"".join(coming.parts[k] for k in range(coming.pieces))
                self._on_file(coming.name, len(whole), whole)

    def _begin(self, key: str, message: Mapping[str, Any]) -> None:
        """Await the pieces of a file, unless there are none to come."""
        name, size, pieces = message["name"], message["size"], message["pieces"]
        if size > self.limit:
            self._on_file(name, size, None)
        elif not pieces:
            self._on_file(name, 0, b"")
        else:
            self._coming[key] = Coming(name, pieces)
            while len(self._coming) > MOST_COMING:  # the oldest: its page is gone
                del self._coming[next(iter(self._coming))]
