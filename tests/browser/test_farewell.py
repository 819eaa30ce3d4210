"""Pages of `laf` that are closed, reloaded or left: none leaves a kernel behind."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from tests.browser import pages
from tests.browser.pages import wait_for
from tests.servers import ROOT, open_page

pytestmark = pytest.mark.browser

FAREWELL = 30
"""Seconds in which the kernel of a closed page must end."""


@contextmanager
def laf(folder):
    """Run `laf` on the dashboard; yield its process and the address of the page."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    env["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "explorer", "--no-browser"]
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


def kernels(process):
    """Return how many kernels run below a process."""
    found = 0
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            found += "ipykernel_launcher" in " ".join(child.cmdline())
        except psutil.NoSuchProcess:
            continue
    return found


def test_pages_leave_no_kernels(browser, tmp_path):
    with laf(tmp_path) as (process, address), ExitStack() as profiles:
        for visit in ("close", "reload", "leave and come back"):
            # the profile stays open: a browser that ends may cut a farewell off
            page = profiles.enter_context(open_page(browser))
            page.goto(address)
            pages.wait_for_picture(page)
            assert kernels(process) >= 1
            if visit == "reload":
                page.reload()
                pages.wait_for_picture(page)
            elif visit != "close":
                page.goto("about:blank")
                page.go_back()
                pages.wait_for_picture(page)
                pages.press(page, "time T", "ArrowRight")
                number = pages.readout(page, "time T")
                wait_for(page, lambda n=number: n.input_value() == "5.25")
            page.close()
        idle = profiles.enter_context(open_page(browser))  # a clock: it does not visit
        wait_for(idle, lambda: kernels(process) <= 1, FAREWELL)
        # … and it stays so: the one that is left is kept ready for the next visit
        idle.wait_for_timeout(25_000)
        assert kernels(process) <= 1
