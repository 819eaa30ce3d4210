"""Random Voronoi scenes: eight colored cells, or thin cell boundaries (Sec. 4.1)."""

from __future__ import annotations

import colorsys

import numpy as np
import xarray as xr
from scipy.spatial import KDTree

from explorer import params
from explorer.scenes.scene import Structure, generators, make_scene

CELLS = 40
"""Cells per scene: about 20 pixels across at 128×128, as in the paper's Fig. 1."""

HUES = np.array([colorsys.hsv_to_rgb(k / 8, 1.0, 1.0) for k in range(8)])
"""Eight fully saturated, evenly spaced hues, (label, channel)."""

TONES = np.array([[0.0], [1.0]])
"""Black boundary (label 0) and white interior (label 1)."""

KINDS = ("colors", "lines")


def voronoi_scene(
    kind: str = "colors",
    size: int = int(params.SIZE.default),
    noise: float = params.NOISE.default,
    seed: int = int(params.SEED.default),
) -> xr.Dataset:
    """Return a scene with random Voronoi structure.

    Parameters
    ----------
    kind : "colors" or "lines"
        "colors": 40 cells in 8 saturated hues, which are the labels (Fig. 1b;
        at noise 0.45 the nearest hue is wrong at about half of the pixels).
        "lines": label 0 is the boundary of the cells, 1–2 pixels wide, label 1 their
        interior (Fig. 1a).
    size : int in 1 … 4096, rows and columns.
    noise : float in [0, 10], standard deviation of the noise; the range is [0, 1].
    seed : int ≥ 0; the structure does not depend on the noise.

    Returns
    -------
    Dataset, described at `explorer.scenes.scene.make_scene`.
    """
    noise, seed = params.NOISE.check(noise), params.SEED.check(seed)
    return make_scene(voronoi_structure(kind, size, seed), noise, seed)


def voronoi_structure(kind: str, size: int, seed: int) -> Structure:
    """Return the noiseless part of `voronoi_scene`."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"`kind` = {kind!r} must be one of {', '.join(KINDS)}")
    size, seed = params.SIZE.check(size), params.SEED.check(seed)
    rng, _ = generators(seed)
    cells = voronoi_cells(size, rng)
    if kind == "colors":
        hues = rng.permutation(np.arange(CELLS) % len(HUES))
        labels, prototypes = hues[cells], HUES
    else:
        labels, prototypes = 1 - boundary(cells), TONES
    return Structure(prototypes[labels], labels, prototypes, kind)


def voronoi_cells(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return the index of the nearest of CELLS random sites for each pixel."""
    sites = rng.uniform(0.0, size, (CELLS, 2))
    pixels = np.indices((size, size)).reshape(2, -1).T + 0.5
    return KDTree(sites).query(pixels)[1].reshape(size, size)


def line_structure(size: int, cells: int, width: float, seed: int) -> Structure:
    """Return lines of about `width` pixels between Voronoi cells, without noise.

    Label 0 is where the distances to the two nearest of `cells` sites differ by less
    than `width`: half of that on either side of a straight boundary.
    """
    rng, _ = generators(seed)
    sites = rng.uniform(0.0, size, (cells, 2))
    pixels = np.indices((size, size)).reshape(2, -1).T + 0.5
    near = KDTree(sites).query(pixels, k=2)[0]
    labels = (near[:, 1] - near[:, 0] >= width).astype(int).reshape(size, size)
    return Structure(TONES[labels], labels, TONES, "lines")


def boundary(cells: np.ndarray) -> np.ndarray:
    """Return 1 where the cell changes toward the next row or column, else 0."""
    edge = np.zeros(cells.shape, dtype=int)
    edge[:-1] |= cells[:-1] != cells[1:]
    edge[:, :-1] |= cells[:, :-1] != cells[:, 1:]
    return edge
