"""Checkpoints: going on to the last bit, and refusing those of other runs."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from explorer.learning.checkpoint import load_checkpoint, save_checkpoint

OPTIMIZERS = (
    ex.RiemannianDescent(),
    ex.ArmijoDescent(50.0),
    ex.MomentumDescent(0.3),
    ex.Adam(),
    ex.AdaMax(),
)


def learner(optimizer=OPTIMIZERS[0], noise=0.4, rho=0.5, **options):
    scene = ex.voronoi_scene("colors", 10, noise, seed=2)
    dtype = options.pop("dtype", "float64")
    flow = ex.LinearizedFlow(scene.distances, rho, dtype=dtype)
    return ex.Learner(flow, scene.labels, optimizer=optimizer, **options)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_run_goes_on_to_the_last_bit(tmp_path, optimizer, dtype):
    path = tmp_path / "run.nc"
    whole = learner(optimizer, dtype=dtype)
    expected = list(whole.iterate(5))
    first = learner(optimizer, dtype=dtype)
    save_checkpoint(first, list(first.iterate(2)), path)
    second = learner(optimizer, dtype=dtype)
    before = load_checkpoint(second, path)
    found = before[:-1] + list(second.iterate(3))
    np.testing.assert_array_equal(second.weights, whole.weights)
    assert [r.step for r in found] == [0, 1, 2, 3, 4, 5]
    for a, b in zip(found, expected, strict=True):
        assert (a.loss, a.error_percent) == (b.loss, b.error_percent)
        np.testing.assert_array_equal(a.singular_values, b.singular_values)


def test_a_start_can_be_stored(tmp_path):
    path = tmp_path / "run.nc"
    first = learner()
    save_checkpoint(first, list(first.iterate(0)), path)
    assert [r.step for r in load_checkpoint(learner(), path)] == [0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"noise": 0.3}, "the distances, ρ, base point or number type differ"),
        ({"dtype": "float32"}, "number type differ"),
        ({"time": 4.0}, "`time` was 5.0, and is 4.0 now"),
        ({"tau": 1e-6}, "`tau` was 0.0, and is 1e-06 now"),
        ({"optimizer": ex.Adam()}, "`optimizer` was RiemannianDescent(step=2.0)"),
        ({"gradient": ex.LowRankGradient(5)}, "`gradient` was LowRankGradient"),
    ],
    ids=str,
)
def test_checkpoints_of_other_runs_are_refused(tmp_path, other, message):
    path = tmp_path / "run.nc"
    first = learner()
    save_checkpoint(first, list(first.iterate(1)), path)
    second = learner(**other)
    before = second.weights
    with pytest.raises(ValueError, match=re.escape(message)):
        load_checkpoint(second, path)
    np.testing.assert_array_equal(second.weights, before)
    assert second.position[2] == 0


def test_other_labels_and_other_starts_are_refused(tmp_path):
    path = tmp_path / "run.nc"
    first = learner()
    save_checkpoint(first, list(first.iterate(1)), path)
    other = ex.Learner(first.flow, np.zeros((10, 10), int))
    with pytest.raises(ValueError, match="the ground truth differ"):
        load_checkpoint(other, path)
    with pytest.raises(ValueError, match="the initial weights differ"):
        load_checkpoint(learner(initial_weights=first.weights), path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.drop_vars("weights"),
        lambda d: d.assign_attrs(belongs_to="{}"),
        lambda d: d.assign_attrs(position=0),
        lambda d: d.isel(step=slice(0)),
        lambda d: d.drop_vars("memory_steps"),
        lambda d: d.isel(weights_1=slice(3)),
        lambda d: d.assign(weights=d.weights * np.nan),
        lambda d: d.rename(weights_1="weights_3"),
    ],
)
def test_damaged_files_are_said_to_be_so(tmp_path, damage):
    path = tmp_path / "run.nc"
    first = learner(ex.Adam())
    save_checkpoint(first, list(first.iterate(1)), path)
    damaged = damage(xr.load_dataset(path, engine="h5netcdf"))
    damaged.to_netcdf(path, engine="h5netcdf")
    second = learner(ex.Adam())
    with pytest.raises(ValueError, match=r"`path` = '.*run.nc' is damaged"):
        load_checkpoint(second, path)
    assert second.position[2] == 0
    damaged.drop_attrs().assign_attrs(kind=damaged.kind).to_netcdf(
        path, engine="h5netcdf"
    )
    with pytest.raises(ValueError, match="has layout none"):
        load_checkpoint(second, path)


def test_a_loss_of_ones_own_is_known_by_its_name(tmp_path):
    """In another process a function is at another place in memory."""

    def own():
        def distance(V, target):
            return float(np.sum((V - target) ** 2)), 2.0 * (V - target)

        return ex.LowRankGradient(loss=ex.TangentLoss(distance))

    path = tmp_path / "run.nc"
    one, two = own(), own()
    assert repr(one) != repr(two)
    first = learner(gradient=one)
    save_checkpoint(first, list(first.iterate(1)), path)
    assert load_checkpoint(learner(gradient=two), path)[-1].step == 1
    with pytest.raises(ValueError, match="`gradient` was LowRankGradient"):
        load_checkpoint(learner(), path)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    first = learner()
    with pytest.raises(FileNotFoundError, match="names no file"):
        load_checkpoint(first, tmp_path / "none.nc")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        save_checkpoint(first, list(first.iterate(0)), tmp_path / "a" / "b.nc")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        save_checkpoint(first, list(first.iterate(0)), tmp_path)
    with pytest.raises(TypeError, match="is not a path"):
        load_checkpoint(first, 3)
    records = list(first.iterate(1))
    path = tmp_path / "run.nc"
    for wrong, words in (
        ([], "are empty, and the learner is at step 1"),
        (records[:1], "end at step 0, and the learner is at step 1"),
    ):
        with pytest.raises(ValueError, match=f"`records` {words}"):
            save_checkpoint(first, wrong, path)
    for wrong in (None, "steps", [1], first.run(0)):
        with pytest.raises(TypeError, match="pass a list of the steps"):
            save_checkpoint(first, wrong, path)
    with pytest.raises(TypeError, match="`learner` = 3"):
        save_checkpoint(3, records, path)
    with pytest.raises(TypeError, match="`learner` = None"):
        load_checkpoint(None, path)
    assert not path.exists()
    first.run(0).to_netcdf(tmp_path / "trace.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="holds something else"):
        load_checkpoint(first, tmp_path / "trace.nc")
