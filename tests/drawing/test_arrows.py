"""Arrows point where their numbers say."""

import numpy as np

from explorer.drawing.arrows import LONGEST, arrows_of, turns

VALUES = np.array([[0.0, 2.0, -1.0], [1.0, 5.0, 4.0], [-4.0, 0.5, 0.0]])


def test_each_arrow_points_at_its_neighbor_or_back_as_long_as_its_number():
    begin, end = arrows_of(VALUES)
    for k, (row, col) in enumerate(np.ndindex(3, 3)):
        value, place = VALUES[row, col], np.array([col - 1.0, row - 1.0])
        along = end[k] - begin[k]
        if value == 0.0 or (row, col) == (1, 1):
            assert np.isnan(along).all()
            continue
        wanted = np.sign(value) * place / np.linalg.norm(place)
        np.testing.assert_allclose(along / np.linalg.norm(along), wanted, atol=1e-12)
        assert np.isclose(np.linalg.norm(along), LONGEST * abs(value) / 5.0)
        assert np.abs(begin[k] - place).max() < 0.5  # within its cell
        assert np.abs(end[k] - place).max() < 0.5


def test_heads_are_turned_counterclockwise_from_upward():
    begin = np.zeros((4, 2))
    ends = np.array([[0, -1.0], [-1, 0], [0, 1], [1, 0]])
    found = turns(begin, ends) % (2 * np.pi)
    np.testing.assert_allclose(found, np.array([0, 0.5, 1.0, 1.5]) * np.pi, atol=1e-12)


def test_no_numbers_make_no_arrows():
    assert np.isnan(arrows_of(np.zeros((3, 3)))[0]).all()
    assert np.isnan(arrows_of(np.full((3, 3), np.nan))[0]).all()
    assert np.isnan(arrows_of(np.ones((1, 1)))[0]).all()
