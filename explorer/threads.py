"""The one place where threads are arranged: kernels in parallel, BLAS on one thread.

Our kernels share rows out among numba's threads (`NUMBA_NUM_THREADS` sets how many).
A BLAS pool beside them fights for the same cores: on two cores a learning step then
takes eight times as long. Inside our own computations BLAS is therefore held to one
thread; outside, the user's setting is left as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from threadpoolctl import ThreadpoolController

F = TypeVar("F", bound=Callable[..., Any])

_lock = threading.Lock()
_depth = 0
_limiter: Any = None
_controller: ThreadpoolController | None = None


def _enter() -> None:
    """Hold BLAS to one thread; the first of nested or concurrent users sets it."""
    global _depth, _limiter, _controller
    with _lock:
        _depth += 1
        if _depth == 1:
            _controller = _controller or ThreadpoolController()
            _limiter = _controller.limit(limits=1, user_api="blas")


def _leave() -> None:
    """Give BLAS its threads back when the last user leaves."""
    global _depth
    with _lock:
        _depth -= 1
        if _depth == 0:
            _limiter.restore_original_limits()


def one_blas_thread(function: F) -> F:
    """Run `function` with BLAS on one thread (reentrant, from any thread)."""

    @wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        _enter()
        try:
            return function(*args, **kwargs)
        finally:
            _leave()

    return cast(F, limited)
