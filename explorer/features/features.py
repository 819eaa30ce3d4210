"""Features of pixels: windows of the image (Sec. 4.2), and distances to prototypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import (
    FEATURE,
    LABEL,
    NODE,
    PICTURE,
    PIXELS,
    axes_of,
    finite_field,
    label_field,
    labeled,
    raw,
    refuse_huge,
)

CODES = 2**16
"""Number of labels that image files can hold. Label values never determine the size of
an array: without gaps, there are at most as many labels as pixels."""


def window_features(
    image: Any, radius: int = int(params.RADIUS.default)
) -> xr.DataArray:
    """Return the (2R+1)² window of the image around each pixel as its feature.

    f_i collects the values of all pixels of the window, offset by offset, channels
    together; the nearest pixel inside the image replaces pixels outside (2.6).

    Parameters
    ----------
    image : DataArray or array (row, col) or (row, col, channel), finite.
    radius : int in 1 … 7, R.

    Returns
    -------
    DataArray (row, col, feature) with (2R+1)² · channels features.
    """
    radius = params.RADIUS.check(radius)
    if axes_of("image", image) == 2:
        array = finite_field("image", image, PIXELS)[..., None]
    else:
        array = finite_field("image", image, PICTURE)
    rows, cols, channels = array.shape
    padded = np.pad(array, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    side = 2 * radius + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), (0, 1))
    features = windows.transpose(0, 1, 3, 4, 2).reshape(rows, cols, -1)
    return Coordinates.of("image", image, PIXELS).label(
        features, (*PIXELS, FEATURE), symbol="f", radius=radius, channels=channels
    )


def feature_distances(features: Any, prototypes: Any) -> xr.DataArray:
    """Return D_ij = ‖f_i − l_j‖₂ / √(number of features) (2.15).

    With the root mean square, ρ has the same meaning for every window size.

    Parameters
    ----------
    features : DataArray or array (row, col, feature) of an image, or (node, feature).
    prototypes : DataArray or array (label, feature), l_j.

    Returns
    -------
    DataArray (label, row, col), or (label, node), as flows take it.
    """
    places = PIXELS if axes_of("features", features) == 3 else (NODE,)
    f = finite_field("features", features, (*places, FEATURE))
    own = Coordinates.of("features", features, (FEATURE,))
    prototypes = own.align("prototypes", prototypes)
    prototypes = finite_field("prototypes", prototypes, (LABEL, FEATURE))
    if f.shape[-1] != prototypes.shape[-1]:
        raise ValueError(
            f"`prototypes` has {prototypes.shape[-1]} features; `features` has "
            f"{f.shape[-1]}: take both from the same window"
        )
    refuse_huge("features", f)
    refuse_huge("prototypes", prototypes)
    D = np.stack([np.linalg.norm(f - p, axis=-1) for p in prototypes])
    return Coordinates.of("features", features, places).label(
        D / np.sqrt(f.shape[-1]), (LABEL, *places), symbol="D", source="(2.15)"
    )


def mean_features(features: Any, labels: Any) -> xr.DataArray:
    """Return the mean feature of each label as its prototype, (label, feature).

    Parameters
    ----------
    features : DataArray or array (row, col, feature), or (node, feature).
    labels : DataArray or array (row, col), or (node,); integers 0 … J−1, each of
        which must occur.
    """
    places = PIXELS if axes_of("features", features) == 3 else (NODE,)
    f = finite_field("features", features, (*places, FEATURE))
    refuse_huge("features", f)
    labels = Coordinates.of("features", features, places).align("labels", labels)
    codes = labels = raw("labels", labels, places)
    shape = f.shape[:-1]
    if codes.shape != shape:
        raise ValueError(
            f"`labels` has shape {codes.shape}; `features` has ({', '.join(places)}) = "
            f"{shape}: take both from the same image"
        )
    truth = label_field("labels", labels, shape, max(codes.size, CODES), places)
    found, count = np.unique(truth), int(truth.max()) + 1
    if len(found) < count:
        missing = int(np.argmax(found != np.arange(len(found))))
        raise ValueError(
            f"`labels` never has the value {missing}, but has {count - 1}: number "
            "the labels 0 … J−1 without gaps"
        )
    means = np.stack([f[truth == j].mean(axis=0) for j in range(count)])
    return labeled(means, (LABEL, FEATURE), symbol="l")
