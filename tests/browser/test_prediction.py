"""The prediction explorer in a browser: scores that fit, a tap, a training step."""

import pytest

from tests.browser.desks import in_voila, quiet
from tests.browser.pages import click, wait_for

pytestmark = pytest.mark.browser

NAME = "explore_prediction.ipynb"
WIDTH = "(e) => e.getBoundingClientRect().width"
CROPPED = "(e) => e.scrollWidth > e.clientWidth"


def card(page, view):
    return page.locator(f"[data-view={view}]")


@pytest.mark.parametrize(("width", "table"), [(1440, 2), (1280, 2), (390, 1)])
def test_the_scores_fit_into_the_card_of_the_table(browser, voila, width, table):
    with in_voila(browser, voila, name=NAME, width=width) as page:
        one, methods = (card(page, v).evaluate(WIDTH) for v in ("picture", "methods"))
        gap = 10 * (table - 1)
        assert methods == pytest.approx(table * one + gap, abs=1)
        assert not card(page, "methods").locator(".laf-sheet").evaluate(CROPPED)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert page.watch.problems == []


def test_a_tap_asks_who_speaks_and_a_step_trains(browser, voila):
    with in_voila(browser, voila, name=NAME) as page:
        title = card(page, "speakers").locator("h2")
        assert title.inner_text() == "Speakers at 31, 36"
        box = card(page, "picture").locator(".laf-figure").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        wait_for(page, lambda: title.inner_text() != "Speakers at 31, 36")
        quiet(page)
        alt = card(page, "training").locator(".laf-figure").get_attribute("aria-label")
        click(page, "Step")
        quiet(page)
        figure = card(page, "training").locator(".laf-figure")
        wait_for(page, lambda: figure.get_attribute("aria-label") != alt)
        assert page.watch.problems == []
