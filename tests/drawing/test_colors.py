"""Painting is pure: known arrays in, known small integers and colors out."""

import numpy as np
import pytest

from explorer.drawing import colors
from explorer.experiments.cosine import share_aligned


def test_errors_are_marked_by_a_second_set_of_labels():
    labels, truth = np.array([[0, 1], [2, 2]]), np.array([[0, 0], [2, 1]])
    painted = colors.mark_errors(labels, truth, 3)
    np.testing.assert_array_equal(painted, [[0, 4], [2, 5]])
    assert painted.dtype == np.uint8


def luminance(color):
    return sum(
        w * int(color[i : i + 2], 16)
        for w, i in zip((0.2126, 0.7152, 0.0722), (1, 3, 5), strict=True)
    )


@pytest.mark.parametrize("count", [1, 2, 8, 12, 64])
def test_wrong_is_darker_than_right_whatever_the_hue(count):
    palette = colors.error_palette(count)
    assert len(palette) == 2 * count
    right, wrong = palette[:count], palette[count:]
    assert max(map(luminance, wrong)) < min(map(luminance, right))


@pytest.mark.parametrize("count", [1, 2, 8, 12, 64])
def test_every_label_has_its_own_color(count):
    assert len(set(colors.label_palette(count))) == count


def test_rgba_clips_noise_and_copies_gray():
    gray = np.array([[[-0.5], [0.5], [2.0]]])
    packed = colors.rgba(gray).view(np.uint8).reshape(1, 3, 4)
    np.testing.assert_array_equal(packed[0, :, 0], [0, 128, 255])
    np.testing.assert_array_equal(packed[..., 0], packed[..., 2])
    assert (packed[..., 3] == 255).all()


def test_the_map_is_logarithmic_over_its_decades():
    values = 10.0 ** np.array([[0.0, -2.0, -4.0, -9.0]])
    np.testing.assert_array_equal(colors.log_map(values), [[255, 128, 0, 0]])
    assert not colors.log_map(np.zeros((2, 2))).any()


def test_the_histogram_counts_only_pixels_with_a_direction():
    cosine = np.array([[1.0, np.nan], [0.92, -1.0]])
    percent = colors.cosine_histogram(cosine)
    assert percent.sum() == pytest.approx(100)
    assert percent[0] == pytest.approx(100 / 3)
    assert share_aligned(cosine) == pytest.approx(2 / 3)
    assert np.isnan(share_aligned(np.full((2, 2), np.nan), np.nan))
