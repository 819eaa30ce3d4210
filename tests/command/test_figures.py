"""`laf figures`: what it writes, how it goes on after a stop, what it refuses."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
import xarray as xr

from explorer.command import figures as command
from explorer.command import main
from explorer.experiments.units import Setup
from tests.command.processes import handled_as_usual

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

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
    with handled_as_usual():
        assert main(arguments) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "figure1.nc").exists()
    assert computed == [0, 1, 2]
    assert main(arguments) == 0
    assert computed[3:] == [2, 3, 4]  # the first two came from the folder


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("figure1.nc", None), ("figure1.png", None), ("figure1.html", None),
        ("claims.txt", None), ("claims.nc", None), ("parts", "a file"),
        ("parts/figure1", "a file"), (".", "a file"),
    ],
)  # fmt: skip
def test_what_is_in_the_way_is_named_before_any_work(
    place, content, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(command, "figure", pytest.fail)
    path = tmp_path / "out" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if content is None else path.write_text(content)
    with pytest.raises(SystemExit) as caught:
        main(["figures", "1", "--quick", f"--out={tmp_path / 'out'}"])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "error: `out` = " in said
    assert path.name in said


def test_a_file_error_on_the_way_keeps_what_was_computed(
    tiny, tmp_path, monkeypatch, capsys
):
    def full(dataset, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(command, "write", full)
    assert main(["figures", "1", "--quick", f"--out={tmp_path}"]) == 1
    said = capsys.readouterr().err
    assert "laf figures: error: [Errno 28] No space left" in said
    assert "goes on from there" in said
    assert "Traceback" not in said
    assert len(list((tmp_path / "parts" / "figure1").iterdir())) == 4


def test_a_folder_that_vanishes_is_not_said_to_be_kept(
    tiny, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"

    def gone(dataset, path):
        shutil.rmtree(out)
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(command, "write", gone)
    assert main(["figures", "1", "--quick", f"--out={out}"]) == 1
    assert "has vanished, and with it what was computed" in capsys.readouterr().err


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
