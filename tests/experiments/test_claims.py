"""The paper's statements: each measure on data whose answer is known by heart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from explorer.experiments import claims
from explorer.experiments.scenarios import TIME


def curves(**means):
    """Curves of named variants on two scenes, around the means that are given."""
    rows = [np.stack([np.array(c) - 1.0, np.array(c) + 1.0]) for c in means.values()]
    names = [name.replace("_", " = ") for name in means]
    return xr.Dataset(
        {"error_percent": (("variant", "scene", "step"), np.stack(rows))},
        coords={"variant": names},
    )


def test_a_gap_is_the_largest_between_means():
    data = curves(a=[9.0, 5.0, 1.0], b=[9.0, 5.5, 1.0], c=[9.0, 2.0, 1.0])
    assert claims.largest_gap(data, ["a", "b"]) == pytest.approx(0.5, rel=1e-14)
    assert claims.largest_gap(data, ["a", "b", "c"]) == pytest.approx(3.5, rel=1e-14)


def test_an_excess_is_that_of_the_end():
    data = curves(a=[1.0, 7.0], b=[2.0, 4.5])
    assert claims.final_excess(data, "a", "b") == pytest.approx(2.5, rel=1e-14)


def test_small_times_are_compared_half_way():
    times = {"T_1": [9.0, 4.0, 0.0], "T_2.5": [9.0, 6.0, 0.0], "T_5": [9.0, 5.0, 0.0]}
    data = curves(**times, T_30=[9.0, 99.0, 0.0])
    assert claims.slowest_small(data) == pytest.approx(2.0, rel=1e-14)


def test_a_change_is_that_of_the_last_ten_steps_of_the_worst_run():
    run = np.concatenate([np.full(5, 50.0), np.linspace(3.0, 2.0, 11)])
    short = np.concatenate([np.full(12, 4.0), np.full(4, np.nan)])  # ended early
    short[11] = 4.5
    both = (("run", "training_step"), np.stack([run, short]))
    data = xr.Dataset({"validation_error_percent": both})
    assert claims.last_change(data) == pytest.approx(1.0, rel=1e-14)


def test_far_is_more_than_t_pixels_from_strong_gradients():
    norm = np.zeros((1, 3, 20))
    norm[0, :, 0] = 1.0
    norm[0, 0, int(TIME) + 1] = 0.5  # beside it nothing is far within T pixels
    data = xr.Dataset({"norm": (("scene", "row", "col"), norm)})
    assert claims.far_norm(data) == 100.0
    norm[0, 2, -1] = 0.05
    rows, cols = np.indices((3, 20))
    strong = np.argwhere(norm[0] >= 0.1)
    distance = np.min(
        [np.hypot(rows - r, cols - c) for r, c in strong], axis=0
    )  # fmt: skip
    far = distance > TIME
    assert claims.far_norm(data) == pytest.approx(100.0 * (1.0 - 1.0 / far.sum()))
    assert math.isnan(claims.far_norm(data.isel(col=slice(0, 4))))


def test_a_claim_that_does_not_hold_is_said_to():
    claim = next(c for c in claims.CLAIMS if "99 %" in c.statement)
    assert claims.verdict(claim, 99.5) == "yes"
    assert claims.verdict(claim, 98.5) == "no"
    assert claims.verdict(claim, math.nan) == "not measured"
