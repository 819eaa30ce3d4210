"""Compile kernels that numba's cache lacks before their first use, on all cores.

Kernels are compiled on their first call and stored on disk, per version and processor.
One process compiles them one after the other, in half a minute; several processes share
the work. This module runs for `laf warmup`, before the first picture of a dashboard,
and while `laf` starts.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import psutil
from llvmlite.binding import get_host_cpu_name

from explorer import threads
from explorer.compiled.cache import USED, folders, is_kept, origin
from explorer.flow.adaptive import AdaptiveKrylov
from explorer.flow.graph import GraphFlow
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.orthogonalization import BlockChebyshev, GramSchmidt
from explorer.flow.runge_kutta import RungeKutta
from explorer.geometry.chains import Line, Links, chain
from explorer.geometry.grid import Grid
from explorer.gradients.euler import EulerAdjoint
from explorer.gradients.gradient import LowRankGradient
from explorer.gradients.hierarchy import BenziSimoncini
from explorer.kernels import recurrence
from explorer.kernels.planes import empty_fields, planes
from explorer.learning.learner import Learner

SHAPE = 3, 4, 20
"""(labels, rows, cols) of the problem whose solution compiles the kernels."""

PAUSE = 0.05
"""Seconds between two checks of the processes."""


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


def compile_problem(radius: int, dtype: str) -> None:
    """Compile what solving and learning call beyond the plain path.

    Hard problems (long times, small spaces, base points) leave it, and so do narrow
    images, wide neighborhoods and float32.
    """
    distances = np.random.default_rng(0).random(SHAPE)
    labels, start = distances.argmin(axis=0), np.full(SHAPE, 1.0 / SHAPE[0])
    for base_point in (None, start):
        flow = LinearizedFlow(
            distances, radius=radius, dtype=dtype, base_point=base_point
        )
        weights = flow.uniform_weights()
        for integrator in (*INTEGRATORS, AdaptiveKrylov()):
            integrator.solve(flow, weights, LONG)
        for gradient in (LowRankGradient(), BenziSimoncini(), EulerAdjoint()):
            Learner(flow, labels, 1.0, gradient, tau=1e-6).run(1)


def compile_graph(dtype: str) -> None:
    """Compile what flows on graphs call."""
    distances = np.random.default_rng(0).random((3, 6))
    flow = GraphFlow(distances, np.ones((6, 6)), dtype=dtype)
    for integrator in (*INTEGRATORS, AdaptiveKrylov()):
        integrator.solve(flow, flow.uniform_weights(), LONG)
    Learner(flow, distances.argmin(axis=0), 1.0).run(1)


LONG = 30.0
"""A flow time that takes sub-steps."""

INTEGRATORS = (
    Krylov(3),
    Krylov(3, orthogonalization=GramSchmidt()),
    Krylov(12, orthogonalization=BlockChebyshev()),
    RungeKutta(),
)

FIRST: dict[str, tuple[Callable[[], None], float]] = {
    "adjoint": (lambda: compile_chain("sweep_transpose"), 7.0),
    "forward": (lambda: compile_chain("sweep"), 6.5),
    "gradient": (compile_gradient, 3.5),
    "fields": (compile_fields, 2.5),
    "steps": (compile_steps, 2.5),
}
"""The jobs for the first picture, the longest first, with their approximate seconds."""

JOBS = FIRST | {
    "hard": (lambda: compile_problem(1, "float64"), 15.0),
    "wide": (lambda: compile_problem(2, "float64"), 15.0),
    "single": (lambda: compile_problem(1, "float32"), 25.0),
    "single-wide": (lambda: compile_problem(2, "float32"), 15.0),
    "graph": (lambda: compile_graph("float64"), 10.0),
    "single-graph": (lambda: compile_graph("float32"), 10.0),
}
"""All that `laf warmup` compiles, in this order."""


def folder() -> Path | None:
    """Return the folder of compiled kernels, or None if no folder is writable."""
    for place in folders():
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            if os.access(place, os.W_OK):
                return place
    return None


def mark(job: str) -> str:
    """Return the name of the file that lists the kernels of a finished job."""
    return f"warmup-{origin().hex()[:16]}-{get_host_cpu_name()}-{job}"


def kernels_of(job: str) -> list[str]:
    """Return the kernels of a finished job, or none if it is not finished."""
    for place in folders():
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (place / mark(job)).read_text(encoding="utf-8").split()
    return []


def missing(jobs: Iterable[str] = FIRST) -> list[str]:
    """Return the jobs with a kernel that is missing or damaged in the cache."""
    checked: dict[str, bool] = {}
    return [job for job in jobs if not is_done(job, checked)]


def is_done(job: str, checked: dict[str, bool]) -> bool:
    """Return whether all kernels of a job can be loaded; `checked` has looked at some.

    A mark alone does not count: its kernels may have been removed since.
    """
    names = kernels_of(job)
    for name in set(names) - checked.keys():
        checked[name] = is_kept(name)
    return bool(names) and all(checked[name] for name in names)


def do(job: str) -> None:
    """Do one job, and list its kernels for the future."""
    JOBS[job][0]()
    place = folder()
    if place is not None:
        (place / mark(job)).write_text("\n".join(sorted(USED)), encoding="utf-8")


def warm_up(
    say: Callable[[str], None] = lambda text: None,
    check: Callable[[], None] = lambda: None,
    jobs: Iterable[str] = FIRST,
) -> float:
    """Compile the missing kernels of these jobs and return the seconds it took.

    `say` receives the progress; `check` is called often and may raise to stop. If
    another process is compiling the kernels, wait for it. If no folder is writable,
    compile nothing, because the result would be lost.
    """
    began = time.perf_counter()

    def tell() -> None:
        say(f"compiling, {time.perf_counter() - began:.0f} s")
        check()

    # release the lock between the parts: a dashboard waits for the first part only
    for part in (FIRST, JOBS.keys() - FIRST.keys()):
        wanted = [job for job in jobs if job in part]
        place = folder()
        if place is not None and missing(wanted):
            with lock(place, tell, wanted):
                run_all(missing(wanted), tell)
    return time.perf_counter() - began


def run_all(jobs: list[str], tell: Callable[[], None]) -> None:
    """Run jobs in separate processes, at most as many as `threads.count()`."""
    if not jobs:
        return
    command = [sys.executable, "-m", "explorer.warmup"]
    running = [
        subprocess.Popen(
            [*command, *share], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        for share in shares(jobs, threads.count())
    ]
    try:
        while any(process.poll() is None for process in running):
            tell()
            time.sleep(PAUSE)
    finally:
        for process in running:
            process.kill()
            process.communicate()


def shares(jobs: list[str], count: int) -> list[list[str]]:
    """Deal jobs out, the longest first, to who has least to do."""
    hands: list[list[str]] = [[] for _ in range(min(count, len(jobs)))]
    for job in jobs:
        min(hands, key=lambda hand: sum(JOBS[j][1] for j in hand)).append(job)
    return hands


@contextlib.contextmanager
def lock(place: Path, tell: Callable[[], None], wanted: list[str]) -> Iterator[None]:
    """Let one process at a time compile ahead; one that has died does not count.

    Waiting ends, too, when another process has done the jobs that are wanted.
    """
    path = place / "warmup.pid"
    ours = claim(path)
    while not ours and missing(wanted):
        tell()
        time.sleep(PAUSE)
        ours = claim(path)
    try:
        yield
    finally:
        if ours:
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


def end_with_parent() -> None:
    """Wait until the parent process is gone, which closes our stdin; then end, too.

    A parent that is killed cannot end the processes that it started. `sys.stdin` would
    do as well, but Python cannot shut down while a thread reads from it.
    """
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    for name in sys.argv[1:]:
        do(name)
