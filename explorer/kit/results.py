"""Results of a dashboard as values: numbers, state, link, code, data, files."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import xarray as xr

from explorer.kit import export
from explorer.kit.calls import ANSWER, Calls
from explorer.kit.documents import Document, to_document
from explorer.kit.frame import Frame
from explorer.panels import Panel
from explorer.settings import to_link


class Results(Calls):
    """The results shown last; access blocks until the first result is there."""

    _done: int
    _first: threading.Event
    title: ClassVar[str]
    uploaded: ClassVar[Mapping[str, Mapping[str, Any]]]

    @property
    def frame(self) -> Frame | None:
        """The frame shown last, or None before the first result."""
        return self._job.frame

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is not on the screen yet."""
        running = self.frame is not None and self.frame.running
        return self._done < self._posted or running

    @property
    def shown(self) -> list[str]:
        """The names of the views on screen."""
        present = self._job.present
        return [v.name for v in self.plan.views if v.name in present.shown]

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers on screen, which `code()` reproduces."""
        return dict(self._last().numbers)

    @property
    def state(self) -> Document:
        """The state shown last, as a JSON-able document with a schema version."""
        return to_document(self.plan, self._last().moment)

    @property
    def link(self) -> str:
        """The tail of an address that opens the same picture again."""
        return to_link(export.linked(self.state, self.uploaded))

    def code(self) -> str:
        """Return Python code that reproduces the numbers shown last."""
        return export.code(self.plan, self._last().moment)

    @property
    def data(self) -> xr.Dataset:
        """All that is shown as one dataset, with state and code; blocks."""
        if self.plan.dataset not in self._job.graph.nodes:
            raise ValueError(
                f"{type(self).__name__} has no dataset: declare a node "
                f"`{self.plan.dataset}` that returns one"
            )
        data, moment = self._read(self.plan.dataset)
        return export.dataset(self.plan, moment, data)

    def table(self, view: str) -> pd.DataFrame:
        """Return the content of a view, or of all "runs", as a table."""
        return export.table(self, view)

    def save(self, path: str | Path) -> Path:
        """Write .nc, .html, .png, .json or .py, or the .csv of all curves; blocks.

        Raises
        ------
        ValueError
            if the suffix is none of these.
        """
        return export.save(self, path)

    def _last(self) -> Frame:
        """Return the frame shown last; block until there is one."""
        if self.frame is None:
            self._first.wait(ANSWER)
        if self.frame is None:
            raise RuntimeError("nothing has been computed: see the message on screen")
        return self.frame

    def _panel(self, view: str) -> Panel:
        """Return the panel of a shown view."""
        name = self.plan.view(view).name
        panels = self._last().panels
        if name not in panels:
            raise RuntimeError(f"the view {name!r} is not shown: `app.show` shows it")
        return panels[name]

    def _first_picture(self, seconds: float) -> bool:
        """Wait for the first frame; return False after `seconds`."""
        return self._first.wait(seconds)

    def _arrived(self, frame: Frame) -> None:
        """Record a new frame; if no request is newer, wishes build on its settings."""
        self._first.set()
        with self._guard:
            if frame.posted >= self._posted:
                self._wished = dict(frame.moment.settings)

    def _drawn_until(self, frame: Frame) -> None:
        """Record that a frame is on the screen."""
        self._done = max(self._done, frame.posted)
