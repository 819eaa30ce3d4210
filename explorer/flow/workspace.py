"""Memory of Krylov bases, kept for the next one: fresh pages cost as much as work.

The system hands out large arrays page by page, cleared, at the first touch; a learning
step at 128 × 128 pixels spends a third of its time on that. A basis borrows its memory
here, and when the last array that looks into it is gone the memory comes back.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

LARGEST = 2**26
"""Bytes of a buffer that is kept, at most: beyond, huge pages make fresh memory cheap,
and to hold on to it would be felt."""

KEPT = 4
"""Buffers kept in all, the latest ones: forward and adjoint, for two dashboards."""


class Workspace:
    """Buffers that nobody uses at present."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[np.ndarray] = []

    def borrow(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array of float64, its contents undefined."""
        size = math.prod(shape)
        if not 0 < 8 * size <= LARGEST:
            return np.empty(shape)
        return np.asarray(Loan(self, self._take(size))).reshape(shape)

    def give_back(self, buffer: np.ndarray) -> None:
        """Keep a buffer for the next one who asks for its size."""
        with self._lock:
            self._free = [*self._free, buffer][-KEPT:]

    def _take(self, size: int) -> np.ndarray:
        with self._lock:
            for k, buffer in enumerate(self._free):
                if buffer.size == size:
                    return self._free.pop(k)
        return np.empty(size)


class Loan:
    """What a borrowed array rests on; it gives the buffer back when it is gone."""

    def __init__(self, workspace: Workspace, buffer: np.ndarray) -> None:
        self._workspace, self._buffer = workspace, buffer

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The buffer's memory, as NumPy reads it."""
        return self._buffer.__array_interface__

    def __del__(self) -> None:
        self._workspace.give_back(self._buffer)


WORKSPACE = Workspace()
