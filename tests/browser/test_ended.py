"""A page whose kernel has stopped says so, and does not look alive."""

import urllib.request

import psutil
import pytest

from tests.browser import desks, pages
from tests.browser.desks import in_voila, new_page, quiet, ready
from tests.browser.pages import slider

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds in which the page must say it."""


@pytest.fixture(scope="module", autouse=True)
def notebook(workdir):
    return desks.write_notebook(workdir)


def shut_down(server, kernel):
    """Shut a kernel down as another page would."""
    request = urllib.request.Request(
        f"{server.base}/api/kernels/{kernel}",
        method="DELETE",
        headers={"Authorization": f"token {server.token}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request, timeout=10).close()


def kill(_, kernel):
    """End the process of a kernel, which the server then starts again."""
    for process in psutil.process_iter(["cmdline"]):
        if kernel in " ".join(process.info["cmdline"] or ()):
            process.kill()


def assert_ended(page, cure):
    """The page says that its kernel has stopped, and takes no more wishes."""
    said = page.get_by_role("alert").filter(has_text="The kernel has stopped")
    said.wait_for(timeout=SOON)
    assert cure in said.inner_text()
    assert page.locator(".laf-light").inner_text() == "kernel stopped"
    assert slider(page, "time T").is_disabled()
    for name in ("Learn", "Step", "Freeze", "Undo", "T too long", "Export"):
        assert page.get_by_role("button", name=name, exact=True).is_disabled(), name
    assert page.get_by_role("button", name="Help", exact=True).is_enabled()
    before = len(page.posted.wishes)
    page.locator(".laf").focus()
    page.keyboard.press("Control+z")
    page.locator("[data-view=labeling] .laf-figure").click()
    page.wait_for_timeout(200)
    assert len(page.posted.wishes) == before
    assert page.locator(".laf-light").inner_text() == "kernel stopped"


@pytest.mark.parametrize("end", [shut_down, kill])
def test_voila_says_that_the_kernel_has_stopped(browser, voila, end):
    with in_voila(browser, voila) as page:
        assert page.locator(".laf-ended").count() == 0
        end(voila, page.posted.kernel)
        assert_ended(page, "Reload the page")
        page.reload()
        ready(page)
        assert slider(page, "time T").is_enabled()


def test_jupyterlab_says_that_the_kernel_has_stopped(browser, lab, workdir):
    with new_page(browser) as page:
        pages.run_notebook(page, lab, desks.NAME)
        ready(page)
        page.evaluate("() => { jupyterapp.commands.execute('kernelmenu:restart'); }")
        page.get_by_role("button", name="Confirm Kernel Restart").click()
        assert_ended(page, "Run the cell again")
        page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        page.locator(".laf-ended").wait_for(state="detached", timeout=60_000)
        ready(page)
        quiet(page)
        assert slider(page, "time T").is_enabled()


def test_a_shut_down_kernel_of_jupyterlab_is_noticed(browser, lab, workdir):
    with new_page(browser) as page:
        pages.run_notebook(page, lab, desks.NAME)
        ready(page)
        shut_down(lab, page.posted.kernel)
        assert_ended(page, "Run the cell again")
