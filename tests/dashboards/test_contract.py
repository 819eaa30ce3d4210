"""What holds for every dashboard, headless."""

import gc
import json
import random
import threading
import time
import weakref

import ipywidgets
import pytest
import xarray as xr

from explorer.dashboards.handed import Handed
from explorer.kit.frozen import compared, label_of
from explorer.panels import Curves
from explorer.settings import Choice, Image, Number, Pixel
from tests.dashboards.contract import (
    EVERY,
    SMALL,
    VARIED,
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
def varied(kind):
    return VARIED[kind]


@pytest.fixture(scope="module")
def standing():
    """Apps that several tests share, by kind: opening one takes a second."""
    apps = {"shared": {}, "reader": {}}
    yield apps
    for app in (*apps["shared"].values(), *apps["reader"].values()):
        app.close()


@pytest.fixture
def shared(kind, standing):
    """An app for tests that leave it as they found it."""
    if kind not in standing["shared"]:
        standing["shared"][kind] = opened(kind)
    app = standing["shared"][kind]
    state, shown = app.state, app.shown
    yield app
    assert app.wait()
    assert (app.state, app.shown, app.frame.kept) == (state, shown, ())
    assert not app.frame.undo
    assert not app.frame.problem
    assert not app.frame.complaints


@pytest.fixture
def reader(kind, varied, standing):
    """An app that loads states; it may hold what another test has left."""
    if kind not in standing["reader"]:
        standing["reader"][kind] = opened(kind, **varied(1))
    return standing["reader"][kind]


@pytest.fixture
def app(kind, standing):
    before = set(threading.enumerate())
    app = opened(kind)
    yield app
    app.close()
    apps = (*standing["shared"].values(), *standing["reader"].values())
    others = {one._worker._thread for one in apps}  # they start again after a rest
    left = {t for t in set(threading.enumerate()) - before if "explorer" in t.name}
    assert not left - others


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


def test_nothing_runs_again_for_a_value_that_is_there_already(shared):
    app = shared
    before = counts(app)
    for name, value in app.frame.moment.settings.items():
        if value is not None:
            set_and_wait(app, **{name: value})
    assert ran(app, before) == set()
    assert not app.frame.undo


def test_a_link_and_a_state_open_the_same_picture(app, kind, varied):
    set_and_wait(app, **varied(0), **varied.second)
    if app.stepper:
        app.run(3)
        assert app.wait()
        set_and_wait(app, **varied(1))
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


def test_undo_and_redo_are_exact(app, varied):
    first = app.frame
    set_and_wait(app, **varied(1))
    second = app.frame
    other = varied.second
    for change in (lambda: app.set(**other), lambda: app.stepper and app.run(2)):
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


def test_the_code_gives_the_numbers(app, varied):
    set_and_wait(app, **varied(0), **varied.more)
    if app.stepper:
        app.run(2)
        assert app.wait()
        set_and_wait(app, **varied(1))
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


def test_hidden_views_cost_nothing(app, varied):
    first = app.plan.views[0]
    app.show(first.name)
    assert app.wait()
    before = counts(app)
    set_and_wait(app, **varied(1))
    graph = app._job.graph
    known = [n for n in ("numbers", "readouts") if n in graph.nodes]
    needed = graph.ancestors(f"view {first.name}", *known)
    assert ran(app, before) <= needed
    assert set(app.frame.panels) == {first.name}


def test_all_views_can_be_shown_and_every_panel_is_exported(app, tmp_path):
    app.show(*(view.name for view in app.plan.views))
    assert app.wait(60.0)  # measurements take seconds
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


def test_busy_from_the_request_until_it_is_drawn(app, varied):
    app.set(**varied(1))
    assert app.busy
    assert app.wait()
    until(lambda: not app.busy)


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_moves_of_a_slider_are_one_step_of_undo(app, kind, varied):
    for k in range(3):
        app.set(**varied(k))
    assert app.wait()
    app.undo()
    assert app.wait()
    assert app.frame.moment.settings[varied.name] == SMALL[kind][varied.name]
    assert not app.frame.undo


def test_what_cannot_be_is_refused_and_nothing_is_lost(shared):
    app = shared
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
        lambda s, _: None,
        lambda s, _: {},
        lambda s, _: {**s, "schema": 99},
        lambda s, _: {**s, "dashboard": "Other"},
        lambda s, name: {**s, "settings": {**s["settings"], name: "x"}},
        lambda s, _: {**s, "settings": {**s["settings"], "unknown": 1}},
        lambda s, name: {**s, "run": [[{name: s["settings"][name]}]]},
        lambda s, _: {**s, "run": 3},
        lambda s, _: {k: v for k, v in s.items() if k != "settings"},
    ],
)
def test_a_state_that_cannot_be_is_refused_and_nothing_is_lost(shared, varied, spoil):
    app, frame = shared, shared.frame
    with pytest.raises(ValueError, match="`"):
        app.load(spoil(app.state, varied.name))
    assert app.wait()
    assert app.frame is frame


def test_a_wish_of_the_browser_is_answered_in_values_and_complaints(app, varied):
    name, good = varied.name, varied.values[1]
    app._hear({"kind": "set", "values": {name: good}, "n": 1, "id": "v"})
    assert app.wait()
    assert app.frame.moment.settings[name] == good
    app._hear({"kind": "set", "values": {name: varied.bad}, "n": 2, "id": "v"})
    assert app.wait()
    assert app.frame.moment.settings[name] == good
    assert f"`{name}` must be" in app.frame.complaints[name]
    assert app.frame.heard == {"v": 2}
    set_and_wait(app, **varied(2))
    assert app.frame.complaints == {}


def said(varied, *values):
    """Return what legends say of values of the varied setting."""
    return [f"{varied.symbol} = {value:.6g}" for value in values]


def test_frozen_runs_are_compared_named_and_restored(app, kind, varied):
    app.freeze()
    assert app.wait()
    frozen, kept = app.frame, app.frame.kept[0]
    set_and_wait(app, **varied(1))
    (text,) = said(varied, SMALL[kind][varied.name])
    assert label_of(app.plan, app.frame, kept) == text
    app.restore(kept.number)
    assert app.wait()
    same_panels(app.frame, frozen)
    app.forget(kept.number)
    assert app.wait()
    assert app.frame.kept == ()


def test_all_frozen_runs_stay_in_the_table_and_the_newest_in_the_figures(app, varied):
    *values, last = varied.values[:6]
    for value in values:
        app.set(**{varied.name: value})
        app.freeze()
    set_and_wait(app, **{varied.name: last})
    assert [k.number for k in app.frame.kept] == [1, 2, 3, 4, 5]
    view = next(v for v in app.plan.views if v.kind is Curves)
    drawn = [label for label, _ in compared(view, app.plan, app.frame)]
    assert drawn == said(varied, *values[1:])
    assert "newest 4 of these 5" in app.content["runs"]["note"]
    table = app.table("runs")
    assert list(table["run"]) == ["now", "1", "2", "3", "4", "5"]
    assert list(table[varied.name]) == [last, *values]
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


def test_runs_that_differ_alike_are_told_apart_by_their_numbers(app, kind, varied):
    for _ in range(2):
        app.freeze()
    set_and_wait(app, **varied(1))
    view = next(v for v in app.plan.views if v.kind is Curves)
    drawn = [label for label, _ in compared(view, app.plan, app.frame)]
    (text,) = said(varied, SMALL[kind][varied.name])
    assert drawn == [f"run 1: {text}", f"run 2: {text}"]


def test_undo_reverts_freezing_forgetting_restoring_and_hiding(app, varied):
    first = app.plan.views[0].name
    acts = [
        app.freeze,
        lambda: app.set(**varied(1)),
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
    return app.state["settings"], list(app.frame.panels), app.shown, kept


def test_undo_right_after_freezing_reverts_only_the_freezing(app, varied):
    app.set(**varied(1))
    app.freeze()
    app.undo()
    assert app.wait()
    assert app.frame.moment.settings[varied.name] == varied.values[1]
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


def test_numbers_are_those_of_their_settings(app, kind, varied):
    """While settings move, each frame's numbers belong to the settings beside them."""
    seen = [app.frame]
    for k in range(len(varied.values)):
        app.set(**varied(k))
        time.sleep(0.02)
        seen.append(app.frame)
    assert app.wait()
    twin = opened(kind)
    for frame in {id(f): f for f in [*seen, app.frame]}.values():
        set_and_wait(twin, **{varied.name: frame.moment.settings[varied.name]})
        assert dict(twin.frame.numbers) == dict(frame.numbers)
    twin.close()


def test_each_control_is_labeled_and_explained(shared):
    for setting in shared.plan.settings.values():
        control = setting.control()
        assert control["label"]
        assert control["meaning"]
        assert control["help"]
        if isinstance(setting, Number):
            assert control["low"] < control["high"]


def test_data_belong_to_the_settings_that_they_name(app, varied):
    app.set(**varied(1))
    data = app.data  # the request before it is met first
    assert json.loads(data.attrs["state"])["settings"][varied.name] == varied.values[1]
    assert data.attrs[varied.name] == varied.values[1]


def test_freezing_keeps_what_was_asked_for_before(app, varied):
    app.set(**varied(1))
    app.freeze()
    app.set(**varied(2))
    assert app.wait()
    (kept,) = app.frame.kept
    assert kept.frame.moment.settings[varied.name] == varied.values[1]
    assert kept.frame.kept == ()  # or no frozen run would ever be let go of
    app.restore(99)
    assert app.wait()
    assert "`number` must be that of a frozen run (1)" in app.frame.problem


def test_complaints_end_with_their_cause(app, varied):
    app._wish({varied.name: varied.bad})
    assert app.wait()
    assert varied.name in app.frame.complaints
    app.load(app.state)
    assert app.wait()
    assert app.frame.complaints == {}


def test_each_value_of_a_wish_is_judged_alone(app, varied):
    ((name, value),) = varied.second.items()
    app._wish({varied.name: varied.bad, name: value, "nothing": 3})
    assert app.wait()
    assert app.frame.moment.settings[name] == value
    assert varied.name in app.frame.complaints
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
def test_a_message_that_cannot_be_is_said_on_the_page(shared, varied, message):
    app, before = shared, shared.frame.moment
    app._hear(message, None)
    assert app.wait()
    assert app.frame.moment is before
    assert app.frame.problem or message == {}
    app.set(**varied(1))
    assert app.wait()
    assert app.frame.problem == ""
    app.undo()


def test_a_closed_dashboard_says_so(kind, varied):
    app = opened(kind)
    app.close()
    for act in (lambda: app.set(**varied(1)), lambda: app.read("numbers"), app.undo):
        with pytest.raises(RuntimeError, match="closed"):
            act()
    app.interrupt()  # comes from outside, and finds nothing to do


def do_something(app, rng, changes):
    """Do one thing that a person may do, at once or while something is computed."""
    acts = ["set", "set", "set", "undo", "redo", "back", "freeze", "forget", "preset"]
    act = rng.choice(acts + ["run", "run", "step", "reset"] * bool(app.stepper))
    if act == "set":
        name = rng.choice(sorted(changes))
        app.set(**{name: changes[name](rng)})
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
def test_whatever_was_done_state_and_code_give_the_numbers(reader, app, varied, seed):
    rng = random.Random(seed)
    for _ in range(10):
        do_something(app, rng, varied.changes)
    assert app.wait(60.0)
    state = json.loads(json.dumps(app.state))
    reader.load(state)
    assert reader.wait(60.0)
    same_panels(app.frame, reader.frame)
    assert reader.state == app.state
    assert app.numbers == pytest.approx(result(app.code()), rel=1e-9, abs=1e-12)
