"""Compiled kernels on disk, in sealed files that are checked before use.

numba's own cache trusts its files: a truncated file raises EOFError, a changed file
runs whatever it contains, and a kernel is not recompiled when only a module that it
inlines has changed. Here, each file contains one compiled signature behind a seal: a
mark, a digest of its origin (all kernel sources, the versions of numba and Python), and
a digest of the content. If the seal does not match, the kernel is recompiled.

Files are searched in all `folders()`, so that a read-only installation can use a filled
cache. New files go to the first folder that is writable.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import compiler
from numba.core.caching import NullCache
from numba.core.serialize import dumps
from numba.misc.appdirs import AppDirs

config: Any = numba.config  # its attributes are made at run time

MARK = b"explorer kernel 1\n"
"""The first bytes of each file; they identify the layout of the rest."""

LENGTH = hashlib.sha256().digest_size

SUFFIX = ".nbc"

SOURCES = Path(__file__).parent.parent / "kernels"
"""The folder of the modules whose functions are compiled."""


class Damaged(Exception):  # noqa: N818 — it says what the file is
    """Raised if a file does not contain what was written."""


class Foreign(Exception):  # noqa: N818 — it says what the file is
    """Raised if a file was compiled from other sources or with other versions."""


@cache
def origin() -> bytes:
    """Return a digest of all that compiled kernels depend on, except the processor."""
    parts = [numba.__version__.encode(), sys.version.encode()]
    parts += [file.read_bytes() for file in sorted(SOURCES.glob("*.py"))]
    return hashlib.sha256(b"\0".join(parts)).digest()


def folders() -> list[Path]:
    """Return the folders for compiled kernels, the preferred one first.

    This is `NUMBA_CACHE_DIR` or the folder beside the sources; then the user's cache.
    """
    place = hashlib.sha256(str(SOURCES).encode()).hexdigest()[:16]
    wide = Path(AppDirs("numba", appauthor=False).user_cache_dir)
    chosen = config.CACHE_DIR
    first = Path(chosen) / f"explorer-{place}" if chosen else SOURCES / "__pycache__"
    return [first, wide / f"explorer-{place}"]


def seal(payload: bytes) -> bytes:
    """Return the content of a file."""
    return MARK + origin() + hashlib.sha256(payload).digest() + payload


def unseal(content: bytes) -> bytes:
    """Return what was sealed.

    Raises
    ------
    Damaged, Foreign
        if the content has changed, or comes from other sources or versions.
    """
    head, rest = content[: len(MARK)], content[len(MARK) :]
    theirs, digest, payload = (
        rest[:LENGTH],
        rest[LENGTH : 2 * LENGTH],
        rest[2 * LENGTH :],
    )
    if head != MARK or hashlib.sha256(payload).digest() != digest:
        raise Damaged
    if theirs != origin():
        raise Foreign
    return payload


class KernelCache(NullCache):
    """The compiled signatures of one kernel.

    Parameters
    ----------
    function : the kernel before compilation.

    Attributes
    ----------
    kept : compiled signatures that could not be written, by file name.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        code = function.__code__
        self._base = f"{Path(code.co_filename).stem}.{function.__qualname__}"
        self.kept: dict[str, bytes] = {}

    @property
    def cache_path(self) -> str:
        """The preferred folder."""
        return str(folders()[0])

    def name_of(self, signature: Any, codegen: Any) -> str:
        """Return the name of the file of a signature, for this processor and Python."""
        key = (str(signature), codegen.magic_tuple(), sys.implementation.cache_tag)
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return f"{self._base}-{digest}{SUFFIX}"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return a compiled signature, or None if it must be compiled."""
        context.refresh()
        name = self.name_of(signature, context.codegen())
        if name in self.kept:
            return rebuilt(context, self.kept[name])
        for folder in folders():
            found = read(folder / name, context)
            if found is not None:
                USED.add(name)
                return found
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled signature on disk, or in memory if no folder is writable."""
        if result.library.has_dynamic_globals:  # addresses of this process
            return
        payload = dumps(result._reduce())
        name = self.name_of(signature, result.codegen)
        USED.add(name)
        if not store(name, seal(payload)):
            self.kept[name] = payload


def rebuilt(context: Any, payload: bytes) -> Any:
    """Return the compiled signature in a payload."""
    return compiler.CompileResult._rebuild(context, *pickle.loads(payload))


def read(path: Path, context: Any) -> Any:
    """Return the compiled signature in a file, or None if it is missing or unusable."""
    try:
        return rebuilt(context, unseal(path.read_bytes()))
    except FileNotFoundError:
        return None
    except Foreign:
        return None  # compiled before an update, which is no fault
    except OSError as error:
        # a file in place of the folder is reported when we write
        if not isinstance(error, NotADirectoryError):
            warn_damaged(path, str(error.strerror))
    except Damaged:
        warn_damaged(path, "it is not what was written")
    except Exception as error:  # the seal is intact, but numba cannot load it
        warn_damaged(path, f"{type(error).__name__}: {error}")
    return None


def store(name: str, content: bytes) -> bool:
    """Write a file completely or not at all; return whether a folder accepted it."""
    reasons = []
    for folder in folders():
        try:
            place(folder, name, content)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
        else:
            if reasons and config.CACHE_DIR:
                warn_once(
                    "`NUMBA_CACHE_DIR` must be a folder that can be written, got "
                    f"{config.CACHE_DIR!r}; compiled kernels are kept in {folder}"
                )
            return True
    warn_once(
        f"compiled kernels cannot be kept ({'; '.join(reasons)}): each process "
        "compiles them anew, for about half a minute; set NUMBA_CACHE_DIR to a folder "
        "that can be written"
    )
    return False


def place(folder: Path, name: str, content: bytes) -> None:
    """Write a file into a folder, or raise OSError and leave nothing behind."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    if target.is_dir():  # not ours: remove it if it is empty
        target.rmdir()
    handle, draft = tempfile.mkstemp(dir=folder, prefix=f"{name}.tmp.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


USED: set[str] = set()
"""File names of all kernels that this process has loaded or compiled."""


def is_kept(name: str) -> bool:
    """Return whether one of the folders contains a file, intact and up to date."""
    for folder in folders():
        with contextlib.suppress(OSError, Damaged, Foreign):
            unseal((folder / name).read_bytes())
            return True
    return False


SAID: set[str] = set()
"""Warnings that this process has issued; each kind is issued once."""


def warn_once(text: str) -> None:
    """Issue a warning, unless it was issued before."""
    if text not in SAID:
        SAID.add(text)
        warnings.warn(text, stacklevel=2)


def warn_damaged(path: Path, reason: str) -> None:
    """Warn once that kernels are recompiled."""
    if not any(text.startswith("damaged") for text in SAID):
        SAID.add(f"damaged {path}")
        warnings.warn(
            f"the compiled kernel '{path}' cannot be used ({reason}): it is compiled "
            "anew, as others that are damaged; `laf warmup` does so for all of them",
            stacklevel=2,
        )
