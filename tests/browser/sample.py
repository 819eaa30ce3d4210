"""A page to look at and to test: every kind of control, and a kernel that answers.

`Sample()` is what a notebook cell shows; it keeps every message in `posted`.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    DataRange1d,
    LinearColorMapper,
    NumeralTickFormatter,
)
from bokeh.palettes import Viridis256
from bokeh.plotting import figure

from explorer.kit.page import Page

SIZE = 64
STEPS = 12
RAINBOW = ["#ff0000", "#ffbf00", "#80ff00", "#00ff40", "#00ffff", "#0040ff", "#8000ff"]
BROKEN = ("loss", "Rank 1 fails")
"""The view that fails in a preset."""

LIMIT = 5 * 2**20
FORMULA = (
    '<math display="block"><mi>V</mi><mo>(</mo><mi>T</mi><mo>)</mo><mo>=</mo><mi>T</mi>'
    "<mi>φ</mi><mo>(</mo><mi>T</mi><mi>A</mi><mo>)</mo><mi>b</mi></math>"
)


def number(name: str, low: float, high: float, increment: float, **more: Any) -> dict:
    """Return the declaration of a number."""
    ends = {"low": low, "high": high, "increment": increment}
    return {"name": name, "kind": "number", "label": name, **ends, **more}


NOISE = number("noise", 0, 1, 0.05, symbol="σ", meaning="standard deviation of noise")
SIDE = number("size", 32, 512, 16, unit="px", integer=True, meaning="pixels per side")
TIME = number(
    "time", 0, 30, 0.25, symbol="T", unit="", meaning="end time", help=FORMULA
)
RHO = number(
    "rho", 0.05, 5, 0.02, log=True, symbol="ρ", label="selectivity", meaning="scale"
)
DIM = number("dim", 1, 30, 1, integer=True, symbol="m", label="Krylov dimension")
RANK = number("rank", 1, 10, 1, integer=True, symbol="r", default=1)
RATE = number("rate", 0.01, 10, 0.05, log=True, symbol="h", label="step", default=2.0)
MOMENT = number("beta", 0, 1, 0.05, symbol="β", label="momentum", default=0.9)


def choice(name: str, meaning: str, **options: list[dict]) -> dict:
    """Return the declaration of a choice between records."""
    listed = [{"value": k, "label": k, "controls": v} for k, v in options.items()]
    return {"name": name, "kind": "choice", "meaning": meaning, "options": listed}


GROUPS = [
    {
        "name": "Scene",
        "folded": False,
        "controls": [
            {
                "name": "kind",
                "kind": "pick",
                "label": "picture",
                "options": [
                    {"value": "colors", "label": "Voronoi cells, 8 colors"},
                    {"value": "lines", "label": "thin lines"},
                ],
            },
            NOISE,
            SIDE,
        ],
    },
    {"name": "Flow", "folded": False, "controls": [TIME, RHO, DIM]},
    {
        "name": "Learning",
        "folded": False,
        "controls": [
            choice("gradient", "how", LowRank=[RANK], Exact=[]),
            choice("optimizer", "how", Descent=[RATE], Momentum=[RATE, MOMENT]),
        ],
    },
    {
        "name": "Pixel and data",
        "folded": True,
        "controls": [
            {"name": "pixel", "kind": "pixel", "label": "pixel"},
            {"name": "image", "kind": "image", "label": "your image", "limit": LIMIT},
            {"name": "flag", "kind": "flag", "label": "mark wrong pixels"},
        ],
    },
]
TITLES = {
    "input": ("Input", "Picture"),
    "labeling": ("Labeling", "Labels"),
    "patch": ("Weights", "Grid"),
    "error": ("Labeling error", "Curves"),
    "singular": ("Singular values", "Curves"),
    "cosine": ("Gradient cosine", "Bars"),
    "loss": ("Loss", "Curves"),
    "norm": ("Gradient norm", "Field"),
}
START = {
    "kind": "colors",
    "noise": 0.45,
    "size": 128,
    "time": 5.0,
    "rho": 0.5,
    "dim": 10,
    "gradient": {"LowRank": {"rank": 1}},
    "optimizer": {"Descent": {"rate": 2.0}},
    "pixel": [32, 32],
    "flag": True,
}


def bare(name: str, **more: Any) -> figure:
    """Return an empty figure without chrome of its own."""
    return figure(
        name=f"{name}-figure",
        sizing_mode="stretch_both",
        toolbar_location=None,
        tools="",
        min_border=2,
        background_fill_color=None,
        border_fill_color=None,
        **more,
    )


def picture(name: str, palette: list[str]) -> figure:
    """Return a figure of one image in palette colors, undistorted."""
    ranges = DataRange1d(range_padding=0), DataRange1d(range_padding=0, flipped=True)
    plot = bare(name, x_range=ranges[0], y_range=ranges[1], match_aspect=True)
    plot.axis.visible = plot.grid.visible = False
    source = ColumnDataSource({"image": [np.zeros((2, 2), np.uint8)]}, name=name)
    mapper = LinearColorMapper(palette=palette, low=-0.5, high=len(palette) - 0.5)
    plot.image("image", x=0, y=0, dw=SIZE, dh=SIZE, color_mapper=mapper, source=source)
    plot.tags = ["probe"]
    return plot


def curve(name: str, x_label: str, log: bool = False) -> figure:
    """Return a figure of one curve with marks."""
    plot = bare(name, y_axis_type="log" if log else "linear", x_axis_label=x_label)
    source = ColumnDataSource({"x": [], "y": []}, name=name)
    line = plot.line("x", "y", source=source, line_width=2.2)
    dots = plot.scatter("x", "y", source=source, size=6)
    line.glyph.tags = dots.glyph.tags = ["accent"]
    plot.xgrid.visible = False
    return plot


def bars(name: str, x_label: str) -> figure:
    """Return a figure of bars."""
    plot = bare(name, x_axis_label=x_label)
    source = ColumnDataSource({"left": [], "right": [], "top": []}, name=name)
    quad = plot.quad("left", "right", "top", source=source, bottom=0)
    quad.glyph.line_color = None
    quad.glyph.tags = ["accent"]
    plot.xgrid.visible = False
    plot.yaxis.ticker = BasicTicker(desired_num_ticks=4)
    plot.yaxis.formatter = NumeralTickFormatter(format="0%")
    return plot


def figures() -> dict[str, figure]:
    """Return a figure for every view."""
    return {
        "input": picture("input", RAINBOW),
        "labeling": picture("labeling", RAINBOW),
        "patch": picture("patch", list(Viridis256)),
        "error": curve("error", "step", log=True),
        "singular": curve("singular", "component", log=True),
        "cosine": bars("cosine", "cosine to the full-rank gradient"),
        "loss": curve("loss", "step"),
        "norm": picture("norm", list(Viridis256)),
    }


def cells(noise: float, count: int = 7) -> np.ndarray:
    """Return labels of random cells, with noise."""
    random = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    at = random.uniform(0, SIZE, (2, 40))
    nearest = ((x[..., None] - at[0]) ** 2 + (y[..., None] - at[1]) ** 2).argmin(-1)
    labels = (nearest % count).astype(np.uint8)
    wrong = random.uniform(size=labels.shape) < noise
    labels[wrong] = random.integers(0, count, wrong.sum())
    return labels


def completed(before: Any, value: Any) -> Any:
    """Return a value; a record gets the fields that the page has left out."""
    if not isinstance(value, dict) or not isinstance(before, dict):
        return value
    ((kind, fields),) = value.items()
    return {kind: {**before.get(kind, {}), **fields}}


class Sample(Page):
    """A page whose kernel answers at once, and that learns by pretending."""

    def __init__(self, slow: float = 0.0, **values: Any) -> None:
        self.posted: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self.slow = slow
        self.values = {**START, **values}
        self.past: list[dict] = []
        self.future: list[dict] = []
        self.complaints: dict[str, str] = {}
        self.lesson = ""  # the preset chosen last
        self.heard: dict[str, int] = {}
        self.step, self.thread, self.stopped = 0, None, False
        self.frozen: list[list[float]] = []
        plots = figures()
        declaration = {
            "title": "Learning explorer",
            "question": "Can a picture be labeled better by learning how to average?",
            "groups": GROUPS,
            "presets": [
                {"name": "Thin lines vanish", "text": "noise eats them"},
                {"name": "T too long", "text": "all becomes one"},
                {"name": "m too small", "text": "the error grows"},
                {"name": "Rank 1 fails", "text": "two are needed"},
                {"name": "h too large", "text": "the loss jumps"},
            ],
            "stepper": True,
            "steps": number("steps", None, None, 1, integer=True, default=STEPS),
            "views": [
                {
                    "name": name,
                    "title": title,
                    "kind": kind,
                    "root": plots[name].id,
                    "about": f"{title} of the sample",
                }
                for name, (title, kind) in TITLES.items()
            ],
            "exports": [
                {"kind": "html", "label": "Page as HTML"},
                {"kind": "netcdf", "label": "Trace as netCDF"},
            ],
            "main": "time",
        }
        super().__init__(declaration, list(plots.values()))
        self.on_message = self.answer
        self.publish()

    # -- what a dashboard does, in short

    def answer(self, message: dict[str, Any], buffers: Any) -> None:
        """Answer a wish: at once, but for a run."""
        self.posted.append(message)
        kind = message["kind"]
        if kind == "set":
            self.tell({"state": "busy", "text": "computing …"})
            time.sleep(self.slow)
            self.heard[message["id"]] = message["n"]
            self.apply(message["values"])
        elif kind == "act":
            self.act(message["name"], message["value"])
        elif kind == "tap":
            self.apply({"pixel": [int(message["y"]), int(message["x"])]})
        elif kind == "address":
            self.apply({"time": float(message["link"].removeprefix("time="))})
        elif kind == "file":
            self.buffers = [bytes(b) for b in buffers]
            refused = (
                "" if buffers else f"`image` has {message['size']} bytes: too many"
            )
            self.complaints = {"image": refused}
            self.publish()

    def apply(self, values: dict[str, Any]) -> None:
        """Set values, or complain about them."""
        self.complaints = {
            name: f"`{name}` must be a finite number of at least 0, got {value:g}"
            for name, value in values.items()
            if isinstance(value, (int, float)) and value < 0
        }
        if not self.complaints:
            self.past.append(self.values)
            self.future = []
            whole = {n: completed(self.values.get(n), v) for n, v in values.items()}
            self.values = {**self.values, **whole}
        self.publish()

    def act(self, name: str, value: Any) -> None:
        """Do what a button says."""
        if name == "undo" and self.past:
            self.future.append(self.values)
            self.values = self.past.pop()
        elif name == "redo" and self.future:
            self.past.append(self.values)
            self.values = self.future.pop()
        elif name == "step":
            self.step += 1
        elif name == "reset":
            self.step = 0
        elif name == "run":
            self.stopped = False
            self.thread = threading.Thread(target=self.run, args=(int(value),))
            self.thread.start()
            return
        elif name == "pause":
            self.stopped = True
        elif name == "preset":
            self.lesson = value
            return self.apply({"time": 30.0})
        elif name == "freeze":
            self.frozen.append([self.values["time"], self.step])
        elif name == "forget":
            del self.frozen[value - 1]
        elif name == "export":
            what = f"{value['kind']} of {value['view']}"
            self.download("sample.txt", "text/plain", what.encode())
        self.publish()

    def run(self, steps: int) -> None:
        """Pretend to learn."""
        for k in range(steps):
            if self.stopped:
                break
            self.step += 1
            self.publish(running=True)
            left = {
                "share": (k + 1) / steps,
                "remaining": f"{steps - k - 1} steps left",
            }
            self.tell({"state": "busy", "text": "learning", **left})
            time.sleep(0.05)
        self.publish()

    def publish(self, running: bool = False) -> None:
        """Show the values and pictures of this moment."""
        columns, props = self.pictures()
        self.push(columns, props, {"running": running, **self.words()})
        if not running:
            self.when_drawn(lambda: self.tell({"state": "ready", "text": "ready"}))

    def words(self) -> dict[str, Any]:
        """Return the content."""
        v, lesson = self.values, self.lesson
        wrong = 100 * v["noise"] / (1 + v["time"] + self.step)
        swatches = [{"label": str(k), "color": c} for k, c in enumerate(RAINBOW)]
        row, column = v["pixel"]
        notes = {
            "input": f"noise {v['noise']:g}",
            "labeling": f"{wrong:.2f} % wrong",
            "patch": f"pixel {row}, {column}: tap a picture to move",
            "error": "% of pixels",
            "singular": "σ₂/σ₁ = 0.0042 · rank 1 kept",
            "cosine": "98.9 % of pixels ≥ 0.9",
            "loss": "f + ℛ",
            "norm": "log₁₀, relative to 3.2e-5",
        }
        views = {
            name: {
                "title": title,
                "note": notes[name],
                "alt": f"{title}: {notes[name]}, {wrong:.2f} % wrong",
                "legend": swatches if kind == "Labels" else [],
                "error": "no loss" if (name, lesson) == BROKEN else "",
            }
            for name, (title, kind) in TITLES.items()
        }
        return {
            "values": v,
            "complaints": self.complaints,
            "problem": "rank 1 fails" if lesson == "Rank 1 fails" else "",
            "readouts": [
                {"label": "wrong", "value": f"{wrong:.2f} %", "note": "was 5.41 %"},
                {"label": "loss", "value": f"{wrong / 70:.4f}", "note": "f + ℛ"},
                {"label": "error of V(T)", "value": "2e-9", "note": "bound, relative"},
                {"label": "σ₂/σ₁", "value": "0.004", "note": "rank 1 is enough"},
            ],
            "status": f"time = {v['time']:g}, noise = {v['noise']:g}, step {self.step}",
            "undo": bool(self.past),
            "redo": bool(self.future),
            "step": f"step {self.step} · 59 ms a step",
            "views": views,
            "hidden": ["rho"] if lesson == "m too small" else [],
            "locked": ["dim"] if lesson == "m too small" else [],
            "runs": {
                "columns": ["run", "time", "steps"],
                "rows": [[k, *cells] for k, cells in enumerate(self.frozen, start=1)],
            },
            "link": f"time={v['time']!r}",
            "code": f"explorer = LearningExplorer(time={v['time']!r})",
            "stages": [["basis", 0.021, 3.2], ["gradient", 0.21, 12.0]],
            "heard": dict(self.heard),
        }

    def pictures(self) -> tuple[dict, dict]:
        """Return the columns of all figures."""
        v = self.values
        steps = np.arange(float(max(self.step, 8) + 1))
        fall = v["noise"] * np.exp(-steps * (1 + v["time"]) / 10) + 1e-4
        bins = np.linspace(0, 1, 12)
        norm = np.add.outer(np.arange(SIZE), np.arange(SIZE)) * 2
        columns = {
            "input": {"image": [cells(v["noise"])]},
            "labeling": {"image": [cells(v["noise"] / (4 + 2 * v["time"]))]},
            "patch": {"image": [(norm % 251).astype(np.uint8)]},
            "error": {"x": steps, "y": 100 * fall},
            "singular": {"x": steps[:9] + 1, "y": 10.0 ** -(3 * steps[:9])},
            "cosine": {"left": bins[:-1], "right": bins[1:], "top": bins[1:] ** 8},
            "loss": {"x": steps, "y": fall},
            "norm": {"image": [(255 - norm % 251).astype(np.uint8)]},
        }
        return columns, {}
