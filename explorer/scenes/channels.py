"""Channels by name: the names in an image, and the required order."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import CHANNEL

Names = tuple[Any, ...]
"""Names of channels in their order."""

ORDER: Names = ("red", "green", "blue")
"""The order in which files and plain arrays hold colors."""

SPELLED = {name[0]: name for name in ORDER}
"""Short names of colors."""


def names_of(argument: str, image: Any) -> Names | None:
    """Return the names of the channels of an image; None if they are mere numbers.

    Numbers are positions, which count from 0 or 1.
    """
    named = isinstance(image, xr.DataArray) and CHANNEL in image.dims
    if not named or CHANNEL not in image.coords:
        return None
    found = np.asarray(image.coords[CHANNEL].values)
    if found.ndim != 1:
        return None
    names = tuple(spelled(name) for name in found.tolist())
    if any(names == tuple(range(k, k + len(names))) for k in (0, 1)):
        return None
    if len(set(names)) < len(names) or any(name != name for name in names):
        raise ValueError(
            f"`{argument}` must have distinct names along `{CHANNEL}`, got "
            f"{', '.join(map(str, names))}; rename them, or drop them: "
            f'`.drop_vars("{CHANNEL}")`'
        )
    return names


def spelled(name: Any) -> Any:
    """Return a name without regard to case, a color in full."""
    if not isinstance(name, str):
        return name
    return SPELLED.get(name.lower(), name.lower())


def arranged(argument: str, image: Any, known: Names | None) -> Any:
    """Return an image with its channels in the order of `known`, or raise.

    Parameters
    ----------
    known : the names of the required channels, or None. If None, colors are brought
        into the order of files, and a single channel needs no name.

    Notes
    -----
    An image without names stays as it is, assumed to be in the required order.
    """
    names = names_of(argument, image)
    if names is None or (known is None and len(names) == 1):
        return image
    needed = ORDER if known is None else known
    if set(names) != set(needed):
        origin = "as in files" if known is None else "as in training"
        raise ValueError(
            f"`{argument}` must have the channels {', '.join(map(str, needed))}, "
            f"{origin}, got {', '.join(map(str, names))}; select and rename them, or "
            f'drop the names if they mean the same: `.drop_vars("{CHANNEL}")`'
        )
    return image.isel({CHANNEL: [names.index(name) for name in needed]})
