"""The labels and units of all controls are whole, whatever is chosen."""

import pytest

from tests.browser import pages
from tests.browser.desks import control, in_voila, quiet

pytestmark = pytest.mark.browser

CUT = """() => [...document.querySelectorAll(
    ".laf-knob .laf-head, .laf-knob label, .laf-knob label > span, .laf-unit")]
  .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth)
  .map((e) => `${e.closest(".laf-knob").dataset.name}: ${e.textContent}`)"""
OPEN = """() => document.querySelectorAll(".laf-rail details")
  .forEach((details) => { details.open = true; })"""
CELL = "import explorer as ex\nex.LearningExplorer(size=8, labels=3, pixel=(2, 2))"
NAME = "controls.ipynb"
SIZES = ((1440, 900), (1280, 720), (1000, 700), (390, 844))


@pytest.fixture
def small(browser, voila, workdir):
    """The learning explorer on a few pixels, all groups unfolded."""
    pages.write_cells(workdir, [CELL], NAME)
    with in_voila(browser, voila, name=NAME) as page:
        page.evaluate(OPEN)
        yield page
        assert page.watch.problems == []


def test_no_label_and_no_unit_is_cut_whatever_is_chosen(small):
    seen = set()
    for width, height in SIZES:
        small.set_viewport_size({"width": width, "height": height})
        small.wait_for_timeout(300)
        small.evaluate(OPEN)
        for name in ("gradient", "optimizer", "loss"):
            select = control(small, name).locator("select").first
            for label in select.locator("option").all_inner_texts():
                select.select_option(label=label)
                seen.add(label)
                assert small.evaluate(CUT) == [], (width, label)
        quiet(small)
    assert len(seen) > 10


BEYOND = """() => {
  const context = document.createElement("canvas").getContext("2d");
  const figures = Bokeh.documents.flatMap((d) => [...d._all_models.values()])
    .filter((m) => m.type === "Figure");
  const sides = figures.flatMap((f) => [
    ...f.below.map((axis) => [axis, f.inner_width]),
    ...f.left.map((axis) => [axis, f.inner_height])]);
  return sides.filter(([axis, room]) => {
    const { axis_label_text_font_size: size, axis_label_text_font: font } = axis;
    context.font = `${size} ${font}`;
    return axis.visible && context.measureText(axis.axis_label ?? "").width > room;
  }).map(([axis, room]) => `${axis.axis_label}: ${room}`);
}"""


def test_no_label_of_an_axis_is_longer_than_its_axis(small):
    for width, height in (*SIZES, (1210, 500)):
        small.set_viewport_size({"width": width, "height": height})
        small.wait_for_timeout(500)
        assert small.evaluate(BEYOND) == [], width
