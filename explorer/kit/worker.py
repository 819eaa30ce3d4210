"""`Worker`: one thread that computes; callbacks only post requests, the newest wins.

Slider callbacks return at once, because all numerics run in the worker thread. The
thread starts with the first request and ends after a while without work, so that a
forgotten dashboard occupies no thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from explorer.kit.graph import Abandoned

IDLE = 2.0
"""Seconds without work after which the thread ends."""

STARVING = 0.25
"""Seconds without a result after which a superseded job may finish: a user who keeps
dragging a slider still sees results."""

Requests = list[dict[str, Any]]


class Worker:
    """Run `job(requests, check)` for posted requests in one thread.

    Parameters
    ----------
    job : function of the requests posted since its last call, oldest first, and of
        `check`. It must call `check` often, which raises Abandoned when the job should
        stop, and must keep the requests of an abandoned call in its own state. It
        returns True to be called again without a new request (while learning runs).
    on_error : function that receives exceptions of the job; the worker then continues
        with the next request.
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
        """Block until all work is done; return False after `timeout` seconds."""
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
            raise Abandoned

    def _run(self) -> None:
        """Work until idle; after any exception, the next `post` starts a new thread."""
        try:
            while self._await():
                self._work()
        finally:
            with self._condition:
                if self._thread is threading.current_thread():
                    self._busy, self._thread = False, None
                    self._condition.notify_all()

    def _await(self) -> bool:
        """Wait for a request; return False after IDLE seconds, or when closed."""
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
        """Run jobs until no work is left."""
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
            except Abandoned:
                again = True
            except Exception as error:
                again = False
                self._on_error(error)
            with self._condition:
                again = again or bool(self._requests)
