"""Let the interrupt button of a notebook stop learning in a worker thread.

An interrupt is a signal to the main thread. While a cell runs, ipykernel raises
KeyboardInterrupt in it; otherwise ipykernel ignores the signal. Neither reaches another
thread. This module wraps both handlers: it stops learning and then calls the old one.
"""

from __future__ import annotations

import signal
import threading
import weakref
from types import FrameType
from typing import Any, Protocol

RETRY = 0.2
"""Seconds between checks whether the kernel is idle."""


class Interruptible(Protocol):
    """An object whose background work can be stopped."""

    def interrupt(self) -> None:
        """Stop the background work."""


_listening: weakref.WeakSet[Any] = weakref.WeakSet()
_kernels: weakref.WeakSet[Any] = weakref.WeakSet()


class Handler:
    """Interrupt all listeners, then call the previous handler."""

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
        kernel.shell.events.register("pre_execute", wrap)  # each cell sets a handler
        kernel.io_loop.call_later(0.0, wrap_when_idle, kernel)
    wrap()


def running_kernel() -> Any:
    """Return the IPython kernel of this process, or None."""
    try:
        from IPython import get_ipython

        kernel = get_ipython().kernel
        return kernel if kernel.io_loop and kernel.shell else None
    except (ImportError, AttributeError):
        return None


def wrap(*_: Any) -> None:
    """Wrap the present handler once; only the main thread may set handlers."""
    if threading.current_thread() is threading.main_thread():
        before = signal.getsignal(signal.SIGINT)
        if not isinstance(before, Handler):
            signal.signal(signal.SIGINT, Handler(before))


def wrap_when_idle(kernel: Any) -> None:
    """Wrap the handler that is active between cells, which no event announces."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        wrap()
    else:  # a cell is running, and restores the handler it found when it ends
        kernel.io_loop.call_later(RETRY, wrap_when_idle, kernel)
