"""The simplex explorer in the browser: a point is dragged through the triangle."""

import pytest

from tests.browser import pages
from tests.browser.desks import in_voila
from tests.browser.pages import readout, wait_for

pytestmark = pytest.mark.browser

CELL = "import explorer as ex\nex.SimplexExplorer(size=32)"
NAME = "simplex.ipynb"


def test_a_point_is_dragged_through_the_triangle(browser, voila, workdir):
    pages.write_cells(workdir, [CELL], NAME)
    with in_voila(browser, voila, name=NAME) as page:
        figure = page.locator("[data-view=maps] .laf-figure")
        box = figure.bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        first = float(readout(page, "label 0 p₀").input_value())
        page.mouse.move(*middle)
        page.mouse.down()
        for left in (20, 40, 60):
            page.mouse.move(middle[0] - left, middle[1] + left / 4, steps=4)
        page.mouse.up()

        def moved():
            now = float(readout(page, "label 0 p₀").input_value())
            return now if now != first else None

        last = wait_for(page, moved)
        page.keyboard.press("Control+z")  # the whole drag is one step
        wait_for(
            page,
            lambda: float(readout(page, "label 0 p₀").input_value()) == first,
        )
        assert last > 0.45  # nearer to the left corner, where p₀ = 1
        assert page.watch.problems == []
