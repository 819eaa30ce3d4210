"""Computations take turns, with BLAS on one thread, and give it back after them."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from explorer.threads import exclusive


def blas_threads():
    return {
        pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"
    }


@pytest.fixture
def two_threads():
    """The setting of a user who gave BLAS two threads."""
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("BLAS has no second thread here")
        yield


@exclusive
def inside():
    return blas_threads()


@exclusive
def nested():
    return inside() | blas_threads()


@exclusive
def failing():
    raise KeyError("inside")


def test_one_thread_inside_and_the_users_setting_after(two_threads):
    assert inside() == {1}
    assert nested() == {1}
    assert blas_threads() == {2}


def test_the_setting_comes_back_after_an_error(two_threads):
    with pytest.raises(KeyError):
        failing()
    assert blas_threads() == {2}


def test_computations_of_two_threads_take_turns(two_threads):
    entered, leave, order = threading.Event(), threading.Event(), []

    @exclusive
    def first():
        entered.set()
        leave.wait(10.0)
        order.append("first")

    @exclusive
    def second():
        order.append("second")

    threads = [threading.Thread(target=f) for f in (first, second)]
    threads[0].start()
    assert entered.wait(10.0)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]
    assert blas_threads() == {2}
