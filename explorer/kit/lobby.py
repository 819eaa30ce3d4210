"""`Lobby`: the page of tiles that opens dashboards as one widget; see `page/home.js`.

The kernel states what is open: `rooms` names the model of each dashboard, and `shown`
the one on screen. The browser sends requests, numbered per view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from explorer.kit.bundle import bundle, once
from explorer.kit.page import FOLDER, STYLES


class Lobby(anywidget.AnyWidget):
    """A page of tiles and presets, in whose place dashboards open.

    Parameters
    ----------
    tiles : of each dashboard `name`, `title`, `question` and `picture` (an address).
    topics : of each topic `topic` and `tries`; these have `name` and `title` of a
        dashboard, `preset`, `label` and `text`.

    Attributes
    ----------
    on_request : function called with each request of a browser: its `kind` is "open"
        (`name`, `preset`), "link" (`link`), "hand" (`name`) or "leave". The page shows
        the message of an error that it raises.
    """

    # text instead of paths: anywidget never stops watching a file
    _esm = once(bundle(FOLDER, "home.js"))
    _css = STYLES + (FOLDER / "home.css").read_text(encoding="utf-8")

    tiles: Any = traitlets.List().tag(sync=True)
    topics: Any = traitlets.List().tag(sync=True)
    rooms = traitlets.Dict(help="ids of the models of dashboards").tag(sync=True)
    shown = traitlets.Unicode(help="name of the open dashboard, or ''").tag(sync=True)
    problem = traitlets.Unicode(help="why something did not open").tag(sync=True)
    heard = traitlets.Dict(help="number of the last request by view").tag(sync=True)

    def __init__(
        self, tiles: Sequence[Mapping[str, str]], topics: Sequence[Mapping[str, Any]]
    ) -> None:
        self.on_request: Callable[[Mapping[str, Any]], None] = lambda _: None
        super().__init__(tiles=list(tiles), topics=list(topics))
        self.on_msg(self._receive)

    def show(self, name: str) -> None:
        """Show a dashboard of `rooms`, or the tiles for ""."""
        with self.hold_sync():
            self.problem, self.shown = "", name

    def close(self) -> None:
        """Release the owner, and close the widget."""
        self.on_request = lambda _: None
        self.layout.close()
        super().close()

    def _receive(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        """Pass a request on; what cannot be done is said above the tiles."""
        problem = ""
        try:
            self.on_request(message)
        except (ValueError, TypeError, RuntimeError, OSError, MemoryError) as error:
            problem = str(error)
        except Exception as error:  # no page of ours sends such a thing
            problem = f"the page sent an unknown request ({error!r}); reload it"
        with self.hold_sync():
            if problem:
                self.problem, self.shown = problem, ""
            self.heard = {**self.heard, message.get("id", ""): message.get("n", 0)}
