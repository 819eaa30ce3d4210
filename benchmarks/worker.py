"""A process that runs one contender when told to (python -m benchmarks.worker).

Reads one word per line: `result FILE` computes and stores the array, `time` computes
and answers with the seconds, `memory` answers with the peak resident bytes.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.contenders import CONTENDERS, REFERENCES, Run
from benchmarks.problem import Problem

KILOBYTE = 1024

REPEATS = 3
"""Runs per turn, after one that wakes threads and fills caches others have used."""


LONG = 1.0
"""Seconds from which on one run is enough."""


def timed(run: Run) -> float:
    """Return the seconds of one run, the median of a few in a row if it is short."""
    run()
    seconds: list[float] = []
    while len(seconds) < REPEATS and sum(seconds) < LONG:
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def peak_memory() -> int:
    """Return the largest resident size so far, in bytes.

    What getrusage gives would contain that of the parent before it became this process.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * KILOBYTE
    raise OSError("this system does not tell the peak memory of a process")


def main() -> None:
    """Serve until the input ends."""
    name, numbers = sys.argv[1], json.loads(sys.argv[2])
    run = (CONTENDERS | REFERENCES)[name](Problem(**numbers))
    for line in sys.stdin:
        word, *rest = line.split()
        answer: object = None
        if word == "result":
            np.save(rest[0], run())
        elif word == "time":
            answer = timed(run)
        elif word == "memory":
            answer = peak_memory()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
