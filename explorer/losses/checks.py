"""`check_loss`: the slope of the Taylor remainder reveals wrong gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import LABEL, LABEL_FIELD, NODE, STEP, axes_of, finite_field
from explorer.geometry import simplex
from explorer.losses.losses import Loss, TangentLoss

STEPS = 10.0 ** -np.arange(1.0, 7.0)
"""Steps t relative to ‖V‖: from 0.1, where the loss may bend, to 1e-6."""

ROUNDING = 1000 * np.finfo(float).eps
"""Remainders below this fraction of the canceling terms count as rounding: a loss sums
over pixels, and may itself lose some digits."""

LEAST_SLOPE = 1.8
"""Least slope of the remainder for a correct gradient. The slope is 2 for a correct
gradient (3 if second derivatives also vanish) and 1 for a wrong one; 0.2 allows for
higher orders."""

FITTED = 3
"""Number of step sizes for the slope fit: the smallest ones above rounding error,
because a wrong gradient has the largest effect there, and higher orders the least."""


def check_loss(
    loss: Any, V: Any, target: Any, seed: int = int(params.SEED.default)
) -> xr.Dataset:
    """Compare f and ∂f: |f(V + tY) − f(V) − t⟨∂f(V), Y⟩| falls like t² if they agree.

    Y is a random unit direction with zero mean over the labels, like tangent vectors.

    Parameters
    ----------
    loss : Loss, or callable (V, target) → (f, ∂f).
    V : DataArray or array (label, row, col) or (label, node), not zero.
    target : like V, Π₀(one-hot): one-hot labels minus their mean over the labels.
    seed : int in 0 … 2³²−1, of the direction.

    Returns
    -------
    Dataset with the `remainder` over `step` t = ‖V‖·10⁻¹ … ‖V‖·10⁻⁶, and whether the
    loss has `passed`. Attributes: the `slope` of the remainder (2 is right, 1 wrong,
    NaN if all is rounding, as for a linear loss), and `status`, the verdict in words.

    Raises
    ------
    ValueError, TypeError
        The message names the argument, or the result of the loss, and the cure.
    """
    function = checked(loss)
    V, target = fields(V, target)
    # a separate stream: V itself may come from default_rng(seed)
    generator = np.random.default_rng([params.SEED.check(seed), 1])
    Y = simplex.center(generator.standard_normal(V.shape))
    Y /= float(np.linalg.norm(Y)) or 1.0  # zero for one label: nothing can change
    steps = float(np.linalg.norm(V)) * STEPS
    value, gradient = function(V.copy(), target.copy())
    linear = steps * float(np.vdot(gradient, Y))
    ahead = np.array([function(V + t * Y, target.copy())[0] for t in steps])
    remainder = np.abs(ahead - value - linear)
    size = abs(value) + np.abs(ahead).max() + np.abs(linear).max()
    slope = fitted_slope(steps, remainder, ROUNDING * size)
    return verdict(steps, remainder, slope)


def checked(loss: Any) -> Loss:
    """Return a loss that checks its own results."""
    if isinstance(loss, TangentLoss):
        return loss
    if isinstance(loss, type) or not callable(loss):
        raise TypeError(
            f"`loss` = {loss!r} is a {type(loss).__name__}; pass a Loss such as "
            "`CrossEntropy()`, or a function (V, target) → (f, ∂f)"
        )
    return TangentLoss(loss)


def fields(V: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return V and target as plain arrays of one shape."""
    dims = (LABEL, NODE) if axes_of("V", V) == 2 else LABEL_FIELD
    target = Coordinates.of("V", V, dims).align("target", target)
    V, target = finite_field("V", V, dims), finite_field("target", target, dims)
    if V.shape != target.shape:
        raise ValueError(
            f"`target` has shape {target.shape}; V has the shape {V.shape}: pass "
            "Π₀(one-hot), one-hot labels minus their mean over the labels"
        )
    norm = float(np.linalg.norm(V))
    if norm == 0.0 or not math.isfinite(norm):
        raise ValueError(
            f"`V` has the norm {norm:g}, so no step size fits: pass the V of "
            "a solution, `Krylov().solve(flow, weights, time).V`"
        )
    return V, target


def fitted_slope(steps: np.ndarray, remainder: np.ndarray, rounding: float) -> float:
    """Return the slope of the smallest steps above rounding; NaN for fewer than two."""
    above = np.flatnonzero(remainder > rounding)[-FITTED:]
    if above.size < 2:
        return math.nan
    return float(np.polyfit(np.log(steps[above]), np.log(remainder[above]), 1)[0])


def verdict(steps: np.ndarray, remainder: np.ndarray, slope: float) -> xr.Dataset:
    """Return the remainders with their slope and the verdict."""
    passed = math.isnan(slope) or slope >= LEAST_SLOPE
    if math.isnan(slope):
        status = "passed: only rounding remains; along this line the loss is linear"
    elif passed:
        status = f"passed: the remainder falls like t^{slope:.2f}"
    else:
        status = (
            f"failed: the remainder falls like t^{slope:.2f}, not like t² as "
            "for the gradient of f: compare ∂f with f, its sign, factors and sums"
        )
    attrs = {"long_name": "remainder of the Taylor expansion", "symbol": "|r(t)|"}
    return xr.Dataset(
        {"remainder": (STEP, remainder, attrs), "passed": ((), passed)},
        coords={STEP: (STEP, steps, {"symbol": "t", "long_name": "step"})},
        attrs={"slope": slope, "status": status},
    )
