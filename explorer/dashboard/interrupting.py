"""The interrupt of a notebook reaches learning that runs in a thread of its own.

An interrupt is a signal to the main thread. ipykernel ignores it while no cell runs,
and raises KeyboardInterrupt in the cell otherwise; neither reaches another thread. Here
both handlers are wrapped: learning stops first, then the old handler runs.
"""

from __future__ import annotations

import signal
import threading
import weakref
from types import FrameType
from typing import Any, Protocol

RETRY = 0.2
"""Seconds until the next look whether the kernel is idle."""


class Interruptible(Protocol):
    """Something that can be told to stop."""

    def interrupt(self) -> None:
        """Stop what runs in the background."""


_listening: weakref.WeakSet[Any] = weakref.WeakSet()
_kernels: weakref.WeakSet[Any] = weakref.WeakSet()


class Handler:
    """Stop whoever listens, then do what the handler before would have done."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        for one in list(_listening):
            one.interrupt()
        if callable(self._before):
            self._before(number, frame)


def listen(one: Interruptible) -> None:
    """Let the interrupts of this kernel reach `one`; without a kernel do nothing."""
    kernel = running_kernel()
    if kernel is None or threading.current_thread() is not threading.main_thread():
        return
    _listening.add(one)
    if kernel not in _kernels:
        _kernels.add(kernel)
        kernel.shell.events.register("pre_execute", wrap)  # handlers are set by cell
        kernel.io_loop.call_later(0.0, wrap_when_idle, kernel)
    wrap()


def running_kernel() -> Any:
    """Return the kernel that runs this, or None."""
    try:
        from IPython import get_ipython

        kernel = get_ipython().kernel
        return kernel if kernel.io_loop and kernel.shell else None
    except (ImportError, AttributeError):
        return None


def wrap(*_: Any) -> None:
    """Wrap the present handler, once; signals are a matter of the main thread."""
    if threading.current_thread() is threading.main_thread():
        before = signal.getsignal(signal.SIGINT)
        if not isinstance(before, Handler):
            signal.signal(signal.SIGINT, Handler(before))


def wrap_when_idle(kernel: Any) -> None:
    """Wrap what is in force between cells, where nothing else would."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        wrap()
    else:  # a cell runs, and will put back what it has found
        kernel.io_loop.call_later(RETRY, wrap_when_idle, kernel)
