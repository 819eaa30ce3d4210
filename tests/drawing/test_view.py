"""A view is a function: its name, its parameters, and its annotation say all."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from explorer import panels
from explorer.drawing.view import KINDS, View, view, view_of
from explorer.panels import Curves, Grid
from tests.drawing import samples


@view(series=2, log=True, hidden=True)
def two_curves(run, scene) -> Curves:
    return Curves(run, "x", "y", [scene])


def test_a_decorated_function_is_a_view():
    assert isinstance(two_curves, View)
    assert two_curves.name == "two-curves"
    assert two_curves.needs == ("run", "scene")
    assert two_curves.kind is Curves
    assert (two_curves.series, two_curves.log, two_curves.hidden) == (2, True, True)


def test_a_panel_takes_only_what_it_needs():
    class OnDemand(dict):
        def __missing__(self, name):
            asked.append(name)
            return name

    asked = []
    panel = two_curves.panel(OnDemand())
    assert (panel.title, list(panel.series)) == ("run", ["scene"])
    assert asked == ["run", "scene"]


def test_annotations_may_be_classes_or_names_in_a_module():
    def bare(x):
        return Grid("", np.eye(2))

    bare.__annotations__["return"] = Grid
    assert View(bare).kind is Grid
    bare.__annotations__["return"] = "panels.Grid"
    assert View(bare).kind is panels.Grid


@pytest.mark.parametrize("annotation", ["Nothing", int, None])
def test_what_returns_no_panel_is_refused(annotation):
    def bare():
        return 1

    if annotation is not None:
        bare.__annotations__["return"] = annotation
    with pytest.raises(TypeError, match="`draw` must have one of Picture, Labels"):
        View(bare)


@pytest.mark.parametrize("name", samples.KINDS)
def test_a_view_of_a_panel_returns_it(name):
    panel = samples.KINDS[name]
    shown = view_of(name, panel)
    assert shown.name == name
    assert shown.needs == ()
    assert shown.kind is type(panel)
    assert shown.panel({}) is panel


def test_every_kind_of_panel_has_a_sample():
    assert {type(panel) for panel in samples.KINDS.values()} == set(KINDS.values())


def test_views_load_no_bokeh():
    code = "import sys, explorer.drawing.view; print('bokeh' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
