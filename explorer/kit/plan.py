"""`Plan`: the declarations of a dashboard, collected and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from explorer.drawing.view import View
from explorer.kit.graph import Graph, same
from explorer.kit.recipe import Recipe
from explorer.kit.runs import Run, Stepper
from explorer.settings import RESERVED, Choice, Setting

RUN = "run"
"""The leaf that holds the `Run` of a dashboard with a stepper."""


RUNS = "runs"
"""The name of the table of runs, which no view can have."""


@dataclass(frozen=True)
class Readout:
    """A number in large type above the views.

    Attributes
    ----------
    label, value, note : texts; warn : whether to highlight the value as a warning.
    """

    label: str
    value: str
    note: str = ""
    warn: bool = False


@dataclass(frozen=True)
class Preset:
    """Settings to try, with a sentence that describes what to look at.

    Attributes
    ----------
    settings : values by name; other settings keep their values.
    text : the sentence; steps : number of steps to take afterwards.
    hide, lock : controls that the preset hides, and controls that it makes read-only.
    """

    settings: Mapping[str, Any]
    text: str = ""
    steps: int = 0
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """The declarations of a dashboard.

    Attributes
    ----------
    name : name of the dashboard in state documents.
    groups : settings by the name of their group.
    nodes, views, stepper, recipe, presets : see `Dashboard`.
    numbers, readouts, dataset, place : names of nodes; the last three are optional.
    early : names of views that need no compiled kernel.
    main : the control that a phone shows first; folded : initially folded groups.
    """

    name: str
    groups: Mapping[str, Sequence[Setting]]
    nodes: Sequence[Any]
    views: Sequence[View]
    stepper: Stepper | None = None
    recipe: Recipe | None = None
    presets: Mapping[str, Preset] = field(default_factory=dict)
    numbers: str = "numbers"
    readouts: str = "readouts"
    dataset: str = "dataset"
    early: tuple[str, ...] = ()
    main: str = ""
    folded: tuple[str, ...] = ()
    place: str = "place"

    def __post_init__(self) -> None:
        names = [s.name for group in self.groups.values() for s in group]
        if taken := RESERVED & set(names):
            raise TypeError(
                f"no setting may be called {', '.join(sorted(taken))}: states and "
                "links use these words; rename the setting"
            )
        if RUNS in {view.name for view in self.views}:
            raise TypeError(
                f"no view may be called {RUNS}: this is the table of frozen runs; "
                "rename the view"
            )
        if twice := {n for n in names if names.count(n) > 1}:
            raise TypeError(f"two settings are called {', '.join(sorted(twice))}")
        self.graph(self.defaults)  # raises where names do not fit together
        for preset in self.presets.values():
            self.wishes(self.defaults, preset.settings)

    @property
    def settings(self) -> dict[str, Setting]:
        """All settings by name."""
        return {s.name: s for group in self.groups.values() for s in group}

    @property
    def defaults(self) -> dict[str, Any]:
        """The value of each setting at the start."""
        return {name: setting.default for name, setting in self.settings.items()}

    def graph(self, values: Mapping[str, Any]) -> Graph:
        """Return the graph of settings, nodes and views."""
        leaves = {**values, **({RUN: Run()} if self.stepper else {})}
        shown = {key_of(view.name): view.draw for view in self.views}
        return Graph(leaves, [*self.nodes, shown])

    def setting(self, name: str) -> Setting:
        """Return the setting of that name; the error of a wrong name lists them all."""
        if name not in self.settings:
            known = ", ".join(self.settings)
            raise ValueError(f"`{name}` must be a setting: there are {known}")
        return self.settings[name]

    def view(self, name: str, argument: str = "view") -> View:
        """Return the view of that name.

        Raises
        ------
        ValueError
            if no view has that name.
        """
        known = {view.name: view for view in self.views}
        if not isinstance(name, str) or name not in known:
            raise ValueError(
                f"`{argument}` must be one of {', '.join(known)}, got {name!r}; "
                "`app.shown` lists those on screen"
            )
        return known[name]

    def wishes(
        self, now: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the checked values of the settings that `given` requests.

        `given` may name a field of a chosen record directly: `rank=2` changes the
        present gradient method. Records are checked as a whole.

        Raises
        ------
        ValueError, TypeError
            naming the argument, its value, and what is admissible.
        """
        found: dict[str, Any] = {}
        inner: dict[str, dict[str, Any]] = {}
        for name, value in given.items():
            if name in self.settings:
                found[name] = self.settings[name].check(value)
        for name, value in given.items():
            if name not in self.settings:
                owner = self.owner(name, {**now, **found})
                inner.setdefault(owner, {})[name] = value
        for owner, values in inner.items():
            record = replace({**now, **found}[owner], **values)
            found[owner] = self.settings[owner].check(record)
        return found

    def owner(self, name: str, now: Mapping[str, Any]) -> str:
        """Return the choice whose present record has a field of that name."""
        choices = [s for s in self.settings.values() if isinstance(s, Choice)]
        for setting in choices:
            if name in {f.name for f in fields(now[setting.name]) if f.init}:
                return setting.name
        inner = {n.name for s in choices for n in s.numbers(now[s.name])}
        known = ", ".join([*self.settings, *sorted(inner - set(self.settings))])
        raise ValueError(f"`{name}` must be a setting: there are {known}")

    def to_json(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of settings as a document."""
        return {n: self.settings[n].to_json(v) for n, v in values.items()}

    def from_json(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the checked values of the settings in a document."""
        if unknown := set(document) - set(self.settings):
            raise ValueError(
                f"`state` must hold settings of {self.name}, got "
                f"{', '.join(sorted(map(str, unknown)))}; there are "
                f"{', '.join(self.settings)}"
            )
        return {n: self.settings[n].from_json(v) for n, v in document.items()}

    def words(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the values of settings as Python text."""
        return {n: self.settings[n].code(v) for n, v in values.items()}


def key_of(view: str) -> str:
    """Return the name of the node that draws a view; no setting can use this name."""
    return f"view {view}"


def difference(
    plan: Plan, one: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, str]:
    """Return texts of the settings that differ in `other` from `one`, by name.

    The text of a record contains only the differing fields.
    """
    said: dict[str, str] = {}
    for name, setting in plan.settings.items():
        a, b = one.get(name), other.get(name)
        if name not in one or name not in other or not differs(a, b):
            continue
        said[name] = text_of(setting, a, b)
    return said


def differs(a: Any, b: Any) -> bool:
    """Return whether two values of a setting differ (arrays: by identity)."""
    return not same(a, b)


def text_of(setting: Setting, usual: Any, value: Any) -> str:
    """Return a short text of a value for legends and tables."""
    if not isinstance(setting, Choice):
        return f"{symbol(setting)} = {brief(value)}"
    if type(usual) is not type(value):
        return type(value).__name__
    moved = [
        (inner, getattr(value, inner.name))
        for inner in setting.numbers(value)
        if differs(getattr(usual, inner.name), getattr(value, inner.name))
    ]
    return ", ".join(f"{symbol(inner)} = {brief(found)}" for inner, found in moved)


def symbol(setting: Any) -> str:
    """Return the symbol of a setting, or its name if it has none."""
    parameter = getattr(setting, "parameter", None)
    return getattr(parameter, "symbol", "") or setting.name


def brief(value: Any) -> str:
    """Return a float with at most six digits, or a short text of another value."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 24 else f"{text[:23]}…"
