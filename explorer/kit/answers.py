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

FREEZES_WITH = {"undo", "pause", "read", "greet", "complain"}
"""Requests that do not change the frame to be frozen, or cancel freezing."""

INTERRUPTED = "interrupted"
"""The word of a pause that the notebook's interrupt asks for."""


class Answers:
    """The present moment of a dashboard, and how requests change it.

    Attributes
    ----------
    plan, graph : declarations and values; present, history : the moment, and undo.
    frame : the frame shown last.
    agenda : remaining steps; complaints : error messages at settings.
    """

    plan: Plan
    graph: Graph
    present: Moment
    history: History
    frame: Frame | None
    agenda: Agenda
    complaints: Complaints
    stopped: str
    count: int
    held: Requests
    waiting: Requests
    heard: dict[str, int]
    freezing: bool
    halted: bool

    def hear(self, request: Mapping[str, Any]) -> None:
        """Note the newest wish of a browser view, done or dropped."""
        if "heard" in request:
            view, number = request["heard"]
            self.heard[view] = max(number, self.heard.get(view, 0))

    def waits(self, request: Mapping[str, Any]) -> bool:
        """Return whether a request waits until the frame before it is frozen."""
        return self.freezing and not FREEZES_WITH & set(request)

    def answer(self, kind: str, value: Any) -> None:
        """Carry out a request of that kind."""
        getattr(self, f"_on_{kind}")(value)

    def _on_wish(self, values: Mapping[str, Any]) -> None:
        """Set what a hand has set; each value is judged alone, all are one change."""
        key = "+".join(sorted(values))
        for name, value in values.items():
            try:
                setting = self.plan.setting(name)
                given = {name: setting.wish(value, self.present.settings[name])}
            except (ValueError, TypeError) as error:
                self.complaints.add(error, self.present.settings, name)
            else:
                self._on_set(given, key)

    def _on_set(self, given: Mapping[str, Any], key: str = "") -> None:
        try:
            changes = self.plan.wishes(self.present.settings, given)
        except (ValueError, TypeError) as error:
            self.complaints.add(error, self.present.settings, next(iter(given), ""))
            return
        self.complaints.forgive({*given, *changes})
        before = self.present.settings
        if any(differs(before[name], value) for name, value in changes.items()):
            merges = all(self.plan.settings[name].merges for name in changes)
            key = key or "+".join(sorted(given))
            self.history.remember(self.present, key if merges else "")
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
        if self.freezing:  # the last change, which has no frame yet
            self.freezing = False
        else:
            self._return(self.history.undo(self.present))

    def _on_redo(self, _: Any) -> None:
        self._return(self.history.redo(self.present))

    def _on_restore(self, number: int) -> None:
        now, then = self.present, self._frozen(number).frame.moment
        self.history.remember(now)
        self._return(replace(then, kept=now.kept, shown=now.shown))

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
            self.history.remember(self.present)
            self.agenda = Agenda(1, single=True)

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
        self.freezing = True  # `_keep` freezes the frame of what was asked for before

    def _keep(self, frame: Frame) -> Frame:
        """Freeze a frame if this was asked for; return it with the frozen run.

        What is kept holds no frozen runs, or none would ever be let go of, and only the
        curves, because other panels do not show frozen runs.
        """
        if not self.freezing:
            return frame
        self.freezing, self.count = False, self.count + 1
        self.history.remember(self.present)
        curves = {n: p for n, p in frame.panels.items() if hasattr(p, "series")}
        alone = replace(frame, moment=replace(self.present, kept=()), panels=curves)
        kept = (*self.present.kept, Kept(self.count, alone))
        self.present = replace(self.present, kept=kept)
        return replace(frame, moment=self.present, undo=True, redo=False)

    def _on_forget(self, number: int) -> None:
        kept = tuple(k for k in self.present.kept if k.number != number)
        if kept != self.present.kept:
            self.history.remember(self.present)
            self.present = replace(self.present, kept=kept)

    def _frozen(self, number: int) -> Kept:
        """Return the frozen run of that number."""
        for kept in self.present.kept:
            if kept.number == number:
                return kept
        known = ", ".join(str(kept.number) for kept in self.present.kept) or "none"
        raise ValueError(
            f"`number` must be that of a frozen run ({known}), got {number}"
        )

    def _on_show(self, names: frozenset[str]) -> None:
        if names != self.present.shown:
            self.history.remember(self.present)
            self.present = replace(self.present, shown=names)

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
