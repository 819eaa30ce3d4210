"""python -m benchmarks: run all contests, print tables, write JSON and a page."""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import FORWARD, GRADIENTS
from benchmarks.contest import Entry, contest
from benchmarks.page import write_page
from benchmarks.problem import Problem

QUICK = [Problem(64, 8), Problem(128, 8)]

FULL = [
    *(Problem(size, labels) for size in (64, 128, 256, 512) for labels in (2, 8, 10)),
    *(Problem(256, 8, dim) for dim in (5, 20)),
]

COPY = 2**25
"""Numbers in the arrays that measure the bandwidth of a copy: 256 MB each."""


def main() -> None:
    """Run the contests that the options ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--turns", type=int, default=7, help="counted turns of each")
    parser.add_argument("--out", type=Path, default=Path("benchmark"), metavar="STEM")
    parser.add_argument("--compile", action="store_true", help="also torch.compile")
    options = parser.parse_args()
    names = [n for n in GRADIENTS if options.compile or n != "PyTorch compile"]
    bandwidth = copy_bandwidth()
    print(f"copy bandwidth {bandwidth / 1e9:.1f} GB/s (read + write)\n")
    rows: list[dict[str, Any]] = []
    for problem in QUICK if options.quick else FULL:
        turns = options.turns if problem.size < 512 else min(3, options.turns)
        for group, reference in (
            (names, "exact"),
            (list(FORWARD), "exact, forward"),
        ):
            if reference != "exact" and problem.size > 256:
                continue  # SciPy's sparse matrix would take 4 GB there
            entries = contest(problem, group, reference, turns)
            rows += tell(problem, entries)
    exponents = growth(rows)
    for text in exponents:
        print(text)
    report = {"bandwidth": bandwidth, "rows": rows, "growth": exponents}
    options.out.with_suffix(".json").write_text(json.dumps(report, indent=1))
    write_page(options.out.with_suffix(".html"), rows)


def tell(problem: Problem, entries: list[Entry]) -> list[dict[str, Any]]:
    """Print one table; return its rows."""
    own = entries[0].median
    print(f"{problem.name}\n  {'':18}{'ms':>10}{'ratio':>8}{'peak MB':>9}  1 − cosine")
    rows = []
    for entry in entries:
        ratio = entry.median / own
        print(
            f"  {entry.name:18}{1e3 * entry.median:10.1f}{ratio:8.2f}"
            f"{entry.memory / 1e6:9.0f}  {1.0 - entry.cosine:.1e}"
        )
        rows.append(asdict(problem) | asdict(entry) | {"ratio": ratio})
    print()
    return rows


def copy_bandwidth() -> float:
    """Return the bytes per second that copying a large array moves, best of five."""
    a, b = np.zeros(COPY), np.ones(COPY)
    best = math.inf
    for _ in range(5):
        began = time.perf_counter()
        np.copyto(a, b)
        best = min(best, time.perf_counter() - began)
    return 2.0 * a.nbytes / best


def growth(rows: list[dict[str, Any]]) -> list[str]:
    """Return by which power of the pixels each contender's time grows."""
    texts = []
    for name in dict.fromkeys(row["name"] for row in rows):
        at = [
            (row["size"] ** 2, float(np.median(row["seconds"])))
            for row in rows
            if row["name"] == name and row["labels"] == 8 and row["dim"] == 10
        ]
        if len(at) > 1:
            pixels, seconds = np.log(np.array(at)).T
            power = np.polyfit(pixels, seconds, 1)[0]
            texts.append(f"{name}: time grows as pixels^{power:.2f} (J = 8, m = 10)")
    return texts


if __name__ == "__main__":
    main()
