"""Pages, PNG files and tables say what the panels say."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest
from PIL import Image

from explorer.alternatives import describe
from explorer.drawing import prints
from explorer.drawing.page import layout_of, plots_of, rows_of, to_page
from explorer.drawing.prints import png_of, to_png
from explorer.drawing.table import to_csv
from explorer.drawing.view import view_of
from explorer.panels import Curves, Figure, Picture
from tests.drawing.samples import EXTREMES, KINDS, series

pytestmark = pytest.mark.slow

ALL = {**KINDS, **EXTREMES}
VIEWS = [view_of(name, panel) for name, panel in KINDS.items()]


@pytest.fixture(scope="module")
def page():
    return to_page(VIEWS, KINDS, "All kinds & more", "With a <caption>.")


def test_a_page_needs_no_network(page):
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?(http|//)", page)
    assert not re.search(r"@import|url\(\s*['\"]?(http|//)", page)


def test_a_page_has_all_views_and_says_what_they_show(page):
    assert "<h1>All kinds &amp; more</h1>" in page
    assert "With a &lt;caption&gt;." in page
    for name, panel in KINDS.items():
        assert f'"{name}-figure"' in page
        assert describe(panel).split(",")[0] in page


def test_views_without_a_panel_are_left_out():
    shown = to_page(VIEWS, {"grid": KINDS["grid"]}, "one")
    assert "grid-figure" in shown
    assert "picture-figure" not in shown


def test_figures_on_a_page_have_a_text_alternative():
    drawn = Figure(1, "t", "c", [[KINDS["labels"], KINDS["curve"]]])
    (plots,) = plots_of(rows_of(drawn), 1000)
    for plot, panel in zip(plots, drawn.rows[0], strict=True):
        assert plot.html_attributes == {"role": "img", "aria-label": describe(panel)}


@pytest.mark.parametrize("shape", [(20, 60), (60, 20), (7, 9)])
def test_frames_have_the_aspect_of_their_picture(shape):
    drawn = Figure(1, "t", "c", [[Picture("", np.zeros((*shape, 3)))]])
    ((plot,),) = plots_of(rows_of(drawn), 1000)
    rows, cols = shape
    # rounded to whole pixels, of some 100 at least
    assert plot.frame_width / plot.frame_height == pytest.approx(cols / rows, rel=0.01)


def test_pictures_of_one_shape_move_together_and_others_do_not():
    small, large = (Picture("", np.zeros((n, n, 3))) for n in (4, 8))
    drawn = Figure(1, "t", "c", [[small, large, small]])
    ((one, other, again),) = plots_of(rows_of(drawn), 1280)
    assert one.x_range is again.x_range is not other.x_range
    names = [m.name for m in layout_of(drawn, 1280).references() if m.name]
    assert len(names) == len(set(names))


def test_rows_continue_below_where_there_is_no_room():
    drawn = Figure(1, "t", "c", [[KINDS["picture"]] * 4])
    assert [len(row) for row in plots_of(rows_of(drawn), 600)] == [2, 2]
    assert [len(row) for row in plots_of(rows_of(drawn), 1280)] == [4]


def test_long_titles_are_broken_not_cut():
    title = "a title that is so long that it cannot stand in one line above its picture"
    drawn = Figure(1, "t", "c", [[Picture(title, np.zeros((2, 2, 3))), KINDS["gray"]]])
    ((plot, other),) = plots_of(rows_of(drawn), 1280)
    texts = [{m.name: m.text for m in p.above} for p in (plot, other)]
    (shown,) = (t for n, t in texts[0].items() if n.endswith("title"))
    assert shown.split() == title.split()
    assert max(map(len, shown.split("\n"))) * 7 <= plot.frame_width
    lines = [sum(t.count("\n") + bool(t) for t in found.values()) for found in texts]
    assert lines[0] == lines[1]  # frames of a row begin on one line


@pytest.mark.parametrize("name", ALL)
def test_every_panel_can_be_printed(name):
    content = to_png({name: ALL[name]}, dpi=40)
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    with Image.open(io.BytesIO(content)) as image:
        assert min(image.size) > 25


def test_a_sheet_has_the_size_of_its_rows():
    one = to_png({"a": KINDS["gray"]}, dpi=50)
    four = to_png(dict.fromkeys("abcd", KINDS["gray"]), dpi=50)
    eight = to_png(dict.fromkeys("abcdefgh", KINDS["gray"]), dpi=50)
    sizes = [Image.open(io.BytesIO(content)).size for content in (one, four, eight)]
    column = 50 * (prints.SIDE + prints.GAP)
    assert sizes[1][0] - sizes[0][0] == pytest.approx(3 * column, abs=1)
    assert sizes[1][1] == sizes[0][1]
    assert sizes[2][0] == sizes[1][0]
    assert sizes[2][1] == pytest.approx(2 * sizes[1][1] - 50 * 3 * prints.EDGE, abs=2)


def test_a_print_shows_the_colors_of_its_picture():
    picture = Picture("", np.broadcast_to([0.2, 0.4, 0.6], (4, 8, 3)))
    content = png_of(Figure(1, "t", "c", [[picture]]))
    seen = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    rows, cols = np.nonzero(np.abs(seen - [51, 102, 153]).max(axis=2) < 3)
    # edges are blended over a pixel on each side
    assert np.ptp(cols) / np.ptp(rows) == pytest.approx(2.0, rel=0.03)


def test_kept_runs_are_printed():
    panel = Curves("", "x", "y", series("now"))
    kept = {"c": [("T = 15", Curves("", "x", "y", series("now")))]}
    assert to_png({"c": panel}, dpi=40) != to_png({"c": panel}, kept=kept, dpi=40)
    assert "T = 15" in to_page([view_of("c", panel)], {"c": panel}, "t", "", kept)


def read(name):
    return list(csv.reader(io.StringIO(to_csv(view_of(name, ALL[name]), ALL[name]))))


def test_tables_return_every_number_exactly():
    head, *rows = read("labels")
    assert head == ["row", "col", "label", "truth", "p0", "p1", "p2"]
    for row, col, label, truth, *p in rows:
        at = int(row), int(col)
        assert int(label) == KINDS["labels"].labels[at]
        assert int(truth) == KINDS["labels"].truth[at]
        assert [float(v) for v in p] == KINDS["labels"].probabilities[:, *at].tolist()
    head, *rows = read("picture")
    assert head == ["row", "col", "red", "green", "blue"]
    found = np.array([r[2:] for r in rows], float).reshape(KINDS["picture"].image.shape)
    np.testing.assert_array_equal(found, KINDS["picture"].image)
    for name, attribute in (("field", "values"), ("grid", "values")):
        _, *rows = read(name)
        values = getattr(KINDS[name], attribute)
        found = np.array([r[2] for r in rows], float).reshape(values.shape)
        np.testing.assert_array_equal(found, values)


def test_tables_of_curves_name_them():
    head, *rows = read("curves")
    assert head == ["series", "step", "wrong in %"]
    for given in KINDS["curves"].series:
        own = np.array([r[1:] for r in rows if r[0] == given.name], float)
        np.testing.assert_array_equal(own, np.column_stack([given.x, given.y]))
    _, *rows = read("measured")
    assert rows[-2:] == [
        ["line, measured", "1.0", "2.5"],
        ["line, measured", "2.0", "20.0"],
    ]
    assert read("table") == [["method", "wrong"], ["flow", "1.25"], ["cut", "2"]]
    head, *rows = read("bars")
    assert head == ["cosine from", "cosine to", "%"]
    np.testing.assert_array_equal(np.array(rows, float)[:, 2], KINDS["bars"].heights)


def test_the_table_of_patches_has_every_number():
    head, *rows = read("patches")
    assert head == ["patch", "caption", "part", "row", "col", "channel", "value"]
    panel = KINDS["patches"]
    for patch, caption, part, row, col, channel, value in rows:
        k, place = int(patch), (int(row), int(col))
        assert caption == panel.captions[k]
        values = panel.images if part == "image" else panel.weights
        at = (k, *place, int(channel)) if part == "image" else (k, *place)
        assert float(value) == values[at]
    assert len(rows) == panel.images.size + panel.weights.size


@pytest.mark.parametrize("name", ALL)
def test_every_panel_has_a_table_of_full_rows(name):
    head, *rows = read(name)
    assert all(len(row) == len(head) for row in rows)


def test_the_table_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="`panel` must be a Grid"):
        to_csv(view_of("grid", KINDS["grid"]), KINDS["gray"])
