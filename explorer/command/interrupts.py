"""Record signals that ask a process to end, until the process checks for them."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any

ENDING = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
)
"""Ctrl-C, SIGTERM, and a closed terminal (which does not exist on Windows)."""


class Interrupts:
    """Inside `with`, record signals of `ENDING` instead of raising.

    With `once`, only the first is recorded: the second one, of whatever kind, raises
    KeyboardInterrupt, and those after it are ignored. An exception raised at any odd
    line would leave half-built state behind; a record is read where nothing is.
    """

    def __init__(self, *, once: bool = False) -> None:
        self.signum: int | None = None
        self._once = once
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        for signum in ENDING:
            if signal.getsignal(signum) != signal.SIG_IGN:  # nohup stays in force
                self._before[signum] = signal.signal(signum, self._note)
        return self

    def hold(self) -> None:
        """Raise no more, however many signals come.

        What has been computed is being written; a second Ctrl-C must not lose it. Call
        this inside the `try` that catches KeyboardInterrupt: between its end and this
        call a signal would raise where nothing catches it.
        """
        self._once = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self._once and self.signum is not None:
            self._once = False  # a third one must not raise in what follows
            raise KeyboardInterrupt
        self.signum = self.signum or signum

    def _restore(self) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
