"""The options that choose the files for training, validation and test."""

from __future__ import annotations

import argparse
import glob
import os
from typing import Any

from explorer.images.pairs import paired, refuse_in_both, refuse_one_file_twice

KINDS = (("images", "images"), ("labels", "label images"))


def add_images(data: Any) -> None:
    """Add the options for images, label images and their use."""
    for name, what in KINDS:
        data.add_argument(
            f"--{name}",
            required=True,
            metavar="GLOB",
            help=f"pattern of the {what}, in quotes: 'folder/*.png'; ** stands for "
            "folders of any depth, ~ for the home folder",
        )
    add_ignore(data)
    data.add_argument(
        "--values",
        nargs="+",
        metavar="VALUE",
        help="gray values or colors '#rrggbb' of the labels, in order (default: all "
        "values in the files, unless they look interpolated)",
    )
    data.add_argument(
        "--validation",
        type=int,
        default=0,
        metavar="N",
        help="number of images, before those of the test, that are held out from "
        "training and decide when to stop (default: %(default)s)",
    )
    data.add_argument(
        "--test",
        type=int,
        default=0,
        metavar="N",
        help="number of last images that are held out; a final table compares the "
        "model with baselines on them (default: %(default)s)",
    )


def add_ignore(group: Any) -> None:
    """Add the option for values that stand for no label."""
    group.add_argument(
        "--ignore",
        nargs="+",
        default=[],
        metavar="VALUE",
        help="gray values such as 255, or colors '#rrggbb', that stand for no label in "
        "label images; losses and scores ignore such pixels (default: none)",
    )


def check_images(options: argparse.Namespace) -> None:
    """Find the files and pair them; complain about inadmissible options."""
    for name, _ in KINDS:
        pattern = getattr(options, name)
        found = matching(pattern)
        if not found:
            options.complain(
                f"--{name} '{pattern}' matches no file: check the pattern; a literal [ "
                "is written [[]"
            )
        setattr(options, name, found)
    try:
        refuse_one_file_twice("images", options.images)
        refuse_one_file_twice("labels", options.labels)
        refuse_in_both(options.images, options.labels)
        options.labels = paired(options.images, options.labels)
    except ValueError as error:
        options.complain(str(error))
    for name in ("validation", "test"):
        count = getattr(options, name)
        if count < 0:
            options.complain(f"--{name} {count} is negative: give a number of images")
    if len(options.images) - options.validation - options.test < 1:
        options.complain(
            f"--validation {options.validation} and --test {options.test} leave "
            f"nothing to train on: there are {len(options.images)} images"
        )


def matching(pattern: str) -> list[str]:
    """Return the files that match a pattern, sorted; names may contain brackets."""
    place = os.path.expanduser(pattern)
    if os.path.isfile(place):
        return [place]
    found = glob.glob(place, recursive=True)
    return sorted({path for path in found if os.path.isfile(path)})
