"""The flow explorer in the browser: the time slider moves by itself, and stops."""

import pytest

from tests.browser import pages
from tests.browser.desks import in_voila, quiet
from tests.browser.pages import column, readout, wait_for, wait_for_change

pytestmark = pytest.mark.browser

CELL = "import explorer as ex\nex.FlowExplorer(size=32)"
NAME = "flow.ipynb"
LABELS = "linear-labels"
TIME = "time t"


@pytest.fixture
def flow(browser, voila, workdir):
    """The flow explorer on a small scene."""
    pages.write_cells(workdir, [CELL], NAME)
    with in_voila(browser, voila, name=NAME) as page:
        yield page
        assert page.watch.problems == []
        assert page.watch.external == set()


def now(page):
    return float(readout(page, TIME).input_value())


def button(page, verb):
    return page.get_by_role("button", name=f"{verb} {TIME}", exact=True)


def test_the_time_plays_and_stops_where_it_is_told_to(flow):
    labels = column(flow, LABELS, "image")
    button(flow, "play").click()
    wait_for_change(flow, labels, LABELS, "image")
    wait_for(flow, lambda: now(flow) > 6.0)
    button(flow, "pause").click()
    stopped = now(flow)
    quiet(flow)
    assert now(flow) == stopped
    entropy = flow.locator("[data-view=entropy] .laf-figure")
    assert f"t = {stopped:g}" in entropy.get_attribute("aria-label")
    assert button(flow, "play").is_visible()
    pages.click(flow, "Undo")  # the whole ride is one step
    wait_for(flow, lambda: now(flow) == 5.0)


def test_it_ends_at_the_end_and_begins_again_from_the_start(flow):
    pages.press(flow, TIME, "End")
    pages.press(flow, TIME, "ArrowLeft", 3)
    quiet(flow)
    button(flow, "play").focus()
    flow.keyboard.press("Enter")
    wait_for(flow, lambda: now(flow) == 15.0 and button(flow, "play").is_visible())
    flow.keyboard.press("Enter")
    wait_for(flow, lambda: 0.1 <= now(flow) < 3.0)
    assert button(flow, "pause").is_visible()


@pytest.mark.parametrize("by", ["key", "pointer"])
def test_a_hand_on_the_slider_stops_it(flow, by):
    button(flow, "play").click()
    wait_for(flow, lambda: now(flow) > 5.3)
    if by == "key":
        pages.press(flow, TIME, "Home")
    else:
        pages.drag(flow, TIME, 0.2)
    assert button(flow, "play").is_visible()
    quiet(flow)
    assert now(flow) < 4.0
