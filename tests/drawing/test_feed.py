"""What goes in is found in the columns, upright, and every model fed exists once."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from matplotlib.figure import Figure

from explorer.drawing import colors
from explorer.drawing.axes import draw
from explorer.drawing.chrome import dress
from explorer.drawing.feed import KEPT, feed, legend
from explorer.drawing.page import fill
from explorer.drawing.stage import Stage
from explorer.drawing.view import view_of
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Picture,
    Series,
    Simplex,
    shape_of,
)
from tests.drawing.samples import EXTREMES, KINDS, OWN, P, series

ALL = {**KINDS, **EXTREMES}

each_kind = pytest.mark.parametrize("name", KINDS)
each = pytest.mark.parametrize("name", ALL)
pixelwise = pytest.mark.parametrize(
    "name", [n for n, p in ALL.items() if isinstance(p, Picture | Labels | Field)]
)


def fed(name, panel=None, kept=()):
    panel = ALL[name] if panel is None else panel
    return feed(view_of(name, panel), panel, kept)


def models_of(plot):
    return [model for model in plot.references() if model.name]


@pytest.mark.slow
@each
@pytest.mark.parametrize("chrome", [True, False])
def test_every_model_that_is_fed_exists_once(name, chrome):
    shown, panel = view_of(name, ALL[name]), ALL[name]
    plot = Stage(chrome).build(shown)
    parts = [feed(shown, panel), *([dress(shown, panel)] if chrome else [])]
    counts = Counter(model.name for model in models_of(plot))
    assert plot.name == f"{name}-figure"
    for columns, props in parts:
        for model in {*columns, *props}:
            assert counts[model] == 1, model
    for columns, props in parts:
        fill(plot, columns, props)  # Bokeh checks the type of each property


@pytest.mark.slow
def test_all_names_of_a_stage_differ():
    stage = Stage(chrome=False)
    found = {
        m.id: m.name
        for n in KINDS
        for m in models_of(stage.build(view_of(n, KINDS[n])))
    }
    assert max(Counter(found.values()).values()) == 1


def test_the_sources_are_named_after_their_view():
    for name, panel in KINDS.items():
        columns, props = fed(name)
        assert all(c == name or c.startswith(f"{name}:") for c in columns)
        shared = (
            {"cols", "rows"} if isinstance(panel, Picture | Labels | Field) else set()
        )
        assert all(p in shared or p.startswith(f"{name}-") for p in props)


@each
def test_properties_are_plain(name):
    """They travel as JSON, and stay what they are."""
    _, props = fed(name)
    again = json.loads(json.dumps(props, allow_nan=False))
    assert again == json.loads(json.dumps(props))


def dtypes(columns):
    """The type of each column: that of arrays, and str for texts."""
    return {
        (source, column): (values[0] if isinstance(values, list) else values).dtype.str
        if not (isinstance(values, list) and (not values or isinstance(values[0], str)))
        else "str"
        for source, data in columns.items()
        for column, values in data.items()
    }


@each
def test_types_are_few(name):
    assert set(dtypes(fed(name)[0]).values()) <= {"|u1", "<u4", "<f4", "<f8", "str"}


def test_types_do_not_depend_on_the_data():
    assert dtypes(fed("a", KINDS["curves"])[0]) == dtypes(
        fed("a", Curves("", "x", "y", [Series("s", [1], [2])] * 2, True))[0]
    )
    other = Labels("", np.zeros((2, 2), np.uint8), 3, np.zeros((2, 2), bool), None, P)
    other = Labels("", other.labels, 3, other.truth, None, P[:, :2, :2])
    assert dtypes(fed("a", KINDS["labels"])[0]) == dtypes(fed("a", other)[0])


@each
def test_feeding_is_pure(name):
    one, other = fed(name), fed(name)
    assert one[1] == other[1]
    for source, data in one[0].items():
        for column, values in data.items():
            np.testing.assert_array_equal(values, other[0][source][column])


def test_columns_share_no_memory_with_the_panel():
    y = np.array([1.0, 2.0, 3.0])
    values = np.ones((2, 2), np.float32)
    curves, _ = fed("c", Curves("", "x", "y", [Series("s", y, y)]))
    field, _ = fed("f", Field("", values, "", 0, 1))
    assert not np.shares_memory(curves["c:0"]["y"], y)
    assert not np.shares_memory(field["f"]["image"][0], values)


@pixelwise
def test_pictures_have_their_size_and_run_right_and_down(name):
    columns, props = fed(name)
    rows, cols = shape_of(ALL[name])
    assert (columns[name]["dh"], columns[name]["dw"]) == ([rows], [cols])
    assert props["cols"]["start"] == 0.0 < cols <= props["cols"]["end"]
    assert props["rows"]["end"] == 0.0 < rows <= props["rows"]["start"]


def rgba(packed):
    return packed.view(np.uint8).reshape(*packed.shape, 4)


def test_pictures_are_fed_in_their_own_colors():
    (packed,) = fed("picture")[0]["picture"]["image"]
    expected = np.round(255 * np.clip(KINDS["picture"].image, 0, 1))
    np.testing.assert_array_equal(rgba(packed)[..., :3], expected)


def test_numbers_under_the_pointer_are_not_clipped():
    data = fed("picture")[0]["picture"]
    for k, name in enumerate(("red", "green", "blue")):
        np.testing.assert_allclose(data[name][0], KINDS["picture"].image[..., k], 1e-6)


def test_labels_are_fed_with_truth_and_likeliest_labels():
    panel, data = KINDS["labels"], fed("labels")[0]["labels"]
    np.testing.assert_array_equal(data["label"][0], panel.labels)
    np.testing.assert_array_equal(data["truth"][0], panel.truth)
    np.testing.assert_array_equal(data["best1"][0], P.argmax(axis=0))
    np.testing.assert_allclose(data["p1"][0], P.max(axis=0), rtol=1e-6)
    np.testing.assert_allclose(data["p2"][0], np.sort(P, axis=0)[1], rtol=1e-6)
    assert (data["best1"][0] != data["best2"][0]).all()


def test_right_pixels_have_their_own_color_and_wrong_ones_a_cross():
    panel = KINDS["labels"]
    (packed,) = fed("labels")[0]["labels"]["image"]
    side = colors.cells_of(panel.labels.shape)
    image = rgba(packed)[..., :3] / 255.0
    ground = colors.ground_of(OWN)
    for row, col in np.ndindex(panel.labels.shape):
        cell = image[row * side : (row + 1) * side, col * side : (col + 1) * side]
        label = panel.labels[row, col]
        if label == panel.truth[row, col]:
            assert (cell == OWN[label]).all()
        else:
            dark = np.abs(cell - ground).max(axis=2) < 1 / 255
            np.testing.assert_array_equal(dark, ~colors.cross_of(side))


def test_pixels_without_a_label_are_transparent():
    labels = np.array([[-1, 0]])
    (packed,) = fed("a", Labels("", labels, 2))[0]["a"]["image"]
    assert rgba(packed)[..., 3].tolist() == [[0, 255]]
    (known,) = fed("a", Labels("", np.abs(labels), 2, labels))[0]["a"]["image"]
    ground = np.round(255 * colors.ground_of(colors.rgb(colors.TONES)))
    assert not (rgba(known)[..., :3] == ground).all(axis=2).any()  # nothing is wrong


def test_fields_are_fed_as_numbers_with_gaps():
    values = np.array([[0.5, np.nan]])
    columns, props = fed("f", Field("", values, "", -1.0, 2.0))
    np.testing.assert_array_equal(columns["f"]["image"][0], values)
    assert props["f-colors"] == {"low": -1.0, "high": 2.0}


def test_curves_are_fed_as_they_are():
    columns, props = fed("curves")
    for k, given in enumerate(KINDS["curves"].series):
        found = columns[f"curves:{k}"]
        np.testing.assert_array_equal(found["x"], given.x)
        np.testing.assert_array_equal(found["y"], given.y)
        assert set(found["series"]) == {given.name}
        assert found["alpha"].any()
    assert columns["curves:marks"]["text"] == ["T = 15"]
    assert columns["curves:marks"]["x"].tolist() == [3.0]
    assert props["curves-x-axis"] == {"axis_label": "step"}


def test_marks_of_curves_that_coincide_take_turns():
    panel = Curves(
        "", "x", "y", [Series(str(k), np.arange(30), np.ones(30)) for k in range(3)]
    )
    columns, _ = fed("c", panel)
    marked = np.stack([columns[f"c:{k}"]["alpha"] for k in range(3)])
    assert (marked.sum(axis=0) <= 1).all()
    assert (marked.sum(axis=1) >= 3).all()


def test_levels_are_in_view_and_their_texts_are_side_by_side():
    columns, props = fed("levels")
    data = columns["levels:levels"]
    assert data["level"].tolist() == [8.0, 1e5, 9.0]
    assert data["text"] == ["phone", "cluster", "here"]
    start, end = props["levels-y"]["start"], props["levels-y"]["end"]
    assert start < np.exp(-6.0)  # the last point of a curve
    assert end > 1e5
    assert np.log10(end / 1e5) >= 0.099 * np.log10(end / start)  # room for a text
    # in rising order from left to right, each in a third of the logarithmic axis
    left, right = np.log10([props["levels-x"][k] for k in ("start", "end")])
    thirds = (np.log10(data["x"]) - left) / (right - left)
    np.testing.assert_allclose(thirds, [1 / 6, 5 / 6, 3 / 6])
    # "phone" would be crossed by the line of "here", just above its own
    assert data["y"].tolist() == pytest.approx([9.0, 1e5, 9.0])


@pytest.mark.parametrize("log", [True, False])
def test_texts_of_levels_far_apart_stand_on_their_lines(log):
    levels = [(1.0, "low"), (50.0, "middle"), (100.0, "high")]
    curve = [Series("s", np.arange(3), [1.0, 2.0, 3.0])]
    columns, _ = fed("c", Curves("", "x", "y", curve, log, levels=levels))
    assert columns["c:levels"]["y"].tolist() == pytest.approx([1.0, 50.0, 100.0])


def test_an_axis_reaches_as_far_below_a_level_as_below_a_curve():
    """Curves of many decades are compared with levels, not with their own largest."""
    curve = Series("s", np.arange(3), [1e-9, 1.0, 1e20])
    bare, leveled = (
        fed("c", Curves("", "x", "y", [curve], True, levels=levels))[1]["c-y"]
        for levels in ([], [(80.0, "GPU")])
    )
    assert bare["start"] > 1.0
    assert leveled["start"] < 1e-9
    assert leveled["end"] > 1e20


def test_a_logarithmic_horizontal_axis_has_ticks_and_gaps():
    curve = Series("s", np.array([0.0, 1.0, 1000.0]), np.ones(3))
    columns, props = fed("c", Curves("", "x", "y", [curve], log_x=True))
    np.testing.assert_array_equal(columns["c:0"]["x"], [np.nan, 1.0, 1000.0])
    assert props["c-x-ticks"] == {"ticks": [1.0, 10.0, 100.0, 1000.0]}
    assert 0.0 < props["c-x"]["start"] < 1.0
    short = Series("s", np.array([1.0, 3.0]), np.ones(2))
    _, props = fed("c", Curves("", "x", "y", [short], log_x=True))
    # 0.8, 0.9 and 1 would stand in one place
    assert props["c-x-ticks"] == {"ticks": [1.0, 2.0]}


def test_only_measured_points_have_markers_and_no_line_joins_them():
    columns, props = fed("measured")
    data, (given,) = columns["measured:0"], KINDS["measured"].series
    on = (data["alpha"] > 0.0) & np.isfinite(data["x"])
    np.testing.assert_array_equal(data["x"][on], given.measured[0])
    np.testing.assert_array_equal(data["y"][on], given.measured[1])
    line = slice(len(given.x))
    np.testing.assert_array_equal(data["y"][line], given.y)
    around = np.flatnonzero(on)
    assert np.isnan(data["x"][around - 1]).all()
    assert np.isnan(data["y"][around - 1]).all()
    assert props["measured-y"]["end"] > 20.0
    _, look = dress(view_of("measured", KINDS["measured"]), KINDS["measured"])
    assert look["measured:0-item"]["index"] == around[0]  # the legend shows a marker


def test_a_logarithmic_axis_has_gaps_where_there_is_no_logarithm():
    panel = Curves("", "x", "y", [Series("s", np.arange(3), [1.0, 0.0, 0.1])], True)
    columns, props = fed("c", panel)
    np.testing.assert_array_equal(columns["c:0"]["y"], [1.0, np.nan, 0.1])
    assert 0.0 < props["c-y"]["start"] < 0.1
    ticks = props["c-y-ticks"]["ticks"]
    assert all(props["c-y"]["start"] <= t <= props["c-y"]["end"] for t in ticks)


@each
def test_ranges_show_all_that_is_finite(name):
    columns, props = fed(name)
    for axis in "xy":
        found = props.get(f"{name}-{axis}")
        if found is None:
            continue
        assert np.isfinite(list(found.values())).all()
        assert found["start"] != found["end"]
        assert (found["start"], found["end"]) == (
            found["reset_start"],
            found["reset_end"],
        )
        low, high = sorted((found["start"], found["end"]))
        for source, data in columns.items():
            if axis in data and ":marks" not in source:
                finite = data[axis][np.isfinite(data[axis])]
                assert (finite >= low).all()
                assert (finite <= high).all()


@pytest.mark.parametrize(
    ("x", "ends", "least"),
    [([0], (0.0, 1.0), 1.0), ([1], (1.0, 2.0), 1.0), ([0.5], (0.0, 1.0), 0.0),
     ([0, 1, 2], (0.0, 2.0), 1.0), ([0.5, 2.0], (0.5, 2.0), 0.0)],
)  # fmt: skip
def test_a_count_has_whole_ticks_and_one_point_shows_the_next(x, ends, least):
    curve = Series("now", np.array(x, float), np.ones(len(x)))
    panel = Curves("c", "step", "y", [curve])
    _, props = fed("c", panel)
    low, high = ends
    margin = 0.03 * (high - low) if least or len(x) > 1 else 0.0
    extent = [props["c-x"]["start"], props["c-x"]["end"]]
    assert extent == pytest.approx([low - margin, high + margin])
    assert props["c-x-ticks"] == {"min_interval": least}
    place = Figure().subplots()
    draw((view_of("c", panel), panel, ()), place)
    assert list(place.get_xlim()) == pytest.approx(extent)
    inside = [t for t in place.get_xticks() if extent[0] <= t <= extent[1]]
    assert len(inside) > 1
    assert not least or all(t == int(t) for t in inside)


def runs(count):
    return [
        (f"run {k}", Curves("", "x", "y", series("one", "two"))) for k in range(count)
    ]


def test_kept_runs_are_dashed_and_named():
    panel, kept = KINDS["curves"], runs(2)
    shown = view_of("curves", panel)
    columns, _ = feed(shown, panel, kept)
    assert set(columns["curves:2"]["series"]) == {"one, run 0"}
    assert set(columns["curves:5"]["series"]) == {"two, run 1"}
    entries = legend(shown, panel, kept)
    assert [e["dash"] for e in entries] == [False, False, True, True, True, True]
    assert entries[2]["label"] == "one, run 0"
    looks = {(e["color"], e["mark"], e["line"]) for e in entries}
    assert len(looks) == len(entries)
    plot = Stage(chrome=False).build(shown)
    order = [r.name for r in plot.renderers if r.name]
    assert order.index("curves:2-line") < order.index("curves:0-line")  # below
    dashes = {
        r.name: r.glyph.line_dash for r in plot.renderers if "line" in (r.name or "")
    }
    assert dashes["curves:0-line"] == []
    assert dashes["curves:2-line"] != []


def test_too_many_runs_are_refused():
    panel = KINDS["curves"]
    with pytest.raises(
        ValueError, match=f"`kept` must hold at most {KEPT} runs, got 5"
    ):
        feed(view_of("curves", panel), panel, runs(KEPT + 1))


def test_a_panel_of_another_kind_is_refused():
    with pytest.raises(TypeError, match=r"`panel` must be a Curves, .* got Picture"):
        feed(view_of("curves", KINDS["curves"]), KINDS["picture"])


def test_bars_are_fed_with_their_edges_and_colors():
    columns, _ = fed("bars")
    data = columns["bars"]
    np.testing.assert_array_equal(data["left"], KINDS["bars"].edges[:-1])
    np.testing.assert_array_equal(data["right"], KINDS["bars"].edges[1:])
    np.testing.assert_array_equal(data["top"], KINDS["bars"].heights)
    assert data["color"] == [colors.ACCENT] * 3 + [colors.INK]


def test_a_matrix_is_written_row_by_row_around_its_center():
    data = fed("grid")[0]["grid"]
    values = KINDS["grid"].values
    for x, y, value, text in zip(
        *(data[k] for k in ("x", "y", "value", "text")), strict=True
    ):
        assert value == values[int(y) + 1, int(x) + 1]
        assert float(text) == pytest.approx(value, abs=5e-4)
    ends = fed("grid")[1]["grid-y"]
    assert ends["start"] > ends["end"]  # the first row is on top


def test_patches_are_fed_upright_the_image_above_its_weights():
    panel, data = KINDS["patches"], fed("patches")[0]["patches"]
    assert len(data["x"]) == 5 * (9 + 9)  # pixels and weights
    own = np.round(255 * np.clip(panel.images, 0, 1)).astype(int)
    captions = fed("patches")[0]["patches:captions"]
    for pair, caption in enumerate(panel.captions):
        cells = {}
        for k in np.flatnonzero([c.startswith(f"{caption},") for c in data["caption"]]):
            part = data["caption"][k].partition(", ")[2]
            place = tuple(map(int, data["place"][k].split(",")))
            cells[part, place] = k
        for place in np.ndindex(3, 3):
            k, below = cells["image", place], cells["weights", place]
            shade = "#{:02x}{:02x}{:02x}".format(*own[pair][place])
            assert data["color"][k] == shade
            # same column; below the image, above the caption
            assert data["x"][k] == pytest.approx(data["x"][below])
            assert data["y"][k] < data["y"][below] < captions["y"][pair]
            assert float(data["value"][below]) == pytest.approx(
                panel.weights[pair][place], rel=5e-3
            )  # three digits
        first, last = cells["weights", (0, 0)], cells["weights", (2, 2)]
        assert data["x"][first] < data["x"][last]
        assert data["y"][first] < data["y"][last]
        largest = np.unravel_index(panel.weights[pair].argmax(), (3, 3))
        k = cells["weights", tuple(map(int, largest))]
        assert data["color"][k] == colors.INK.lower()


def test_patches_do_not_overlap():
    data = fed("patches")[0]["patches"]
    x, y, side = (data[k] for k in ("x", "y", "side"))
    apart = np.maximum(abs(x[:, None] - x), abs(y[:, None] - y))
    np.fill_diagonal(apart, np.inf)
    # squares of both sizes touch at most, up to rounding
    assert (apart >= (side[:, None] + side) / 2 - 1e-12).all()


def test_bars_without_an_accent_have_one_color_and_no_legend():
    panel = EXTREMES["plain-bars"]
    assert set(fed("plain-bars")[0]["plain-bars"]["color"]) == {colors.ACCENT}
    assert legend(view_of("plain-bars", panel), panel) == []


def test_paths_are_fed_with_their_probabilities():
    columns, _ = fed("simplex")
    found = columns["simplex:0"]
    np.testing.assert_allclose([found[f"p{k}"][-1] for k in range(3)], [0.8, 0.1, 0.1])
    assert columns["simplex:corners"]["text"] == ["red", "green", "blue"]
    x, _ = Simplex.xy(np.eye(3))
    np.testing.assert_array_equal(columns["simplex:corners"]["x"], x)


@each_kind
def test_legends_name_every_color_that_is_used(name):
    panel = KINDS[name]
    shown = view_of(name, panel)
    entries = legend(shown, panel)
    named = {e["color"].lower() for e in entries}
    assert all(e["label"] and e["mark"] for e in entries)
    if isinstance(panel, Labels):
        image = rgba(fed(name)[0][name]["image"][0])[..., :3].reshape(-1, 3)
        used = set(colors.hexes(np.unique(image, axis=0) / 255.0))
        light = set(colors.hexes(colors.crosses_of(colors.label_colors(panel))))
        assert used - light <= named
        assert [e["mark"] for e in entries if e["label"] == "wrong"] == (
            ["cross"] if panel.truth is not None else []
        )
    elif isinstance(panel, Bars):
        assert {c.lower() for c in fed(name)[0][name]["color"]} <= named
    elif isinstance(panel, Curves) and len(panel.series) > 1:
        plot = Stage(chrome=False).build(shown)
        glyphs = {r.name: r.glyph for r in plot.renderers if r.name}
        used = {glyphs[f"{name}:{k}-line"].line_color for k in range(2)}
        assert {c.lower() for c in used} == named
    elif isinstance(panel, Field):
        assert [e["mark"] for e in entries] == ["ramp"] * len(entries)
        assert "log₁₀" in entries[-1]["label"]
    else:
        assert entries == []


@pytest.mark.slow
def test_cards_have_no_title_legend_or_toolbar():
    for name, panel in KINDS.items():
        plot = Stage(chrome=False).build(view_of(name, panel))
        assert not plot.title.text
        assert plot.toolbar_location is None
        kinds = {type(m).__name__ for m in plot.references()}
        assert not kinds & {"Legend", "ColorBar"}
        assert plot.sizing_mode == "stretch_both"


@pytest.mark.slow
def test_pictures_share_ranges_probe_and_taps():
    stage = Stage(chrome=False)
    names = [n for n, p in KINDS.items() if isinstance(p, Picture | Labels | Field)]
    plots = [stage.build(view_of(n, KINDS[n])) for n in names]
    assert {p.x_range for p in plots} == {stage.cols}
    assert {p.y_range for p in plots} == {stage.rows}
    assert all(p.tags == ["probe", "picture"] for p in plots)
    assert all(stage.probe in p.references() for p in plots)
    assert not stage.build(view_of("grid", Grid("", np.eye(2)))).tags
