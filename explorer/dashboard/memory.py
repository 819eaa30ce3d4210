"""Give freed memory back to the system, as the C library may keep it for itself."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Collect what is unreachable, and return free memory to the system.

    glibc keeps freed blocks below 32 MB in the pool of the thread that asked for them.
    Every explorer computes in a thread of its own, so these pools add up to more than
    100 MB although everything in them is free.
    """
    if sys.is_finalizing():
        return
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none, and keeps no such pools
            trim(0)
