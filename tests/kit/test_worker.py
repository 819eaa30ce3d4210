"""The worker: the newest request wins, stopping is prompt, no thread is left."""

import threading
import time

import pytest

from explorer.kit import worker as module
from explorer.kit.worker import Worker


def fail(error):
    raise AssertionError(error)


@pytest.fixture
def threads_before():
    return set(threading.enumerate())


def test_requests_posted_while_busy_come_together_and_in_order():
    seen, gate = [], threading.Event()

    def job(requests, check):
        seen.append(requests)
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
    rest = [{"time": 2}, {"time": 3}, {"time": 4}, {"rank": 2}]
    assert seen == [[{"time": 1}], rest]
    w.close()


def test_a_superseded_job_stops_at_its_check():
    finished = []

    def job(requests, check):
        for _ in range(200):
            check()
            time.sleep(0.0005)
        finished.append(requests[-1]["value"])
        return False

    w = Worker(job, fail)
    for value, stop in ((1, False), (2, True), (3, False)):
        w.post(stop=stop, value=value)
        time.sleep(0.03)
    assert w.wait(10)
    assert finished == [3]
    w.close()


def test_after_a_rest_the_newest_wins_as_before(monkeypatch):
    monkeypatch.setattr(module, "STARVING", 0.05)
    finished = []

    def job(requests, check):
        for _ in range(60):
            check()
            time.sleep(0.0005)
        finished.append(requests[-1]["value"])
        return False

    w = Worker(job, fail)
    w.post(value=1)
    assert w.wait(5)
    time.sleep(0.2)  # longer than STARVING: a rest is no starving
    w.post(value=2)
    time.sleep(0.01)
    w.post(value=3)
    assert w.wait(5)
    assert finished == [1, 3]
    w.close()


def test_while_superseded_without_end_answers_still_come(monkeypatch):
    monkeypatch.setattr(module, "STARVING", 0.05)
    finished = []

    def job(requests, check):
        for _ in range(40):
            check()
            time.sleep(0.0005)
        finished.append(requests[-1]["value"] if requests else None)
        return False

    w = Worker(job, fail)
    for value in range(60):
        w.post(value=value)
        time.sleep(0.005)
    seen = len(finished)
    assert w.wait(5)
    assert seen >= 1
    assert finished[-1] == 59
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

    def job(requests, check):
        if "bad" in requests[0]:
            raise ValueError("bad")
        done.extend(requests)
        return False

    w = Worker(job, errors.append)
    w.post(bad=1)
    assert w.wait(5)
    w.post(good=1)
    assert w.wait(5)
    assert (str(errors[0]), done) == ("bad", [{"good": 1}])
    w.close()


def test_a_reporter_that_fails_does_not_take_the_worker_along(monkeypatch):
    ignored = []
    monkeypatch.setattr(threading, "excepthook", ignored.append)
    done = []

    def job(requests, check):
        if requests and "bad" in requests[0]:
            raise ValueError("bad")
        done.extend(requests)
        return False

    def report(error):
        raise RuntimeError("no screen")

    w = Worker(job, report)
    w.post(bad=1)
    assert w.wait(5)
    w.post(good=1)
    assert w.wait(5)
    assert done == [{"good": 1}]
    assert len(ignored) == 1
    w.close()


def test_posting_after_close_is_ignored(threads_before):
    w = Worker(fail, fail)
    w.close()
    w.post(value=1)
    assert set(threading.enumerate()) == threads_before
