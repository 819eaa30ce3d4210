"""The common interface of gradient methods: inputs and results."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import COMPONENT, labeled
from explorer.flow.base import Flow, checked_flow
from explorer.flow.evolution import Evolution
from explorer.flow.system import LinearSystem
from explorer.late import late
from explorer.losses.losses import Loss
from explorer.params import Record
from explorer.threads import exclusive
from explorer.truths import percent_wrong

SOURCE = "Zeilmann, Petra, Schnörr (JMIV 2023), Theorem 3.8 and (3.47)"

WARNING_RATIO = 0.03
"""σ₂/σ₁ above which rank one loses more than one patch in a hundred (cosine ≥ 0.9):
at a ratio of 0.034, 99.8 % of the patches agree; at 0.081, only 85 %."""


UNBOUNDED = (
    "no finite bound is known here; the gradient itself may still be accurate: "
    "compare it with LowRankGradient(dim=30, rank=30)"
)
"""The meaning of an infinite bound: bounds of Euler's scheme grow with e^{2Tμ}."""


@dataclass(frozen=True)
class Bounds:
    """Upper bounds of errors; NaN if the loss allows none.

    Attributes
    ----------
    approximation : distance (Frobenius) to the exact gradient of the same rank.
    truncation : the part that the rank neglects.
    singular_value : error of each singular value.
    """

    approximation: float
    truncation: float
    singular_value: float


@late("loss_error")
@dataclass(frozen=True, eq=False)
class Derivative:
    """Loss and gradient at some weights, as arrays.

    Attributes
    ----------
    evolution : the forward solution; truth : (row, col), the ground truth.
    loss : f(V(T)); loss_error : a bound of its error.
    gradient : ∂f, Euclidean, shaped like the weights.
    singular_values : of Z, descending; empty if they do not come with ∂f.
    rank : how many components of Z the gradient holds.
    bounds : evaluates the error bounds, which takes a pass over the data.
    spectrum : computes the singular values if they do not come with ∂f.
    """

    evolution: Evolution
    truth: np.ndarray
    loss: float
    loss_error: Any
    gradient: np.ndarray
    singular_values: np.ndarray
    rank: int
    bounds: Callable[[], Bounds] = field(repr=False)
    spectrum: Callable[[], np.ndarray] | None = field(default=None, repr=False)

    def complete(self) -> Derivative:
        """Return a copy with its singular values, computed now if necessary."""
        if self.spectrum is None:
            return self
        return replace(self, singular_values=self.spectrum(), spectrum=None)

    def light(self) -> Derivative:
        """Return a copy without the fields that only bounds need: Krylov bases, B.

        A learner holds two derivatives at a time.
        """
        evolution = self.evolution.light()
        return replace(
            self, evolution=evolution, loss_error=forgotten, bounds=forgotten
        )

    @property
    def system(self) -> LinearSystem:
        """The linear system at these weights."""
        return self.evolution.system

    @property
    def error_percent(self) -> float:
        """Share of wrongly labeled pixels, in percent."""
        return percent_wrong(self.evolution.labels, self.truth)

    @property
    def ratio(self) -> float:
        """σ₂/σ₁, zero if there are fewer than two components."""
        sigma = self.singular_values
        return float(sigma[1] / sigma[0]) if sigma.size > 1 and sigma[0] else 0.0


def cosine(derivative: Derivative, reference: Derivative) -> np.ndarray:
    """Return the cosine between two Riemannian gradients, patch by patch, (row, col).

    A constant added to a patch of ∂f moves no weight, but would suggest agreement.
    """
    hood, Omega = derivative.system.neighborhood, derivative.system.weights
    found = hood.replicator(Omega, derivative.gradient)
    return hood.cosine(found, hood.replicator(Omega, reference.gradient))


def forgotten() -> Any:
    """Raise because the data for bounds are no longer available."""
    raise RuntimeError(
        "the bounds of a learner's step are not kept: call the gradient method with "
        "its weights, `gradient(flow, weights, labels, time)`"
    )


def numbers_of(record: Any) -> dict[str, float]:
    """Return the choices of a record that are numbers."""
    return {k: v for k, v in vars(record).items() if isinstance(v, (int, float))}


class GradientMethod(Record, ABC):
    """A way to compute ∂f(Ω): a frozen record of choices.

    Attributes
    ----------
    loss : f.
    """

    loss: Loss
    cure = "raise `dim`"
    source = SOURCE

    @abstractmethod
    def differentiate(
        self,
        system: LinearSystem,
        truth: np.ndarray,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Derivative:
        """Return loss and gradient; `check` is called often and may raise."""

    @final
    @exclusive
    def __call__(
        self, flow: Flow, weights: Any, labels: Any, time: float
    ) -> xr.Dataset:
        """Return loss, gradient, singular values, error share and error bounds.

        Parameters
        ----------
        flow : LinearizedFlow or GraphFlow
        weights : DataArray or array (offset, row, col), positive, patches sum to one.
        labels : DataArray or array (row, col), ground truth, integers 0 … J−1. The
            attribute `no_label` names a value whose pixels are left out.
        time : float in [0, 10⁴], T.

        Returns
        -------
        Dataset with `loss` f(V(T)); `gradient` ∂f (offset, row, col), Euclidean;
        `singular_values` of Z (component) and `singular_value_ratio` σ₂/σ₁ (above 0.03,
        rank one may not be enough); `error_percent`. Upper bounds of errors:
        `loss_error`; `singular_value_error` (of each); `approximation_error`, the
        distance to the exact gradient of this rank; `truncation_error`, the part that
        the rank neglects. Their attribute `cure` says how to lower them.
        """
        time = params.TIME.check(time)
        array = checked_flow(flow).check_weights(weights)
        truth = flow.check_labels(labels)
        derivative = self.differentiate(flow.plain_system(array), truth, time)
        return self._present(flow, derivative)

    @final
    def _present(self, flow: Flow, derivative: Derivative) -> xr.Dataset:
        derivative = derivative.complete()
        bounds, cure = derivative.bounds(), {"cure": self.cure}
        if math.isinf(bounds.approximation):
            cure = {"cure": f"{self.cure}: {UNBOUNDED}"}
        gradient = flow.label_weights(derivative.gradient)
        gradient.attrs.update(symbol="∂f", long_name="Euclidean gradient of the loss")
        sigma = labeled(
            derivative.singular_values,
            (COMPONENT,),
            coords={COMPONENT: np.arange(1, derivative.singular_values.size + 1)},
            symbol="σ",
            long_name="singular values of Z",
        )
        ratio = {"symbol": "σ₂/σ₁", "cure": "raise `rank`", "limit": WARNING_RATIO}
        return xr.Dataset(
            {
                "loss": ((), derivative.loss, {"symbol": "f", "source": "(3.4)"}),
                "gradient": gradient,
                "singular_values": sigma,
                "singular_value_ratio": ((), derivative.ratio, ratio),
                "error_percent": ((), derivative.error_percent, {"units": "percent"}),
                "loss_error": ((), derivative.loss_error, cure),
                "singular_value_error": ((), bounds.singular_value, cure),
                "approximation_error": ((), bounds.approximation, cure),
                "truncation_error": ((), bounds.truncation, {"cure": "raise `rank`"}),
            },
            attrs=numbers_of(self)
            | {
                "time": derivative.evolution.time,
                "method": repr(self),
                "rank": derivative.rank,
                "source": self.source,
            },
        )
