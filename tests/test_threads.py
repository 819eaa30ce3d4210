"""BLAS is held to one thread inside our computations, and given back after them."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from explorer.threads import one_blas_thread


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


@one_blas_thread
def inside():
    return blas_threads()


@one_blas_thread
def nested():
    return inside() | blas_threads()


@one_blas_thread
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


def test_the_last_of_two_concurrent_users_gives_back(two_threads):
    entered, leave = threading.Event(), threading.Event()

    @one_blas_thread
    def wait():
        entered.set()
        leave.wait(10.0)

    other = threading.Thread(target=wait)
    other.start()
    assert entered.wait(10.0)
    assert inside() == {1}
    assert blas_threads() == {1}  # the other one is still at work
    leave.set()
    other.join()
    assert blas_threads() == {2}
