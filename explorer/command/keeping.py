"""`--checkpoint`: runs kept on disk while they go on, and found again."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from explorer.learning.checkpoint import load_checkpoint, save_checkpoint
from explorer.learning.files import checked_target
from explorer.learning.learner import Learner
from explorer.learning.trace import Step
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.prediction.training import TrainingState

EVERY = 5.0
"""Seconds between two checkpoints: what a crash loses at most, besides a step."""


class Keeper:
    """Writes where a learner is, now and then; does nothing without a path.

    Parameters
    ----------
    learner : Learner, fresh; it is moved to where the file says, if there is one.
    path : file of the checkpoint, or None.

    Raises
    ------
    ValueError, OSError
        where the file belongs to another run, or cannot be written.
    """

    def __init__(self, learner: Learner, path: Path | None) -> None:
        self._learner, self._path = learner, path
        self._written = time.monotonic()
        self.before: list[Step] = []
        if path is not None:
            checked_target(path)
            if path.exists():
                self.before = load_checkpoint(learner, path)
                step = self.before[-1].step
                print(f"going on from step {step} of {path}", file=sys.stderr)

    def keep(self, records: Sequence[Step], last: bool = False) -> None:
        """Write the checkpoint if it is time, or if this is the last record."""
        now = time.monotonic()
        if self._path is None or not (last or now - self._written > EVERY):
            return
        self._written = now
        try:
            save_checkpoint(self._learner, records, self._path)
        except OSError as error:  # the run itself can go on
            print(f"cannot write the checkpoint: {error}", file=sys.stderr)


LONGER = ("steps", "patience")
"""Parameters that a training may go on with at other values."""


class ModelKeeper:
    """Writes a predictor in training, now and then; does nothing without a path.

    Parameters
    ----------
    predictor : WeightPatchPredictor, with the parameters that are asked for.
    path : file of the checkpoint, a model as `laf label` reads it, or None.

    Attributes
    ----------
    state : TrainingState to go on from, None without a file.

    Raises
    ------
    ValueError, OSError
        where the file belongs to other parameters, or cannot be written.
    """

    def __init__(self, predictor: WeightPatchPredictor, path: Path | None) -> None:
        self._predictor, self._path = predictor, path
        self._written = time.monotonic()
        self.state: TrainingState | None = None
        if path is None:
            return
        checked_target(path)
        if not path.exists():
            return
        kept = WeightPatchPredictor.load(path)
        wanted, found = predictor.get_params(), kept.get_params()
        for name in sorted(wanted.keys() - LONGER):
            if wanted[name] != found[name]:
                raise ValueError(
                    f"`path` = '{path}' belongs to another run: `{name}` was "
                    f"{found[name]!r}, and is {wanted[name]!r} now; use the old value, "
                    "or begin anew with another file"
                )
        self.state = kept.state_

    def keep(self, last: bool = False) -> None:
        """Write the checkpoint if it is time, or for the last time."""
        now = time.monotonic()
        if self._path is None or not (last or now - self._written > EVERY):
            return
        self._written = now
        try:
            self._predictor.save(self._path)
        except OSError as error:  # the training itself can go on
            print(f"cannot write the checkpoint: {error}", file=sys.stderr)
