"""The one place where threads are arranged: one computation at a time, on all cores.

Our kernels share rows out among numba's threads (`NUMBA_NUM_THREADS` sets how many).
A BLAS pool beside them fights for the same cores: on two cores a learning step then
takes eight times as long. So BLAS is held to one thread inside our own computations,
and left as the user had set it outside; that also makes results independent of the
number of cores. Computations of different Python threads take turns: not every
threading layer of numba can run kernels of two threads at once, and two dashboards in
one kernel then share the cores instead of fighting for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numba
from threadpoolctl import ThreadpoolController

F = TypeVar("F", bound=Callable[..., Any])


def count() -> int:
    """Return how many threads our kernels use: `NUMBA_NUM_THREADS`, or all cores."""
    return int(numba.get_num_threads())


class Turn:
    """A reentrant context: the outermost entry of a thread waits and limits BLAS."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._limit: Any = None
        self._controller: ThreadpoolController | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            # finding the libraries takes milliseconds, so it is done once
            self._controller = self._controller or ThreadpoolController()
            self._limit = self._controller.limit(limits=1, user_api="blas")
            self._limit.__enter__()

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._limit.__exit__(*error)
        self._lock.release()


TURN = Turn()


def exclusive(function: F) -> F:
    """Run `function` alone, with BLAS on one thread; it may call others of its kind."""

    @wraps(function)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with TURN:
            return function(*args, **kwargs)

    return cast(F, alone)
