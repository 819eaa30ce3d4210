"""Trained predictors as netCDF files: all that training needs to go on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import FEATURE, LABEL, OFFSET, PROTOTYPES, STEP
from explorer.learning.balanced import BalancedLoss
from explorer.learning.losses import CrossEntropy, DirectionLoss
from explorer.prediction.patches import PatchModel
from explorer.prediction.training import TrainingState, TrainingStep, history_of
from explorer.scenes.data_terms import DataTerm, Distances, PrototypeDistance
from explorer.scenes.evidence import Evidence
from explorer.scenes.extractors import (
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
)

SCHEMA = 4
"""Version of the layout of the file."""

KIND = "weight patch predictor"

PATCH, PARAMETER = "patch", "parameter"

DATA_TERM = "data_term_"
"""What names of arrays of the data term begin with."""

RECORDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        RawWindow, GaussianDerivatives, StructureTensor, PrototypeDistance, Evidence,
        DirectionLoss, CrossEntropy, BalancedLoss,
    )
}  # fmt: skip
"""Choices that a file can hold."""


def to_dataset(
    parameters: Mapping[str, Any],
    state: TrainingState,
    distances: Distances,
) -> xr.Dataset:
    """Return what a predictor has learned: parameters, training state, data term."""
    history = history_of(state.records)
    data: dict[str, Any] = {}
    for name in ("model", "best"):
        model: PatchModel = getattr(state, name)
        data[f"{name}_tangents"] = ((PATCH, OFFSET), model.tangents, {"symbol": "ν"})
        data[f"{name}_prototypes"] = ((PATCH, FEATURE), model.prototypes)
        data[f"{name}_log_scale"] = ((), model.log_scale, {"symbol": "log σ"})
    for name, array in distances.arrays.items():
        dims = tuple(f"{DATA_TERM}{name}_{axis}" for axis in range(array.ndim))
        data[DATA_TERM + name] = (dims, array)
    for name in ("slope", "mean", "square"):
        data[name] = (PARAMETER, getattr(state, name))
    attrs = {
        "kind": KIND,
        "schema": SCHEMA,
        "parameters": json.dumps(encoded(parameters), sort_keys=True),
        "scenes": json.dumps(state.scenes),
    }
    return history.assign(data).assign_attrs(attrs)


def encoded(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON can hold them: records by their kind and fields."""
    return {name: spelled(value) for name, value in parameters.items()}


def spelled(value: Any) -> Any:
    """Return a record of `RECORDS` as a dictionary; text, numbers, tuples of them.

    Raises
    ------
    ValueError
        where it is something of the user's own, which a file cannot hold.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return [spelled(part) for part in value]
    if RECORDS.get(type(value).__name__) is not type(value):
        raise ValueError(
            f"{value!r} cannot be stored: a file knows only {', '.join(RECORDS)}"
        )
    names = [f.name for f in fields(value)]
    return {"kind": type(value).__name__} | {
        name: spelled(getattr(value, name)) for name in names
    }


def read_out(value: Any) -> Any:
    """Return what `spelled` was given."""
    if not isinstance(value, dict):
        return tuple(value) if isinstance(value, list) else value
    arguments = {name: read_out(part) for name, part in value.items()}
    return RECORDS[arguments.pop("kind")](**arguments)


def parameters_of(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the parameters of a stored predictor."""
    found: dict[str, Any] = json.loads(dataset.attrs["parameters"])
    return {name: read_out(value) for name, value in found.items()}


def distances_of(dataset: xr.Dataset, data_term: DataTerm) -> Distances:
    """Return the fitted data term of a stored predictor."""
    arrays = {
        str(name).removeprefix(DATA_TERM): array.values
        for name, array in dataset.items()
        if str(name).startswith(DATA_TERM)
    }
    return data_term.restore(arrays)


def state_of(dataset: xr.Dataset) -> TrainingState:
    """Return the training state of a stored predictor."""
    slope, mean, square = (dataset[n].values for n in ("slope", "mean", "square"))
    names = [f.name for f in fields(TrainingStep) if f.name != STEP]
    columns = [dataset[name].values.tolist() for name in names]
    steps = dataset[STEP].values.tolist()
    records = tuple(map(TrainingStep, steps, *columns))
    model, best = model_of(dataset, "model"), model_of(dataset, "best")
    scenes: tuple[str, str] = tuple(json.loads(dataset.attrs["scenes"]))
    return TrainingState(model, best, slope, mean, square, records, scenes)


def model_of(dataset: xr.Dataset, name: str) -> PatchModel:
    """Return the model that was stored under a name."""
    tangents, prototypes = dataset[f"{name}_tangents"], dataset[f"{name}_prototypes"]
    scale = float(dataset[f"{name}_log_scale"])
    return PatchModel(tangents.values, prototypes.values, scale)


LABELS = {
    "label_prototypes": PROTOTYPES,
    "label_values": (LABEL, "code"),
    "label_colors": (LABEL, "rgb"),
}
"""What is known of the labels; not every model has colors of palettes."""


def labels_to(*arrays: np.ndarray | None) -> dict[str, Any]:
    """Return prototypes, values and colors of the labels as variables."""
    found = zip(LABELS.items(), arrays, strict=True)
    return {name: (dims, a) for (name, dims), a in found if a is not None}


def labels_from(dataset: xr.Dataset) -> list[Any]:
    """Return prototypes, values and colors of the labels, None where there are none."""
    return [dataset[name].values if name in dataset else None for name in LABELS]
