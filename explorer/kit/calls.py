"""`Calls`: the methods that control a dashboard; each one posts a request."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from explorer import params
from explorer.kit.answers import INTERRUPTED
from explorer.kit.documents import SCHEMA, Document, from_document
from explorer.kit.job import Job
from explorer.kit.page import Page
from explorer.kit.plan import Plan, Preset
from explorer.kit.runs import Moment, Stepper
from explorer.kit.worker import Worker

TIMEOUT = params.Parameter(
    "timeout", "timeout", 30.0, 0.0, 1e6, "seconds to wait at most", "s"
)

RUN_NUMBER = params.Parameter(
    "number", "number", 1, 1, 1_000_000_000, "number of a frozen run", integer=True
)

ANSWER = 120.0
"""Seconds that `read` and `data` wait for the worker."""


class Calls(Page):
    """The methods of a dashboard; only `wait` and `read` block."""

    plan: Plan
    presets: ClassVar[Mapping[str, Preset]]
    stepper: ClassVar[Stepper | None]
    _job: Job
    _worker: Worker
    _guard: Any
    _posted: int
    _wished: dict[str, Any]
    _closed: bool

    def set(self, **values: Any) -> None:
        """Set settings by name, like the controls: `app.set(time=7.0, rank=2)`.

        Raises
        ------
        ValueError, TypeError
            naming the argument, its value and the admissible values; the dashboard is
            then unchanged.
        """
        with self._guard:
            self._wished |= self.plan.wishes(self._wished, values)
            self._post("set", values)

    def run(self, steps: int) -> None:
        """Take steps in the background."""
        steps = params.STEPS.check(steps)
        self._require_stepper()
        self._post("run", steps)

    def step(self) -> None:
        """Take one more step."""
        self._require_stepper()
        self._post("step")

    def pause(self) -> None:
        """Stop taking steps, and abandon a step in progress."""
        self._post("pause", "paused", stop=True)

    def interrupt(self) -> None:
        """Stop taking steps, as the interrupt of the notebook does."""
        if not self._closed:
            self._post("pause", INTERRUPTED, stop=True)

    def reset(self) -> None:
        """Stop, and return to the start of the run; the settings stay."""
        self._post("reset", stop=True)

    def undo(self) -> None:
        """Revert the last change, including learned steps."""
        self._post("undo", stop=True)

    def redo(self) -> None:
        """Repeat the change that `undo` reverted."""
        self._post("redo", stop=True)

    def preset(self, name: str) -> None:
        """Apply the preset of that name."""
        if not isinstance(name, str) or name not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise ValueError(f"`name` must be a preset ({known}), got {name!r}")
        self._post("preset", name, stop=True)

    def freeze(self) -> None:
        """Keep the present run for comparison."""
        self._post("freeze")

    def restore(self, number: int) -> None:
        """Return to the frozen run of that number."""
        number = RUN_NUMBER.check(number)
        self._post("restore", number, stop=True)

    def forget(self, number: int) -> None:
        """Drop the frozen run of that number."""
        number = RUN_NUMBER.check(number)
        self._post("forget", number)

    def show(self, *names: str) -> None:
        """Show these views and hide all others; hidden views are not computed."""
        views = (self.plan.view(name, "names").name for name in names)
        self._post("show", frozenset(views))

    def load(self, state: Document) -> None:
        """Restore a state: repeat its steps, then apply its settings.

        Raises
        ------
        ValueError
            if it is not a state of this dashboard; the dashboard is then unchanged.
        """
        self._post("load", self._destination(state), stop=True)

    def wait(self, timeout: float = 30.0) -> bool:
        """Block until all work is done; return False after `timeout` seconds.

        While a notebook cell waits, the page cannot draw; it draws when the cell ends.
        """
        if not (isinstance(timeout, float) and timeout == math.inf):
            timeout = TIMEOUT.check(timeout)
        try:
            return self._worker.wait(timeout)
        except KeyboardInterrupt:
            self.interrupt()
            raise

    def read(self, name: str) -> Any:
        """Return the value of a node; blocks until the worker has computed it."""
        return self._read(name)[0]

    def _read(self, name: str) -> tuple[Any, Moment]:
        """Return the value of a node, and the settings and run that it belongs to."""
        if not isinstance(name, str) or name not in self._job.graph.nodes:
            known = ", ".join(self._job.graph.nodes)
            raise ValueError(f"`name` must be a node ({known}), got {name!r}")
        found: list[Any] = []
        done = threading.Event()

        def answer(value: Any, error: Exception | None) -> None:
            found.append((value, error))
            done.set()

        self._post("read", (name, answer))
        if not done.wait(ANSWER):
            raise TimeoutError(f"`{name}` was not computed within {ANSWER:g} s")
        value, error = found[0]
        if error is not None:
            raise error
        found_value, moment = value
        return found_value, moment

    def _post(
        self,
        kind: str,
        value: Any = None,
        stop: bool = False,
        heard: tuple[str, int] | None = None,
    ) -> None:
        if self._closed:
            raise RuntimeError("this dashboard is closed: make a new one")
        with self._guard:  # so that no older frame can say "ready" in between
            self._posted += 1
            request: dict[str, Any] = {kind: value, "posted": self._posted}
            if heard is not None:
                request["heard"] = heard
            self.tell({"state": "busy", "text": "computing …"})
            self._worker.post(stop=stop, **request)

    def _require_stepper(self) -> None:
        if self.stepper is None:
            raise TypeError(
                f"{type(self).__name__} takes no steps: it has settings only"
            )

    def _destination(self, state: Any) -> Any:
        """Return the content of a state document; translate documents of schema 1."""
        if isinstance(state, Mapping) and state.get("schema") == SCHEMA - 1:
            state = self._schema_1(state)
        return from_document(self.plan, state)

    @classmethod
    def _schema_1(cls, state: Mapping[str, Any]) -> Document:
        """Return a document of schema 1 in schema 2."""
        raise ValueError(f"`state` has the schema 1, which {cls.__name__} never wrote")

    def _wish(
        self, values: Mapping[str, Any], heard: tuple[str, int] | None = None
    ) -> None:
        """Set values from the page; show errors beside their controls.

        values : JSON values by setting; heard : the view and the number of the wish.
        """
        self._post("wish", values, heard=heard)

    def _refuse(self, control: str, text: str) -> None:
        """Show an error message beside a control, or below the header."""
        self._post("complain", (control, text))
