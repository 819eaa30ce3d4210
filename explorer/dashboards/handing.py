"""Hand the settings of one explorer to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from explorer.kit.dashboard import Dashboard
from explorer.kit.plan import Plan


def hand_over(source: Dashboard, target: Dashboard) -> None:
    """Set in `target` what it shares with `source`, as one step of undo."""
    given = shared(settings_of(source), target.plan, settings_of(target))
    if given:
        target.set(**given)


def settings_of(app: Dashboard) -> Mapping[str, Any]:
    """Return the settings on screen, or the wished ones before the first picture."""
    return app._wished if app.frame is None else app.frame.moment.settings


def shared(
    given: Mapping[str, Any], plan: Plan, now: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings that a plan admits, from those of another explorer.

    given : values of the other explorer; now : present values of this one. A field of a
    record (such as `dim` of a gradient method) counts as a setting of that name.
    """
    found: dict[str, Any] = {}
    for name, value in [*inner(given), *given.items()]:
        try:
            found |= plan.wishes({**now, **found}, {name: value})
        except (ValueError, TypeError):
            continue  # a setting, or a value, that only the other explorer has
    return found


def inner(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of all records among settings."""
    return [
        (field.name, getattr(record, field.name))
        for record in given.values()
        if is_dataclass(record)
        for field in fields(record)
        if field.init
    ]
