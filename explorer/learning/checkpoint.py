"""Checkpoints of a `Learner` on disk, to resume learning with bit-identical results."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import COMPONENT, STEP, fingerprint
from explorer.files import Place, read, sealed, unpacking, write
from explorer.learning.learner import Learner, require
from explorer.learning.optimizers import Moments
from explorer.learning.trace import Step, trace_of
from explorer.messages import About

SCHEMA = 2
"""Version of the layout of the file."""

KIND = "checkpoint of a learning run"

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""The address of a function, which differs from process to process."""

PARTS = {
    "data": "the distances, ρ, base point or number type",
    "labels": "the ground truth",
    "start": "the initial weights",
}
"""Arrays that identify the run of a checkpoint, besides the settings."""


def save_checkpoint(learner: Learner, records: Sequence[Step], path: Place) -> None:
    """Save the state of a learner; the file is written completely or not at all.

    Parameters
    ----------
    learner : Learner, between two steps.
    records : its steps so far, the current one last; the file contains them.
    path : netCDF file; an existing file is replaced.

    Raises
    ------
    TypeError, ValueError
        if the records are not the steps of this learner up to its current state.
    OSError
        if the file cannot be written.
    """
    require("learner", learner, Learner, "Learner(flow, labels)")
    weights, memory, step = learner.position
    checked_records(records, step)
    trace = trace_of(records)
    state = {f"memory_{k}": v for k, v in packed(memory).items()}
    data: dict[str, Any] = {
        name: (tuple(f"{name}_{axis}" for axis in range(np.ndim(array))), array)
        for name, array in {"weights": weights, **state}.items()
    }
    attrs = {
        "kind": KIND,
        "schema": SCHEMA,
        "position": step,
        "belongs_to": json.dumps(identity(learner), sort_keys=True),
    }
    write(sealed(trace.assign(data).assign_attrs(attrs)), path)


def load_checkpoint(learner: Learner, path: Place) -> list[Step]:
    """Restore the state of a learner from a file; return the steps so far.

    `learner.iterate` then starts with the last of them, as after any interruption.

    Raises
    ------
    ValueError
        if the file is damaged or belongs to other data or settings; the error names
        the difference. The learner stays unchanged.

    Notes
    -----
    A loss of your own is identified only by its name: whether it still computes the
    same values is not checked.
    """
    require("learner", learner, Learner, "Learner(flow, labels)")
    dataset = read(path, KIND, SCHEMA)
    with unpacking(path):
        belongs_to = json.loads(dataset.attrs["belongs_to"])
        refuse_others(path, identity(learner), belongs_to)
        place, steps = place_of(dataset), steps_of(dataset)
        learner.move(*place)
    return steps


def refuse_others(path: Place, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    """Raise if a checkpoint belongs to another run; the error names the difference."""
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) == found.get(name):
            continue
        if name in PARTS:
            rest = (
                f"= '{path}' belongs to another run: {PARTS[name]} differ; use the "
                "data it was made with, or start over with another file"
            )
            raise ValueError(About("path", rest))
        rest = (
            f"= '{path}' belongs to another run: `{name}` was {found.get(name)}, and "
            f"is {wanted.get(name)} now; use the old value, or start over with another "
            "file"
        )
        raise ValueError(About("path", rest))


def checked_records(records: Any, step: int) -> None:
    """Raise unless these are the steps of a run, up to `step`."""
    listed = isinstance(records, Sequence)
    if not listed or not all(isinstance(record, Step) for record in records):
        raise TypeError(
            f"`records` is a {type(records).__name__}; pass a list of the steps "
            "that `learner.iterate` yielded"
        )
    if not records or records[-1].step != step:
        last = f"end at step {records[-1].step}" if records else "are empty"
        raise ValueError(
            f"`records` {last}, and the learner is at step {step}: pass all steps "
            "that it has yielded"
        )


def place_of(dataset: xr.Dataset) -> tuple[np.ndarray, Any, int]:
    """Return the `position` of the learner that a checkpoint holds."""
    prefix = "memory_"
    state = {
        str(name).removeprefix(prefix): array.values
        for name, array in dataset.items()
        if str(name).startswith(prefix)
    }
    step = int(dataset.attrs["position"])
    return dataset["weights"].values, unpacked(state), step


def identity(learner: Learner) -> dict[str, Any]:
    """Return the identity of a run: digests of its arrays, and its settings."""
    settings = learner.settings().items()
    return {
        "data": learner.flow.digest,
        "labels": fingerprint(learner.truth),
        "start": fingerprint(learner.start),
        **{k: ADDRESS.sub("", v) if isinstance(v, str) else v for k, v in settings},
    }


def packed(memory: Any) -> dict[str, np.ndarray]:
    """Return the memory of an optimizer as named arrays; none if it is empty."""
    if memory is None:
        return {}
    if isinstance(memory, Moments):
        return {name: np.asarray(v) for name, v in memory._asdict().items()}
    return {"value": np.asarray(memory)}


def unpacked(arrays: dict[str, np.ndarray]) -> Any:
    """Return the memory that `packed` stored."""
    if not arrays:
        return None
    if "value" in arrays:
        value = arrays["value"]
        return value if value.ndim else float(value)
    return Moments(int(arrays["steps"]), arrays["mean"], arrays["size"])


def steps_of(dataset: xr.Dataset) -> list[Step]:
    """Return the records of a trace."""
    names = [f.name for f in fields(Step) if f.name not in (STEP, "singular_values")]
    records = []
    for k, step in enumerate(dataset.variables[STEP].values.tolist()):
        at = dataset.isel({STEP: k})
        sigma = at.singular_values.dropna(COMPONENT).values
        numbers = {name: float(at[name]) for name in names}
        records.append(Step(step=step, singular_values=sigma, **numbers))
    return records
