"""The whole dashboard, headless: move a control, read a source or a message."""

import io
import json
import threading

import numpy as np
import pytest
from PIL import Image

import explorer as ex
from explorer.dashboard import recipe


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
    app.pause()
    assert app.wait(5)
    assert app.trace.sizes["step"] < 1000


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
    file = {"name": name, "type": "image/png", "size": len(content), "content": content}
    app._on_upload("upload", (file,))
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
        (png(np.zeros((5000, 4000), np.uint8)), "pixels"),
        (png(np.full((9, 9), 7, np.uint8)), "distinct colors"),
    ],
    ids=["no image", "truncated", "huge file", "huge picture", "constant"],
)
def test_a_bad_upload_is_explained_and_touches_nothing(app, content, words):
    app.run(2)
    assert app.wait()
    before = app.state
    upload(app, "bad.png", content)
    assert words in app.panel.controls["upload"].message.value
    assert app.state == before
    np.testing.assert_array_equal(column(app, "loss", "x"), [0, 1, 2])


def test_downloads_hold_the_run(app):
    app._worker.post(save=True)
    assert app.wait()
    for name in ("run.nc", "run.html", "state.json"):
        assert f'download="{name}"' in app.panel.downloads.value


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
