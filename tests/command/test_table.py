"""`laf table`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from explorer.command import main
from explorer.experiments.cosine import cosine_table

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


def test_it_prints_the_table_and_writes_it(tmp_path, capsys):
    out = tmp_path / "table.nc"
    assert main(["table", "--size", "6", "--seed", "2", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    expected = cosine_table(6, 2)
    lines = printed.out.splitlines()
    for scene in expected.scene.values:
        rows = [line for line in lines if line.startswith(scene)]
        assert len(rows) == expected.sizes["time"]
        shares = [f"{x:.3f}" for x in expected.sel(scene=scene).share.values[0]]
        assert all(share in rows[0] for share in shares)
    assert "σ₂/σ₁" in printed.out
    assert str(out) in printed.err
    with xr.open_dataset(out, engine="h5netcdf") as stored:
        np.testing.assert_array_equal(stored.share, expected.share)
        assert stored.attrs["seed"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["table.nc"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "1"], "`size` = 1"),
        (["--size", "x"], "not a number"),
        (["--seed", "-1"], "out of range"),
        (["--out", "table.txt"], "must end in .nc"),
        (["--out", "/nowhere/t.nc"], "no folder"),
        (["--rank", "2"], "unrecognized"),
    ],
)
def test_wrong_arguments_end_with_a_message(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["table", *arguments])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_options_of_the_dashboard_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--no-browser", "table"])
    assert "no meaning for table" in capsys.readouterr().err
