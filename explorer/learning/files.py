"""netCDF files that appear whole or not at all, and say what kind they are of."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from explorer.dims import fingerprint
from explorer.images.reading import is_path
from explorer.messages import About

Place = str | os.PathLike[str]


def write(dataset: xr.Dataset, path: Place) -> None:
    """Write a netCDF file, which appears whole or not at all."""
    target = checked_target(path)
    content = encoded(dataset)
    with whole(target) as draft:
        draft.write_bytes(content)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Name a draft to write; it becomes the file when the block ends well.

    Where the path is a symbolic link, what it points to is replaced; the link stays.
    """
    place = real(path)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".laf-") as workshop:
        draft = Path(workshop) / path.name
        yield draft
        os.replace(draft, place)


def encoded(dataset: xr.Dataset) -> bytes:
    """Return a dataset as the content of a netCDF file.

    HDF5 writes to memory: where a disk is full it ends the process.
    """
    buffer = io.BytesIO()
    dataset.to_netcdf(buffer, engine="h5netcdf")
    return buffer.getvalue()


def checked_target(path: Place) -> Path:
    """Return the path of a file to write, or raise where it cannot be one."""
    if not is_path(path):
        raise TypeError(
            About("path", f"= {path!r} is no path: pass the name of a file")
        )
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            About("path", f"= '{target}': there is no folder '{target.parent}'")
        )
    if target.is_dir():
        raise IsADirectoryError(About("path", f"= '{target}' is a folder: name a file"))
    if target.exists() and not target.is_file():
        raise FileExistsError(
            About(
                "path",
                f"= '{target}' is a device or a pipe, which writing would replace: "
                "name a file",
            )
        )
    place = real(target)
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".laf-") as workshop:
            (Path(workshop) / target.name).touch()
    except OSError as error:
        raise PermissionError(
            About(
                "path",
                f"= '{target}' cannot be written ({error.strerror}): name a file in "
                "a folder of yours",
            )
        ) from error
    return target


def real(path: Place) -> Path:
    """Return where a file really is, or will be, behind symbolic links."""
    return Path(os.path.realpath(path))


def checked_apart(
    writes: Mapping[str, Path | None], reads: Mapping[str, Iterable[Place]]
) -> None:
    """Raise where a file to write is one to read, or is written twice.

    writes, reads : paths by the option that names them.
    """
    taken = {real(place): name for name, many in reads.items() for place in many}
    for name, path in writes.items():
        if path is None:
            continue
        place = real(path)
        if place in taken:
            raise ValueError(
                f"`{name}` = '{path}' is a file of `{taken[place]}` and would destroy "
                "it: name another"
            )
        taken[place] = name


DIGEST = "digest"
"""Attribute that tells whether a file is as it was written."""


def sealed(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset with a digest of the numbers and attributes it holds."""
    return dataset.assign_attrs({DIGEST: seal_of(dataset)})


def seal_of(dataset: xr.Dataset) -> str:
    """Return a fingerprint of arrays, dimensions, and the dataset's attributes."""
    attrs = sorted(f"{k}={v}" for k, v in dataset.attrs.items() if k != DIGEST)
    names = sorted(map(str, dataset.variables))
    dims = [f"{name}{dataset[name].dims}" for name in names]
    arrays = [dataset[name].values for name in names]
    return fingerprint(np.array([*attrs, *dims]), *arrays)


def read(path: Place, kind: str, schema: int) -> xr.Dataset:
    """Return a dataset of this kind and layout, or raise saying what else it is."""
    if not is_path(path):
        raise TypeError(
            About("path", f"= {path!r} is no path: pass the name of a file")
        )
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            About("path", f"= '{file}' names no file: check the path")
        )
    try:
        dataset = xr.load_dataset(file, engine="h5netcdf")
    except Exception as error:  # readers raise whatever their format suggests
        raise ValueError(
            About(
                "path",
                f"= '{file}' cannot be read as netCDF ({error}): it may be "
                "truncated, or of another kind",
            )
        ) from error
    found = dataset.attrs.get("kind", "something else")
    if found != kind:
        raise ValueError(About("path", f"= '{file}' holds {found}; needed is a {kind}"))
    layout = dataset.attrs.get("schema", "none")
    if not np.array_equal(layout, schema):
        raise ValueError(
            About(
                "path",
                f"= '{file}' has layout {layout}; this version "
                f"reads {schema}: make it again, or install the version that wrote it",
            )
        )
    if dataset.attrs.get(DIGEST) != seal_of(dataset):
        raise ValueError(
            About(
                "path",
                f"= '{file}' is damaged: it is not what was written; restore it, or "
                "begin anew with another file",
            )
        )
    return dataset
