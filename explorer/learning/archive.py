"""Trained predictors as netCDF files: all that training needs to go on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import FEATURE, OFFSET, PROTOTYPES, STEP
from explorer.learning.patches import PatchModel
from explorer.learning.training import TrainingState, TrainingStep, history_of
from explorer.scenes.extractors import (
    Extractor,
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
)

SCHEMA = 1
"""Version of the layout of the file."""

KIND = "weight patch predictor"

PATCH, PARAMETER = "patch", "parameter"

EXTRACTORS: dict[str, type[Extractor]] = {
    kind.__name__: kind for kind in (RawWindow, GaussianDerivatives, StructureTensor)
}


def to_dataset(
    parameters: Mapping[str, Any], state: TrainingState, prototypes: np.ndarray
) -> xr.Dataset:
    """Return all of a predictor: parameters, training state, prototypes of labels."""
    history = history_of(state.records)
    data: dict[str, Any] = {"label_prototypes": (PROTOTYPES, prototypes)}
    for name in ("model", "best"):
        model: PatchModel = getattr(state, name)
        data[f"{name}_tangents"] = ((PATCH, OFFSET), model.tangents, {"symbol": "ν"})
        data[f"{name}_prototypes"] = ((PATCH, FEATURE), model.prototypes)
        data[f"{name}_log_scale"] = ((), model.log_scale, {"symbol": "log σ"})
    for name in ("slope", "mean", "square"):
        data[name] = (PARAMETER, getattr(state, name))
    attrs = {
        "kind": KIND,
        "schema": SCHEMA,
        "parameters": json.dumps(encoded(parameters), sort_keys=True),
    }
    return history.assign(data).assign_attrs(attrs)


def encoded(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON can hold them."""
    extractor = parameters["features"]
    named = extractor and {"kind": type(extractor).__name__, **asdict(extractor)}
    return {**parameters, "features": named}


def parameters_of(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the parameters of a stored predictor."""
    found: dict[str, Any] = json.loads(dataset.attrs["parameters"])
    features = found["features"]
    if features is not None:
        kind = EXTRACTORS[features.pop("kind")]
        found["features"] = kind(**features)
    return found


def state_of(dataset: xr.Dataset) -> TrainingState:
    """Return the training state of a stored predictor."""
    slope, mean, square = (dataset[n].values for n in ("slope", "mean", "square"))
    names = [f.name for f in fields(TrainingStep) if f.name != STEP]
    columns = [dataset[name].values.tolist() for name in names]
    steps = dataset[STEP].values.tolist()
    records = tuple(map(TrainingStep, steps, *columns))
    model, best = model_of(dataset, "model"), model_of(dataset, "best")
    return TrainingState(model, best, slope, mean, square, records)


def model_of(dataset: xr.Dataset, name: str) -> PatchModel:
    """Return the model that was stored under a name."""
    tangents, prototypes = dataset[f"{name}_tangents"], dataset[f"{name}_prototypes"]
    scale = float(dataset[f"{name}_log_scale"])
    return PatchModel(tangents.values, prototypes.values, scale)
