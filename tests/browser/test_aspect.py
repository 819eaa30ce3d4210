"""Pictures keep the true aspect on the screen: measured in the pixels of Chromium."""

from __future__ import annotations

import io

import numpy as np
import pytest
from bokeh.core.templates import get_env
from bokeh.embed import file_html
from bokeh.resources import INLINE
from PIL import Image

from explorer.drawing.feed import feed
from explorer.drawing.page import fill, to_page
from explorer.drawing.stage import Stage
from explorer.drawing.view import view_of
from explorer.panels import Curves, Field, Grid, Labels, Picture, Series
from tests.servers import open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = ((300, 180), (180, 300), (240, 240), (401, 97))
"""Widths and heights of cards, none of them with the aspect of the picture."""

CARDS = """{% from macros import embed %}<!DOCTYPE html><html><head>
{{ bokeh_css }}{{ bokeh_js }}<style>body { margin: 0; background: #fff }</style></head>
<body>{% for name, (width, height) in cells %}
<div id="{{ name }}" style="width: {{ width }}px; height: {{ height }}px; margin: 5px">
{{ embed(roots[name]) }}</div>{% endfor %}{{ plot_script }}</body></html>"""


def solid(rows, cols):
    """A picture of one color that nothing else on the page has."""
    return np.broadcast_to([1.0, 0.0, 1.0], (rows, cols, 3))


def extent_of(shot):
    """Width and height of what is magenta on a screenshot."""
    seen = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
    rows, cols = np.nonzero(np.abs(seen - [255, 0, 255]).max(axis=2) < 8)
    return int(np.ptp(cols)) + 1, int(np.ptp(rows)) + 1


def settled(page, shots=40):
    """The page when two screenshots in a row are alike."""
    before = b""
    for _ in range(shots):
        page.wait_for_timeout(150)
        now = page.screenshot(full_page=True)
        if now == before:
            return
        before = now
    pytest.fail("the page does not come to rest")


def cards(shape):
    """A page of pictures in cards, and the ids of the cards."""
    stage, plots = Stage(chrome=False), []
    for k in range(len(CELLS)):
        panel = Picture("", solid(*shape))
        view = view_of(f"card-{k}", panel)
        plots.append(stage.build(view))
        fill(plots[-1], *feed(view, panel))
    names = [plot.name for plot in plots]
    variables = {"cells": list(zip(names, CELLS, strict=True))}
    template = get_env().from_string(CARDS)
    page = file_html(
        plots, INLINE, "cards", template=template, template_variables=variables
    )
    return page, names


def check(page, name, cell, shape):
    """The picture is the largest one of its aspect that the card has room for."""
    (width, height), (rows, cols) = np.array(cell) - 2, shape  # its edge stays free
    seen = extent_of(page.locator(f"[id='{name}']").screenshot())
    wide = min(width, height * cols / rows)
    # the frame is rounded to whole pixels, and its outline covers one on each side
    assert seen[0] == pytest.approx(wide, abs=2.1), name
    assert seen[1] == pytest.approx(wide * rows / cols, abs=2.1), name


@pytest.mark.parametrize("shape", [(25, 40), (40, 25)])
def test_cards_of_any_size_show_pictures_undistorted(browser, shape):
    html, names = cards(shape)
    with open_page(browser) as page:
        page.set_content(html)
        settled(page)
        for name, cell in zip(names, CELLS, strict=True):
            check(page, name, cell, shape)
        for name in names:
            page.evaluate(
                """([name, width, height]) => {
                  const { style } = document.getElementById(name);
                  style.width = `${width}px`;
                  style.height = `${height}px`;
                }""",
                [name, 210, 130],
            )
        settled(page)
        for name in names:
            check(page, name, (210, 130), shape)
        assert page.watch.problems == []


RANGE = "() => { const r = Bokeh.documents[0].get_model_by_name('cols');" + (
    "return [r.start, r.end]; }"
)


def test_pictures_are_zoomed_together_and_shown_whole_again(browser):
    html, names = cards((30, 30))
    with open_page(browser) as page:
        page.set_content(html)
        settled(page)
        box = page.locator(f"[id='{names[2]}']").bounding_box()
        page.mouse.move(box["x"] + 120, box["y"] + 120)
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(300)
        assert page.evaluate(RANGE) == [0, 30]  # the wheel alone scrolls the page
        page.evaluate("window.scrollTo(0, 0)")
        page.keyboard.down("Shift")
        page.mouse.wheel(0, -300)
        page.keyboard.up("Shift")
        page.wait_for_function(f"() => ({RANGE})()[1] < 30")
        for k in (2, 3):
            check(page, names[k], CELLS[k], (30, 30))
        page.mouse.dblclick(box["x"] + 120, box["y"] + 120)
        page.wait_for_function(f"() => ({RANGE})()[1] == 30")
        assert page.watch.problems == []


def test_a_page_shows_pictures_undistorted_and_color_bars_as_high(browser):
    rows, cols = 30, 50
    panels = {
        "picture": Picture("input", solid(rows, cols)),
        "field": Field("field", np.zeros((rows, cols)), "unit", 0.0, 1.0),
    }
    views = [view_of(name, panel) for name, panel in panels.items()]
    with open_page(browser) as page:
        page.set_content(to_page(views, panels, "a page"))
        settled(page)
        width, height = extent_of(page.screenshot(full_page=True))
        assert width / cols == pytest.approx(height / rows, rel=0.02)
        heights = page.evaluate(
            """() => {
              const [plot] = Bokeh.documents[0].roots().filter((r) => r.right.length);
              const view = Bokeh.index.find_one(plot);
              const bar = [...view.renderer_views.values()]
                .find((v) => v.model.type == "ColorBar");
              return [view.frame.bbox.height, bar.layout.bbox.height];
            }"""
        )
        assert heights[0] == heights[1]
        assert page.watch.problems == []


def test_the_pixel_under_the_pointer_is_named(browser):
    """Row, column, label, truth and probability, at the last pixel of a picture."""
    labels = np.zeros((4, 6), int)
    labels[3, 5] = 1
    p = np.stack([1.0 - 0.75 * labels, 0.75 * labels])
    panel = Labels("labeling", labels, 2, np.zeros((4, 6), int), probabilities=p)
    view = view_of("labels", panel)
    with open_page(browser) as page:
        page.set_content(to_page([view], {"labels": panel}, "a page"))
        settled(page)
        spot = page.evaluate(
            """() => {
              const view = Bokeh.index.find_one(Bokeh.documents[0].roots()[0]);
              const box = view.el.getBoundingClientRect(), frame = view.frame.bbox;
              return [box.x + frame.right - 3, box.y + frame.bottom - 3];
            }"""
        )
        page.mouse.move(*spot)
        tip = page.locator(".bk-tooltip-row-value")
        tip.first.wait_for()
        texts = tip.all_inner_texts()
    assert [t.strip() for t in texts] == [
        "3, 5", "1", "0", "1 with p = 0.750", "0 with p = 0.250",
    ]  # fmt: skip


def test_every_kind_is_drawn_without_a_word_of_complaint(browser):
    from tests.drawing.samples import EXTREMES, KINDS

    panels = {**KINDS, **EXTREMES}
    views = [view_of(name, panel) for name, panel in panels.items()]
    with open_page(browser) as page:
        said = []
        page.on("console", lambda m: said.append(m.text) if m.type == "warning" else 0)
        page.set_content(to_page(views, panels, "all kinds"))
        settled(page)
        assert page.watch.problems == []
        assert said == []
        assert page.watch.external == set()


def test_what_is_fed_later_is_shown(browser):
    """Properties and columns reach a page as plain JSON, under their models' names."""
    panel = Curves("a", "x", "y", [Series("s", np.arange(3.0), np.arange(3.0))])
    other = Curves("a", "time", "y", [Series("s", np.arange(9.0), np.arange(9.0))])
    view, grid = view_of("curve", panel), Grid("", np.eye(3))
    plot = Stage(chrome=False).build(view)
    fill(plot, *feed(view, panel))
    assert view_of("grid", grid).kind is Grid
    _, props = feed(view, other)
    html = file_html([plot], INLINE, "a")
    with open_page(browser) as page:
        page.set_content(html)
        settled(page)
        end = page.evaluate(
            """(props) => {
              const [doc] = Bokeh.documents;
              for (const [name, values] of Object.entries(props)) {
                doc.get_model_by_name(name).setv(values);
              }
              return doc.get_model_by_name("curve-x").end;
            }""",
            props,
        )
        assert end == props["curve-x"]["end"] > 8.0
        assert page.watch.problems == []
