"""Control of all threads: one computation at a time, on all cores.

The kernels share rows among numba's threads (`NUMBA_NUM_THREADS` sets their number). A
BLAS pool beside them competes for the same cores: on two cores a learning step then
takes eight times as long. Therefore BLAS is limited to one thread inside computations
of this package, and keeps the user's setting outside. This also makes results
independent of the number of cores. Computations of different Python threads take turns,
because not every threading layer of numba can run kernels of two threads at once, and
because two dashboards in one kernel then do not compete for the cores.

A forked process (multiprocessing, joblib, PyTorch's loaders) has none of its parent's
threads, only locks that they may have held. GNU OpenMP no longer works there: numba
ends the process, other libraries wait forever. Therefore a fork waits until the running
computation has ended, and the child makes a fresh start: with free locks, with numba's
layer "workqueue", which starts its own threads, and with one thread for other
libraries.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numba
from numba.core.compiler_lock import global_compiler_lock
from numba.np.ufunc import parallel
from threadpoolctl import ThreadpoolController

config: Any = numba.config  # its attributes are made at run time
layers: Any = parallel  # the same

F = TypeVar("F", bound=Callable[..., Any])

PATIENCE = 10.0
"""Seconds that a fork waits for a computation of another thread, or for a compiler.

Then the fork proceeds, because the other thread may be waiting for the forking thread.
Unfinished work that the child inherits belongs to a thread that the child lacks."""

FORK_SAFE = "workqueue"
"""The layer of numba that every installation has and that restarts its threads."""


def count() -> int:
    """Return the number of kernel threads: `NUMBA_NUM_THREADS`, or all cores."""
    return int(numba.get_num_threads())


class Turn:
    """A reentrant context: the outermost entry of a thread waits and limits BLAS.

    Attributes
    ----------
    lock : held by the thread that computes.
    generation : how many forks lie between the first process and this one.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.generation = 0
        self._depth = 0
        self._limit: Any = None
        self._controller: ThreadpoolController | None = None
        self._launched = 0
        self._held: list[Any] = []

    def __enter__(self) -> None:
        self.lock.acquire()
        self._depth += 1
        if self._depth == 1:
            # finding the libraries takes milliseconds, so it is done once
            self._controller = self._controller or ThreadpoolController()
            # in a forked process a region of one OpenMP thread is all that works
            api = "blas" if self.generation == 0 else None
            self._limit = self._controller.limit(limits=1, user_api=api)
            self._limit.__enter__()

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._limit.__exit__(*error)
        self.lock.release()

    def launch(self) -> None:
        """Start numba's threads in this process, if that of another has started some.

        Code that numba links from now on calls them.
        """
        if self._launched == self.generation:
            return
        if layers._is_initialized:
            wanted = layers._get_num_threads()  # as the parent had set it
            config.THREADING_LAYER = FORK_SAFE
            layers._is_initialized = False
            layers._backend_init_process_lock = layers._nop()
            layers._launch_threads()
            numba.set_num_threads(wanted)
        self._launched = self.generation

    def before_fork(self) -> None:
        """Wait for the computation and the compiler of other threads."""
        locks = (self.lock, global_compiler_lock._lock)
        self._held = [lock for lock in locks if lock.acquire(timeout=PATIENCE)]

    def after_fork_in_parent(self) -> None:
        """Release the locks of `before_fork`, so that other threads continue."""
        while self._held:
            self._held.pop().release()

    def after_fork_in_child(self) -> None:
        """Reset locks and threads in the child, which has no other thread."""
        others = self.lock not in self._held
        if global_compiler_lock._lock not in self._held:
            global_compiler_lock._lock = threading.RLock()
        self.after_fork_in_parent()
        if others:
            self.lock, self._depth = threading.RLock(), 0
            if self._limit is not None:
                self._limit.restore_original_limits()
        self._controller = None
        self.generation += 1


TURN = Turn()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=TURN.before_fork,
        after_in_parent=TURN.after_fork_in_parent,
        after_in_child=TURN.after_fork_in_child,
    )


def exclusive(function: F) -> F:
    """Run `function` alone, with BLAS on one thread; it may call others of its kind."""

    @wraps(function)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with TURN:
            return function(*args, **kwargs)

    return cast(F, alone)
