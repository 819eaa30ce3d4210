"""`laf figures`: the paper's figures as datasets, pages and pictures."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import xarray as xr
from tqdm import tqdm

from explorer.command.codes import FAILED, SIGNAL_BASE
from explorer.command.delivery import complain, option
from explorer.command.interrupts import Interrupts
from explorer.experiments import claims
from explorer.experiments.figures import FIGURES
from explorer.experiments.units import QUICK, Bench, Progress, Setup
from explorer.files import checked_target, whole, write

PARTS = "parts"
"""Folder below the output that stores the results of finished units."""


ENDINGS = (".nc", ".png", ".html")
"""Suffixes of the files of a figure."""


class StoppedError(Exception):
    """Raised on a stop request; results computed so far are kept."""


def figures(options: argparse.Namespace) -> int:
    """Compute, store and draw the figures that `options` name; return the exit code."""
    try:
        check_places(options.numbers, options.out)
    except OSError as error:
        options.complain(str(error))
    setup = QUICK if options.quick else Setup()
    found: dict[int, xr.Dataset] = {}
    with Interrupts(once=True) as interrupts:

        def check() -> None:
            if interrupts.signum:
                interrupts.hold()
                raise StoppedError

        try:
            for number in options.numbers:
                found[number] = figure(number, setup, options.out, check)
            table = claims.table(found)
            write(table, options.out / "claims.nc")
            with whole(options.out / "claims.txt") as draft:
                draft.write_text(claims.text_of(table), encoding="utf-8")
        except (StoppedError, KeyboardInterrupt):
            print(f"laf figures: stopped; {kept(options.out)}", file=sys.stderr)
            return SIGNAL_BASE + int(interrupts.signum or 2)
        except OSError as error:
            complain("figures", f"{error}; {kept(options.out)}")
            return FAILED
    print(claims.text_of(table))
    return 0


def kept(out: Path) -> str:
    """Return a message about the stored results of a run that ended early."""
    if not (out / PARTS).is_dir():
        return f"the folder {out} has vanished, and with it what was computed"
    return (
        f"what was computed is in {out / PARTS}, and the same command goes on from "
        "there"
    )


def check_places(numbers: Sequence[int], out: Path) -> None:
    """Make the folders, and raise unless all files can be written."""
    parts = [out / PARTS / f"figure{number}" for number in numbers]
    for folder in parts:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                f"`out` = '{out}': the folder '{folder}' cannot be made "
                f"({error.strerror}): name another folder"
            ) from error
    files = [out / f"figure{n}{end}" for n in numbers for end in ENDINGS]
    files += [out / f"claims{end}" for end in (".nc", ".txt")]
    with option("out"):
        for path in [*files, *(folder / "unit.nc" for folder in parts)]:
            checked_target(path)


def figure(number: int, setup: Setup, out: Path, check: object) -> xr.Dataset:
    """Compute a figure with a progress bar, write its three files, return its data."""
    from explorer.drawing.page import write_page
    from explorer.drawing.prints import write_png

    compute, draw = FIGURES[number]
    with tqdm(desc=f"figure {number}", unit="unit", file=sys.stderr) as bar:

        def tell(progress: Progress) -> None:
            bar.total = progress.total
            bar.update(progress.done - bar.n)
            if not math.isnan(progress.seconds_left):
                bar.set_postfix_str(f"{progress.seconds_left:.0f} s left")

        bench = Bench(out / PARTS / f"figure{number}", tell, check)  # type: ignore[arg-type]
        data = compute(setup, bench)
    drawn = draw(data)
    writers = (
        lambda path: write(data, path),
        lambda path: write_png(drawn, path),
        lambda path: write_page(drawn, path),
    )
    for ending, put in zip(ENDINGS, writers, strict=True):
        put(out / f"figure{number}{ending}")
    print(f"Figure {number}. {drawn.title}. {drawn.caption}\n", flush=True)
    return data
