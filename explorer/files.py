"""Read and write netCDF files of a known kind, completely or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import fingerprint
from explorer.headers import Promise, check_promises, header
from explorer.images.reading import is_path
from explorer.messages import About

Place = str | os.PathLike[str]


def write(dataset: xr.Dataset, path: Place) -> None:
    """Write a netCDF file, completely or not at all."""
    target = checked_target(path)
    content = encoded(dataset)
    with whole(target) as draft:
        draft.write_bytes(content)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield the path of a draft; it replaces the file if the block succeeds.

    If the path is a symbolic link, its target is replaced; the link stays.
    """
    place = real(path)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".laf-") as workshop:
        draft = Path(workshop) / path.name
        yield draft
        os.replace(draft, place)


def encoded(dataset: xr.Dataset) -> bytes:
    """Return a dataset as the content of a netCDF file.

    HDF5 writes to memory, because it aborts the process if a disk is full.
    """
    buffer = io.BytesIO()
    dataset.to_netcdf(buffer, engine="h5netcdf")
    return buffer.getvalue()


def checked_target(path: Place) -> Path:
    """Return the path of a file to write, or raise if it cannot be written."""
    target = expanded(path)
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
    if place.exists() and not writable(place):
        raise PermissionError(
            About(
                "path",
                f"= '{target}' is write-protected: name another file, or allow writing",
            )
        )
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


LONGEST = 255
"""Most bytes of a file name that file systems allow."""


def expanded(path: Place, argument: str = "path") -> Path:
    """Return a path with `~` replaced by the home folder; raise unless it is one."""
    if not is_path(path):
        rest = f"= {path!r} is not a path: pass the name of a file"
        raise TypeError(About(argument, rest))
    name = os.fsdecode(path)
    if not name or "\0" in name or len(os.fsencode(Path(name).name)) > LONGEST:
        rest = f"must be the name of a file, got {name!r:.80}; pass one"
        raise ValueError(About(argument, rest))
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        rest = (
            f"= {name!r} names a home folder that is not known ({error}); write the "
            "folder out"
        )
        raise ValueError(About(argument, rest)) from error


def writable(file: Path) -> bool:
    """Return whether the permissions of a file allow writing, also for root."""
    return bool(file.stat().st_mode & 0o222) and os.access(file, os.W_OK)


def real(path: Place) -> Path:
    """Return the location of a file, present or future, behind symbolic links."""
    return Path(os.path.realpath(path))


def checked_apart(
    writes: Mapping[str, Path | None], reads: Mapping[str, Iterable[Place]]
) -> None:
    """Raise if a file to write is also read, or is written twice.

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
"""Attribute that detects changes of a file since it was written."""


def sealed(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset with a digest of its numbers and attributes."""
    return dataset.assign_attrs({DIGEST: seal_of(dataset)})


def seal_of(dataset: xr.Dataset) -> str:
    """Return a fingerprint of arrays, dimensions, and the dataset's attributes."""
    attrs = sorted(f"{k}={v}" for k, v in dataset.attrs.items() if k != DIGEST)
    names = sorted(map(str, dataset.variables))
    dims = [f"{name}{dataset[name].dims}" for name in names]
    arrays = [dataset[name].values for name in names]
    return fingerprint(np.array([*attrs, *dims]), *arrays)


def read(path: Place, kind: str, schema: int) -> xr.Dataset:
    """Return a dataset of this kind and layout, or raise an error with its real kind.

    The header is checked before any numbers are read: see `headers`.
    """
    file = expanded(path)
    if not file.is_file():
        raise FileNotFoundError(
            About("path", f"= '{file}' names no file: check the path")
        )
    try:
        found = header(file)
        if (found["kind"], found["schema"]) == (kind, schema):
            check_promises(file)
            dataset = xr.load_dataset(file, engine="h5netcdf")
            whole = dataset.attrs.get(DIGEST) == seal_of(dataset)
    except Promise as error:
        raise ValueError(
            About(
                "path",
                f"= '{file}' must be a {kind} as it was written, got a file that "
                f"cannot be one ({error}); restore it, or make it again",
            )
        ) from error
    except Exception as error:  # the errors of readers depend on the format
        raise ValueError(
            About(
                "path",
                f"= '{file}' cannot be read as netCDF ({error}): it may be "
                "truncated, or of another kind",
            )
        ) from error
    refuse_other_kind(file, found, (kind, schema))
    if not whole:
        raise ValueError(
            About(
                "path",
                f"= '{file}' is damaged: it is not what was written; restore it, or "
                "begin anew with another file",
            )
        )
    return dataset


def refuse_other_kind(
    file: Path, found: Mapping[str, Any], needed: tuple[str, int]
) -> None:
    """Raise if the header of a file names another kind or layout."""
    kind, schema = needed
    if found["kind"] != kind:
        other = found["kind"] or "something else"
        rest = f"= '{file}' holds {other}; pass a file with a {kind}"
        raise ValueError(About("path", rest))
    if found["schema"] != schema:
        layout = "none" if found["schema"] is None else found["schema"]
        rest = (
            f"= '{file}' has layout {layout}; this version reads {schema}: make it "
            "again, or install the version that wrote it"
        )
        raise ValueError(About("path", rest))


@contextlib.contextmanager
def unpacking(path: Place) -> Iterator[None]:
    """Raise a ValueError that names the file if its contents are incomplete.

    Even a file with a correct digest may be incomplete, if other software wrote it.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if error.args and isinstance(error.args[0], About):
            raise
        raise ValueError(
            About(
                "path",
                f"= '{path}' is damaged ({type(error).__name__}: {error}); restore "
                "it, or make it again",
            )
        ) from error
