"""What holds for every dashboard, headless."""

import gc
import json
import random
import threading
import time
import weakref

import ipywidgets
import numpy as np
import pytest
import xarray as xr

from explorer.dashboards.handed import Handed
from explorer.kit.frozen import compared, label_of
from explorer.panels import Curves
from explorer.settings import Choice, Image, Number, Pixel
from tests.dashboards.contract import (
    EVERY,
    SMALL,
    another,
    counts,
    opened,
    ran,
    same_panels,
    set_and_wait,
)

pytestmark = pytest.mark.slow


@pytest.fixture(params=EVERY, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


@pytest.fixture
def app(kind):
    before = set(threading.enumerate())
    app = opened(kind)
    yield app
    app.close()
    left = {t for t in set(threading.enumerate()) - before if "explorer" in t.name}
    assert not left


def moved(app):
    """Yield settings with another value."""
    for name, setting in app.plan.settings.items():
        value = another(setting, app.frame.moment.settings[name])
        if value is not None:
            yield name, value


def test_each_setting_acts_downstream_only(app):
    graph = app._job.graph
    for name, value in list(moved(app)):
        before, frame = counts(app), app.frame
        set_and_wait(app, **{name: value})
        down = {n for n in graph.nodes if name in graph.ancestors(n)}
        assert ran(app, before) <= down, name
        assert app.frame is not frame
        app.undo()
        assert app.wait()


def test_nothing_runs_again_for_a_value_that_is_there_already(app):
    before = counts(app)
    for name, value in app.frame.moment.settings.items():
        if value is not None:
            set_and_wait(app, **{name: value})
    assert ran(app, before) == set()
    assert not app.frame.undo


def test_a_link_and_a_state_open_the_same_picture(app, kind):
    set_and_wait(app, noise=0.31234567, seed=3)
    if app.stepper:
        app.run(3)
        assert app.wait()
        set_and_wait(app, noise=0.3)
    twin = kind(link=app.link)
    assert twin.wait()
    same_panels(app.frame, twin.frame)
    assert twin.state == app.state == json.loads(json.dumps(app.state))
    assert twin.link == app.link
    twin.close()
    other = opened(kind)
    other.load(app.state)
    assert other.wait()
    same_panels(app.frame, other.frame)
    other.close()


def test_undo_and_redo_are_exact(app):
    first = app.frame
    set_and_wait(app, noise=0.2)
    second = app.frame
    for change in (lambda: app.set(seed=7), lambda: app.stepper and app.run(2)):
        change()
        assert app.wait()
    for _ in range(2 if app.stepper else 1):
        app.undo()
        assert app.wait()
    same_panels(app.frame, second)
    app.undo()
    assert app.wait()
    same_panels(app.frame, first)
    assert not app.frame.undo
    app.redo()
    assert app.wait()
    same_panels(app.frame, second)


def test_the_code_gives_the_numbers(app):
    set_and_wait(app, noise=0.37, time=4.0, rho=0.7)
    if app.stepper:
        app.run(2)
        assert app.wait()
        set_and_wait(app, noise=0.2)
        app.run(1)
        assert app.wait()
        set_and_wait(app, time=6.0)
    assert app.numbers == pytest.approx(result(app.code()), rel=1e-9, abs=1e-12)


def result(code):
    space = {}
    exec(code, space)
    return space["numbers"]


def test_every_setting_is_in_the_code(app):
    """Another value of a setting that makes numbers changes them, in the code too."""
    base = result(app.code())
    graph, numbers = app._job.graph, app.plan.numbers
    for name, value in list(moved(app)):
        if name not in graph.ancestors(numbers) or isinstance(
            app.plan.settings[name], Choice
        ):
            continue
        set_and_wait(app, **{name: value})
        if not app.frame.problem and not app.frame.complaints:
            assert app.numbers == pytest.approx(result(app.code()), rel=1e-9), name
        app.undo()
        assert app.wait()
    assert result(app.code()) == base


def test_hidden_views_cost_nothing(app):
    first = app.plan.views[0]
    app.show(first.name)
    assert app.wait()
    before = counts(app)
    set_and_wait(app, noise=0.11)
    graph = app._job.graph
    known = [n for n in ("numbers", "readouts") if n in graph.nodes]
    needed = graph.ancestors(f"view {first.name}", *known)
    assert ran(app, before) <= needed
    assert set(app.frame.panels) == {first.name}


def test_all_views_can_be_shown_and_every_panel_is_exported(app, tmp_path):
    app.show(*(view.name for view in app.plan.views))
    assert app.wait()
    assert app.frame.errors == {}
    assert set(app.frame.panels) == {view.name for view in app.plan.views}
    for view in app.plan.views:
        assert len(app.table(view.name)) > 0
    png = app.save(tmp_path / "all.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    page = app.save(tmp_path / "all.html").read_text(encoding="utf-8")
    assert "cdn.bokeh.org" not in page.split("<body>")[1]
    assert json.loads(app.save(tmp_path / "state.json").read_text()) == app.state
    assert app.save(tmp_path / "code.py").read_text() == app.code()
    with xr.open_dataset(app.save(tmp_path / "all.nc")) as stored:
        assert json.loads(stored.attrs["state"]) == app.state
        assert stored.attrs["code"] == app.code()


def test_busy_from_the_request_until_it_is_drawn(app):
    app.set(noise=0.12)
    assert app.busy
    assert app.wait()
    until(lambda: not app.busy)


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_moves_of_a_slider_are_one_step_of_undo(app, kind):
    for noise in (0.5, 0.51, 0.52):
        app.set(noise=noise)
    assert app.wait()
    app.undo()
    assert app.wait()
    assert app.frame.moment.settings["noise"] == SMALL[kind]["noise"]
    assert not app.frame.undo


def test_what_cannot_be_is_refused_and_nothing_is_lost(app):
    frame = app.frame
    for name, setting in app.plan.settings.items():
        for bad in (float("nan"), "no such thing", None, [1, 2, 3], object()):
            if isinstance(setting, (Handed, Image, Pixel)) and bad is None:
                continue
            with pytest.raises((ValueError, TypeError), match=f"`{name}`"):
                app.set(**{name: bad})
    with pytest.raises(ValueError, match="`nothing`"):
        app.set(nothing=1)
    assert app.wait()
    assert app.frame is frame


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: None,
        lambda s: {},
        lambda s: {**s, "schema": 99},
        lambda s: {**s, "dashboard": "Other"},
        lambda s: {**s, "settings": {**s["settings"], "noise": "x"}},
        lambda s: {**s, "settings": {**s["settings"], "unknown": 1}},
        lambda s: {**s, "run": [[{"noise": 0.1}]]},
        lambda s: {**s, "run": 3},
        lambda s: {k: v for k, v in s.items() if k != "settings"},
    ],
)
def test_a_state_that_cannot_be_is_refused_and_nothing_is_lost(app, spoil):
    frame = app.frame
    with pytest.raises(ValueError, match="`"):
        app.load(spoil(app.state))
    assert app.wait()
    assert app.frame is frame


def test_a_wish_of_the_browser_is_answered_in_values_and_complaints(app):
    app._hear({"kind": "set", "values": {"noise": 0.4}, "n": 1, "id": "v"})
    assert app.wait()
    assert app.frame.moment.settings["noise"] == 0.4
    app._hear({"kind": "set", "values": {"noise": -1.0}, "n": 2, "id": "v"})
    assert app.wait()
    assert app.frame.moment.settings["noise"] == 0.4
    assert "`noise` must be" in app.frame.complaints["noise"]
    assert app.frame.heard == {"v": 2}
    set_and_wait(app, noise=0.41)
    assert app.frame.complaints == {}


def test_frozen_runs_are_compared_named_and_restored(app):
    app.freeze()
    assert app.wait()
    frozen, kept = app.frame, app.frame.kept[0]
    set_and_wait(app, noise=0.9)
    assert label_of(app.plan, app.frame, kept) == "σ = 0.3"
    app.restore(kept.number)
    assert app.wait()
    same_panels(app.frame, frozen)
    app.forget(kept.number)
    assert app.wait()
    assert app.frame.kept == ()


def test_all_frozen_runs_stay_in_the_table_and_the_newest_in_the_figures(app):
    noises = [0.1, 0.2, 0.3, 0.4, 0.5]
    for noise in noises:
        app.set(noise=noise)
        app.freeze()
    set_and_wait(app, noise=0.6)
    assert [k.number for k in app.frame.kept] == [1, 2, 3, 4, 5]
    view = next(v for v in app.plan.views if v.kind is Curves)
    drawn = [label for label, _ in compared(view, app.plan, app.frame)]
    assert drawn == ["σ = 0.2", "σ = 0.3", "σ = 0.4", "σ = 0.5"]
    assert "newest 4 of these 5" in app.content["runs"]["note"]
    table = app.table("runs")
    assert list(table["run"]) == ["now", "1", "2", "3", "4", "5"]
    assert list(table["noise"]) == [0.6, *noises]
    (name, value), *_ = app.numbers.items()
    assert table[name][0] == value
    assert app.content["runs"]["columns"] == list(table.columns)
    sent = []
    app.send = lambda message, buffers=None: sent.append((message, buffers))
    export = {"name": "export", "value": {"kind": "csv", "view": "runs"}}
    app._hear({"kind": "act", "id": "v", "n": 1, **export})
    message, (data,) = sent[-1]
    assert message["name"] == "runs.csv"
    assert data.decode().splitlines()[0] == ",".join(table.columns)
    assert len(data.decode().splitlines()) == 7


def test_runs_that_differ_alike_are_told_apart_by_their_numbers(app):
    for _ in range(2):
        app.freeze()
    set_and_wait(app, noise=0.6)
    view = next(v for v in app.plan.views if v.kind is Curves)
    drawn = [label for label, _ in compared(view, app.plan, app.frame)]
    assert drawn == ["run 1: σ = 0.3", "run 2: σ = 0.3"]


def test_undo_reverts_freezing_forgetting_restoring_and_hiding(app):
    first = app.plan.views[0].name
    acts = [
        app.freeze,
        lambda: app.set(noise=0.4),
        lambda: app.show(first),
        app.freeze,
        lambda: app.forget(1),
        lambda: app.restore(2),
    ]
    seen = [arrangement(app)]
    for act in acts:
        act()
        assert app.wait()
        seen.append(arrangement(app))
    for before in seen[-2::-1]:
        app.undo()
        assert app.wait()
        assert arrangement(app) == before
    assert not app.frame.undo
    for after in seen[1:]:
        app.redo()
        assert app.wait()
        assert arrangement(app) == after


def arrangement(app):
    """Return what freezing, restoring and hiding change."""
    kept = [one.number for one in app.frame.kept]
    return app.frame.moment.settings["noise"], list(app.frame.panels), app.shown, kept


def test_undo_right_after_freezing_reverts_only_the_freezing(app):
    app.set(noise=0.4)
    app.freeze()
    app.undo()
    assert app.wait()
    assert app.frame.moment.settings["noise"] == 0.4
    assert app.frame.kept == ()


def test_two_quick_steps_are_two_steps_of_undo(app):
    if app.stepper is None:
        return
    app.step()
    app.step()
    assert app.wait()
    for left in (1, 0):
        app.undo()
        assert app.wait()
        assert app.frame.moment.run.steps == left


def test_presets_can_be_undone(app):
    first = app.frame
    for name in app.presets:
        app.preset(name)
        assert app.wait(60.0)
        assert not app.frame.problem, app.frame.problem
        app.undo()
        if app.presets[name].steps:
            assert app.wait()
        assert app.wait()
        same_panels(app.frame, first)


def test_closing_leaves_no_widget_and_nothing_that_was_computed(kind):
    before = set(ipywidgets.Widget.get_manager_state()["state"])
    app = opened(kind)
    numbers, alive = app.numbers, weakref.ref(app)
    assert set(ipywidgets.Widget.get_manager_state()["state"]) > before
    app.close()
    assert app.numbers == numbers
    assert set(ipywidgets.Widget.get_manager_state()["state"]) == before
    del app
    gc.collect()
    assert alive() is None


def test_numbers_are_those_of_their_settings(app, kind):
    """While settings move, each frame's numbers belong to the settings beside them."""
    seen = []
    for noise in np.linspace(0.2, 0.6, 7):
        app.set(noise=float(noise))
        time.sleep(0.02)
        seen.append(app.frame)
    assert app.wait()
    for frame in {id(f): f for f in seen}.values():
        twin = opened(kind, noise=frame.moment.settings["noise"])
        assert dict(twin.frame.numbers) == dict(frame.numbers)
        twin.close()


def test_each_control_is_labeled_and_explained(app):
    for setting in app.plan.settings.values():
        control = setting.control()
        assert control["label"]
        assert control["meaning"]
        assert control["help"]
        if isinstance(setting, Number):
            assert control["low"] < control["high"]


def test_data_belong_to_the_settings_that_they_name(app):
    app.set(noise=0.7)
    data = app.data  # the request before it is met first
    assert json.loads(data.attrs["state"])["settings"]["noise"] == 0.7
    assert data.attrs["noise"] == 0.7


def test_freezing_keeps_what_was_asked_for_before(app):
    app.set(noise=0.1)
    app.freeze()
    app.set(noise=0.2)
    assert app.wait()
    (kept,) = app.frame.kept
    assert kept.frame.moment.settings["noise"] == 0.1
    assert kept.frame.kept == ()  # or no frozen run would ever be let go of
    app.restore(99)
    assert app.wait()
    assert "`number` must be that of a frozen run (1)" in app.frame.problem


def test_complaints_end_with_their_cause(app):
    app._wish({"noise": -1.0})
    assert app.wait()
    assert "noise" in app.frame.complaints
    app.load(app.state)
    assert app.wait()
    assert app.frame.complaints == {}


def test_each_value_of_a_wish_is_judged_alone(app):
    app._wish({"noise": -1.0, "seed": 5, "nothing": 3})
    assert app.wait()
    assert app.frame.moment.settings["seed"] == 5
    assert "noise" in app.frame.complaints
    assert "`nothing` must be a setting" in app.frame.problem


@pytest.mark.parametrize(
    "message",
    [
        {}, {"kind": "set"}, {"kind": "set", "values": [1], "n": 1, "id": "v"},
        {"kind": "set", "values": {}, "n": "x", "id": "v"}, {"kind": "act"},
        {"kind": "tap", "x": None, "y": 1}, {"kind": "tap", "x": float("inf"), "y": 1},
        {"kind": "act", "name": "export", "value": {}}, {"kind": "file"},
        {"kind": "act", "name": "export", "value": {"kind": "exe"}},
        {"kind": "act", "name": "restore", "value": float("inf")},
        {"kind": "address", "link": "#nonsense"}, {"kind": "address"},
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_cannot_be_is_said_on_the_page(app, message):
    before = app.frame.moment
    app._hear(message, None)
    assert app.wait()
    assert app.frame.moment is before
    assert app.frame.problem or message == {}
    app.set(noise=0.44)
    assert app.wait()
    assert app.frame.problem == ""


def test_a_closed_dashboard_says_so(kind):
    app = opened(kind)
    app.close()
    for act in (lambda: app.set(noise=0.1), lambda: app.read("numbers"), app.undo):
        with pytest.raises(RuntimeError, match="closed"):
            act()
    app.interrupt()  # comes from outside, and finds nothing to do


CHANGES = {
    "rho": lambda rng: rng.uniform(0.2, 1.0),
    "time": lambda rng: rng.uniform(0.0, 9.0),
    "noise": lambda rng: rng.uniform(0.0, 0.9),
    "size": lambda rng: rng.randint(5, 8),
    "seed": lambda rng: rng.randint(0, 3),
}


def do_something(app, rng):
    """Do one thing that a person may do, at once or while something is computed."""
    acts = ["set", "set", "set", "undo", "redo", "back", "freeze", "forget", "preset"]
    act = rng.choice(acts + ["run", "run", "step", "reset"] * bool(app.stepper))
    if act == "set":
        name = rng.choice(sorted(CHANGES.keys() & app.plan.settings.keys()))
        app.set(**{name: CHANGES[name](rng)})
    elif act == "run":
        app.run(rng.randint(0, 3))
    elif act == "back":
        app.load(app.state)
    elif act == "forget":
        app.forget(rng.randint(1, 3))
    elif act != "preset":
        getattr(app, act)()
    elif rng.random() < 0.3:
        app.preset(rng.choice(sorted(app.presets)))
    if rng.random() < 0.6:
        assert app.wait(60.0)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_done_state_and_code_give_the_numbers(app, kind, seed):
    rng = random.Random(seed)
    for _ in range(10):
        do_something(app, rng)
    assert app.wait(60.0)
    state = json.loads(json.dumps(app.state))
    other = opened(kind, noise=0.1)
    other.load(state)
    assert other.wait(60.0)
    same_panels(app.frame, other.frame)
    assert other.state == app.state
    assert app.numbers == pytest.approx(result(app.code()), rel=1e-9, abs=1e-12)
    other.close()
