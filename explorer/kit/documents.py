"""State documents: convert the state of a dashboard to JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer import params
from explorer.kit.plan import Plan, differs
from explorer.kit.runs import Moment, Segment

SCHEMA = 2

Document = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Destination:
    """The content of a state document: steps to take, and the final settings."""

    settings: dict[str, Any]
    segments: tuple[Segment, ...]
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()


def to_document(plan: Plan, moment: Moment) -> Document:
    """Return a moment as one JSON-able document.

    A segment of the run holds only the values that differ from the final settings.
    """
    final = moment.settings
    run = [
        [plan.to_json({n: v for n, v in now.items() if differs(v, final[n])}), count]
        for now, count in moment.run.segments
    ]
    document: Document = {
        "schema": SCHEMA,
        "dashboard": plan.name,
        "settings": plan.to_json(final),
        "run": run,
    }
    extra = {"hide": list(moment.hide), "lock": list(moment.lock)}
    return document | {name: names for name, names in extra.items() if names}


def from_document(plan: Plan, document: Any) -> Destination:
    """Return the content of a document after checking all of it.

    Raises
    ------
    ValueError
        naming the missing or inadmissible part and the cure.
    """
    if not isinstance(document, Mapping) or document.get("dashboard") != plan.name:
        raise ValueError(
            f"`state` must be a document of {plan.name}, got "
            f"{params.shown(named(document))}; pass what its `state` returned"
        )
    if document.get("schema") != SCHEMA:
        raise ValueError(
            f"`state` must have the schema {SCHEMA} (or 1), got "
            f"{params.shown(document.get('schema'))}; update the package that wrote "
            "or reads it"
        )
    try:
        settings = plan.from_json(document["settings"])
        settings = plan.defaults | settings
        segments = tuple(
            (settings | plan.from_json(changed), params.STEPS.check(count))
            for changed, count in pairs(document.get("run", []))
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"`state` must be complete, got one that cannot be read ({error}); pass "
            "what `app.state` returned"
        ) from error
    require_one_beginning(plan, settings, segments)
    controls = {n: names_of(plan, document.get(n, [])) for n in ("hide", "lock")}
    return Destination(settings, segments, **controls)


def pairs(run: Any) -> list[Any]:
    """Return the segments of a run, or raise unless they are pairs."""
    fits = isinstance(run, (list, tuple)) and all(
        isinstance(part, (list, tuple)) and len(part) == 2 for part in run
    )
    if not fits:
        raise ValueError(
            f"`state` must hold its run as pairs (settings, steps), got "
            f"{params.shown(run)}; pass what `app.state` returned"
        )
    return list(run)


def named(document: Any) -> Any:
    """Return the dashboard that a document names, or the document itself."""
    known = isinstance(document, Mapping) and "dashboard" in document
    return document["dashboard"] if known else document


def names_of(plan: Plan, names: Any) -> tuple[str, ...]:
    """Return names of settings; others are refused."""
    known = isinstance(names, (list, tuple)) and all(
        isinstance(name, str) and name in plan.settings for name in names
    )
    if not known:
        raise ValueError(
            f"`state` must hide and lock settings only, got {params.shown(names)}"
        )
    return tuple(names)


def require_one_beginning(
    plan: Plan, settings: Mapping[str, Any], segments: tuple[Segment, ...]
) -> None:
    """Raise unless all steps belong to one run: a new scene starts a new run."""
    if plan.stepper is None:
        if segments:
            raise ValueError(f"`state` must hold no run, as {plan.name} takes no steps")
        return
    names = plan.graph(plan.defaults).ancestors(*plan.stepper.restarts)
    for now, _ in segments:
        moved = [n for n in names & set(settings) if differs(now[n], settings[n])]
        if moved:
            raise ValueError(
                "`state` must hold steps on one scene, got several "
                f"({', '.join(sorted(moved))} changes); pass what `app.state` "
                "returned: a new scene starts a new run"
            )
