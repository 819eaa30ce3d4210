"""`laf train` and `laf label`: from files to a model to labels in files."""

from __future__ import annotations

import doctest
import os
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import explorer as ex
from explorer.command import label, main
from explorer.prediction.training import Trainer
from explorer.scenes.collection import labeled_images
from tests.command.processes import read_until, started
from tests.servers import ROOT

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

FEW = ["--n_prototypes=6", "--steps=2", "--dim=6"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three images of thin lines with their labels, 8 bit, 16 bit and in color."""
    monkeypatch.chdir(tmp_path)
    for k in range(3):
        scene = ex.voronoi_scene("lines", 20, 0.2, seed=k)
        unit = np.clip(scene.image.values[..., 0], 0.0, 1.0)
        depth = (255, np.uint8) if k != 1 else (65535, np.uint16)
        Image.fromarray((unit * depth[0]).astype(depth[1])).save(f"image_{k}.png")
        truth = (255 * scene.labels.values).astype(np.uint8)
        Image.fromarray(truth).save(f"truth_{k}.png")
    return tmp_path


def trained(*arguments):
    files = ["--images=image_[01].png", "--labels=truth_[01].png"]
    return main(["train", *files, *FEW, *arguments])


def test_a_model_is_trained_and_labels_another_image(folder, capsys):
    assert trained("--validation=1") == 0
    table = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in table] == ["step", "0", "1", "2"]
    model = ex.WeightPatchPredictor.load("model.nc")
    assert model.n_prototypes == 6
    assert model.history_.sizes["step"] == 3
    arguments = ["label", "image_2.png", "--model=model.nc", "--truth=truth_2.png"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    with Image.open("labels.png") as picture:
        assert picture.mode == "P"
        found = np.asarray(picture)
        colors = np.reshape(picture.getpalette(), (-1, 3))
        assert colors[[0, 255]].tolist() == [[0x00, 0x72, 0xB2], [0xE6, 0x9F, 0x00]]
    with xr.open_dataset("labels.nc", engine="h5netcdf") as data:
        np.testing.assert_array_equal(255 * data.labels, found)  # as those trained on
        np.testing.assert_array_equal(data.label_values, [[0], [255]])
        assert data.W.dims == ("label", "row", "col")
        np.testing.assert_allclose(data.W.sum("label"), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(found, 255 * model.label("image_2.png"))
    assert main([*arguments[:3], "--truth=labels.png", "--out=again.png"]) == 0
    assert "error_percent            0\n" in capsys.readouterr().out
    truth = ex.voronoi_scene("lines", 20, 0.2, seed=2).labels.values
    wrong = f"{100 * np.mean(found != 255 * truth):.4g}"
    assert f"error_percent            {wrong}" in printed
    assert "boundary_f1" in printed


def test_brackets_in_a_name_are_no_pattern(folder):
    (folder / "image_0.png").rename("image_[0].png")
    (folder / "truth_0.png").rename("truth_[0].png")
    files = ["--images=image_[0].png", "--labels=truth_[0].png"]
    assert main(["train", *files, *FEW]) == 0


def test_a_time_too_long_is_said_to_be_one(folder, capsys):
    assert trained("--time=300") == 0
    assert "note: relative error bound" in capsys.readouterr().err


def test_options_become_parameters(folder):
    assert trained("--data=evidence", "--hidden=3", "--scales", "1", "3") == 0
    model = ex.WeightPatchPredictor.load("model.nc")
    scales = ex.GaussianDerivatives((1.0, 3.0))
    assert model.data_term == ex.Evidence(scales, balance=1.0, hidden=3)
    assert model.features == ex.RawWindow(3)
    assert model.loss == ex.BalancedLoss(1.0)
    assert trained("--features=tensor", "--balance=0", "--radius=2") == 0
    model = ex.WeightPatchPredictor.load("model.nc")
    assert model.features == ex.StructureTensor((1.0, 2.0, 4.0))
    assert model.loss == ex.DirectionLoss()
    assert model.radius == 2
    assert main(["label", "image_2.png", "--model=model.nc", "--out=l.png"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--out=image_0.png"], "must end in .nc"),
        (["train", "--checkpoint=image_0.png"], "is a file of `images`"),
        (["train", "--checkpoint=truth_0.png"], "is a file of `labels`"),
        (["label", "image_0.png", "--model=m.nc", "--out=m.png"], "is a file of `mod"),
        (["label", "image_0.png", "--model=m.nc", "--out=image_0.png"], "of `image`"),
        (
            ["label", "image_0.png", "--model=m.nc", "--truth=truth_0.png",
             "--out=./truth_0.png"],
            "of `truth`",
        ),
        (["learn", "--size=8", "--out=m.nc", "--checkpoint=m.nc"], "a file of `out`"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)  # fmt: skip
def test_nothing_that_is_read_is_written_over(folder, arguments, words, capsys):
    assert trained("--out=m.nc") == 0
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    if arguments[0] == "train":
        arguments = [*arguments, "--images=image_0.png", "--labels=truth_0.png"]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_full_disk_is_an_error_in_words(folder):
    """Files may not grow: neither model nor checkpoint can be written."""
    run = [sys.executable, "-m", "explorer", "train", "--images=image_0.png",
           "--labels=truth_0.png", *FEW, "--checkpoint=kept.nc"]  # fmt: skip
    limit = shlex.join(run)
    found = subprocess.run(
        ["bash", "-c", f"ulimit -f 4; {limit}"],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert found.returncode == 1
    assert "cannot write the checkpoint" in found.stderr
    assert "cannot write 'model.nc'" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (folder / "model.nc").exists()


def test_what_was_learned_is_kept_when_something_breaks(folder, monkeypatch, capsys):
    def broken(self, state, training, validation):
        if len(state.records) == 2:
            raise MemoryError("no memory is left")
        return whole(self, state, training, validation)

    whole = Trainer.evaluated
    monkeypatch.setattr(Trainer, "evaluated", broken)
    assert trained("--steps=9") == 1
    assert (
        "laf train: error: out of memory (no memory is left)" in capsys.readouterr().err
    )
    assert ex.WeightPatchPredictor.load("model.nc").history_.sizes["step"] == 2


def test_colors_alone_are_enough(folder):
    assert main(["label", "image_0.png", "--prototypes", "0.0", "#ffffff"]) == 0
    image = ex.read_image("image_0.png")
    D = np.stack([abs(image[..., 0] - tone) for tone in (0.0, 1.0)])
    flow = ex.LinearizedFlow(D)
    expected = ex.Krylov().solve(flow, flow.uniform_weights(), 5.0).labels
    with Image.open("labels.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected)


def test_held_out_images_are_compared_with_baselines(folder, capsys):
    files = ["--images=image_?.png", "--labels=truth_?.png", "--data=evidence"]
    assert main(["train", *files, *FEW, "--test=1", "--hidden=3"]) == 0
    printed = capsys.readouterr().out
    table = xr.load_dataset("model_scores.nc", engine="h5netcdf")
    assert table.sizes["scene"] == 1
    assert table.structure.values.tolist() == ["image_2.png"]
    model = ex.WeightPatchPredictor.load("model.nc")
    truth = ex.voronoi_scene("lines", 20, 0.2, seed=2).labels
    expected = ex.score(model.label("image_2.png"), truth)
    found = table.sel({"method": "learned weights"}).isel(scene=0)
    assert float(found.boundary_f1) == float(expected.boundary_f1)
    for name in ("nearest label", "nearest label, learned distances"):
        assert name in table["method"]
        assert f"\n{name} " in printed
    # two were trained on, and the third had no part in it
    alone = ["--images=image_[01].png", "--labels=truth_[01].png", "--data=evidence"]
    assert main(["train", *alone, *FEW, "--hidden=3", "--out=alone.nc"]) == 0
    same = ex.WeightPatchPredictor.load("alone.nc")
    np.testing.assert_array_equal(same.state_.model.vector, model.state_.model.vector)


def test_a_truth_that_lacks_a_label_is_compared_with_the_right_one(folder, capsys):
    """White alone is the second label, not the first of one."""
    assert trained() == 0
    Image.fromarray(np.full((20, 20), 255, np.uint8)).save("white.png")
    Image.fromarray(np.full((20, 20, 3), 255, np.uint8)).save("bright.png")
    Image.fromarray(np.full((20, 20), 254, np.uint8)).save("pale.png")
    arguments = ["label", "image_2.png", "--model=model.nc"]
    capsys.readouterr()
    for name in ("white.png", "bright.png"):
        assert main([*arguments, f"--truth={name}"]) == 0
        wrong = f"{100 * np.mean(np.asarray(Image.open('labels.png')) != 255):.4g}"
        assert f"error_percent            {wrong}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*arguments, "--truth=pale.png"])
    said = capsys.readouterr().err.replace("\n", " ")
    assert "'pale.png' holds 254, which is no label; the labels are 0, 255" in said


@pytest.mark.parametrize("kind", ["numbers", "colors", "deep"])
def test_labels_are_written_as_those_trained_on(folder, kind, capsys):
    """Whatever stood for a label in training stands for it in what is written."""
    truth = np.asarray(Image.open("truth_0.png")) // 255
    code = {
        "numbers": (truth + 1).astype(np.uint8),  # 1 and 2
        "colors": np.array([[255, 0, 0], [0, 0, 255]], np.uint8)[truth],
        "deep": np.array([300, 7], np.uint16)[truth],
    }[kind]
    Image.fromarray(code).save("code.png")
    files = ["--images=image_0.png", "--labels=code.png"]
    assert main(["train", *files, *FEW]) == 0
    label_it = ["label", "image_0.png", "--model=model.nc"]
    assert main(label_it) == 0
    labels = ex.WeightPatchPredictor.load("model.nc").label("image_0.png").values
    values = np.unique(code.reshape(400, -1), axis=0)
    with Image.open("labels.png") as picture:
        found = np.asarray(picture).reshape(20, 20, -1)
    np.testing.assert_array_equal(found, values[labels])
    capsys.readouterr()
    assert main([*label_it, "--truth=labels.png", "--out=again.png"]) == 0
    assert "error_percent            0\n" in capsys.readouterr().out


def test_labels_that_were_written_are_labels_again(folder, capsys):
    """A palette's numbers count, whatever the order of its colors."""
    tones = ["0", "0.3", "0.6", "1"]
    assert main(["label", "image_0.png", "--prototypes", *tones]) == 0
    again = ["--truth=labels.png", "--out=again.png"]
    assert main(["label", "image_0.png", "--prototypes", *tones, *again]) == 0
    assert "error_percent            0\n" in capsys.readouterr().out
    (scene,) = labeled_images(["image_0.png"], ["labels.png"])
    with xr.open_dataset("labels.nc", engine="h5netcdf") as data:
        np.testing.assert_array_equal(scene.labels, data.labels)
    with pytest.raises(SystemExit):
        main(["label", "image_0.png", "--prototypes", "0", "1", *again])
    assert "4 distinct values" in capsys.readouterr().err.replace("\n", " ")


def test_pairs_and_labels_are_said(folder, capsys):
    (folder / "truth_0.png").rename("label_00.png")
    (folder / "truth_1.png").rename("label_01.png")
    files = ["--images=image_[01].png", "--labels=label_*.png", "--validation=1"]
    assert main(["train", *files, *FEW]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[1].split() == ["training", "image_0.png", "label_00.png"]
    assert said[2].split() == ["validation", "image_1.png", "label_01.png"]
    truth = np.stack([np.asarray(Image.open(f"label_0{k}.png")) for k in (0, 1)])
    share = f"{100 * np.mean(truth == 255):.2f}"
    assert said[5].split() == ["1", "255", share, "%"]
    assert said[6] == "no label: none; --ignore VALUE leaves pixels out"


def test_what_is_ignored_is_no_label_anywhere(folder, capsys):
    for k in range(3):
        truth = np.array(Image.open(f"truth_{k}.png")) // 255
        truth[:, :5] = 255
        Image.fromarray(truth).save(f"truth_{k}.png")
    files = ["--images=image_?.png", "--labels=truth_?.png", "--ignore", "255"]
    assert main(["train", *files, *FEW, "--test=1"]) == 0
    said = capsys.readouterr().err
    assert "no label: 255, 25.00 % of the pixels" in said
    model = ex.WeightPatchPredictor.load("model.nc")
    np.testing.assert_array_equal(model.label_values_, [[0], [1]])
    label_it = ["label", "image_2.png", "--model=model.nc", "--truth=truth_2.png"]
    assert main([*label_it, "--ignore", "255"]) == 0
    found, truth = (np.asarray(Image.open(n)) for n in ("labels.png", "truth_2.png"))
    wrong = f"{100 * np.mean(found[:, 5:] != truth[:, 5:]):.4g}"
    assert f"error_percent            {wrong}\n" in capsys.readouterr().out
    table = xr.load_dataset("model_scores.nc", engine="h5netcdf")
    learned = table.sel({"method": "learned weights"}).isel(scene=0)
    assert f"{float(learned.error_percent):.4g}" == wrong
    with pytest.raises(SystemExit):
        main(label_it)
    said = " ".join(capsys.readouterr().err.split())
    assert "'truth_2.png' holds 255, which is no label; the labels are 0, 1" in said


def test_the_palette_trained_on_is_written(folder):
    truth = np.asarray(Image.open("truth_0.png")) // 255
    picture = Image.fromarray(truth + 1, mode="P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    picture.save("code.png")
    assert main(["train", "--images=image_0.png", "--labels=code.png", *FEW]) == 0
    label_it = ["label", "image_0.png", "--model=model.nc"]
    assert main(label_it) == 0
    colors = np.array([[255, 0, 0], [0, 0, 255]])
    with (
        Image.open("labels.png") as found,
        xr.open_dataset("labels.nc", engine="h5netcdf") as data,
    ):
        np.testing.assert_array_equal(found.convert("RGB"), colors[data.labels])
        np.testing.assert_array_equal(found, data.labels + 1)
        np.testing.assert_array_equal(data.label_colors, colors)
    # read again by its colors, whichever indices they have
    turned = Image.fromarray(2 - np.asarray(Image.open("labels.png")), mode="P")
    turned.putpalette([0, 0, 255, 255, 0, 0])
    turned.save("turned.png")
    assert main([*label_it, "--truth=turned.png", "--out=again.png"]) == 0


@pytest.mark.parametrize("deep", ["", "a/", "a/b/"])
def test_patterns_reach_folders_of_any_depth(folder, monkeypatch, deep):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    (folder / deep).mkdir(parents=True, exist_ok=True)
    (folder / "image_1.png").rename(f"{deep}image_1.png")
    (folder / "truth_1.png").rename(f"{deep}truth_1.png")
    files = ["--images=~/**/image_[01].png", "--labels=~/**/truth_[01].png"]
    assert main(["train", *files, *FEW, "--steps=0", "--out=~/m.nc"]) == 0
    assert main(["label", "~/image_0.png", "--model=~/m.nc", "--out=~/l.png"]) == 0
    assert (folder / "l.png").is_file()


def test_a_stopped_training_keeps_what_it_has(folder):
    files = ["--images=image_[01].png", "--labels=truth_[01].png", "--patience=100000"]
    command = ["train", *files, "--steps=100000", "--dim=6"]
    with started(*command, cwd=folder) as process:
        read_until(process, "    3 ")
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(60) == 130
    model = ex.WeightPatchPredictor.load(folder / "model.nc")
    assert model.history_.sizes["step"] >= 4


def test_a_training_goes_on_from_its_checkpoint_to_the_last_bit(folder, capsys):
    assert trained("--validation=1", "--steps=4", "--out=whole.nc") == 0
    again = ["--validation=1", "--checkpoint=kept.nc"]
    assert trained(*again) == 0
    assert trained(*again, "--steps=4") == 0
    printed = capsys.readouterr()
    assert "going on from step 2 of kept.nc" in printed.err
    assert printed.out.splitlines()[-1].split()[0] == "4"
    whole, parts, kept = map(
        ex.WeightPatchPredictor.load, ("whole.nc", "model.nc", "kept.nc")
    )
    vector = whole.state_.model.vector
    np.testing.assert_array_equal(parts.state_.model.vector, vector)
    np.testing.assert_array_equal(kept.state_.model.vector, vector)
    np.testing.assert_array_equal(parts.history_.loss, whole.history_.loss)
    # nothing is left to do, and the model is written again
    (folder / "model.nc").unlink()
    assert trained(*again, "--steps=4") == 0
    assert ex.WeightPatchPredictor.load("model.nc").history_.sizes["step"] == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rho=2"], "`rho` was 0.5, and is 2.0 now"),
        (["--data=evidence"], "`data_term` was PrototypeDistance()"),
        (["--validation=1"], "`scenes` differ from those"),
        (["--images=image_[02].png", "--labels=truth_[02].png"], "`scenes` differ"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_checkpoint_of_another_training_is_refused(folder, arguments, words, capsys):
    assert trained("--checkpoint=kept.nc") == 0
    content = (folder / "kept.nc").read_bytes()
    with pytest.raises(SystemExit) as caught:
        trained("--checkpoint=kept.nc", *arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert (folder / "kept.nc").read_bytes() == content


@pytest.mark.parametrize("gap", [0.05, 0.2])
def test_an_impatient_second_ctrl_c_loses_nothing(folder, gap):
    files = ["--images=image_[01].png", "--labels=truth_[01].png", "--patience=100000"]
    command = ["train", *files, "--dim=6", "--checkpoint=kept.nc", "--steps=100000"]
    with started(*command, cwd=folder) as process:
        read_until(process, "    3 ")
        process.send_signal(signal.SIGINT)
        time.sleep(gap)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        # a signal that comes when all is written may end the interpreter itself
        assert process.wait(60) in (130, -signal.SIGINT)
    for name in ("kept.nc", "model.nc"):
        model = ex.WeightPatchPredictor.load(folder / name)
        assert model.history_.sizes["step"] >= 4


def test_a_stopped_training_goes_on(folder):
    files = ["--images=image_[01].png", "--labels=truth_[01].png", "--patience=100000"]
    command = ["train", *files, "--dim=6", "--checkpoint=kept.nc"]
    with started(*command, "--steps=100000", cwd=folder) as process:
        read_until(process, "    3 ")
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(60) == 143
    reached = ex.WeightPatchPredictor.load(folder / "kept.nc").history_
    more = reached.sizes["step"] + 1
    assert main([*command, f"--steps={more}"]) == 0
    found = ex.WeightPatchPredictor.load(folder / "model.nc").history_
    assert found.sizes["step"] == more + 1
    np.testing.assert_array_equal(found.loss[: more - 1], reached.loss)


TRAIN = ["train", "--images=image_0.png", "--labels=truth_0.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--images=no*.png", "--labels=truth_*.png"], "matches no file"),
        (
            ["train", "--images=image_*.png", "--labels=truth_0.png"],
            "1 files for 3 `images`",
        ),
        ([*TRAIN, "--validation=1"], "leave nothing to train on"),
        ([*TRAIN, "--validation=-1"], "--validation -1 is negative"),
        ([*TRAIN, "--checkpoint=no/m.nc"], "`checkpoint` = 'no/m.nc': there is no fol"),
        ([*TRAIN, "--test=1"], "leave nothing to train on"),
        ([*TRAIN, "--window=4"], "`window` = 4"),
        ([*TRAIN, "--window=5", "--features=tensor"], "--window has no meaning"),
        ([*TRAIN, "--scales", "2"], "--scales need"),
        ([*TRAIN, "--ignore", "void"], "`ignore` must be integers from 0 to 65535 or"),
        ([*TRAIN, "--ignore", "0", "255"], "`ignore` must leave a label in each file"),
        ([*TRAIN, "--values", "0", "7"], "holds 255, which is no label"),
        ([*TRAIN, "--values", "0", "0"], "`values` must be 1 to 64 distinct values"),
        (
            ["train", "--images=image_?.png", "--labels=truth_[01].png"],
            "no label file for 'image_2.png'",
        ),
        (["train", "--images=*.png", "--labels=*.png"], "must be other files than"),
        ([*TRAIN, "--hidden=2"], "--hidden has no meaning with --data color"),
        ([*TRAIN, "--steps=-1"], "`steps` = -1"),
        ([*TRAIN, "--features=tensor", "--scales", "0"], "`scales` = [0.0]"),
        (["train", "--images=image_0.png"], "--labels"),
        ([*TRAIN, "--out=no/m.nc"], "`out` = 'no/m.nc': there is no folder"),
        ([*TRAIN, "--rank=30"], "`rank` = 30 exceeds `dim` = 10"),
        (["label", "image_0.png"], "--model --prototypes"),
        (
            ["label", "image_0.png", "--model=none.nc"],
            "`model` = 'none.nc' names no file",
        ),
        (["label", "none.png", "--prototypes", "0", "1"], "names no file"),
        (["label", "image_0.png", "--prototypes", "0"], "give at least two"),
        (["label", "image_0.png", "--prototypes", "0", "red"], "is not a color"),
        (["label", "image_0.png", "--prototypes", "0", "1", "--out=x.jpg"], ".png"),
        (["label", "image_0.png", "--model=m.nc", "--rho=2"], "is part of the model"),
        (
            ["label", "image_0.png", "--prototypes", "0", "1", "--truth=small.png"],
            "has 1×1 pixels; its image has 20×20",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_arguments_end_with_a_message(folder, arguments, words, capsys):
    Image.fromarray(np.zeros((1, 1), np.uint8)).save("small.png")
    before = sorted(folder.iterdir())
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert sorted(folder.iterdir()) == before


def test_a_color_image_and_a_gray_model_do_not_fit(folder, capsys):
    assert trained() == 0
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save("color.png")
    with pytest.raises(SystemExit):
        main(["label", "color.png", "--model=model.nc"])
    assert "`image` has 3 channels; it must have 1" in capsys.readouterr().err


def test_the_examples_of_colors_hold():
    assert doctest.testmod(label).failed == 0
