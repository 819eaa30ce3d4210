"""Write results to a file; if that fails, write them to a temporary folder."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from explorer.command.codes import FAILED
from explorer.messages import About

PATH = "path"
"""Argument names of functions for the file that they read or write."""


def deliver(command: str, out: Path, write: Callable[[Path], list[Path]]) -> int:
    """Write the result of a long run, print its location, and return the exit code.

    Where it cannot be written any more, though it could when the run began, it goes to
    a folder for temporary files: 1, with a message. A folder that has vanished since is
    made again.

    Parameters
    ----------
    command : what ran, for the message.
    write : takes the path and returns the files it has written there.
    """
    try:
        say(write_at(out, write))
        return 0
    except Exception as error:  # whatever a writer raises: the result must not be lost
        complain(command, f"cannot write '{out}': {reason(error)}")
    saved = rescue(out, write)
    if saved:
        say(saved)
    else:
        complain(command, "nothing could be saved elsewhere either: free some space")
    return FAILED


def reason(error: BaseException) -> str:
    """Return a readable reason of an error."""
    if isinstance(error, MemoryError):
        what = f"out of memory ({error or 'nothing is left'})"
        return f"{what}: ask for a smaller size, radius or dim, or free some"
    known = isinstance(error, (OSError, ValueError, TypeError))
    return str(error) if known else f"{type(error).__name__}: {error}"


def write_at(out: Path, write: Callable[[Path], list[Path]]) -> list[Path]:
    """Write to the requested place; create its folder again if it has vanished."""
    if not out.parent.exists():
        out.parent.mkdir(parents=True)
        print(f"note: the folder '{out.parent}' had vanished", file=sys.stderr)
    return write(out)


def rescue(out: Path, write: Callable[[Path], list[Path]]) -> list[Path]:
    """Return the files that could be written to a temporary folder."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="laf-"))
    except OSError:
        return []
    with contextlib.suppress(Exception):
        write(folder / out.name)
    found = sorted(folder.iterdir())
    if not found:
        folder.rmdir()
    return found


def say(written: list[Path]) -> None:
    """Print where the files are."""
    print(f"wrote {' and '.join(map(str, written))}", file=sys.stderr)


def complain(command: str, what: str) -> None:
    """Print an error message."""
    print(f"laf {command}: error: {what}", file=sys.stderr)


@contextlib.contextmanager
def option(name: str) -> Iterator[None]:
    """Name the option in errors about an argument `path`."""
    try:
        yield
    except (OSError, TypeError, ValueError) as error:
        message = error.args[0] if error.args else None
        if not isinstance(message, About) or message.argument != PATH:
            raise
        raise type(error)(message.of(name)) from error
