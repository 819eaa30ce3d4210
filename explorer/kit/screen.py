"""`PageScreen`: show the frames of a job on the page of a dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explorer.drawing.feed import feed
from explorer.kit import export
from explorer.kit.content import columns_of, content_of
from explorer.kit.documents import to_document
from explorer.kit.frame import Frame
from explorer.panels import Panel
from explorer.settings import to_link

if TYPE_CHECKING:
    from explorer.kit.dashboard import Dashboard


class PageScreen:
    """Pushes changes to the page, and turns the light off once they are drawn.

    Parameters
    ----------
    app : the dashboard, which is a page.
    """

    def __init__(self, app: Dashboard) -> None:
        self.app = app
        self._fed: dict[str, Any] = {}

    def show_frame(self, frame: Frame) -> None:
        """Show a frame on the page."""
        app, plan = self.app, self.app.plan
        columns, props = columns_of(plan, frame, self._fed)
        document = to_document(plan, frame.moment)
        content = content_of(plan, frame, app.shown)
        content["link"] = to_link(export.linked(document, app.uploaded))
        content["code"] = export.code(plan, frame.moment, short=True)
        if frame.probe is not None:
            row, col = frame.probe
            columns["probe"] = {"x": [col + 0.5], "y": [row + 0.5]}
        app.push(columns, props, content)
        app._arrived(frame)
        app.when_drawn(lambda: self._settle(frame))

    def preview(self, panels: Mapping[str, Panel]) -> None:
        """Show panels that need no compiled kernel."""
        for name, panel in panels.items():
            self.app.push(*feed(self.app.plan.view(name), panel), {})

    def say(self, text: str, share: float | None = None, left: str = "") -> None:
        """Say at once what is being done."""
        if self.app.busy or share is not None:
            light = {"state": "busy", "text": text, "share": share, "remaining": left}
            self.app.tell(light)

    def _settle(self, frame: Frame) -> None:
        """Put the light out once what was asked for is on the screen."""
        app = self.app
        with app._guard:  # no newer request can come between the look and the word
            app._drawn_until(frame)
            if app.busy or frame.running:
                return
            failed = frame.problem or frame.errors or frame.complaints
            state = "error" if failed else "ready"
            text = "see the message" if failed else "ready"
            app.tell({"state": state, "text": text, "share": None, "remaining": ""})

    def forget(self) -> None:
        """Release all panels that were shown."""
        self._fed.clear()
