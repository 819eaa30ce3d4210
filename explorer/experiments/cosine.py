"""How closely low-rank gradients follow the exact gradient, over time T."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import SCENE, TIME, VARIANT
from explorer.flow.linearized import LinearizedFlow
from explorer.gradients.factors import Factors
from explorer.gradients.gradient import (
    GradientState,
    LowRankGradient,
    assemble,
    gradient_errors,
    riemannian_gradient,
)
from explorer.scenes.scene import Structure, make_scene
from explorer.scenes.voronoi import line_structure, voronoi_structure
from explorer.threads import exclusive

EXACT = LowRankGradient(40, 40)
"""The gradient that counts as exact; the result includes its error bound."""

APPROXIMATE = LowRankGradient(10)

AGREEMENT = 0.9
"""Least cosine of patch gradients that count as pointing the same way (Fig. 3a)."""


def share_aligned(cosine: np.ndarray, undefined: float = 1.0) -> float:
    """Return the share of pixels whose directions agree, among pixels with a direction.

    undefined : the result if no pixel has a direction.
    """
    defined = cosine[np.isfinite(cosine)]
    return float(np.mean(defined >= AGREEMENT)) if defined.size else undefined


TIMES = (1.0, 5.0, 15.0, 30.0)
RHO = 0.5

LINE_CELLS, LINE_WIDTH = 60, 1.0
"""Twice the cells of a learning scene: only crowded lines challenge rank one."""

SMALLEST = 2
"""Least size: on a single pixel, all weights refer to the same neighbor."""


def scenes(size: int, seed: int) -> dict[str, tuple[Structure, float]]:
    """Return the structures and the noise levels of both scenes of the table."""
    lines = line_structure(size, LINE_CELLS, LINE_WIDTH, seed)
    return {
        "thin lines, noisy": (lines, 0.3),
        "8 colors, noisy": (voronoi_structure("colors", size, seed), 0.45),
    }


def folded(factors: Factors, rank: int) -> Factors:
    """Return the factors of the best rank-r approximation of [T Z, z] as a whole.

    The paper keeps the term in z separate, as the second summand of (3.28a). Truncating
    it together with Z, as (3.46) could be read, loses much of it.
    """
    T, shape = factors.evolution.time, factors.z.shape
    vectors = factors.vectors(len(factors.singular_values))
    u, w = (x.reshape(len(x), -1) for x in vectors)
    P = np.linalg.qr(np.vstack([u, factors.z.ravel()]).T)[0].T
    whole = np.column_stack([T * (P @ u.T), P @ factors.z.ravel()])
    U, sigma, Wt = np.linalg.svd(whole)
    U, sigma, Wt = U[:, :rank], sigma[:rank], Wt[:rank]
    return replace(
        factors,
        left=P.reshape(-1, *shape),
        right=w.reshape(-1, *shape),
        U=U,
        singular_values=sigma / T,
        W=Wt[:, :-1].T,
        end=(((U * sigma) @ Wt[:, -1]) @ P).reshape(shape),
    )


VARIANTS: dict[str, Callable[[Factors], np.ndarray]] = {
    "rank 1, z exact": lambda factors: assemble(factors, 1),
    "rank 1, z folded in": lambda factors: assemble(folded(factors, 1), 1),
    "rank 2, z exact": lambda factors: assemble(factors, 2),
}


def cosine_table(
    size: int = int(params.SIZE.default), seed: int = int(params.SEED.default)
) -> xr.Dataset:
    """Return the share of pixels whose low-rank patch gradient follows the exact one.

    Uniform weights, ρ = 0.5, radius 1, m = 10; the exact gradient has full rank
    and m = 40. The comparison uses the Riemannian gradients R_Ω ∂f of each patch: a
    constant added to a patch of ∂f moves no weight, but would suggest agreement.

    Parameters
    ----------
    size : int in 2 … 4096, rows and columns of both scenes.
    seed : int ≥ 0, seed of the scenes.

    Returns
    -------
    Dataset over `scene`, `time` and `variant` with `share` (of pixels whose cosine is
    at least 0.9), and over `scene` and `time` with `singular_value_ratio` σ₂/σ₁ and
    `exact_error`, the bound of the exact gradient's error relative to its norm.
    """
    size, seed = replace(params.SIZE, low=SMALLEST).check(size), params.SEED.check(seed)
    rows = dict(table_rows(size, seed))
    names = list(dict.fromkeys(name for name, _ in rows))
    grid = np.array([[rows[name, time] for time in TIMES] for name in names])
    pair = (SCENE, TIME)
    ratio = {"symbol": "σ₂/σ₁", "long_name": "singular values of Z"}
    share = {"long_name": f"share of pixels with cosine ≥ {AGREEMENT}"}
    return xr.Dataset(
        {
            "share": ((*pair, VARIANT), grid[..., 2:], share),
            "singular_value_ratio": (pair, grid[..., 0], ratio),
            "exact_error": (pair, grid[..., 1], {"long_name": "relative error bound"}),
        },
        coords={SCENE: names, TIME: list(TIMES), VARIANT: list(VARIANTS)},
        attrs={"size": size, "seed": seed, "rho": RHO, "dim": APPROXIMATE.dim},
    )


def table_rows(
    size: int, seed: int
) -> Iterator[tuple[tuple[str, float], tuple[float, ...]]]:
    """Yield scene and time with (σ₂/σ₁, error of the exact gradient, shares …)."""
    for name, (structure, noise) in scenes(size, seed).items():
        scene = make_scene(structure, noise, seed)
        flow = LinearizedFlow(scene.distances, rho=RHO)
        for time in TIMES:
            yield (name, time), row(flow, structure.labels, time)


@exclusive
def row(flow: LinearizedFlow, truth: np.ndarray, time: float) -> tuple[float, ...]:
    """Return one row of the table."""
    system = flow.plain_system(flow.neighborhood.uniform())

    def factors_of(method: LowRankGradient) -> GradientState:
        return method.init(method.forward.integrate(system, time), truth)

    exact, state = factors_of(EXACT), factors_of(APPROXIMATE)
    reference = EXACT.compute(exact).gradient
    bound = gradient_errors(exact.factors, EXACT.dim).approximation
    goal = riemannian_gradient(system, reference)

    def share(gradient: np.ndarray) -> float:
        found = riemannian_gradient(system, gradient)
        return share_aligned(system.neighborhood.cosine(found, goal))

    ratio = APPROXIMATE.compute(state).ratio
    error = bound / float(np.linalg.norm(reference))
    shares = (share(variant(state.factors)) for variant in VARIANTS.values())
    return (ratio, error, *shares)
