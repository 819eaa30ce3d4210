"""Real images: bundled samples, and scenes made of images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import CHANNEL, PICTURE, PIXELS, computed, plain
from explorer.images.alike import refuse_misplaced
from explorer.images.decoding import decoded_picture
from explorer.images.labelings import label_set, open_labels, read_labels
from explorer.images.reading import is_path, name_of, read_image, read_oriented
from explorer.images.stored import MAX_PIXELS, TURNED, UPRIGHT
from explorer.scenes.pictures import label_coords
from explorer.scenes.scene import Structure, make_scene
from explorer.threads import exclusive

KMEANS_SAMPLE = 20_000
"""Pixels for k-means: enough to place 64 centers well within a gray level."""

LONGEST = params.Parameter(
    "longest", "", 512, 1, MAX_PIXELS, "pixels of the longest side", "pixels",
    integer=True,
)  # fmt: skip

NOISE = replace(params.NOISE, default=0.2)
"""Less than in a random scene, because real images are already noisy."""

SIZE = replace(params.SIZE, default=256)
"""A photo shows less than a random scene of the same size."""

SIDEWAYS = 5
"""EXIF orientations from this number on swap rows and columns."""

SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
"""Color images bundled with scikit-image (CC0 or public domain)."""


def image_scene(
    image: Any,
    labels: Any = int(params.LABELS.default),
    noise: float = NOISE.default,
    seed: int = int(params.SEED.default),
) -> xr.Dataset:
    """Return a scene made of a real image.

    Parameters
    ----------
    image : path, Pillow image, or array (row, col) or (row, col, 1 | 3 | 4)
        8 or 16 bit integers or bool are scaled to [0, 1] by the range of their type;
        floats must lie in [0, 1]. Transparent parts are shown on white. A file or a
        Pillow image appears as in a viewer, upright, at the depth of the file.
    labels : int in 1 … 64, or array, Pillow image or path of integers (row, col)
        for a number, that many k-means colors of the clean image become prototypes,
        from dark to bright, and the nearest prototype is the ground truth. A labeling
        is the ground truth, numbered 0 … J−1; prototypes are its mean colors.
        The values in a file are numbered in order, and kept as the coordinate
        `label_values` of the scene. The attribute `no_label` of a DataArray names a
        value whose pixels are left out. A labeling and an image are aligned by their
        coordinates, and the scene carries them.
    noise : float in [0, 10], standard deviation of the added Gaussian noise.
    seed : int ≥ 0, of noise and k-means.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        The message names the argument, its value and the cure.
    """
    noise, seed = NOISE.check(noise), params.SEED.check(seed)
    return make_scene(image_structure(image, labels, seed), noise, seed)


def image_structure(image: Any, labels: Any, seed: int) -> Structure:
    """Return the noiseless part of `image_scene`."""
    seed = params.SEED.check(seed)
    clean, orientation = read_oriented(image)
    place = Coordinates.of("image", image, PICTURE)
    if place.dataset.sizes.get(CHANNEL, clean.shape[2]) != clean.shape[2]:
        place = Coordinates.of("image", image, PIXELS)  # no alpha channel now
    name = name_of(image) if is_path(image) else "array"
    coords: dict[str, Any] = {}
    if isinstance(labels, (int, float, np.number)):
        truth, prototypes = quantize(clean, params.LABELS.check(labels), seed)
    elif is_path(labels):
        file = open_labels(labels, "labels")
        refuse_misplaced(file, clean.shape, orientation, name)
        found = label_set([file])
        truth, coords = found.truths[0], label_coords(found)
        prototypes = mean_colors(clean, truth)
    else:
        labels, turn = numbers_of(place.align("labels", computed("labels", labels)))
        refuse_other_shape(shape_of(labels), clean.shape, turn, orientation)
        truth = read_labels(labels, clean.shape[:2])
        prototypes = mean_colors(clean, truth)
    return Structure(clean, truth, prototypes, name, coords, place)


def numbers_of(labels: Any) -> tuple[Any, int]:
    """Return labels of a Pillow image as numbers, and their orientation (EXIF)."""
    if not isinstance(labels, Image.Image):
        return labels, UPRIGHT
    found = decoded_picture(labels, "`labels`", indices=True)
    return found.array, found.orientation


def shape_of(labels: Any) -> tuple[int, ...]:
    """Return the shape (row, col) of labels, without computing lazy ones."""
    if isinstance(labels, xr.DataArray) and set(labels.dims) == set(PIXELS):
        return tuple(labels.sizes[dim] for dim in PIXELS)
    return tuple(getattr(labels, "shape", None) or plain("labels", labels).shape)


def refuse_other_shape(
    found: tuple[int, ...], shape: tuple[int, ...], turn: int, orientation: int
) -> None:
    """Raise if labels do not fit an image, or may fit its pixels as stored.

    found, shape : (row, col) of the labels and of the image as shown.
    turn, orientation : orientations of both (EXIF). If one was turned, the orientation
        of the labels is clear only if their shape fits in just one way.
    """
    sideways = (turn >= SIDEWAYS) != (orientation >= SIDEWAYS)
    sure = turn == orientation or (sideways and shape[0] != shape[1])
    if len(found) != len(PIXELS) or (found == shape[:2] and sure):
        return  # other dimensions raise an error elsewhere
    if turn == orientation:
        raise ValueError(
            f"`labels` must have the shape of `image`, {shape[:2]}, got {found}: pass "
            "the labels of that image"
        )
    how = TURNED.get(orientation) or TURNED.get(turn)
    raise ValueError(
        f"`labels` must have the shape of `image`, {shape[:2]}, and fit it, got "
        f"{found}; one of them is stored {how} (EXIF orientation), the other is not: "
        "pass `image=ex.read_image(…)`, which is upright, and labels that fit it"
    )


def sample_image(name: str, size: int = int(SIZE.default)) -> np.ndarray:
    """Return a bundled image, cut to a square and scaled to size × size, in [0, 1].

    Parameters
    ----------
    name : one of `explorer.SAMPLES`; size : int in 1 … 4096.
    """
    size = SIZE.check(size)
    if not isinstance(name, str) or name not in SAMPLES:
        raise ValueError(f"`name` = {name!r} must be one of {', '.join(SAMPLES)}")
    import skimage.data

    return square(read_image(getattr(skimage.data, name)()), size)


def square(image: np.ndarray, size: int) -> np.ndarray:
    """Return the central square of an image, scaled to size × size."""
    import skimage.transform

    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    cut = image[top : top + side, left : left + side]
    scaled = skimage.transform.resize(cut, (size, size), anti_aliasing=size < side)
    return np.clip(scaled, 0.0, 1.0)


def fit(image: Any, longest: int) -> np.ndarray:
    """Return an image, scaled down if necessary to at most `longest` pixels a side.

    Parameters
    ----------
    image : as for `read_image`.
    longest : int ≥ 1.

    Returns
    -------
    ndarray (row, col, channel) in [0, 1]; (row, col) if the image is an array of
    that shape.
    """
    import skimage.transform

    longest = LONGEST.check(longest)
    picture = read_image(image)
    array = not (is_path(image) or isinstance(image, Image.Image))
    flat = array and np.ndim(image) == 2
    factor = longest / max(picture.shape[:2])
    if factor < 1.0:
        shape = [max(1, round(n * factor)) for n in picture.shape[:2]]
        picture = skimage.transform.resize(picture, shape, anti_aliasing=True)
        picture = np.clip(picture, 0.0, 1.0)
    return picture[..., 0] if flat else picture


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
    # one thread: the order of summation, and so the result, never changes
    with threadpool_limits(1, user_api="openmp"):
        fit = KMeans(count, n_init=4, random_state=seed % 2**31).fit(sample)
        labels = fit.predict(pixels)
    order = np.argsort(fit.cluster_centers_.sum(axis=1), kind="stable")
    rank = np.argsort(order)
    return rank[labels].reshape(clean.shape[:2]), fit.cluster_centers_[order]
