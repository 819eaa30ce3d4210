"""`--checkpoint`: save runs to disk regularly, and resume them."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

from explorer.command.delivery import PATH, option, reason, write_at
from explorer.files import checked_target
from explorer.learning.checkpoint import load_checkpoint, save_checkpoint
from explorer.learning.learner import Learner
from explorer.learning.trace import Step
from explorer.messages import About
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.prediction.training import TrainingState

EVERY = 5.0
"""Seconds between two checkpoints: a crash loses at most this time and a step."""


class Keeper(ABC):
    """Reads a run from disk, and saves it regularly; does nothing without a path.

    Parameters
    ----------
    path : file of the checkpoint, or None.

    Raises
    ------
    ValueError, OSError
        where the file belongs to another run, or cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._written = path, time.monotonic()
        if path is None:
            return
        with option("checkpoint"):
            checked_target(path)
            if path.exists():
                step = self.find(path)
                print(f"going on from step {step} of {path}", file=sys.stderr)

    @abstractmethod
    def find(self, path: Path) -> int:
        """Restore the state in the file, and return the number of its step."""

    @abstractmethod
    def write(self, path: Path) -> list[Path]:
        """Write the state of the run, completely or not at all."""

    def keep(self, last: bool = False) -> None:
        """Write the checkpoint if it is due, or if the run ends."""
        now = time.monotonic()
        if self._path is None or not (last or now - self._written > EVERY):
            return
        self._written = now
        try:
            write_at(self._path, self.write)
        except Exception as error:  # whatever it is, the run itself can go on
            print(f"cannot write the checkpoint: {reason(error)}", file=sys.stderr)


class LearnerKeeper(Keeper):
    """Saves a learner and its records.

    Parameters
    ----------
    learner : Learner, fresh; it is moved to where the file says, if there is one.
    path : file of the checkpoint, or None.

    Attributes
    ----------
    records : the steps so far, in a list that `add` makes longer.
    """

    def __init__(self, learner: Learner, path: Path | None) -> None:
        self._learner = learner
        self.records: list[Step] = []
        super().__init__(path)

    def add(self, record: Step) -> None:
        """Record a step; a resumed run repeats its first one."""
        if self.records and self.records[-1].step == record.step:
            self.records.pop()
        self.records.append(record)

    def find(self, path: Path) -> int:
        """Restore the learner."""
        self.records = load_checkpoint(self._learner, path)
        return self.records[-1].step

    def write(self, path: Path) -> list[Path]:
        """Write learner and records."""
        save_checkpoint(self._learner, self.records, path)
        return [path]


LONGER = ("steps", "patience")
"""Parameters that may change when a training resumes."""


class ModelKeeper(Keeper):
    """Saves a predictor in training; `laf label` can read the file as a model.

    Parameters
    ----------
    predictor : WeightPatchPredictor, with the parameters that are asked for.
    path : file of the checkpoint, or None.

    Attributes
    ----------
    state : TrainingState to go on from, None without a file.
    """

    def __init__(self, predictor: WeightPatchPredictor, path: Path | None) -> None:
        self._predictor = predictor
        self.state: TrainingState | None = None
        super().__init__(path)

    def find(self, path: Path) -> int:
        """Read the training state; raise if its parameters differ."""
        kept = WeightPatchPredictor.load(path)
        wanted, found = self._predictor.get_params(), kept.get_params()
        for name in sorted(wanted.keys() - LONGER):
            if wanted[name] != found[name]:
                rest = (
                    f"= '{path}' belongs to another run: `{name}` was "
                    f"{found[name]!r}, and is {wanted[name]!r} now; use the old value, "
                    "or begin anew with another file"
                )
                raise ValueError(About(PATH, rest))
        self.state = kept.state_
        return len(kept.history_.step) - 1

    def write(self, path: Path) -> list[Path]:
        """Write the model."""
        self._predictor.save(path)
        return [path]
