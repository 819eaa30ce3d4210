"""Figures of the paper as widgets."""

from __future__ import annotations

import pytest
import xarray as xr

import explorer as ex
from explorer.dashboard.bridge import LiveFigure


def test_a_figure_becomes_a_widget():
    data = ex.experiments.figure1(ex.experiments.Setup(size=8, scenes=1, steps=0))
    widget = ex.show(data)
    assert isinstance(widget, LiveFigure)
    widget.close()


@pytest.mark.parametrize("data", [None, xr.Dataset(), xr.Dataset(attrs={"figure": 9})])
def test_what_is_no_figure_is_refused(data):
    with pytest.raises(ValueError, match="belongs to no figure"):
        ex.show(data)
