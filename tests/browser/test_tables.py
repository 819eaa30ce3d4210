"""Views that are tables: text in their card, and files as before."""

import pytest

from tests.browser import pages
from tests.browser.desks import in_voila, option, quiet, typed
from tests.browser.pages import wait_for

pytestmark = pytest.mark.browser

CELL = """
from explorer import kit, params
from explorer.panels import Table
from explorer.settings import Number

def numbers(noise):
    return {"noise": noise}

@kit.view()
def costs(noise) -> Table:
    "What each method costs."
    named = [f"method {k} of many with a long name" for k in range(30)]
    rows = [(name, k * noise, 10.0**k, k, "yes") for k, name in enumerate(named)]
    return Table("Costs", ("method", "seconds", "bytes", "steps", "exact"), rows)

class Tables(kit.Dashboard):
    title, question = "Tables", "What does it cost?"
    settings, nodes, views = (Number(params.NOISE),), (numbers,), (costs,)

Tables(noise=0.5)
"""
NAME = "tables.ipynb"
ROOM = "(e) => [e.scrollWidth > e.clientWidth, e.scrollHeight > e.clientHeight]"


@pytest.fixture
def table(browser, voila, workdir):
    """A dashboard of one table."""
    pages.write_cells(workdir, [CELL], NAME)
    with in_voila(browser, voila, name=NAME) as page:
        yield page
        assert page.watch.problems == []


def test_a_table_is_text_that_scrolls_in_its_card(table):
    shown = table.get_by_role("table", name="Costs")
    assert shown.get_by_role("columnheader").count() == 5
    assert shown.get_by_role("row").count() == 31
    assert table.get_by_role("img", name="Costs").count() == 0
    row = shown.get_by_role("row").nth(3)
    assert row.inner_text().split("\t")[1:] == ["1", "100", "2", "yes"]
    typed(table, "noise σ", "0.25")
    quiet(table)
    wait_for(table, lambda: row.get_by_role("cell").first.inner_text() == "0.5")
    shown.select_text()
    assert "method 29" in table.evaluate("() => getSelection().toString()")
    table.set_viewport_size({"width": 390, "height": 844})
    table.wait_for_timeout(300)
    assert table.locator(".laf-sheet").evaluate(ROOM) == [True, True]
    assert table.evaluate("() => document.documentElement.scrollWidth") <= 390


BORDERS = """() => Bokeh.documents.flatMap((d) => [...d._all_models.values()])
  .filter((m) => m.type === "Text" && m.border_line_color.value).length"""


def test_texts_in_figures_have_no_border(table):
    assert table.evaluate(BORDERS) == 0


def test_a_table_is_saved_as_picture_and_as_numbers(table):
    for label, start in (("Save PNG", b"\x89PNG"), ("Save CSV", b"method,seconds")):
        with table.expect_download() as download:
            option(table, "Costs", label)
        content = download.value.path().read_bytes()
        assert content.startswith(start)
        assert len(content) > 500
