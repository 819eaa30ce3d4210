"""Return freed memory to the system, because the C library may retain it."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Collect unreachable objects, and return free memory to the system.

    glibc retains freed blocks below 32 MB in the pool of the thread that allocated
    them. Every explorer computes in its own thread, so these pools add up to more than
    100 MB although all of their blocks are free.
    """
    if sys.is_finalizing():
        return
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl lacks this function, and has no such pools
            trim(0)
