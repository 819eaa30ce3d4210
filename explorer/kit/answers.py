"""`Answers`: how a job handles each kind of request; only `read` computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from explorer.kit.agenda import Agenda
from explorer.kit.complaints import Complaints
from explorer.kit.documents import Destination
from explorer.kit.frame import Frame, Kept
from explorer.kit.graph import Abandoned, Graph
from explorer.kit.plan import RUN, Plan, differs
from explorer.kit.runs import History, Moment, Run
from explorer.kit.worker import Requests
from explorer.threads import TURN

INTERRUPTED = "interrupted"
"""The word of a pause that the notebook's interrupt asks for."""

MOST_KEPT = 4
"""Most frozen runs to compare with."""


class Answers:
    """The present moment of a dashboard, and how requests change it.

    Attributes
    ----------
    plan, graph : declarations and values; present, history : the moment, and undo.
    shown : names of the views on screen; frame : the frame shown last.
    agenda : remaining steps; complaints : error messages at settings.
    """

    plan: Plan
    graph: Graph
    present: Moment
    history: History
    shown: set[str]
    frame: Frame | None
    agenda: Agenda
    complaints: Complaints
    stopped: str
    kept: list[Kept]
    count: int
    held: Requests
    waiting: Requests
    heard: dict[str, int]
    freezing: int
    halted: bool

    def hear(self, request: Mapping[str, Any]) -> None:
        """Note the newest wish of a browser view, done or dropped."""
        if "heard" in request:
            view, number = request["heard"]
            self.heard[view] = max(number, self.heard.get(view, 0))

    def answer(self, kind: str, value: Any) -> None:
        """Carry out a request of that kind."""
        getattr(self, f"_on_{kind}")(value)

    def _on_wish(self, values: Mapping[str, Any]) -> None:
        """Set what a hand has set; each value is judged alone."""
        for name, value in values.items():
            try:
                setting = self.plan.setting(name)
                given = {name: setting.wish(value, self.present.settings[name])}
            except (ValueError, TypeError) as error:
                self.complaints.add(error, self.present.settings, name)
            else:
                self._on_set(given)

    def _on_set(self, given: Mapping[str, Any]) -> None:
        try:
            changes = self.plan.wishes(self.present.settings, given)
        except (ValueError, TypeError) as error:
            self.complaints.add(error, self.present.settings, next(iter(given), ""))
            return
        self.complaints.forgive({*given, *changes})
        before = self.present.settings
        if any(differs(before[name], value) for name, value in changes.items()):
            self.history.remember(self.present, "+".join(sorted(given)))
            self._put({**before, **changes})

    def _on_preset(self, name: str) -> None:
        preset, settings = self.plan.presets[name], self.present.settings
        changes = self.plan.wishes(settings, preset.settings)
        self._stop()
        self.history.remember(self.present)
        self.complaints.forgive({*preset.settings, *changes})
        self.present = replace(self.present, hide=preset.hide, lock=preset.lock)
        self._put({**settings, **changes})
        if preset.steps:
            self.agenda = Agenda(preset.steps)

    def _on_load(self, goal: Destination) -> None:
        self._stop()
        self.complaints.clear()
        self.history.remember(self.present)
        self.present = replace(self.present, hide=goal.hide, lock=goal.lock)
        plan = [(now, count) for now, count in goal.segments[::-1] if count]
        self.agenda = Agenda(sum(c for _, c in plan), plan=plan, goal=goal)
        self._go(Run(), self.agenda.next() or goal.settings)

    def _on_undo(self, _: Any) -> None:
        self._return(self.history.undo(self.present))

    def _on_redo(self, _: Any) -> None:
        self._return(self.history.redo(self.present))

    def _on_restore(self, number: int) -> None:
        found = [k.frame.moment for k in self.kept if k.number == number]
        if not found:
            known = ", ".join(str(kept.number) for kept in self.kept) or "none"
            raise ValueError(
                f"`number` must be that of a frozen run ({known}), got {number}"
            )
        self.history.remember(self.present)
        self._return(found[0])

    def _on_run(self, steps: int) -> None:
        self.stopped = ""
        self.complaints.forgive(set())
        if self.plan.stepper is not None and steps:
            self.history.remember(self.present)
            self.agenda = Agenda(steps)

    def _on_step(self, _: Any) -> None:
        if self.plan.stepper is None:
            return
        self.complaints.forgive(set())
        if self.agenda.left:
            self.agenda.total += 1
        else:
            self.history.remember(self.present, "step")
            self.agenda = Agenda(1)

    def _on_pause(self, word: str) -> None:
        if self.agenda.left:
            self.stopped = word
        elif word == INTERRUPTED:
            self.halted = True
        self._stop()

    def _on_reset(self, _: Any) -> None:
        self.stopped = ""
        self._stop()
        self.complaints.clear()
        if self.present.run.records:
            self.history.remember(self.present)
        self._go(Run(), self.present.settings)

    def _on_freeze(self, _: Any) -> None:
        self.freezing += 1  # the frame that shows what was asked for before is kept

    def _keep(self, frame: Frame) -> Frame:
        """Keep a frame as often as it was asked to be frozen; return it with the list.

        What is kept holds no list itself, or no frozen run would ever be let go of.
        """
        alone = replace(frame, kept=())
        for _ in range(self.freezing):
            self.count += 1
            self.kept = [*self.kept, Kept(self.count, alone)][-MOST_KEPT:]
        self.freezing = 0
        return replace(frame, kept=tuple(self.kept))

    def _on_forget(self, number: int) -> None:
        self.kept = [k for k in self.kept if k.number != number]

    def _on_show(self, names: set[str]) -> None:
        self.shown = set(names)

    def _on_complain(self, complaint: tuple[str, str]) -> None:
        name, text = complaint
        self.complaints.add(ValueError(text), self.present.settings, name)

    def _on_greet(self, _: Any) -> None:
        """Do nothing: a new view shows the present results."""

    def _on_read(self, asked: tuple[str, Callable[[Any, Any], None]]) -> None:
        name, answer = asked
        try:
            with TURN:
                answer((self.graph[name], self.present), None)
        except Abandoned:
            self.held.insert(0, {"read": asked})
            raise
        except Exception as error:
            answer(None, error)

    def _return(self, moment: Moment | None) -> None:
        self.stopped = ""
        self._stop()
        if moment is not None:
            self.present = replace(moment, run=self.present.run)
            self._go(moment.run, moment.settings)
            self.complaints.clear()

    def _stop(self) -> None:
        """Take no more steps; what waited for the end of a restoration is dropped."""
        for request in self.waiting:
            self.hear(request)
        self.agenda, self.waiting = Agenda(), []

    def _go(self, run: Run, settings: dict[str, Any]) -> None:
        """Move to another moment."""
        self._be(run)
        self._put(settings, keep=True)

    def _be(self, run: Run) -> None:
        self.present = replace(self.present, run=run)
        if self.plan.stepper is not None:
            self.graph.set(**{RUN: run})

    def _put(self, settings: dict[str, Any], keep: bool = False) -> None:
        """Change settings; start a new run if the scene of the run changes."""
        before, stepper = self.present.settings, self.plan.stepper
        self.graph.set(**settings)
        self.present = replace(self.present, settings=dict(settings))
        if stepper is None or keep:
            return
        origin = self.graph.ancestors(*stepper.restarts) & set(settings)
        if any(differs(before[name], settings[name]) for name in origin):
            self._be(Run())
            self._stop()
