"""`laf learn`: learn a scene without a dashboard, and write the result."""

from __future__ import annotations

import argparse
import sys

import xarray as xr
from tqdm import tqdm

from explorer.command.codes import FAILED, SIGNAL_BASE
from explorer.command.delivery import deliver, reason
from explorer.command.interrupts import Interrupts
from explorer.command.keeping import LearnerKeeper
from explorer.command.results import Result, check_target, save, targets
from explorer.files import checked_apart
from explorer.flow.linearized import LinearizedFlow
from explorer.gradients.gradient import LowRankGradient
from explorer.images.reading import is_path
from explorer.learning.learner import Learner
from explorer.learning.optimizers import RiemannianDescent
from explorer.learning.trace import Step
from explorer.scenes.images import image_scene, sample_image
from explorer.scenes.voronoi import KINDS, voronoi_scene


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
        keeper = LearnerKeeper(learner, options.checkpoint)
    except (ValueError, TypeError, OSError) as error:
        options.complain(str(error))
    with Interrupts(once=True) as interrupts:
        failed = follow(learner, options.steps, keeper, interrupts)
        if not keeper.records:
            print("laf learn: stopped before step 0, no file written", file=sys.stderr)
            return SIGNAL_BASE + int(interrupts.signum or 0)
        result = Result(scene, learner, tuple(keeper.records))
        return finish(options, result, interrupts) or failed


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
    learner: Learner, steps: int, keeper: LearnerKeeper, interrupts: Interrupts
) -> int:
    """Take the steps up to `steps`, print a line for each, and stop on request.

    The first Ctrl-C lets the step under way finish; a second one drops that step.
    Returns 0, or 1 where the memory did not do.
    """
    failed = 0
    left = max(0, steps - learner.position[2])
    try:
        with tqdm(total=steps, unit="step", file=sys.stderr, dynamic_ncols=True) as bar:
            tell(HEADER)
            for record in learner.iterate(left):
                keeper.add(record)
                keeper.keep()
                tell(line(record))
                bar.update(record.step - bar.n)
                if interrupts.signum:
                    break
        interrupts.hold()
    except KeyboardInterrupt:
        pass  # it is in `interrupts`; the steps recorded are kept
    except MemoryError as error:
        if not keeper.records:
            raise
        print(f"laf learn: error: {reason(error)}", file=sys.stderr)
        failed = FAILED
    interrupts.hold()
    if keeper.records:
        keeper.keep(last=True)
    return failed


def tell(text: str) -> None:
    """Print a line above the progress bar."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


HEADER = f"{'step':>6} {'loss':>12} {'error %':>8}"


def line(record: Step) -> str:
    """Return a step as a line of the table below `HEADER`."""
    return f"{record.step:6d} {record.loss:12.6g} {record.error_percent:8.3f}"


def finish(options: argparse.Namespace, result: Result, interrupts: Interrupts) -> int:
    """Write the files and print how learning ended; return the exit code."""
    last = result.records[-1].step
    # a signal after the last step came too late to stop anything
    stopped = bool(interrupts.signum) and last < options.steps
    failed = deliver("learn", options.out, lambda out: save(result, out))
    if not result.solution.status.ok:
        print(f"note: {result.solution.status}", file=sys.stderr)
    if not stopped:
        return failed
    print(
        f"laf learn: stopped at step {last} of {options.steps}; all steps taken are "
        "in the files",
        file=sys.stderr,
    )
    return SIGNAL_BASE + int(interrupts.signum or 0)
