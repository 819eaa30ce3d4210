"""Records: their choices, named as in scikit-learn, and read-only arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

BETWEEN = "__"
"""Separator between the name of a part and the name of its choice."""


def choices_of(record: Any) -> dict[str, Any] | None:
    """Return the choices of a record by name, or None if it is not a record."""
    if isinstance(record, type):
        return None
    if is_dataclass(record):
        return {f.name: getattr(record, f.name) for f in fields(record) if f.init}
    try:
        return dict(record.get_params(deep=False))
    except (AttributeError, RuntimeError):  # its choices are private
        return None


def nested(record: Any) -> dict[str, Any]:
    """Return the choices of a record and, as `part__name`, those of its parts."""
    found = {}
    for name, value in (choices_of(record) or {}).items():
        found[name] = value
        found |= {name + BETWEEN + key: part for key, part in nested(value).items()}
    return found


def changed(record: Any, changes: Mapping[str, Any], path: str = "") -> Any:
    """Return a copy of a record with other choices.

    Parameters
    ----------
    changes : new choices by name; `part__name` reaches into a part, after `part`
        itself has been changed.
    path : what the names of the caller begin with.
    """
    known = choices_of(record) or {}
    inner: dict[str, dict[str, Any]] = {}
    own = {}
    for name, value in changes.items():
        part, between, rest = name.partition(BETWEEN)
        if part not in known:
            there = f"there are {', '.join(known)}" if known else "there is none"
            raise ValueError(f"`{path}{name}` is no parameter; {there}")
        if between:
            inner.setdefault(part, {})[rest] = value
        else:
            own[name] = value
    found = known | own
    for part, deeper in inner.items():
        found[part] = changed(found[part], deeper, path + part + BETWEEN)
    return type(record)(**found)


def described(record: Any) -> Any:
    """Return an immutable description of a record, for comparison with others."""
    choices = choices_of(record)
    if choices is None:
        return record
    return type(record), {name: described(part) for name, part in choices.items()}


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a read-only copy of an array."""
    own = np.array(array)
    own.flags.writeable = False
    return own
