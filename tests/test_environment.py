"""Environment variables of numba: unusable values are named in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import pytest

from explorer.environment import check_environment, thread_limit

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

BAD = {
    "NUMBA_NUM_THREADS": ("words", "", "0", "-2", "2.5", "1e3", str(10**6)),
    "NUMBA_THREADING_LAYER": ("threads", ""),
    "NUMBA_THREADING_LAYER_PRIORITY": ("omp", "omp omp tbb", "omp,tbb,workqueue"),
    "NUMBA_OPT": ("4", "fast"),
    "NUMBA_DISABLE_JIT": ("yes",),
    "NUMBA_BOUNDSCHECK": ("on",),
}
GOOD = {
    "NUMBA_NUM_THREADS": ("1", "3", str(thread_limit())),
    "NUMBA_THREADING_LAYER": ("omp", "workqueue", "default", "SAFE"),
    "NUMBA_THREADING_LAYER_PRIORITY": ("omp tbb workqueue",),
    "NUMBA_OPT": ("max", "0"),
    "NUMBA_DISABLE_JIT": ("1",),
    "NUMBA_CPU_NAME": ("generic",),
}


def pairs(table):
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("name", "value"), pairs(BAD))
def test_a_value_that_numba_cannot_use_is_named_and_removed(name, value):
    environ = {name: value, "HOME": "/"}
    with pytest.warns(UserWarning, match=f"`{name}` must be .*got {value!r};") as said:
        check_environment(environ)
    assert len(said) == 1
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize(("name", "value"), pairs(GOOD))
def test_a_good_value_stays(name, value):
    environ = {name: value}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_environment(environ)
    assert environ == {name: value}


CODE = """
import explorer as ex, numpy as np
flow = ex.LinearizedFlow(np.eye(3)[:, :, None] + np.zeros(4))
assert ex.Krylov(3).solve(flow, flow.uniform_weights(), 1.0).status.ok
"""


@pytest.mark.parametrize(
    "settings",
    [{"NUMBA_NUM_THREADS": "0"}, {"NUMBA_NUM_THREADS": "x", "NUMBA_OPT": "y"}],
    ids=str,
)
def test_a_solve_works_and_says_one_sentence_for_each(settings):
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if "UserWarning" in line]
    assert [line.split("`")[1] for line in said] == sorted(settings)


def test_kernels_are_compiled_where_the_user_has_turned_that_off():
    """NUMBA_DISABLE_JIT is for the user's own functions: ours exist compiled only."""
    environ = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environ, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
