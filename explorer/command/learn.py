"""`laf learn`: learn a scene without a dashboard, and keep the result."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import xarray as xr
from tqdm import tqdm

from explorer.command.interrupts import Interrupts
from explorer.command.keeping import Keeper
from explorer.command.results import Result, check_target, save, targets
from explorer.flow.linearized import LinearizedFlow
from explorer.learning.files import checked_apart
from explorer.learning.gradient import LowRankGradient
from explorer.learning.learner import Learner
from explorer.learning.optimizers import RiemannianDescent
from explorer.learning.trace import Step
from explorer.scenes.images import image_scene, sample_image
from explorer.scenes.reading import is_path
from explorer.scenes.voronoi import KINDS, voronoi_scene

FAILED = 1

SIGNAL_BASE = 128
"""By the shells' convention a signal's number is added to this: Ctrl-C gives 130."""


def learn(options: argparse.Namespace) -> int:
    """Learn as `options` say, write the files, return the exit code."""
    try:
        check_target(options.out)
        data, report = targets(options.out)
        written = {"out": data, "report beside `out`": report}
        read = {
            n: [p] for n in ("image", "labels") if is_path(p := getattr(options, n))
        }
        checked_apart(written | {"checkpoint": options.checkpoint}, read)
        gradient = LowRankGradient(dim=options.dim, rank=options.rank)
        scene = make_scene(options)
        learner = make_learner(options, scene, gradient)
        keeper = Keeper(learner, options.checkpoint)
    except (ValueError, TypeError, OSError) as error:
        options.complain(str(error))
    with Interrupts(once=True) as interrupts:
        records = follow(learner, options.steps, keeper, interrupts)
        if not records:
            print("laf learn: stopped before step 0, no file written", file=sys.stderr)
            return SIGNAL_BASE + int(interrupts.signum or 0)
        return finish(options, Result(scene, learner, tuple(records)), interrupts)


def make_scene(options: argparse.Namespace) -> xr.Dataset:
    """Return the scene that the options name."""
    noise, seed = options.noise, options.seed
    if options.image is not None:
        labels = options.labels_count if options.labels is None else options.labels
        return image_scene(options.image, labels, noise, seed)
    if options.scene in KINDS:
        return voronoi_scene(options.scene, options.size, noise, seed)
    photo = sample_image(options.scene, options.size)
    scene = image_scene(photo, options.labels_count, noise, seed)
    return scene.assign_attrs(scene=options.scene)


def make_learner(
    options: argparse.Namespace, scene: xr.Dataset, gradient: LowRankGradient
) -> Learner:
    """Return the learner that the options describe."""
    flow = LinearizedFlow(scene.distances, rho=options.rho, radius=options.radius)
    descent = RiemannianDescent(step=options.step)
    return Learner(flow, scene.labels, options.time, gradient, descent, tau=options.tau)


def follow(
    learner: Learner, steps: int, keeper: Keeper, interrupts: Interrupts
) -> list[Step]:
    """Take the steps up to `steps`, print a line for each, stop early if asked to.

    The first Ctrl-C lets the step under way finish; a second one drops that step.
    """
    records = keeper.before[:-1]  # the last one comes again
    left = max(0, steps - learner.position[2])
    with tqdm(total=steps, unit="step", file=sys.stderr, dynamic_ncols=True) as bar:
        tell(HEADER)
        try:
            for record in learner.iterate(left):
                records.append(record)
                keeper.keep(records)
                tell(line(record))
                bar.update(record.step - bar.n)
                if interrupts.signum:
                    break
        except KeyboardInterrupt:
            pass  # noted in `interrupts`; what was recorded is kept
    interrupts.hold()
    if len(records) > len(keeper.before[:-1]):
        keeper.keep(records, last=True)
    return records


def tell(text: str) -> None:
    """Print a line above the progress bar, as long as anybody reads along.

    `laf learn … | head` closes the pipe early: the run goes on and is saved.
    """
    try:
        tqdm.write(text, file=sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # also for what is flushed at the end
        os.close(nowhere)


HEADER = f"{'step':>6} {'loss':>12} {'error %':>8}"


def line(record: Step) -> str:
    """Return a step as a line of the table below `HEADER`."""
    return f"{record.step:6d} {record.loss:12.6g} {record.error_percent:8.3f}"


def finish(options: argparse.Namespace, result: Result, interrupts: Interrupts) -> int:
    """Write the files and say how learning ended; return the exit code."""
    last = result.records[-1].step
    # a signal after the last step came too late to stop anything
    stopped = bool(interrupts.signum) and last < options.steps
    try:
        written = save(result, options.out)
    except OSError as error:
        print(f"laf learn: error: cannot write the result: {error}", file=sys.stderr)
        return FAILED
    say(result, written)
    if not stopped:
        return 0
    print(
        f"laf learn: stopped at step {last} of {options.steps}; all steps taken are "
        "in the files",
        file=sys.stderr,
    )
    return SIGNAL_BASE + int(interrupts.signum or 0)


def say(result: Result, written: Iterable[Path]) -> None:
    """Print where the result is and whether the last solve can be trusted."""
    if not result.solution.status.ok:
        print(f"note: {result.solution.status}", file=sys.stderr)
    print(f"wrote {' and '.join(map(str, written))}", file=sys.stderr)
