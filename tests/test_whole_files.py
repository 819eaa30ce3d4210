"""A file is replaced by a whole one, or stays as it was: the disk fills up halfway."""

from __future__ import annotations

import builtins
import errno
import io
import os

import numpy as np
import pytest
import xarray as xr

import explorer as ex
from explorer import files
from explorer.command import label, results
from explorer.drawing import page, prints
from explorer.panels import Figure, Picture

PRECIOUS = b"what took a night to compute"


class Full(io.FileIO):
    """A file on a disk that is full after a few bytes."""

    def write(self, content):
        super().write(bytes(content)[:5])
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A precious file on a disk that is full."""
    path = tmp_path / "kept.nc"
    for precious in (path, path.with_suffix(".png")):
        precious.write_bytes(PRECIOUS)
    really = builtins.open

    def opened(file, mode="r", *args, **kwargs):
        inside = isinstance(file, str | os.PathLike) and str(file).startswith(
            str(tmp_path)
        )
        if not inside or not set(mode) & set("wxa+"):
            return really(file, mode, *args, **kwargs)
        raw = Full(file, mode.replace("b", "").replace("t", "").replace("+", ""))
        return raw if "b" in mode else io.TextIOWrapper(raw, write_through=True)

    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(io, "open", opened)
    return path


def learned():
    scene = ex.voronoi_scene("colors", size=8, noise=0.2, seed=1)
    learner = ex.Learner(ex.LinearizedFlow(scene.distances), scene.labels)
    return scene, learner, list(learner.iterate(1))


def drawing():
    picture = Picture("a picture", np.zeros((4, 5, 4), np.uint8))
    return Figure(1, "a figure", "a caption", ((picture,),))


def write_dataset(path):
    files.write(xr.Dataset({"x": ("row", np.arange(3.0))}), path)


def write_model(path):
    scene, *_ = learned()
    choices = {"n_prototypes": 2, "steps": 0, "dim": 3}
    ex.WeightPatchPredictor(**choices).fit([scene]).save(path)


def write_checkpoint(path):
    _, learner, records = learned()
    ex.save_checkpoint(learner, records, path)


def write_run(path):
    scene, learner, records = learned()
    results.save(results.Result(scene, learner, tuple(records)), path)


def write_labels(path):
    flow = learned()[1].flow
    solution = ex.Krylov(4).solve(flow, flow.uniform_weights(), 1.0)
    label.save(solution, np.arange(8)[:, None], None, path.with_suffix(".png"))


def write_page(path):
    page.write_page(drawing(), path)


def write_print(path):
    prints.write_png(drawing(), path)


WRITERS = [
    write_dataset, write_model, write_checkpoint, write_run, write_labels, write_page,
    write_print,
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITERS)
def test_what_lies_there_stays_where_the_new_file_is_cut(write, full):
    with pytest.raises(OSError, match="No space left"):
        write(full)
    kept = {path.name: path.read_bytes() for path in full.parent.iterdir()}
    assert kept == {"kept.nc": PRECIOUS, "kept.png": PRECIOUS}


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITERS)
def test_a_whole_file_takes_its_place_and_nothing_else_is_left(write, tmp_path):
    path = tmp_path / "kept.nc"
    path.write_bytes(PRECIOUS)
    write(path)
    written = {p.suffix for p in tmp_path.iterdir()}
    assert written <= {".nc", ".html", ".png"}
    own = path.with_suffix(".png") if write is write_labels else path
    assert own.read_bytes() != PRECIOUS


def test_readers_see_the_old_file_or_the_new_one(tmp_path):
    """While the draft is written, the file is what it was, under its own name."""
    path = tmp_path / "kept.nc"
    path.write_bytes(PRECIOUS)
    with files.whole(path) as draft:
        draft.write_bytes(b"half of it")
        assert path.read_bytes() == PRECIOUS
        assert draft.parent != path.parent
    assert path.read_bytes() == b"half of it"
