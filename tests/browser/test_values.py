"""Values in a real browser: what a program sets stays, what a hand moves is tidy."""

import json

import pytest

from tests.browser import pages
from tests.browser.pages import click, column, wait_for, wait_for_change

pytestmark = pytest.mark.browser

GIVEN = {"time": 3.71, "rho": 2.0, "noise": 0.12345678901234567, "tau": 0.000123}
LATER = {"time": 44.33, "rho": 1.7, "noise": 0.3, "step": 0.1 + 0.2, "dim": 37}
CELL = f"""import explorer as ex, ipywidgets
app = ex.LearningExplorer(size=16, **{GIVEN!r})
later = ipywidgets.Button(description="set from Python")
later.on_click(lambda _: app.set(**{LATER!r}))
ipywidgets.VBox([later, app])"""


@pytest.fixture(params=["lab", "voila"])
def opened(page, request, workdir):
    name = "values.ipynb"
    pages.write_cells(workdir, [CELL], name)
    server = request.getfixturevalue(request.param)
    if request.param == "lab":
        pages.run_notebook(page, server, name)
    else:
        page.goto(server.url(f"/voila/render/{name}"))
    pages.wait_for_picture(page)
    return page


def code(page):
    return page.locator(".laf-code").text_content()


def assert_said(page, settings):
    for name, value in settings.items():
        wait_for(page, lambda n=name, v=value: f"{n}={v!r}" in code(page))


def test_no_value_is_changed_by_being_displayed(opened):
    page = opened
    page.wait_for_timeout(500)
    assert_said(page, GIVEN)
    before = column(page, pages.SIGMA)
    click(page, "set from Python")
    wait_for_change(page, before, pages.SIGMA)
    page.wait_for_timeout(500)
    assert_said(page, {**GIVEN, **LATER})
    assert pages.readout(page, "time T").input_value() == "44.33"
    assert page.watch.problems == []


def test_a_hand_moves_by_the_increment_and_types_any_number(opened):
    page = opened
    pages.press(page, "time T", "ArrowRight", 3)
    pages.press(page, "scale ρ", "ArrowLeft")
    assert_said(page, {"time": 4.46, "rho": float(f"{2.0 * 10**-0.02:.12g}")})
    field = pages.readout(page, "noise σ")
    field.fill("0.777")
    field.press("Enter")
    assert_said(page, {"noise": 0.777})
    field.fill("-3")
    field.press("Enter")
    page.get_by_text("`noise` must be").first.wait_for(timeout=10_000)
    assert "noise=0.777" in code(page)
    pages.drag(page, "time T", 0.5)
    wait_for(page, lambda: "time=4.46" not in code(page))
    time = json.loads(code(page).split("time=")[1].split(",")[0])
    assert time % 0.25 == 0.0
    assert page.watch.problems == []
