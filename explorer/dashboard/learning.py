"""`LearningExplorer`: steer a learning run with sliders and watch it live."""

from __future__ import annotations

import math
import os
import weakref
from dataclasses import asdict
from typing import Any

import ipywidgets as widgets
import xarray as xr

from explorer import params
from explorer.dashboard import recipe, still
from explorer.dashboard.bridge import LiveFigure
from explorer.dashboard.interrupting import listen
from explorer.dashboard.memory import give_back
from explorer.dashboard.model import Settings
from explorer.dashboard.panel import Panel
from explorer.dashboard.published import Published
from explorer.dashboard.session import Session
from explorer.dashboard.views import LearningViews
from explorer.dashboard.worker import Worker
from explorer.images.reading import read_image
from explorer.warmup import missing

_by_cell: dict[str, tuple[str, list[weakref.ref[LearningExplorer]]]] = {}


FIRST_PICTURE = 10.0
"""Seconds that displaying waits for the first result, most often below one."""


TIMEOUT = params.Parameter(
    "timeout", "timeout", 30.0, 0.0, 1e6, "seconds to wait at most", "s"
)


class LearningExplorer(widgets.HBox):
    """An interactive view of learning the weights of a linearized assignment flow.

    Displays itself as the last expression of a cell. Sliders answer while learning runs
    or is paused; nothing upstream of the slider that moved is computed again.

    Parameters
    ----------
    image : path or array, optional
        an image of one's own, as `explorer.image_scene` takes it.
    **settings
        initial values of `scene`, `size`, `seed`, `labels`, `noise`, `rho`, `dim`,
        `time`, `rank`, `step`, `tau`.

    Notes
    -----
    One worker thread computes and ends when idle. Running the same notebook cell again
    closes the explorer that the cell had shown before.
    """

    _closed = True  # until there is something to close: settings may be refused

    def __init__(self, image: Any = None, **settings: Any) -> None:
        start: dict[str, Any] = {} if image is None else {"image": read_image(image)}
        chosen = recipe.checked({**asdict(Settings()), **settings})
        self._worker: Worker
        self.panel: Panel
        actions = {
            "run": lambda: self.run(self.panel.steps.value),
            "pause": self.pause,
            "single": lambda: self._worker.post(single=True),
            "reset": self.reset,
            "save": lambda: self._worker.post(save=True),
        }
        self.panel = Panel(chosen, actions)
        self.figure = LiveFigure(
            LearningViews().layout, layout={"flex": "1 1 300px", "min_width": "0"}
        )
        self._session = Session(chosen, self.panel, self.figure)
        super().__init__(
            [self.panel.box, self.figure],
            layout={"flex_flow": "row wrap", "align_items": "flex-start"},
        )
        self._closed = False
        self._worker = Worker(self._session.job, self._session.fail)
        self._connect()
        replace_in_cell(self)
        listen(self)
        self._worker.post(**start)

    # -- what a program can do

    def run(self, steps: int) -> None:
        """Take learning steps in the background; returns at once."""
        self._worker.post(run=params.STEPS.check(steps))

    def pause(self) -> None:
        """Stop learning at once; a step under way is abandoned."""
        self._worker.post(stop=True, run=0)

    def interrupt(self) -> None:
        """Stop learning as `pause` does, and say that it was interrupted."""
        if self._session.learning:
            self._worker.post(stop=True, run=0, interrupted=True)

    def reset(self) -> None:
        """Stop and go back to uniform weights."""
        self._worker.post(stop=True, run=0, reset=True)

    def wait(self, timeout: float = 30.0) -> bool:
        """Block until nothing is left to compute; False after `timeout` seconds."""
        if not (isinstance(timeout, float) and timeout == math.inf):
            timeout = TIMEOUT.check(timeout)
        try:
            return self._worker.wait(timeout)
        except KeyboardInterrupt:
            self.interrupt()
            raise

    def set(self, **settings: Any) -> None:
        """Set controls by name, as if moved by hand: `app.set(time=7.0, rank=2)`."""
        for name, value in settings.items():
            checked = recipe.check(name, value)
            if name in self.panel.controls:
                self.panel.controls[name].show(checked)
            self._worker.post(**{name: checked})

    @property
    def state(self) -> dict[str, Any]:
        """What was last shown, as one JSON-able document with a schema version.

        An uploaded image is part of it, exact to the last bit.
        """
        return self._last().state

    def load(self, state: dict[str, Any]) -> None:
        """Restore a state: its settings, and its learning steps taken again.

        The figures change when all steps are taken. What is asked for meanwhile waits,
        except that `pause` stops where it is, and `reset` gives up the steps.
        """
        self._worker.post(stop=True, restore=recipe.from_state(state))

    def code(self) -> str:
        """Return Python lines that give the numbers last shown."""
        return self._last().code

    @property
    def trace(self) -> xr.Dataset:
        """The learning steps shown last, over `step`."""
        return self._last().trace.copy(deep=True)

    def _last(self) -> Published:
        if self._session.published is None:
            self.wait()
        if self._session.published is None:
            raise RuntimeError("nothing has been computed: see the message on screen")
        return self._session.published

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget with a picture and a table for where no kernel runs.

        They show what there is when the cell runs. While kernels are being compiled,
        and in Voila, which keeps no notebook, there is the widget alone.
        """
        live = super()._repr_mimebundle_(**kwargs)
        if self._closed or missing() or in_voila():
            return live
        self._session.shown.wait(FIRST_PICTURE)
        published = self._session.published
        if published is None or published.shown is None:
            return live
        png = still.pictures(published)
        title = "input with noise, ground truth, and labeling (dark = wrong)"
        self.figure.still = still.page(png, title, still.numbers(published))
        return still.bundle(live, png, f"<p>{title}</p>{self.figure.still}")

    def close(self) -> None:
        """End the thread, and close the figure and every control."""
        if self._closed:
            return
        self._closed = True
        self._worker.close()
        self._session.release()
        self.figure.layout.close()
        self.figure.close()
        self.panel.close()
        self.layout.close()
        super().close()
        give_back()

    # -- the callbacks

    def _connect(self) -> None:
        for name, control in self.panel.controls.items():
            if name != "upload":
                control.observe(lambda n, v: self._worker.post(**{n: v}))
        self.panel.controls["upload"].widget.on_file(
            lambda *file: self._worker.post(upload=file)
        )
        for box in self.panel.probe:
            box.observe(self._on_probe, "value")
        self.figure.on_tap(
            lambda _, x, y: self._worker.post(tap=(int(y // 1), int(x // 1)))
        )
        self.figure.on_view(lambda: self._worker.post(greet=True))
        self.panel.show_code.observe(lambda _: self._worker.post(), "value")

    def _on_probe(self, _: Any) -> None:
        row, col = (box.value for box in self.panel.probe)
        self._worker.post(probe=(row, col))


def in_voila() -> bool:
    """Return whether the kernel serves a page of Voila."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def replace_in_cell(app: LearningExplorer) -> None:
    """Close the explorers that the cell now running had made when it ran before.

    A front end that names its cells names the execution too; one cell may make several.
    """
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        cell, run = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return
    before, apps = _by_cell.get(cell, (run, []))
    if before != run:
        for old in apps:
            if (alive := old()) is not None:
                alive.close()
        apps = []
    _by_cell[cell] = (run, [*apps, weakref.ref(app)])
