"""`laf figures`: the paper's figures as datasets, pages and pictures."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import xarray as xr
from tqdm import tqdm

from explorer.command.interrupts import Interrupts
from explorer.command.learn import SIGNAL_BASE
from explorer.experiments import claims
from explorer.experiments.figures import FIGURES
from explorer.experiments.units import QUICK, Bench, Progress, Setup
from explorer.learning.files import write

PARTS = "parts"
"""Folder below the output that keeps what has been computed, unit by unit."""


class StoppedError(Exception):
    """Somebody asked to stop; what was computed so far is kept."""


def figures(options: argparse.Namespace) -> int:
    """Compute, store and draw the figures that `options` name; return the exit code."""
    try:
        (options.out / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        options.complain(f"`out` = '{options.out}' cannot be made: {error.strerror}")
    setup = QUICK if options.quick else Setup()
    found: dict[int, xr.Dataset] = {}
    with Interrupts(once=True) as interrupts:

        def check() -> None:
            if interrupts.signum:
                raise StoppedError

        try:
            for number in options.numbers:
                found[number] = figure(number, setup, options.out, check)
        except (StoppedError, KeyboardInterrupt):
            print(
                f"laf figures: stopped; what was computed is in {options.out / PARTS}, "
                "and the same command goes on from there",
                file=sys.stderr,
            )
            return SIGNAL_BASE + int(interrupts.signum or 2)
    table = claims.table(found)
    write(table, options.out / "claims.nc")
    (options.out / "claims.txt").write_text(claims.text_of(table), encoding="utf-8")
    print(claims.text_of(table))
    return 0


def figure(number: int, setup: Setup, out: Path, check: object) -> xr.Dataset:
    """Compute a figure with a progress bar, write its three files, return its data."""
    from explorer.dashboard.pages import write_page
    from explorer.dashboard.prints import write_png

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
    stem = out / f"figure{number}"
    write(data, stem.with_suffix(".nc"))
    write_png(drawn, stem.with_suffix(".png"))
    write_page(drawn, stem.with_suffix(".html"))
    print(f"Figure {number}. {drawn.title}. {drawn.caption}\n", flush=True)
    return data
