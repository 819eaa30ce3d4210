"""What the worker thread does for the learning explorer: apply, compute, publish."""

from __future__ import annotations

import re
import time as clock
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboard import feeding, recipe
from explorer.dashboard.bridge import MAX_FPS, LiveFigure
from explorer.dashboard.export import download_links
from explorer.dashboard.model import UPLOAD, LearningModel, Segment, Settings
from explorer.dashboard.panel import Panel
from explorer.dashboard.snapshot import Snapshot
from explorer.flow.evolution import judge
from explorer.params import RTOL
from explorer.scenes.images import decode, fit, image_structure, read_image

LONGEST_UPLOAD = 256
"""Uploads are scaled down to this many rows and columns: learning stays live."""

LARGEST_UPLOAD = 32 * 2**20
"""Bytes of an uploaded file at most."""

Published = tuple[Snapshot, Settings, list[Segment], xr.Dataset]


class Session:
    """The model behind one dashboard, driven by what controls and programs post.

    Only the worker thread calls `job` and `fail`; everybody may read `published`, which
    is replaced as a whole and never changed.
    """

    def __init__(self, settings: Settings, panel: Panel, figure: LiveFigure) -> None:
        self._model = LearningModel(settings)
        self._panel, self._figure = panel, figure
        self._done = self._total = 0
        self._learning = False
        self._probe = (0, 0)
        self._fitted: tuple[Any, ...] = ()
        self._published_at = 0.0
        self.published: Published | None = None

    def job(self, changes: dict[str, Any], check: Callable[[], None]) -> bool:
        """Apply what was posted, compute, publish; True while learning goes on."""
        self._apply(changes)
        if self._learning and self._model.current:
            self._model.advance(check)
            self._done += 1
            self._learning = self._done < self._total
        else:
            self._model.refresh(check)
        self._publish()
        if changes.get("save") and self.published is not None:
            self._panel.downloads.value = download_links(*self.published)
        return self._learning

    def fail(self, error: Exception) -> None:
        """Show an error beside the control that it names; learning pauses."""
        self._learning = False
        named = re.match(r"`(\w+)`", str(error))
        text = str(error) if isinstance(error, (ValueError, TypeError)) else repr(error)
        self._panel.complain(named.group(1) if named else None, escape(text))

    def _apply(self, changes: Mapping[str, Any]) -> None:
        """Hand changes on to the model; apart from a restored history none computes."""
        if "upload" in changes:
            self._accept_upload(*changes["upload"])
        if "image" in changes:
            self._accept_image("image", changes["image"])
        self._model.set({n: v for n, v in changes.items() if n in recipe.NAMES})
        if "restore" in changes:
            self._restore(*changes["restore"])
        if changes.get("reset"):
            self._model.reset()
            self._done = self._total = 0
        if "run" in changes:
            self._learning = changes["run"] > 0
            if self._learning:
                self._done, self._total = 0, changes["run"]
        self._probe = changes.get("probe", self._probe)
        self._panel.suit(self._model.leaf["scene"]())

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
            self._panel.complain("upload", escape(str(error)))
        else:
            self._panel.complain("upload", "")

    def _accept_image(self, name: str, image: np.ndarray) -> None:
        image, leaf = fit(image, LONGEST_UPLOAD), self._model.leaf
        image_structure(image, leaf["labels"](), leaf["seed"]())  # raises if unusable
        self._model.set({"upload": image, "scene": UPLOAD})
        self._panel.offer_upload(name)

    def _restore(self, settings: Settings, history: list[Segment]) -> None:
        """Take the steps of a stored history again, then set its last settings."""

        def never() -> None:
            """Let nothing interrupt: half a history would be another one."""

        self._model.reset()
        for segment in history:
            self._model.set(vars(segment.settings))
            self._model.refresh(never)
            for _ in range(segment.steps):
                self._model.advance(never)
        self._model.set(vars(settings))
        self._panel.show(settings)

    def _publish(self) -> None:
        """Show what the model holds, at most MAX_FPS times a second while learning."""
        now = clock.monotonic()
        if self._learning and now - self._published_at < 1.0 / MAX_FPS:
            return
        self._published_at = now
        model = self._model
        shown = Snapshot.of_model(model)
        history = list(model.history)
        self.published = (shown, model.settings(), history, model.trace())
        self._fit_probe(shown.shape)
        props = feeding.titles(shown, self._probe)
        fitted = (shown.shape, shown.label_count)
        if fitted != self._fitted:
            props |= feeding.scene_props(shown)
            self._fitted = fitted
        self._figure.push(feeding.columns(shown, self._probe), props)
        self._report()

    def _fit_probe(self, shape: tuple[int, int]) -> None:
        """Keep the probed pixel inside the picture; a new picture centers it."""
        if not self._fitted or self._fitted[0] != shape:
            self._probe = (shape[0] // 2, shape[1] // 2)
        self._probe = (
            min(max(self._probe[0], 0), shape[0] - 1),
            min(max(self._probe[1], 0), shape[1] - 1),
        )
        for box, index, size in zip(self._panel.probe, self._probe, shape, strict=True):
            box.max = size - 1
            box.value = index

    def _progress(self) -> str:
        """Return how far learning has come, in words."""
        if not self._total:
            return "ready"
        rest = "done" if self._done == self._total else "paused"
        if self._learning:
            rest = f"{(self._total - self._done) * self._model.seconds:.1f} s left"
        return f"{self._done} of {self._total}, {rest}"

    def _report(self) -> None:
        """Write progress, status and code."""
        panel, model, record = self._panel, self._model, self._model.records[-1]
        panel.progress.max, panel.progress.value = max(self._total, 1), self._done
        panel.remaining.value = self._progress()
        panel.status.value = (
            f"<b>step {record.step}: {record.error_percent:.2f} % wrong</b>, "
            f"loss {record.loss:.4f}, {1e3 * model.seconds:.0f} ms<br>"
            f"V(T): {escape(str(judge(model.evolution(), RTOL.default)))}"
        )
        if panel.show_code.value:
            code = recipe.to_code(model.settings(), model.history)
            panel.code.value = f"<pre>{escape(code)}</pre>"
        panel.clear_settings()
