"""Fields of records that are computed when first read, such as error bounds."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound=type)
V = TypeVar("V")


class cached_property(functools.cached_property[V]):  # noqa: N801 — as its base
    """`functools.cached_property` without the lock of Python 3.11.

    One lock serves all instances of a class there: a thread that holds it and waits for
    its turn to compute, beside one that computes and reads the property, would wait
    forever. Two threads may compute a value twice, to the same bits.
    """

    def __init__(self, function: Callable[[Any], V]) -> None:
        super().__init__(function)
        self.lock = contextlib.nullcontext()


class Late:
    """A field that holds a value, or a function that computes it on first reading."""

    def __init__(self, name: str) -> None:
        self.key = "_" + name

    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        value = vars(record)[self.key]
        if callable(value):
            value = vars(record)[self.key] = value()
        return value

    def __set__(self, record: Any, value: Any) -> None:
        vars(record)[self.key] = value


def late(*names: str) -> Callable[[T], T]:
    """Make these fields of a dataclass `Late`.

    Copying or pickling a record computes them: a function that finds a value refers to
    arrays of the original, and cannot be pickled.
    """

    def state(record: Any) -> dict[str, Any]:
        for name in names:
            getattr(record, name)
        return dict(vars(record))

    def decorate(cls: T) -> T:
        for name in names:
            setattr(cls, name, Late(name))
        cls.__getstate__ = state  # type: ignore[method-assign, assignment]
        return cls

    return decorate
