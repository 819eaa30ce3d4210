"""Alternative labelings: all have the same call, and all can be tuned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import extras
from explorer.dims import LABEL_FIELD, PICTURE, PROTOTYPES, finite_field
from explorer.params import Parameter, Record, of
from explorer.scenes.scene import distances_to

SIGMA = Parameter(
    "sigma", "σ", 1.0, 0.0, 100.0, "width of the Gaussian filter", "pixels",
    slider=(0.0, 5.0, 0.1),
)  # fmt: skip
WEIGHT = Parameter(
    "weight", "λ", 0.3, 0.0, 1e3, "weight of the total variation", "image range",
    open_low=True, slider=(0.01, 5.0, 0.1), log=True,
)  # fmt: skip
BETA = Parameter(
    "beta", "β", 10.0, 0.0, 1e4, "how much color differences hinder the walker",
    "1 / image range", slider=(0.0, 500.0, 10.0),
)  # fmt: skip
SEEDED = Parameter(
    "share", "s", 0.5, 0.0, 1.0, "share of each label's pixels that become seeds",
    open_low=True, slider=(0.01, 0.9, 0.01),
)  # fmt: skip
SMOOTHNESS = Parameter(
    "smoothness", "γ", 0.3, 0.0, 1e4, "cost of each edge between two labels",
    "distance", slider=(0.0, 3.0, 0.05),
)  # fmt: skip

A_SCENE = (
    "a Dataset with `image`, `prototypes` and `distances`: make it with "
    "`voronoi_scene` or `image_scene`"
)


class Baseline(Record, ABC):
    """A labeling computed only from the image, its prototypes and the distances."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name in tables, with all parameters."""

    @abstractmethod
    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the label of each pixel, (row, col) integers 0 … J−1.

        Parameters
        ----------
        scene : Dataset with `image` (row, col, channel), `prototypes` (label, channel)
            and `distances` (label, row, col), as returned by `explorer.voronoi_scene`.
        """


@dataclass(frozen=True)
class NearestLabel(Baseline):
    """argmin_j D_ij: the nearest label of each pixel, the simplest reference."""

    @property
    def name(self) -> str:
        """The name in tables."""
        return "nearest label"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the nearest label of each pixel; the first one wins a tie."""
        return distances_of(scene).argmin(axis=0)


@dataclass(frozen=True)
class GaussianDenoising(Baseline):
    """argmin_j ‖(G_σ ∗ f)_i − l_j‖: smooth with a Gaussian, then the nearest label.

    Parameters
    ----------
    sigma : float in [0, 100], σ in pixels; border pixels continue the image.
    """

    sigma: float = of(SIGMA)

    @property
    def name(self) -> str:
        """The name in tables."""
        return f"Gaussian denoising, σ = {self.sigma:g}"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the nearest label of the smoothed image."""
        image, prototypes = image_of(scene)
        return distances_to(smoothed(image, self.sigma), prototypes).argmin(axis=0)


@dataclass(frozen=True)
class TotalVariation(Baseline):
    """argmin_j ‖u_i − l_j‖ with u = argmin_u TV(u) + ‖u − f‖² / (2λ).

    Colors share their edges (isotropic, vectorial TV), by Chambolle's projection
    (J. Math. Imaging Vis. 20 (2004) 89-97) as scikit-image implements it.

    Parameters
    ----------
    weight : float in (0, 10³], λ; larger is smoother.
    """

    weight: float = of(WEIGHT)

    @property
    def name(self) -> str:
        """The name in tables."""
        return f"total variation, λ = {self.weight:g}"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the nearest label of the denoised image."""
        from skimage.restoration import denoise_tv_chambolle

        image, prototypes = image_of(scene)
        u = denoise_tv_chambolle(image, self.weight, channel_axis=-1)
        return distances_to(u, prototypes).argmin(axis=0)


@dataclass(frozen=True)
class RandomWalker(Baseline):
    """The label whose seeds a random walker from the pixel most likely meets first.

    The walker crosses an edge between pixels i, k with a probability proportional to
    exp(−β ‖f_i − f_k‖² / (10 std(f) √channels)) (Grady, IEEE Trans. Pattern Anal. Mach.
    Intell. 28 (2006) 1768-1783, as scikit-image scales it).

    Seeds are chosen automatically: a Gaussian smooths the image, each pixel takes its
    nearest label, and for each label, the pixels with the largest margin between their
    two smallest distances become seeds. A label that is nowhere nearest has no seeds
    and is not assigned.

    Parameters
    ----------
    beta : float in [0, 10⁴], β; 0 ignores the image except for its seeds.
    share : float in (0, 1], the share of each label's pixels that become its seeds,
        at least one; 1 leaves the walker nothing to decide.
    sigma : float in [0, 100], width of the Gaussian for choosing seeds, pixels.
    """

    beta: float = of(BETA)
    share: float = of(SEEDED)
    sigma: float = of(SIGMA)

    @property
    def name(self) -> str:
        """The name in tables."""
        values = f"β = {self.beta:g}, s = {self.share:g}, σ = {self.sigma:g}"
        return f"random walker, {values}"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the label of each seed, and elsewhere the walker's choice."""
        image, prototypes = image_of(scene)
        D = distances_to(smoothed(image, self.sigma), prototypes)
        seeds = seeds_of(D, self.share)
        if seeds.all() or len(np.unique(seeds[seeds > 0])) == 1:
            return D.argmin(axis=0)  # nothing to decide
        from skimage.segmentation import random_walker

        # number the labels that have seeds without gaps, as scikit-image would
        names, codes = np.unique(seeds, return_inverse=True)
        codes = codes.reshape(seeds.shape)
        # a direct solver: if noise nearly isolates pixels (large β), conjugate
        # gradients take a hundred times as long and give other labels
        found = random_walker(image, codes, self.beta, mode="bf", channel_axis=-1)
        return names[found] - 1


@dataclass(frozen=True)
class GraphCut(Baseline):
    """min_x Σ_i D_{i,x_i} + γ |{4-neighbors i, k: x_i ≠ x_k}|, by α-expansion.

    Exact for two labels, within a factor of two for more (Boykov, Veksler,
    Zabih, IEEE Trans. Pattern Anal. Mach. Intell. 23 (2001) 1222-1239).

    Parameters
    ----------
    smoothness : float in [0, 10⁴], γ, in units of the distances.

    Raises
    ------
    ImportError
        if PyMaxflow (GPL) is missing; the extra `graphcut` installs it.
    """

    smoothness: float = of(SMOOTHNESS)

    def _judge(self) -> None:
        load_maxflow()

    @property
    def name(self) -> str:
        """The name in tables."""
        return f"graph cut, γ = {self.smoothness:g}"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the labeling at which no expansion of a label lowers the energy."""
        D = np.moveaxis(distances_of(scene), 0, -1)
        potts = self.smoothness * (1.0 - np.eye(D.shape[-1]))
        found = load_maxflow().aexpansion_grid(np.ascontiguousarray(D), potts)
        return found.astype(np.intp)


def seeds_of(D: np.ndarray, share: float) -> np.ndarray:
    """Return 1 + label at the most certain pixels of each label, 0 elsewhere.

    The certainty of a pixel is the margin between its two smallest distances.
    """
    nearest, seeds = D.argmin(axis=0), np.zeros(D.shape[1:], dtype=np.intp)
    if len(D) == 1:
        return seeds + 1
    least = np.partition(D, 1, axis=0)
    margin = least[1] - least[0]
    for label in np.unique(nearest):
        own = np.flatnonzero(nearest == label)
        order = np.argsort(-margin.flat[own], kind="stable")
        seeds.flat[own[order[: max(1, round(share * own.size))]]] = label + 1
    return seeds


def smoothed(image: np.ndarray, sigma: float) -> np.ndarray:
    """G_σ ∗ f, channel by channel; border pixels continue the image."""
    from skimage.filters import gaussian

    return gaussian(image, sigma, mode="nearest", channel_axis=-1)


def image_of(scene: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return image (row, col, channel) and prototypes (label, channel) of a scene."""
    return variable(scene, "image", PICTURE), variable(scene, "prototypes", PROTOTYPES)


def distances_of(scene: xr.Dataset) -> np.ndarray:
    """Return the distances of a scene, (label, row, col)."""
    return variable(scene, "distances", LABEL_FIELD)


def variable(scene: Any, name: str, dims: Sequence[str]) -> np.ndarray:
    """Return a variable of a scene as floats, or raise naming it."""
    if not isinstance(scene, xr.Dataset):
        raise TypeError(f"`scene` is a {type(scene).__name__}; pass {A_SCENE}")
    if name not in scene:
        raise ValueError(f"`scene` has no variable `{name}`; pass {A_SCENE}")
    return finite_field(f"scene.{name}", scene[name], dims)


def load_maxflow() -> Any:
    """Return maxflow.fastmin, or raise an ImportError that says how to install it."""
    return extras.load("maxflow.fastmin", "`GraphCut`")
