"""Painting is pure: known arrays in, known small integers and colors out."""

from colorsys import hsv_to_rgb

import numpy as np
import pytest

from explorer.drawing import colors
from explorer.experiments.cosine import share_aligned
from explorer.panels import Labels


def luminance(color):
    return sum(
        w * int(color[i : i + 2], 16)
        for w, i in zip((0.2126, 0.7152, 0.0722), (1, 3, 5), strict=True)
    )


@pytest.mark.parametrize("count", [1, 2, 8, 12, 64])
def test_every_label_has_its_own_color(count):
    assert len(set(colors.label_palette(count))) == count


def test_rgba_clips_noise_and_copies_gray():
    gray = np.array([[[-0.5], [0.5], [2.0]]])
    packed = colors.rgba(gray).view(np.uint8).reshape(1, 3, 4)
    np.testing.assert_array_equal(packed[0, :, 0], [0, 128, 255])
    np.testing.assert_array_equal(packed[..., 0], packed[..., 2])
    assert (packed[..., 3] == 255).all()


def test_the_histogram_counts_only_pixels_with_a_direction():
    cosine = np.array([[1.0, np.nan], [0.92, -1.0]])
    percent = colors.cosine_histogram(cosine)
    assert percent.sum() == pytest.approx(100)
    assert percent[0] == pytest.approx(100 / 3)
    assert share_aligned(cosine) == pytest.approx(2 / 3)
    assert np.isnan(share_aligned(np.full((2, 2), np.nan), np.nan))


def test_lightness_and_chroma_are_those_of_the_standard():
    """Black, white, and the primaries of sRGB in CIELAB, from the literature."""
    table = colors.rgb(["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff"])
    expected = [
        [0, 0, 0], [100, 0, 0], [53.24, 80.09, 67.20], [87.73, -86.18, 83.18],
        [32.30, 79.19, -107.86],
    ]  # fmt: skip
    # the literature rounds to two decimals, and to another white in the third
    np.testing.assert_allclose(colors.lab(table), expected, atol=0.02)


def test_distances_are_a_metric():
    table = np.random.default_rng(0).random((6, 3))
    apart = colors.distances(table, table)
    np.testing.assert_array_equal(np.diag(apart), 0.0)
    np.testing.assert_array_equal(apart, apart.T)
    assert (apart[:, None] <= apart[:, :, None] + apart[None] + 1e-12).all()


def test_hexes_and_numbers_are_the_same_colors():
    assert colors.hexes(colors.rgb(colors.OKABE_ITO)) == [
        c.lower() for c in colors.OKABE_ITO
    ]


def labels_of(count, own):
    return Labels("", np.zeros((1, 1), int), count, colors=own)


@pytest.mark.parametrize("count", [2, 8, 12])
def test_hues_that_differ_are_kept(count):
    hues = np.array([hsv_to_rgb(k / count, 1.0, 1.0) for k in range(count)])
    np.testing.assert_array_equal(colors.label_colors(labels_of(count, hues)), hues)


def test_tones_become_grays():
    tones = np.array([[0.0], [0.5], [1.0]])
    found = colors.label_colors(labels_of(3, tones))
    np.testing.assert_array_equal(found, tones.repeat(3, axis=1))


@pytest.mark.parametrize(
    "own",
    [
        None,
        np.array([[0.5, 0.5, 0.5], [0.51, 0.5, 0.5], [1.0, 0.0, 0.0]]),
        np.full((3, 3), np.nan),
        np.ones((3, 5)),
        np.ones((2, 3)),
    ],
    ids=["none", "alike", "nan", "no colors", "another count"],
)
def test_colors_that_cannot_be_told_apart_give_way_to_the_palette(own):
    found = colors.label_colors(labels_of(3, own))
    np.testing.assert_array_equal(found, colors.rgb(colors.label_palette(3)))
    assert colors.distinct(found)


def test_two_labels_are_black_and_white():
    found = colors.label_colors(labels_of(2, None))
    np.testing.assert_array_equal(found, [[0, 0, 0], [1, 1, 1]])


@pytest.mark.parametrize(
    "table",
    [
        colors.rgb(colors.TONES),
        colors.rgb(colors.OKABE_ITO),
        colors.rgb([*colors.GROUNDS, "#ffffff"]),
        colors.rgb(colors.label_palette(64)),
    ],
    ids=["tones", "palette", "grounds", "many"],
)
def test_wrong_pixels_survive_in_gray(table):
    """Their ground is dark and their cross is light, whatever the label's color."""
    ground, light = colors.ground_of(table), colors.crosses_of(table)
    # WCAG 2: a contrast of 3 suffices for graphics
    contrast = (colors.luminance(light) + 0.05) / (colors.luminance(ground) + 0.05)
    assert contrast.min() > 3.0


def test_wrong_black_pixels_are_not_black():
    ground = colors.ground_of(colors.rgb(colors.TONES))
    apart = colors.distances(ground[None], colors.rgb(colors.TONES))
    assert apart.min() >= 2 * colors.APART


@pytest.mark.parametrize("size", [1, 64, 128, 256, 512, 2000])
def test_crosses_have_room_but_pictures_stay_small(size):
    side = colors.cells_of((size, 1))
    assert side >= 2 or size > 2 * colors.SUBPIXELS
    assert side * size <= max(2 * size, colors.SUBPIXELS)


def test_a_written_number_is_read_on_its_color():
    values = np.linspace(-1.0, 1.0, 21)
    fill, ink = colors.shades(values, signed=True)
    Y, text = (colors.luminance(colors.rgb(c)) for c in (fill, ink))
    contrast = (np.maximum(Y, text) + 0.05) / (np.minimum(Y, text) + 0.05)
    assert contrast.min() >= 4.5  # WCAG 2, AA
    assert len(set(fill)) == 21
    assert fill[10] == colors.PALE


def test_a_kept_run_changes_the_color_of_a_single_curve_only():
    assert colors.curve_color(0, 1, 1) != colors.curve_color(0, 1)
    assert colors.curve_color(1, 3, 2) == colors.curve_color(1, 3)


@pytest.mark.parametrize("ground", ["#ffffff", "#1a2029"])
def test_axes_are_read_on_light_and_dark(ground):
    Y = colors.luminance(colors.rgb([colors.MUTED, ground]))
    # WCAG 2: graphics and large texts
    assert (Y.max() + 0.05) / (Y.min() + 0.05) > 3.0
