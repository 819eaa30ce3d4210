"""Computations in forked processes and in several threads: they end, and agree."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from explorer import late

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

PARENT = """
import os, sys, threading, warnings
import numpy as np
import explorer as ex
warnings.simplefilter("ignore", DeprecationWarning)  # of Python: threads at a fork
scene = ex.voronoi_scene("colors", size=10, noise=0.3, seed=0)
flow = ex.LinearizedFlow(scene.distances)
def learn():
    learner = ex.Learner(flow, scene.labels)
    learner.run(2)
    return learner.weights.values.tobytes()
def fit():
    predictor = ex.WeightPatchPredictor(n_prototypes=3, steps=1, seed=0)
    return predictor.fit([scene]).predict_weights(scene.image).values.tobytes()
def child(work):
    reader, writer = os.pipe()
    if os.fork() == 0:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(work())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        return pipe.read()
"""

AFTER = """
right, fitted = learn(), fit()
assert child(learn) == right
assert child(fit) == fitted
assert child(lambda: child(learn)) == right, "a child of a child"
assert learn() == right
"""

BEFORE = """
there = child(learn)
assert there == learn()
"""

DURING = """
right, over = learn(), threading.Event()
def go_on():
    while not over.is_set():
        learn()
others = [threading.Thread(target=go_on) for _ in range(2)]
[other.start() for other in others]
assert [child(learn) == right for _ in range(5)] == 5 * [True]
over.set()
[other.join() for other in others]
"""

INSIDE = """
from explorer.threads import exclusive
right = learn()
@exclusive
def outer():
    return child(learn)
assert outer() == right
"""

STUCK = """
from explorer import threads
threads.PATIENCE = 0.1
right, over, begun = learn(), threading.Event(), threading.Event()
@threads.exclusive
def hold():
    begun.set()
    over.wait()
other = threading.Thread(target=hold)
other.start()
begun.wait()
assert child(learn) == right, "a thread that computes waits for the one that forks"
over.set()
other.join()
assert learn() == right
"""

POOLS = """
import multiprocessing, concurrent.futures
right = learn()
def learn_again(_):
    return learn() == right
fork = multiprocessing.get_context("fork")
with fork.Pool(2) as pool:
    assert pool.map(learn_again, range(3)) == 3 * [True]
with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as pool:
    assert list(pool.map(learn_again, range(3))) == 3 * [True]
import joblib
parallel = joblib.Parallel(n_jobs=2, backend="multiprocessing")
assert parallel(joblib.delayed(learn_again)(k) for k in range(3)) == 3 * [True]
"""

IN_THREADS = """
right, found = learn(), []
def go_on():
    for _ in range(20):
        found.append(learn() == right)
others = [threading.Thread(target=go_on) for _ in range(3)]
[other.start() for other in others]
[other.join() for other in others]
assert found == 60 * [True]
"""

LAYERS = ("omp", "workqueue")


def run(code, layer):
    environ = os.environ | {"NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", PARENT + code],
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    "code",
    [AFTER, BEFORE, DURING, INSIDE, STUCK, POOLS],
    ids=["after", "before", "during", "inside", "stuck", "pools"],
)
def test_a_forked_process_computes_the_same(code, layer):
    run(code, layer)


@pytest.mark.parametrize("layer", LAYERS)
def test_learners_in_several_threads_end_and_agree(layer):
    run(IN_THREADS, layer)


def test_a_fork_that_numba_cannot_bear_is_refused_with_words():
    code = """
from explorer import threads
learn()
def refused():
    threads.layers._launch_threads = None
    try:
        learn()
    except RuntimeError as error:
        return str(error).encode()
assert b"'spawn'" in child(refused)
"""
    run(code, "omp")


def test_blas_is_given_back_in_the_child_of_a_computing_parent():
    code = """
from threadpoolctl import threadpool_info, threadpool_limits
from explorer import threads
threads.PATIENCE = 0.1
def blas():
    return max([p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"])
before, over, begun = blas(), threading.Event(), threading.Event()
@threads.exclusive
def hold():
    begun.set()
    over.wait()
other = threading.Thread(target=hold)
other.start()
begun.wait()
found = int(child(lambda: str(blas()).encode()))
over.set()
other.join()
assert found == before, (found, before)
"""
    run(code, "omp")


def test_a_cached_property_holds_no_lock():
    """A thread that computes one may wait for another that reads one of its kind."""

    class Slow:
        def __init__(self, wait):
            self.wait = wait

        @late.cached_property
        def value(self):
            self.wait()
            return 1

    begun, go_on = threading.Event(), threading.Event()

    def wait():
        begun.set()
        go_on.wait(10.0)

    slow = Slow(wait)
    other = threading.Thread(target=lambda: slow.value)
    other.start()
    begun.wait(10.0)
    quick = Slow(lambda: None)
    reader = threading.Thread(target=lambda: quick.value)
    reader.start()
    reader.join(5.0)
    waits = reader.is_alive()
    go_on.set()
    other.join()
    assert not waits
    assert vars(quick)["value"] == 1
