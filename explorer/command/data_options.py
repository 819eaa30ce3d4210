"""The options that say which files a model is trained on, and what each is for."""

from __future__ import annotations

import argparse
import glob
import os
from typing import Any

from explorer.images.pairs import paired, refuse_in_both, refuse_one_file_twice

KINDS = (("images", "images"), ("labels", "label images"))


def add_images(data: Any) -> None:
    """Add what images there are, and what each is for."""
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
        help="gray values or colors '#rrggbb' that are labels, in order (default: all "
        "that occur, unless they look made by interpolation)",
    )
    data.add_argument(
        "--validation",
        type=int,
        default=0,
        metavar="N",
        help="how many of the images before those for the test are not trained on, and "
        "decide when to stop (default: %(default)s)",
    )
    data.add_argument(
        "--test",
        type=int,
        default=0,
        metavar="N",
        help="how many of the last images are looked at only in the end: a table then "
        "compares the model with baselines on them (default: %(default)s)",
    )


def add_ignore(group: Any) -> None:
    """Add what stands for no label."""
    group.add_argument(
        "--ignore",
        nargs="+",
        default=[],
        metavar="VALUE",
        help="gray values such as 255, or colors '#rrggbb', that stand for no label in "
        "label images: such pixels count nowhere (default: none)",
    )


def check_images(options: argparse.Namespace) -> None:
    """Find the files and pair them; complain about what cannot be."""
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
            options.complain(f"--{name} {count} is negative; needed is how many images")
    if len(options.images) - options.validation - options.test < 1:
        options.complain(
            f"--validation {options.validation} and --test {options.test} leave "
            f"nothing to train on: there are {len(options.images)} images"
        )


def matching(pattern: str) -> list[str]:
    """Return the files that a pattern names, sorted; a name with brackets is one."""
    place = os.path.expanduser(pattern)
    if os.path.isfile(place):
        return [place]
    found = glob.glob(place, recursive=True)
    return sorted({path for path in found if os.path.isfile(path)})
