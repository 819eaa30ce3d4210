"""`--checkpoint`: a learning run kept on disk while it goes on, and found again."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from explorer.learning.checkpoint import load_checkpoint, save_checkpoint
from explorer.learning.files import checked_target
from explorer.learning.learner import Learner
from explorer.learning.trace import Step

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
        save_checkpoint(self._learner, records, self._path)
        self._written = now
