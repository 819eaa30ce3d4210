"""Options of the commands for images of one's own: `laf train` and `laf label`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from explorer import params
from explorer.command.data_options import add_ignore, add_images, check_images
from explorer.command.options import (
    add_checkpoint,
    add_command,
    add_parameters,
    fill_in,
    place,
)

ABOUT_TRAIN = """\
Learn from labeled images how to label others.

Every image needs a label image of the same size and the same name, but for what all
images and all label images share: img_2.png belongs to label_02.png. The distinct
values or colors of the label images are the labels. Prints the pairs and the labels,
then a line per step, and writes the step that did best on the validation images, if
there are any. After Ctrl-C the steps taken so far count.
"""

ABOUT_LABEL = """\
Label an image: with a model that `laf train` wrote, or, given colors of the labels
alone, with uniform weights. Writes a PNG, in which each label has the value that it had
in the training images (colors of the labels: their number), with a palette, and beside
it a netCDF file with the labels and their probabilities.
"""

TRAIN_OPTIONS = {
    "n_prototypes": params.PATCHES,
    "rho": params.RHO,
    "radius": params.RADIUS,
    "time": params.TIME,
    "dim": params.DIM,
    "rank": params.RANK,
    "steps": params.TRAINING_STEPS,
    "patience": params.PATIENCE,
    "balance": params.BALANCE,
    "hidden": params.HIDDEN,
    "seed": params.SEED,
}

LABEL_OPTIONS = {
    "rho": params.RHO,
    "radius": params.RADIUS,
    "time": params.TIME,
    "dim": params.DIM,
}

FEATURES = ("window", "derivatives", "tensor")
DATA_TERMS = ("color", "evidence")


def add_train(commands: Any) -> None:
    """Add the command `train` with its options."""
    texts = "learn from labeled images how to label others", ABOUT_TRAIN
    train = add_command(commands, "train", texts, run_train, check_train)
    add_images(train.add_argument_group("data"))
    model = train.add_argument_group("model")
    add_features(model)
    add_parameters(model, TRAIN_OPTIONS)
    result = train.add_argument_group("result")
    add_checkpoint(result)
    result.add_argument(
        "--out",
        type=place,
        default=Path("model.nc"),
        metavar="FILE.nc",
        help="netCDF file to write; one of this name is replaced "
        "(default: %(default)s)",
    )


def add_features(model: Any) -> None:
    """Add what is seen of an image."""
    model.add_argument(
        "--features",
        choices=FEATURES,
        default=FEATURES[0],
        help="what weights depend on: raw windows, Gaussian derivatives, or structure "
        "tensors (default: %(default)s)",
    )
    model.add_argument(
        "--window",
        type=int,
        metavar="N",
        help="side of raw windows, odd, 3 to 15, pixels (default: 3)",
    )
    model.add_argument(
        "--scales",
        type=float,
        nargs="+",
        metavar="S",
        help="widths of the Gaussians in derivatives and tensors, and in the evidence, "
        "pixels (default: 1 2 4)",
    )
    model.add_argument(
        "--data",
        choices=DATA_TERMS,
        default=DATA_TERMS[0],
        help="what pixels say about their labels: the distance of their color to the "
        "mean color of each label, or a small network on Gaussian derivatives "
        "(default: %(default)s)",
    )


def check_train(options: argparse.Namespace) -> None:
    """Find the files, fill in defaults, complain about what cannot be."""
    check_meaning(options)
    fill_in(options, TRAIN_OPTIONS)
    check_images(options)


def check_meaning(options: argparse.Namespace) -> None:
    """Complain about options that have no meaning with others; fill in the rest."""
    windows, colors = options.features == "window", options.data == "color"
    if options.window is not None and not windows:
        options.complain(f"--window has no meaning with --features {options.features}")
    if options.scales is not None and windows and colors:
        options.complain("--scales need --features derivatives or --data evidence")
    if options.hidden is not None and colors:
        options.complain("--hidden has no meaning with --data color")
    options.window = 3 if options.window is None else options.window
    options.scales = options.scales or [1.0, 2.0, 4.0]


def add_label(commands: Any) -> None:
    """Add the command `label` with its options."""
    texts = "label an image with a trained model, or by colors", ABOUT_LABEL
    label = add_command(commands, "label", texts, run_label, check_label)
    label.add_argument("image", type=place, metavar="IMAGE", help="image to label")
    source = label.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--model", type=place, metavar="FILE.nc", help="model that `laf train` wrote"
    )
    source.add_argument(
        "--prototypes",
        nargs="+",
        metavar="COLOR",
        help="colors of the labels, '#rrggbb' or gray values from 0 to 1, at least two",
    )
    label.add_argument(
        "--truth",
        type=place,
        metavar="FILE",
        help="label image to compare with: errors and boundary F1 are printed",
    )
    add_ignore(label)
    add_parameters(label.add_argument_group("flow, with --prototypes"), LABEL_OPTIONS)
    label.add_argument(
        "--out",
        type=place,
        default=Path("labels.png"),
        metavar="FILE.png",
        help="PNG to write, with FILE.nc beside it; files of these names are replaced "
        "(default: %(default)s)",
    )


def check_label(options: argparse.Namespace) -> None:
    """Complain about options that have no meaning together; fill in defaults."""
    given = [name for name in LABEL_OPTIONS if getattr(options, name) is not None]
    if options.model is not None and given:
        options.complain(f"--{given[0]} is part of the model: leave it out")
    fill_in(options, LABEL_OPTIONS)


def run_train(options: argparse.Namespace) -> int:
    """Carry out `laf train`."""
    from explorer.command.train import train

    return train(options)


def run_label(options: argparse.Namespace) -> int:
    """Carry out `laf label`."""
    from explorer.command.label import label

    return label(options)
