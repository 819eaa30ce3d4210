"""The home page in a browser: tiles, presets, the way back, links, hand-over."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import pages
from tests.browser.desks import new_page
from tests.browser.pages import wait_for

pytestmark = pytest.mark.browser

NOTEBOOK = "home.ipynb"
REFUSED = "403"
"""Voila's own farewell, which its server refuses."""


def opened(page, server, query=""):
    """Open the home page in Voila."""
    page.goto(server.url(f"/voila/render/{NOTEBOOK}") + query)
    page.locator(".laf-home[data-ready=true]").wait_for(
        timeout=60_000, state="attached"
    )


def tile(page, name):
    """Return the tile of an explorer."""
    return page.locator(f".laf-tile[data-name={name}]")


def at_rest(page, title):
    """Wait until the explorer of that title is on screen and at rest; return it."""
    room = page.locator(".laf-room:not([hidden])").filter(
        has=page.get_by_role("heading", name=title, exact=True)
    )
    room.locator(".laf[data-ready=true]").wait_for(timeout=60_000)
    room.locator(".laf-light[data-state=ready]").wait_for(timeout=60_000)
    return room


def at_home(page):
    """Return whether the page shows the tiles, and no explorer."""
    visible = page.locator(".laf-room:not([hidden])").count()
    return page.locator(".laf-home").is_visible() and visible == 0


def clean(page):
    """Assert that nothing went wrong, and nothing was asked of the network."""
    assert page.watch.external == set()
    assert [p for p in page.watch.problems if REFUSED not in p] == []


def test_tiles_open_explorers_that_keep_their_states(browser, voila):
    with new_page(browser) as page:
        opened(page, voila)
        assert at_home(page)
        tile(page, "SimplexExplorer").click()
        at_rest(page, "Simplex explorer")
        assert page.title() == "Simplex explorer"
        pages.press(page, "angle α", "ArrowRight", 2)
        number = pages.readout(page, "angle α")
        wait_for(page, lambda: number.input_value() == "102")
        page.get_by_role("button", name="Home", exact=True).click()
        wait_for(page, lambda: at_home(page))
        assert page.evaluate("document.activeElement.dataset.name") == "SimplexExplorer"
        tile(page, "SimplexExplorer").click()
        wait_for(page, lambda: not at_home(page), 2)  # it is still there
        assert number.input_value() == "102"
        wait_for(page, lambda: "angle%3D102" in page.url)
        clean(page)


def test_the_browsers_back_and_forward(browser, voila):
    with new_page(browser) as page:
        opened(page, voila)
        tile(page, "SimplexExplorer").click()
        at_rest(page, "Simplex explorer")
        wait_for(page, lambda: "#laf=" in page.url)
        page.get_by_role("button", name="Open in", exact=True).click()
        menu = page.locator(".laf-menu:popover-open")
        menu.get_by_role("button", name="Krylov explorer").click()
        at_rest(page, "Krylov explorer")
        wait_for(page, lambda: "KrylovExplorer" in page.url and "#laf=" in page.url)
        page.go_back()
        at_rest(page, "Simplex explorer")
        page.go_back()
        wait_for(page, lambda: at_home(page))
        assert "#" not in page.url
        page.go_forward()
        at_rest(page, "Simplex explorer")
        clean(page)


def test_a_preset_opens_with_its_settings_and_a_reload_keeps_them(browser, voila):
    with new_page(browser) as page:
        opened(page, voila)
        page.get_by_role("link", name=re.compile("m too small")).click()
        at_rest(page, "Krylov explorer")
        time = pages.readout(page, "time T")
        wait_for(page, lambda: time.input_value() == "15")
        wait_for(page, lambda: "#laf=" in page.url)
        page.reload()
        at_rest(page, "Krylov explorer")
        wait_for(page, lambda: time.input_value() == "15")
        assert pages.readout(page, "dimension m").input_value() == "3"


def test_an_address_names_an_explorer_or_fails_with_words(browser, voila):
    with new_page(browser) as page:
        opened(page, voila, "#explorer=SimplexExplorer&preset=Long%20vector")
        at_rest(page, "Simplex explorer")
        length = pages.readout(page, "length |v|")
        wait_for(page, lambda: length.input_value() == "2")
    with new_page(browser) as page:
        opened(page, voila, "#laf=%23dashboard%3D%2522Mine%2522%26schema%3D2")
        alert = page.get_by_role("alert")
        wait_for(page, lambda: "must belong to one of" in alert.inner_text())
        assert at_home(page)
        assert "#" not in page.url
        tile(page, "SimplexExplorer").click()
        at_rest(page, "Simplex explorer")


def test_settings_and_weights_are_handed_over(browser, voila):
    with new_page(browser) as page:
        opened(page, voila)
        tile(page, "LearningExplorer").click()
        at_rest(page, "Learning explorer")
        size = pages.readout(page, "size")
        size.fill("32")
        size.press("Enter")
        pages.click(page, "Step")
        wait_for(page, lambda: page.get_by_text("step 1", exact=True).count())
        at_rest(page, "Learning explorer")
        page.get_by_role("button", name="Open in", exact=True).click()
        menu = page.locator(".laf-menu:popover-open")
        menu.get_by_role("button", name="Gradient explorer").click()
        room = at_rest(page, "Gradient explorer")
        wait_for(page, lambda: room.get_by_label("size, typed").input_value() == "32")
        room.locator("summary", has_text="Weights").click()
        chosen = room.locator(".laf-knob[data-name=patches] select")
        wait_for(page, lambda: chosen.evaluate("e => e.value") == "handed over")
        clean(page)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_home_page_is_accessible_and_fits(browser, voila, scheme, width):
    with new_page(browser, width=width, color_scheme=scheme) as page:
        opened(page, voila)
        assert page.locator(".laf-home").get_attribute("data-theme") == scheme
        found = Axe().run(page, context=".laf-home").response["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
        across = "() => document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(across) <= 0
        loaded = "e => e.complete && e.naturalWidth > 0"
        pictures = page.locator(".laf-tile img")
        assert pictures.count() == page.locator(".laf-tile").count()
        assert all(p.evaluate(loaded) for p in pictures.all())


def test_the_page_can_be_used_by_keys_alone(browser, voila):
    with new_page(browser) as page:
        opened(page, voila)
        page.keyboard.press("Tab")  # the switch of themes
        for _ in range(20):
            page.keyboard.press("Tab")
            name = page.evaluate("document.activeElement.dataset.name ?? ''")
            if name == "SimplexExplorer":
                break
        page.keyboard.press("Enter")
        at_rest(page, "Simplex explorer")
        inside = "document.activeElement.closest('.laf-room') !== null"
        assert page.evaluate(inside)
        page.keyboard.press("Tab")
        label = "document.activeElement.getAttribute('aria-label')"
        assert page.evaluate(label) == "Home"
        page.keyboard.press("Enter")
        wait_for(page, lambda: at_home(page))


def test_the_theme_is_that_of_the_whole_page(browser, voila):
    with new_page(browser, color_scheme="light") as page:
        opened(page, voila)
        tile(page, "SimplexExplorer").click()
        at_rest(page, "Simplex explorer")
        pages.click(page, "Light or dark")
        room = page.locator(".laf-room .laf")
        assert room.get_attribute("data-theme") == "dark"
        assert page.locator(".laf-home").get_attribute("data-theme") == "dark"


def test_undo_keys_reach_the_explorer_on_screen_alone(browser, voila):
    with new_page(browser) as page:
        opened(page, voila)
        for name, slider in (("Krylov", "dimension m"), ("Simplex", "angle α")):
            if not at_home(page):
                pages.click(page, "Home")
            tile(page, f"{name}Explorer").click()
            room = at_rest(page, f"{name} explorer")
            pages.press(page, slider, "ArrowRight")
            undo = room.get_by_role("button", name="Undo", exact=True)
            wait_for(page, undo.is_enabled)
        page.keyboard.press("Control+z")
        angle = pages.readout(page, "angle α")
        wait_for(page, lambda: angle.input_value() == "100")
        pages.click(page, "Home")
        tile(page, "KrylovExplorer").click()
        room = at_rest(page, "Krylov explorer")
        assert room.get_by_label("dimension m, typed").input_value() == "11"


def test_in_jupyterlab_the_address_stays_and_the_kernel_can_open(page, lab):
    lab.restore(NOTEBOOK)
    pages.run_notebook(page, lab, NOTEBOOK)
    page.locator(".laf-home[data-ready=true]").wait_for(timeout=60_000)
    before = page.url
    tile(page, "SimplexExplorer").click()
    at_rest(page, "Simplex explorer")
    assert page.url == before
    page.get_by_role("button", name="Home", exact=True).click()
    wait_for(page, lambda: at_home(page))
