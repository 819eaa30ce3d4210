"""Strokes and picks in an explorer: what they change, keep, and undo."""

import numpy as np
import pytest

import explorer as ex
from tests.dashboards.contract import TINY, set_and_wait

STROKES = ex.Stroke([(2, 2), (2, 9)], 1), ex.Stroke([(8, 3)], 4, 5, "picture")


@pytest.fixture
def app():
    app = ex.LearningExplorer(**TINY)
    assert app.wait()
    yield app
    app.close()


def wish(app, number, **values):
    app._hear({"kind": "set", "values": values, "n": number, "id": "page"})
    assert app.wait()


def scene(**changes):
    return ex.voronoi_scene("colors", **{"size": 12, "noise": 0.3, **changes})


def test_strokes_change_the_scene_as_paint_does(app):
    set_and_wait(app, strokes=STROKES)
    painted = ex.paint(scene(), STROKES)
    np.testing.assert_array_equal(app.data.labels, painted.labels)
    np.testing.assert_allclose(app.data.image, painted.image, atol=1e-15)
    assert app.state["settings"]["strokes"][1] == {
        "points": [[8, 3]], "label": 4, "size": 5, "on": "picture",
    }  # fmt: skip


def test_painting_keeps_the_learned_weights(app):
    app.run(3)
    assert app.wait()
    learned = app.data.weights.values
    set_and_wait(app, strokes=STROKES)
    assert app.frame.step == "step 3"
    np.testing.assert_array_equal(app.data.weights, learned)
    app.run(1)
    assert app.wait()
    assert app.frame.step == "step 4"


def test_each_stroke_is_a_step_of_undo(app):
    for number, label in enumerate((1, 2, 3)):
        wish(app, number, strokes={"add": {"points": [[label, 4]], "label": label}})
    for left in (2, 1, 0):
        app.undo()
        assert app.wait()
        assert len(app.state["settings"]["strokes"]) == left


def test_a_label_that_is_not_there_is_said_at_the_brush(app):
    wish(app, 1, strokes={"add": {"points": [[3, 4]], "label": 8}})
    assert "labels from 0 to 7" in app.frame.complaints["strokes"]
    wish(app, 2, strokes={"drop": True})
    assert app.frame.complaints == {}
    wish(app, 3, strokes={"add": {"points": "x"}})
    assert "`strokes` must be" in app.frame.complaints["strokes"]
    assert app.state["settings"]["strokes"] == []


def test_picks_are_the_prototypes(app):
    picks = ((0, 0), (3, 7), (11, 11))
    set_and_wait(app, picks=picks, strokes=STROKES[:1])
    wanted = ex.paint(ex.pick_prototypes(scene(), picks), STROKES[:1])
    np.testing.assert_array_equal(app.data.labels, wanted.labels)
    assert app.data.sizes["label"] == 3
    set_and_wait(app, size=8)
    assert "`picks` must lie in the image of 8 × 8" in app.frame.complaints["picks"]
    set_and_wait(app, picks=())
    assert app.frame.complaints == {}
