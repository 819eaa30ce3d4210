"""Output that may fail before the command ends: closed, a pipe, or a full disk."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from explorer.command.codes import FAILED


class Lasting:
    """A text stream that discards output after its reader has closed it.

    Attributes
    ----------
    lost : OSError that ended it, None as long as there is none. `laf learn … | head`
        closes the pipe, which is no error: the run goes on and is saved.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write, unless the stream has failed."""
        with self._losing():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, unless the stream has failed."""
        with self._losing():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lost = self.lost or error
            with contextlib.suppress(OSError):  # a stream in memory has no number
                number = self._stream.fileno()
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)  # also for what is flushed at the end
                os.close(nowhere)


class Streams:
    """The fate of the printed results of a command; messages do not count."""

    def __init__(self, out: Lasting) -> None:
        self._out = out

    def verdict(self, code: int) -> int:
        """Return the exit code; it is not 0 if printed results were lost."""
        self._out.flush()
        lost = self._out.lost
        if lost is None or isinstance(lost, BrokenPipeError):
            return code
        print(f"laf: error: output is lost: {lost}", file=sys.stderr)
        return code or FAILED


@contextlib.contextmanager
def lasting_streams() -> Iterator[Streams]:
    """Keep the standard streams usable during the block, even if they fail.

    A closed one (`>&-`) leads nowhere from the start. A terminal without Greek letters
    shows question marks.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the lowest free number is that of the stream
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nowhere)
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    out = Lasting(sys.stdout)
    err = Lasting(sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        yield Streams(out)
    finally:
        for lasting in (out, err):
            lasting.flush()
        sys.stdout, sys.stderr = before
