"""Trained predictors as netCDF files, with everything needed to resume training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import xarray as xr

from explorer.dims import FEATURE, LABEL, OFFSET, PROTOTYPES, STEP
from explorer.features.data_terms import DataTerm, Distances, PrototypeDistance
from explorer.features.evidence import Evidence
from explorer.features.extractors import (
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
)
from explorer.losses.balanced import BalancedLoss
from explorer.losses.losses import CrossEntropy, DirectionLoss
from explorer.prediction.patches import PatchModel
from explorer.prediction.training import TrainingState, TrainingStep, history_of
from explorer.records import frozen
from explorer.scenes.pictures import Kind
from explorer.scenes.ranges import Scale

SCHEMA = 5
"""Version of the layout of the file."""

KIND = "weight patch predictor"

PATCH, PARAMETER = "patch", "parameter"

DATA_TERM = "data_term_"
"""Prefix of the names of the data term's arrays."""

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
    """Return the content of a predictor: parameters, training state, data term."""
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
    """Return parameters in a form for JSON: records by their kind and fields."""
    return {name: spelled(value) for name, value in parameters.items()}


def spelled(value: Any) -> Any:
    """Return a record of `RECORDS` as a dictionary; other plain values as they are.

    Raises
    ------
    ValueError
        if it is an object of your own, which a file cannot hold.
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
    """Return the value that `spelled` wrote."""
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


def packed(predictor: Any) -> xr.Dataset:
    """Return the content of a trained predictor."""
    parameters, kind = predictor.get_params(deep=False), predictor.kind_
    found = to_dataset(parameters, predictor.state_, predictor.distances_)
    found["label_prototypes"] = (PROTOTYPES, predictor.label_prototypes_)
    found["label_values"] = ((LABEL, "code"), predictor.label_values_)
    if predictor.label_colors_ is not None:
        found["label_colors"] = ((LABEL, "rgb"), predictor.label_colors_)
    found["image_range"] = ("bound", [kind.scale.low, kind.scale.high])
    return found.assign_attrs(channel_names=json.dumps(kind.names))


def unpack(predictor: Any, dataset: xr.Dataset) -> None:
    """Restore the content that `packed` stored into a predictor."""
    predictor.state_ = state_of(dataset)
    predictor.distances_ = distances_of(dataset, predictor.data_term)
    predictor.label_prototypes_ = frozen(dataset["label_prototypes"].values)
    predictor.label_values_ = frozen(dataset["label_values"].values)
    if "label_colors" in dataset:
        predictor.label_colors_ = frozen(dataset["label_colors"].values)
    predictor.kind_ = kind_of(dataset)
    predictor.n_features_in_ = predictor.kind_.channels


def kind_of(dataset: xr.Dataset) -> Kind:
    """Return the properties of the training images of a stored predictor."""
    prototypes = dataset["label_prototypes"].values
    names = json.loads(dataset.attrs["channel_names"])
    low, high = dataset["image_range"].values.tolist()
    scale = Scale(low, high, float(prototypes.max()))
    return Kind(prototypes.shape[1], names and tuple(names), scale)


def state_of(dataset: xr.Dataset) -> TrainingState:
    """Return the training state of a stored predictor."""
    slope, mean, square = (dataset[n].values for n in ("slope", "mean", "square"))
    names = [f.name for f in fields(TrainingStep) if f.name != STEP]
    columns = [dataset[name].values.tolist() for name in names]
    steps = dataset.variables[STEP].values.tolist()
    records = tuple(map(TrainingStep, steps, *columns))
    model, best = model_of(dataset, "model"), model_of(dataset, "best")
    scenes: tuple[str, str] = tuple(json.loads(dataset.attrs["scenes"]))
    return TrainingState(model, best, slope, mean, square, records, scenes)


def model_of(dataset: xr.Dataset, name: str) -> PatchModel:
    """Return the model that was stored under a name."""
    tangents, prototypes = dataset[f"{name}_tangents"], dataset[f"{name}_prototypes"]
    scale = float(dataset[f"{name}_log_scale"])
    return PatchModel(tangents.values, prototypes.values, scale)
