"""Check the results of user-defined loss functions before further computation."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

NEEDED = "it must return a number f and an array ∂f of real numbers"


def takes_two(function: Any) -> bool:
    """Return whether `function` can be called with V and target."""
    if not callable(function) or isinstance(function, type):
        return False
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # some compiled functions have no signature
        return True
    return True


def beyond_floats(value: Any) -> bool:
    """Return whether an integer is too large to be a float."""
    try:
        float(value)
    except OverflowError:
        return True
    return False


def checked_answer(answer: Any, V: np.ndarray) -> tuple[float, np.ndarray]:
    """Return f and ∂f from the result of `function`; errors name the function."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise TypeError(
            f"`function` returned a {type(answer).__name__}; it must return a tuple "
            "(f, ∂f) of a number and an array like V"
        )
    value, slope = real("f", answer[0]), real("∂f", answer[1])
    if value.ndim:
        raise TypeError(
            f"`function` returned f of shape {value.shape}; {NEEDED}: sum or average f "
            "over the pixels"
        )
    if slope.shape != V.shape:
        raise ValueError(
            f"`function` returned a gradient of shape {slope.shape}; V has the shape "
            f"{V.shape}"
        )
    if not (math.isfinite(value) and np.isfinite(slope).all()):
        raise ValueError(
            f"`function` returned f = {value:g} or a gradient that is not finite: "
            "define both for every V, V = 0 included"
        )
    return float(value), slope


def real(symbol: str, answer: Any) -> np.ndarray:
    """Return a part of the answer as float64, or raise if it is not real.

    NumPy would drop imaginary parts, and accept strings and durations as numbers.
    """
    try:
        array = np.asarray(answer)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`function` returned a {type(answer).__name__} for {symbol}, which is "
            f"not an array; {NEEDED}"
        ) from error
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"`function` returned {symbol} of type {array.dtype}; {NEEDED}: take "
            "`.real` of a complex result"
        )
    return array.astype(float)
