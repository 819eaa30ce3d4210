"""How the page looks: what fits in a window, both themes, a phone, JupyterLab."""

import pytest

from tests.browser import desks, pages
from tests.browser.desks import in_voila, new_page, quiet, ready
from tests.browser.pages import press, slider, wait_for

pytestmark = pytest.mark.browser

BOXES = """() => [...document.querySelectorAll(".laf-card:not([hidden])")].map((e) => {
  const b = e.getBoundingClientRect();
  return { name: e.dataset.view, x: b.x, y: b.y, right: b.right, bottom: b.bottom };
})"""
ASPECT = """(name) => {
  const figure = Bokeh.documents.map((d) => d.get_model_by_name(name)).find(Boolean);
  const { x_range: x, y_range: y, inner_width: w, inner_height: h } = figure;
  return (w / Math.abs(x.end - x.start)) / (h / Math.abs(y.end - y.start));
}"""
CROPPED = """() => [...document.querySelectorAll(
    ".laf-nav, .laf-buttons, .laf-big, .laf-value, .laf-strip, .laf-grid, .laf-body")]
  .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.className)"""
GROUND = """() => getComputedStyle(document.querySelector(".laf")).backgroundColor"""
INK = """() => Bokeh.documents[0].get_model_by_name("loss-figure")
  .below[0].major_label_text_color"""
LIGHT, DARK = "rgb(246, 247, 249)", "rgb(17, 21, 27)"
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
SWIPE = 300


@pytest.fixture(scope="module", autouse=True)
def notebook(workdir):
    return desks.write_notebook(workdir)


def cards(page):
    boxes = page.evaluate(BOXES)
    for k, one in enumerate(boxes):
        for other in boxes[k + 1 :]:
            apart = (
                one["right"] <= other["x"]
                or other["right"] <= one["x"]
                or one["bottom"] <= other["y"]
                or other["bottom"] <= one["y"]
            )
            assert apart, f"{one['name']} overlaps {other['name']}"
    assert len({round(b["bottom"] - b["y"]) for b in boxes}) == 1, "unequal heights"
    return boxes


def assert_fits(page, width):
    """Nothing is cropped, wider than the page, or distorted."""
    assert page.evaluate(CROPPED) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for name in ("input", "labeling", "norm"):
        assert page.evaluate(ASPECT, f"{name}-figure") == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("width", "height", "whole"), [(1440, 900, 8), (1280, 720, 8), (1920, 1080, 8)]
)
def test_all_is_above_the_fold(browser, voila, width, height, whole):
    with in_voila(browser, voila, width=width, height=height) as page:
        boxes = cards(page)
        assert sum(b["bottom"] <= height for b in boxes) >= whole
        used = (
            max(b["right"] for b in boxes) - slider(page, "time T").bounding_box()["x"]
        )
        assert used >= 0.85 * width
        rail = page.locator(".laf-rail").bounding_box()
        assert rail["y"] + rail["height"] <= height
        assert_fits(page, width)
        assert page.watch.problems == []


def test_a_window_that_changes_its_size_is_followed(browser, voila):
    with in_voila(browser, voila, width=1440, height=900) as page:
        for width, height in ((1000, 800), (700, 900), (500, 900), (1440, 900)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(400)
            cards(page)
            assert_fits(page, width)


def test_a_phone_shows_the_picture_and_its_slider_and_scrolls(browser, voila):
    with in_voila(browser, voila, **PHONE) as page:
        first, *_ = boxes = cards(page)
        assert len({round(b["x"]) for b in boxes}) == 1
        assert first["bottom"] <= PHONE["height"]
        knob = slider(page, "time T").bounding_box()
        assert knob["y"] + knob["height"] <= PHONE["height"]
        assert_fits(page, PHONE["width"])
        before = page.evaluate(BOXES)[0]["y"]
        swipe(page, 195, first["bottom"] - 60)
        wait_for(page, lambda: page.evaluate(BOXES)[0]["y"] < before - SWIPE / 2)
        assert [w for w in page.posted.wishes if w["kind"] == "tap"] == []


def swipe(page, x, y):
    """Move a finger up the glass."""
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": at} for at in points]},
        )

    touch("touchStart", y)
    for k in range(1, 11):
        touch("touchMove", y - SWIPE * k / 10)
        page.wait_for_timeout(16)
    touch("touchEnd")


@pytest.mark.parametrize(("scheme", "ground"), [("light", LIGHT), ("dark", DARK)])
def test_the_theme_is_the_systems_until_the_switch_says_otherwise(
    browser, voila, scheme, ground
):
    with in_voila(browser, voila, color_scheme=scheme) as page:
        assert page.evaluate(GROUND) == ground
        ink = page.evaluate(INK)
        page.get_by_role("button", name="Light or dark").click()
        assert page.evaluate(GROUND) == ({LIGHT, DARK} - {ground}).pop()
        assert page.evaluate(INK) != ink
        page.reload()
        ready(page)
        assert page.evaluate(GROUND) == ({LIGHT, DARK} - {ground}).pop()
        page.get_by_role("button", name="Light or dark").click()
        other = "dark" if scheme == "light" else "light"
        page.emulate_media(color_scheme=other)
        wait_for(page, lambda: page.evaluate(GROUND) != ground)


def test_motion_stops_where_it_is_not_wanted(browser, voila):
    with in_voila(browser, voila, reduced_motion="reduce") as page:
        lit = "() => { const e = document.querySelector('.laf-light');"
        lit += " e.dataset.state = 'busy'; return getComputedStyle(e.firstChild)"
        assert page.evaluate(f"{lit}.animationName; }}") == "none"


@pytest.fixture
def notebook_page(browser, lab, workdir):
    """The sample in a cell of JupyterLab."""
    desks.write_notebook(workdir)
    with new_page(browser, width=1440, height=900) as page:
        pages.run_notebook(page, lab, desks.NAME)
        ready(page)
        yield page


def test_a_cell_of_jupyterlab_holds_it_and_has_its_theme(notebook_page):
    page = notebook_page
    assert page.posted.wishes == []
    cards(page)
    width = page.locator(".laf").bounding_box()["width"]
    assert 820 <= width <= 1260
    assert_fits(page, 1440)
    assert page.evaluate(GROUND) == LIGHT
    change = (
        "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    )
    page.evaluate(change, "JupyterLab Dark")
    wait_for(page, lambda: page.evaluate(GROUND) == DARK)
    page.evaluate(change, "JupyterLab Light")
    wait_for(page, lambda: page.evaluate(GROUND) == LIGHT)
    press(page, "time T", "ArrowRight")
    wait_for(page, lambda: page.posted.sets("time") == [5.25])
    page.keyboard.press("Control+z")
    wait_for(page, lambda: field(page.locator(".laf")).input_value() == "5")
    assert "laf" not in page.url.split("#")[-1] or "#" not in page.url
    assert page.watch.problems == []


def field(root):
    return root.get_by_role("textbox", name="time T, typed", exact=True)


def test_two_views_agree_and_leave_nothing_behind(notebook_page):
    page = notebook_page
    page.evaluate("() => jupyterapp.commands.execute('notebook:create-output-view')")
    views = page.locator(".laf[data-ready=true]")
    wait_for(page, lambda: views.count() == 2)
    one, two = views.nth(0), views.nth(1)
    field(two).fill("9")
    field(two).press("Enter")
    wait_for(page, lambda: field(one).input_value() == "9")
    field(one).fill("4")
    field(one).press("Enter")
    wait_for(page, lambda: field(two).input_value() == "4")
    assert page.evaluate("() => Bokeh.documents.length") == 2
    page.evaluate(
        "() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
    )
    wait_for(page, lambda: page.evaluate("() => Bokeh.documents.length") == 0)
    assert page.watch.problems == []


def test_a_page_that_is_loaded_again_shows_what_was_set(notebook_page):
    page = notebook_page
    field(page.locator(".laf")).fill("9")
    field(page.locator(".laf")).press("Enter")
    quiet(page)
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    ready(page)
    assert field(page.locator(".laf")).input_value() == "9"
    assert page.watch.problems == []
