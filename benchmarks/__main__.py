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

QUICK = [Problem(128, 8), Problem(128, 8, single=True)]

FULL = [
    Problem(size, labels, dim, single)
    for size in (64, 128, 256, 512)
    for labels in (2, 8, 10)
    for dim in (5, 10, 20)
    for single in (False, True)
]

PEER = "PyTorch eager"
"""The contender that ratios are guarded against."""

BOUNDS = Path(__file__).with_name("bounds.json")
"""Ratios of the guard's problems, time of the peer over ours; half is a fault."""

COPY = 2**25
"""Numbers in the arrays that measure the bandwidth of a copy: 256 MB each."""


def main() -> None:
    """Run the contests that the options ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument(
        "--guard", action="store_true", help="fail where a ratio halved"
    )
    parser.add_argument("--turns", type=int, default=7, help="counted turns of each")
    parser.add_argument("--out", type=Path, default=Path("benchmark"), metavar="STEM")
    parser.add_argument("--compile", action="store_true", help="also torch.compile")
    parser.add_argument(
        "--only", metavar="TEXT", default="", help="problems whose names contain it"
    )
    options = parser.parse_args()
    if options.guard:
        raise SystemExit(guard(options.turns))
    names = [n for n in GRADIENTS if options.compile or n != "PyTorch compile"]
    bandwidth = copy_bandwidth()
    print(f"copy bandwidth {bandwidth / 1e9:.1f} GB/s (read + write)\n")
    rows: list[dict[str, Any]] = []
    problems = [p for p in (QUICK if options.quick else FULL) if options.only in p.name]
    for problem in problems:
        turns = options.turns if problem.size < 512 else min(3, options.turns)
        rows += tell(problem, contest(problem, names, "exact", turns), bandwidth)
        if problem.size <= 256 and problem.dim == 10 and not problem.single:
            # SciPy's sparse matrix would take 4 GB at 512²
            entries = contest(problem, list(FORWARD), "exact, forward", turns)
            rows += tell(problem, entries)
    exponents = growth(rows)
    for text in exponents:
        print(text)
    report = {"bandwidth": bandwidth, "rows": rows, "growth": exponents}
    options.out.with_suffix(".json").write_text(json.dumps(report, indent=1))
    write_page(options.out.with_suffix(".html"), rows)


def guard(turns: int) -> int:
    """Return 1 where a ratio fell below half of the stored one, else 0.

    Ratios within one run depend little on the machine, times would.
    """
    fallen = 0
    for problem in QUICK:
        stored = json.loads(BOUNDS.read_text())[problem.name]
        rows = tell(problem, contest(problem, ["ours", PEER], "exact", turns))
        found = {row["name"]: row["ratio"] for row in rows}.get(PEER)
        if found is None:
            print(f"{PEER} is not installed: nothing to compare with")
            return 1
        if found < 0.5 * stored:
            print(f"{problem.name}: ratio {found:.1f}, below half of {stored:.1f}")
            fallen = 1
    return fallen


def tell(
    problem: Problem, entries: list[Entry], bandwidth: float = math.nan
) -> list[dict[str, Any]]:
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
    if not math.isnan(bandwidth):
        moved = problem.least_bytes
        share = moved / bandwidth / own
        rows[0] |= {"least_bytes": moved, "share_of_bandwidth": share}
        print(
            f"  {moved / 1e9:.3f} GB at least, {moved / own / 1e9:.1f} GB/s, "
            f"{100 * share:.0f} % of the copy bandwidth"
        )
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


VARIED = (("size", "pixels", 2), ("labels", "J", 1), ("dim", "m", 1))
"""What growth is measured in: field of a problem, symbol, power."""


def growth(rows: list[dict[str, Any]]) -> list[str]:
    """Return by which power of the pixels, of J and of m each contender's time grows.

    One of the three varies, the others are 256², J = 8, m = 10, in float64.
    """
    usual = {"size": 256, "labels": 8, "dim": 10}
    texts = []
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name and not row["single"]]
        for vary, symbol, scale in (
            ("size", "pixels", 2),
            ("labels", "J", 1),
            ("dim", "m", 1),
        ):
            fixed = {k: v for k, v in usual.items() if k != vary}
            at = [
                (row[vary] ** scale, float(np.median(row["seconds"])))
                for row in own
                if all(row[k] == v for k, v in fixed.items())
            ]
            if len(at) > 1:
                power = np.polyfit(*np.log(np.array(at)).T, 1)[0]
                texts.append(f"{name}: time grows as {symbol}^{power:.2f}")
    return texts


if __name__ == "__main__":
    main()
