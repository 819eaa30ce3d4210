"""python -m benchmarks.picture: make notebooks/dashboard.png from the real app.

Starts `laf`, opens its page in headless Chromium, takes 20 learning steps, and waits
until they are drawn. Set CHROMIUM to the browser's path if it is not found.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).resolve().parents[1] / "notebooks" / "dashboard.png"
WIDTH, HEIGHT = 1440, 900
STEPS = 20
PATIENCE = 120_000
"""Milliseconds in which the page must be there, and the steps be taken."""

READY = ".laf-light[data-state=ready]"
"""The light of the page when all is drawn."""

ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
LAF = [sys.executable, "-m", "explorer", "--no-browser"]


def main() -> None:
    """Run the app, take the picture, and stop the app."""
    with subprocess.Popen(LAF, stdout=subprocess.PIPE, text=True) as process:
        try:
            take(address_of(process), TARGET)
        finally:
            process.terminate()
    print(f"wrote {TARGET}")


def address_of(process: subprocess.Popen[str]) -> str:
    """Return the address that `laf` prints."""
    for line in process.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise RuntimeError("`laf` ended before it named its address: run it by hand")


def take(address: str, target: Path) -> None:
    """Write a picture of the page after some learning steps."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGS)
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.locator(READY).wait_for(timeout=PATIENCE)
        steps = page.get_by_role("textbox", name="steps", exact=True)
        steps.fill(str(STEPS))
        steps.press("Tab")
        page.get_by_role("button", name="Learn", exact=True).click()
        page.get_by_text(f"step {STEPS}", exact=True).first.wait_for(timeout=PATIENCE)
        page.locator(READY).wait_for(timeout=PATIENCE)
        page.mouse.move(0, 0)
        page.screenshot(path=target)
        chromium.close()


if __name__ == "__main__":
    main()
