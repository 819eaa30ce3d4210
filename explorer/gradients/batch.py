"""Gradients of a batch of images, each computed separately."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow.batch import FlowBatch, attempt
from explorer.flow.linearized import LinearizedFlow
from explorer.gradients.derivative import GradientMethod
from explorer.truths import declared


def batch_gradient(
    method: GradientMethod, batch: FlowBatch, weights: Any, labels: Any, time: float
) -> xr.Dataset:
    """Return loss and gradient of every image.

    If all images share the weights, the gradient of the mean loss is
    `result.gradient.mean("image")`.

    Parameters
    ----------
    method : LowRankGradient or another GradientMethod.
    batch : FlowBatch
    weights : DataArray or array (image, offset, row, col), or one for all images.
    labels : DataArray or array (image, row, col), ground truth, integers 0 … J−1.
    time : float in [0, 10⁴], T.

    Returns
    -------
    Dataset over `image` with the variables that `method` returns for one image, and
    `ok` and `status`. Missing singular values are NaN; if a computation fails,
    everything is NaN, and `status` says why. No image affects another's result.
    """
    if not isinstance(method, GradientMethod):
        raise TypeError(
            f"`method` = {method!r} is a {type(method).__name__}; pass a gradient "
            "method such as `LowRankGradient()`"
        )
    if not isinstance(batch, FlowBatch):
        raise TypeError(
            f"`batch` is a {type(batch).__name__}; pass a FlowBatch: "
            "`FlowBatch(distances)`"
        )
    time = params.TIME.check(time)
    arrays, truths = batch.check_weights(weights), batch.check_labels(labels)

    def one(flow: LinearizedFlow, array: np.ndarray, truth: np.ndarray) -> xr.Dataset:
        return attempt(
            lambda: told(method(flow, array, declared(truth), time)),
            lambda: failure(flow),
        )

    parts = map(one, batch.flows, arrays, truths)
    return batch.stacked(parts).assign_attrs(time=time, method=repr(method))


def told(result: xr.Dataset) -> xr.Dataset:
    """Return the result with `ok` and `status`, which say whether it is finite."""
    ok = bool(np.isfinite(result.loss) & np.isfinite(result.gradient).all())
    status = "computed" if ok else "the loss or gradient is not finite: lower `time`"
    return result.assign(ok=ok, status=status)


def failure(flow: LinearizedFlow) -> xr.Dataset:
    """Return the placeholder for the gradient of a failed image."""
    nothing = flow.label_weights(np.full(flow.neighborhood.weight_shape, np.nan))
    numbers = (
        "loss",
        "singular_value_ratio",
        "error_percent",
        "loss_error",
        "singular_value_error",
        "approximation_error",
        "truncation_error",
    )
    return xr.Dataset({"gradient": nothing} | dict.fromkeys(numbers, np.nan))
