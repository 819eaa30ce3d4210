"""Compiling ahead: what is missing, who compiles it, and that one process does."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from explorer import warmup

pytestmark = pytest.mark.slow


@pytest.fixture
def cache(tmp_path):
    """The environment of a process whose cache of kernels is empty."""
    return {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}


def run(code, cache):
    command = [sys.executable, "-c", "from explorer import warmup\n" + code]
    answer = subprocess.run(command, env=cache, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout.split()


def test_a_job_is_missing_until_its_kernels_are_there(cache, tmp_path):
    everything = "print(*warmup.missing(warmup.JOBS))"
    assert run(everything, cache) == list(warmup.JOBS)
    run(
        'warmup.run_all(["fields"], lambda: None)', cache
    )  # and nothing is complained of
    left = [name for name in warmup.JOBS if name != "fields"]
    assert run(everything, cache) == left
    kernel = next(tmp_path.rglob("fusion.exponents*"))
    content = kernel.read_bytes()
    kernel.write_bytes(content[:-1])  # a mark does not stand for damaged kernels
    assert run(everything, cache) == list(warmup.JOBS)
    kernel.write_bytes(content)
    assert run(everything, cache) == left
    kernel.unlink()
    assert run(everything, cache) == list(warmup.JOBS)


def test_jobs_are_dealt_out_to_who_has_least_to_do():
    assert warmup.shares(["adjoint", "forward", "gradient"], 2) == [
        ["adjoint"],
        ["forward", "gradient"],
    ]
    assert warmup.shares(["fields"], 8) == [["fields"]]
    assert sorted(
        [job for share in warmup.shares(list(warmup.JOBS), 3) for job in share]
    ) == sorted(warmup.JOBS)


def test_it_can_be_given_up_and_leaves_no_process(cache):
    code = """
import psutil
class Enough(Exception):
    pass
def check():
    raise Enough
try:
    warmup.warm_up(check=check)
except Enough:
    print(len(psutil.Process().children()), "children")
print((warmup.folder() / "warmup.pid").exists())
"""
    assert run(code, cache) == ["0", "children", "False"]


@pytest.mark.parametrize("end", [psutil.Process.terminate, psutil.Process.kill])
def test_the_processes_end_with_the_one_that_started_them(cache, end):
    command = [sys.executable, "-m", "explorer", "warmup"]
    with psutil.Popen(command, env=cache, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (workers := process.children()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        end(process)
        process.wait(10)
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_a_lock_of_the_living_is_waited_for_and_of_the_dead_is_not(tmp_path):
    path = tmp_path / "warmup.pid"
    assert warmup.claim(path)
    assert not warmup.claim(path)  # we are alive
    assert path.read_text() == str(os.getpid())
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path.write_text(str(gone.pid))
    assert not warmup.claim(path)  # the first look takes it away
    assert warmup.claim(path)


def test_the_jobs_cover_the_first_learning_step(cache):
    """Nothing is left to compile for loss, gradient and step of an image."""
    code = """
import numpy as np
import explorer as ex
from numba.core import event
warmup.warm_up()
seen = event.RecordingListener()
event.register("numba:compile", seen)
D = np.random.default_rng(0).random((3, 20, 24))
flow = ex.LinearizedFlow(D)
ex.Learner(flow, D.argmin(axis=0)).run(2)
print(len(seen.buffer))
"""
    environment = {k: v for k, v in cache.items() if k != "NUMBA_CACHE_DIR"}
    assert run(code, environment) == ["0"]


HARD = """
import numpy as np
import explorer as ex
from numba.core import event
warmup.warm_up(jobs=warmup.JOBS)
assert not warmup.missing(warmup.JOBS)
seen = event.RecordingListener()
event.register("numba:compile", seen)
D = np.random.default_rng(0).random((3, 8, 9))
labels, start = D.argmin(axis=0), np.full(D.shape, 1.0 / 3.0)
for dtype in ("float64", "float32"):
    for radius in (1, 2, 7):
        for rho in (0.1, 5.0):
            for base in (None, start):
                flow = ex.LinearizedFlow(D, rho, radius, dtype=dtype, base_point=base)
                weights = flow.uniform_weights()
                for time in (0.0, 60.0):
                    for dim in (1, 20):
                        ex.Krylov(dim).solve(flow, weights, time)
                ex.AdaptiveKrylov().solve(flow, weights, 60.0)
                ex.Learner(flow, labels, 60.0, tau=1e-5, optimizer=ex.Adam()).run(1)
    graph = ex.GraphFlow(D[:, 0], np.ones((9, 9)), dtype=dtype)
    ex.AdaptiveKrylov().solve(graph, graph.uniform_weights(), 60.0)
    ex.Learner(graph, labels[0]).run(1)
print(len(seen.buffer))
"""


@pytest.mark.slow
def test_nothing_is_left_to_compile_for_hard_problems(cache):
    environment = {k: v for k, v in cache.items() if k != "NUMBA_CACHE_DIR"}
    assert run(HARD, environment) == ["0"]


def test_nothing_is_compiled_ahead_where_nothing_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(warmup, "folders", lambda: [tmp_path / "file" / "inside"])
    assert warmup.missing() == list(warmup.FIRST)
    assert warmup.warm_up() < 1.0
