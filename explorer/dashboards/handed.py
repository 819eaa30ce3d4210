"""Learned weights as a setting: the run of a learning explorer that leads to them.

A link or a state carries the settings of the run and its numbers of steps. Whoever
opens it repeats the steps, which gives the same weights to the last bit.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer.dashboards.learning import LearningExplorer
from explorer.kit.documents import SCHEMA, Destination, Document, from_document
from explorer.kit.export import DECODING
from explorer.kit.plan import Plan, differs
from explorer.kit.runs import Moment, Run
from explorer.params import must, settle
from explorer.settings import Image
from explorer.settings.setting import Whole, face, named


@dataclass(frozen=True, eq=False, repr=False)
class Learned:
    """Weights that a learning explorer has learned; equal runs have equal weights.

    Attributes
    ----------
    text : the settings and the steps of the run, as JSON.
    known : (offset, row, col) the weights, if they need not be learned again.
    """

    text: str
    known: np.ndarray | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Learned) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"{sum(count for _, count in self.document['run'])} learning steps"

    @property
    def document(self) -> dict[str, Any]:
        """The settings and the steps."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def state(self) -> Document:
        """The state of a learning explorer with these weights."""
        return {"schema": SCHEMA, "dashboard": plan().name, **self.document}

    def weights(self, check: Callable[[], None] = lambda: None) -> np.ndarray:
        """Return the weights; learn them again if they are not known."""
        if self.known is not None:
            return self.known
        goal, learning = from_document(plan(), self.state), plan()
        graph, run = learning.graph(goal.settings), Run()
        graph.check = check
        assert learning.stepper is not None
        for now, count in goal.segments:
            graph.set(**now)
            for _ in range(count):
                check()
                run = learning.stepper.step(graph, run, now)
                graph.set(run=run)
        found: np.ndarray = run.state
        settle(self, known=found)
        return found


def plan() -> Plan:
    """Return the declarations of the learning explorer."""
    return LearningExplorer._declared()


def learned(moment: Moment) -> Learned | None:
    """Return the weights of a learning explorer, None before the first step."""
    if not moment.run.steps:
        return None
    own = plan()
    assert own.stepper is not None
    final = {**moment.settings, **moment.run.segments[-1][0]}
    kept = own.stepper.relevant(own.graph(own.defaults), final)
    document = {
        "settings": own.to_json(kept),
        "run": [
            [own.to_json({n: v for n, v in now.items() if differs(v, kept[n])}), count]
            for now, count in moment.run.segments
        ],
    }
    text = json.dumps(document, separators=(",", ":"))
    return Learned(text, moment.run.state)


@dataclass(frozen=True)
class Handed(Whole):
    """Learned weights as a setting without a control; None if there are none."""

    name: str = "handed"
    meaning: str = "weights handed over by a learning explorer"
    default: Any = None
    label: str = ""

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))

    def check(self, value: Any) -> Learned | None:
        """Return learned weights, or None."""
        if value is None or isinstance(value, Learned):
            return value
        cure = "let `ex.Home()` hand weights over"
        raise TypeError(must(self.name, "learned weights, or None", value, cure))

    def to_json(self, value: Any) -> dict[str, Any] | None:
        """Return the settings and the steps of the run."""
        found = self.check(value)
        return None if found is None else found.document

    def from_json(self, document: Any) -> Learned | None:
        """Return the weights of a run, which is checked but not repeated yet."""
        if document is None:
            return None
        if not isinstance(document, Mapping) or set(document) != {"settings", "run"}:
            cure = "copy the whole link again"
            raise ValueError(must(self.name, "settings and a run", document, cure))
        found = Learned(json.dumps(document, separators=(",", ":")))
        goal = from_document(plan(), found.state)
        if not goal.segments:
            cure = "leave it out"
            raise ValueError(must(self.name, "a run of some steps", document, cure))
        return found

    def code(self, value: Any) -> str:
        """Return the definition of a function that learns the weights."""
        found = self.check(value)
        return "None" if found is None else function_of(found)

    def control(self) -> dict[str, Any]:
        """Return the description of a setting that the page does not show."""
        return face(self, "hidden")


def function_of(found: Learned) -> str:
    """Return Python code that defines `handed_over`, which returns the weights."""
    own = plan()
    goal: Destination = from_document(own, found.state)
    stages = [(own.words(now), count) for now, count in goal.segments]
    images = [n for n, s in own.settings.items() if isinstance(s, Image)]
    pixels = any(now[n] is not None for now, _ in goal.segments for n in images)
    assert own.recipe is not None
    recipe = replace(own.recipe, last="return learner.weights")
    body = recipe.code(stages, DECODING if pixels else ())
    return "\ndef handed_over():\n" + textwrap.indent(body, "    ")
