"""Comparisons: what is scored, what is timed, what is tuned, and what is refused."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import pytest

from explorer import voronoi_scene
from explorer.comparison.baselines import GaussianDenoising, NearestLabel
from explorer.comparison.comparison import compare, peak_memory, tuned
from explorer.scenes.scores import ATTRS, score

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

SCENES = [voronoi_scene("colors", size=10, noise=0.5, seed=s) for s in (1, 2)]
BYTES = 4_000_000
"""What a method allocates: far more than what else happens meanwhile."""


@dataclass(frozen=True)
class Constant:
    """A method of one's own: one label everywhere."""

    value: int
    traced: list = field(default_factory=list, compare=False)

    @property
    def name(self):
        return f"constant {self.value}"

    def label(self, scene):
        self.traced.append(tracemalloc.is_tracing())
        return np.full(scene.labels.shape, self.value)


def test_a_comparison_holds_the_scores_of_each_method_on_each_scene():
    methods = [NearestLabel(), GaussianDenoising(1.0), Constant(2)]
    table = compare(methods, SCENES)
    assert dict(table.sizes) == {"method": 3, "scene": 2}
    assert table.method.values.tolist() == [method.name for method in methods]
    for method in methods:
        for number, scene in enumerate(SCENES):
            expected = score(method.label(scene), scene.labels, count=8)
            found = table.sel({"method": method.name, "scene": number})
            for name in ATTRS:
                assert float(found[name]) == float(expected[name])


def test_the_nearest_label_errs_as_the_scene_says():
    table = compare([NearestLabel()], SCENES)
    expected = [scene.attrs["nearest_error_percent"] for scene in SCENES]
    # one mean of a hundred zeros and ones, one quotient
    np.testing.assert_allclose(table.error_percent[0], expected, rtol=1e-14)


def test_scenes_are_told_apart_by_their_coordinates():
    table = compare([NearestLabel()], SCENES)
    assert table.structure.values.tolist() == ["colors", "colors"]
    assert table.noise.values.tolist() == [0.5, 0.5]
    assert table.seed.values.tolist() == [1, 2]
    bare = compare([NearestLabel()], [SCENES[0].drop_attrs()])
    assert bare.seed.item() == -1
    assert np.isnan(bare.noise.item())


def test_only_the_run_for_memory_is_traced_and_the_first_run_is_not_timed():
    method = Constant(0)
    table = compare([method], SCENES)
    assert method.traced == [False] + 2 * [False, True]
    assert not tracemalloc.is_tracing()
    assert (table.seconds > 0).all()
    assert table.seconds.attrs["units"] == "s"
    assert table.peak_memory.attrs["units"] == "bytes"
    assert table.peak_memory.dtype.kind == "i"


def test_memory_is_what_a_call_adds_at_most():
    held = np.ones(BYTES, dtype=np.uint8)
    peak = peak_memory(lambda: np.ones(BYTES, dtype=np.uint8)[:1].copy())
    assert held.nbytes <= peak < 1.1 * BYTES


def test_a_user_who_traces_memory_goes_on_tracing():
    tracemalloc.start()
    try:
        held = np.ones(BYTES, dtype=np.uint8)
        assert peak_memory(lambda: None) < 0.1 * held.nbytes
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("by", ATTRS)
def test_the_tuned_method_is_the_best_on_average(by):
    family = [GaussianDenoising(s) for s in (0.0, 0.5, 1.0, 3.0)]
    table = compare(family, SCENES)[by].mean("scene")
    best = {"lower": np.argmin, "higher": np.argmax}[ATTRS[by]["better"]](table.values)
    assert tuned(family, SCENES, by) is family[best]


def test_of_equally_good_methods_the_first_is_taken():
    family = [Constant(1), Constant(1)]
    family[1] = GaussianDenoising(0.0)
    first = [NearestLabel(), family[1]]
    assert tuned(first, SCENES) is first[0]
    assert tuned(first[::-1], SCENES) is first[1]


class Nameless:
    """No method: it has no name."""

    def label(self, scene):
        return scene.labels


@dataclass(frozen=True)
class Wrong(Constant):
    """A method whose labeling has another shape than its scene."""

    def label(self, scene):
        return np.full((2, 2), self.value)


GOOD = [NearestLabel()]


@pytest.mark.parametrize("function", [compare, tuned])
@pytest.mark.parametrize(
    ("methods", "scenes", "error", "words"),
    [
        ([], SCENES, ValueError, r"= \[\] must be a list of methods"),
        (NearestLabel(), SCENES, ValueError, "must be a list of methods"),
        ([Nameless()], SCENES, TypeError, r"\[0\]` = .* is not a method"),
        ([NearestLabel], SCENES, TypeError, r"\[0\]` = .* is not a method"),
        (2 * GOOD, SCENES, ValueError, "'nearest label' more than once"),
        (GOOD, [], ValueError, r"`scenes` is \[\]; pass a list"),
        (GOOD, SCENES[0], ValueError, "`scenes` is one scene; pass a list"),
        (GOOD, [np.zeros(3)], TypeError, r"`scenes\[0\]` is a ndarray"),
        (GOOD, [SCENES[0][["image"]]], TypeError, "without the ground truth"),
        ([Constant(8)], SCENES, ValueError, r"`constant 8.label\(scene\)` holds"),
        ([Wrong(0)], SCENES, ValueError, r"`constant 0.label\(scene\)` has shape"),
    ],
)
def test_what_cannot_be_compared_is_refused(function, methods, scenes, error, words):
    with pytest.raises(error, match=words):
        function(methods, scenes)


@pytest.mark.parametrize("by", ["seconds", "iou", None, ["boundary_f1"]])
def test_only_scores_tune(by):
    with pytest.raises(ValueError, match=r"`by` = .* must be one of error_percent"):
        tuned(GOOD, SCENES, by)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (lambda a: a + 0.5, ".* entries that are not integers"),
        (lambda a: a + 8, "holds labels from"),
        (lambda a: a - 1, "holds labels from -1"),
        (lambda a: a.rename(row="r"), "has the dimensions"),
    ],
)
def test_scenes_with_a_wrong_truth_are_named(labels, words):
    scenes = [voronoi_scene("colors", 8, 0.2, seed) for seed in (0, 1)]
    wrong = [scenes[0], scenes[1].drop_vars("labels")]
    wrong[1]["labels"] = labels(scenes[1].labels)
    named = rf"`scenes\[1\].labels` {words}"
    with pytest.raises((TypeError, ValueError), match=named):
        compare([NearestLabel()], wrong)
    with pytest.raises((TypeError, ValueError), match=named):
        tuned([NearestLabel()], wrong)
