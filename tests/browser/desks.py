"""Pages of the sample dashboard, opened in Voila or JupyterLab."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.browser import pages
from tests.browser.frames import Posted
from tests.servers import Watch

NAME = "sample.ipynb"
CELL = "from tests.browser.sample import Sample\n\nsample = Sample({})\nsample"
LAB = "/static/lab/jlab_core."
"""The script of JupyterLab, whose themes trip over each other by themselves."""

INSIDE = ("http://127.0.0.1:", "data:", "blob:")


def write_notebook(folder: Any, arguments: str = "", name: str = NAME) -> str:
    """Write a notebook that shows the sample; return its name."""
    return pages.write_cells(folder, [CELL.format(arguments)], name)


@contextlib.contextmanager
def new_page(browser: Any, width: int = 1440, height: int = 900, **more: Any) -> Any:
    """Open a page that reaches this machine only, and that says what it posts."""
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, **more)
    page = context.new_page()
    page.watch, page.posted = Watch(), Posted(page)

    def gate(route: Any) -> None:
        if route.request.url.startswith(INSIDE):
            route.continue_()
        else:
            page.watch.external.add(route.request.url)
            route.abort()

    def listen(message: Any) -> None:
        if message.type == "error" and "ERR_FAILED" not in message.text:
            page.watch.problems.append(f"console: {message.text}")

    def fail(error: Any) -> None:
        if LAB not in (error.stack or ""):
            page.watch.problems.append(f"page: {error.stack}")

    page.on("pageerror", fail)
    page.on("console", listen)
    context.route("**/*", gate)
    try:
        yield page
    finally:
        context.close()


@contextlib.contextmanager
def in_voila(
    browser: Any, server: Any, query: str = "", name: str = NAME, **more: Any
) -> Iterator[Any]:
    """Open the sample in Voila, ready to use."""
    with new_page(browser, **more) as page:
        page.goto(server.url(f"/voila/render/{name}", query))
        ready(page)
        yield page


def ready(page: Any) -> None:
    """Wait until the figures are drawn and the light is out."""
    page.locator(".laf[data-ready=true]").first.wait_for(
        timeout=60_000, state="attached"
    )
    quiet(page)


def quiet(page: Any) -> None:
    """Wait until the light is out."""
    page.locator(".laf-light[data-state=ready]").first.wait_for(timeout=20_000)


def typed(page: Any, name: str, text: str) -> Any:
    """Type into the field of a number, and return the field."""
    field = page.get_by_role("textbox", name=f"{name}, typed", exact=True)
    field.fill(text)
    field.press("Enter")
    return field


def control(page: Any, name: str) -> Any:
    """Return the element of a control."""
    return page.locator(f".laf-knob[data-name={name}]")


def option(page: Any, view: str, label: str) -> None:
    """Choose from the menu of a card."""
    page.get_by_role("button", name=f"options of {view}", exact=True).click()
    page.locator(".laf-menu:popover-open").get_by_role("button", name=label).click()
