"""The notebooks of the paper's figures in JupyterLab: drawn and whole."""

from __future__ import annotations

import pytest

from tests.browser import pages
from tests.servers import ROOT

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(p.name for p in (ROOT / "notebooks").glob("figure_*.ipynb"))

PLOTS = """() => (window.Bokeh?.documents ?? [])
  .flatMap((d) => d.roots()).flatMap((r) => [...r.references()])
  .filter((m) => m.type === "Figure").length"""
OVERFLOW = """() => {
  const box = document.querySelector(".jp-OutputArea .widget-vbox");
  return box.scrollWidth - box.clientWidth;
}"""


def test_there_is_a_notebook_for_each_figure():
    assert [name.split("_")[1] for name in NOTEBOOKS] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_figure_is_drawn_in_its_notebook(page, lab, name):
    pages.run_notebook(page, lab, name)
    title = page.get_by_role("heading", name=f"Figure {name.split('_')[1]}.")
    figure = page.locator(".jp-OutputArea .widget-vbox").filter(has=title)
    figure.locator("[data-ready=true]").wait_for(state="attached")
    assert page.get_by_text("cannot be shown").count() == 0
    pages.wait_for(page, lambda: page.evaluate(PLOTS) >= 2)
    assert page.evaluate(OVERFLOW) <= 0  # nothing is cut off on the right
