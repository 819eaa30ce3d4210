"""Painting in the pictures: strokes of the mouse, strokes by keyboard, prototypes."""

import pytest

import explorer as ex
from tests.browser import pages
from tests.browser.desks import in_voila, quiet
from tests.browser.pages import click, column, wait_for, wait_for_change

pytestmark = pytest.mark.browser

SIZE = 32
CELL = (
    "import explorer as ex\n"
    f"app = ex.LearningExplorer(size={SIZE}, pixel=(20, 5))\n"
    "app.show('truth', 'picture')\n"
    "app"
)
NAME = "brush.ipynb"


@pytest.fixture
def easel(browser, voila, workdir):
    """The learning explorer with its ground truth on screen."""
    pages.write_cells(workdir, [CELL], NAME)
    with in_voila(browser, voila, name=NAME) as page:
        page.locator("summary", has_text="Brush and prototypes").click()
        yield page
        assert page.watch.problems == []
        assert page.watch.external == set()


def truth(page):
    """Return the ground truth on screen, as a list."""
    return column(page, "truth", "label")


def place(page, view, row, col):
    """Return the point of the window over a pixel of a picture."""
    card = page.locator(f"[data-view={view}] .laf-figure")
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    return left + (col + 0.5) / SIZE * side, top + (row + 0.5) / SIZE * side


def drag(page, view, start, end):
    """Drag the mouse over a picture, from pixel to pixel."""
    page.mouse.move(*place(page, view, *start))
    page.mouse.down()
    page.mouse.move(*place(page, view, *end), steps=12)
    page.mouse.up()


def load(page, label, size):
    page.get_by_role("spinbutton", name="label", exact=True).fill(str(label))
    page.get_by_role("spinbutton", name="brush size in pixels").fill(str(size))
    page.keyboard.press("Tab")


def scene():
    return ex.voronoi_scene("colors", size=SIZE)


def test_a_drag_paints_and_each_stroke_is_undone_alone(easel):
    before = truth(easel)
    load(easel, 2, 3)
    click(easel, "paint in the pictures; Escape ends it")
    for row in (8, 16):
        drag(easel, "truth", (row, 4), (row, 24))
        before = wait_for_change(easel, before, "truth", "label")
    stroke = [ex.Stroke([(row, 4), (row, 24)], label=2) for row in (8, 16)]
    for count in (2, 1):
        expected = ex.paint(scene(), stroke[:count]).labels.values
        found = wait_for(easel, lambda e=expected: alike(truth(easel), e))
        assert found
        assert easel.get_by_text(
            f"{count} stroke" + "s" * (count > 1), exact=True
        ).is_visible()
        click(easel, "Undo")
        quiet(easel)
    assert alike(truth(easel), scene().labels.values)


def alike(found, expected):
    """Whether labels on screen differ from others at the ends of a stroke at most."""
    wrong = sum(a != b for a, b in zip(found, expected.ravel(), strict=True))
    return wrong <= 6


def test_escape_gives_the_taps_back_to_the_probe(easel):
    grip = easel.get_by_role("button", name="paint in the pictures; Escape ends it")
    grip.click()
    assert grip.get_attribute("aria-pressed") == "true"
    easel.keyboard.press("Escape")
    assert grip.get_attribute("aria-pressed") == "false"
    before = truth(easel)
    easel.mouse.click(*place(easel, "truth", 3, 9))
    wait_for(easel, lambda: column(easel, "probe", "x") == [9.5])
    assert column(easel, "probe", "y") == [3.5]
    assert truth(easel) == before


def test_the_keyboard_paints_at_the_pixel_and_errors_stand_at_the_brush(easel):
    load(easel, 7, 1)
    here = easel.get_by_role("button", name="paint at the chosen pixel")
    here.focus()
    easel.keyboard.press("Enter")
    wanted = ex.paint(scene(), ex.Stroke([(20, 5)], 7, 1)).labels.values.ravel()
    wait_for(easel, lambda: truth(easel) == wanted.tolist())
    load(easel, 9, 1)
    here.click()
    complaint = easel.locator("[data-name=strokes] .laf-complaint")
    wait_for(easel, complaint.is_visible)
    assert "labels from 0 to 7" in complaint.inner_text()
    click(easel, "take the last stroke back")
    wait_for(easel, lambda: not complaint.is_visible())
    assert truth(easel) == wanted.tolist()


def test_taps_pick_prototypes(easel):
    before = truth(easel)
    click(easel, "pick in the pictures; Escape ends it")
    clean = scene().clean.values
    other = next(c for c in range(SIZE) if (clean[20, c] != clean[20, 5]).any())
    for col in (5, other):
        easel.mouse.click(*place(easel, "truth", 20, col))
        before = wait_for_change(easel, before, "truth", "label")
        quiet(easel)
    wanted = ex.pick_prototypes(scene(), [(20, 5), (20, other)]).labels.values
    assert truth(easel) == wanted.ravel().tolist()
    click(easel, "use the prototypes of the scene")
    wait_for(easel, lambda: truth(easel) == scene().labels.values.ravel().tolist())


def test_arrow_keys_on_a_picture_move_the_pixel_and_enter_paints_there(easel):
    before = truth(easel)
    easel.locator("[data-picture=truth]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        easel.keyboard.press(key)
    wait_for(easel, lambda: column(easel, "probe", "x") == [7.5])
    wait_for(easel, lambda: column(easel, "probe", "y") == [29.5])
    easel.keyboard.press("Shift+ArrowDown")  # as far as the picture reaches
    wait_for(easel, lambda: column(easel, "probe", "y") == [SIZE - 0.5])
    assert truth(easel) == before
    easel.get_by_role("button", name="paint in the pictures; Escape ends it").click()
    load(easel, 1, 1)
    easel.locator("[data-picture=picture]").focus()
    easel.keyboard.press("Enter")
    wanted = ex.paint(scene(), ex.Stroke([(SIZE - 1, 7)], 1, 1)).labels.values
    wait_for(easel, lambda: truth(easel) == wanted.ravel().tolist())


def test_a_drag_moves_the_pixel(easel):
    easel.mouse.move(*place(easel, "truth", 4, 4))
    easel.mouse.down()
    easel.mouse.move(*place(easel, "truth", 12, 22), steps=9)
    easel.mouse.up()
    wait_for(easel, lambda: column(easel, "probe", "x") == [22.5])
    assert column(easel, "probe", "y") == [12.5]
    click(easel, "Undo")  # the whole drag
    wait_for(easel, lambda: column(easel, "probe", "x") == [5.5])
