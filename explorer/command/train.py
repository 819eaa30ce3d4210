"""`laf train`: train a predictor on labeled images."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr
from tqdm import tqdm

from explorer.command.codes import FAILED, SIGNAL_BASE
from explorer.command.delivery import deliver, option, reason
from explorer.command.interrupts import Interrupts
from explorer.command.keeping import ModelKeeper
from explorer.command.learn import tell
from explorer.command.told import labels_text, pairs_text
from explorer.comparison.heldout import held_out, text_of
from explorer.features.data_terms import DataTerm, PrototypeDistance
from explorer.features.evidence import Evidence
from explorer.features.extractors import (
    Extractor,
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
)
from explorer.files import checked_apart, checked_target, write
from explorer.losses.balanced import BalancedLoss
from explorer.losses.losses import DirectionLoss
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.prediction.training import TrainingState, TrainingStep
from explorer.scenes.collection import labeled_images, warn_of_twins

SCORES = "_scores.nc"
"""Suffix of the file with the comparison, after the stem of the model."""

HEADER = f"{'step':>5} {'loss':>10} {'error %':>8} {'val. loss':>10} {'val. %':>8}"


def train(options: argparse.Namespace) -> int:
    """Train as `options` say, write the model, return the exit code."""
    try:
        check_files(options)
        predictor = predictor_of(options)
        keeper = ModelKeeper(predictor, options.checkpoint)
        scenes, validation, test = read_scenes(options)
        states = predictor.iterate(scenes, validation, keeper.state)
    except (ValueError, TypeError, OSError) as error:
        options.complain(str(error))
    with Interrupts(once=True) as interrupts:
        failed = follow(states, predictor.steps, keeper, interrupts)
        if predictor.state_ is not None and predictor.state_.records:
            keeper.keep(last=True)
        failed = finish(predictor, options.out) or failed
        if not failed:
            status = predictor.solve(scenes[0].image).status
            if not status.ok:
                print(f"note: {status}", file=sys.stderr)
        if test and not interrupts.signum and not failed:
            tuning = validation or scenes
            failed = judge(predictor, (tuning, test), options.out, interrupts)
    return SIGNAL_BASE + int(interrupts.signum) if interrupts.signum else failed


def read_scenes(options: argparse.Namespace) -> list[list[xr.Dataset]]:
    """Return the scenes for training, validation and test; print a summary.

    Raises
    ------
    ValueError
        naming what is wrong with a file.
    """
    pairs = list(zip(options.images, options.labels, strict=True))
    count = len(pairs) - options.validation - options.test
    parts = [
        ("training", count), ("validation", options.validation), ("test", options.test),
    ]  # fmt: skip
    say(pairs_text(pairs, parts))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        scenes = labeled_images(
            options.images, dict(pairs), count, options.ignore, options.values
        )
        ends = np.cumsum([0, *(n for _, n in parts)])
        split = [scenes[a:b] for a, b in pairwise(ends)]
        held_out = {name: part for (name, _), part in zip(parts, split, strict=True)}
        warn_of_twins({name: held_out[name] for name in ("validation", "test")})
    for warning in said:
        say(f"note: {warning.message}")
    say(labels_text(scenes))
    return split


def say(text: str) -> None:
    """Print a message that is not a result."""
    print(text, file=sys.stderr)


def check_files(options: argparse.Namespace) -> None:
    """Raise unless the output files are writable and differ from the input files."""
    out: Path = options.out
    if out.suffix != ".nc":
        raise ValueError(f"`out` = '{out}' must end in .nc: it is a netCDF file")
    read = {"images": options.images, "labels": options.labels}
    scores = scores_of(out) if options.test else None
    checked_apart({"out": out, "scores beside `out`": scores}, read)
    kept: Path | None = options.checkpoint
    checked_apart({"checkpoint": kept, "scores beside `out`": scores}, read)
    with option("out"):
        checked_target(out)
        if scores is not None:
            checked_target(scores)


def scores_of(out: Path) -> Path:
    """Return the file of the comparison that lies beside the model."""
    return out.with_name(out.stem + SCORES)


def finish(predictor: WeightPatchPredictor, out: Path) -> int:
    """Write the model, if there is one, and print its path; return the exit code."""
    if predictor.state_ is None or not predictor.state_.records:
        print("laf train: stopped before step 0, no file written", file=sys.stderr)
        return FAILED

    def save(path: Path) -> list[Path]:
        predictor.save(path)
        return [path]

    failed = deliver("train", out, save)
    best = predictor.state_.records[-1 - predictor.state_.since_best]
    if not failed:
        print(f"the model is that of step {best.step}", file=sys.stderr)
    return failed


def predictor_of(options: argparse.Namespace) -> WeightPatchPredictor:
    """Return the predictor that the options describe."""
    return WeightPatchPredictor(
        n_prototypes=options.n_prototypes,
        features=extractor_of(options),
        data_term=data_term_of(options),
        loss=BalancedLoss(options.balance) if options.balance else DirectionLoss(),
        rho=options.rho,
        radius=options.radius,
        time=options.time,
        dim=options.dim,
        rank=options.rank,
        steps=options.steps,
        patience=options.patience,
        seed=options.seed,
    )


def data_term_of(options: argparse.Namespace) -> DataTerm:
    """Return the data term that the options describe."""
    if options.data == "color":
        return PrototypeDistance()
    seen = GaussianDerivatives(options.scales)
    return Evidence(seen, balance=options.balance, hidden=options.hidden)


def extractor_of(options: argparse.Namespace) -> Extractor:
    """Return the features of the weights that the options describe."""
    if options.features == "window":
        return RawWindow(options.window)
    kinds = {"derivatives": GaussianDerivatives, "tensor": StructureTensor}
    return kinds[options.features](options.scales)


def follow(
    states: Iterable[TrainingState],
    steps: int,
    keeper: ModelKeeper,
    interrupts: Interrupts,
) -> int:
    """Take the steps, print a line for each, stop on request; return 0 or 1.

    The state reached is kept whatever happens.
    """
    failed = 0
    try:
        with tqdm(total=steps, unit="step", file=sys.stderr, dynamic_ncols=True) as bar:
            tell(HEADER)
            for state in states:
                record = state.records[-1]
                keeper.keep()
                tell(line(record))
                bar.update(record.step - bar.n)
                if interrupts.signum:
                    break
        interrupts.hold()
    except KeyboardInterrupt:
        pass  # it is in `interrupts`
    except (ValueError, TypeError, OSError, MemoryError) as error:
        print(f"laf train: error: {reason(error)}", file=sys.stderr)
        failed = FAILED
    interrupts.hold()
    return failed


def judge(
    predictor: WeightPatchPredictor,
    scenes: tuple[Sequence[xr.Dataset], Sequence[xr.Dataset]],
    out: Path,
    interrupts: Interrupts,
) -> int:
    """Compare with baselines on held-out images; print and write the table."""
    with tqdm(desc="comparing", bar_format="{desc}", file=sys.stderr) as bar:

        def check(name: str) -> None:
            if interrupts.signum:
                raise KeyboardInterrupt
            bar.set_description_str(f"comparing: {name}")

        try:
            table = held_out(predictor, *scenes, check)
        except KeyboardInterrupt:
            print("laf train: comparison stopped", file=sys.stderr)
            return 0
    print(f"\n{text_of(table)}")

    def save(path: Path) -> list[Path]:
        write(table, path)
        return [path]

    return deliver("train", scores_of(out), save)


def line(record: TrainingStep) -> str:
    """Return a step as a line of the table below `HEADER`."""
    return (
        f"{record.step:5d} {record.loss:10.5g} {record.error_percent:8.3f} "
        f"{record.validation_loss:10.5g} {record.validation_error_percent:8.3f}"
    )
