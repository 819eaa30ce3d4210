"""python -m benchmarks.picture: make the pictures of the README from the real app.

Starts `laf`, opens its page in headless Chromium, opens each explorer, and waits until
it is drawn: `explorers.png` shows the home page and all explorers side by side. In the
learning explorer it takes 20 steps for `dashboard.png`. Set CHROMIUM to the browser's
path if it is not found.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
WIDTH, HEIGHT = 1440, 900
SMALL = 480, 300
"""Width and height of a page among all pages, in pixels."""

GAP, ROWS, COLORS = 8, 2, 255
STEPS = 20
PATIENCE = 120_000
"""Milliseconds in which a page must be there, and the steps be taken."""

OPEN = ".laf-room:not([hidden]) .laf[data-ready=true]"
READY = f"{OPEN} .laf-light[data-state=ready]"
"""The light of the open explorer when all is drawn."""

ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
LAF = [sys.executable, "-m", "explorer", "--no-browser"]


def main() -> None:
    """Run the app, take the pictures, and stop the app."""
    with subprocess.Popen(LAF, stdout=subprocess.PIPE, text=True) as process:
        try:
            taken = dict(take(address_of(process)))
        finally:
            process.terminate()
    taken["LearningExplorer"].save(FOLDER / "dashboard.png", optimize=True)
    together(list(taken.values())).save(FOLDER / "explorers.png", optimize=True)
    print(f"wrote dashboard.png and explorers.png in {FOLDER}")


def address_of(process: subprocess.Popen[str]) -> str:
    """Return the address that `laf` prints."""
    for line in process.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise RuntimeError("`laf` ended before it named its address: run it by hand")


def take(address: str) -> Iterator[tuple[str, Image.Image]]:
    """Yield the names and the pictures of the home page and of all explorers."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGS)
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        tiles = page.locator(".laf-tile")
        tiles.first.wait_for(timeout=PATIENCE)
        yield "Home", shown(page)
        for name in tiles.evaluate_all("all => all.map((e) => e.dataset.name)"):
            page.locator(f".laf-tile[data-name={name}]").click()
            page.locator(READY).wait_for(timeout=PATIENCE)
            if name == "LearningExplorer":
                learn(page)
            yield name, shown(page)
            page.get_by_role("button", name="Home", exact=True).click()
            tiles.first.wait_for(timeout=PATIENCE)
        chromium.close()


def learn(page: Any) -> None:
    """Take some learning steps."""
    steps = page.get_by_role("textbox", name="steps", exact=True)
    steps.fill(str(STEPS))
    steps.press("Tab")
    page.get_by_role("button", name="Learn", exact=True).click()
    page.get_by_text(f"step {STEPS}", exact=True).first.wait_for(timeout=PATIENCE)
    page.locator(READY).wait_for(timeout=PATIENCE)


def shown(page: Any) -> Image.Image:
    """Return what the window shows, without a pointer over it."""
    page.mouse.move(0, 0)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def together(pages: list[Image.Image]) -> Image.Image:
    """Return small pictures of pages in rows, on a gray ground."""
    across = -(-len(pages) // ROWS)
    wide, high = (side + GAP for side in SMALL)
    out = Image.new("RGB", (across * wide + GAP, ROWS * high + GAP), "#c4cad2")
    for k, page in enumerate(pages):
        place = k % across * wide + GAP, k // across * high + GAP
        out.paste(page.resize(SMALL, Image.Resampling.LANCZOS), place)
    return out.quantize(COLORS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
