"""`Job`: the work of a dashboard's worker thread: apply requests, compute, publish.

Only the worker thread accesses the graph, the present moment and the history. Other
threads post requests and read the last `Frame`, which is immutable.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from explorer.drawing.view import View
from explorer.kit.agenda import Agenda
from explorer.kit.answers import Answers
from explorer.kit.complaints import Complaints, in_words
from explorer.kit.frame import Frame, memory_of
from explorer.kit.graph import Abandoned
from explorer.kit.plan import Plan, Readout, key_of
from explorer.kit.runs import History, Moment
from explorer.kit.worker import Requests
from explorer.panels import Panel
from explorer.threads import TURN, exclusive
from explorer.warmup import missing, warm_up

PICTURES_PER_SECOND = 15.0
"""Most frames per second of a run: even a browser that draws in software keeps up."""

PAUSE = 0.05
"""Seconds between two looks whether another computation has ended."""

NOTICEABLE = 1e-3
"""Least seconds of a node that is listed among the stages."""

NEVER_WAITS = {
    "undo", "redo", "load", "reset", "pause", "read", "greet", "complain", "restore",
}  # fmt: skip
"""Requests that are carried out while a state is restored; others wait."""


class Screen(Protocol):
    """The place where a job shows its results."""

    def show_frame(self, frame: Frame) -> None:
        """Show a frame."""

    def preview(self, panels: Mapping[str, Panel]) -> None:
        """Show panels that need no compiled kernel."""

    def say(self, text: str, share: float | None = None, left: str = "") -> None:
        """Show at once the work in progress, the share done, and the time left."""


class Job(Answers):
    """The state of a dashboard, driven by requests.

    Parameters
    ----------
    plan : declarations of the dashboard; settings : initial settings.
    screen : place where results are shown.

    Attributes
    ----------
    frame : frame shown last, None before the first result.
    """

    def __init__(self, plan: Plan, settings: dict[str, Any], screen: Screen) -> None:
        self.plan, self.screen = plan, screen
        self.graph = plan.graph(settings)
        shown = frozenset(view.name for view in plan.views if not view.hidden)
        self.present, self.history = Moment(settings, shown=shown), History()
        self.frame, self.agenda = None, Agenda()
        self.complaints = Complaints(plan)
        self.count, self.held, self.waiting = 0, [], []
        self.stopped = ""  # why the last agenda ended before its end, in a word
        self.heard, self.freezing, self.halted = {}, False, False
        self._posted = 0
        self._shown_at, self._pace, self._warm = 0.0, 0.0, False

    def __call__(self, requests: Requests, check: Callable[[], None]) -> bool:
        """Apply requests, compute, publish; return True while steps are left."""
        self.held += requests  # a turn that is abandoned must not lose them
        self.halted = self.halted and not requests
        self.graph.check = check
        self._warm_up(check)
        while self.held and not self.waits(self.held[0]):
            self._apply(self.held.pop(0))
        if self.halted and self.frame and self.frame.moment is not self.present:
            return self._halt(self.frame)
        while not TURN.lock.acquire(timeout=PAUSE):
            check()
        try:
            return self._compute()
        finally:
            TURN.lock.release()

    def _halt(self, frame: Frame) -> bool:
        """Leave the last frame on the screen, and say that it is not the newest."""
        said = (
            "interrupted: the pictures are those of the settings before; move a "
            "control, or press Step, to go on"
        )
        self.frame = replace(frame, posted=self._posted, problem=said, running=False)
        self.screen.show_frame(self.frame)
        return False

    def _warm_up(self, check: Callable[[], None]) -> None:
        """Compile missing kernels; meanwhile, show the views that need none."""
        if self._warm:
            return
        if missing():
            early = [v for v in self.plan.views if v.name in self.plan.early]
            self.screen.preview(self._early(early))
        warm_up(self.screen.say, check)
        self._warm = True

    def _early(self, views: Sequence[View]) -> dict[str, Panel]:
        """Return the panels that can be drawn; the first frame says why others not."""
        found = {}
        for view in views:
            with contextlib.suppress(ValueError, TypeError, MemoryError), TURN:
                found[view.name] = self.graph[key_of(view.name)]
        return found

    @exclusive
    def _compute(self) -> bool:
        if self.agenda.left and not self.freezing:
            self._advance()
        if self.agenda.restoring and not self.agenda.left:
            self._arrive()
        late = time.monotonic() - self._shown_at >= 1.0 / PICTURES_PER_SECOND
        if late or self.freezing or not self.agenda.left:
            self._publish()
            self._shown_at = time.monotonic()
        return self.agenda.left > 0 or bool(self.held)

    def fail(self, error: Exception) -> None:
        """Show an error that was raised outside of views and steps."""
        self.complaints.add(error, self.present.settings)
        self._stop()
        self.freezing = False
        if self.frame is not None:
            self.frame = replace(
                self.frame,
                posted=self._posted,
                running=False,
                complaints=self.complaints.said,
                problem=self.complaints.problem,
            )
            self.screen.show_frame(self.frame)
        else:
            self.screen.say(str(error))

    def release(self) -> None:
        """Release all results except the numbers of the last frame."""
        self.graph = self.plan.graph(self.plan.defaults)
        self.history = History()
        self.present = replace(self.present, kept=())
        if self.frame is not None:
            bare = replace(self.frame.moment, kept=())
            self.frame = replace(self.frame, panels={}, moment=bare)

    def _apply(self, request: Mapping[str, Any]) -> None:
        """Carry out a request, now or after a restoration has ended."""
        self._posted = max(self._posted, request.get("posted", 0))
        (kind,) = (k for k in request if k not in ("posted", "heard"))
        if self.agenda.restoring and kind not in NEVER_WAITS:
            self.waiting.append({k: v for k, v in request.items() if k != "posted"})
            return
        try:
            self.answer(kind, request[kind])
        except (ValueError, TypeError) as error:
            self.complaints.add(error, self.present.settings)
        self.hear(request)

    def _arrive(self) -> None:
        """End a restoration: apply its settings, then the requests that waited."""
        assert self.agenda.goal is not None
        self._put(self.agenda.goal.settings, keep=True)
        self.agenda = Agenda()
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self._apply(request)

    def _advance(self) -> None:
        """Take a step; a failed or abandoned step changes nothing."""
        assert self.plan.stepper is not None
        following = self.agenda.next()
        if following is not None:
            self._put(following, keep=True)
        began, present = time.perf_counter(), self.present
        try:
            run = self.plan.stepper.step(self.graph, present.run, present.settings)
        except Abandoned:
            raise
        except Exception as error:
            self.complaints.fail(error, present.settings)
            self._stop()
            return
        self._be(run)
        self.agenda.count()
        if self.agenda.single and self.agenda.left:
            self.history.remember(self.present)
        self._pace = time.perf_counter() - began

    def _publish(self) -> None:
        """Compute the shown views and the numbers, and show them in one frame."""
        self.screen.say(*self._progress())
        counts = {n: node.evaluations for n, node in self.graph.nodes.items()}
        complaints, errors = dict(self.complaints.said), dict[str, str]()
        panels: dict[str, Panel] = {}
        for view in self.plan.views:
            if view.name in self.present.shown:
                try:
                    panels[view.name] = self.graph[key_of(view.name)]
                except Abandoned:
                    raise
                except Exception as error:
                    errors[view.name] = in_words(error)
                    if name := self.complaints.control_of(error, self.present.settings):
                        complaints.setdefault(name, in_words(error))
        numbers, problem = self._numbers()
        frame = Frame(
            moment=self.present,
            numbers=numbers,
            panels=panels,
            errors=errors,
            readouts=self._readouts(numbers),
            complaints=complaints,
            problem=self.complaints.problem or ("" if complaints else problem),
            posted=self._posted,
            heard=dict(self.heard),
            undo=bool(self.history.past),
            redo=bool(self.history.future),
            running=self.agenda.left > 0,
            step=self._progress()[0],
            stages=self._stages(counts),
            probe=self._probe(),
        )
        self.frame = self._keep(frame)
        self.screen.show_frame(self.frame)

    def _numbers(self) -> tuple[Mapping[str, float], str]:
        """Return the numbers of the present settings, or an error message."""
        try:
            return dict(self.graph[self.plan.numbers]), ""
        except Abandoned:
            raise
        except Exception as error:
            return {}, in_words(error)

    def _readouts(self, numbers: Mapping[str, float]) -> tuple[Readout, ...]:
        if self.plan.readouts not in self.graph.nodes:
            return tuple(Readout(n, f"{v:.6g}") for n, v in numbers.items())
        try:
            return tuple(self.graph[self.plan.readouts])
        except Abandoned:
            raise
        except Exception:  # `_numbers` or a view reports it
            return ()

    def _probe(self) -> tuple[int, int] | None:
        """Return the chosen pixel, or None."""
        if self.plan.place not in self.graph.nodes:
            return None
        try:
            row, col = self.graph[self.plan.place]
        except Abandoned:
            raise
        except Exception:  # the views that need the pixel report it
            return None
        return row, col

    def _stages(
        self, counts: Mapping[str, int]
    ) -> tuple[tuple[str, float, float], ...]:
        """Return seconds and MB of the nodes computed for this frame."""
        return tuple(
            (name, node.seconds, memory_of(node.value) / 1e6)
            for name, node in self.graph.nodes.items()
            if node.evaluations > counts[name] and node.seconds >= NOTICEABLE
        )

    def _progress(self) -> tuple[str, float | None, str]:
        """Return the progress as text, the share of steps done, and the time left."""
        agenda, taken = self.agenda, self.present.run.steps
        if not agenda.left:
            rest = f", {self.stopped}" if self.stopped else ""
            return (f"step {taken}{rest}" if self.plan.stepper else ""), None, ""
        kind = "restoring: step" if agenda.restoring else "step"
        left = agenda.left * self._pace
        return (
            f"{kind} {agenda.done} of {agenda.total}",
            agenda.done / agenda.total,
            f"{left:.0f} s left" if left >= 1.0 else "less than 1 s left",
        )
