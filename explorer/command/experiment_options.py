"""Options of the commands that reproduce experiments, and of `laf warmup`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from explorer import params
from explorer.command.options import add_command, add_settings, fill_in, place
from explorer.settings import Number

TABLE_OPTIONS = (Number(params.SIZE), Number(params.SEED))

ABOUT_TABLE = """\
Compare gradients of rank one and two with the exact gradient, at four times and for two
noisy scenes. The table lists the share of pixels whose patch gradients point in the
same direction, and the ratio of the first two singular values: a large ratio warns that
rank one is insufficient.
"""


ABOUT_FIGURES = """\
Reproduce Figures 1 to 5 of the paper, or some of them: a dataset, a page and a PNG for
each, and a table of the paper's statements with the values found here. All figures take
about six minutes on two cores, with five scenes of 128 × 128 pixels. The folder stores
intermediate results, so that an interrupted run resumes where it stopped.
"""

ABOUT_WARMUP = """\
Compile the kernels for images and 3×3 windows in double precision, on all cores, and
store them in numba's cache. Without this command they are compiled on first use, which
then takes some seconds longer. Run it when you build a machine image.
"""


FIGURES = range(1, 6)


def add_table(commands: Any) -> None:
    """Add the command `table` with its options."""
    texts = "compare low-rank gradients with the exact one over time", ABOUT_TABLE
    table = add_command(
        commands, "table", texts, run_table, lambda o: fill_in(o, *TABLE_OPTIONS)
    )
    add_settings(table, *TABLE_OPTIONS)
    table.add_argument(
        "--out",
        type=place,
        metavar="FILE.nc",
        help="netCDF file to write; an existing file is replaced (default: none)",
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
        help="folder to write to, created if necessary (default: %(default)s)",
    )
    figures.add_argument(
        "--quick",
        action="store_true",
        help="use two small scenes and five steps, as a trial",
    )


def check_figures(options: argparse.Namespace) -> None:
    """Complain about numbers without a figure; no number means all figures."""
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
    """Run `laf warmup`; load its modules only now."""
    from explorer.command.warmup import warmup

    return warmup(options)
