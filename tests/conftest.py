"""Fixtures of the library's tests, and how hypothesis draws its examples."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from explorer import LinearizedFlow
from tests import reference

# the same examples in every run, and no time limit: the first one compiles kernels
settings.register_profile(
    "laws", derandomize=True, deadline=None, max_examples=40, database=None
)
settings.load_profile("laws")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Share out the tests of `pytest -n 2` by files; one worker opens the browser."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return "browser" if file.startswith("tests/browser/") else file

    config.option.loadscopereorder = False  # the browser takes longest: it begins early
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def one_thread_for_blas():
    """Many small matrices of the oracles are faster on one thread than on several."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(params=reference.CASES)
def case(request):
    """The stored inputs and exact answers of one small problem."""
    return reference.load(request.param)


@pytest.fixture
def problem():
    """Three labels on 3 × 4 pixels with random weights, T = 3."""
    return reference.random_problem()


@pytest.fixture
def flow(problem):
    """The flow of `problem`."""
    return LinearizedFlow(problem.distances, rho=problem.rho, radius=problem.radius)


@pytest.fixture(scope="session")
def torch():
    """PyTorch; without it the oracle is skipped, or missed if LAF_REQUIRE_ALL=1."""
    try:
        import torch
    except ImportError:
        reason = "PyTorch is missing: install the extra `autodiff`"
        if os.environ.get("LAF_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return torch


@pytest.fixture
def maxflow():
    """PyMaxflow; without it tests are skipped, or missed if LAF_REQUIRE_ALL=1."""
    try:
        import maxflow.fastmin
    except ImportError:
        reason = "PyMaxflow is missing: install the extra `graphcut`"
        if os.environ.get("LAF_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return maxflow.fastmin
