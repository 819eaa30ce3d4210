"""One worker thread: callbacks only post requests, the newest wins.

Slider callbacks return at once; all numerics run here. The thread starts with the first
request and ends when there has been nothing to do for a while, so that a forgotten
dashboard holds none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

IDLE = 2.0
"""Seconds without work after which the thread ends."""

STARVING = 0.25
"""Seconds after which a superseded job may finish, so that dragging shows answers."""

Requests = list[dict[str, Any]]


class Superseded(Exception):  # noqa: N818  (a signal, not an error)
    """Raised by `check` inside a job whose result nobody wants any more."""


class Worker:
    """Run `job(requests, check)` for what is posted, one at a time, in one thread.

    Parameters
    ----------
    job : receives the requests posted since its last start, oldest first, and `check`,
        to be called often: it raises Superseded when the job should stop. What a
        superseded job was told must survive in the job's own state. Returns True to be
        called again although nothing was posted (learning goes on).
    on_error : receives what a job raises; the worker goes on with the next request.
    """

    def __init__(
        self,
        job: Callable[[Requests, Callable[[], None]], bool],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._job, self._on_error = job, on_error
        self._condition = threading.Condition()
        self._requests: Requests = []
        self._stop = self._closed = self._busy = False
        self._thread: threading.Thread | None = None
        self._answered = 0.0

    def post(self, *, stop: bool = False, **request: Any) -> None:
        """Request work; `stop` ends the running job at its next check."""
        with self._condition:
            if self._closed:
                return
            self._requests.append(request)
            self._stop = self._stop or stop
            if self._thread is None:
                self._answered = time.monotonic()
                self._thread = threading.Thread(
                    target=self._run, name="explorer-worker", daemon=True
                )
                self._thread.start()
            self._condition.notify_all()

    def wait(self, timeout: float = 30.0) -> bool:
        """Block until nothing is left to do; return False after `timeout` seconds."""
        with self._condition:
            return self._condition.wait_for(
                lambda: not (self._requests or self._busy), timeout
            )

    def close(self, timeout: float = 5.0) -> None:
        """Stop at the next check and end the thread."""
        with self._condition:
            self._closed = self._stop = True
            self._requests = []
            self._condition.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _check(self) -> None:
        hungry = time.monotonic() - self._answered > STARVING
        if self._stop or (self._requests and not hungry):
            raise Superseded

    def _run(self) -> None:
        """Work until idle; whatever happens, the next post finds a worker."""
        try:
            while self._await():
                self._work()
        finally:
            with self._condition:
                if self._thread is threading.current_thread():
                    self._busy, self._thread = False, None
                    self._condition.notify_all()

    def _await(self) -> bool:
        """Wait for a request; return False when idle for long, or closed."""
        with self._condition:
            self._busy = False
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._requests or self._closed, IDLE)
            if self._closed or not self._requests:
                self._thread = None  # under the lock: the next post starts another
                return False
            self._answered = time.monotonic()
            self._busy = True
            return True

    def _work(self) -> None:
        """Run jobs until there is nothing more to do."""
        again = True
        while again:
            with self._condition:
                requests, self._requests = self._requests, []
                self._stop = self._closed
                if self._closed:
                    return
            try:
                again = self._job(requests, self._check)
                self._answered = time.monotonic()
            except Superseded:
                again = True
            except Exception as error:
                again = False
                self._on_error(error)
            with self._condition:
                again = again or bool(self._requests)
