"""`LearningExplorer`: steer a learning run with sliders and watch it live."""

from __future__ import annotations

import re
import time as clock
import weakref
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

from explorer.dashboard import recipe, views
from explorer.dashboard.bridge import MAX_FPS, LiveFigure
from explorer.dashboard.export import download_links
from explorer.dashboard.model import UPLOAD, LearningModel, Segment, Settings
from explorer.dashboard.panel import Panel
from explorer.dashboard.snapshot import Snapshot
from explorer.dashboard.worker import Worker
from explorer.flow.krylov import judge
from explorer.params import RTOL
from explorer.scenes.images import decode, fit, image_structure, read_image

LONGEST_UPLOAD = 256
"""Uploads are scaled down to this many rows and columns: learning stays live."""

LARGEST_UPLOAD = 32 * 2**20
"""Bytes of an uploaded file at most."""

_by_cell: weakref.WeakValueDictionary[str, LearningExplorer] = (
    weakref.WeakValueDictionary()
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

    def __init__(self, image: Any = None, **settings: Any) -> None:
        chosen = recipe.checked({**asdict(Settings()), **settings})
        self._model = LearningModel(chosen)
        self.panel: Panel
        self._worker: Worker
        self._left = self._total = 0
        self._probe = (0, 0)
        self._fitted: tuple[Any, ...] = ()
        self._published_at = 0.0
        self._published: tuple[Settings, list[Segment], xr.Dataset] | None = None
        actions = {
            "run": lambda: self.run(self.panel.steps.value),
            "pause": self.pause,
            "single": lambda: self.run(1),
            "reset": self.reset,
            "save": lambda: self._worker.post(save=True),
        }
        self.panel = Panel(chosen, actions)
        self._views = views.LearningViews()
        self.figure = LiveFigure(
            self._views.layout, layout={"flex": "1 1 620px", "min_width": "0"}
        )
        super().__init__(
            [self.panel.box, self.figure],
            layout={"flex_flow": "row wrap", "align_items": "flex-start"},
        )
        self._worker = Worker(self._job, self._fail)
        self._connect()
        replace_in_cell(self)
        start = {} if image is None else {"image": image}
        self._worker.post(refresh=True, **start)

    # -- what a program can do

    def run(self, steps: int) -> None:
        """Take learning steps in the background; returns at once."""
        self._worker.post(run=recipe.params.STEPS.check(steps))

    def pause(self) -> None:
        """Stop learning; a step under way is abandoned."""
        self._worker.post(stop=True, run=0)

    def reset(self) -> None:
        """Stop and go back to uniform weights."""
        self._worker.post(stop=True, run=0, reset=True)

    def wait(self, timeout: float = 30.0) -> bool:
        """Block until nothing is left to compute; False after `timeout` seconds."""
        return self._worker.wait(timeout)

    def set(self, **settings: Any) -> None:
        """Set controls by name, as if moved by hand: `app.set(time=7.0, rank=2)`."""
        for name, value in settings.items():
            if name not in recipe.CHECKS and name != "scene":
                raise ValueError(
                    f"`{name}` is no setting; there are scene, "
                    f"{', '.join(recipe.CHECKS)}"
                )
            if name in recipe.CHECKS:
                value = recipe.CHECKS[name].check(value)
            if name in self.panel.controls:
                self.panel.controls[name].widget.value = value
            self._worker.post(**{name: value})

    @property
    def state(self) -> dict[str, Any]:
        """What was last shown, as one JSON-able document with a schema version."""
        settings, history, _ = self._last()
        return recipe.to_state(settings, history)

    def load(self, state: dict[str, Any]) -> None:
        """Restore a state: its settings, and its learning steps taken again."""
        settings, history = recipe.from_state(state)
        self._worker.post(stop=True, run=0, restore=(settings, history))

    def code(self) -> str:
        """Return Python lines that give the numbers last shown."""
        settings, history, _ = self._last()
        return recipe.to_code(settings, history)

    @property
    def trace(self) -> xr.Dataset:
        """The learning steps shown last, over `step`."""
        return self._last()[2]

    def _last(self) -> tuple[Settings, list[Segment], xr.Dataset]:
        if self._published is None:
            self.wait()
        if self._published is None:
            raise RuntimeError("nothing has been computed: see the message on screen")
        return self._published

    def close(self) -> None:
        """End the thread, and close the figure and every control."""
        if not hasattr(self, "_worker"):  # refused settings: nothing was made yet
            return
        self._worker.close()
        self.figure.close()
        self.panel.close()
        super().close()

    # -- the callbacks

    def _connect(self) -> None:
        for name, control in self.panel.controls.items():
            if name != "upload":
                control.observe(lambda n, v: self._worker.post(**{n: v}))
        self.panel.controls["upload"].observe(self._on_upload)
        for box in self.panel.probe:
            box.observe(self._on_probe, "value")
        self.figure.on_tap(
            lambda _, x, y: self._worker.post(probe=(int(y // 1), int(x // 1)))
        )
        self.panel.show_code.observe(lambda _: self._worker.post(), "value")

    def _on_upload(self, _: str, files: Any) -> None:
        for file in files:
            self._worker.post(upload=(file["name"], bytes(file["content"])))

    def _on_probe(self, _: Any) -> None:
        row, col = (box.value for box in self.panel.probe)
        self._worker.post(probe=(row, col))

    # -- in the worker thread

    def _job(self, changes: dict[str, Any], check: Callable[[], None]) -> bool:
        """Apply what was posted, compute, publish; True while learning goes on."""
        self._apply(changes)
        fresh = self._model.cosine._fresh and self._model.norms._fresh
        if self._left and fresh and self._model.records:
            self._model.advance(check)
            self._left -= 1
        else:
            self._model.refresh(check)
        self._publish()
        if changes.get("save"):
            self.panel.downloads.value = download_links(self._snapshot, *self._last())
        return self._left > 0

    def _apply(self, changes: dict[str, Any]) -> None:
        """Hand changes on to the model; none of this computes."""
        names = set(vars(self._model.settings()))
        if "upload" in changes:
            self._accept_upload(*changes["upload"])
        if "image" in changes:
            self._accept_image("image", read_image(changes["image"]))
        self._model.set({n: v for n, v in changes.items() if n in names})
        if "restore" in changes:
            self._restore(*changes["restore"])
        if changes.get("reset"):
            self._model.reset()
        if "run" in changes:
            self._left = self._total = changes["run"]
        self._probe = changes.get("probe", self._probe)
        self.panel.suit(self._model.leaf["scene"]())

    def _accept_upload(self, name: str, content: bytes) -> None:
        """Turn to an uploaded image, or say what is wrong and leave all as it was."""
        what = f"`upload` = {name!r}"
        try:
            if len(content) > LARGEST_UPLOAD:
                raise ValueError(
                    f"{what} has {len(content) / 2**20:.0f} MB, more than "
                    f"{LARGEST_UPLOAD // 2**20}: scale the image down first"
                )
            image = read_image(decode(content, what, "upload"), "upload")
            self._accept_image(name, image)
        except (ValueError, TypeError) as error:
            self.panel.complain("upload", escape(str(error)))
        else:
            self.panel.complain("upload", "")

    def _accept_image(self, name: str, image: np.ndarray) -> None:
        image, leaf = fit(image, LONGEST_UPLOAD), self._model.leaf
        image_structure(image, leaf["labels"](), leaf["seed"]())  # raises if unusable
        self._model.set({"upload": image, "scene": UPLOAD})
        self.panel.offer_upload(name)

    def _restore(self, settings: Settings, history: list[Segment]) -> None:
        """Take the steps of a stored history again, then set its last settings."""
        nothing = lambda: None  # noqa: E731
        self._model.reset()
        for segment in history:
            self._model.set(vars(segment.settings))
            self._model.refresh(nothing)
            for _ in range(segment.steps):
                self._model.advance(nothing)
        self._model.set(vars(settings))
        self.panel.show(settings)

    def _publish(self) -> None:
        """Show what the model holds, at most MAX_FPS times a second while running."""
        now = clock.monotonic()
        if self._left and now - self._published_at < 1.0 / MAX_FPS:
            return
        self._published_at = now
        model = self._model
        shown = self._snapshot = Snapshot.of_model(model)
        self._published = (model.settings(), list(model.history), model.trace())
        self._fit_probe(shown.shape)
        props = views.titles(shown, self._probe)
        fitted = (shown.shape, shown.label_count)
        if fitted != self._fitted:
            props |= views.scene_props(shown)
            self._fitted = fitted
        self.figure.push(views.columns(shown, self._probe), props)
        self._report()

    def _fit_probe(self, shape: tuple[int, int]) -> None:
        """Keep the probed pixel inside the picture; a new picture centers it."""
        if not self._fitted or self._fitted[0] != shape:
            self._probe = (shape[0] // 2, shape[1] // 2)
        self._probe = (
            min(max(self._probe[0], 0), shape[0] - 1),
            min(max(self._probe[1], 0), shape[1] - 1),
        )
        for box, index, size in zip(self.panel.probe, self._probe, shape, strict=True):
            box.max = size - 1
            box.value = index

    def _report(self) -> None:
        """Write progress, status and code."""
        panel, model = self.panel, self._model
        record, done = model.records[-1], self._total - self._left
        panel.progress.max, panel.progress.value = max(self._total, 1), done
        left = f"{self._left * model.seconds:.1f} s left" if self._left else "paused"
        panel.remaining.value = f"{done} of {self._total}, {left}"
        panel.status.value = (
            f"<b>step {record.step}: {record.error_percent:.2f} % wrong</b>, "
            f"loss {record.loss:.4f}, {1e3 * model.seconds:.0f} ms<br>"
            f"V(T): {escape(str(judge(model.evolution(), RTOL.default)))}"
        )
        if panel.show_code.value:
            panel.code.value = f"<pre>{escape(self.code())}</pre>"
        panel.clear_settings()

    def _fail(self, error: Exception) -> None:
        """Show an error beside the control that it names; learning pauses."""
        self._left = 0
        named = re.match(r"`(\w+)`", str(error))
        text = str(error) if isinstance(error, (ValueError, TypeError)) else repr(error)
        self.panel.complain(named.group(1) if named else None, escape(text))


def replace_in_cell(app: LearningExplorer) -> None:
    """Close the explorer that the running notebook cell had made before."""
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        cell = parent["metadata"]["cellId"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return  # not in a notebook front end that names its cells
    old = _by_cell.pop(cell, None)
    if old is not None:
        old.close()
    _by_cell[cell] = app
