"""Fig. 3: the gradient pixel by pixel, compared with a converged reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import PIXELS, RANK_DIM, SCENE, TIME
from explorer.experiments.cosine import AGREEMENT, EXACT, share_aligned
from explorer.experiments.scenarios import LINES, RHO, SCENARIOS, counted, flow_of
from explorer.experiments.scenarios import TIME as MAP_TIME
from explorer.experiments.units import Bench, Setup, over_scenes, prepared, stack
from explorer.gradients.euler import EulerAdjoint
from explorer.gradients.gradient import (
    LowRankGradient,
    gradient_errors,
    riemannian_gradient,
)
from explorer.panels import Bars, Curves, Field, Figure, Panel, Series
from explorer.threads import exclusive

TIMES = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0)

RANKS = (1, 2)

FINE = 0.02
"""Step of explicit Euler, the paper's surrogate for the exact gradient."""

BINS = np.linspace(-1.0, 1.0, 41)

DECADES = 4.0
"""Powers of ten that the map of norms covers."""


@exclusive
def compare(size: int, seed: int) -> xr.Dataset:
    """Return shares of agreement over T and rank, and maps at T = 5."""
    scene = SCENARIOS[LINES].scene(size, seed)
    truth, flow = scene.labels.values, flow_of(scene)
    system = flow.plain_system(flow.neighborhood.uniform())
    hood = flow.neighborhood
    shares, ratios, errors = np.ones((len(TIMES), len(RANKS))), [], []
    maps: dict[str, Any] = {}
    for at, time in enumerate(TIMES):
        best = EXACT.init(EXACT.forward.integrate(system, time), truth)
        exact = EXACT.compute(best).gradient
        goal = riemannian_gradient(system, exact)
        bound = gradient_errors(best.factors, EXACT.dim).approximation
        errors.append(bound / max(float(np.linalg.norm(exact)), 1e-300))
        method = LowRankGradient()
        state = method.init(method.forward.integrate(system, time), truth)
        ratios.append(method.compute(state).ratio)
        for column, rank in enumerate(RANKS):
            found = LowRankGradient(rank=rank).compute(state).gradient
            cosine = hood.cosine(riemannian_gradient(system, found), goal)
            shares[at, column] = share_aligned(cosine)
            if time == MAP_TIME and rank == 1:
                maps["cosine"] = (PIXELS, cosine)
                maps["norm"] = (PIXELS, np.sqrt(hood.inner(goal, goal)))
                surrogate = EulerAdjoint(FINE).differentiate(system, truth, time)
                near = riemannian_gradient(system, surrogate.gradient)
                own = riemannian_gradient(system, found)
                maps["surrogate_share"] = share_aligned(hood.cosine(own, near))
                maps["surrogate_reference_share"] = share_aligned(
                    hood.cosine(near, goal)
                )
    return xr.Dataset(
        {
            "share": ((TIME, RANK_DIM), shares),
            "singular_value_ratio": (TIME, ratios),
            "reference_error": (TIME, errors),
            **maps,
        },
        coords={TIME: list(TIMES), RANK_DIM: list(RANKS)},
    )


def figure3(setup: Setup | None = None, bench: Bench | None = None) -> xr.Dataset:
    """Return how closely low-rank gradients follow a converged gradient.

    Scenario a at uniform weights, m = 10; the reference has full rank and m = 40, and
    `reference_error` bounds its relative error. The comparison uses Riemannian
    gradients, patch by patch; patches without a direction do not count.

    Returns
    -------
    Dataset over `scene`, `time` and `rank`: `share` of the pixels with cosine ≥ 0.9;
    `singular_value_ratio`; at T = 5 and rank one `cosine` and `norm` (row, col), and
    `surrogate_share`, the share against explicit Euler with h = 0.02 as in the paper,
    and `surrogate_reference_share`, the share of Euler against the reference.
    """
    setup, bench = prepared(setup, bench)
    settings = {"noise": SCENARIOS[LINES].noise, "times": TIMES, "ranks": RANKS}
    units = over_scenes(
        "pixelwise", setup, settings, lambda seed: compare(setup.size, seed)
    )
    return stack(bench.run(units), SCENE, setup.seeds).assign_attrs(figure=3)


def known(bound: float) -> str:
    """Return a relative error bound in words; it does not count rounding."""
    least = float(np.finfo(float).eps)
    return "rounding only" if bound < least else f"at most {bound:.0e}"


def draw3(data: xr.Dataset) -> Figure:
    """Return Fig. 3: histogram, map of cosines, map of norms, disagreement over T."""
    first, mean = data.isel(scene=0), data.share.mean(SCENE)
    at = float(mean.sel(time=MAP_TIME, rank=1))
    norm, top = first.norm.values, float(first.norm.max())
    blank = "; no color: no direction" if bool(first.cosine.isnull().any()) else ""
    scenes = counted(data.sizes[SCENE])
    panels: list[Panel] = [
        histogram(data.cosine.values),
        Field("1 − cosine at each pixel", decades(1.0 - first.cosine.values), "log₁₀",
              -DECADES, 0.0, note=f"dark: the same direction{blank}"),
        Field("b  norm of the gradient", decades(norm / max(top, 1e-300)),
              "log₁₀, relative to the largest", -DECADES, 0.0,
              note=f"largest {top:.1e}, loss per unit of weight"),
        disagreement(mean),
    ]  # fmt: skip
    caption = (
        f"The Riemannian gradient of rank one at uniform weights, thin lines with "
        f"noise {SCENARIOS[LINES].noise:g}, T = {MAP_TIME:g}, ρ = {RHO:g}, "
        f"m = {LowRankGradient().dim}. The histogram and the curves show "
        f"{scenes}, the maps show one. {100 * at:.2f} % of the pixels "
        f"have a cosine of {AGREEMENT} or more to the reference (full rank, "
        f"m = {EXACT.dim}, relative error "
        f"{known(float(data.reference_error.max()))}). Gradients almost "
        f"vanish inside cells."
    )
    return Figure(3, "The gradient pixel by pixel", caption, [panels])


def histogram(cosine: np.ndarray) -> Bars:
    """Return the cosines of all pixels with a gradient direction."""
    defined = cosine[np.isfinite(cosine)]
    heights = 100.0 * np.histogram(defined, BINS)[0] / max(defined.size, 1)
    return Bars(
        "a  cosine to the reference", "cosine", "pixels in %", BINS, heights,
        AGREEMENT, log=True, note=f"rank one, T = {MAP_TIME:g}",
    )  # fmt: skip


def decades(values: np.ndarray) -> np.ndarray:
    """Return log₁₀, clipped from below; NaN stays."""
    found: np.ndarray = np.log10(np.maximum(values, 10.0**-DECADES))
    return found


def disagreement(share: xr.DataArray) -> Curves:
    """Return the shares of disagreeing pixels over T, because agreement is near one."""
    series = [
        Series(f"rank {r}", share.time.values, 100.0 * (1.0 - share.sel(rank=r).values))
        for r in share[RANK_DIM].values
    ]
    return Curves(
        f"pixels with a cosine below {AGREEMENT}", "time T", "pixels in %", series,
        log=True, note="a gap: no such pixel",
    )  # fmt: skip
