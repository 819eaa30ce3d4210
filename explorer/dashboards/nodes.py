"""Settings and nodes that dashboards share: scene → flow → system → V(T).

A node is a function; its parameter names state which nodes and settings it uses. A
changed setting recomputes only the nodes that depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow.integrators import require_memory
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.system import LinearSystem
from explorer.geometry import manifold
from explorer.gradients.derivative import WARNING_RATIO, Derivative, GradientMethod
from explorer.gradients.gradient import ClosedForm, lighter
from explorer.gradients.hierarchy import (
    BenziSimoncini,
    DenseGradient,
    DirectKronecker,
    KroneckerKrylov,
)
from explorer.kit.plan import Readout
from explorer.panels import Labels
from explorer.scenes.editing import painted, picked
from explorer.scenes.images import SAMPLES, image_structure, sample_image
from explorer.scenes.scene import Structure, make_scene
from explorer.scenes.voronoi import KINDS, voronoi_structure
from explorer.settings import (
    Image,
    Number,
    Pick,
    Picks,
    Pixel,
    Setting,
    Strokes,
)
from explorer.truths import percent_wrong

OWN = "upload"
"""Name of the scene that shows the uploaded image."""

SCENES = {
    "colors": "Voronoi cells, 8 colors",
    "lines": "Voronoi lines, thin",
    **{name: f"photo: {name}" for name in SAMPLES},
    OWN: "your own image",
}
"""Scenes by name, with their labels on the page."""


SIDE = int(params.SIZE.default)
"""Side of a scene in pixels."""


def scene_settings(size: int = SIDE, **defaults: Any) -> tuple[Setting, ...]:
    """Return the settings of the scene.

    size : default of the side in pixels; `scene`, `labels`, `noise` : other defaults.
    """
    return (
        Pick(
            "scene", tuple(SCENES), "image to label", defaults.get("scene"),
            labels=tuple(SCENES.values()),
        ),
        Image(meaning="your own image: PNG, JPEG or TIFF"),
        Number(params.SIZE, default=size),
        Number(
            params.LABELS, default=defaults.get("labels"),
            meaning="number of labels of a photo",
        ),
        Number(params.NOISE, default=defaults.get("noise")),
        Number(params.SEED),
    )  # fmt: skip


EDITS = Strokes(), Picks()
"""What a hand edits in the pictures of the scene."""

BARYCENTER, LIKELIHOOD, SHORT_FLOW = "barycenter", "likelihood", "short flow"

RHO, RADIUS = Number(params.RHO), Number(params.RADIUS)

BASE_POINT = Pick(
    "base_point", (BARYCENTER, LIKELIHOOD, SHORT_FLOW),
    "point W₀ at which the flow is linearized",
    labels=("barycenter, 1/J", "likelihood, softmax(−D/ρ)", "W(1), uniform weights"),
)  # fmt: skip

MIXED = 0.01
"""Share of the barycenter in the other base points: it keeps them well inside."""


def pixel_setting(size: int = SIDE) -> Pixel:
    """Return the setting of the pixel, by default in the middle of the scene."""
    return Pixel(default=(size // 2, size // 2))


SAFE, OWN_COLORS = "safe for color blindness", "those of the prototypes"

PALETTE = Pick("palette", (OWN_COLORS, SAFE), "colors of the labels")

Check = Callable[[], None]


@contextmanager
def fitting(setting: str) -> Iterator[None]:
    """Say beside a control that its method does not fit into memory."""
    try:
        yield
    except MemoryError as error:
        raise MemoryError(f"`{setting}`: {error}") from error


def original(scene: str, size: int, seed: int, labels: int, image: Any) -> Structure:
    """Return the scene without noise, before a hand edits it."""
    if scene in KINDS:
        return voronoi_structure(scene, size, seed)
    if scene != OWN:
        return image_structure(sample_image(scene, size), labels, seed)
    if image is None:
        raise ValueError(
            "`image` must be uploaded for this scene, got none; choose a file, or "
            "another `scene`"
        )
    return image_structure(image.image, labels, seed)


LIVE = 1_500
"""Largest I·J at which explorers run the methods that take (I·J)² operations or more:
a few seconds, in which they cannot be stopped."""

HEAVY = DirectKronecker, KroneckerKrylov, BenziSimoncini, DenseGradient


def require_live(setting: str, method: GradientMethod, size: int) -> None:
    """Raise beside its control if a method does not fit here, or takes minutes.

    size : I·J, the numbers in V.
    """
    name = f"{type(method).__name__} for {size} = I·J numbers"
    if isinstance(method, ClosedForm):
        with fitting(setting):
            require_memory(name, method.memory(size), lambda: lighter(size))
    if isinstance(method, HEAVY) and size > LIVE:
        raise ValueError(
            f"`{setting}` must answer within seconds in an explorer, got {name}, which "
            f"takes minutes; lower `size` until I·J ≤ {LIVE}, or choose LowRankGradient"
        )


def structure(original: Structure, picks: Any, strokes: Any) -> Structure:
    """Return the scene without noise, with its picked prototypes and its strokes."""
    return painted(picked(original, picks), strokes)


def problem(structure: Structure, noise: float, seed: int) -> xr.Dataset:
    """Return image, ground truth, prototypes and distances D."""
    return make_scene(structure, noise, seed)


def central(problem: xr.Dataset, rho: float, radius: int) -> LinearizedFlow:
    """Return the flow linearized at the barycenter."""
    return LinearizedFlow(problem.distances, rho=rho, radius=radius)


def base(
    central: LinearizedFlow, problem: xr.Dataset, rho: float, base_point: str
) -> xr.DataArray | None:
    """Return the point W₀ of the linearization, None for the barycenter."""
    if base_point == BARYCENTER:
        return None
    count = problem.sizes["label"]
    if base_point == LIKELIHOOD:
        start = manifold.barycenter(count)
        inner = manifold.lift(start, -problem.distances / rho)
    else:
        inner = Krylov(dim=20).solve(central, central.uniform_weights(), time=1.0).W
    return (1.0 - MIXED) * inner + MIXED / count


def flow(
    central: LinearizedFlow, base: xr.DataArray | None, problem: xr.Dataset
) -> LinearizedFlow:
    """Return the flow, which does not depend on the weights."""
    return central if base is None else replace(central, base_point=base)


def system(flow: LinearizedFlow, weights: np.ndarray) -> LinearSystem:
    """Return V̇ = A V + B at the weights Ω."""
    return flow.plain_system(weights)


def place(pixel: tuple[int, int], structure: Structure) -> tuple[int, int]:
    """Return the chosen pixel, moved into the image if it lies outside."""
    rows, cols = structure.labels.shape
    return min(pixel[0], rows - 1), min(pixel[1], cols - 1)


def own_colors(structure: Structure, palette: str) -> Any:
    """Return the colors of the prototypes, or None for the safe palette."""
    return structure.prototypes if palette == OWN_COLORS else None


SCENE = (
    original, structure, problem, central, base, flow, system, place, own_colors,
)  # fmt: skip
"""The nodes of every explorer that shows a scene."""


def rank_readout(derivative: Derivative) -> Readout:
    """Return σ₂/σ₁, and whether the components beyond the rank matter."""
    sigma, rank = derivative.singular_values, derivative.rank
    if sigma.size < 2:
        note = "one component only" if sigma.size else "no components"
        return Readout("σ₂/σ₁", "—", note)
    following = float(sigma[rank] / sigma[0]) if rank < sigma.size and sigma[0] else 0.0
    weak = following > WARNING_RATIO
    lost = "one component loses" if rank == 1 else f"{rank} components lose"
    note = f"raise rank: {lost} detail" if weak else "rank suffices"
    return Readout("σ₂/σ₁", f"{derivative.ratio:.2g}", note, warn=weak)


def wrong(found: np.ndarray, problem: xr.Dataset) -> float:
    """Return the share of wrongly labeled pixels, in percent."""
    return percent_wrong(found, problem.labels.values)


def labeled(
    title: str, found: np.ndarray, problem: xr.Dataset, colors: Any, W: Any = None
) -> Labels:
    """Return a labeling with its wrong pixels marked; W : label probabilities."""
    return Labels(
        title,
        found,
        problem.sizes["label"],
        truth=problem.labels.values,
        colors=colors,
        probabilities=W,
        note=f"{wrong(found, problem):.2f} % wrong",
    )
