"""The learning explorer as a person meets it: keyboard, mouse, running, reloading."""

import numpy as np
import pytest
from PIL import Image

from tests.browser import pages
from tests.browser.pages import ERROR, SIGMA, click, column, wait_for, wait_for_change

pytestmark = pytest.mark.browser


@pytest.fixture(params=["lab", "voila"])
def kind(request):
    return request.param


@pytest.fixture
def explorer(page, kind, request):
    pages.open_explorer(page, request.getfixturevalue(kind), kind)
    return page


def assert_clean(page):
    assert page.watch.external == set()
    assert page.watch.problems == []


def test_keyboard_and_mouse_on_the_time_slider_change_the_views(explorer):
    labels, sigma = column(explorer, "labeling", "image"), column(explorer, SIGMA)
    pages.press(explorer, "time T", "ArrowRight", 4)
    moved = wait_for_change(explorer, sigma, SIGMA)
    wait_for_change(explorer, labels, "labeling", "image")
    readout = pages.readout(explorer, "time T")
    wait_for(explorer, lambda: readout.input_value() == "6")
    labels = column(explorer, "labeling", "image")
    pages.drag(explorer, "time T", 0.9)
    wait_for_change(explorer, moved, SIGMA)
    wait_for_change(explorer, labels, "labeling", "image")
    assert_clean(explorer)


def test_rank_and_rho_move_singular_values_and_cosine(explorer):
    before = column(explorer, *COSINE)
    pages.drag(explorer, "time T", 1.0)
    before = wait_for_change(explorer, before, *COSINE)
    pages.press(explorer, "rank r", "ArrowRight", 2)
    wait_for_change(explorer, before, *COSINE)
    sigma = column(explorer, SIGMA)
    pages.press(explorer, "scale ρ", "ArrowRight", 3)
    wait_for_change(explorer, sigma, SIGMA)
    assert_clean(explorer)


def steps(page, number):
    field = page.get_by_role("textbox", name="steps", exact=True)
    field.fill(str(number))
    field.press("Tab")


def test_learning_streams_points_and_pause_stops_it_at_once(explorer):
    steps(explorer, 2000)
    click(explorer, "Learn")
    wait_for(explorer, lambda: len(column(explorer, ERROR)) > 3)
    seen = len(column(explorer, ERROR))
    wait_for(explorer, lambda: len(column(explorer, ERROR)) > seen)
    seen = len(column(explorer, ERROR))
    click(explorer, "Pause")
    # beside the progress: the light says so before the last picture is there
    explorer.locator(".laf-told").get_by_text("paused").wait_for(timeout=5_000)
    stopped = column(explorer, ERROR)
    assert len(stopped) - seen < 200  # of the 2000 steps asked for
    explorer.wait_for_timeout(400)
    assert len(column(explorer, ERROR)) - len(stopped) <= 1
    click(explorer, "Undo")
    wait_for(explorer, lambda: len(column(explorer, ERROR)) == 1)
    assert_clean(explorer)


def test_a_tap_into_a_picture_chooses_the_pixel(explorer):
    before = column(explorer, "probe", "x")
    # the figure is a web component: find where its frame lies on the page
    box = explorer.evaluate(
        """() => {
          const model = Bokeh.documents[0].get_model_by_name("picture-figure");
          const view = Bokeh.index.find_one(model);
          view.el.scrollIntoView({ block: "center" });
          const r = view.el.getBoundingClientRect();
          const f = view.frame.bbox;
          return [r.x + f.x0 + 0.25 * f.width, r.y + f.y0 + 0.3 * f.height];
        }"""
    )
    explorer.mouse.click(*box)
    wait_for_change(explorer, before, "probe", "x")
    explorer.get_by_role("img", name="Weights at").first.wait_for()
    assert_clean(explorer)


@pytest.mark.parametrize(
    ("size", "words"),
    [(100, "cannot be read as an image"), (33 * 2**20, "MB")],
    ids=["unreadable", "huge"],
)
def test_a_bad_upload_is_explained_beside_the_control(explorer, tmp_path, size, words):
    bad = tmp_path / "broken.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n".ljust(size, b"?"))
    before = column(explorer, "labeling", "image")
    pick(explorer, bad)
    said = explorer.locator("[data-name=image] .laf-complaint")
    said.filter(has_text=words).wait_for(timeout=10_000)
    assert column(explorer, "labeling", "image") == before
    assert_clean(explorer)


def test_an_upload_of_more_than_one_message_becomes_the_scene(explorer, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2400, 3), dtype=np.uint8)
    good = tmp_path / "photo.png"
    Image.fromarray(noise).save(good, compress_level=0)
    assert good.stat().st_size > 10 * 2**20  # beyond what a server takes at once
    pick(explorer, good)
    wait_for(explorer, lambda: column(explorer, "labeling", "dw") == [256], 60)
    assert column(explorer, "labeling", "dh") == [160]
    assert_clean(explorer)


def pick(page, file):
    """Choose a file for the image of one's own."""
    page.locator("[data-name=image] input[type=file]").set_input_files(file)


def test_a_link_reopens_the_same_picture(page, voila):
    pages.open_explorer(page, voila, "voila")
    pages.press(page, "time T", "ArrowRight", 4)
    readout = pages.readout(page, "time T")
    wait_for(page, lambda: "time=6.0" in page.evaluate(HASH))
    labels, sigma = column(page, "labeling", "image"), column(page, SIGMA)
    tail = page.evaluate("() => location.hash")
    page.goto("about:blank")
    page.goto(voila.url(f"/voila/render/{pages.NOTEBOOK}") + tail)
    pages.wait_for_picture(page)
    wait_for(page, lambda: readout.input_value() == "6")
    wait_for(page, lambda: column(page, "labeling", "image") == labels)
    assert column(page, SIGMA) == sigma
    assert_clean(page)


def test_a_reloaded_page_and_a_second_view_show_the_current_state(page, lab):
    pages.open_explorer(page, lab, "lab")
    click(page, "Step")
    wait_for(page, lambda: len(column(page, ERROR)) == 2)
    current = column(page, ERROR)
    page.evaluate("() => jupyterapp.commands.execute('notebook:create-output-view')")
    wait_for(page, lambda: page.evaluate(VIEWS) == [current, current])
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.goto(lab.url(f"/lab/tree/{pages.NOTEBOOK}"))
    pages.wait_for_picture(page)
    wait_for(page, lambda: column(page, ERROR) == current)
    assert_clean(page)


def test_interrupting_the_kernel_stops_learning(page, lab):
    pages.open_explorer(page, lab, "lab")
    steps(page, 2000)
    click(page, "Learn")
    wait_for(page, lambda: len(column(page, ERROR)) > 3)
    page.evaluate("() => jupyterapp.commands.execute('notebook:interrupt-kernel')")
    page.locator(".laf-told").get_by_text("interrupted").wait_for(timeout=10_000)
    stopped = column(page, ERROR)
    page.wait_for_timeout(400)
    assert len(column(page, ERROR)) - len(stopped) <= 1
    assert_clean(page)


COSINE = "gradient-cosine", "top"
HASH = "() => decodeURIComponent(location.hash)"
VIEWS = """() => (window.Bokeh?.documents ?? [])
  .map((d) => d.get_model_by_name("error:0")).filter(Boolean)
  .map((s) => Array.from(s.data.y))"""


def test_running_the_cell_again_leaves_one_explorer(page, lab):
    pages.open_explorer(page, lab, "lab")
    for _ in range(2):
        before = page.evaluate(pages.COUNTS)
        page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        # the old explorer closes as the cell starts, so the one that is left is new
        wait_for(page, lambda old=before: page.evaluate(pages.COUNTS)[-1] != old[-1])
        page.wait_for_function(pages.RUN_DONE, timeout=60_000)
        pages.wait_for_picture(page)
        wait_for(page, lambda: page.evaluate("() => Bokeh.documents.length") == 1)
    assert_clean(page)
