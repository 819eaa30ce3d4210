"""`laf figures`: what it writes, how it goes on after a stop, what it refuses."""

from __future__ import annotations

import os
import signal

import pytest
import xarray as xr

from explorer.command import figures as command
from explorer.command import main
from explorer.experiments.units import Setup

TINY = Setup(size=12, scenes=2, steps=1)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(command, "QUICK", TINY)


def test_it_writes_data_page_picture_and_claims(tiny, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert main(["figures", "3", "1", "--quick", "--out", str(out)]) == 0
    written = {path.name for path in out.iterdir()}
    stems = {f"figure{n}{end}" for n in (1, 3) for end in (".nc", ".png", ".html")}
    assert written == stems | {"claims.nc", "claims.txt", "parts"}
    printed = capsys.readouterr()
    assert printed.out.index("Figure 1.") < printed.out.index("Figure 3.")
    assert "holds" in printed.out
    with xr.open_dataset(out / "figure3.nc", engine="h5netcdf") as data:
        assert data.sizes["scene"] == 2
    with xr.open_dataset(out / "claims.nc", engine="h5netcdf") as data:
        assert set(data.figure.values) == {1, 3}


def test_a_stopped_run_goes_on_where_it_was(tiny, tmp_path, monkeypatch, capsys):
    computed = []
    compute, draw = command.FIGURES[1]

    def stopping(setup, bench):
        def tell(progress):
            computed.append(progress.done)
            if progress.done == 2 and len(computed) < 4:
                os.kill(os.getpid(), signal.SIGINT)

        return compute(setup, command.Bench(bench.folder, tell, bench.check))

    monkeypatch.setitem(command.FIGURES, 1, (stopping, draw))
    arguments = ["figures", "1", "--quick", "--out", str(tmp_path)]
    assert main(arguments) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "figure1.nc").exists()
    assert computed == [0, 1, 2]
    assert main(arguments) == 0
    assert computed[3:] == [2, 3, 4]  # the first two came from the folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["6"], "6 is no figure"),
        (["x"], "invalid int"),
        (["--out", "/dev/null/x"], "cannot be made"),
        (["--size", "3"], "unrecognized"),
    ],
)
def test_wrong_arguments_end_with_a_message(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["figures", *arguments])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err
