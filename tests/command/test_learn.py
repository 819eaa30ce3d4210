"""`laf learn`: the table, the files, bad targets, and an end by Ctrl-C."""

import re
import signal
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import explorer as ex
from explorer.command import main
from explorer.command.learn import HEADER
from tests.command.processes import read_until, started

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

SMALL = ["learn", "--size=16", "--steps=2", "--noise=0.3"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty folder and return its exit code."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: main(list(arguments))


@pytest.fixture
def reports(monkeypatch):
    """Replace the report by a list of what it was called with."""
    calls = []

    def write_report(path, scene, learner, trace):
        path.write_text("report")
        calls.append((path.name, scene, learner, trace))

    monkeypatch.setattr("explorer.dashboards.report.write_report", write_report)
    return calls


def test_the_table_has_a_row_per_step(run, reports, capsys):
    assert run(*SMALL) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == HEADER
    table = np.array([row.split() for row in out[1:]], dtype=float)
    scene = ex.voronoi_scene("colors", 16, 0.3, 0)
    flow = ex.LinearizedFlow(scene.distances)
    trace = ex.Learner(flow, scene.labels).run(2)
    np.testing.assert_array_equal(table[:, 0], trace.step)
    # the table shows six digits of the loss and three decimals of the percentage
    np.testing.assert_allclose(table[:, 1], trace.loss, rtol=1e-5)
    np.testing.assert_allclose(table[:, 2], trace.error_percent, atol=5e-4)


def test_the_file_repeats_the_run(run, reports, tmp_path):
    assert run(*SMALL, "--rho=0.7", "--radius=2", "--dim=7", "--time=3") == 0
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as data:
        data.load()
    assert data.step.values.tolist() == [0, 1, 2]
    assert data.weights.dims == ("offset", "row", "col")
    assert data.sizes["offset"] == 25
    assert {"image", "labels", "prototypes", "loss", "drow"} <= set(data.variables)
    settings = {"rho": 0.7, "radius": 2, "dim": 7, "rank": 1, "time": 3.0, "step": 2.0}
    scene = {"scene": "colors", "noise": 0.3, "seed": 0, "steps": 2}
    assert {**settings, **scene}.items() <= data.attrs.items()
    flow = ex.LinearizedFlow(data.distances, data.rho, int(data.radius))
    again = ex.Krylov(int(data.attrs["dim"])).solve(flow, data.weights, data.time)
    np.testing.assert_array_equal(again.labels, data.labeling)
    wrong = 100 * float((data.labeling != data.labels).mean())
    assert wrong == data.error_percent[-1]


def test_the_report_lies_beside_the_data(run, reports, tmp_path):
    assert run(*SMALL, "--out=deep.er.nc") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep.er.html", "deep.er.nc"]
    name, scene, learner, trace = reports[0]
    assert (name, scene.sizes["row"], trace.sizes["step"]) == ("deep.er.html", 16, 3)
    assert isinstance(learner, ex.Learner)


def test_the_real_report_is_a_page(run, tmp_path):
    assert run(*SMALL, "--steps=1") == 0
    assert "<html" in (tmp_path / "run.html").read_text(encoding="utf-8")


def test_a_file_is_replaced_only_by_a_whole_one(run, reports, tmp_path, monkeypatch):
    (tmp_path / "run.nc").write_text("precious")

    def fail(self, path, **options):
        path.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    assert run(*SMALL) == 1
    assert (tmp_path / "run.nc").read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


def test_data_survives_a_report_that_fails(run, tmp_path, monkeypatch, capsys):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("explorer.dashboards.report.write_report", fail)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert run(*SMALL) == 1
    assert "No space left" in capsys.readouterr().err
    assert (tmp_path / "run.nc").exists()
    assert not (tmp_path / "run.html").exists()


def test_an_inaccurate_solution_says_so(run, reports, capsys):
    assert run(*SMALL, "--dim=1", "--time=30") == 0
    assert "raise `dim`" in capsys.readouterr().err


@pytest.mark.parametrize("labels", [[], ["--labels=truth.png"], ["--labels-count=2"]])
def test_an_image_of_ones_own(labels, run, reports, tmp_path):
    truth = np.zeros((12, 16), np.uint8)
    truth[:, 8:] = 255
    noise = np.random.default_rng(0).integers(0, 40, truth.shape, np.uint8)
    Image.fromarray(truth).save(tmp_path / "truth.png")
    Image.fromarray(truth // 2 + noise).save(tmp_path / "image.png")
    assert run("learn", "--image=image.png", "--steps=0", "--noise=0", *labels) == 0
    scene = reports[0][1]
    assert scene.sizes["label"] == (2 if labels else 8)
    if labels:
        np.testing.assert_array_equal(scene.labels, truth // 255)


def test_a_bundled_photo(run, reports):
    assert run("learn", "--scene=rocket", "--size=16", "--steps=0") == 0
    assert reports[0][1].attrs["scene"] == "rocket"


@pytest.mark.parametrize(
    ("out", "cure"),
    [
        ("run.txt", "must end in .nc"),
        ("nowhere/run.nc", "there is no folder 'nowhere'"),
        ("folder.nc", "is a folder"),
        ("page.nc", "'page.html' is a folder"),
        ("locked/run.nc", "cannot be written (Permission denied)"),
    ],
)
def test_a_bad_target_is_refused_before_any_work(
    out, cure, run, tmp_path, monkeypatch, capsys
):
    for name in ("folder.nc", "page.html", "locked"):
        (tmp_path / name).mkdir()

    def locked(dir, prefix):
        raise PermissionError(13, "Permission denied")

    if out.startswith("locked"):  # root, who may run the tests, is never refused
        monkeypatch.setattr("tempfile.TemporaryDirectory", locked)
    monkeypatch.setattr("explorer.command.learn.make_scene", pytest.fail)
    with pytest.raises(SystemExit) as end:
        run(*SMALL, f"--out={out}")
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert "laf learn: error: `out` = " in message
    assert cure in message


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_what_was_computed_is_kept(signum, tmp_path):
    arguments = ["learn", "--size=16", "--steps=1000000", "--out=kept.nc"]
    with started(*arguments, cwd=tmp_path) as process:
        table = read_until(process, "\n     3 ".strip("\n"))
        process.send_signal(signum)
        # communicate() would lose the lines that have been read ahead with step 3
        rest = process.stdout.read()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signum
    rows = [line.split() for line in (table + rest).splitlines()[1:]]
    stopped = int(re.search(r"stopped at step (\d+) of 1000000", err)[1])
    assert "Traceback" not in err
    with xr.open_dataset(tmp_path / "kept.nc", engine="h5netcdf") as data:
        assert data.step.values.tolist() == [int(r[0]) for r in rows]
        assert data.step.values[-1] == data.attrs["steps"] == stopped
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kept.html", "kept.nc"]


def test_a_reader_that_leaves_early_does_not_end_the_run(tmp_path):
    out = tmp_path / "run.nc"
    line = [sys.executable, "-m", "explorer", "learn", "--size", "16", "--steps", "20"]
    with subprocess.Popen(
        [*line, "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert process.returncode == 0
    with xr.open_dataset(out, engine="h5netcdf") as stored:
        assert stored.step[-1] == 20


def test_a_run_goes_on_from_its_checkpoint(run, reports, tmp_path, capsys):
    assert run(*SMALL[:1], *SMALL[2:], "--steps=4", "--size=16", "--out=whole.nc") == 0
    again = ["--checkpoint=kept.nc", "--out=run.nc"]
    assert run(*SMALL, *again) == 0
    assert run(*SMALL, "--steps=4", *again) == 0
    printed = capsys.readouterr()
    assert "going on from step 2" in printed.err
    whole, parts = (
        xr.load_dataset(tmp_path / name, engine="h5netcdf")
        for name in ("whole.nc", "run.nc")
    )
    for name in ("weights", "loss", "step", "error_percent"):
        np.testing.assert_array_equal(parts[name], whole[name])


def test_a_checkpoint_of_another_run_is_refused(run, reports, capsys):
    assert run(*SMALL, "--checkpoint=kept.nc") == 0
    with pytest.raises(SystemExit) as end:
        run(*SMALL, "--time=4", "--checkpoint=kept.nc")
    assert end.value.code == 2
    assert "`time` was 5.0, and is 4.0 now" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(*SMALL, "--checkpoint=nowhere/kept.nc")
    assert "there is no folder 'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_goes_on(signum, tmp_path):
    """Stopped, then finished: the same weights as in one go."""
    command = ["learn", "--size=64", "--checkpoint=kept.nc"]
    with started(*command, "--steps=100000", cwd=tmp_path) as process:
        read_until(process, "     5 ")
        process.send_signal(signum)
        process.wait(30)
    kept = xr.load_dataset(tmp_path / "kept.nc", engine="h5netcdf")
    reached = kept.attrs["position"]
    assert reached >= 5
    learned = ex.Learner(
        ex.LinearizedFlow(ex.voronoi_scene("colors", 64).distances),
        ex.voronoi_scene("colors", 64).labels,
    )
    learned.run(int(reached))
    np.testing.assert_array_equal(kept.weights.values, learned.weights.values)
