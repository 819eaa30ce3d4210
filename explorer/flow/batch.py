"""`FlowBatch`: several images of one size, each with its own flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates, require_neighbors
from explorer.dims import (
    IMAGE,
    LABEL,
    LABEL_FIELD,
    PIXELS,
    finite_field,
    plain,
)
from explorer.flow.base import read_only
from explorer.flow.evolution import Integrator, Solution
from explorer.flow.linearized import LinearizedFlow
from explorer.params import of, settle
from explorer.truths import truth_field

UNLABELED = -1
"""The label of every pixel of an image whose solve has failed."""


@dataclass(frozen=True, eq=False)
class FlowBatch:
    """The linearized flows of several images, with the dimension `image`.

    Every image has its own Krylov space, scale and status. A space that ends early or a
    solve that fails never affects another image: each result is bit-identical to the
    result for the image alone. Results carry the names of the images, which are the
    coordinates along `image`; weights and labels are matched to images by name.

    Parameters
    ----------
    distances : DataArray or array (image, label, row, col), D.
    rho : float in (0, 10⁶], ρ, for all images.
    radius : int in 1 … 7, R, for all images.

    Raises
    ------
    ValueError, TypeError
        The message names the argument, its value and the cure.
    """

    distances: Any
    rho: float = of(params.RHO)
    radius: int = of(params.RADIUS)
    flows: tuple[LinearizedFlow, ...] = field(init=False, repr=False)
    coordinates: Coordinates = field(init=False, repr=False)

    def __post_init__(self) -> None:
        dims = (IMAGE, *LABEL_FIELD)
        coords = Coordinates.of("distances", self.distances, dims)
        D = read_only(finite_field("distances", self.distances, dims))
        flows = tuple(
            LinearizedFlow(
                coords.at(IMAGE, k).label(each, LABEL_FIELD), self.rho, self.radius
            )
            for k, each in enumerate(D)
        )
        fields = {
            "distances": coords.label(D, dims, symbol="D"),
            "rho": flows[0].rho,
            "radius": flows[0].radius,
            "flows": flows,
            "coordinates": coords,
        }
        settle(self, **fields)
        for flow, own in zip(flows, D, strict=True):  # one copy in memory, not two
            settle(flow, distances=flow.distances.copy(data=own))

    def uniform_weights(self) -> xr.DataArray:
        """Return equal weights for all images, (image, offset, row, col)."""
        return self.label_weights([flow.uniform_weights() for flow in self.flows])

    def label_weights(self, weights: Sequence[Any]) -> xr.DataArray:
        """Return weight-shaped arrays, one per image, as one labeled array."""
        hood = self.flows[0].neighborhood
        dims, attrs = (IMAGE, *hood.weight_dims), {"symbol": "Ω"}
        return self.coordinates.label(np.stack(weights), dims, hood.coords(), **attrs)

    def check_weights(self, weights: Any) -> list[np.ndarray]:
        """Return one plain array per image; weights without `image` apply to all."""
        hood = self.flows[0].neighborhood
        shared, dims = hood.weight_dims, (IMAGE, *hood.weight_dims)
        if not isinstance(weights, xr.DataArray):
            weights = plain("weights", weights)
            if weights.ndim == len(shared):
                return [self.flows[0].check_weights(weights)] * len(self.flows)
        elif set(weights.dims) == set(shared):
            return [self.flows[0].check_weights(weights)] * len(self.flows)
        require_neighbors("weights", weights, hood.coords())
        weights = self.coordinates.align("weights", weights)
        stack = finite_field("weights", weights, dims)
        self._require_count("weights", stack.shape[0])
        pairs = enumerate(zip(self.flows, stack, strict=True))
        return [flow.check_weights(w, f"weights[{k}]") for k, (flow, w) in pairs]

    def check_labels(self, labels: Any) -> np.ndarray:
        """Return ground truth labelings as integers (image, row, col)."""
        count, number, *shape = self.distances.shape
        dims = (IMAGE, *PIXELS)
        labels = self.coordinates.align("labels", labels)
        return truth_field("labels", labels, (count, *shape), number, dims)

    def stacked(self, parts: Iterator[xr.Dataset]) -> xr.Dataset:
        """Return datasets of single images as one over `image`, with coordinates."""
        own = self.coordinates.along((IMAGE, *LABEL_FIELD))
        bare = [p.drop_vars([n for n in own.coords if n in p.coords]) for p in parts]
        found = xr.concat(bare, IMAGE, join="outer", combine_attrs="drop")
        return found.assign_coords(own.coords).assign_attrs(own.attrs)

    def solve(self, integrator: Integrator, weights: Any, time: float) -> xr.Dataset:
        """Solve the flow of every image up to `time`.

        Parameters
        ----------
        integrator : Krylov or another Integrator.
        weights : DataArray or array (image, offset, row, col), or one
            (offset, row, col) for all images.
        time : float in [0, 10⁴], T.

        Returns
        -------
        Dataset over `image` with `V` (image, label, row, col), `labels`
        (image, row, col), `error` (bound, Frobenius), `log_scale` (V is divided by
        its exponential), `ok`, `status` (its text), `applications`, `substeps`, `dim`.
        If a solve fails, `V` is NaN, `labels` are −1, and `status` says why.
        """
        if not isinstance(integrator, Integrator):
            raise TypeError(
                f"`integrator` = {integrator!r} is a {type(integrator).__name__}; "
                "pass an Integrator such as `Krylov(dim=10)`"
            )
        time = params.TIME.check(time)
        arrays = self.check_weights(weights)

        def one(flow: LinearizedFlow, array: np.ndarray) -> xr.Dataset:
            return attempt(
                lambda: describe(integrator.solve(flow, array, time)),
                lambda: failure(flow),
            )

        return self.stacked(map(one, self.flows, arrays)).assign_attrs(
            time=time, rho=self.rho, radius=self.radius
        )

    def _require_count(self, argument: str, found: int) -> None:
        if found != len(self.flows):
            raise ValueError(
                f"`{argument}` has {found} images; the distances have "
                f"{len(self.flows)}: give one for each image, or leave `image` out"
            )


def attempt(
    compute: Callable[[], xr.Dataset], instead: Callable[[], xr.Dataset]
) -> xr.Dataset:
    """Return the computed result, or a placeholder if the computation fails."""
    try:
        return compute()
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        return instead().assign(ok=False, status=f"failed: {error}")


def describe(solution: Solution) -> xr.Dataset:
    """Return one solution as a dataset."""
    return xr.Dataset(
        {
            "V": solution.V.drop_attrs(),
            "labels": solution.labels,
            "error": solution.error,
            "log_scale": solution.V.attrs["log_scale"],
            "ok": solution.status.ok,
            "status": str(solution.status),
            "applications": solution.work.applications,
            "substeps": solution.work.substeps,
            "dim": solution.work.dim,
        }
    )


def failure(flow: LinearizedFlow) -> xr.Dataset:
    """Return the placeholder for the solution of an image whose solve failed."""
    shape = flow.shape
    return xr.Dataset(
        {
            "V": ((LABEL, *PIXELS), np.full(shape, np.nan)),
            "labels": (PIXELS, np.full(shape[1:], UNLABELED)),
            "error": np.nan,
            "log_scale": 0.0,
            "applications": 0,
            "substeps": 0,
            "dim": 0,
        }
    )
