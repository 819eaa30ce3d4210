"""A stored history that is being taken again, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from explorer.dashboard.model import LearningModel, Segment
from explorer.dashboard.recipe import Recipe
from explorer.dashboard.worker import Requests

URGENT = frozenset({"restore", "reset", "probe", "tap", "greet"})
"""Requests that are met during a restoration; the others wait until it has ended."""


class Restoration:
    """What is left of a history, where it leads, and what waits for its end.

    Nothing is shown while it lasts: on the way the numbers belong to other settings
    than those that were asked for.

    Attributes
    ----------
    recipe : the history and the settings to end with.
    total, done : steps; waiting : requests to meet when it has ended.
    """

    def __init__(self, model: LearningModel, recipe: Recipe) -> None:
        self.recipe = recipe
        self.total, self.done = sum(s.steps for s in recipe.history), 0
        self.waiting: Requests = []
        self._model = model
        self._left: list[Segment] = [s for s in recipe.history[::-1] if s.steps]
        model.set({} if recipe.upload is None else {"upload": recipe.upload[1]})
        self._model.set(vars(self._next or recipe.settings))
        self._model.reset()

    @property
    def _next(self) -> Any:
        """The settings of the next step, None if there is none."""
        return self._left[-1].settings if self._left else None

    def defers(self, request: Mapping[str, Any]) -> bool:
        """Keep a request for later, unless it ends this or does not learn."""
        if not request or URGENT & request.keys() or request.get("run") == 0:
            return False
        self.waiting.append(dict(request))
        return True

    def advance(self, check: Callable[[], None]) -> bool:
        """Do one thing that needs time; return False when the end is reached."""
        self._model.set(vars(self._next or self.recipe.settings))
        if not self._model.current:
            self._model.refresh(check)
        elif self._left:
            self._model.advance(check)
            self.done += 1
            last = self._left.pop()
            if last.steps > 1:
                self._left.append(Segment(last.settings, last.steps - 1))
        return bool(self._left) or not self._at_end

    @property
    def _at_end(self) -> bool:
        """Whether the model is up to date at the last settings."""
        return self._model.current and self._model.settings() == self.recipe.settings
