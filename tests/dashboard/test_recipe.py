"""The code of a dashboard names every setting, with all its digits, where it counts."""

from __future__ import annotations

import ast
from dataclasses import fields, replace

import pytest

from explorer.dashboard.model import Segment, Settings
from explorer.dashboard.recipe import to_code

OTHER = {
    "size": 17, "seed": 3, "noise": 0.123456789012345, "rho": 1 / 3, "dim": 7,
    "time": 2 / 7, "rank": 2, "step": 0.1 + 0.2, "tau": 1e-5 / 3,
}  # fmt: skip
"""Values beside the defaults; no slider has so many digits."""

names = pytest.mark.parametrize("name", OTHER)


def said(code):
    """The last value of each keyword in a program, by name."""
    calls = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call)]
    calls.sort(key=lambda call: call.lineno)
    return {
        word.arg: ast.literal_eval(word.value)
        for call in calls
        for word in call.keywords
        if isinstance(word.value, ast.Constant | ast.UnaryOp)
    }


def test_these_are_all_settings():
    assert {f.name for f in fields(Settings)} == {*OTHER, "scene", "labels"}


@names
def test_a_setting_that_differs_is_named(name):
    settings = replace(Settings(), **{name: OTHER[name]})
    assert said(to_code(settings, []))[name] == OTHER[name]


@names
def test_a_setting_that_differs_in_a_later_segment_is_named(name):
    changed = replace(Settings(), **{name: OTHER[name]})
    history = [Segment(Settings(), 2), Segment(changed, 1)]
    code = to_code(changed, history)
    first, last = code.split("initial_weights=learner.weights")
    start = last if name in ("rank", "step") else code
    assert said(code)[name] == OTHER[name]
    assert said(first[: first.index("trace =")])[name] == getattr(Settings(), name)
    assert code.count("learner = ex.Learner(") == 2
    assert "steps=1" in start


@names
def test_a_setting_that_was_changed_after_learning_is_named(name):
    changed = replace(Settings(), **{name: OTHER[name]})
    code = to_code(changed, [Segment(Settings(), 2)])
    assert said(code)[name] == OTHER[name]
    assert said(code)["steps"] == 0


@pytest.mark.parametrize("scene", ["lines", "rocket", "upload"])
def test_scene_and_labels_are_named(scene):
    code = to_code(replace(Settings(), scene=scene, labels=5), [])
    assert scene == "upload" or f'"{scene}"' in code
    if scene != "lines":
        assert said(code)["labels"] == 5


def test_what_has_not_changed_is_not_computed_again():
    changed = replace(Settings(), step=0.5)
    code = to_code(changed, [Segment(Settings(), 1), Segment(changed, 1)])
    assert code.count("scene = ") == code.count("flow = ") == 1
