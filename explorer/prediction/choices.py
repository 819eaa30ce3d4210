"""Check the parameters of a predictor, and list those that determine its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.features.data_terms import DataTerm
from explorer.features.extractors import Extractor
from explorer.gradients.gradient import LowRankGradient
from explorer.losses.losses import checked_loss
from explorer.params import check_fields
from explorer.records import described


def shaping(predictor: Any) -> dict[str, Any]:
    """Return the choices that a trained model depends on."""
    raw = predictor.features is None
    return {
        "features": predictor.features,
        "window": predictor.window if raw else None,
        "data_term": predictor.data_term,
        "radius": predictor.radius,
    }


@dataclass(frozen=True)
class Choice:
    """A choice at the time of training, even if its record changes later."""

    kind: Any
    text: str


def remembered(predictor: Any) -> dict[str, Choice]:
    """Return the current choices that shape a model."""
    found = shaping(predictor).items()
    return {name: Choice(described(part), repr(part)) for name, part in found}


def refuse_change(before: Mapping[str, Choice], predictor: Any) -> None:
    """Raise if the choices of a predictor differ from those in training."""
    for name, now in shaping(predictor).items():
        if described(now) != before[name].kind:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                f"`{name}` was {before[name].text} in training, and is {now!r} now: "
                "set it back, or call `fit` again"
            )


def check_choices(predictor: Any) -> None:
    """Check every parameter of a predictor, and convert numbers to plain ones."""
    check_fields(predictor)
    LowRankGradient(predictor.dim, predictor.rank)  # raises if they are incompatible
    features, data_term = predictor.features, predictor.data_term
    if not (features is None or isinstance(features, Extractor)):
        raise TypeError(
            f"`features` = {features!r} is a {type(features).__name__}; pass None "
            "(raw windows) or an extractor such as `GaussianDerivatives()`"
        )
    if not isinstance(data_term, DataTerm):
        raise TypeError(
            f"`data_term` = {data_term!r} is a {type(data_term).__name__}; pass "
            "`PrototypeDistance()` or `Evidence()`"
        )
    checked_loss(predictor.loss)
