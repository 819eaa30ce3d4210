"""Hand the settings and the weights of one explorer to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from explorer.dashboards.handed import Learned, learned
from explorer.dashboards.learning import LearningExplorer
from explorer.dashboards.nodes import OWN
from explorer.dashboards.prediction_scenes import LABELS, VORONOI
from explorer.dashboards.weights import HANDED, UNIFORM
from explorer.kit.dashboard import Dashboard
from explorer.kit.plan import Plan


def hand_over(source: Dashboard, target: Dashboard) -> None:
    """Set in `target` what it shares with `source`: settings and weights."""
    given = dict(settings_of(source))
    weights = weights_of(source, given)
    if isinstance(target, LearningExplorer):
        if isinstance(weights, Learned):
            target.load(weights.state)
    elif "patches" in target.plan.settings and weights is not None:
        given |= {"patches": HANDED, "handed": weights}
    elif isinstance(source, LearningExplorer):
        given |= {"patches": UNIFORM}
    given = in_words_of(target, given)
    found = shared(given, target.plan, settings_of(target))
    if found:
        target.set(**found)


def in_words_of(target: Dashboard, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which the scene has the name that the target gives it.

    The prediction explorer calls a Voronoi scene by the `model` that knows its labels.
    """
    found = dict(given)
    scene, model = given.get("scene"), given.get("model")
    predicts = "model" in target.plan.settings
    if scene == VORONOI and not predicts:
        found["scene"] = model
    elif scene in LABELS and predicts:
        found |= {"scene": VORONOI, "model": scene}
    elif scene == OWN and predicts and given.get("image") is not None:
        channels = given["image"].image.shape[2]
        fitting = (n for n, labels in LABELS.items() if labels.shape[1] == channels)
        found["model"] = next(fitting)
    return found


def weights_of(app: Dashboard, settings: Mapping[str, Any]) -> Learned | None:
    """Return the weights that an explorer has learned, or that it was handed."""
    if not isinstance(app, LearningExplorer):
        handed = settings.get("patches") == HANDED
        return settings["handed"] if handed else None
    return None if app.frame is None else learned(app.frame.moment)


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
    for name, value in (inner(given) | dict(given)).items():
        try:
            found |= plan.wishes({**now, **found}, {name: value})
        except (ValueError, TypeError):
            continue  # a setting, or a value, that only the other explorer has
    return found


def inner(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of all records among settings; the first of a name counts."""
    found: dict[str, Any] = {}
    for record in given.values():
        if is_dataclass(record):
            now = {f.name: getattr(record, f.name) for f in fields(record) if f.init}
            found = now | found
    return found
