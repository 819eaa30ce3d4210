"""`LiveFigure`: a Bokeh figure in a notebook, fed from any thread, without echo.

The Bokeh document in the kernel is the truth. Each view in a browser gets a snapshot of
it when it says hello (so a reloaded page or a second view is never stale), and after
that updates: whole columns, one message for all sources, newest wins. The next update
is sent when a browser has drawn the last one, so a slow browser never lags behind.
BokehJS comes from the installed bokeh package: no request leaves the machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import bokeh
import numpy as np
import traitlets
from bokeh.document import Document
from bokeh.embed.util import standalone_docs_json
from bokeh.models import ColumnDataSource, UIElement

BOKEH_JS = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
MAX_FPS = 15.0
"""Updates per second at most: a browser drawing in software keeps up with these."""

PATIENCE = 0.5
"""Seconds to wait for "drawn" before sending on: no view may be open, or it is gone."""

DTYPES = ("<f8", "<f4", "<i4", "<u4", "|u1")


class LiveFigure(anywidget.AnyWidget):
    """A live view of a Bokeh layout whose sources and models carry unique names."""

    # text, not a path: anywidget watches a file for ever, and with it each instance
    _esm = (Path(__file__).parent / "bridge.js").read_text(encoding="utf-8")
    _bokeh_version = traitlets.Unicode(bokeh.__version__).tag(sync=True)

    still = traitlets.Unicode(
        "", help="HTML to show until there are figures, and where no kernel runs"
    ).tag(sync=True)

    def __init__(self, root: UIElement, max_fps: float = MAX_FPS, **kwargs: Any):
        self._lock = threading.RLock()
        self._root = root
        self._document = Document()
        self._document.add_root(root)
        self._models = {m.name: m for m in root.references() if m.name}
        self._columns: dict[str, Mapping[str, Any]] = {}
        self._props: dict[str, dict[str, Any]] = {}
        self._interval = 1.0 / max_fps
        self._seq, self._sent_at, self._drawn = 0, 0.0, True
        self._timer: threading.Timer | None = None
        self._on_tap: Callable[[str, float, float], None] = lambda *_: None
        self._on_view: Callable[[], None] = lambda: None
        self._seen = False  # whether a browser has ever shown this
        self._when_drawn: Callable[[], None] | None = None
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def on_tap(self, callback: Callable[[str, float, float], None]) -> None:
        """Call `callback(figure name, x, y)` for taps on figures tagged "probe"."""
        self._on_tap = callback

    def on_view(self, callback: Callable[[], None]) -> None:
        """Call `callback()` for every view that opens in a browser."""
        self._on_view = callback

    def when_drawn(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` once, when all that was pushed is on the screen.

        Without a browser that is at once. The newest callback replaces the one before.
        """
        with self._lock:
            self._when_drawn = callback
            self._tell_drawn()

    def _tell_drawn(self) -> None:
        """Call the callback back if nothing is on its way to a browser (lock held)."""
        pending = self._columns or self._props
        if not pending and (self._drawn or not self._seen):
            callback, self._when_drawn = self._when_drawn, None
            if callback is not None:
                callback()

    def push(
        self,
        columns: Mapping[str, Mapping[str, Any]],
        props: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Replace columns of named sources and properties of named models.

        What is not sent yet is overwritten: the newest wins. What is shown already is
        not sent again: the browser draws only what changes. Any thread may call.
        """
        with self._lock:
            self._columns.update(columns)
            for name, values in (props or {}).items():
                self._props.setdefault(name, {}).update(values)
            self._drop_shown()
            self._schedule()

    def source(self, name: str) -> ColumnDataSource:
        """Return the source of that name, as a new view would get it."""
        with self._lock:
            self._store()
            return self._models[name]

    def close(self) -> None:
        """Stop the timer, close the widget, and let go of what it has shown."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._columns, self._props = {}, {}
            self._on_tap, self._on_view = lambda *_: None, lambda: None
            self._when_drawn = None
        super().close()

    def _receive(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        """Answer a message from a browser."""
        kind = message.get("kind")
        if kind == "want-bokehjs":
            self.send({"kind": "bokehjs"}, buffers=[BOKEH_JS.read_bytes()])
        elif kind == "hello":
            self._send_snapshot(message["id"])
            self._on_view()
        elif kind == "drawn":
            with self._lock:
                self._drawn = self._drawn or message["seq"] >= self._seq
                self._schedule()
                self._tell_drawn()
        elif kind == "tap":
            self._on_tap(message["figure"], message["x"], message["y"])

    def _send_snapshot(self, view: str) -> None:
        with self._lock:
            self._flush()
            self._seen, self._drawn = True, False
            (doc,) = standalone_docs_json([self._root]).values()
            self.send(
                {
                    "kind": "snapshot",
                    "to": view,
                    "doc": doc,
                    "root": self._root.id,
                    "seq": self._seq,
                }
            )

    def _schedule(self) -> None:
        """Send now if the time has come, else leave it to one timer (lock held)."""
        if not self._columns and not self._props:
            return
        wait = self._sent_at - time.monotonic()
        wait += self._interval if self._drawn else max(self._interval, PATIENCE)
        if wait <= 0.0:
            self._flush()
        elif self._timer is None or not self._timer.is_alive():
            self._timer = threading.Timer(wait, self._on_timer)
            self._timer.daemon = True
            self._timer.start()

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            self._schedule()

    def _drop_shown(self) -> None:
        """Forget pending columns and properties that equal the present ones."""
        self._columns = {
            name: columns
            for name, columns in self._columns.items()
            if not same(columns, self._models[name].data)
        }
        self._props = {
            name: values
            for name, values in self._props.items()
            if any(getattr(self._models[name], k) != v for k, v in values.items())
        }

    def _store(self) -> list[dict[str, Any]]:
        """Move what is pending into the kernel's models; return their properties."""
        props = []
        for name, values in self._props.items():
            model = self._models[name]
            model.update(**values)
            props.append({"name": name, "props": values})
        for name, columns in self._columns.items():
            self._models[name].data = dict(columns)
        return props

    def _flush(self) -> None:
        """Store and send everything pending as one message (lock held)."""
        if not self._columns and not self._props:
            return
        props = self._store()
        buffers: list[Any] = []
        updates = [
            {
                "source": name,
                "columns": {k: encode(v, buffers) for k, v in columns.items()},
            }
            for name, columns in self._columns.items()
        ]
        self._columns, self._props = {}, {}
        self._seq += 1
        self._sent_at, self._drawn = time.monotonic(), False
        message = {
            "kind": "update",
            "seq": self._seq,
            "updates": updates,
            "props": props,
        }
        self.send(message, buffers=buffers)


def same(columns: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Return whether two sets of columns hold the same values, NaN among them."""
    return columns.keys() == shown.keys() and all(
        len(columns[k]) == len(shown[k])
        and alike(np.asarray(columns[k]), np.asarray(shown[k]))
        for k in columns
    )


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays hold the same values, NaN among them."""
    floats = one.dtype.kind == other.dtype.kind == "f"
    return np.array_equal(one, other, equal_nan=floats)


def encode(column: Any, buffers: list[Any]) -> dict[str, Any]:
    """Return the header of a column; numeric arrays go to `buffers`.

    A list that holds one 2-d array is a picture. Integers travel as int32, everything
    that is no number as a plain list.
    """
    single = isinstance(column, list) and len(column) == 1
    single = single and isinstance(column[0], np.ndarray)
    array = np.asarray(column[0] if single else column)
    if array.dtype.kind in "iu" and array.dtype.str not in DTYPES:
        array = array.astype(np.int32)
    if array.dtype.str not in DTYPES or array.size == 0:
        return {"values": [array.tolist()] if single else array.tolist()}
    array = np.ascontiguousarray(array)
    buffers.append(array.view(np.uint8).reshape(-1).data)
    return {
        "buffer": len(buffers) - 1,
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "single": single,
    }
