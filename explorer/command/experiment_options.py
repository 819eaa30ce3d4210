"""Options of the commands that reproduce experiments, and of `laf warmup`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from explorer import params
from explorer.command.options import add_command, add_parameters, fill_in, place

TABLE_OPTIONS = {"size": params.SIZE, "seed": params.SEED}

ABOUT_TABLE = """\
Compare gradients of rank one and two with the exact one, at four times and for two
noisy scenes: the share of pixels whose patch gradient points the same way, and the
ratio of the first two singular values, which warns where rank one is not enough.
"""


ABOUT_FIGURES = """\
Reproduce Figures 1 to 5 of the paper: a dataset, a page and a PNG for each, and a table
of the paper's statements with the values found here, for those figures that are asked
for. Five scenes of 128 × 128 pixels; about six minutes on two cores. What has been
computed is kept in the folder: an interrupted run goes on where it was.
"""

ABOUT_WARMUP = """\
Compile the kernels of images and 3×3 windows in double precision and store them in
numba's cache, on all cores. Without this they are compiled at the first use, which
then takes some seconds longer. Run it where an image of a machine is built.
"""


FIGURES = range(1, 6)


def add_table(commands: Any) -> None:
    """Add the command `table` with its options."""
    texts = "compare low-rank gradients with the exact one over time", ABOUT_TABLE
    table = add_command(
        commands, "table", texts, run_table, lambda o: fill_in(o, TABLE_OPTIONS)
    )
    add_parameters(table, TABLE_OPTIONS)
    table.add_argument(
        "--out",
        type=place,
        metavar="FILE.nc",
        help="netCDF file to write; one of this name is replaced (default: none)",
    )


def add_figures(commands: Any) -> None:
    """Add the command `figures` with its options."""
    texts = "reproduce the figures of the paper", ABOUT_FIGURES
    figures = add_command(commands, "figures", texts, run_figures, check_figures)
    figures.add_argument(
        "numbers",
        nargs="*",
        type=int,
        metavar="N",
        help="figures, 1 to 5 (default: all)",
    )
    figures.add_argument(
        "--out",
        type=place,
        default=Path("figures"),
        metavar="DIR",
        help="folder to write to; it is made if need be (default: %(default)s)",
    )
    figures.add_argument(
        "--quick",
        action="store_true",
        help="two small scenes and five steps, to try it out",
    )


def check_figures(options: argparse.Namespace) -> None:
    """Complain about numbers that no figure has; none means all."""
    for number in options.numbers:
        if number not in FIGURES:
            options.complain(f"{number} is no figure; there are 1 to {FIGURES[-1]}")
    options.numbers = sorted(set(options.numbers)) or list(FIGURES)


def add_warmup(commands: Any) -> None:
    """Add the command `warmup`, which has no options."""
    texts = "compile the kernels now, for a fast first picture", ABOUT_WARMUP
    add_command(commands, "warmup", texts, run_warmup, lambda options: None)


def run_table(options: argparse.Namespace) -> int:
    """Carry out `laf table`."""
    from explorer.command.table import table

    return table(options)


def run_figures(options: argparse.Namespace) -> int:
    """Carry out `laf figures`."""
    from explorer.command.figures import figures

    return figures(options)


def run_warmup(options: argparse.Namespace) -> int:
    """Run `laf warmup`, whose modules are loaded only now."""
    from explorer.command.warmup import warmup

    return warmup(options)
