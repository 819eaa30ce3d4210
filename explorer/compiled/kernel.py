"""`kernel`: numba's `njit` with our cache; one call at a time, even after a fork."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import update_wrapper
from typing import Any

import numba

from explorer.compiled.cache import KernelCache
from explorer.threads import TURN

config: Any = numba.config  # its attributes are made at run time


def kernel(**flags: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles as `numba.njit(**flags)` does.

    With `cache=True`, `KernelCache` stores the compiled code; with `parallel=True`,
    calls from different Python threads take turns.
    """
    cached = flags.pop("cache", False)

    def decorate(function: Callable[..., Any]) -> Any:
        with _compiling():
            dispatcher = numba.njit(**flags)(function)
        if cached:
            dispatcher._cache = KernelCache(function)
        return Parallel(dispatcher) if flags.get("parallel") else dispatcher

    return decorate


@contextlib.contextmanager
def _compiling() -> Iterator[None]:
    """Compile even with NUMBA_DISABLE_JIT: vector lanes exist in compiled code only."""
    disabled = config.DISABLE_JIT
    config.DISABLE_JIT = 0
    try:
        yield
    finally:
        config.DISABLE_JIT = disabled


class Parallel:
    """A kernel that distributes its rows over threads; only Python code calls it.

    numba's layer "workqueue" aborts the process if two threads enter such kernels at
    once. Therefore each call holds the lock of all computations.

    Parameters
    ----------
    dispatcher : the kernel as numba returns it.
    """

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher
        self._generation = TURN.generation
        update_wrapper(self, dispatcher)

    def __call__(self, *args: Any) -> Any:
        """Run the kernel."""
        with TURN.lock:
            if self._generation != TURN.generation:
                self._relink()
            return self.dispatcher(*args)

    def _relink(self) -> None:
        """Drop code that calls the threads of the process we were forked from.

        The code is then loaded from the cache again, and calls this process's threads.
        """
        try:
            TURN.launch()
            self.dispatcher._make_finalizer()()
            self.dispatcher._reset_overloads()
        except Exception as error:
            raise RuntimeError(
                "a process forked from one that has computed cannot start threads of "
                f"its own ({error}); start processes by the method 'spawn', or by "
                "joblib's backend 'loky'"
            ) from error
        self._generation = TURN.generation
