"""The whole dashboard, headless: move a control, read a source or a message."""

import base64
import gc
import io
import json
import re
import threading
import time
import weakref

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import explorer as ex
from explorer.dashboard import recipe

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


@pytest.fixture
def app():
    before = set(threading.enumerate())
    widget = ex.LearningExplorer(size=10, noise=0.3, dim=6)
    assert widget.wait()
    yield widget
    widget.close()
    left = {t for t in set(threading.enumerate()) - before if t.name != "MainThread"}
    assert not {t for t in left if t.name.startswith("explorer")}


def move(app, name, value):
    app.panel.controls[name].widget.value = value
    assert app.wait()


def column(app, name, key="y"):
    return np.array(app.figure.source(name).data[key])


@pytest.mark.parametrize(
    ("name", "value"), [("time", 12.0), ("rho", 0.2), ("noise", 0.9)]
)
def test_a_slider_moves_singular_values_and_loss(app, name, value):
    sigma, loss = column(app, "singular-values"), column(app, "loss")
    move(app, name, value)
    assert not np.array_equal(column(app, "singular-values"), sigma)
    assert column(app, "loss") != loss


def test_the_labeling_follows_the_time(app):
    before = column(app, "labeling", "image")
    move(app, "time", 30.0)
    assert not np.array_equal(column(app, "labeling", "image"), before)


def test_rank_fills_as_many_disks(app):
    move(app, "rank", 3)
    fill = app.figure.source("singular-values").data["fill"]
    assert [f != "white" for f in fill[:5]] == [True, True, True, False, False]


def test_running_appends_points_and_progress(app):
    app.panel.steps.value = 4
    app.panel.buttons["run"].click()
    assert app.wait()
    np.testing.assert_array_equal(column(app, "labeling-error", "x"), range(5))
    assert (app.panel.progress.value, app.panel.progress.max) == (4, 4)
    app.panel.buttons["single step"].click()
    assert app.wait()
    assert column(app, "loss", "x")[-1] == 5
    app.panel.buttons["reset"].click()
    assert app.wait()
    np.testing.assert_array_equal(column(app, "loss", "x"), [0])


def test_pausing_stops_a_long_run(app):
    app.run(1_000_000)
    until(lambda: app.trace.sizes["step"] > 2)
    app.pause()
    assert app.wait(0.5)
    seen = app.trace.sizes["step"]
    assert "paused" in app.panel.remaining.value
    time.sleep(0.1)
    assert app.trace.sizes["step"] == seen


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_five_clicks_on_single_step_are_five_steps(app):
    for _ in range(5):
        app.panel.buttons["single step"].click()
    assert app.wait()
    assert app.trace.step.values[-1] == 5


def test_a_single_step_during_a_run_adds_to_it(app):
    app.run(20)
    app.panel.buttons["single step"].click()
    assert app.wait()
    assert app.trace.step.values[-1] in (21, 20 + 1)


def test_saving_survives_what_is_posted_after_it(app):
    app._worker.post(save=True)
    app.set(time=8.0)
    assert app.wait()
    assert "run.nc" in app.panel.downloads.value


def test_what_comes_last_wins_over_an_upload(app):
    upload(app, "mine.png", png(np.eye(12, dtype=np.uint8)))
    move(app, "scene", "lines")
    assert app.state["settings"]["scene"] == "lines"


def test_values_beyond_a_slider_are_shown_and_kept(app):
    app.set(time=100.0, tau=1e-3, size=11)
    assert app.wait()
    settings = app.state["settings"]
    assert (settings["time"], settings["tau"], settings["size"]) == (100.0, 1e-3, 11)
    assert app.panel.controls["time"].widget.value == 100.0
    other = ex.LearningExplorer(time=100.0)
    other.load(app.state)
    assert other.wait()
    assert other.state == app.state
    other.close()


def test_restoring_can_be_stopped(app):
    app.run(3)
    assert app.wait()
    state = app.state
    state["history"][0]["steps"] = 100_000
    app.load(state)
    until(lambda: app.panel.progress.value > 5)
    app.pause()
    assert app.wait(0.5)
    reached = app.trace.sizes["step"] - 1
    assert 5 < reached < 100_000
    assert app.state["history"] == [{**state["history"][0], "steps": reached}]


def test_a_state_that_cannot_be_is_refused_before_anything_is_lost(app):
    app.run(2)
    assert app.wait()
    state = app.state
    state["settings"]["rank"] = 50
    with pytest.raises(ValueError, match="`rank` = 50 exceeds `dim` = 6"):
        app.load(state)
    assert app.trace.sizes["step"] == 3


def test_a_pixel_being_typed_is_not_overwritten(app):
    app.run(100_000)
    row, _ = app.panel.probe
    for value in (1, 7, 3, 9):
        row.value = value
        time.sleep(0.05)
        assert row.value == value
    app.pause()
    assert app.wait()
    assert column(app, "probe", "y") == [9.5]


def test_an_error_ends_the_progress_too(app):
    app.run(100_000)
    app.set(rank=9)
    until(lambda: app.panel.controls["rank"].message.value)
    assert app.wait()
    assert "paused" in app.panel.remaining.value


def test_the_trace_belongs_to_its_reader(app):
    app.trace.loss[:] = 7.0
    assert app.trace.loss[0] != 7.0


def test_a_closed_explorer_is_collected_and_keeps_its_numbers():
    other = ex.LearningExplorer(size=10)
    assert other.wait()
    sources = other.figure, other.panel.controls["upload"].widget
    kept = [weakref.ref(part) for part in (other, other._session, *sources)]
    state, trace = other.state, other.trace
    other.close()
    assert other.state == state
    assert other.trace.equals(trace)
    del other, sources
    gc.collect()
    assert [ref() for ref in kept] == [None] * 4


def test_closing_leaves_no_widget():
    from ipywidgets.widgets import widget as registry

    before = set(registry._instances)
    other = ex.LearningExplorer(size=10)
    assert other.wait()
    other.close()
    assert set(registry._instances) <= before


def test_rank_above_dim_complains_beside_rank_and_recovers(app):
    error = column(app, "labeling-error")
    move(app, "rank", 9)
    message = app.panel.controls["rank"].message
    assert "`rank` = 9 exceeds `dim` = 6" in message.value
    assert message.layout.display == "block"
    np.testing.assert_array_equal(column(app, "labeling-error"), error)
    move(app, "rank", 2)
    assert message.layout.display == "none"


def test_the_state_is_json_and_restores_the_numbers(app):
    app.run(3)
    assert app.wait()
    app.set(time=7.0)
    assert app.wait()
    app.run(2)
    assert app.wait()
    state = json.loads(json.dumps(app.state))
    other = ex.LearningExplorer()
    other.load(state)
    assert other.wait()
    np.testing.assert_array_equal(other.trace.loss, app.trace.loss)
    assert other.panel.controls["time"].widget.value == 7.0
    other.close()


def test_the_code_gives_the_numbers_on_screen(app):
    app.run(3)
    assert app.wait()
    app.set(rank=2)
    assert app.wait()
    app.run(1)
    assert app.wait()
    namespace = {}
    exec(app.code().replace("print(", "result = ("), namespace)
    # a learner starts each segment with its own evaluation of the same weights
    assert namespace["result"] == pytest.approx(
        (float(app.trace.loss[-1]), float(app.trace.error_percent[-1])), rel=1e-12
    )


def png(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


NOISY = png(np.random.default_rng(1).integers(0, 255, (40, 40), dtype=np.uint8))


def upload(app, name, content):
    """Do what the browser does: announce the file, then send it in pieces."""
    receive = app.panel.controls["upload"].widget._receive
    pieces = [content[k : k + 4 * 2**20] for k in range(0, len(content), 4 * 2**20)]
    if len(content) > 32 * 2**20:
        pieces = []
    begin = {"kind": "begin", "id": "1", "name": name, "size": len(content)}
    receive(None, {**begin, "pieces": len(pieces)}, [])
    for index, piece in enumerate(pieces):
        receive(None, {"kind": "piece", "id": "1", "index": index}, [piece])
    assert app.wait()


def test_an_uploaded_image_becomes_the_scene(app):
    rng = np.random.default_rng(0)
    upload(app, "mine.png", png(rng.integers(0, 255, (12, 9, 3), dtype=np.uint8)))
    assert app.panel.controls["scene"].widget.value == "upload"
    assert app.figure.source("labeling").data["image"][0].shape == (12, 9)
    assert not app.panel.controls["upload"].message.value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no image", "cannot be read"),
        (NOISY[: len(NOISY) // 2], "cannot be read"),
        (b"0" * (33 * 2**20), "MB"),
        (b"1" * (5 * 2**20), "cannot be read"),
        (b"", "cannot be read"),
        (png(np.zeros((5000, 4000), np.uint8)), "pixels"),
        (png(np.full((9, 9), 7, np.uint8)), "distinct colors"),
    ],
    ids=[
        "no image",
        "truncated",
        "huge file",
        "two pieces",
        "empty",
        "huge picture",
        "constant",
    ],
)
def test_a_bad_upload_is_explained_and_touches_nothing(app, content, words):
    app.run(2)
    assert app.wait()
    before = app.state
    upload(app, "bad.png", content)
    assert words in app.panel.controls["upload"].message.value
    assert app.state == before
    np.testing.assert_array_equal(column(app, "loss", "x"), [0, 1, 2])


def test_downloads_hold_the_run(app, tmp_path):
    app._worker.post(save=True)
    assert app.wait()
    files = dict(
        re.findall(
            r'download="([^"]+)" href="data:[^,]*,([^"]+)"', app.panel.downloads.value
        )
    )
    content = {name: base64.b64decode(data) for name, data in files.items()}
    assert json.loads(content["state.json"]) == app.state
    assert b"labeling-error" in content["run.html"]
    path = tmp_path / "run.nc"
    path.write_bytes(content["run.nc"])
    with xr.open_dataset(path, engine="h5netcdf") as stored:
        np.testing.assert_array_equal(stored.loss, app.trace.loss)
        assert stored.weights.dims == ("offset", "row", "col")
        assert stored.distances.attrs["symbol"] == "D"


def test_probing_a_pixel_shows_its_patch(app):
    app.figure._receive(None, {"kind": "tap", "figure": "f", "x": 3.7, "y": 2.2}, [])
    assert app.wait()
    assert column(app, "probe", "x") == [3.5]
    assert column(app, "weight-patch", "weight").sum() == pytest.approx(1)
    assert [box.value for box in app.panel.probe] == [2, 3]


def test_every_control_has_label_tooltip_and_hint(app):
    for control in app.panel.controls.values():
        assert control.widget.description
        assert control.widget.tooltip
        hint = control.box.children[1].value
        assert hint or control.name == "scene"  # a list of names has no range


@pytest.mark.parametrize(
    "bad",
    [{"time": -1}, {"rank": 1.5}, {"scene": "nothing"}, {"colour": 1}, {"rho": "a"}],
)
def test_bad_settings_are_refused_at_once(bad):
    with pytest.raises((ValueError, TypeError), match=next(iter(bad))):
        ex.LearningExplorer(**bad)


@pytest.mark.parametrize(
    "state",
    [None, {}, {"kind": recipe.KIND, "schema": 99}, {"kind": recipe.KIND, "schema": 1}],
)
def test_a_bad_state_is_refused_and_nothing_is_lost(app, state):
    before = app.state
    with pytest.raises(ValueError, match="`state`"):
        app.load(state)
    assert app.state == before


class Front:
    """A notebook front end that runs cells and names them."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr("IPython.get_ipython", lambda: self)
        self.parent = {}

    def run(self, cell, execution):
        self.parent = {"metadata": {"cellId": cell}, "header": {"msg_id": execution}}

    def get_parent(self):
        return self.parent


def test_running_a_cell_again_closes_what_it_had_made(monkeypatch):
    front = Front(monkeypatch)
    front.run("a", "1")
    first, second = ex.LearningExplorer(size=10), ex.LearningExplorer(size=10)
    front.run("b", "2")
    elsewhere = ex.LearningExplorer(size=10)
    assert [w.comm is not None for w in (first, second, elsewhere)] == [True] * 3
    front.run("a", "3")
    again = ex.LearningExplorer(size=10)
    closed = [w.comm is None for w in (first, second, elsewhere, again)]
    assert closed == [True, True, False, False]
    elsewhere.close()
    again.close()


@pytest.mark.parametrize(
    "settings", [{"size": 1}, {"time": 0.0}, {"dim": 1, "size": 2}]
)
def test_degenerate_settings_have_a_picture_and_a_status(settings):
    widget = ex.LearningExplorer(**settings)
    assert widget.wait()
    widget.run(2)
    assert widget.wait()
    assert "step 2" in widget.panel.status.value
    assert not widget.panel.problem.value
    widget.close()


def test_one_label_has_a_picture_and_a_status():
    widget = ex.LearningExplorer(image=np.full((7, 3), 0.5), labels=1)
    assert widget.wait()
    assert "0.00 % wrong" in widget.panel.status.value
    assert "one label" in widget.panel.status.value
    widget.close()


def test_the_code_of_an_upload_gives_its_numbers(app, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    picture = png(rng.integers(0, 255, (300, 40, 3), dtype=np.uint8))
    upload(app, "mine.png", picture)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "your-image.png").write_bytes(picture)
    namespace = {}
    exec(app.code().replace("print(", "result = ("), namespace)
    assert namespace["result"][0] == pytest.approx(float(app.trace.loss[-1]), rel=1e-12)


@pytest.mark.parametrize("value", [0.49999999999999994, 0.12345678901234567])
def test_a_value_is_kept_to_the_last_digit(app, value):
    move(app, "rho", value)
    assert app.state["settings"]["rho"] == value
    app.set(rho=1.0 + value)
    assert app.wait()
    assert app.state["settings"]["rho"] == 1.0 + value
