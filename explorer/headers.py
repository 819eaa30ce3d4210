"""Check the header of a netCDF file before reading its numbers.

HDF5 files may declare numbers that they do not hold: variables never written, chunks
that inflate a thousandfold, links to other files. The files of this package hold plain,
contiguous arrays in one group, so that a file that declares more bytes than it has
cannot be one of them. Reading then takes no more memory than a small multiple of the
size of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

MOST_VARIABLES = 1000
"""Variables and dimensions of a file; ours have some dozens."""

MOST_ATTRIBUTES = 100
"""Attributes of a variable; ours have ten."""

LONGEST_NAME = 1000
"""Bytes of an attribute that says of which kind a file is."""

BARE_DIMENSION = b"This is a netCDF dimension but not a netCDF variable."
"""How netCDF marks a dimension without numbers, whose declared size is never read."""


class Promise(ValueError):  # noqa: N818 — it says what is wrong
    """Raised if a file declares more than it holds."""


def header(path: Path) -> dict[str, Any]:
    """Return the attributes `kind` and `schema` of a file, None where they are absent.

    Raises
    ------
    OSError
        if it is no HDF5 file.
    """
    with h5py.File(path, "r") as file:
        return {name: short_attribute(file, name) for name in ("kind", "schema")}


def short_attribute(part: Any, name: str) -> Any:
    """Return a scalar attribute, None if it is absent or larger than a name."""
    if name not in part.attrs:
        return None
    kept = part.attrs.get_id(name)
    if kept.get_storage_size() > LONGEST_NAME or np.prod(kept.shape or ()) != 1:
        return None
    value = part.attrs[name]
    return value.item() if isinstance(value, np.ndarray) else value


def check_promises(path: Path) -> None:
    """Raise unless a file holds all the bytes that it declares.

    Raises
    ------
    Promise
        naming the first variable at which it declares too much.
    """
    held = path.stat().st_size
    with h5py.File(path, "r") as file:
        if len(file) > MOST_VARIABLES:
            raise Promise(f"it declares {len(file)} variables")
        check_attributes(file, "the file")
        declared = 0
        for name in file:
            declared += declared_bytes(file, name)
            if declared > held:
                raise Promise(
                    f"up to its variable {name!r} it declares {declared} bytes, and "
                    f"holds {held}"
                )


def check_attributes(part: Any, what: str) -> None:
    """Raise where a variable or file has too many attributes."""
    if len(part.attrs) > MOST_ATTRIBUTES:
        raise Promise(f"{what} has {len(part.attrs)} attributes")


def declared_bytes(file: h5py.File, name: str) -> int:
    """Return the bytes of a variable, all of which are in the file.

    An empty variable and a bare dimension count as nothing.
    """
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise Promise(f"its variable {name!r} is a link")
    variable = file[name]
    if not isinstance(variable, h5py.Dataset):
        raise Promise(f"{name!r} is no variable, but a {type(variable).__name__}")
    check_attributes(variable, f"its variable {name!r}")
    if variable.size == 0:
        return 0
    if variable.chunks or variable.external or variable.is_virtual:
        raise Promise(f"its variable {name!r} is not stored in one piece")
    if variable.dtype.kind not in "biuf":
        raise Promise(f"its variable {name!r} holds {variable.dtype}, not numbers")
    if is_bare_dimension(variable):
        return 0
    declared, stored = int(variable.nbytes), variable.id.get_storage_size()
    if declared > stored:
        raise Promise(
            f"its variable {name!r} declares {declared} bytes, of which it holds "
            f"{stored}"
        )
    return declared


def is_bare_dimension(variable: h5py.Dataset) -> bool:
    """Return whether readers take no numbers from a variable."""
    named = short_attribute(variable, "NAME") if variable.is_scale else None
    return isinstance(named, bytes) and named.startswith(BARE_DIMENSION)
