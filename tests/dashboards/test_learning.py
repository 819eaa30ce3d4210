"""What is special to the learning explorer: steps, gradients, uploads, old states."""

import io
import re
import time

import numpy as np
import pytest
from PIL import Image

import explorer as ex
from explorer.dashboards.learning import GRADIENTS, LOSSES, OPTIMIZERS
from tests.dashboards.contract import counts, opened, ran, same_panels, set_and_wait

pytestmark = pytest.mark.slow


@pytest.fixture
def app():
    app = opened(ex.LearningExplorer)
    yield app
    app.close()


def learned(app, steps):
    app.run(steps)
    assert app.wait(60.0)


NEW_WEIGHTS = {
    "system", "basis", "evolution", "factors", "derivative", "reference", "agreement",
    "evaluation", "riemannian", "norms", "accuracy", "numbers", "readouts", "weights",
}  # fmt: skip
"""What a learning step computes anew, apart from the views."""


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"pixel": (1, 1)}, "place"),
        ({"palette": "safe for color blindness"}, "own_colors"),
        ({"tau": 1e-5}, "evaluation"),
        ({"rank": 3}, "method"),
        ({"time": 6.0}, "evolution"),
        ({"dim": 7}, "method"),
        ({"rho": 0.6}, "central"),
        ({"noise": 0.4}, "problem"),
        ({"seed": 4}, "original"),
    ],
)
def test_nothing_upstream_of_a_setting_is_computed_again(app, change, first):
    before = counts(app)
    set_and_wait(app, **change)
    done = {n for n in ran(app, before) if not n.startswith("view ")}
    graph = app._job.graph
    assert first in done
    assert all(first in graph.ancestors(n) or n == "against" for n in done)


def test_the_rank_stops_at_the_factors(app):
    before = counts(app)
    set_and_wait(app, rank=3)
    assert "factors" not in ran(app, before)
    assert "derivative" in ran(app, before)


def test_a_step_evaluates_once(app):
    learned(app, 2)
    before = counts(app)
    learned(app, 1)
    after = counts(app)
    nodes = {n for n in ran(app, before) if not n.startswith("view ")}
    assert nodes <= NEW_WEIGHTS
    assert all(after[n] == before[n] + 1 for n in nodes - {"weights"})


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_learning_equals_the_library(optimizer):
    app = opened(ex.LearningExplorer, optimizer=optimizer())
    learned(app, 4)
    scene = ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)
    flow = ex.LinearizedFlow(scene.distances)
    learner = ex.Learner(
        flow, scene.labels, gradient=ex.LowRankGradient(dim=6), optimizer=optimizer()
    )
    trace = learner.run(4)
    np.testing.assert_array_equal(app.trace.loss, trace.loss)
    np.testing.assert_array_equal(app.data.weights, learner.weights)
    app.close()


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("loss", LOSSES)
def test_all_methods_and_losses_have_a_picture_and_code(gradient, loss):
    app = ex.LearningExplorer(size=8, noise=0.3, loss=loss(), gradient=gradient())
    assert app.wait(60.0)
    learned(app, 1)
    assert (app.frame.problem, app.frame.errors, app.frame.complaints) == ("", {}, {})
    space = {}
    exec(app.code(), space)
    assert space["numbers"] == pytest.approx(app.numbers, rel=1e-9)
    app.close()


def test_a_method_that_does_not_fit_says_what_it_needs_and_recovers(monkeypatch, app):
    from explorer.flow import integrators

    monkeypatch.setattr(integrators, "fits", lambda needed: False)
    frame = app.frame
    set_and_wait(app, gradient=ex.FactoredSVD())
    said = " ".join([app.frame.problem, *app.frame.complaints.values()])
    assert "FactoredSVD" in said
    monkeypatch.undo()
    app.undo()
    assert app.wait()
    same_panels(app.frame, frame)


def test_pausing_stops_a_long_run(app):
    app.run(1_000_000)
    deadline = time.monotonic() + 10
    while app.frame.moment.run.steps < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    app.pause()
    assert app.wait(2.0)
    steps = app.trace.sizes["step"]
    assert steps == app.frame.moment.run.steps + 1
    time.sleep(0.1)
    assert app.trace.sizes["step"] == steps
    assert not app.frame.running


def test_single_steps_add_up(app):
    for _ in range(5):
        app.step()
    assert app.wait()
    assert app.trace.step.values[-1] == 5


def test_a_new_ground_truth_starts_anew_and_undo_brings_the_weights_back(app):
    learned(app, 3)
    frame, state = app.frame, app.frame.moment.run.state
    set_and_wait(app, noise=0.31)
    assert app.frame.moment.run.steps == 3
    app.undo()
    assert app.wait()
    set_and_wait(app, seed=5)
    assert app.frame.moment.run.steps == 0
    app.undo()
    assert app.wait()
    assert app.frame.moment.run.state is state
    same_panels(app.frame, frame)
    app.reset()
    assert app.wait()
    assert app.frame.moment.run.steps == 0
    app.undo()
    assert app.wait()
    same_panels(app.frame, frame)


def test_a_radius_changes_what_weights_are(app):
    learned(app, 2)
    set_and_wait(app, radius=2)
    assert app.frame.moment.run.steps == 0
    assert app.data.weights.sizes["offset"] == 25
    learned(app, 1)
    assert app.frame.problem == ""


def test_a_change_of_settings_is_a_mark_on_the_curve(app):
    learned(app, 2)
    set_and_wait(app, time=7.0)
    learned(app, 1)
    assert app.frame.panels["error"].marks == ((2.0, "time"),)


def test_the_last_record_belongs_to_the_settings_on_screen(app):
    learned(app, 2)
    set_and_wait(app, time=7.0)
    assert float(app.trace.loss[-1]) == app.numbers["loss"]
    assert float(app.data.loss[-1]) == app.numbers["loss"]
    assert app.trace.sizes["step"] == 3


def test_a_step_that_leaves_the_numbers_is_said_beside_its_control():
    app = opened(
        ex.LearningExplorer,
        size=8,
        pixel=(4, 4),
        optimizer=ex.MomentumDescent(step=1e4),
    )
    learned(app, 200)
    run = app.frame.moment.run
    assert run.steps == len(run.records) - 1
    if run.steps < 200:
        assert app.frame.complaints or app.frame.problem
    app.close()


def test_what_is_asked_for_during_a_restoration_follows_it(app):
    learned(app, 5)
    state = app.state
    app.load(state)
    app.set(time=9.0)
    assert app.wait()
    assert app.frame.moment.run.steps == 5
    assert app.frame.moment.settings["time"] == 9.0


def test_a_restoration_can_be_stopped(app):
    learned(app, 3)
    state = app.state
    state["run"][0][1] = 100_000
    app.load(state)
    deadline = time.monotonic() + 10
    while app.frame.moment.run.steps < 5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    app.pause()
    assert app.wait(2.0)
    assert 5 <= app.frame.moment.run.steps < 100_000


def test_a_preset_that_changes_the_method_works_with_every_method(app):
    set_and_wait(app, gradient=ex.EulerAdjoint())
    app.preset("m too small")
    app.set(noise=0.5)
    assert app.wait()
    settings = app.frame.moment.settings
    assert settings["gradient"] == ex.LowRankGradient(dim=2)
    assert settings["noise"] == 0.5


def test_a_wish_that_a_pause_drops_is_heard(app):
    learned(app, 3)
    state = app.state
    state["run"][0][1] = 100_000
    app.load(state)
    app._wish({"noise": 0.77}, ("v", 7))
    app.pause()
    assert app.wait(2.0)
    assert app.frame.heard == {"v": 7}
    assert app.frame.moment.settings["noise"] != 0.77


def test_a_link_leaves_out_an_image_that_the_scene_does_not_use(app):
    set_and_wait(app, image=("mine.png", picture()), scene="upload")
    set_and_wait(app, scene="colors")
    twin = ex.LearningExplorer(link=app.link)
    assert twin.wait()
    assert twin.numbers == app.numbers
    twin.close()


def test_pixels_do_not_travel_with_each_frame(app):
    set_and_wait(app, image=("mine.png", picture()), scene="upload")
    assert app.content["values"]["image"] == {"name": "mine.png", "shape": [9, 14, 3]}


OLD = {
    "schema": 1,
    "kind": "explorer.LearningExplorer",
    "settings": {
        "scene": "colors", "size": 12, "seed": 0, "labels": 8, "noise": 0.3,
        "rho": 0.5, "dim": 6, "time": 7.0, "rank": 2, "step": 1.7, "tau": 0.0,
    },
}  # fmt: skip


def test_a_state_of_the_first_schema_gives_its_numbers(app):
    before = {**OLD["settings"], "time": 5.0}
    app.load({**OLD, "history": [{"settings": before, "steps": 2}]})
    assert app.wait()
    scene = ex.voronoi_scene("colors", size=12, noise=0.3, seed=0)
    flow = ex.LinearizedFlow(scene.distances, rho=0.5)
    options = {
        "gradient": ex.LowRankGradient(dim=6, rank=2),
        "optimizer": ex.RiemannianDescent(step=1.7),
    }
    learner = ex.Learner(flow, scene.labels, time=5.0, **options)
    learner.run(2)
    weights = learner.weights
    last = ex.Learner(flow, scene.labels, time=7.0, initial_weights=weights, **options)
    assert app.numbers["loss"] == float(last.run(0).loss[-1])
    np.testing.assert_array_equal(app.data.weights, weights)


@pytest.mark.parametrize("spoil", ["kind", "settings", "history"])
def test_a_spoiled_state_of_the_first_schema_is_refused(app, spoil):
    state = {**OLD, "history": []}
    with pytest.raises(ValueError, match="`state` must"):
        app.load({k: v for k, v in state.items() if k != spoil})


def picture(rows=9, cols=14):
    rng = np.random.default_rng(3)
    return rng.random((rows, cols, 3))


def test_an_image_of_ones_own_is_part_of_state_and_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = ex.LearningExplorer(picture(), labels=3, noise=0.1, dim=6, pixel=(2, 2))
    assert app.wait()
    learned(app, 2)
    twin = opened(ex.LearningExplorer)
    twin.load(app.state)
    assert twin.wait()
    same_panels(app.frame, twin.frame)
    space = {}
    exec(app.code(), space)
    assert space["numbers"] == app.numbers
    assert len(re.sub(r"\s", "", app.content["code"])) < len(app.code())
    with pytest.raises(ValueError, match=r"`image` must .*upload"):
        ex.LearningExplorer(link=app.link)
    app.close()
    twin.close()


def test_an_uploaded_file_becomes_the_scene(app):
    data = io.BytesIO()
    Image.fromarray((255 * picture()).astype(np.uint8)).save(data, "PNG")
    upload(app, "mine.png", data.getvalue())
    assert app.frame.moment.settings["scene"] == "upload"
    assert app.frame.panels["picture"].image.shape == (9, 14, 3)
    app.undo()
    assert app.wait()
    assert app.frame.moment.settings["scene"] == "colors"


def upload(app, name, content):
    message = {"kind": "file", "control": "image", "name": name, "size": len(content)}
    app._hear({**message, "id": "v", "n": 1}, [content])
    assert app.wait()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "cannot be read"), (b"\x89PNG" + 99 * b"?", "cannot be read as an image")],
)
def test_a_bad_upload_is_explained_and_touches_nothing(app, content, words):
    frame = app.frame
    upload(app, "bad.png", content)
    assert words in app.frame.complaints["image"]
    same_panels(app.frame, frame)


@pytest.mark.parametrize(
    "given",
    [
        {"size": 1}, {"size": 2}, {"noise": 0.0}, {"noise": 10.0}, {"time": 0.0},
        {"time": 1e4}, {"rho": 1e-6}, {"rho": 1e6}, {"dim": 200}, {"dim": 1},
        {"scene": "astronaut", "labels": 1}, {"radius": 7}, {"pixel": (4000, 4000)},
    ],
)  # fmt: skip
def test_degenerate_settings_have_a_picture_or_a_message(given):
    app = opened(ex.LearningExplorer, **given)
    app.show(*(view.name for view in app.plan.views))
    assert app.wait(60.0)
    frame = app.frame
    assert "picture" in frame.panels
    for name, text in frame.errors.items():
        assert "`" in text, (name, text)
    assert frame.readouts or frame.problem or frame.complaints
    app.close()


def test_an_impossible_record_is_refused_beside_its_field(app):
    with pytest.raises(ValueError, match="`rank`"):
        app.set(rank=9)
    app._wish({"gradient": {"LowRankGradient": {"rank": 9}}})
    assert app.wait()
    assert "`rank`" in app.frame.complaints["gradient.rank"]
    set_and_wait(app, rank=2)
    assert app.frame.complaints == {}


def test_fields_of_records_build_on_each_other(app):
    app.set(dim=8)
    app.set(rank=4)
    app.set(dim=5, rank=2)
    assert app.wait()
    assert app.frame.moment.settings["gradient"] == ex.LowRankGradient(dim=5, rank=2)


@pytest.mark.parametrize("value", [2.0, 0.777, 0.1 + 0.2, 1e-3])
def test_a_value_is_kept_to_the_last_digit(app, value):
    set_and_wait(app, step=value)
    optimizer = app.frame.moment.settings["optimizer"]
    assert optimizer.step == value
    assert f"step={value!r}" in app.code() or value == 2.0


def test_an_integrator_that_does_not_fit_says_so_at_its_control(app, monkeypatch):
    app.show("by-integrator")
    monkeypatch.setattr("explorer.flow.integrators.fits", lambda needed: False)
    set_and_wait(app, integrator=ex.DenseExponential())
    assert "dense exponential" in app.frame.complaints["integrator"]
