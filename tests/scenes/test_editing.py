"""Painted and picked scenes, against loops over pixels."""

import math

import numpy as np
import pytest

import explorer as ex
from explorer.strokes import covered_by


@pytest.fixture
def scene():
    return ex.voronoi_scene("colors", size=14, noise=0.4, seed=3)


def distance(pixel, a, b):
    """Return the distance of a pixel to the line from a to b, by ternary search."""
    low, high = 0.0, 1.0

    def at(s):
        return math.dist(pixel, [p + s * (q - p) for p, q in zip(a, b, strict=True)])

    for _ in range(200):
        one, two = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, two) if at(one) < at(two) else (one, high)
    return at(low)


STROKES = (
    ex.Stroke([(3, 4)], 2, 1), ex.Stroke([(3, 4)], 2, 2), ex.Stroke([(3, 4)], 2, 3),
    ex.Stroke([(0, 0), (13, 9)], 1, 1), ex.Stroke([(2, 12), (2, 3), (9, 3)], 0, 4),
    ex.Stroke([(12, 12), (30, 40)], 5, 5), ex.Stroke([(40, 40)], 5, 64),
    ex.Stroke([(40, 0), (60, 0)], 5, 3), ex.Stroke([(5, 5), (5, 5)], 5, 7),
)  # fmt: skip


@pytest.mark.parametrize("stroke", STROKES)
def test_a_stroke_covers_what_lies_within_its_brush(stroke):
    shape = (14, 11)
    found = covered_by(stroke, shape)
    ends = stroke.points[1:] or stroke.points
    for pixel in np.ndindex(shape):
        lines = zip(stroke.points, ends, strict=False)
        far = min(distance(pixel, a, b) for a, b in lines)
        if abs(far - stroke.size / 2) > 1e-6:  # rounding decides the border
            assert found[pixel] == (far < stroke.size / 2), pixel


def test_single_pixels_and_straight_lines_are_exact():
    assert np.argwhere(covered_by(STROKES[0], (14, 14))).tolist() == [[3, 4]]
    line = covered_by(ex.Stroke([(2, 3), (2, 7)], size=1), (14, 14))
    assert np.argwhere(line).tolist() == [[2, c] for c in range(3, 8)]
    block = covered_by(STROKES[2], (14, 14))
    assert np.argwhere(block).tolist() == [[r, c] for r in (2, 3, 4) for c in (3, 4, 5)]
    assert not covered_by(STROKES[7], (14, 14)).any()


def test_strokes_on_the_truth_change_labels_alone(scene):
    strokes = [ex.Stroke([(3, 3), (3, 9)], 2), ex.Stroke([(3, 6)], None, 1)]
    painted = ex.paint(scene, strokes)
    for row, col in np.ndindex(14, 14):
        inside = 2 <= row <= 4 and 2 <= col <= 10 and (row, col) != (3, 6)
        if inside and (row == 3 or 3 <= col <= 9):
            assert painted.labels[row, col] == 2
        elif (row, col) == (3, 6) or not inside:
            assert painted.labels[row, col] == scene.labels[row, col]
    for name in ("image", "clean", "distances", "prototypes"):
        assert painted[name].identical(scene[name]), name
    wrong = painted.distances.argmin("label") != painted.labels
    assert painted.nearest_error_percent == pytest.approx(100 * float(wrong.mean()))


def test_strokes_on_the_picture_keep_the_noise(scene):
    painted = ex.paint(scene, ex.Stroke([(5, 5)], 1, 3, on="picture"))
    inside = np.zeros((14, 14), bool)
    inside[4:7, 4:7] = True
    noise = (scene.image - scene.clean).values
    wanted = np.where(inside[..., None], scene.prototypes[1], scene.clean)
    np.testing.assert_array_equal(painted.clean, wanted)
    np.testing.assert_allclose(painted.image, wanted + noise, atol=1e-15)
    assert painted.labels.identical(scene.labels)
    for j in range(8):
        off = painted.image.values - scene.prototypes.values[j]
        np.testing.assert_allclose(painted.distances[j], np.sqrt((off**2).sum(-1)))
    again = ex.paint(
        scene,
        [
            ex.Stroke([(5, 5)], 1, 3, "picture"),
            ex.Stroke([(5, 5)], None, 3, "picture"),
        ],
    )
    assert again.identical(scene)


def test_erasing_one_layer_leaves_the_other(scene):
    strokes = [
        ex.Stroke([(5, 5)], 1, 3, "picture"), ex.Stroke([(5, 5)], None, 9),
    ]  # fmt: skip
    one = ex.paint(scene, strokes[:1])
    assert ex.paint(scene, strokes).identical(one)


def test_later_strokes_lie_above(scene):
    for order in (2, 6), (6, 2):
        strokes = [ex.Stroke([(7, 7)], label) for label in order]
        assert ex.paint(scene, strokes).labels[7, 7] == order[1]


def test_no_stroke_changes_nothing_and_the_scene_stays_as_it_is(scene):
    before = scene.copy(deep=True)
    assert ex.paint(scene, []).identical(scene)
    ex.paint(scene, STROKES)
    assert scene.identical(before)


def test_unknown_labels_stay_unknown(scene):
    labels = scene.labels.copy()
    labels[0, :5] = -1
    partly = scene.assign(labels=labels.assign_attrs(no_label=-1))
    painted = ex.paint(partly, ex.Stroke([(0, 1)], 3, 1))
    assert painted.labels[0, :5].values.tolist() == [-1, 3, -1, -1, -1]
    assert painted.labels.attrs["no_label"] == -1


def test_coordinates_survive(scene):
    placed = scene.assign_coords(row=np.arange(14) * 10.0, label=list("abcdefgh"))
    painted = ex.paint(placed, ex.Stroke([(1, 1)], 3))
    assert painted.row.identical(placed.row)
    assert painted.label.values.tolist() == list("abcdefgh")


def test_picked_pixels_are_the_prototypes(scene):
    picks = [(0, 0), (13, 13), (7, 2)]
    found = ex.pick_prototypes(scene, picks)
    clean = scene.clean.values
    for j, (row, col) in enumerate(picks):
        np.testing.assert_array_equal(found.prototypes[j], clean[row, col])
        assert found.labels[row, col] == j
    for row, col in np.ndindex(14, 14):
        far = [math.dist(clean[row, col], clean[pick]) for pick in picks]
        assert far[int(found.labels[row, col])] == pytest.approx(min(far))
    assert found.image.identical(scene.image)
    assert found.sizes["label"] == 3


def test_one_pick_makes_one_label(scene):
    found = ex.pick_prototypes(scene, [(4, 4)])
    assert found.sizes["label"] == 1
    assert not found.labels.any()


def test_picks_that_cannot_be_are_refused(scene):
    with pytest.raises(ValueError, match=r"`picks` must lie in the image of 14 × 14"):
        ex.pick_prototypes(scene, [(0, 0), (14, 3)])
    with pytest.raises(ValueError, match="`picks` must have different colors"):
        ex.pick_prototypes(scene, [(0, 0), (0, 0)])
    with pytest.raises(ValueError, match="`picks` must be one pixel at least"):
        ex.pick_prototypes(scene, [])


def test_labels_beyond_the_scene_are_refused(scene):
    with pytest.raises(ValueError, match="`strokes` must have labels from 0 to 7"):
        ex.paint(scene, ex.Stroke([(0, 0)], 8))


def test_other_distances_are_not_replaced_without_a_word(scene):
    other = scene.assign(distances=scene.distances * 2.0)
    with pytest.raises(ValueError, match="`scene` must have the distances"):
        ex.paint(other, ex.Stroke([(0, 0)], 1))
