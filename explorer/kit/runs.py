"""Runs, which proceed step by step, and the history for undo and redo."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.kit.graph import Graph

if TYPE_CHECKING:
    from explorer.kit.frame import Kept

Values = Mapping[str, Any]
Segment = tuple[dict[str, Any], int]
"""The settings of several consecutive steps, and the number of these steps."""


@dataclass(frozen=True, eq=False)
class Run:
    """The steps taken so far; runs are immutable, and undo returns to an older run.

    Attributes
    ----------
    state : result of the last step, None at the start; memory : memory of the rule.
    segments : one for each change of settings.
    records : one for the start and one for each step.
    """

    state: Any = None
    memory: Any = None
    segments: tuple[Segment, ...] = ()
    records: tuple[Any, ...] = ()

    @property
    def steps(self) -> int:
        """The number of steps."""
        return sum(count for _, count in self.segments)


@dataclass(frozen=True)
class Stepper:
    """How a run takes its steps.

    Attributes
    ----------
    point : name of the node where a step starts and ends; the node depends on the leaf
        `run` and uses its `state`.
    advance : (evaluate, point, memory, **rule) → (point, memory), as
        `Optimizer.advance`; `evaluate` returns the point of a state.
    state_of : point → `Run.state`; record : (step, point, seconds) → record.
    rule : settings that `advance` takes.
    restarts : nodes and settings whose change starts a new run.
    """

    point: str
    advance: Callable[..., tuple[Any, Any]]
    state_of: Callable[[Any], Any]
    record: Callable[[int, Any, float], Any]
    rule: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()

    def relevant(self, graph: Graph, settings: Values) -> dict[str, Any]:
        """Return the settings that determine a step; others do not affect a run."""
        names = graph.ancestors(self.point) | set(self.rule)
        return {n: v for n, v in settings.items() if n in names}

    def step(self, graph: Graph, run: Run, settings: Values) -> Run:
        """Return the run with one more step; an exception leaves the graph unchanged.

        If settings have changed since the last step, a new segment begins, and the rule
        starts with an empty memory, like a new `Learner`.
        """
        began, now = time.perf_counter(), self.relevant(graph, settings)
        point, segments = graph[self.point], run.segments
        here = run.records or (self.record(0, point, 0.0),)
        same = bool(segments) and segments[-1][0] == now
        memory = run.memory if same else None
        with graph.trial():

            def evaluate(state: Any) -> Any:
                graph.set(run=replace(run, state=state))
                return graph[self.point]

            rule = {name: settings[name] for name in self.rule}
            found, memory = self.advance(evaluate, point, memory, **rule)
            state = self.state_of(found)
            tried = graph.nodes["run"].value
            if tried.state is not state:  # a rule may return to an earlier point
                found = evaluate(state)
        count = segments[-1][1] + 1 if same else 1
        segments = (*(segments[:-1] if same else segments), (now, count))
        record = self.record(run.steps + 1, found, time.perf_counter() - began)
        return Run(state, memory, segments, (*here, record))


@dataclass(frozen=True, eq=False)
class Moment:
    """The complete state of a dashboard, to which undo returns.

    Attributes
    ----------
    settings, run : values of all settings, and the steps taken.
    hide, lock : controls that a preset hides, and controls that it makes read-only.
    shown : names of the views on screen; kept : frozen runs to compare with.
    """

    settings: dict[str, Any]
    run: Run = field(default_factory=Run)
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()
    kept: tuple[Kept, ...] = ()


MERGE = 1.0
"""Seconds within which successive moves of one slider form one step of undo."""

MOST_MOMENTS, MOST_BYTES = 100, 2**28
"""Most moments that undo keeps, and most bytes of their states."""


class History:
    """Moments for undo and redo."""

    def __init__(self) -> None:
        self.past: list[Moment] = []
        self.future: list[Moment] = []
        self._key, self._at = "", 0.0

    def remember(self, moment: Moment, key: str = "") -> None:
        """Store the moment before a change.

        key : name of the change; of successive changes with the same key, only the
            moment before the first one is stored.
        """
        now = time.monotonic()
        again = key != "" and key == self._key and now - self._at < MERGE
        self._key, self._at = key, now
        if not again:
            self.past, self.future = [*self.past, moment][-MOST_MOMENTS:], []
            while len(self.past) > 1 and size_of(self.past) > MOST_BYTES:
                del self.past[0]

    def undo(self, present: Moment) -> Moment | None:
        """Return the moment before the last change, or None."""
        return self._move(present, self.past, self.future)

    def redo(self, present: Moment) -> Moment | None:
        """Return the moment before the last `undo`, or None."""
        return self._move(present, self.future, self.past)

    def _move(
        self, present: Moment, origin: list[Moment], other: list[Moment]
    ) -> Moment | None:
        if not origin:
            return None
        other.append(present)
        self._key = ""
        return origin.pop()


def size_of(moments: list[Moment]) -> int:
    """Return the bytes of all distinct arrays that the runs of moments hold.

    Frozen runs count only where the newest moment has dropped them.
    """
    dropped = {k for m in moments for k in m.kept} - {*moments[-1].kept}
    found = [*moments, *(k.frame.moment for k in dropped)]
    states = (m.run.state for m in found)
    arrays = {id(s): s.nbytes for s in states if isinstance(s, np.ndarray)}
    return sum(arrays.values())
