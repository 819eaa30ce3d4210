"""The server of `laf`: Voila with one kernel per page, and at most so many kernels.

`python -m explorer.command.visits NOTEBOOK …` takes the options of Voila. One kernel
waits for the next page, if there is room for it. A page beyond the limit says so, and
reloads by itself; its text is `explorer/kit/template/503.html`.

Nothing imports this module: `laf` runs it in a process of its own. Its classes derive
from those of Voila, which therefore loads here and nowhere else.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Float, Integer
from voila import app as voila

FULL = 503
"""HTTP status of a page for which there is no kernel."""

PAUSE = 0.1
"""Seconds between two looks whether a kernel has ended."""


class Places(AsyncMappingKernelManager):
    """Kernels that end soon after their page, and are never more than `most`."""

    most = Integer(1, config=True, help="largest number of kernels")
    closed_page = Float(
        20.0,
        config=True,
        help="Seconds that a kernel outlives its last connection. A page that closes "
        "ends its kernel at once; a browser that is killed cannot. A page whose "
        "connection breaks has as long to come back.",
    )
    unopened_page = Float(
        120.0,
        config=True,
        help="seconds that a kernel waits for the first connection of its page",
    )
    patience = Float(
        8.0,
        config=True,
        help="Seconds that a page waits for another kernel to end: a page that reloads "
        "may ask for its new kernel before the old one has ended.",
    )

    def __init__(self, **kwargs: Any) -> None:
        self._starting = 0
        self._ends: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        super().__init__(**kwargs)

    @property
    def has_room(self) -> bool:
        """Whether one more kernel may start."""
        return len(self.list_kernel_ids()) + self._starting < self.most

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel when there is room; raise HTTPError if there is none."""
        deadline = asyncio.get_running_loop().time() + self.patience
        while not self.has_room:
            if asyncio.get_running_loop().time() > deadline:
                raise HTTPError(FULL, reason="All kernels are in use")
            await asyncio.sleep(PAUSE)
        self._starting += 1
        try:
            return str(await super().start_kernel(**kwargs))
        finally:
            self._starting -= 1

    def notify_connect(self, kernel_id: str) -> None:
        """Keep a kernel to which a page has connected."""
        super().notify_connect(kernel_id)
        self._keep(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """End a kernel some seconds after its last connection."""
        super().notify_disconnect(kernel_id)
        if not self._kernel_connections.get(kernel_id):
            self.end_after(kernel_id, self.closed_page)

    def end_after(self, kernel_id: str, seconds: float) -> None:
        """End a kernel then, unless a page connects to it."""
        self._keep(kernel_id)

        def end() -> None:
            self._ends.pop(kernel_id, None)
            if kernel_id in self.list_kernel_ids():
                task = loop.create_task(self.shutdown_kernel(kernel_id))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        loop = asyncio.get_running_loop()
        self._ends[kernel_id] = loop.call_later(seconds, end)

    def _keep(self, kernel_id: str) -> None:
        """Forget that a kernel was to end."""
        if (timer := self._ends.pop(kernel_id, None)) is not None:
            timer.cancel()


def limited(*arguments: Any, **options: Any) -> type:
    """Return the class of Voila's kernel manager, which starts kernels only in room."""
    preheating: Any = make_preheating(*arguments, **options)

    class Visits(preheating):
        """Kernels for pages; one waits for the next page."""

        async def start_kernel(self, **kwargs: Any) -> str:
            """Start the kernel of a page for which none has waited."""
            kernel_id: str = await super().start_kernel(**kwargs)
            self.end_after(kernel_id, self.unopened_page)
            return kernel_id

        async def get_rendered_notebook(self, *arguments: Any, **options: Any) -> Any:
            """Give the waiting kernel to a page."""
            task, cells, kernel_id = await super().get_rendered_notebook(
                *arguments, **options
            )
            self.end_after(kernel_id, self.unopened_page)
            return task, cells, kernel_id

        def fill_if_needed(
            self, delay: float | None = None, notebook_name: Any = None, **options: Any
        ) -> None:
            """Start the kernel for the next page: later, and only if there is room.

            Voila's own task would promise a kernel to a page before it has started.
            """
            wait = self.fill_delay if delay is None else delay
            if wait == 0.0:
                super().fill_if_needed(0.0, notebook_name, **options)
                return
            asyncio.get_running_loop().call_later(wait, self._fill, notebook_name)

        def _fill(self, notebook_name: Any) -> None:
            if self.has_room and not self.get_pool_size(notebook_name):
                self.fill_if_needed(0.0, notebook_name)

        async def shutdown_kernel(self, *arguments: Any, **options: Any) -> Any:
            """End a kernel; its place may be for the one that waits."""
            try:
                return await super().shutdown_kernel(*arguments, **options)
            finally:
                self.fill_if_needed(None, self.notebook_path)

    return Visits


make_preheating: Any = voila.voila_kernel_manager_factory


class Server(voila.Voila):
    """Voila with the kernel manager of this module."""

    def init_settings(self) -> Any:
        """Return the settings; Voila has no other place for the class of a manager."""
        vars(voila)["voila_kernel_manager_factory"] = limited
        return super().init_settings()


if __name__ == "__main__":
    Server.launch_instance()
