"""Scores of labelings against loops over pixels and cases counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from explorer.dims import PIXELS
from explorer.scenes.scores import ATTRS, boundary_pixels, score
from tests import reference

# ratios of small integers, computed in another order
RTOL = 1e-14
SYMMETRIC = ("error_percent", "boundary_f1", "mean_iou")
SHAPES = (*reference.SHAPES, (9, 8))

shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def labelings(shape, labels=3, seed=0):
    """Two random labelings, smooth enough to have pixels without a boundary."""
    rng = np.random.default_rng(seed)
    rows, cols = shape
    truth = rng.integers(0, labels, ((rows + 2) // 3, (cols + 2) // 3))
    truth = np.kron(truth, np.ones((3, 3), dtype=int))[:rows, :cols]
    noisy = rng.integers(0, labels, shape)
    return np.where(rng.uniform(size=shape) < 0.1, noisy, truth), truth


def naive_boundary(labels):
    """Pixels with another label above, below, left or right of them."""
    rows, cols = labels.shape
    found = []
    for r, c in np.ndindex(rows, cols):
        around = [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]
        inside = [(i, j) for i, j in around if 0 <= i < rows and 0 <= j < cols]
        if any(labels[n] != labels[r, c] for n in inside):
            found.append((r, c))
    return found


def naive_share(pixels, others, tolerance):
    near = [any(math.dist(p, q) <= tolerance for q in others) for p in pixels]
    return sum(near) / len(near)


def vertical_line(col, size=9):
    labels = np.ones((size, size), dtype=int)
    labels[:, col] = 0
    return labels


@shapes
def test_the_boundary_is_where_a_neighbor_differs(shape):
    labels, _ = labelings(shape)
    found = boundary_pixels(labels, np.full(shape, True))
    pixels = [tuple(p) for p in np.argwhere(found).tolist()]
    assert pixels == naive_boundary(labels)


@shapes
@pytest.mark.parametrize("tolerance", [0.0, 1.0, 1.5, 2.0, 100.0])
@pytest.mark.parametrize("seed", range(3))
def test_boundary_scores_follow_their_definition(shape, tolerance, seed):
    labels, truth = labelings(shape, seed=seed)
    found, true = naive_boundary(labels), naive_boundary(truth)
    if found and true:
        precision = naive_share(found, true, tolerance)
        recall = naive_share(true, found, tolerance)
    else:
        precision = recall = float(bool(found) == bool(true))
    total = precision + recall
    scores = score(labels, truth, tolerance=tolerance)
    assert float(scores.boundary_precision) == pytest.approx(precision, rel=RTOL)
    assert float(scores.boundary_recall) == pytest.approx(recall, rel=RTOL)
    f1 = 2 * precision * recall / total if total else 0.0
    assert float(scores.boundary_f1) == pytest.approx(f1, rel=RTOL)


@shapes
def test_errors_and_overlaps_follow_their_definitions(shape):
    labels, truth = labelings(shape, labels=4)
    pairs = list(zip(labels.flat, truth.flat, strict=True))
    scores = score(labels, truth, count=5)
    wrong = sum(a != b for a, b in pairs) / len(pairs)
    assert float(scores.error_percent) == pytest.approx(100 * wrong, rel=RTOL)
    shares, overlaps = [], []
    for j in range(5):
        of_label = [a for a, b in pairs if b == j]
        if of_label:
            shares.append(sum(a != j for a in of_label) / len(of_label))
        union = sum(j in pair for pair in pairs)
        both = sum(pair == (j, j) for pair in pairs)
        overlaps.append(both / union if union else math.nan)
    balanced = pytest.approx(100 * sum(shares) / len(shares), rel=RTOL)
    assert float(scores.balanced_error_percent) == balanced
    np.testing.assert_allclose(scores.iou, overlaps, rtol=RTOL)
    assert math.isnan(overlaps[4])
    mean = pytest.approx(np.nanmean(overlaps), rel=RTOL)
    assert float(scores.mean_iou) == mean


def test_a_case_counted_by_hand():
    truth = np.array([[0, 0, 1, 1]] * 2)
    labels = np.array([[0, 0, 0, 1], [0, 0, 1, 1]])
    scores = score(labels, truth, count=3, tolerance=0)
    assert float(scores.error_percent) == 12.5
    assert float(scores.balanced_error_percent) == 12.5  # of 0 none, of 1 a quarter
    np.testing.assert_array_equal(scores.iou, [4 / 5, 3 / 4, np.nan])
    assert float(scores.mean_iou) == pytest.approx(0.775, rel=RTOL)
    # found (0,2), (0,3), (1,1), (1,2); true are the columns 1 and 2
    assert float(scores.boundary_precision) == 3 / 4
    assert float(scores.boundary_recall) == 3 / 4
    assert float(scores.boundary_f1) == 3 / 4


@shapes
def test_the_truth_itself_is_perfect(shape):
    _, truth = labelings(shape)
    scores = score(truth, truth, tolerance=0)
    for name, attrs in ATTRS.items():
        assert float(scores[name]) == {"lower": 0.0, "higher": 1.0}[attrs["better"]]


@shapes
def test_exchanging_labeling_and_truth_exchanges_precision_and_recall(shape):
    labels, truth = labelings(shape)
    there, back = score(labels, truth, count=3), score(truth, labels, count=3)
    assert float(there.boundary_precision) == float(back.boundary_recall)
    for name in (*SYMMETRIC, "iou"):
        # sums in another order
        np.testing.assert_allclose(there[name], back[name], rtol=RTOL)


def test_a_larger_tolerance_forgives_more():
    labels, truth = labelings((9, 9))
    found = [float(score(labels, truth, tolerance=t).boundary_f1) for t in range(8)]
    assert found == sorted(found)


@pytest.mark.parametrize(("shift", "share"), [(0, 1), (1, 1), (2, 1), (3, 2 / 3)])
def test_a_thin_line_may_be_displaced_by_the_tolerance(shift, share):
    """The line and its sides form the boundary: three columns, one beyond reach."""
    scores = score(vertical_line(2 + shift), vertical_line(2), tolerance=2)
    for name in ("boundary_precision", "boundary_recall", "boundary_f1"):
        assert float(scores[name]) == pytest.approx(share, rel=RTOL)


def test_a_missing_line_and_an_invented_one_have_no_boundary_score():
    line, nothing = vertical_line(4), np.ones((9, 9), dtype=int)
    for labels, truth in ((nothing, line), (line, nothing)):
        scores = score(labels, truth)
        assert float(scores.boundary_f1) == 0.0
        assert float(scores.boundary_precision) == 0.0
        assert float(scores.boundary_recall) == 0.0
    missing = score(nothing, line)
    assert float(missing.error_percent) == pytest.approx(100 / 9, rel=RTOL)
    assert float(missing.balanced_error_percent) == 50.0


def test_one_of_two_lines_halves_the_recall():
    both = np.minimum(vertical_line(1), vertical_line(7))
    scores = score(vertical_line(1), both, tolerance=0)
    assert float(scores.boundary_precision) == 1.0
    assert float(scores.boundary_recall) == 0.5


def test_one_pixel_and_one_label_are_scored():
    right, wrong = score([[0]], [[0]]), score([[1]], [[0]])
    assert (float(right.error_percent), float(right.boundary_f1)) == (0.0, 1.0)
    assert (float(wrong.error_percent), float(wrong.boundary_f1)) == (100.0, 1.0)
    np.testing.assert_array_equal(right.iou, [1.0])
    np.testing.assert_array_equal(wrong.iou, [0.0, 0.0])


def test_the_result_names_its_dimensions_units_and_choices():
    scores = score([[0, 1]], [[0, 0]], count=3, tolerance=1)
    assert set(scores.data_vars) == {*ATTRS, "iou"}
    assert scores.iou.dims == ("label",)
    assert scores.attrs == {"tolerance": 1.0, "pixels": 2}
    for variable in scores.data_vars.values():
        assert {"units", "long_name", "better"} <= set(variable.attrs)


def test_dimensions_are_found_by_name():
    labels, truth = labelings((4, 7))
    turned = xr.DataArray(labels.T, dims=("col", "row"))
    assert score(turned, truth).identical(score(labels, truth))


SQUARE = np.zeros((2, 2), dtype=int)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((np.zeros((2, 3)), SQUARE), ValueError, r"`labels` has shape \(2, 3\).*trut"),
        ((np.zeros(4), SQUARE), ValueError, "`labels` has shape"),
        ((SQUARE, np.zeros((0, 2))), ValueError, "`truth` has shape"),
        ((SQUARE + 0.5, SQUARE), TypeError, "`labels` has dtype float64 with entr"),
        ((SQUARE, SQUARE - 1), ValueError, "`truth` holds labels from -1"),
        ((SQUARE + 2, SQUARE, 2), ValueError, "`labels` holds labels from 2 to 2"),
        ((SQUARE, SQUARE + 1024), ValueError, "`truth` holds labels from 1024"),
        ((SQUARE, [["a", "b"]]), TypeError, "`truth` has dtype"),
        ((SQUARE, SQUARE, 0), ValueError, "`count` = 0"),
        ((SQUARE, SQUARE, "2"), TypeError, "`count` = '2'"),
        ((SQUARE, SQUARE, 2, -1.0), ValueError, "`tolerance` = -1.0"),
        ((SQUARE, SQUARE, 2, math.nan), ValueError, "`tolerance` = nan"),
        ((SQUARE, SQUARE, 2, None), TypeError, "`tolerance` = None"),
    ],
)
def test_bad_input_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        score(*arguments)


UNKNOWN = np.array([[0, 0, 1, 1], [0, -1, -1, 1], [2, 2, -1, 1]])


def test_pixels_without_a_label_count_nowhere():
    truth = xr.DataArray(UNKNOWN, dims=PIXELS, attrs={"no_label": -1})
    found = np.where(UNKNOWN < 0, 0, UNKNOWN)
    assert float(score(found, truth).error_percent) == 0.0
    assert score(found, truth).attrs["pixels"] == 9
    wrong = found.copy()
    wrong[0, 0] = 1  # one of nine
    expected = score(wrong, truth)
    np.testing.assert_allclose(expected.error_percent, 100 / 9, rtol=1e-15)
    for guess in range(3):  # whatever stands where nothing is known
        other = np.where(UNKNOWN < 0, guess, wrong)
        xr.testing.assert_identical(score(other, truth), expected)


def test_labels_to_ignore_can_be_named():
    plain = np.where(UNKNOWN < 0, 3, UNKNOWN)
    found = np.where(UNKNOWN < 0, 1, UNKNOWN)
    truth = xr.DataArray(UNKNOWN, dims=PIXELS, attrs={"no_label": -1})
    for ignore in (3, [3], (3,), np.array([3])):
        xr.testing.assert_identical(
            score(found, plain, ignore=ignore), score(found, truth)
        )
    assert score(found, plain, ignore=[0, 3]).attrs["pixels"] == 6


@pytest.mark.parametrize("ignore", [-1, 1.5, "3", True, None, [3, "a"]])
def test_what_cannot_be_ignored_is_named(ignore):
    with pytest.raises((TypeError, ValueError), match="`ignore` "):
        score(np.zeros((2, 2), int), np.zeros((2, 2), int), ignore=ignore)


def test_nothing_to_score_is_refused():
    with pytest.raises(ValueError, match="`ignore` must leave a label in `truth`"):
        score(np.zeros((2, 2), int), np.zeros((2, 2), int), ignore=0)
    unknown = xr.DataArray(np.full((2, 2), -1), dims=PIXELS, attrs={"no_label": -1})
    with pytest.raises(ValueError, match="`truth` must have a label at one pixel"):
        score(np.zeros((2, 2), int), unknown)
    with pytest.raises(ValueError, match=r"assign_attrs\(no_label=-1\)"):
        score(np.zeros((2, 2), int), np.array([[0, -1], [0, 0]]))


def test_labelings_meet_by_coordinate():
    truth = xr.DataArray(
        np.arange(12).reshape(3, 4) % 3,
        dims=("row", "col"),
        coords={"row": [0.0, 0.5, 1.0], "col": list("abcd")},
    )
    turned = truth.isel(col=slice(None, None, -1), row=[1, 0, 2]).transpose()
    assert float(score(turned, truth).error_percent) == 0.0
    assert float(score(turned.drop_vars(["row", "col"]), truth).error_percent) > 0.0
    with pytest.raises(ValueError, match="`labels` has other coordinates along `col`"):
        score(truth.assign_coords(col=list("abce")), truth)
