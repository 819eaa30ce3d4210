"""Whether a call took a hostile value well, and which public names there are."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import xarray as xr

import explorer as ex
from tests.hostile.values import ANY, REFUSED, SAME, Hostile, Kind

REFUSALS = (TypeError, ValueError, OSError, ImportError, MemoryError)

TIMES = re.compile("second|elapsed|memory|duration|wall")
"""Results that no two calls share."""

ALIKE = {"rtol": 1e-4, "atol": 1e-7}
"""Half-precision is spoken of elsewhere: all other types hold the good values, and
iterative methods agree to their tolerances."""


@dataclass(frozen=True, repr=False)
class Row:
    """A public callable, a good call of it, and the kinds of its arguments."""

    name: str
    call: Callable[..., Any]
    kinds: dict[str, Kind]

    def __repr__(self) -> str:
        return f"Row({self.name})"

    def result(self, **changes: Any) -> Any:
        """What the good call returns, or one with an argument changed."""
        good = {name: kind.value for name, kind in self.kinds.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning is a word, but no refusal
            return self.call(**(good | changes))


LIMIT = 60.0
"""Seconds after which a call that takes milliseconds is said to hang."""


class HangsError(Exception):
    """A call that does not end."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Raise where a block takes too long."""

    def ring(*_: object) -> None:
        raise HangsError(f"it takes more than {LIMIT:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def complaint(row: Row, argument: str, hostile: Hostile, good: list[np.ndarray]) -> str:
    """What is wrong with the outcome of a call, or nothing.

    Where a value is admissible by itself, the error may name what it does not fit.
    """
    try:
        with limited():
            result = row.result(**{argument: hostile.value})
            found = numbers(result)
    except REFUSALS as error:
        names = [argument] if hostile.demand is REFUSED else row.kinds
        if any(speaks_of(name, str(error)) for name in names):
            return ""
        return f"does not name it: {type(error).__name__}: {error}"
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    if says_so(result):
        return ""
    if hostile.demand is REFUSED:
        return "is taken without a word"
    if hostile.demand is ANY:
        return ""
    pairs = list(zip(found, good, strict=False))
    if any(np.isfinite(g).all() and not np.isfinite(f).all() for f, g in pairs):
        return "makes a result that is not finite, without a word"
    if hostile.demand is SAME and not same(found, good):
        return "makes another result than the same numbers"
    return ""


def speaks_of(name: str, text: str) -> bool:
    """Whether a message names an argument; of `times`, a single time counts, too.

    Letters and common words count in backquotes only.
    """
    if name == "loss" and "`function`" in text:  # one of the user's own
        return True
    one = re.escape(name.removesuffix("s"))
    quoted = re.search(rf"`{one}s?\b", text) is not None
    return quoted or (len(name) > 4 and re.search(rf"\b{one}s?\b", text) is not None)


def same(found: list[np.ndarray], good: list[np.ndarray]) -> bool:
    """Whether two results agree."""
    return len(found) == len(good) and all(
        f.shape == g.shape and np.allclose(f, g, equal_nan=True, **ALIKE)
        for f, g in zip(found, good, strict=True)
    )


def says_so(result: Any) -> bool:
    """Whether a result says of itself that it is not good."""
    if isinstance(result, list | tuple):
        return any(map(says_so, result))
    if isinstance(result, xr.Dataset):
        return "ok" in result and not bool(np.all(result.ok))
    return getattr(getattr(result, "status", None), "ok", True) is False


def numbers(result: Any) -> list[np.ndarray]:
    """All numbers in a result, as arrays."""
    if isinstance(result, xr.Dataset):
        names = [n for n in result.data_vars if not TIMES.search(str(n))]
        return [a for n in names for a in numbers(result[n])]
    if isinstance(result, xr.DataArray):
        return numbers(result.values)
    if isinstance(result, sp.sparray):
        return [result.toarray()]
    if isinstance(result, list | tuple):
        return [a for part in result for a in numbers(part)]
    if isinstance(result, np.ndarray | np.number | int | float):
        array = np.asarray(result)
        return [array.astype(float)] if array.dtype.kind in "fiub" else []
    if dataclasses.is_dataclass(result) and hasattr(result, "labels"):
        return [
            a for n in ("V", "W", "labels") for a in numbers(getattr(result, n, None))
        ]
    return []


MADE = {"Progress", "Solution", "Status", "Work", "Baseline"}
"""Records that the library makes, and a protocol: nobody calls them."""

INNER = {
    *("advance", "propose", "evaluate", "of_exponent", "of_labels", "error"),
    *("gradient_error", "roots", "integrate", "compute", "init", "differentiate"),
    *("factorize", "memory", "rank_of", "build", "keeps", "evolve", "potential"),
    *("label_weights", "restore", "of", "move", "check", "tell", "place", "keep"),
    *("kept", "check_times", "check_weights", "check_labels", "system"),
    *("plain_system", "stacked"),
    *("push", "download", "source", "when_drawn"),  # of pages, for dashboards
}
"""Methods between the parts of the library, behind the doors: their arguments are
plain arrays, systems, and evolutions that the doors have checked."""

OF_SCIKIT_LEARN = {"set_output", "get_params", "set_params"}
"""Its own methods, which `check_estimator` tries."""

CALLED_BY_SYSTEMS = {
    "GeometricEuler.iterate", "AdaptiveRungeKutta.iterate", "TangentLoss.__call__",
    "IteratedLinearization.iterate", "DirectionLoss.__call__", "CrossEntropy.__call__",
    "BalancedLoss.__call__", "PrototypeDistance.fit", "Evidence.fit",
    "experiments.Bench.run",
}  # fmt: skip
"""The same, where the name alone does not tell."""


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """All public callables by their names, methods as `Class.method`."""
    spaces = {"": ex, "experiments.": ex.experiments}
    for prefix, space in spaces.items():
        for name in space.__all__:
            made = getattr(space, name)
            if callable(made) and name not in MADE:
                yield prefix + name, made
                yield from methods(prefix + name, made)
    for name, made in vars(ex.manifold).items():
        if hasattr(made, "__wrapped__") or name == "barycenter":
            yield f"manifold.{name}", made


def methods(name: str, made: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods that our classes define and users call."""
    if not inspect.isclass(made):
        return
    for attribute in dir(made):
        hidden = attribute.startswith("_") and attribute != "__call__"
        static = inspect.getattr_static(made, attribute)
        function = inspect.unwrap(getattr(static, "__func__", static))
        ours = str(getattr(function, "__module__", "")).startswith("explorer.")
        full = f"{name}.{attribute}"
        if hidden or not ours or not inspect.isfunction(function):
            continue
        others = INNER | OF_SCIKIT_LEARN
        if attribute not in others and full not in CALLED_BY_SYSTEMS:
            yield full, getattr(made, attribute)


def parameters(function: Callable[..., Any]) -> list[str]:
    """The named arguments of a callable, all of which need a kind."""
    found = inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [p.name for p in found if p.name != "self" and p.kind not in variadic]
