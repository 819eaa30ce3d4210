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
    """A choice as it was in training, whatever happens to the record that it is."""

    kind: Any
    text: str


def remembered(predictor: Any) -> dict[str, Choice]:
    """Return the choices that shape a model as they are now."""
    found = shaping(predictor).items()
    return {name: Choice(described(part), repr(part)) for name, part in found}


def refuse_change(before: Mapping[str, Choice], predictor: Any) -> None:
    """Raise where a predictor has other choices than it was trained with."""
    for name, now in shaping(predictor).items():
        if described(now) != before[name].kind:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                f"`{name}` was {before[name].text} in training, and is {now!r} now: "
                "set it back, or call `fit` again"
            )


def check_choices(predictor: Any) -> None:
    """Check every parameter of a predictor, and make numbers of one kind of them."""
    check_fields(predictor)
    LowRankGradient(predictor.dim, predictor.rank)  # raises if they do not fit
    features, data_term = predictor.features, predictor.data_term
    if not (features is None or isinstance(features, Extractor)):
        raise TypeError(
            f"`features` = {features!r} is a {type(features).__name__}; needed is None "
            "(raw windows) or an extractor such as `GaussianDerivatives()`"
        )
    if not isinstance(data_term, DataTerm):
        raise TypeError(
            f"`data_term` = {data_term!r} is a {type(data_term).__name__}; needed is "
            "`PrototypeDistance()` or `Evidence()`"
        )
    checked_loss(predictor.loss)
