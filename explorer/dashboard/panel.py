"""The control panel of the learning explorer: what can be set, pressed and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from explorer import params
from explorer.dashboard import controls
from explorer.dashboard.controls import Control
from explorer.dashboard.model import SCENES, UPLOAD, Settings
from explorer.dashboard.upload import Upload
from explorer.scenes.voronoi import KINDS

SIZES = (32, 64, 96, 128, 192, 256)
SLIDERS = (
    params.TIME, params.DIM, params.RANK, params.STEP, params.RHO, params.TAU,
    params.NOISE,
)  # fmt: skip
TITLES = {"colors": "Voronoi cells, 8 colors", "lines": "Voronoi cells, thin lines"}
LARGEST_UPLOAD = 32 * 2**20
"""Bytes of an uploaded file at most."""

STARTING = "starting … (the first use ever compiles the kernels: 10 to 20 s)"


class Panel:
    """All controls, buttons and read-outs, without any behavior of their own.

    Parameters
    ----------
    settings : initial values.
    actions : what the buttons do, by name: run, pause, single, reset, save.
    """

    def __init__(
        self, settings: Settings, actions: dict[str, Callable[[], None]]
    ) -> None:
        self.controls: dict[str, Control] = {}
        self._add_scene(settings)
        for parameter in SLIDERS:
            name = parameter.name
            self._add(controls.slider(parameter, getattr(settings, name)))
        self.steps = widgets.BoundedIntText(
            value=int(params.STEPS.default),
            min=1,
            max=int(params.STEPS.high),
            description="steps",
            tooltip="how many descent steps `run` takes",
            style={"description_width": controls.LABEL_WIDTH},
            layout={"width": "200px"},
        )
        self.buttons = {
            "run": controls.button(
                "run", "take that many learning steps", actions["run"], "primary"
            ),
            "pause": controls.button("pause", "stop at once", actions["pause"]),
            "single step": controls.button(
                "single step", "take one learning step", actions["single"]
            ),
            "reset": controls.button(
                "reset", "go back to uniform weights", actions["reset"], "warning"
            ),
        }
        self.progress = widgets.IntProgress(layout={"width": "200px"})
        self.remaining = widgets.Label(layout={"width": "135px"})
        self.status = widgets.HTML(STARTING)
        self.status.add_class("explorer-status")
        self.problem = widgets.HTML(layout={"display": "none"})
        self.problem.add_class("explorer-message")
        self._add_probe()
        self._add_output(actions["save"])
        self.box = widgets.VBox(self._layout(), layout={"flex": "0 0 auto"})
        self.box.add_class("explorer-panel")
        self.suit(settings.scene)

    def _add(self, control: Control) -> None:
        self.controls[control.name] = control

    def _add_scene(self, s: Settings) -> None:
        options = [(TITLES.get(n, f"photograph: {n}"), n) for n in SCENES]
        self._add(controls.choice("scene", options, s.scene, "what to label"))
        upload = Upload(
            description="upload an image",
            limit=LARGEST_UPLOAD,
            tooltip="PNG, JPEG or TIFF of yours; its colors become the labels",
            layout={"width": "200px", "margin": f"2px 2px 2px {controls.HINT_INDENT}"},
        )
        self._add(Control("upload", upload, "at most 32 MB; shown at ≤ 256²"))
        size = controls.choice(
            "size",
            sorted({*SIZES, s.size}),
            s.size,
            "rows and columns",
            "pixels, square",
        )
        self._add(size)
        self._add(controls.slider(params.LABELS, s.labels))

    def _add_probe(self) -> None:
        style = {"description_width": "70px"}
        self.probe = [
            widgets.BoundedIntText(
                value=0,
                min=0,
                max=0,
                description=text,
                tooltip="pixel whose weight patch is shown; or click into a picture",
                style=style,
                layout={"width": "150px"},
            )
            for text in ("pixel row", "col")
        ]

    def _add_output(self, save: Callable[[], None]) -> None:
        self.code = widgets.HTML(layout={"display": "none"})
        self.code.add_class("explorer-code")
        self.show_code = widgets.ToggleButton(
            description="show code",
            tooltip="the Python lines and the state that give the same numbers",
            layout={"width": "110px"},
        )
        self.show_code.observe(self._toggle_code, "value")
        self.save = controls.button("save …", "as netCDF, HTML and JSON", save)
        self.downloads = widgets.HTML()

    def _toggle_code(self, change: dict[str, Any]) -> None:
        self.code.layout.display = "block" if change["new"] else "none"

    def _layout(self) -> list[widgets.Widget]:
        pick = self.controls
        sources = [pick[n].box for n in ("scene", "upload", "size", "labels")]
        return [
            widgets.HTML(controls.STYLE, layout={"display": "none"}),
            *sources,
            widgets.HBox(list(self.buttons.values())),
            self.steps,
            widgets.HBox([self.progress, self.remaining]),
            self.status,
            self.problem,
            *(pick[p.name].box for p in SLIDERS),
            widgets.HBox(self.probe),
            widgets.HBox([self.show_code, self.save]),
            self.downloads,
            self.code,
        ]

    def suit(self, scene: str) -> None:
        """Enable what applies to the scene."""
        self.controls["labels"].widget.disabled = scene in KINDS
        self.controls["size"].widget.disabled = scene == UPLOAD

    def offer_upload(self, title: str) -> None:
        """Add the uploaded image to the scenes and select it."""
        scene = self.controls["scene"].widget
        others = [(t, n) for t, n in scene.options if n != UPLOAD]
        with self.controls["scene"].silent():
            scene.options = [*others, (f"uploaded: {title}", UPLOAD)]
            scene.value = UPLOAD

    def show(self, settings: Settings) -> None:
        """Set every control to the given settings."""
        for name, control in self.controls.items():
            if name != "upload":
                control.show(getattr(settings, name))

    def show_probe(self, probe: tuple[int, int], shape: tuple[int, int]) -> None:
        """Write the probed pixel and its range into the two boxes."""
        for box, index, size in zip(self.probe, probe, shape, strict=True):
            box.max = size - 1
            box.value = index

    def complain(self, name: str | None, text: str) -> None:
        """Show a problem beside the control that caused it, or below the buttons."""
        if name in self.controls:
            self.controls[name].complain(text)
        else:
            self.problem.value = text
            self.problem.layout.display = "block" if text else "none"

    def clear_settings(self) -> None:
        """Take back every complaint about a setting that is now shown."""
        self.complain(None, "")
        for name, control in self.controls.items():
            if name != "upload" and not control.refused:
                control.complain("")

    def close(self) -> None:
        """Close every widget of the panel."""
        close_tree(self.box)


def close_tree(widget: widgets.Widget) -> None:
    """Close a widget and all that it contains."""
    for child in getattr(widget, "children", ()):
        close_tree(child)
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None)):
        if part is not None:
            part.close()
    widget.unobserve_all()
    widget.close()
