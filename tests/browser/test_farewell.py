"""Pages of `laf`, closed, reloaded, killed or too many: none leaves a kernel behind."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager, suppress

import psutil
import pytest

from tests.browser import pages
from tests.browser.pages import wait_for
from tests.servers import ARGS, CHROMIUM, ROOT, open_page

pytestmark = pytest.mark.browser

FAREWELL = 30
"""Seconds in which the kernel of a closed page must end."""


@contextmanager
def laf(folder, *options):
    """Run `laf`; yield its process and the address of the home page."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    env["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "explorer", "--no-browser", *options]
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            said = ""
            while not (found := re.search(r"http://\S+", said)):
                line = process.stdout.readline()
                assert line, f"laf ended: {said}"
                said += line
            yield process, found[0]
        finally:
            process.terminate()
            process.wait(30)


def kernels_of(process):
    """Return the kernels that run below a process."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                found.append(child)
    return found


def kernels(process):
    """Return how many kernels run below a process."""
    return len(kernels_of(process))


def wait_for_home(page):
    """Wait until the tiles can be used."""
    page.locator(".laf-home[data-ready=true]").wait_for(timeout=60_000)


def open_simplex(page):
    """Open the simplex explorer from its tile."""
    page.locator(".laf-tile[data-name=SimplexExplorer]").click()
    wait_for_simplex(page)


def wait_for_simplex(page):
    """Wait until the simplex explorer is drawn and at rest."""
    room = page.locator(".laf-room:not([hidden])")
    room.locator(".laf[data-ready=true]").wait_for(timeout=60_000)
    room.locator(".laf-light[data-state=ready]").wait_for(timeout=60_000)


def test_pages_leave_no_kernels(browser, tmp_path):
    with laf(tmp_path) as (process, address), ExitStack() as profiles:
        for visit in ("close", "reload", "leave and come back"):
            # the profile stays open: a browser that ends may cut a farewell off
            page = profiles.enter_context(open_page(browser))
            page.goto(address)
            wait_for_home(page)
            assert kernels(process) >= 1
            if visit == "reload":
                page.reload()
                wait_for_home(page)
            elif visit != "close":
                open_simplex(page)
                page.goto("about:blank")
                page.go_back()
                wait_for_simplex(page)
                pages.press(page, "angle α", "ArrowRight")
                number = pages.readout(page, "angle α")
                wait_for(page, lambda n=number: n.input_value() == "101")
            page.close()
        idle = profiles.enter_context(open_page(browser))  # a clock: it does not visit
        wait_for(idle, lambda: kernels(process) <= 1, FAREWELL)
        # … and it stays so: the one that is left is kept ready for the next visit
        idle.wait_for_timeout(25_000)
        assert kernels(process) <= 1


def test_a_reload_and_a_new_page_come_back_to_the_same_state(browser, tmp_path):
    with laf(tmp_path) as (_, address), open_page(browser) as page:
        page.goto(address)
        wait_for_home(page)
        open_simplex(page)
        pages.press(page, "angle α", "ArrowRight", 3)
        number = pages.readout(page, "angle α")
        wait_for(page, lambda: number.input_value() == "103")
        wait_for(page, lambda: "angle%3D103" in page.url)
        page.reload()
        wait_for_simplex(page)
        wait_for(page, lambda: number.input_value() == "103")
        kept = page.url
        page.close()
        with open_page(browser) as later:
            later.goto(kept)
            wait_for_simplex(later)
            again = pages.readout(later, "angle α")
            wait_for(later, lambda: again.input_value() == "103")
            assert later.url == kept


@contextmanager
def doomed(address, folder):
    """Open a page in a browser of its own, which nobody closes; kill it at the end."""
    command = [CHROMIUM, *ARGS, "--remote-debugging-port=0"]
    quiet = subprocess.DEVNULL
    profile = f"--user-data-dir={folder}"
    browser = psutil.Popen([*command, profile, address], stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        for one in [*browser.children(recursive=True), browser]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        browser.wait(10)


def connections(kernel, address):
    """Return how many pages are connected to a kernel."""
    (file,) = [word for word in kernel.cmdline() if word.endswith(".json")]
    name = re.search(r"kernel-([\w-]+)\.json", file)[1]
    url = address.replace("?", f"api/kernels/{name}?")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return json.load(answer)["connections"]


def test_a_killed_browser_leaves_no_kernel(browser, tmp_path):
    with laf(tmp_path, "--max-kernels=1") as (process, address):
        clock = browser.new_page()
        (taken,) = wait_for(clock, lambda: kernels_of(process))
        with doomed(address, tmp_path / "profile"):
            wait_for(clock, lambda: connections(taken, address) == 1, 60)
        psutil.wait_procs([taken], timeout=FAREWELL)
        assert not taken.is_running()
        clock.close()


def test_a_page_too_many_says_so_and_opens_when_there_is_room(browser, tmp_path):
    options = "--max-kernels=1"
    with laf(tmp_path, options) as (process, address), open_page(browser) as first:
        first.goto(address)
        wait_for_home(first)
        with open_page(browser) as second:
            answer = second.goto(address)
            assert answer.status == 503
            heading = second.get_by_role("heading", name="Too many open pages")
            assert heading.is_visible()
            assert second.get_by_text("--max-kernels").is_visible()
            assert len(kernels_of(process)) == 1
            assert second.watch.external == set()
            first.close()
            wait_for_home(second)
            assert len(kernels_of(process)) == 1
