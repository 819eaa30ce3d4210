"""What the worker thread does for the learning explorer: apply, compute, publish."""

from __future__ import annotations

import re
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from threading import Event
from typing import Any

import numpy as np

from explorer.dashboard import feeding, recipe
from explorer.dashboard.bridge import MAX_FPS, LiveFigure
from explorer.dashboard.export import download_links
from explorer.dashboard.model import (
    LONGEST_UPLOAD,
    UPLOAD,
    LearningModel,
    Settings,
)
from explorer.dashboard.panel import LARGEST_UPLOAD, Panel
from explorer.dashboard.published import Published
from explorer.dashboard.recipe import Recipe
from explorer.dashboard.restoring import Restoration
from explorer.dashboard.snapshot import Snapshot
from explorer.dashboard.worker import Requests
from explorer.flow.evolution import judge
from explorer.images.decoding import decode
from explorer.images.reading import read_image
from explorer.params import RTOL
from explorer.scenes.images import fit, image_structure
from explorer.warmup import missing, warm_up


class Session:
    """The model behind one dashboard, driven by what controls and programs post.

    Only the worker thread calls `job` and `fail`; everybody may read `published`, which
    is replaced as a whole and never changed.

    Attributes
    ----------
    published : what is shown; `shown` is set once there is something.
    """

    def __init__(self, settings: Settings, panel: Panel, figure: LiveFigure) -> None:
        self._model = LearningModel(settings)
        self._panel, self._figure = panel, figure
        self._done = self._total = 0
        self._learning = self._saving = False
        self._stopped = "paused"
        self._restoring: Restoration | None = None
        self._upload_name = "image"
        self._probe, self._probe_moved = (0, 0), False
        self._fitted: tuple[Any, ...] = ()
        self._published_at = 0.0
        self._warm, self._requests = False, Requests()
        self.published: Published | None = None
        self.shown = Event()

    def job(self, requests: Requests, check: Callable[[], None]) -> bool:
        """Apply what was posted, compute, publish; True while learning goes on."""
        if not self._warm:
            self._requests += requests  # a job that is given up must not lose them
            if missing():
                self._preview()
            warm_up(self._say, check)
            self._warm, requests, self._requests = True, self._requests, []
        for request in requests:
            self._apply(request)
        if self._restoring is not None:
            return self._restore(self._restoring, check)
        if self._learning and self._model.current:
            self._model.advance(check)
            self._done += 1
            self._learning = self._done < self._total
        else:
            self._refresh(check)
        self._publish()
        if self._saving and self.published is not None:
            self._panel.downloads.value = download_links(self.published)
            self._saving = False
        return self._learning

    def _refresh(self, check: Callable[[], None]) -> None:
        """Bring the model up to date, and say so meanwhile."""
        if not self._model.current:
            self._say("computing …")
            self._model.refresh(check)

    @property
    def learning(self) -> bool:
        """Whether steps are being taken, or taken again."""
        return self._learning or self._restoring is not None

    def release(self) -> None:
        """Forget the model and all it has computed; the published numbers stay."""
        self._model = LearningModel(Settings())
        if self.published is not None:
            self.published = replace(self.published, shown=None)

    def _preview(self) -> None:
        """Show the scene, for which nothing needs to be compiled."""
        scene = self._model.scene()
        self._figure.push(feeding.scene_columns(scene), feeding.scene_props(scene))

    def _say(self, text: str) -> None:
        """Write a line beside the progress bar, at once."""
        self._figure.when_drawn(None)
        self._panel.remaining.value = text

    def fail(self, error: Exception) -> None:
        """Show an error beside the control that it names; learning pauses."""
        self._learning, self._saving = False, False
        self._end_restoration()
        named = re.match(r"`(\w+)`", str(error))
        name = named.group(1) if named else None
        text = str(error) if isinstance(error, (ValueError, TypeError)) else repr(error)
        if self.published is not None and name in recipe.NAMES:
            still = getattr(self.published.settings, name)
            text += f"; the figures still show `{name}` = {still!r}"
        self._panel.complain(name, escape(text))
        self._say(self._progress() if self._total else "stopped: see the message")

    def _apply(self, request: Mapping[str, Any]) -> None:
        """Hand one request on to the model; none of this computes."""
        if self._restoring is not None and self._restoring.defers(request):
            return
        if "upload" in request:
            self._accept_upload(*request["upload"])
        if "image" in request:
            self._accept_image("image", request["image"])
        if self._model.set({n: v for n, v in request.items() if n in recipe.NAMES}):
            self._run(0)
            self._done = self._total = 0
        if "restore" in request:
            self._begin_restoration(request["restore"])
        if request.get("reset"):
            self._reset()
        if "run" in request:
            self._stopped = "interrupted" if request.get("interrupted") else "paused"
            self._run(request["run"])
        if request.get("single"):
            self._run(self._total - self._done + 1 if self._learning else 1)
        self._saving = self._saving or bool(request.get("save"))
        self._probe = request.get("probe", self._probe)
        if "greet" in request and not self._learning:
            self._say("drawing …")
        if "tap" in request:
            self._probe, self._probe_moved = request["tap"], True
        self._panel.suit(self._model.leaf["scene"]())

    def _reset(self) -> None:
        """Return to uniform weights, under the settings that were asked for last."""
        if self._restoring is not None:
            self._model.set(vars(self._restoring.recipe.settings))
            self._end_restoration()
        self._model.reset()
        self._run(0)
        self._done = self._total = 0

    def _run(self, steps: int) -> None:
        """Begin a run of that many steps from here; none means to pause."""
        self._end_restoration()
        self._learning = steps > 0
        if self._learning:
            self._done, self._total = 0, steps
        # said at once: bringing the views up to date may take a little longer
        known = self._total or self._model.current
        self._say(self._progress() if known else "computing …")

    def _begin_restoration(self, wanted: Recipe) -> None:
        """Begin to take the steps of a stored history again; "pause" stops it."""
        self._learning = False
        self._restoring = Restoration(self._model, wanted)
        self._done, self._total = 0, self._restoring.total
        if wanted.upload is not None:
            self._upload_name = wanted.upload[0]
            self._panel.offer_upload(self._upload_name)
        self._say("restoring …")

    def _restore(self, begun: Restoration, check: Callable[[], None]) -> bool:
        """Go on with a restoration; show it, and meet what waits, at its end."""
        going = begun.advance(check)
        self._done = begun.done
        now = clock.monotonic()
        if going and now - self._published_at > 1.0 / MAX_FPS:
            self._published_at = now
            self._panel.progress.max = max(self._total, 1)
            self._panel.progress.value = self._done
            self._say(f"restoring {self._done} of {self._total}")
        if going:
            return True
        self._end_restoration()
        self._publish()
        for request in begun.waiting:
            self._apply(request)
        return bool(begun.waiting)

    def _end_restoration(self) -> None:
        """Leave a restoration where it is; the controls turn to what holds there."""
        if self._restoring is not None:
            self._restoring = None
            self._panel.show(self._model.settings())

    def _accept_upload(self, name: str, size: int, content: bytes | None) -> None:
        """Turn to an uploaded image, or say what is wrong and leave all as it was."""
        what = f"`upload` = {name!r}"
        try:
            if content is None:
                raise ValueError(
                    f"{what} has {size / 2**20:.0f} MB, more than "
                    f"{LARGEST_UPLOAD // 2**20}: scale the image down first"
                )
            image = read_image(decode(content, what), "upload")
            self._accept_image(name, image)
        except (ValueError, TypeError) as error:
            self._panel.complain("upload", escape(str(error)))
        else:
            self._panel.complain("upload", "")

    def _accept_image(self, name: str, image: np.ndarray) -> None:
        image, leaf = fit(image, LONGEST_UPLOAD), self._model.leaf
        image_structure(image, leaf["labels"](), leaf["seed"]())  # raises if unusable
        self._model.set({"upload": image, "scene": UPLOAD})
        self._run(0)
        self._done = self._total = 0
        self._upload_name = name
        self._panel.offer_upload(name)

    def _publish(self) -> None:
        """Show what the model holds, at most MAX_FPS times a second while learning."""
        now = clock.monotonic()
        if self._learning and now - self._published_at < 1.0 / MAX_FPS:
            return
        self._published_at = now
        model = self._model
        shown = Snapshot.of_model(model)
        self.published = Published.of_model(model, shown, self._upload_name)
        self.shown.set()
        self._fit_probe(shown.shape)
        props = feeding.titles(shown, self._probe)
        fitted = (shown.shape, shown.label_count)
        if fitted != self._fitted:
            props |= feeding.scene_props(shown.scene) | feeding.patch_props(shown)
            self._fitted = fitted
        self._figure.push(feeding.columns(shown, self._probe), props)
        self._report()

    def _fit_probe(self, shape: tuple[int, int]) -> None:
        """Keep the probed pixel inside the picture; a new picture centers it.

        The boxes are written to only when the pixel has moved for another reason than
        typing, or a number being typed would be overwritten by the present one.
        """
        fresh = not self._fitted or self._fitted[0] != shape
        row, col = (n // 2 for n in shape) if fresh else self._probe
        self._probe = (
            min(max(row, 0), shape[0] - 1),
            min(max(col, 0), shape[1] - 1),
        )
        if fresh or self._probe_moved:
            self._panel.show_probe(self._probe, shape)
        self._probe_moved = False

    def _progress(self) -> str:
        """Return how far learning has come, in words."""
        if not self._total:
            return "ready"
        rest = "done" if self._done == self._total else self._stopped
        if self._learning:
            rest = f"{(self._total - self._done) * self._model.seconds:.1f} s left"
        return f"{self._done} of {self._total}, {rest}"

    def _tell_progress(self) -> None:
        """Say how far learning is; at the end only when all of it has been drawn."""
        text = self._progress()
        if self._learning:
            self._say(text)
        else:
            remaining = self._panel.remaining
            self._figure.when_drawn(lambda: remaining.set_trait("value", text))

    def _report(self) -> None:
        """Write progress, status and code."""
        panel, model, record = self._panel, self._model, self._model.records[-1]
        panel.progress.max, panel.progress.value = max(self._total, 1), self._done
        self._tell_progress()
        panel.status.value = (
            f"<b>step {record.step}: {record.error_percent:.2f} % wrong</b>, "
            f"loss {record.loss:.4f}, {1e3 * model.seconds:.0f} ms<br>"
            f"V(T): {escape(str(judge(model.evolution(), RTOL.default)))}"
        )
        if panel.show_code.value and self.published is not None:
            code = recipe.readable(self.published.code)
            panel.code.value = f"<pre>{escape(code)}</pre>"
        panel.clear_settings()
