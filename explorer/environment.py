"""Check the environment variables of numba before numba is imported.

numba reads them once, on its import; a value that it cannot use ends in a traceback far
from its cause. `import explorer` checks them first and removes an unusable one, so that
numba takes its default, for this process and those it starts.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, MutableMapping

MOST_THREADS = 64
"""Threads admitted on a machine with fewer cores: more of them only cost memory."""

LAYERS = ("tbb", "omp", "workqueue")

LAYER_NAMES = ("default", "safe", "threadsafe", "forksafe", *LAYERS)

SWITCHES = (
    "NUMBA_BOUNDSCHECK",
    "NUMBA_DEBUG",
    "NUMBA_DEBUG_CACHE",
    "NUMBA_DISABLE_JIT",
    "NUMBA_FUNCTION_CACHE_SIZE",
    "NUMBA_LOOP_VECTORIZE",
    "NUMBA_SLP_VECTORIZE",
)
"""Variables whose value is a whole number."""


def thread_limit() -> int:
    """Return the largest admissible number of threads."""
    return max(MOST_THREADS, os.cpu_count() or 1)


def _whole(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _thread_count(text: str) -> bool:
    return _whole(text) and 1 <= int(text) <= thread_limit()


Rule = tuple[Callable[[str], bool], str, str]


def rules() -> dict[str, Rule]:
    """Return, by variable, what is admissible: a test, words, and the default."""
    switch: Rule = (_whole, "a whole number", "numba's default")
    switches = dict.fromkeys(SWITCHES, switch)
    return switches | {
        "NUMBA_NUM_THREADS": (
            _thread_count,
            f"a whole number from 1 to {thread_limit()}",
            "one thread per core",
        ),
        "NUMBA_OPT": (
            lambda text: text in ("0", "1", "2", "3", "max"),
            "0, 1, 2, 3 or max",
            "numba's default",
        ),
        "NUMBA_THREADING_LAYER": (
            lambda text: text.lower() in LAYER_NAMES,
            "one of " + ", ".join(LAYER_NAMES),
            "the first layer that is installed",
        ),
        "NUMBA_THREADING_LAYER_PRIORITY": (
            lambda text: sorted(text.split()) == sorted(LAYERS),
            f"the words {' '.join(LAYERS)} in some order",
            "that order",
        ),
    }


def check_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Remove variables that numba cannot use, and warn of each in one sentence."""
    for name, (admissible, words, default) in rules().items():
        value = environ.get(name)
        if value is None or admissible(value):
            continue
        del environ[name]
        warnings.warn(
            f"`{name}` must be {words}, got {value!r}; explorer uses {default}",
            stacklevel=3,
        )
