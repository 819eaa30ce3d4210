"""Compiling ahead of the first use: what is missing in numba's cache, on all cores.

Kernels are compiled when first called and kept on disk, per version and processor. One
process compiles one after the other, half a minute in all; several share the work. It
runs as `laf warmup`, before the first picture of a dashboard, and while `laf` starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numba
import numpy as np
import psutil
from llvmlite.binding import get_host_cpu_name

from explorer import threads
from explorer.compiled.cache import folders
from explorer.geometry.chains import Line, Links, chain
from explorer.geometry.grid import Grid
from explorer.kernels import recurrence
from explorer.kernels.planes import empty_fields, planes

SHAPE = 3, 4, 20
"""(labels, rows, cols) of the problem that is solved for the sake of compiling."""

SOURCES = "kernels/*.py"
"""The modules whose functions are compiled, below the package."""

PAUSE = 0.05
"""Seconds between two looks at the processes."""


def compile_chain(kernel: str) -> None:
    """Compile the recurrences of A or Aᵀ."""
    labels, rows, cols = SHAPE
    pair = np.full((9, rows, cols), 1.0 / 9.0), np.full(SHAPE, 1.0 / labels)
    links = Links.none().then(np.array([(1.0, 0.0, 0.0)]))
    chain(kernel, pair, 1).products(Line(np.ones(SHAPE)), links, 0)


def compile_gradient() -> None:
    """Compile the assembly of the gradient."""
    grid, field = Grid(1, *SHAPE[1:]), np.ones(SHAPE)
    u = empty_fields(1, SHAPE, field.dtype)
    u[:] = 0.0
    grid.assemble(grid.uniform(), (field, field, u[0]), (u, u, 1.0, 1.0), keep=False)


def compile_steps() -> None:
    """Compile what a learning step does with weights."""
    grid = Grid(1, *SHAPE[1:])
    grid.retract(grid.uniform(), grid.uniform())
    grid.tangent_norm(grid.uniform(), grid.uniform())


def compile_fields() -> None:
    """Compile similarity, and combinations of vectors."""
    grid, field = Grid(1, *SHAPE[1:]), np.ones(SHAPE)
    grid.similarity(grid.uniform(), field)
    vectors = planes(empty_fields(2, SHAPE, field.dtype))
    recurrence.fold(np.ones(2), vectors)


JOBS: dict[str, tuple[Callable[[], None], float]] = {
    "adjoint": (lambda: compile_chain("sweep_transpose"), 7.0),
    "forward": (lambda: compile_chain("sweep"), 6.5),
    "gradient": (compile_gradient, 3.5),
    "fields": (compile_fields, 2.5),
    "steps": (compile_steps, 2.5),
}
"""What to compile, the longest first, and about how many seconds it takes."""


@cache
def stamp() -> str:
    """Return what compiled kernels depend on: sources, numba, Python, processor."""
    parts = [numba.__version__, sys.version, get_host_cpu_name()]
    parts += [file.read_text() for file in sorted(Path(__file__).parent.glob(SOURCES))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def folder() -> Path:
    """Return where numba keeps compiled kernels."""
    return folders()[0]


def mark(job: str) -> Path:
    """Return the file that says that a job is done."""
    return folder() / f"warmup-{stamp()}-{job}"


def missing() -> list[str]:
    """Return the jobs that have not been done here."""
    return [job for job in JOBS if not mark(job).exists()]


def do(job: str) -> None:
    """Do one job, and say so for the future."""
    JOBS[job][0]()
    mark(job).touch()


def warm_up(
    say: Callable[[str], None] = lambda text: None,
    check: Callable[[], None] = lambda: None,
) -> float:
    """Compile what is missing and return the seconds it took.

    `say` is told how far it is; `check` is called often and may raise to give up. What
    another process is compiling is waited for.
    """
    began = time.perf_counter()

    def tell() -> None:
        say(f"compiling, {time.perf_counter() - began:.0f} s")
        check()

    if missing():
        with lock(tell):
            run_all(missing(), tell)
    return time.perf_counter() - began


def run_all(jobs: list[str], tell: Callable[[], None]) -> None:
    """Run jobs in processes of their own, as many as threads may be used."""
    command = [sys.executable, "-m", "explorer.warmup"]
    running = [
        subprocess.Popen([*command, *share], stdout=subprocess.DEVNULL)
        for share in shares(jobs, threads.count())
    ]
    try:
        while any(process.poll() is None for process in running):
            tell()
            time.sleep(PAUSE)
    finally:
        for process in running:
            process.kill()
            process.wait()


def shares(jobs: list[str], count: int) -> list[list[str]]:
    """Deal jobs out, the longest first, to who has least to do."""
    hands: list[list[str]] = [[] for _ in range(min(count, len(jobs)))]
    for job in jobs:
        min(hands, key=lambda hand: sum(JOBS[j][1] for j in hand)).append(job)
    return hands


@contextlib.contextmanager
def lock(tell: Callable[[], None]) -> Iterator[None]:
    """Let one process at a time compile ahead; one that has died does not count."""
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / "warmup.pid"
    while not claim(path):
        tell()
        time.sleep(PAUSE)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def claim(path: Path) -> bool:
    """Write our number to a file, unless there is that of a living process."""
    try:
        with path.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        with contextlib.suppress(OSError, ValueError):
            if not psutil.pid_exists(int(path.read_text() or os.getpid())):
                path.unlink()
        return False
    return True


if __name__ == "__main__":
    for name in sys.argv[1:]:
        do(name)
