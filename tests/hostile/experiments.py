"""Rows of the paper's figures, of comparisons, and of the dashboard."""

from __future__ import annotations

import atexit
import functools
from typing import Any

import explorer as ex
from explorer import params
from explorer.dashboards.flow import ITERATIONS
from explorer.dashboards.learning import COMPONENT
from explorer.dashboards.simplex import ANGLE
from explorer.kit import calls as kit_calls
from tests.hostile.images import predictor, spoiled_scenes, trained
from tests.hostile.problem import folder, optional, row, scene
from tests.hostile.values import (
    FINITE,
    REFUSED,
    Number,
    Place,
    Several,
    Thing,
    number,
    whole,
)

X = ex.experiments
IMAGE_ALONE = ("nan_image", "imaginary_image", "durations", "no_image")
SETTINGS = {
    "size": whole(16, 8, 4096), "scenes": number(params.SCENES, 2),
    "steps": number(params.STEPS, 2), "seed": whole(0, 0, 2**31 - 1),
}  # fmt: skip


def positive(good: float, high: float = 1e6) -> Number:
    return Number(good, low=0.0, high=high, allow=dict.fromkeys(("0", "-0.0"), FINITE))


def one_scene(seen: bool) -> Thing:
    """A scene; where its image is not seen, distances say all."""
    bad = spoiled_scenes()
    more = [(name, bad[name], REFUSED if seen else FINITE) for name in IMAGE_ALONE]
    return Thing(make=scene, more=more)


def two_scenes(**allow: Any) -> Several:
    unread = ("image", "prototypes", "durations")  # by the nearest label
    more = [
        (name, [bad], FINITE if any(u in name for u in unread) else REFUSED)
        for name, bad in spoiled_scenes().items()
    ]
    return Several([scene(1), scene(2)], more=more, allow=allow)


def baselines() -> list[Any]:
    records = {
        "GaussianDenoising": {"sigma": positive(1.0)},
        "TotalVariation": {"weight": positive(0.3)},
        "RandomWalker": {
            "beta": positive(10.0), "share": positive(0.5, 1.0), "sigma": positive(1.0),
        },
        "GraphCut": {"smoothness": positive(0.3)},
        "NearestLabel": {},
    }  # fmt: skip
    rows = []
    for name, kinds in records.items():
        full = f"experiments.{name}"
        rows.append(row(full, functools.partial(labeled, name), **kinds))
        label = functools.partial(labeled_scene, name)
        seen = name not in ("GraphCut", "NearestLabel")
        rows.append(row(f"{full}.label", label, scene=one_scene(seen)))
    return rows


def labeled(name: str, **choices: Any) -> Any:
    return getattr(X, name)(**choices).label(scene())


def labeled_scene(name: str, scene: Any) -> Any:
    return getattr(X, name)().label(scene)


def comparisons() -> list[Any]:
    methods = Several([X.NearestLabel()], allow={"too_long": FINITE, "tuple": FINITE})
    family = Several([X.GaussianDenoising(1.0)], allow={"too_long": FINITE})
    silent = Thing(
        print, allow={"its_class": REFUSED, "function": FINITE, "cls": FINITE}
    )
    one = functools.partial(Several, [scene(2)])
    return [
        row("experiments.compare", X.compare, methods=methods, scenes=two_scenes()),
        row("experiments.tuned", X.tuned, family=family, scenes=two_scenes(),
            by=Thing("boundary_f1"), check=quiet(silent)),
        row("experiments.held_out", held_out, predictor=Thing(make=trained, more=[
            ("untrained", predictor(), REFUSED)]), tuning=one(), test=one(),
            check=quiet(silent)),
    ]  # fmt: skip


def quiet(kind: Thing) -> Thing:
    return Thing(lambda *a: None, allow=kind.allow)


def held_out(**arguments: Any) -> Any:
    return X.held_out(**arguments)


def figures() -> list[Any]:
    """The figures themselves take minutes: only what they refuse at once."""
    names = [f"figure{k}" for k in range(1, 6)]
    setup, bench = optional(Thing(None)), optional(Thing(None))
    rows = [
        row(f"experiments.{name}", refusing(getattr(X, name)), setup=setup, bench=bench)
        for name in names
    ]
    call = Thing(lambda *a: None, allow={"cls": FINITE, "function": FINITE})
    places = {"none": FINITE, "text": FINITE, "empty_text": FINITE}
    return [
        *rows,
        row("experiments.Setup", X.Setup, **SETTINGS),
        row("experiments.Bench", X.Bench, folder=Thing(make=lambda: str(folder()),
            allow=places), tell=call, check=call),
        row("experiments.claims_table", X.claims_table,
            found=Thing({}, allow={"empty_dict": FINITE})),
    ]  # fmt: skip


def refusing(figure: Any) -> Any:
    """A figure that is not drawn where nothing is wrong."""

    def call(setup: Any, bench: Any) -> Any:
        return None if setup is None and bench is None else figure(setup, bench)

    return call


SCENE = {
    "rho": number(params.RHO, 0.5), "time": number(params.TIME, 1.0),
    "noise": number(params.NOISE, 0.2), "dim": number(params.DIM, 4),
    "seed": number(params.SEED, 0),
}  # fmt: skip

EXPLORERS = {
    "LearningExplorer": SCENE | {"step": number(params.STEP, 2.0)},
    "FlowExplorer": SCENE | {"iterations": number(ITERATIONS, 2)},
    "KrylovExplorer": SCENE | {"radius": number(params.RADIUS, 1)},
    "GradientExplorer": SCENE | {"component": number(COMPONENT, 1)},
    "PredictionExplorer": SCENE | {"n_prototypes": number(params.PATCHES, 5)},
    "SimplexExplorer": SCENE | {"angle": number(ANGLE, 30.0)},
    "ComplexityExplorer": {
        "size": number(params.SIZE, 8), "labels": number(params.LABELS, 3),
        "dim": number(params.DIM, 4), "rank": number(params.RANK, 1),
    },
}  # fmt: skip
"""All explorers, with settings of theirs."""

VIEWS = dict.fromkeys(EXPLORERS, "picture") | {"ComplexityExplorer": "memory-over-size"}
"""A view of each explorer."""

HOME = ("close", "leave")

DOORS = (
    "close", "code", "freeze", "interrupt", "pause", "redo", "reset", "step", "undo",
)  # fmt: skip
"""Their methods without arguments."""


def dashboards() -> list[Any]:
    own = [explorer(name, own) for name, own in EXPLORERS.items()]
    figure = row("show", show_figure, data=optional(Thing(None)))
    return [figure, *(one for rows in own for one in rows), *home()]


def home() -> list[Any]:
    """The rows of the home page and of its methods."""
    text = {"empty_text": FINITE}
    name = Thing("SimplexExplorer")

    def called(method: str) -> Any:
        def call(**arguments: Any) -> None:
            one = ex.Home()
            try:
                getattr(one, method)(**arguments)
            finally:
                one.close()

        return call

    return [
        row("Home", lambda link: ex.Home(link).close(), link=Thing("", allow=text)),
        row("Home.open", called("open"), name=name, link=Thing("", allow=text),
            preset=Thing("Long flow", allow=text)),
        row("Home.hand", called("hand"), name=name),
        *(row(f"Home.{method}", called(method)) for method in HOME),
    ]  # fmt: skip


def explorer(name: str, own: dict[str, Any]) -> list[Any]:
    """The rows of an explorer and of its methods."""
    image = {"image": optional(Thing(None, allow={"array": FINITE}))}
    opened = functools.partial(app, name)
    steps = number(params.STEPS, 0, allow={"1000000000": REFUSED})
    kinds = {
        "preset": {"name": Thing(next(iter(getattr(ex, name).presets)))},
        "forget": {"number": number(kit_calls.RUN_NUMBER, 1)},
        "show": {"names": Thing(VIEWS[name])},
        "read": {"name": Thing("numbers")},
        "table": {"view": Thing(VIEWS[name])},
        "save": {"path": Place("state.json", output=True)},
        "set": own,
        "load": {"state": Thing(make=lambda: opened().state)},
        "wait": {"timeout": Number(30.0, low=0.0, allow={"inf": FINITE})},
        "run": {"steps": steps},
    }  # fmt: skip

    def called(method: str) -> Any:
        def call(*values: Any, **named: Any) -> None:
            try:
                getattr(opened(), method)(*values, **named)
            except TypeError as error:
                if not str(error).endswith("takes no steps: it has settings only"):
                    raise

        return call

    def positional(method: str) -> Any:
        return lambda names: called(method)(names)

    calls = {method: called(method) for method in kinds} | {"show": positional("show")}
    return [
        row(name, closed(name), link=Thing("", allow={"empty_text": FINITE}),
            **(image if own.keys() >= SCENE.keys() else {})),
        *(row(f"{name}.{m}", calls[m], **k) for m, k in kinds.items()),
        *(row(f"{name}.{door}", lambda: None) for door in DOORS),
    ]  # fmt: skip


def show_figure(data: Any) -> Any:
    return None if data is None else ex.show(data)


def closed(name: str) -> Any:
    """A function that opens an explorer and closes it."""
    return lambda **arguments: getattr(ex, name)(**arguments, size=8).close()


@functools.cache
def app(name: str) -> Any:
    """One explorer for all its rows."""
    made = getattr(ex, name)(size=8)
    atexit.register(made.close)
    made.wait(60.0)
    return made


def rows() -> list[Any]:
    """All rows of this module."""
    return [*baselines(), *comparisons(), *figures(), *dashboards()]
