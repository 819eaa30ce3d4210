"""Translate state documents of schema 1, written by the first learning explorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explorer.gradients.gradient import LowRankGradient
from explorer.kit.documents import SCHEMA, Document
from explorer.kit.plan import Plan
from explorer.learning.optimizers import RiemannianDescent

KIND = "explorer.LearningExplorer"

SETTINGS = {
    "scene", "size", "seed", "labels", "noise", "rho", "dim", "time", "rank", "step",
    "tau",
}  # fmt: skip


def translated(plan: Plan, state: Mapping[str, Any]) -> Document:
    """Return an equivalent document of the present schema.

    Raises
    ------
    ValueError
        naming what is missing or inadmissible.
    """
    if state.get("kind") != KIND:
        raise ValueError(
            f"`state` must be a document of {KIND}, got {state.get('kind')!r}; pass "
            "what its `state` returned"
        )
    try:
        final = settings_of(plan, state["settings"], state.get("image"))
        run = []
        for entry in state["history"]:
            now = settings_of(plan, entry["settings"], state.get("image"))
            run.append([{n: v for n, v in now.items() if n != "image"}, entry["steps"]])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"`state` must be complete, got one without {error}; pass what its `state` "
            "returned"
        ) from error
    name = plan.name
    return {"schema": SCHEMA, "dashboard": name, "settings": final, "run": run}


def settings_of(plan: Plan, values: Mapping[str, Any], image: Any) -> dict[str, Any]:
    """Return settings in the present schema: records replace plain numbers."""
    if set(values) != SETTINGS:
        raise ValueError(
            f"`state` must hold the settings {sorted(SETTINGS)}, got {sorted(values)}; "
            "pass what its `state` returned"
        )
    records = {
        "gradient": LowRankGradient(values["dim"], values["rank"]),
        "optimizer": RiemannianDescent(values["step"]),
    }
    kept = {n: v for n, v in values.items() if n in plan.settings}
    return kept | plan.to_json(records) | ({} if image is None else {"image": image})
