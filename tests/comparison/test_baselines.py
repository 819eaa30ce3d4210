"""Baselines against naive loops, dense solves and searches through all labelings."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from functools import partial

import numpy as np
import pytest
import xarray as xr

from explorer import image_scene, voronoi_scene
from explorer.comparison.baselines import (
    Baseline,
    GaussianDenoising,
    GraphCut,
    NearestLabel,
    RandomWalker,
    TotalVariation,
    seeds_of,
    smoothed,
)
from explorer.scenes.scene import distances_to

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

FAMILIES = (NearestLabel, GaussianDenoising, TotalVariation, RandomWalker, GraphCut)
SHARES = (0.01, 0.3, 0.5, 1.0)


@pytest.fixture(params=FAMILIES, ids=lambda family: family.__name__)
def family(request):
    """One class of baselines at a time."""
    if request.param is GraphCut:
        request.getfixturevalue("maxflow")
    return request.param


@pytest.fixture
def scene():
    return voronoi_scene("colors", size=10, noise=0.3, seed=1)


def scene_of(image, prototypes):
    """A scene without ground truth: all that a baseline may look at."""
    image, prototypes = np.asarray(image, float), np.asarray(prototypes, float)
    return xr.Dataset(
        {
            "image": (("row", "col", "channel"), image),
            "prototypes": (("label", "channel"), prototypes),
            "distances": (("label", "row", "col"), distances_to(image, prototypes)),
        }
    )


def random_scene(shape=(3, 3), labels=2, seed=0):
    rng = np.random.default_rng(seed)
    return scene_of(rng.uniform(size=(*shape, 2)), rng.uniform(size=(labels, 2)))


def nearest(scene):
    return scene.distances.values.argmin(axis=0)


def edges(shape):
    """The pairs of 4-neighbors."""
    rows, cols = shape
    for r, c in np.ndindex(rows, cols):
        if r + 1 < rows:
            yield (r, c), (r + 1, c)
        if c + 1 < cols:
            yield (r, c), (r, c + 1)


def energy(scene, labels, smoothness):
    """Σ_i D_{i,x_i} + γ |{4-neighbors i, k: x_i ≠ x_k}|."""
    D = scene.distances.values
    data = sum(D[labels[p]][p] for p in np.ndindex(labels.shape))
    return data + smoothness * sum(
        labels[p] != labels[q] for p, q in edges(D.shape[1:])
    )


def test_all_label_each_pixel_without_the_truth(family, scene):
    labels = family().label(scene)
    assert labels.shape == (10, 10)
    assert labels.dtype.kind == "i"
    assert labels.min() >= 0
    assert labels.max() < 8
    blind = scene.drop_vars(("labels", "clean"))
    np.testing.assert_array_equal(family().label(blind), labels)


def test_all_know_scenes_of_one_pixel(family):
    scene = voronoi_scene("lines", size=1)
    np.testing.assert_array_equal(family().label(scene), nearest(scene))


@pytest.mark.parametrize("shape", [(1, 6), (6, 1)])
def test_all_know_scenes_of_one_row_or_column(family, shape):
    assert family().label(random_scene(shape)).shape == shape


def test_all_know_scenes_of_one_label(family):
    scene = image_scene(np.linspace(0.0, 1.0, 12).reshape(3, 4), labels=1)
    np.testing.assert_array_equal(family().label(scene), np.zeros((3, 4)))


def test_all_are_right_where_colors_are(family):
    scene = voronoi_scene("colors", size=10, noise=0.0)
    halves = np.repeat([0, 1], 5) * np.ones((10, 1), dtype=int)
    scene = scene_of(scene.prototypes.values[halves], scene.prototypes.values[:2])
    np.testing.assert_array_equal(family().label(scene), halves)


def test_dimensions_are_found_by_name(family, scene):
    turned = scene.transpose("channel", "col", "label", "row")
    np.testing.assert_array_equal(family().label(turned), family().label(scene))


@pytest.mark.parametrize(
    "neutral",
    [
        NearestLabel,
        partial(GaussianDenoising, 0.0),
        partial(TotalVariation, 1e-9),
        partial(RandomWalker, share=1.0, sigma=0.0),
    ],
)
def test_without_smoothing_all_are_the_nearest_label(neutral, scene):
    np.testing.assert_array_equal(neutral().label(scene), nearest(scene))


def test_a_graph_cut_without_smoothing_is_the_nearest_label(maxflow, scene):
    np.testing.assert_array_equal(GraphCut(0.0).label(scene), nearest(scene))


def test_all_are_frozen_and_named_with_their_parameters(family):
    method = family()
    assert isinstance(method, Baseline)
    assert method == family()
    for field in dataclasses.fields(method):
        changed = dataclasses.replace(method, **{field.name: 0.125})
        assert "0.125" in changed.name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(method, field.name, 0.125)


def test_smoothing_averages_with_gaussian_weights():
    image, sigma = random_scene((5, 4)).image.values, 0.7
    reach = int(4 * sigma + 0.5)  # where scikit-image truncates
    span = range(-reach, reach + 1)
    expected = np.zeros_like(image)
    for r, c in np.ndindex(5, 4):
        total = 0.0
        for dr, dc in itertools.product(span, span):
            weight = np.exp(-(dr**2 + dc**2) / (2 * sigma**2))
            at = min(max(r + dr, 0), 4), min(max(c + dc, 0), 3)
            expected[r, c] += weight * image[at]
            total += weight
        expected[r, c] /= total
    # two passes of weighted means of numbers below one
    np.testing.assert_allclose(smoothed(image, sigma), expected, rtol=1e-13)


def test_total_variation_removes_a_dot_and_keeps_an_edge():
    image = np.zeros((8, 8, 1))
    image[:, 4:] = 1.0
    noisy = image.copy()
    noisy[3, 1] = 1.0
    found = TotalVariation(0.3).label(scene_of(noisy, [[0.0], [1.0]]))
    np.testing.assert_array_equal(found, image[..., 0])


@pytest.mark.parametrize("share", SHARES)
def test_seeds_are_the_surest_pixels_of_each_label(share):
    D = random_scene((7, 6), labels=4, seed=3).distances.values
    seeds = seeds_of(D, share)
    chosen = D.argmin(axis=0)
    first, second = np.sort(D, axis=0)[:2]
    for label in range(4):
        own = chosen == label
        taken = seeds == label + 1
        assert (own | ~taken).all()
        count = max(1, round(share * own.sum())) if own.any() else 0
        assert taken.sum() == count
        left = (second - first)[own & ~taken]
        if left.size:
            assert left.max() <= (second - first)[taken].min()


def walk(image, seeds, beta):
    """Probabilities to meet the seeds of each label first, by a dense solve."""
    scale = beta / (10 * image.std() * np.sqrt(image.shape[2]))
    shape = seeds.shape
    number = np.arange(seeds.size).reshape(shape)
    L = np.zeros((seeds.size, seeds.size))
    for p, q in edges(shape):
        # scikit-image adds the constant, so that no pixel is cut off
        w = np.exp(-scale * np.sum((image[p] - image[q]) ** 2)) + 1e-10
        i, k = number[p], number[q]
        L[[i, k], [k, i]] -= w
        L[[i, k], [i, k]] += w
    flat = seeds.ravel()
    free = flat == 0
    hit = np.stack([flat == j for j in np.unique(flat[~free])]).astype(float)
    hit[:, free] = np.linalg.solve(
        L[np.ix_(free, free)], -L[np.ix_(free, ~free)] @ hit[:, ~free].T
    ).T
    return hit.reshape(-1, *shape), np.unique(flat[~free]) - 1


@pytest.mark.parametrize("beta", [0.0, 10.0, 300.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_walker_goes_where_the_dense_solve_says(beta, seed):
    scene = random_scene((6, 7), labels=3, seed=seed)
    method = RandomWalker(beta, share=0.3, sigma=0.5)
    image = scene.image.values
    D = distances_to(smoothed(image, 0.5), scene.prototypes.values)
    probabilities, names = walk(image, seeds_of(D, 0.3), beta)
    expected = names[probabilities.argmax(axis=0)]
    np.testing.assert_array_equal(method.label(scene), expected)


def test_a_label_without_seeds_is_not_assigned():
    image = np.random.default_rng(0).uniform(0.0, 0.4, (6, 6, 1))
    found = RandomWalker().label(scene_of(image, [[0.1], [9.0], [0.3]]))
    assert set(np.unique(found)) == {0, 2}
    alone = RandomWalker().label(scene_of(image, [[9.0], [0.1]]))
    np.testing.assert_array_equal(alone, 1)


@pytest.mark.parametrize("beta", [0.0, 130.0, 1e4])
def test_the_walker_does_not_warn_when_noise_isolates_pixels(beta):
    """Warnings are errors here; the solver must not depend on optional packages."""
    scene = voronoi_scene("colors", size=10, noise=1.0, seed=2)
    assert RandomWalker(beta).label(scene).shape == (10, 10)


@pytest.mark.parametrize("smoothness", [0.1, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_a_graph_cut_of_two_labels_is_the_best_of_all(maxflow, smoothness, seed):
    scene = random_scene((3, 3), seed=seed)
    found = energy(scene, GraphCut(smoothness).label(scene), smoothness)
    every = itertools.product((0, 1), repeat=9)
    best = min(energy(scene, np.reshape(x, (3, 3)), smoothness) for x in every)
    # nine distances in another order
    assert found == pytest.approx(best, rel=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_no_expansion_lowers_the_energy_of_a_graph_cut(maxflow, seed):
    scene, smoothness = random_scene((2, 4), labels=4, seed=seed), 0.15
    found = GraphCut(smoothness).label(scene)
    reached = energy(scene, found, smoothness)
    for label, grown in itertools.product(
        range(4), itertools.product((False, True), repeat=8)
    ):
        other = np.where(np.reshape(grown, (2, 4)), label, found)
        assert energy(scene, other, smoothness) >= reached - 1e-14


def test_the_smoothest_graph_cut_is_the_best_single_label(maxflow, scene):
    best = scene.distances.sum(("row", "col")).values.argmin()
    np.testing.assert_array_equal(GraphCut(1e4).label(scene), best)


def test_without_pymaxflow_a_graph_cut_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "maxflow.fastmin", None)
    with pytest.raises(ImportError, match=r'run pip install "\.\[graphcut\]"'):
        GraphCut()


@pytest.mark.parametrize(
    ("family", "argument", "beyond"),
    [
        (GaussianDenoising, "sigma", -0.1),
        (TotalVariation, "weight", 0.0),
        (RandomWalker, "beta", -1.0),
        (RandomWalker, "share", 0.0),
        (RandomWalker, "share", 1.1),
        (RandomWalker, "sigma", np.inf),
        (GraphCut, "smoothness", -1.0),
    ],
)
def test_bad_parameters_are_refused(family, argument, beyond):
    with pytest.raises(ValueError, match=f"`{argument}` = {beyond}"):
        family(**{argument: beyond})
    with pytest.raises(TypeError, match=f"`{argument}` = 'much'"):
        family(**{argument: "much"})


def test_what_is_no_scene_is_refused(family, scene):
    with pytest.raises(TypeError, match="`scene` is a ndarray; pass a Dataset"):
        family().label(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="`scene` has no variable `"):
        family().label(scene[["labels"]])
    with pytest.raises(ValueError, match=r"`scene\.\w+` holds .* not finite"):
        family().label(scene + np.nan)
