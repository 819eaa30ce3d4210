"""`laf warmup`: fill the cache of compiled kernels."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator

import psutil

from explorer.command.server import end_family
from explorer.warmup import JOBS, missing, warm_up


def warmup(options: argparse.Namespace) -> int:
    """Compile missing kernels and print the time; return 1 if one is still missing."""
    absent = missing(JOBS)
    seconds = warm_up(jobs=JOBS)
    print(f"{len(absent)} of {len(JOBS)} parts compiled in {seconds:.1f} s")
    left = missing(JOBS)
    if left:
        print(
            f"not stored: {', '.join(left)}; see the errors above, or set "
            "NUMBA_CACHE_DIR to a folder that can be written"
        )
    return int(bool(left))


@contextlib.contextmanager
def warming() -> Iterator[None]:
    """Compile in the background, if anything is missing, while something else starts.

    A dashboard that wants its kernels waits for this and compiles nothing itself.
    """
    if not missing(JOBS):
        yield
        return
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-m", "explorer", "warmup"]
    process = psutil.Popen(command, stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        end_family(process)
