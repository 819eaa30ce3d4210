"""Real images: bundled samples, and scenes made of images."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import CHANNEL, PICTURE, PIXELS
from explorer.images.labelings import read_labels
from explorer.images.reading import is_path, name_of, read_image
from explorer.scenes.scene import Structure, make_scene
from explorer.threads import exclusive

KMEANS_SAMPLE = 20_000
"""Pixels that k-means sees: enough to place 64 centers well within a gray level."""

SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
"""Color images bundled with scikit-image (CC0 or public domain)."""


def image_scene(
    image: Any,
    labels: Any = int(params.LABELS.default),
    noise: float = 0.2,
    seed: int = 0,
) -> xr.Dataset:
    """Return a scene made of a real image.

    Parameters
    ----------
    image : path, or array (row, col) or (row, col, 1 | 3 | 4)
        8 or 16 bit integers or bool are scaled to [0, 1] by the range of their type;
        floats must lie in [0, 1]. Transparent parts are shown on white.
    labels : int in 1 … 64, or array or path of integers (row, col)
        a number: that many k-means colors of the clean image become prototypes, the
        nearest of them the ground truth, from dark to bright. A labeling: it is the
        ground truth, numbered 0 … J−1; prototypes are the mean colors of its labels.
        Coordinates of a labeling and of an image meet, and the scene carries them.
    noise : float in [0, 10], standard deviation of the added Gaussian noise.
    seed : int ≥ 0, of noise and k-means.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        naming the argument, what it holds, and the cure.
    """
    noise = params.NOISE.check(noise)
    return make_scene(image_structure(image, labels, seed), noise, seed)


def image_structure(image: Any, labels: Any, seed: int) -> Structure:
    """Return the noiseless part of `image_scene`."""
    seed = params.SEED.check(seed)
    clean, place = read_image(image), Coordinates.of("image", image, PICTURE)
    if place.dataset.sizes.get(CHANNEL, clean.shape[2]) != clean.shape[2]:
        place = Coordinates.of("image", image, PIXELS)  # transparency was a channel
    if isinstance(labels, (int, float, np.number)):
        truth, prototypes = quantize(clean, params.LABELS.check(labels), seed)
    else:
        labels = place.align("labels", labels)
        truth = read_labels(labels, clean.shape[:2])
        prototypes = mean_colors(clean, truth)
    name = name_of(image) if is_path(image) else "array"
    return Structure(clean, truth, prototypes, name, place)


def sample_image(name: str, size: int = 256) -> np.ndarray:
    """Return a bundled image, cut to a square and scaled to size × size, in [0, 1].

    Parameters
    ----------
    name : one of `explorer.SAMPLES`; size : int in 1 … 4096.
    """
    if not isinstance(name, str) or name not in SAMPLES:
        raise ValueError(f"`name` = {name!r}; bundled are {', '.join(SAMPLES)}")
    import skimage.data

    return square(read_image(getattr(skimage.data, name)()), params.SIZE.check(size))


def square(image: np.ndarray, size: int) -> np.ndarray:
    """Return the central square of an image, scaled to size × size."""
    import skimage.transform

    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    cut = image[top : top + side, left : left + side]
    scaled = skimage.transform.resize(cut, (size, size), anti_aliasing=size < side)
    return np.clip(scaled, 0.0, 1.0)


def fit(image: np.ndarray, longest: int) -> np.ndarray:
    """Return an image scaled down, if need be, to `longest` pixels a side at most."""
    import skimage.transform

    factor = longest / max(image.shape[:2])
    if factor >= 1.0:
        return image
    shape = [max(1, round(n * factor)) for n in image.shape[:2]]
    return np.clip(skimage.transform.resize(image, shape, anti_aliasing=True), 0, 1)


def mean_colors(clean: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the mean color of each label, (label, channel)."""
    return np.stack([clean[truth == j].mean(axis=0) for j in range(truth.max() + 1)])


@exclusive
def quantize(clean: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return k-means labels and colors of an image, ordered from dark to bright."""
    pixels = clean.reshape(-1, clean.shape[2])
    distinct = len(np.unique(pixels, axis=0))
    if distinct < count:
        raise ValueError(
            f"`labels` = {count} exceeds the number of distinct colors in `image`, "
            f"which is {distinct}: ask for at most {distinct} labels"
        )
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    sample = pixels
    if len(pixels) > KMEANS_SAMPLE:
        sample = pixels[rng.choice(len(pixels), KMEANS_SAMPLE, replace=False)]
        if len(np.unique(sample, axis=0)) < count:
            sample = pixels
    # one thread: the order of summation, and so the result, is then the same everywhere
    with threadpool_limits(1, user_api="openmp"):
        fit = KMeans(count, n_init=4, random_state=seed % 2**31).fit(sample)
        labels = fit.predict(pixels)
    order = np.argsort(fit.cluster_centers_.sum(axis=1), kind="stable")
    rank = np.argsort(order)
    return rank[labels].reshape(clean.shape[:2]), fit.cluster_centers_[order]
