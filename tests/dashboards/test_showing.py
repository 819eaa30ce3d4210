"""Figures of the paper as widgets."""

from __future__ import annotations

import pytest
import xarray as xr
from bokeh.models import Widget

import explorer as ex
from explorer.experiments.figures import FIGURES
from explorer.kit.figure import LiveFigure

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


def test_a_figure_becomes_a_widget():
    data = ex.experiments.figure1(ex.experiments.Setup(size=8, scenes=1, steps=0))
    widget = ex.show(data)
    title, live, caption = widget.children
    assert "Figure 1. Two labeling problems" in title.value
    assert "means over 1 scene:" in caption.value
    assert isinstance(live, LiveFigure)
    widget.close()
    assert title.comm is None
    assert live.comm is None


@pytest.mark.parametrize("number", FIGURES)
def test_no_model_is_from_a_bundle_that_views_do_not_load(number):
    """Bokeh keeps its widgets, such as Div, apart."""
    setup = ex.experiments.Setup(size=8, scenes=1, steps=1)
    widget = ex.show(FIGURES[number][0](setup))
    models = widget.live._roots[0].references()
    assert len(models) > 10
    assert not [model for model in models if isinstance(model, Widget)]
    widget.close()


@pytest.mark.parametrize("number", FIGURES)
def test_what_lacks_a_part_is_refused(number):
    with pytest.raises(ValueError, match=f"`data` lacks a part of figure {number}"):
        ex.show(xr.Dataset(attrs={"figure": number}))


@pytest.mark.parametrize(
    "data",
    [None, xr.Dataset()] + [xr.Dataset(attrs={"figure": f}) for f in (9, [1, 2], "1")],
)
def test_what_is_no_figure_is_refused(data):
    with pytest.raises(ValueError, match="belongs to no figure"):
        ex.show(data)
