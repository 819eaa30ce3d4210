"""`Page`: the whole page of a dashboard as one widget; see `page/page.js`.

The kernel sends a fixed `declaration` of the page and its current `content` by key. The
browser sends wishes: requests of the user. Displaying a value never causes a wish.

`on_message` receives the following messages; `id` names the view that sent them:
"set" (values, n, final), "act" (name, value, n), "tap" (view, x, y), "address" (link),
"file" (control, name, size; one buffer, none if the file is over the limit).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets
from bokeh.models import UIElement

from explorer.kit.bridge import MAX_FPS, Live
from explorer.kit.bundle import bundle, once
from explorer.kit.pieces import Pieces

FOLDER = Path(__file__).parent / "page"

STYLES = "".join(
    (FOLDER / name).read_text(encoding="utf-8")
    for name in ("page.css", "tables.css", "edits.css")
)
"""The style sheet of all pages."""

READY: dict[str, Any] = {"state": "ready", "text": "ready"}

LIMIT = 64 * 2**20
"""Most bytes of an uploaded file, unless its control declares a `limit`."""


class Page(Live):
    """A page with header, controls, readouts, and a card for each figure.

    Parameters
    ----------
    declaration : the parts of the page; `content.declaration_of` returns it.
    roots : one figure per view; the declaration refers to its id as `root`.

    Attributes
    ----------
    on_message : function called with (message, buffers) for every wish of a browser.
        If it starts work, it must call `tell` before it returns; otherwise the status
        light turns off.
    """

    # text instead of paths: anywidget never stops watching a file, which would keep
    # each instance alive
    _esm = once(bundle(FOLDER, "page.js"))
    _css = STYLES

    declaration = traitlets.Dict().tag(sync=True)
    still = traitlets.Unicode(
        "", help="HTML to show where no kernel runs, instead of figures"
    ).tag(sync=True)

    def __init__(
        self, declaration: Mapping[str, Any], roots: Sequence[UIElement], **kwargs: Any
    ):
        self.on_message: Callable[[dict[str, Any], Any], None] = lambda *_: None
        self._light, self._told_at = dict(READY), 0.0
        self._received: dict[str, int] = {}  # number of the last wish of each view
        self._asked: str | None = None  # the view that acted last receives downloads
        self._pieces = Pieces()
        self._telling = threading.RLock()
        super().__init__(roots, declaration=dict(declaration), **kwargs)

    @property
    def content(self) -> dict[str, Any]:
        """The content that a new view would show."""
        with self._lock:
            return {**self._shown, **self._content}

    def push(
        self,
        columns: Mapping[str, Mapping[str, Any]],
        props: Mapping[str, Mapping[str, Any]] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        """Show columns, properties and content, all in one message; see `Live.push`.

        If `content` has "values" but no "heard", it answers every wish received so far.
        """
        if content and "values" in content and "heard" not in content:
            content = {**content, "heard": dict(self._received)}
        super().push(columns, props, content)

    def tell(self, light: Mapping[str, Any]) -> None:
        """Show the status light at once: "state", "text", "share", "remaining".

        The state "ready" turns off the light only in views whose last wish has already
        been received. Within one run, at most `MAX_FPS` messages a second are sent.
        """
        with self._telling:
            same_run = light["state"] == self._light["state"] == "busy"
            self._light = dict(light)
            if not same_run or time.monotonic() - self._told_at > 1.0 / MAX_FPS:
                self._repeat()

    def _repeat(self) -> None:
        """Send the last status again, with the numbers of the wishes received since."""
        with self._telling:
            self._told_at = time.monotonic()
            self.send({"kind": "light", **self._lit()})

    def download(
        self, name: str, mime: str, data: bytes, to: str | None = None
    ) -> None:
        """Let the browser save a file, in the view `to` or the view that acted last."""
        head = {"kind": "download", "name": name, "mime": mime}
        self.send({**head, "to": to or self._asked}, buffers=[data])

    def close(self) -> None:
        """Release the dashboard and incomplete uploads, and close the widget."""
        self.on_message = lambda *_: None
        self._pieces.forget()
        self.layout.close()
        super().close()
        self.declaration, self.still = {}, ""

    def _lit(self) -> dict[str, Any]:
        return {"light": self._light, "received": dict(self._received)}

    def _snapshot(self, doc: Any) -> dict[str, Any]:
        return {"doc": doc, "content": dict(self._shown), **self._lit()}

    def _answer(self, message: Mapping[str, Any], buffers: Any) -> None:
        kind, view = message["kind"], message.get("id", "")
        if kind == "bye":
            self._received.pop(view, None)
            return
        if kind == "file":
            self._file(message, buffers)
            return
        self._hand_on(message, buffers)

    def _file(self, message: Mapping[str, Any], buffers: Any) -> None:
        """Forward a file when its last piece has arrived."""
        named = {**message, "id": message["file"]}
        if message["phase"] == "begin":
            file = self._pieces.begin(named, self._limit(message["control"]))
        else:
            file = self._pieces.piece(named, buffers[0])
        if file is None:
            self._received[message["id"]] = message["n"]
            return
        whole = {**message, "name": file.name, "size": file.size}
        self._hand_on(whole, [] if file.content is None else [file.content])

    def _limit(self, control: str) -> int:
        """Return the largest admissible file size of a control, in bytes."""
        groups = self.declaration.get("groups", [])
        for entry in (c for group in groups for c in group["controls"]):
            if entry["name"] == control:
                return int(entry.get("limit", LIMIT))
        return LIMIT

    def _hand_on(self, message: Mapping[str, Any], buffers: Any) -> None:
        """Forward a message; if a wish starts no work, turn the light off."""
        if message["kind"] == "act":
            self._asked = message.get("id")
        if "n" in message:
            self._received[message["id"]] = message["n"]
        try:
            self.on_message(dict(message), buffers)
        finally:
            if "n" in message:
                self._repeat()
