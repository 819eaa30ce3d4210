"""`laf` where its output ends early, where it is interrupted early, or cannot write."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import explorer as ex
from explorer.command import interrupted, main
from explorer.command.delivery import deliver
from tests.command.processes import environment, laf, read_until, started

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

LEARN = ["learn", "--size=12", "--steps=1"]
TRAIN = ["train", "--images=image.png", "--labels=truth.png", "--n_prototypes=6",
         "--dim=6"]  # fmt: skip
COMMANDS = {
    "learn": (LEARN, "run.nc"),
    "train": ([*TRAIN, "--steps=1"], "model.nc"),
    "label": (["label", "image.png", "--prototypes", "0", "1", "--truth=truth.png"],
              "labels.nc"),
    "table": (["table", "--size=8", "--out=table.nc"], "table.nc"),
}  # fmt: skip

ENDS = ("<&- >&- 2>&-", "2>&1 | true", ">&-", "2>&-", "| true", "2>/dev/full")
SOME = ENDS[:2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An image of thin lines with its labels."""
    monkeypatch.chdir(tmp_path)
    scene = ex.voronoi_scene("lines", 16, 0.2)
    unit = np.clip(scene.image.values[..., 0], 0.0, 1.0)
    Image.fromarray((255 * unit).astype(np.uint8)).save("image.png")
    Image.fromarray((255 * scene.labels.values).astype(np.uint8)).save("truth.png")
    return tmp_path


def through_a_shell(arguments, end, cwd):
    line = f"set -o pipefail; {shlex.join([*laf(), *arguments])} {end}"
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=environment(), capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("command", "end"),
    [(c, e) for c in COMMANDS for e in (ENDS if c == "learn" else SOME)],
)
def test_a_stream_that_ends_does_not_end_the_run(command, end, folder):
    if "/dev/full" in end and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    arguments, written = COMMANDS[command]
    done = through_a_shell(arguments, end, folder)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    xr.load_dataset(folder / written, engine="h5netcdf")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["label", "table"])
def test_printed_results_that_are_lost_are_an_error(command, folder):
    arguments, written = COMMANDS[command]
    done = through_a_shell(arguments, ">/dev/full", folder)
    assert done.returncode == 1
    assert "laf: error: output is lost: [Errno 28]" in done.stderr
    assert (folder / written).exists()


@pytest.mark.parametrize("arguments", [["--help"], LEARN], ids=["help", "learn"])
def test_ctrl_c_during_the_imports_ends_in_words(arguments, tmp_path):
    for seconds in (0.2, 0.4, 0.6):
        with started(*arguments, cwd=tmp_path) as process:
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        # 0: it was quicker; a signal: Python itself was about to begin or to end
        assert process.returncode in (130, 0, -signal.SIGINT)
        assert "Traceback" not in err


def test_ctrl_c_may_come_in_disguise(monkeypatch, capsys):
    disguised = RuntimeError("Error calling __set_name__ on a field")
    disguised.__cause__ = KeyboardInterrupt()
    assert interrupted(disguised)
    assert not interrupted(RuntimeError("of its own"))

    def broken(options):
        raise RuntimeError("of its own")

    monkeypatch.setattr("explorer.command.learn.learn", broken)
    with pytest.raises(RuntimeError, match="of its own"):
        main(LEARN)


@pytest.mark.parametrize("command", ["learn", "train"])
def test_a_folder_that_vanishes_is_made_again(command, folder):
    arguments = {"learn": LEARN[:2], "train": [*TRAIN, "--patience=100000"]}[command]
    (folder / "out").mkdir()
    places = ["--steps=100000", "--out=out/it.nc", "--checkpoint=out/kept.nc"]
    with started(*arguments, *places, cwd=folder) as process:
        read_until(process, "    3 ")
        shutil.rmtree(folder / "out")
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the folder 'out' had vanished" in err
    for name in ("it.nc", "kept.nc"):
        found = xr.load_dataset(folder / "out" / name, engine="h5netcdf")
        assert found.step[-1] >= 3


def test_what_cannot_be_written_goes_to_a_temporary_folder(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    tried = []

    def write(path):
        tried.append(path)
        if len(tried) == 1:
            raise OSError(28, "No space left on device")
        path.write_text("precious")
        return [path]

    assert deliver("train", tmp_path / "model.nc", write) == 1
    place = tried[1]
    assert place.read_text() == "precious"
    assert place.parent.parent == tmp_path / "temporary"
    said = capsys.readouterr().err
    assert f"cannot write '{tmp_path / 'model.nc'}'" in said
    assert f"wrote {place}" in said


def test_where_nothing_can_be_written_nothing_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def write(path):
        raise OSError(28, "No space left on device")

    assert deliver("learn", tmp_path / "run.nc", write) == 1
    assert list(tmp_path.iterdir()) == []
    assert "wrote" not in capsys.readouterr().err


@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("second", ["SIGTERM", "SIGHUP"])
def test_a_second_signal_of_any_kind_loses_nothing(first, second, tmp_path):
    command = ["learn", "--size=16", "--steps=1000000", "--out=kept.nc"]
    with started(*command, cwd=tmp_path) as process:
        read_until(process, "     3 ")
        process.send_signal(getattr(signal, first))
        process.send_signal(getattr(signal, second))
        process.stdout.read()
        _, err = process.communicate(timeout=60)
    assert process.returncode in (128 + getattr(signal, s) for s in (first, second))
    assert "Traceback" not in err
    assert xr.load_dataset(tmp_path / "kept.nc", engine="h5netcdf").step[-1] >= 3


def test_memory_that_does_not_do_is_an_error_in_words(monkeypatch, capsys):
    def greedy(options):
        raise MemoryError("Unable to allocate 28.1 GiB")

    monkeypatch.setattr("explorer.command.table.table", greedy)
    assert main(["table", "--size=8"]) == 1
    said = capsys.readouterr().err
    assert "laf: error: out of memory (Unable to allocate 28.1 GiB): ask for" in said


def test_steps_before_memory_ran_out_are_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    advance = ex.Learner._advance

    def greedy(self):
        if self.position[2] == 2:
            raise MemoryError("Unable to allocate 1 GiB")
        advance(self)

    monkeypatch.setattr(ex.Learner, "_advance", greedy)
    assert main(["learn", "--size=8", "--steps=9"]) == 1
    assert "out of memory (Unable to allocate 1 GiB)" in capsys.readouterr().err
    assert xr.load_dataset(tmp_path / "run.nc", engine="h5netcdf").step[-1] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_loses_nothing(folder):
    name = os.fsdecode(b"caf\xe9.png")
    shutil.copy("image.png", name)
    assert main(["learn", f"--image={name}", "--labels-count=2", "--steps=1"]) == 0
    found = xr.load_dataset(folder / "run.nc", engine="h5netcdf")
    assert found.attrs["scene"] == "caf?.png"


def test_links_stay_and_what_they_point_to_is_replaced(folder):
    (folder / "real.nc").write_text("old")
    (folder / "link.nc").symlink_to("real.nc")
    assert main(["table", "--size=8", "--out=link.nc"]) == 0
    assert (folder / "link.nc").is_symlink()
    xr.load_dataset(folder / "real.nc", engine="h5netcdf")
    (folder / "loop.png").symlink_to("loop.png")
    with pytest.raises(SystemExit) as caught:
        main(["learn", "--image=loop.png"])
    assert caught.value.code == 2


def test_pipes_and_devices_are_not_replaced(folder, capsys):
    os.mkfifo("pipe.nc")
    for command in (LEARN, TRAIN, ["table", "--size=8"]):
        with pytest.raises(SystemExit) as caught:
            main([*command, "--out=pipe.nc"])
        assert caught.value.code == 2
        said = capsys.readouterr().err.replace("\n", " ")
        assert "`out` = 'pipe.nc' is a device or a pipe" in said
    assert (folder / "pipe.nc").is_fifo()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["--version"], ["train", "--help"]])
def test_help_that_is_lost_is_an_error(arguments, tmp_path):
    done = through_a_shell(arguments, ">/dev/full", tmp_path)
    assert done.returncode == 1
    assert "output is lost" in done.stderr


def test_imports_wait_until_they_are_needed():
    code = "import sys, explorer.command; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
