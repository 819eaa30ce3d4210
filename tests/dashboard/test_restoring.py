"""A state and the code give the numbers back, whatever was done before."""

import json
import random
import time

import numpy as np
import pytest

import explorer as ex
from explorer.dashboard import recipe

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

NUMBERS = ("loss", "error_percent", "gradient_norm", "singular_values")


@pytest.fixture
def made():
    """Make explorers that are closed at the end."""
    explorers = []

    def make(**settings):
        explorers.append(ex.LearningExplorer(**{"size": 7, "dim": 5, **settings}))
        assert explorers[-1].wait()
        return explorers[-1]

    yield make
    for explorer in explorers:
        explorer.close()


def numbers(app):
    return {name: app.trace[name].values for name in NUMBERS}


def assert_same(one, other):
    for name in NUMBERS:
        np.testing.assert_array_equal(one[name], other[name])


def ran(code):
    namespace = {}
    exec(code.replace("print(", "result = ("), namespace)
    return namespace["result"]


def shown(app):
    return float(app.trace.loss[-1]), float(app.trace.error_percent[-1])


def picture(rng, kind):
    array = np.random.default_rng(rng.randrange(99)).random((5, 6, 3))
    return array if kind == "float" else np.round(array * 255).astype(np.uint8)


CHANGES = {
    "rho": lambda rng: rng.uniform(0.2, 1.0),
    "time": lambda rng: rng.uniform(0.0, 9.0),
    "noise": lambda rng: rng.uniform(0.0, 0.9),
    "dim": lambda rng: rng.randint(3, 9),
    "rank": lambda rng: rng.randint(1, 3),
    "tau": lambda rng: rng.uniform(0.0, 1e-4),
    "step": lambda rng: rng.uniform(0.3, 4.0),
    "size": lambda rng: rng.randint(5, 8),
    "seed": lambda rng: rng.randint(0, 3),
    "labels": lambda rng: rng.randint(2, 4),
    "scene": lambda rng: rng.choice(["colors", "lines", "coffee"]),
}


def do_something(app, rng):
    """Do one thing that a person may do, at once or while something is computed."""
    kind = rng.choice(["run", "run", "set", "set", "set", "reset", "upload", "back"])
    if kind == "run":
        app.run(rng.randint(0, 3))
    elif kind == "set":
        name = rng.choice(sorted(CHANGES))
        app.set(**{name: CHANGES[name](rng)})
    elif kind == "reset" and rng.random() < 0.4:
        app.reset()
    elif kind == "upload" and rng.random() < 0.4:
        app._worker.post(image=ex.read_image(picture(rng, rng.choice("fu"))))
    elif kind == "back":
        app.load(app.state)
    if rng.random() < 0.6:
        assert app.wait()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_done_state_and_code_give_the_numbers(made, seed):
    rng = random.Random(seed)
    app = made()
    for _ in range(8):
        do_something(app, rng)
    assert app.wait()
    state = json.loads(json.dumps(app.state))
    other = made(noise=0.1, time=2.0)
    other.run(1)
    other.load(state)
    assert other.wait()
    assert_same(numbers(other), numbers(app))
    assert other.state == app.state
    assert other.trace.attrs == app.trace.attrs
    assert ran(app.code()) == shown(app)


def test_the_last_step_under_other_settings_is_restored(made):
    app = made()
    app.run(4)
    assert app.wait()
    app.set(rho=0.6)
    assert app.wait()
    other = made()
    other.load(app.state)
    assert other.wait()
    assert_same(numbers(other), numbers(app))
    assert (
        other.panel.status.value.split(",")[1] == app.panel.status.value.split(",")[1]
    )


def test_a_restored_state_is_shown_whole_or_not_at_all(made):
    app = made(time=3.0)
    app.run(40)
    assert app.wait()
    app.set(rho=0.6)
    assert app.wait()
    wanted, other = app.state, made()
    before, seen = other.state, []
    title = other.figure._models["labeling-error-title"]
    other.load(wanted)
    while not other.wait(0.0):
        seen.append((other.state, other.trace.sizes["step"], title.text))
        time.sleep(0.002)
    assert len(seen) > 3
    for state, steps, text in seen:
        assert (state, steps) in [(before, 1), (wanted, 41)]
        assert text.endswith((" 0", " 40"))
    assert other.state == wanted


def test_what_is_asked_for_during_a_restoration_follows_it(made):
    app = made()
    app.run(5)
    assert app.wait()
    other = made()
    other.load(app.state)
    other.set(rho=0.7)
    other.run(2)
    app.set(rho=0.7)
    app.run(2)
    assert app.wait()
    assert other.wait()
    assert other.state == app.state
    assert_same(numbers(other), numbers(app))


@pytest.mark.parametrize("end", ["pause", "reset"])
def test_an_abandoned_restoration_leaves_controls_that_tell_the_truth(made, end):
    app = made(time=3.0)
    app.run(1)
    assert app.wait()
    app.set(time=4.0)
    assert app.wait()
    state = app.state
    state["history"][0]["steps"] = 50_000
    other = made()
    other.load(state)
    while not other.panel.progress.value > 3:
        time.sleep(0.01)
    getattr(other, end)()
    assert other.wait()
    settings = other.state["settings"]
    assert settings["time"] == {"pause": 3.0, "reset": 4.0}[end]
    assert other.panel.controls["time"].widget.value == settings["time"]
    assert len(other.state["history"]) == (end == "pause")
    assert ran(other.code()) == shown(other) if end == "reset" else True


@pytest.mark.parametrize("kind", ["uint8", "float"])
def test_an_uploaded_image_is_part_of_state_and_code(made, kind):
    app = made(image=picture(random.Random(1), kind), labels=3)
    app.run(2)
    assert app.wait()
    state = json.loads(json.dumps(app.state))
    assert state["image"]["dtype"] == ("uint8" if kind == "uint8" else "float64")
    other = made()
    other.load(state)
    assert other.wait()
    assert_same(numbers(other), numbers(app))
    assert other.panel.controls["scene"].widget.value == "upload"
    assert ran(app.code()) == shown(app)
    assert len(recipe.readable(app.code())) < 1500


@pytest.mark.parametrize(
    "spoil",
    [
        {"shape": [5, 6, 2]},
        {"shape": [10**6, 10**6, 3]},
        {"shape": [4, 6, 3]},
        {"dtype": "object"},
        {"data": "c-"},
        {"data": None},
        {"name": None, "shape": None},
    ],
)
def test_a_spoiled_image_is_refused_and_nothing_is_lost(made, spoil):
    app = made(image=picture(random.Random(1), "uint8"), labels=3)
    state = app.state
    state["image"].update(spoil)
    before = app.state
    with pytest.raises(ValueError, match="`state` must hold its image"):
        app.load(state)
    assert app.state == before


def test_a_state_without_its_image_is_refused(made):
    app = made(image=picture(random.Random(1), "uint8"), labels=3)
    state = app.state
    del state["image"]
    with pytest.raises(ValueError, match="`state` must hold the uploaded image"):
        app.load(state)


def test_a_history_of_several_scenes_is_refused(made):
    app = made()
    app.run(1)
    assert app.wait()
    state = app.state
    state["settings"]["seed"] = 5
    with pytest.raises(ValueError, match="`state` must hold steps on one scene"):
        app.load(state)


OTHER = {
    "size": 6, "seed": 2, "noise": 0.31, "rho": 0.71, "dim": 6, "time": 4.3, "rank": 2,
    "step": 1.7, "tau": 1e-5, "scene": "lines",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_the_code_names_a_setting_that_differs(made, name):
    app = made(**{name: OTHER[name]})
    app.run(2)
    assert app.wait()
    said = f'"{OTHER[name]}"' if name == "scene" else f"{name}={OTHER[name]!r}"
    assert said in app.code()
    assert ran(app.code()) == shown(app)


def test_the_code_names_the_number_of_labels(made):
    app = made(scene="coffee", labels=3)
    assert "labels=3" in app.code()
    assert ran(app.code()) == shown(app)
