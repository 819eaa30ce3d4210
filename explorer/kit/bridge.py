"""`Live`: Bokeh figures in a notebook, updated from any thread, without echo.

The Bokeh document in the kernel holds the valid state. Each view in a browser receives
a snapshot when it says hello, so a reloaded page or a second view is never stale. Then
it receives updates: complete columns, one message for all sources, newest wins. The
kernel sends the next update after a browser has drawn the last one, so a slow browser
never lags behind. BokehJS comes from the installed bokeh package: no request leaves the
machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import bokeh
import traitlets
from bokeh.document import Document
from bokeh.embed.util import standalone_docs_json
from bokeh.models import ColumnDataSource, UIElement

from explorer.kit.columns import encode, same

BOKEH_JS = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
MAX_FPS = 15.0
"""Most updates per second: even a browser that draws in software keeps up."""

PATIENCE = 0.5
"""Seconds to wait for "drawn" before the next update: the view may have closed."""

GIVE_UP = 3.0
"""Seconds after which an update counts as drawn: all views may have closed."""


class Live(anywidget.AnyWidget):
    """A live view of Bokeh figures whose sources and models carry unique names.

    Subclasses provide the script of the page, and implement `_answer` and `_snapshot`.
    """

    _bokeh_version = traitlets.Unicode(bokeh.__version__).tag(sync=True)

    def __init__(
        self, roots: Sequence[UIElement], max_fps: float = MAX_FPS, **kwargs: Any
    ):
        self._lock = threading.RLock()
        self._roots = list(roots)
        self._document = Document()
        with self._document.models.freeze():  # else each root visits all models again
            for root in self._roots:
                self._document.add_root(root)
        self._models = {m.name: m for m in self._document.models if m.name}
        self._columns: dict[str, Mapping[str, Any]] = {}
        self._props: dict[str, dict[str, Any]] = {}
        self._content: dict[str, Any] = {}  # pending content, by top-level key
        self._shown: dict[str, Any] = {}  # the content that a new view receives
        self._interval = 1.0 / max_fps
        self._seq, self._sent_at, self._drawn = 0, 0.0, True
        self._timer: threading.Timer | None = None
        self._seen = False  # whether a browser has ever shown this
        self._when_drawn: Callable[[], None] | None = None
        self._waiting: threading.Timer | None = None
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    @property
    def drawn(self) -> bool:
        """Whether everything pushed is on the screen; True without a browser."""
        with self._lock:
            pending = self._columns or self._props or self._content
            return not pending and (self._drawn or not self._seen)

    def when_drawn(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` once, when everything pushed is on the screen.

        Without a browser, call it at once; if no browser answers, call it after GIVE_UP
        seconds. A new callback replaces a pending one.
        """
        with self._lock:
            self._when_drawn = callback
            self._tell_drawn()
            if self._waiting is not None:  # it has waited for an older frame
                self._waiting.cancel()
                self._waiting = None
            if self._when_drawn is not None:
                self._waiting = start_timer(GIVE_UP, self._on_gone)

    def push(
        self,
        columns: Mapping[str, Mapping[str, Any]],
        props: Mapping[str, Mapping[str, Any]] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        """Replace columns of named sources, properties of models, parts of the content.

        All parts travel in one message. New values overwrite pending ones: the newest
        wins. Values that are shown already are not sent again. Any thread may call.
        """
        with self._lock:
            self._columns.update(columns)
            for name, values in (props or {}).items():
                self._props.setdefault(name, {}).update(values)
            self._content.update(content or {})
            self._drop_shown()
            self._schedule()

    def source(self, name: str) -> ColumnDataSource:
        """Return the source of that name, as a new view would receive it."""
        with self._lock:
            self._store()
            return self._models[name]

    def close(self) -> None:
        """Stop the timers, close the widget, and release figures and updates.

        A notebook keeps what its cells returned: a closed view must not hold data.
        """
        with self._lock:
            for timer in (self._timer, self._waiting):
                if timer is not None:
                    timer.cancel()
            self._timer = self._waiting = self._when_drawn = None
            self._columns, self._props, self._content = {}, {}, {}
            self._roots, self._models, self._shown = [], {}, {}
            self._document.clear()  # breaks the circles through its models
            self._document = Document()
        super().close()

    def _receive(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        """Answer a message from a browser."""
        kind = message.get("kind")
        if kind == "want-bokehjs":
            self.send({"kind": "bokehjs"}, buffers=[BOKEH_JS.read_bytes()])
        elif kind == "hello":
            self._send_snapshot(message["id"])
            self._answer(message, buffers)
        elif kind == "drawn":
            with self._lock:
                self._drawn = self._drawn or message["seq"] >= self._seq
                self._schedule()
                self._tell_drawn()
        else:
            self._answer(message, buffers)

    def _answer(self, message: Mapping[str, Any], buffers: Any) -> None:
        """Answer a "hello" after its snapshot, or a message not about drawing.

        Abstract; the metaclass of widgets leaves no room for `abc`.
        """
        raise NotImplementedError

    def _snapshot(self, doc: Any) -> dict[str, Any]:
        """Return the content of the snapshot for a new view (abstract, too)."""
        raise NotImplementedError

    def _send_snapshot(self, view: str) -> None:
        with self._lock:
            self._flush()
            self._seen, self._drawn = True, False
            (doc,) = standalone_docs_json(self._roots).values()
            head = {"kind": "snapshot", "to": view, "seq": self._seq}
            self.send({**head, **self._snapshot(doc)})

    def _tell_drawn(self) -> None:
        """Call the callback back if nothing is on its way to a browser (lock held)."""
        if self.drawn:
            callback, self._when_drawn = self._when_drawn, None
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None
            if callback is not None:
                callback()

    def _on_gone(self) -> None:
        """Count the last update as drawn, because no browser has answered in time."""
        with self._lock:
            self._waiting = None
            self._flush()
            self._drawn = True
            self._tell_drawn()

    def _schedule(self) -> None:
        """Send now if the interval has passed, else start one timer (lock held)."""
        if not (self._columns or self._props or self._content):
            return
        wait = self._sent_at - time.monotonic()
        wait += self._interval if self._drawn else max(self._interval, PATIENCE)
        if wait <= 0.0:
            self._flush()
        elif self._timer is None or not self._timer.is_alive():
            self._timer = start_timer(wait, self._on_timer)

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            self._schedule()
            self._tell_drawn()

    def _drop_shown(self) -> None:
        """Drop pending values that equal the shown ones."""
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
        self._content = {
            name: value
            for name, value in self._content.items()
            if name not in self._shown or self._shown[name] != value
        }

    def _store(self) -> list[dict[str, Any]]:
        """Move pending values into the kernel's models; return the properties."""
        props = []
        for name, values in self._props.items():
            model = self._models[name]
            model.update(**values)
            props.append({"name": name, "props": values})
        for name, columns in self._columns.items():
            self._models[name].data = dict(columns)
        self._shown.update(self._content)
        return props

    def _flush(self) -> None:
        """Store and send everything pending as one message (lock held)."""
        if not (self._columns or self._props or self._content):
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
        message: dict[str, Any] = {
            "kind": "update",
            "updates": updates,
            "props": props,
        }
        if self._content:
            message["content"] = self._content
        self._columns, self._props, self._content = {}, {}, {}
        self._seq += 1
        self._sent_at, self._drawn = time.monotonic(), False
        self.send({**message, "seq": self._seq}, buffers=buffers)


def start_timer(seconds: float, callback: Callable[[], None]) -> threading.Timer:
    """Start a timer that does not keep the process alive, and return it."""
    timer = threading.Timer(seconds, callback)
    timer.daemon = True
    timer.start()
    return timer
