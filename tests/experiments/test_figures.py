"""The figures on tiny scenes: shapes, laws, verdicts, and that they can be drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

import explorer as ex
from explorer.drawing.colors import label_colors
from explorer.drawing.page import write_page
from explorer.drawing.prints import write_png
from explorer.experiments import agreement, claims
from explorer.experiments.figures import FIGURES
from explorer.experiments.units import Setup
from explorer.panels import Bars, Curves, Figure, Labels, Series
from explorer.scenes.scores import score

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

TINY = Setup(size=16, scenes=2, steps=2)


@pytest.fixture(scope="module")
def found(torch):
    return {number: compute(TINY, None) for number, (compute, _) in FIGURES.items()}


def test_figure_1_compares_two_labelings_of_both_scenarios(found):
    data = found[1]
    for name, kind, noise in (
        ("thin lines", "lines", 0.3),
        ("8 colors", "colors", 0.45),
    ):
        scene = ex.voronoi_scene(kind, 16, noise, seed=1)
        at = data.sel(scenario=name, scene=1)
        np.testing.assert_array_equal(at.truth, scene.labels)
        assert float(at.nearest_error_percent) == scene.attrs["nearest_error_percent"]
        uniform = float(score(at.uniform, scene.labels).error_percent)
        assert float(at.uniform_error_percent) == pytest.approx(uniform, rel=1e-14)


def test_figure_2_has_a_curve_for_every_way_to_the_gradient(found):
    data = found[2]
    assert data.sizes == {"noise_level": 2, "variant": 3, "scene": 2, "step": 3}
    assert data.attrs["left_out"] == ""
    scene = ex.voronoi_scene("colors", 16, 0.45, seed=1)
    for name, gradient in (
        (agreement.LOW_RANK, ex.LowRankGradient()),
        ("autodiff, exponential", ex.KrylovAutodiff()),
    ):
        flow = ex.LinearizedFlow(scene.distances, 0.5)
        descent = ex.RiemannianDescent(0.2)
        learner = ex.Learner(flow, scene.labels, 5.0, gradient, descent)
        at = data.sel(noise_level="noisy", variant=name, scene=1)
        np.testing.assert_array_equal(at.loss, learner.run(2).loss)
    for level in ("noisy", "noise-free"):
        means = data.error_percent.sel(noise_level=level).mean("scene").values
        gaps = [abs(a - b).max() for a in means for b in means]
        found_gap = float(data.gap_percent.sel(noise_level=level))
        assert found_gap == pytest.approx(max(gaps), rel=1e-12)


def test_figure_2_says_what_is_missing_without_pytorch(monkeypatch):
    monkeypatch.setattr(agreement.importlib.util, "find_spec", lambda name: None)
    data = agreement.figure2(Setup(size=8, scenes=1, steps=1))
    assert data.sizes["variant"] == 1
    assert np.isnan(data.gap_percent).all()
    table = claims.table({2: data})
    assert table.holds.values.tolist() == ["not measured"] * 2
    assert "not measured" in claims.text_of(table)
    assert "PyTorch, which is not installed" in data.attrs["left_out"]
    assert "PyTorch, which is not installed" in agreement.draw2(data).caption


def test_figure_3_agrees_at_small_times_and_higher_rank(found):
    data = found[3]
    # at T = 1 the flow is all but linear in T: σ₂/σ₁ is below 1/1000
    assert float(data.share.sel(time=1.0, rank=1).min()) > 0.99
    assert (data.share.sel(rank=2) >= data.share.sel(rank=1) - 1e-12).all()
    assert (data.reference_error < 1e-6).all()  # m = 40 has converged for these T
    ratio = data.singular_value_ratio.mean("scene").values
    assert (np.diff(ratio[:5]) > 0.0).all()


def test_figure_4_varies_one_thing_at_a_time(found):
    data = found[4]
    start = data.error_percent.isel(step=0)
    ranks = start.sel(variant=["r = 1", "r = 2", "r = 5", "r = 10"])
    # uniform weights are labeled alike whatever the rank of the gradient
    assert float((ranks.max("variant") - ranks.min("variant")).max()) == 0.0
    np.testing.assert_array_equal(
        data.error_percent.sel(variant="m = 10"),
        data.error_percent.sel(variant="r = 1"),
    )
    scene = ex.voronoi_scene("colors", 16, 0.45, seed=1)
    flow = ex.LinearizedFlow(scene.distances, 0.5)
    learner = ex.Learner(
        flow, scene.labels, 20.0, ex.LowRankGradient(), ex.RiemannianDescent(0.5)
    )
    trace = learner.run(2)
    at = data.sel(variant="T = 20", scene=1)
    np.testing.assert_array_equal(at.loss, trace.loss)
    sigma = trace.singular_values.values
    np.testing.assert_array_equal(at.singular_value_ratio, sigma[:, 1] / sigma[:, 0])


def test_figure_5_labels_scenes_that_were_not_trained_on(found):
    data = found[5]
    assert data.scene.values.tolist() == [2000, 2001]
    truth = ex.voronoi_scene("lines", 16, 0.3, seed=2000).labels
    np.testing.assert_array_equal(data.truth[0], truth)
    weights = data.predicted_weights.isel(run=1)
    np.testing.assert_allclose(weights.sum("offset"), 1.0, rtol=1e-12)
    for run in (0, 1):
        at = data.isel(run=run, scene=0)
        error = float(score(at.labeling, truth).error_percent)
        assert float(at.predicted_error_percent) == pytest.approx(error, rel=1e-14)
    # trained on other scenes, with other prototypes
    assert (data.error_percent.isel(run=0) != data.error_percent.isel(run=1)).any()


@pytest.mark.parametrize("number", FIGURES)
def test_every_figure_can_be_drawn(found, number, tmp_path):
    figure = FIGURES[number][1](found[number])
    png, page = tmp_path / "figure.png", tmp_path / "figure.html"
    write_png(figure, png, dpi=40)
    write_page(figure, page)
    with Image.open(png) as image:
        assert min(image.size) > 50
        assert np.asarray(image).std() > 1.0  # not blank
    text = page.read_text(encoding="utf-8")
    assert figure.title in text
    assert not re.search(r"<(script|link)[^>]+(src|href)=.?http", text)  # stands alone
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.html", "figure.png"]


def test_claims_have_a_verdict_each(found):
    table = claims.table(found)
    assert table.sizes["claim"] == len(claims.CLAIMS)
    text = claims.text_of(table)
    assert len(text.splitlines()) == len(claims.CLAIMS) + 1
    angle = table.isel(claim=table.unit.values.tolist().index("degrees"))
    assert float(angle.value) == pytest.approx(25.84, abs=0.01)
    assert angle.holds == "yes"
    assert claims.table({1: found[1]}).sizes["claim"] == 2


def test_figures_have_the_letters_of_the_paper(found):
    letters = {
        number: [
            panel.title[0]
            for row in draw(found[number]).rows
            for panel in row
            if panel.title[1:3] == "  "
        ]
        for number, (_, draw) in FIGURES.items()
    }
    assert {n: sorted(found) for n, found in letters.items()} == {
        1: list("abcd"), 2: list("ab"), 3: list("ab"), 4: list("abc"),
        5: list("abcdef"),
    }  # fmt: skip


@pytest.mark.parametrize("number", FIGURES)
def test_captions_name_the_settings(found, number):
    caption = FIGURES[number][1](found[number]).caption
    for said in ("T = 5", "ρ = 0.5", "m = 10", "noise"):
        assert said in caption, said
    assert "0.3" in caption or "0.45" in caption


def test_labels_are_painted_in_the_colors_of_the_input(found):
    for row in FIGURES[1][1](found[1]).rows:
        painted = [label_colors(panel) for panel in row if isinstance(panel, Labels)]
        clean = ex.voronoi_scene("lines" if row[1].count == 2 else "colors", 16, 0.0, 0)
        for table in painted:
            np.testing.assert_array_equal(
                table[row[1].labels], np.broadcast_to(clean.image, (16, 16, 3))
            )


def test_patches_are_drawn_on_the_section_with_their_gaps(found):
    rows = FIGURES[5][1](found[5]).rows
    clean, noisy, _ = rows[0]
    first, second, labeled = rows[1]
    side = len(clean.image)
    assert noisy.image.shape[:2] == labeled.labels.shape == (side, side)
    for panel in (first, second):
        assert panel.values.shape == (4 * side - 1, 4 * side - 1)
        assert np.isnan(panel.values[3]).all()
        assert np.isnan(panel.values[:, 3]).all()
        assert np.nanmax(panel.values[:3, :3]) == 1.0  # of its largest weight


def test_curves_that_are_flat_or_empty_can_be_drawn(tmp_path):
    x = np.arange(3)
    curves = Curves("flat", "x", "y", [Series("zero", x, np.zeros(3))])
    bars = Bars("none", "x", "y", np.linspace(0, 1, 3), np.zeros(2), 0.5, log=False)
    figure = Figure(9, "nothing", "", [[curves, bars]])
    write_png(figure, tmp_path / "a.png")
    write_page(figure, tmp_path / "a.html")
