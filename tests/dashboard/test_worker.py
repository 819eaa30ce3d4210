"""The worker: the newest request wins, stopping is prompt, no thread is left."""

import threading
import time

import pytest

from explorer.dashboard import worker as module
from explorer.dashboard.worker import Worker


def fail(error):
    raise AssertionError(error)


@pytest.fixture
def threads_before():
    return set(threading.enumerate())


def test_changes_posted_while_busy_are_merged_and_the_newest_wins():
    seen, gate = [], threading.Event()

    def job(changes, check):
        seen.append(changes)
        gate.wait(5)
        return False

    w = Worker(job, fail)
    w.post(time=1)
    while not seen:
        time.sleep(0.001)
    for value in (2, 3, 4):
        w.post(time=value)
    w.post(rank=2)
    gate.set()
    assert w.wait(5)
    assert seen == [{"time": 1}, {"time": 4, "rank": 2}]
    w.close()


def test_a_superseded_job_stops_at_its_check():
    finished = []

    def job(changes, check):
        for _ in range(2000):
            check()
            time.sleep(0.0005)
        finished.append(changes["value"])
        return False

    # a fresh worker has just answered: the first job is superseded, not finished
    w = Worker(job, fail)
    w.post(value=1)
    time.sleep(0.05)
    w.post(stop=True, value=2)
    assert w.wait(10)
    assert finished == [2]
    w.close()


def test_a_job_that_returns_true_is_called_again_until_it_is_done():
    left = [5]

    def job(changes, check):
        left[0] -= 1
        return left[0] > 0

    w = Worker(job, fail)
    w.post()
    assert w.wait(5)
    assert left == [0]
    w.close()


def test_closing_ends_the_thread(threads_before):
    w = Worker(lambda changes, check: endless(check), fail)
    w.post()
    time.sleep(0.02)
    w.close()
    assert set(threading.enumerate()) == threads_before


def endless(check):
    while True:
        check()
        time.sleep(0.001)


def test_an_idle_worker_holds_no_thread(threads_before, monkeypatch):
    monkeypatch.setattr(module, "IDLE", 0.05)
    w = Worker(lambda changes, check: False, fail)
    w.post()
    assert w.wait(5)
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) != threads_before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    w.post()
    assert w.wait(5)
    w.close()


def test_an_error_is_reported_and_the_worker_goes_on():
    errors, done = [], []

    def job(changes, check):
        if "bad" in changes:
            raise ValueError("bad")
        done.append(changes)
        return False

    w = Worker(job, errors.append)
    w.post(bad=1)
    assert w.wait(5)
    w.post(good=1)
    assert w.wait(5)
    assert (str(errors[0]), done) == ("bad", [{"good": 1}])
    w.close()


def test_posting_after_close_is_ignored(threads_before):
    w = Worker(fail, fail)
    w.close()
    w.post(value=1)
    assert set(threading.enumerate()) == threads_before
