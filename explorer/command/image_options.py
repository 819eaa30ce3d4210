"""Options of the commands for your own images: `laf train` and `laf label`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from explorer import params
from explorer.command.data_options import add_ignore, add_images, check_images
from explorer.command.options import (
    add_checkpoint,
    add_command,
    add_pick,
    add_settings,
    fill_in,
    place,
)
from explorer.settings import Number, Pick

ABOUT_TRAIN = """\
Learn from labeled images to label other images.

Every image needs a label image of the same size and the same name, apart from the parts
that all images or all label images share: img_2.png belongs to label_02.png. The
distinct values or colors of the label images are the labels. The command prints the
pairs and the labels, then one line per step. If there are validation images, it writes
the model of the step that did best on them. Ctrl-C stops training and keeps the steps
taken so far.
"""

ABOUT_LABEL = """\
Label an image with a model that `laf train` wrote, or with given colors of the labels
and uniform weights. The command writes a PNG with a palette, and beside it a netCDF
file with the labels and their probabilities. In the PNG each label has its value in the
training images; with given colors, it has the number of its color.
"""

TRAIN_OPTIONS = (
    Number(params.PATCHES), Number(params.RHO), Number(params.RADIUS),
    Number(params.TIME), Number(params.DIM), Number(params.RANK),
    Number(params.TRAINING_STEPS), Number(params.PATIENCE), Number(params.BALANCE),
    Number(params.HIDDEN), Number(params.SEED),
)  # fmt: skip

LABEL_OPTIONS = (
    Number(params.RHO), Number(params.RADIUS), Number(params.TIME), Number(params.DIM),
)  # fmt: skip

WINDOW = Number(params.WINDOW)

FEATURES = Pick(
    "features",
    ("window", "derivatives", "tensor"),
    "features for the weights: raw windows, Gaussian derivatives, or structure tensors",
)

DATA = Pick(
    "data",
    ("color", "evidence"),
    "data term of the pixels: the distance of their color to the mean color of each "
    "label, or evidence from a small network on Gaussian derivatives",
)


def add_train(commands: Any) -> None:
    """Add the command `train` with its options."""
    texts = "learn from labeled images to label other images", ABOUT_TRAIN
    train = add_command(commands, "train", texts, run_train, check_train)
    add_images(train.add_argument_group("data"))
    model = train.add_argument_group("model")
    add_features(model)
    add_settings(model, *TRAIN_OPTIONS)
    result = train.add_argument_group("result")
    add_checkpoint(result)
    result.add_argument(
        "--out",
        type=place,
        default=Path("model.nc"),
        metavar="FILE.nc",
        help="netCDF file to write; an existing file is replaced "
        "(default: %(default)s)",
    )


def add_features(model: Any) -> None:
    """Add the options for features and data term."""
    add_pick(model, FEATURES)
    add_settings(model, WINDOW)
    model.add_argument(
        "--scales",
        type=float,
        nargs="+",
        metavar="S",
        help="widths in pixels of the Gaussians in derivatives, tensors and evidence "
        f"(default: {' '.join(f'{scale:g}' for scale in params.SCALES)})",
    )
    add_pick(model, DATA)


def check_train(options: argparse.Namespace) -> None:
    """Find the files, fill in defaults, complain about inadmissible options."""
    check_meaning(options)
    fill_in(options, WINDOW, *TRAIN_OPTIONS)
    check_images(options)


def check_meaning(options: argparse.Namespace) -> None:
    """Complain about incompatible options; fill in the others."""
    windows, colors = options.features == "window", options.data == "color"
    if options.window is not None and not windows:
        options.complain(f"--window has no meaning with --features {options.features}")
    if options.scales is not None and windows and colors:
        options.complain("--scales need --features derivatives or --data evidence")
    if options.hidden is not None and colors:
        options.complain("--hidden has no meaning with --data color")
    options.scales = options.scales or list(params.SCALES)


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
        help="at least two colors of the labels: '#rrggbb' or gray values from 0 to 1",
    )
    label.add_argument(
        "--truth",
        type=place,
        metavar="FILE",
        help="label image to compare with; prints errors and boundary F1",
    )
    add_ignore(label)
    flow = label.add_argument_group("flow, with --prototypes")
    add_settings(flow, *LABEL_OPTIONS)
    label.add_argument(
        "--out",
        type=place,
        default=Path("labels.png"),
        metavar="FILE.png",
        help="PNG to write, with FILE.nc beside it; existing files are replaced "
        "(default: %(default)s)",
    )


def check_label(options: argparse.Namespace) -> None:
    """Complain about incompatible options; fill in defaults."""
    names = [setting.name for setting in LABEL_OPTIONS]
    given = [name for name in names if getattr(options, name) is not None]
    if options.model is not None and given:
        options.complain(f"--{given[0]} is part of the model: leave it out")
    fill_in(options, *LABEL_OPTIONS)


def run_train(options: argparse.Namespace) -> int:
    """Carry out `laf train`."""
    from explorer.command.train import train

    return train(options)


def run_label(options: argparse.Namespace) -> int:
    """Carry out `laf label`."""
    from explorer.command.label import label

    return label(options)
