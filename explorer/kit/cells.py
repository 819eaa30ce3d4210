"""Close the dashboards of a notebook cell when the cell runs again."""

from __future__ import annotations

import os
import weakref
from typing import Any

_by_cell: dict[str, tuple[str, list[weakref.ref[Any]]]] = {}


def in_voila() -> bool:
    """Return whether the kernel serves a page of Voila."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def present_cell() -> tuple[str, str]:
    """Return the names of the cell that runs and of its execution, or ("", "")."""
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        return str(parent["metadata"]["cellId"]), str(parent["header"]["msg_id"])
    except (ImportError, AttributeError, KeyError, TypeError):
        return "", ""


def replace_in_cell(app: Any) -> None:
    """Close the dashboards that the present cell made in an earlier execution.

    Front ends that identify cells also identify executions, so that one execution may
    make several dashboards.
    """
    cell, run = present_cell()
    if not cell:
        return
    before, apps = _by_cell.get(cell, (run, []))
    if before != run:
        for old in apps:
            if (alive := old()) is not None:
                alive.close()
        apps = []
    _by_cell[cell] = (run, [*apps, weakref.ref(app)])
