"""Rows of the paper's figures, of comparisons, and of the dashboard."""

from __future__ import annotations

import atexit
import functools
from typing import Any

import explorer as ex
from explorer import params
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


def dashboards() -> list[Any]:
    settings = {
        "rho": number(params.RHO, 0.5), "time": number(params.TIME, 1.0),
        "noise": number(params.NOISE, 0.2), "step": number(params.STEP, 2.0),
        "dim": number(params.DIM, 4), "seed": number(params.SEED, 0),
    }  # fmt: skip
    image = optional(Thing(None, allow={"array": FINITE}))
    link = Thing("", allow={"empty_text": FINITE})
    count = number(kit_calls.RUN_NUMBER, 1)
    state = Thing(make=lambda: app().state)
    long = Number(30.0, low=0.0, allow={"inf": FINITE})
    doors = (
        "close",
        "code",
        "freeze",
        "interrupt",
        "pause",
        "redo",
        "reset",
        "step",
        "undo",
    )
    return [
        row("show", show_figure, data=optional(Thing(None))),
        row("LearningExplorer", opened, image=image, link=link),
        row("LearningExplorer.preset", lambda name: app().preset(name),
            name=Thing("T too long")),
        row("LearningExplorer.forget", lambda number: app().forget(number),
            number=count),
        row("LearningExplorer.show", lambda names: app().show(names),
            names=Thing("picture")),
        row("LearningExplorer.read", lambda name: app().read(name),
            name=Thing("numbers")),
        row("LearningExplorer.table", lambda view: app().table(view) is None,
            view=Thing("picture")),
        row("LearningExplorer.save", saved, path=Place("state.json", output=True)),
        row("LearningExplorer.set", lambda **k: app().set(**k), **settings),
        row("LearningExplorer.load", lambda state: app().load(state), state=state),
        row("LearningExplorer.run", lambda steps: app().run(steps),
            steps=number(params.STEPS, 0, allow={"1000000000": REFUSED})),
        row("LearningExplorer.wait", lambda timeout: app().wait(timeout), timeout=long),
        *(row(f"LearningExplorer.{door}", lambda: None) for door in doors),
    ]  # fmt: skip


def saved(path: Any) -> None:
    app().save(path)


def show_figure(data: Any) -> Any:
    return None if data is None else ex.show(data)


def opened(**arguments: Any) -> None:
    ex.LearningExplorer(**arguments, size=8).close()


@functools.cache
def app() -> Any:
    """One dashboard for all its rows."""
    made = ex.LearningExplorer(size=8)
    atexit.register(made.close)
    made.wait(60.0)
    return made


def rows() -> list[Any]:
    """All rows of this module."""
    return [*baselines(), *comparisons(), *figures(), *dashboards()]
