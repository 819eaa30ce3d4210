"""`Agenda`: the remaining steps of a run or of a restoration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.kit.documents import Destination


@dataclass(eq=False)
class Agenda:
    """The remaining steps of a run or of a restoration.

    Attributes
    ----------
    total, done : number of steps of this agenda, and of those taken.
    single : whether undo reverts each step alone.
    plan : while a state is restored, pairs (settings, count) of its steps, the last
        pair first; goal : the settings after the last step.
    """

    total: int = 0
    done: int = 0
    plan: list[tuple[dict[str, Any], int]] | None = None
    goal: Destination | None = None
    single: bool = False

    @property
    def left(self) -> int:
        """Number of remaining steps."""
        return self.total - self.done

    @property
    def restoring(self) -> bool:
        """Whether a state is being restored by repeating its steps."""
        return self.goal is not None

    def next(self) -> dict[str, Any] | None:
        """Return the settings of the next step of a restoration."""
        return self.plan[-1][0] if self.plan else None

    def count(self) -> None:
        """Count one step as taken."""
        self.done += 1
        if self.plan:
            settings, count = self.plan.pop()
            if count > 1:
                self.plan.append((settings, count - 1))
