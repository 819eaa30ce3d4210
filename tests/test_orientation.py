"""Up is up and left is left: a scene with four different corners, through everything.

Six rows, eight columns; two by two pixels in the upper left corner have label 1, in the
upper right 2, in the lower left 3, in the lower right 4, all else 0. A flip, a turn, or
rows taken for columns moves a corner, or has another shape.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from bokeh.palettes import cividis
from matplotlib.figure import Figure as Sheet
from PIL import Image

import explorer as ex
from explorer.command import main
from explorer.dashboards.learning_views import gradient_norm, labeling
from explorer.dashboards.learning_views import picture as input_view
from explorer.dashboards.learning_views import truth as truth_view
from explorer.dashboards.probe import patch
from explorer.dashboards.report import panels_of
from explorer.drawing import colors, prints
from explorer.drawing.axes import draw
from explorer.drawing.feed import feed
from explorer.drawing.page import plots_of, rows_of
from explorer.drawing.stage import Stage
from explorer.drawing.view import view_of
from explorer.panels import Field, Figure, Labels, Picture

SHAPE, BACKGROUND = (6, 8), 0
CORNERS = {(0, 0): 1, (0, 7): 2, (5, 0): 3, (5, 7): 4}
TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT = CORNERS
COLORS = np.array(
    [[0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], dtype=float
)


def truth():
    labels = np.full(SHAPE, BACKGROUND)
    for (row, col), label in CORNERS.items():
        labels[min(row, 4) :, min(col, 6) :][:2, :2] = label
    return labels


IMAGE = COLORS[truth()]


@pytest.fixture(scope="module")
def scene():
    return ex.image_scene(IMAGE, truth(), noise=0.0)


def centers(picture, colors=COLORS):
    """The mean (row, col) of the pixels of each corner's color."""
    found = {}
    for at, label in CORNERS.items():
        wanted = np.round(255 * np.asarray(colors)[label]).astype(int)
        near = np.abs(picture[..., :3].astype(int) - wanted).max(axis=-1) < 4
        assert near.any()
        found[at] = np.argwhere(near).mean(axis=0)
    return found


def check_corners(found):
    """Rows go down and columns go right, as the corners do."""
    for one, other in ((TOP_LEFT, TOP_RIGHT), (BOTTOM_LEFT, BOTTOM_RIGHT)):
        assert found[one][0] == pytest.approx(found[other][0], abs=1)
        assert found[one][1] < found[other][1]
    for one, other in ((TOP_LEFT, BOTTOM_LEFT), (TOP_RIGHT, BOTTOM_RIGHT)):
        assert found[one][1] == pytest.approx(found[other][1], abs=1)
        assert found[one][0] < found[other][0]


def shifted(array, drow, dcol):
    """What each pixel sees at an offset; outside is the nearest pixel inside."""
    rows = np.clip(np.arange(array.shape[0]) + drow, 0, array.shape[0] - 1)
    cols = np.clip(np.arange(array.shape[1]) + dcol, 0, array.shape[1] - 1)
    return array[np.ix_(rows, cols)]


@pytest.mark.parametrize("radius", [1, 2])
def test_an_offset_is_the_neighbor_that_its_coordinates_name(scene, radius):
    flow = ex.LinearizedFlow(scene.distances, rho=0.1, radius=radius)
    uniform = flow.uniform_weights()
    for k, (drow, dcol) in enumerate(
        zip(uniform.drow.values, uniform.dcol.values, strict=True)
    ):
        weights = np.full_like(uniform, 1e-6)
        weights[k] = 1.0 - 1e-6 * (len(weights) - 1)
        # no time to spread: each pixel decides by what it sees at the offset
        solution = ex.Krylov(4).solve(flow, weights, 0.01)
        np.testing.assert_array_equal(solution.labels, shifted(truth(), drow, dcol))


@pytest.mark.parametrize("radius", [1, 2])
def test_offsets_run_row_by_row(scene, radius):
    weights = ex.LinearizedFlow(scene.distances, radius=radius).uniform_weights()
    side = 2 * radius + 1
    assert weights.drow.values.tolist() == [k // side - radius for k in range(side**2)]
    assert weights.dcol.values.tolist() == [k % side - radius for k in range(side**2)]


def test_the_gradient_of_an_offset_belongs_to_its_neighbor():
    """One pixel is evidence, one is wrong: only the weight between them helps."""
    D = np.full((2, *SHAPE), 0.5)
    D[0, 1, 3] = 0.0  # evidence for label 0 in row 1, column 3
    labels = np.ones(SHAPE, int)
    labels[2, 2] = 0  # whose neighbor below left has label 0
    flow = ex.LinearizedFlow(D, rho=0.1)
    uniform = flow.uniform_weights()
    slope = ex.LowRankGradient(6, 1)(flow, uniform, labels, 0.5).gradient
    patch = slope.values[:, 2, 2]
    best = int(np.argmin(patch))
    assert (int(uniform.drow[best]), int(uniform.dcol[best])) == (-1, 1)


@pytest.mark.parametrize("window", [3, 5])
def test_features_of_windows_run_row_by_row(window):
    radius = window // 2
    features = ex.window_features(IMAGE, radius).values
    raw = ex.RawWindow(window)(IMAGE).values
    for k in range(window**2):
        seen = shifted(IMAGE, k // window - radius, k % window - radius)
        for found in (features, raw):
            np.testing.assert_array_equal(found[..., 3 * k : 3 * k + 3], seen)


def test_derivatives_know_rows_from_columns():
    down = np.linspace(0.0, 1.0, 9)[:, None, None] * np.ones((9, 9, 1))
    for image, rows in ((down, True), (down.transpose(1, 0, 2), False)):
        found = ex.GaussianDerivatives([1.0])(image)
        # orders (0, 0), (0, 1), (0, 2), (1, 0), …
        value, dcol, drow = (found.values[4, 4, k] for k in (0, 1, 3))
        assert value == pytest.approx(0.5)
        assert (abs(drow) > 0.05) == rows
        assert (abs(dcol) > 0.05) == (not rows)
        assert max(drow, dcol) > 0.05  # brighter downward, and to the right


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "webp"])
def test_files_are_read_as_they_look(tmp_path, suffix):
    path = tmp_path / f"corners.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray((255 * IMAGE).astype(np.uint8)).save(path, **options)
    np.testing.assert_allclose(ex.read_image(path), IMAGE, atol=1 / 255)


def test_labels_of_files_are_where_they_were(tmp_path):
    image, labels = tmp_path / "a_image.png", tmp_path / "a_labels.png"
    Image.fromarray((255 * IMAGE).astype(np.uint8)).save(image)
    Image.fromarray(truth().astype(np.uint8)).save(labels)
    (scene,) = ex.labeled_images([image], [labels])
    np.testing.assert_array_equal(scene.labels, truth())
    np.testing.assert_array_equal(scene.distances.argmin("label"), truth())


def test_laf_label_writes_png_and_netcdf_upright(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray((255 * IMAGE).astype(np.uint8)).save("corners.png")
    colors = ["#" + bytes((255 * c).astype(np.uint8)).hex() for c in COLORS]
    few = ["--rho=0.05", "--time=0.01", "--out=labels.png"]
    assert main(["label", "corners.png", "--prototypes", *colors, *few]) == 0
    flow = ex.LinearizedFlow(ex.image_scene(IMAGE, truth(), noise=0.0).distances, 0.05)
    solution = ex.Krylov(10).solve(flow, flow.uniform_weights(), 0.01)
    with Image.open("labels.png") as drawn:
        seen = np.asarray(drawn.convert("RGB"))
        written = np.asarray(drawn)
    data = xr.load_dataset("labels.nc", engine="h5netcdf")
    assert data.labels.dims == ("row", "col")
    np.testing.assert_array_equal(written, data.labels)
    np.testing.assert_array_equal(data.W.argmax("label"), data.labels)
    palette = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in PALETTE]
    np.testing.assert_array_equal(seen, np.array(palette)[written])
    np.testing.assert_array_equal(data.labels, solution.labels)
    assert {at: written[at] for at in CORNERS} == CORNERS


PALETTE = colors.label_palette(5)


def test_colors_keep_rows_and_columns():
    packed = colors.rgba(IMAGE).view(np.uint8).reshape(*SHAPE, 4)
    np.testing.assert_array_equal(packed[..., :3], (255 * IMAGE + 0.5).astype(np.uint8))
    drawn = colors.label_image(Labels("", truth(), 5))
    for at, label in CORNERS.items():
        color = PALETTE[label]
        expected = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        assert drawn[at].tolist() == [*expected, 1.0]


VIEWS = (input_view, truth_view, labeling, gradient_norm, patch)


@pytest.fixture(scope="module")
def learned(scene):
    """A learner after two steps, and the panels of its views."""
    flow = ex.LinearizedFlow(scene.distances, rho=0.5)
    learner = ex.Learner(flow, scene.labels, time=1.0)
    trace = learner.run(2)
    return learner, panels_of(VIEWS, scene, learner, trace)


def test_views_show_their_fields_upright(learned):
    _, panels = learned
    np.testing.assert_allclose(panels["picture"].image, IMAGE)
    np.testing.assert_array_equal(panels["truth"].labels, truth())
    np.testing.assert_array_equal(panels["labeling"].truth, truth())
    columns, _ = feed(input_view, panels["picture"])
    image = columns["picture"]["image"][0].view(np.uint8).reshape(*SHAPE, 4)
    np.testing.assert_allclose(image[..., :3] / 255, IMAGE, atol=1 / 255)


def test_norms_are_those_of_the_gradient_at_each_pixel(scene, learned):
    learner, panels = learned
    flow, weights = learner.flow, learner.weights
    slope = ex.LowRankGradient()(flow, weights, scene.labels, 1.0).gradient
    change = weights * (slope - (weights * slope).sum("offset"))  # R_Ω ∂ℒ
    own = np.sqrt((change**2).sum("offset")).transpose("row", "col")
    shown = own.max().item() * 10.0 ** panels["gradient-norm"].values
    np.testing.assert_allclose(shown, np.maximum(own, 1e-4 * own.max()), rtol=1e-9)
    assert own.max() > 2.0 * np.median(own)  # not all alike


def test_a_weight_patch_is_drawn_with_its_offsets(learned):
    learner, panels = learned
    weights, values = learner.weights, panels["patch"].values
    at = {"row": SHAPE[0] // 2, "col": SHAPE[1] // 2}
    for drow in (-1, 0, 1):
        for dcol in (-1, 0, 1):
            here = (weights.drow == drow) & (weights.dcol == dcol)
            weight = weights.isel(at).values[here.values].item()
            assert values[drow + 1, dcol + 1] == weight


def upright(x_range, y_range):
    """Bokeh draws the first row of an image at y = 0: that must be the top."""
    assert x_range.start < x_range.end
    assert y_range.start > y_range.end


def test_the_axes_of_the_views_run_right_and_down(learned):
    _, panels = learned
    stage = Stage(chrome=False)
    for view in VIEWS:
        plot = stage.build(view)
        models = {m.name: m for m in plot.references() if m.name}
        _, props = feed(view, panels[view.name])
        for name, values in props.items():
            models[name].update(**values)
        upright(plot.x_range, plot.y_range)


PANELS = {
    "picture": Picture("", IMAGE),
    "labels": Labels("", truth(), 5),
    "field": Field("", truth().astype(float), "", 0.0, 4.0),
}


@pytest.mark.parametrize("kind", PANELS)
def test_pages_show_panels_upright(kind):
    ((plot,),) = plots_of(rows_of(Figure(1, "t", "c", [[PANELS[kind]]])), 200)
    upright(plot.x_range, plot.y_range)
    assert (plot.x_range.end, plot.y_range.start) == (8, 6)
    renderer = plot.renderers[0]
    glyph, data = renderer.glyph, renderer.data_source.data
    (image,) = data["image"]
    assert (glyph.x, glyph.y, *data["dw"], *data["dh"]) == (0, 0, 8, 6)
    assert (glyph.anchor, glyph.origin) == ("bottom_left", "bottom_left")
    assert image.shape == SHAPE
    if kind == "field":
        np.testing.assert_array_equal(image, truth())
    else:
        colors = COLORS if kind == "picture" else rgb(PALETTE)
        check_corners(centers(image.view(np.uint8).reshape(*SHAPE, 4), colors))


def rgb(palette):
    return [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in palette]


@pytest.mark.parametrize("kind", PANELS)
def test_prints_show_panels_upright(kind, tmp_path):
    path = tmp_path / "figure.png"
    prints.write_png(Figure(1, "t", "c", [[PANELS[kind]]]), path)
    with Image.open(path) as drawn:
        seen = np.asarray(drawn.convert("RGB"))
    seen = seen[: int(0.79 * len(seen))]  # below it are the legend and the caption
    scale = rgb(cividis(5)) if kind == "field" else None
    colors = {"picture": COLORS, "labels": rgb(PALETTE), "field": scale}[kind]
    if kind != "field":  # whose scale has the same colors
        check_corners(centers(seen, colors))
    place = Sheet().subplots()
    draw((view_of(kind, PANELS[kind]), PANELS[kind], ()), place)
    (image,) = place.images
    assert image.origin == "upper"
    assert place.get_ylim() == (5.5, -0.5)
    assert place.get_xlim() == (-0.5, 7.5)
    assert image.get_array().shape[:2] == SHAPE


@pytest.mark.slow
def test_the_dashboard_shows_an_image_upright():
    app = ex.LearningExplorer(IMAGE, labels=5, noise=0.0)
    try:
        assert app.wait(60.0)
        (packed,) = app.source("picture").data["image"]
    finally:
        app.close()
    shown = packed.view(np.uint8).reshape(*packed.shape, 4)
    check_corners(centers(shown))


@pytest.mark.slow
def test_a_saved_run_keeps_its_corners(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray((255 * IMAGE).astype(np.uint8)).save("corners.png")
    Image.fromarray(truth().astype(np.uint8)).save("truth.png")
    options = ["--image=corners.png", "--labels=truth.png", "--noise=0", "--steps=1"]
    assert main(["learn", *options]) == 0
    run = xr.load_dataset("run.nc", engine="h5netcdf")
    np.testing.assert_allclose(run.image, IMAGE, atol=1 / 255)
    np.testing.assert_array_equal(run.labels, truth())
    assert run.weights.dims == ("offset", "row", "col")
    assert json.dumps(run.drow.values.tolist()) == "[-1, -1, -1, 0, 0, 0, 1, 1, 1]"
