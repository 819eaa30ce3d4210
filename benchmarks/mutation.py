"""python -m benchmarks.mutation: which mutants of the mathematics no test notices.

Cosmic Ray (extra `dev`) mutates one place at a time, in a copy of the tree.
Compiled kernels are left out: numba does not see that what a cached function calls has
changed. So are annotations and `@final`, which are for readers and type checkers alone.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

MUTATED = (
    "geometry", "flow", "losses", "gradients", "learning", "dims.py", "params.py",
)  # fmt: skip
"""Rooms and modules whose numbers the tests must pin."""

LINKED = {
    "geometry": ["tests/geometry", "tests/flow", "tests/gradients/test_gradient.py"],
    "flow": ["tests/flow", "tests/test_turns.py", "tests/gradients"],
    "losses": ["tests/losses", "tests/test_truths.py", "tests/gradients"],
    "gradients": ["tests/gradients", "tests/test_turns.py"],
    "learning": ["tests/learning", "tests/test_turns.py"],
    "dims": [
        "tests/test_wrong_use.py", "tests/test_coordinates.py", "tests/test_lazy.py",
        "tests/flow/test_linearized.py", "tests/learning",
    ],
    "params": ["tests/dashboard/test_slide.py"],
}  # fmt: skip
"""The tests of each room, after those of the module itself; the first failure ends."""

EVERYWHERE = [
    "tests/test_classes.py",
    "tests/test_defaults.py",
    "tests/test_hostile.py",
]
"""Tests of what all rooms have, which come last."""

QUICK = "not browser and not slow"

SLACK = 3.0
"""A mutant whose tests take so many times as long as they should is noticed, too."""


@dataclass(frozen=True)
class Score:
    """What became of the mutants of a module; survivors as differences."""

    module: str
    places: int
    tried: int
    survivors: tuple[str, ...]


def main() -> None:
    """Mutate the modules that the options name, and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutation", description=__doc__
    )
    parser.add_argument(
        "--module", action="append", metavar="TEXT", help="such as flow/krylov.py"
    )
    parser.add_argument(
        "--share", type=float, default=0.1, help="of the places of a module"
    )
    parser.add_argument("--least", type=int, default=10, help="mutants of a module")
    parser.add_argument("--most", type=int, default=1000, help="mutants of a module")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--tests", help="paths and options of pytest, instead of ours")
    options = parser.parse_args()
    print(f"{'module':<32}{'places':>8}{'tried':>8}{'survive':>8}{'share':>8}")
    with copied_tree() as copy:
        os.chdir(copy)
        os.environ["PYTHONPATH"] = str(copy)
        scores = [score(path, options) for path in modules(options.module or MUTATED)]
    tried, alive = (
        sum(s.tried for s in scores),
        sum(len(s.survivors) for s in scores),
    )
    print(f"{'all':<40}{tried:>8}{alive:>8}{share(alive, tried):>8}\n")
    for found in scores:
        print(*found.survivors, sep="\n\n", end="\n" * bool(found.survivors))


def share(alive: int, tried: int) -> str:
    """Return the surviving share in words."""
    return f"{100 * alive / tried:.0f} %" if tried else "–"


class copied_tree(tempfile.TemporaryDirectory):  # noqa: N801 — used as a function
    """A copy of the checkout, with its compiled kernels, that goes when it is left."""

    def __enter__(self) -> Path:  # type: ignore[override]
        """Return the folder of the copy."""
        copy = Path(super().__enter__()) / "tree"
        ignored = shutil.ignore_patterns(".git", ".*_cache", ".hypothesis", ".venv")
        shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
        return copy


def modules(wanted: Sequence[str]) -> Iterator[Path]:
    """Name the modules, relative to the tree, whose paths begin as one that is wanted.

    Empty ones, and those that cannot be mutated, are left out.
    """
    package = Path("explorer")
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).as_posix()
        if inside.startswith(tuple(wanted)) and list(places(path)):
            yield path


def places(path: Path) -> Iterator[Any]:
    """Yield all mutations of what runs in a module."""
    from cosmic_ray.commands.init import _all_work_items as all_work_items

    hidden = inert(path)
    for item in all_work_items([path], {}):
        (mutation,) = item.mutations
        if not any(low <= mutation.start_pos < high for low, high in hidden):
            yield mutation


def inert(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations and `@final` begin and end."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        notes = [getattr(node, name, None) for name in ("annotation", "returns")]
        marks = getattr(node, "decorator_list", [])
        notes += [mark for mark in marks if ast.unparse(mark) == "final"]
        for note in filter(None, notes):
            # the sign before a decorator is the place of its mutation
            start = (note.lineno, note.col_offset - (note in marks))
            found.append((start, (note.end_lineno, note.end_col_offset)))
    return found


def sample(mutations: Iterable[Any], options: argparse.Namespace) -> list[Any]:
    """Return one mutation at each of some places: operators have dozens of others."""
    by_place: dict[tuple[int, int], list[Any]] = {}
    for mutation in mutations:
        by_place.setdefault(mutation.start_pos, []).append(mutation)
    rng = random.Random(options.seed)
    count = min(max(options.least, round(options.share * len(by_place))), options.most)
    chosen = rng.sample(sorted(by_place), min(count, len(by_place)))
    return [rng.choice(by_place[place]) for place in chosen]


def commands(path: Path, tests: str | None) -> list[str]:
    """Return how the tests of a module are run: its own first, as most mutants end."""
    room = path.relative_to("explorer").parts[0].removesuffix(".py")
    own = Path("tests", *path.parts[1:-1], f"test_{path.name}")
    named = [str(own)] if own.exists() else []
    paths = [p for p in LINKED.get(room, [f"tests/{room}"]) if Path(p).exists()]
    chosen = [shlex.split(tests)] if tests else [named, [*paths, *EVERYWHERE]]
    start = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    return [shlex.join([*start, "-m", QUICK, *part]) for part in chosen if part]


def score(path: Path, options: argparse.Namespace) -> Score:
    """Mutate a module in some places, one after the other, and print its line."""
    from cosmic_ray.mutating import mutate_and_test
    from cosmic_ray.testing import TestOutcome, run_tests

    limits = {}
    for run in commands(path, options.tests):
        began = time.monotonic()
        outcome, output = run_tests(run, 3600.0)
        if outcome is not TestOutcome.SURVIVED:
            raise SystemExit(f"the tests of {path} fail without a mutation:\n{output}")
        limits[run] = SLACK * (time.monotonic() - began) + 10.0
    every = list(places(path))
    chosen = sample(every, options)
    alive = []
    for mutation in chosen:
        for run, limit in limits.items():
            result = mutate_and_test([mutation], run, limit)
            if result.test_outcome is not TestOutcome.SURVIVED:
                break
        else:
            alive.append(f"{result.diff}")
    count = len({m.start_pos for m in every})
    found = Score(path.as_posix(), count, len(chosen), tuple(alive))
    line = (
        f"{count:>8}{len(chosen):>8}{len(alive):>8}{share(len(alive), len(chosen)):>8}"
    )
    print(f"{found.module:<32}{line}", flush=True)
    return found


if __name__ == "__main__":
    main()
