"""Real images: reading, bundled samples, and scenes made of them."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image, ImageOps, UnidentifiedImageError

from explorer import params
from explorer.dims import PICTURE, PIXELS, label_field, plain, raw
from explorer.scenes.scene import Structure, make_scene
from explorer.threads import exclusive

MAX_PIXELS = 2**24
"""16 megapixels: a flow with 8 labels and m = 10 on it would fill 20 GB."""

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
    clean = read_image(image)
    if isinstance(labels, (int, float, np.number)):
        truth, prototypes = quantize(clean, params.LABELS.check(labels), seed)
    else:
        truth = read_labels(labels, clean.shape[:2])
        prototypes = mean_colors(clean, truth)
    name = str(image) if is_path(image) else "array"
    return Structure(clean, truth, prototypes, name)


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


def read_image(image: Any, argument: str = "image") -> np.ndarray:
    """Return an image as float (row, col, channel) in [0, 1], one or three channels."""
    array = open_array(image, argument) if is_path(image) else as_array(image, argument)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"`{argument}` has shape {array.shape}; needed is (row, col) or "
            "(row, col, channel) with 1, 3 or 4 channels"
        )
    refuse_size(argument, array.shape[0], array.shape[1])
    unit = to_unit(array, argument)
    if unit.shape[2] == 4:
        alpha = unit[..., 3:]
        unit = alpha * unit[..., :3] + (1.0 - alpha)
    return np.ascontiguousarray(unit)


def as_array(image: Any, argument: str) -> np.ndarray:
    """Return array-like input; a DataArray is transposed to (row, col[, channel])."""
    if isinstance(image, xr.DataArray):
        return raw(argument, image, PIXELS if image.ndim == 2 else PICTURE)
    return plain(argument, image)


def is_path(value: Any) -> bool:
    """Return whether `value` names a file (a string or path) rather than data."""
    return isinstance(value, (str, os.PathLike))


def to_unit(array: np.ndarray, argument: str) -> np.ndarray:
    """Scale to [0, 1] by the range of the dtype; floats must already lie there."""
    if array.dtype == bool:
        return array.astype(float)
    if array.dtype in (np.uint8, np.uint16):
        return array / float(np.iinfo(array.dtype).max)
    if array.dtype.kind != "f":
        raise TypeError(
            f"`{argument}` has dtype {array.dtype}; needed is uint8, uint16, bool or "
            "float in [0, 1]: convert it"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"`{argument}` holds entries that are not finite: remove or replace them"
        )
    low, high = float(array.min()), float(array.max())
    if low < 0.0 or high > 1.0:
        raise ValueError(
            f"`{argument}` ranges from {low:g} to {high:g}; floats must lie in [0, 1]: "
            "subtract the minimum and divide by the range"
        )
    return array.astype(float)


def open_array(path: Any, argument: str) -> np.ndarray:
    """Return the pixels of an image file in the depth it was stored in."""
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            f"`{argument}` = {str(path)!r} names no file: check the path "
            f"(the working directory is {os.getcwd()})"
        )
    return decode(file.read_bytes(), f"`{argument}` = {str(path)!r}", argument)


def decode(content: bytes, what: str, argument: str = "image") -> np.ndarray:
    """Return the pixels of an encoded image; `what` names it in error messages."""
    try:
        with warnings.catch_warnings():
            # our own, lower limit follows at once
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(content))
            refuse_size(argument, picture.height, picture.width)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)  # as a viewer shows it
            if picture.mode in ("P", "CMYK", "YCbCr", "LA", "PA", "La", "RGBa"):
                alpha = "A" in picture.mode or "transparency" in picture.info
                picture = picture.convert("RGBA" if alpha else "RGB")
    except Image.DecompressionBombError as error:
        raise ValueError(f"{what} is too large: {error}") from error
    except SizeError:
        raise
    except Exception as error:  # decoders raise whatever their format suggests
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "unknown format" if unknown else error
        raise ValueError(
            f"{what} cannot be read as an image ({reason}): it may be truncated or no "
            "image at all; save it again as PNG"
        ) from error
    array = np.asarray(picture)
    if array.dtype == np.int32 and array.min() >= 0 and array.max() < 2**16:
        return array.astype(np.uint16)  # how 16-bit gray files may arrive
    return array


class SizeError(ValueError):
    """An image with more pixels than a flow can be solved on."""


def refuse_size(argument: str, rows: int, cols: int) -> None:
    """Raise if an image has more pixels than a flow can be solved on."""
    if rows * cols > MAX_PIXELS:
        raise SizeError(
            f"`{argument}` has {rows}×{cols} pixels, more than {MAX_PIXELS}: "
            "crop or scale it down first"
        )


def read_labels(labels: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return a ground truth labeling whose labels 0 … J−1 all occur."""
    array = label_codes(labels) if is_path(labels) else labels
    limit = int(params.LABELS.high)
    truth = label_field("labels", array, shape, limit)
    missing = sorted(set(range(int(truth.max()) + 1)) - set(np.unique(truth).tolist()))
    if missing:
        raise ValueError(
            f"`labels` skips the numbers {missing}; every label from 0 to "
            f"{int(truth.max())} must occur, or it has no color: renumber them"
        )
    return truth


def label_codes(path: Any) -> np.ndarray:
    """Return a label image as 0 … J−1: its distinct gray values or colors, in order."""
    array = open_array(path, "labels")
    if array.ndim == 3:
        flat = array.reshape(-1, array.shape[2])
        codes = np.unique(flat, axis=0, return_inverse=True)[1]
    else:
        codes = np.unique(array, return_inverse=True)[1]
    return codes.reshape(array.shape[:2])


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
