"""Scenes edited by hand: strokes of a brush, and prototypes picked from the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer.coordinates import Coordinates
from explorer.declaring import must
from explorer.dims import LABEL, LABEL_FIELD, PICTURE, finite_field
from explorer.scenes.pictures import Picture, checked_picture
from explorer.scenes.scene import Structure, dataset_of, distances_to
from explorer.strokes import TRUTH, Stroke, check_picks, check_strokes, covered_by


def paint(scene: xr.Dataset, strokes: Any) -> xr.Dataset:
    """Return a scene with strokes painted into its ground truth or into its image.

    A stroke on the truth sets the label of the pixels that it covers. A stroke on the
    picture sets their color to l_j, the prototype of its label j; the noise stays. A
    stroke without a label restores what the scene had there before.

    Parameters
    ----------
    scene : Dataset, as `voronoi_scene` and `image_scene` return it.
    strokes : a `Stroke`, or a list of them, painted in this order.

    Returns
    -------
    Dataset with the variables of a scene, of which `image`, `clean`, `labels` and
    `distances` are new; other variables of `scene` are left out.

    Raises
    ------
    TypeError, ValueError
        naming the argument, its value and the cure; also for a label that the scene
        does not have.
    """
    strokes = check_strokes(strokes)
    picture = checked_picture("scene", scene)
    structure = structure_of(scene, picture)
    return edited(scene, picture, painted(structure, strokes))


def pick_prototypes(scene: xr.Dataset, picks: Any) -> xr.Dataset:
    """Return a scene whose prototypes are the colors of picked pixels.

    Label j stands for the color l_j of the pixel picks[j] in the image without noise;
    the ground truth of a pixel is its nearest prototype, argmin_j ‖f_i − l_j‖.

    Parameters
    ----------
    scene : Dataset, as `voronoi_scene` and `image_scene` return it.
    picks : pairs of int, row and column of 1 to 64 pixels of different colors.

    Returns
    -------
    Dataset with the variables of a scene, of which `prototypes`, `labels` and
    `distances` are new; other variables of `scene` are left out.

    Raises
    ------
    TypeError, ValueError
        naming the argument, its value and the cure.
    """
    picks = check_picks(picks)
    if not picks:
        raise ValueError(must("picks", "one pixel at least", [], "pick a pixel"))
    picture = checked_picture("scene", scene)
    structure = structure_of(scene, picture)
    return edited(scene, picture, picked(structure, picks))


def painted(structure: Structure, strokes: Sequence[Stroke]) -> Structure:
    """Return a structure with strokes painted; the given one stays as it is."""
    if not strokes:
        return structure
    count = len(structure.prototypes)
    truth, clean = structure.labels.copy(), structure.clean.copy()
    for stroke in strokes:
        if stroke.label is not None and stroke.label >= count:
            raise ValueError(
                f"`strokes` must have labels from 0 to {count - 1}, those of the "
                f"scene, got {stroke.label}; choose another label, or more labels"
            )
        at = covered_by(stroke, truth.shape)
        if stroke.on == TRUTH:
            label = structure.labels[at] if stroke.label is None else stroke.label
            truth[at] = label
        elif stroke.label is None:
            clean[at] = structure.clean[at]
        else:
            clean[at] = structure.prototypes[stroke.label]
    return replace(structure, labels=truth, clean=clean)


def picked(structure: Structure, picks: Sequence[tuple[int, int]]) -> Structure:
    """Return a structure with picked prototypes; without picks, the given one."""
    if not picks:
        return structure
    rows, cols = structure.labels.shape
    colors: list[np.ndarray] = []
    for row, col in picks:
        if row >= rows or col >= cols:
            raise ValueError(
                f"`picks` must lie in the image of {rows} × {cols} pixels, got "
                f"{(row, col)}; pick another pixel"
            )
        color = structure.clean[row, col]
        if any(np.array_equal(color, known) for known in colors):
            raise ValueError(
                f"`picks` must have different colors, got the same one again at "
                f"{(row, col)}; pick a pixel of another color"
            )
        colors.append(color)
    prototypes = np.stack(colors)
    nearest = distances_to(structure.clean, prototypes).argmin(axis=0)
    return replace(structure, labels=nearest, prototypes=prototypes, coords={})


def structure_of(scene: Any, picture: Picture) -> Structure:
    """Return the noiseless part of a scene."""
    place = Coordinates.of("scene.image", scene["image"], PICTURE)
    found = xr.Dataset(scene) if not isinstance(scene, xr.Dataset) else scene
    coords = {str(k): v for k, v in found.coords.items() if LABEL in v.dims}
    name = str(found.attrs.get("scene", "scene"))
    return Structure(
        picture.clean, picture.labels, picture.prototypes, name, coords, place
    )


def edited(scene: Any, picture: Picture, structure: Structure) -> xr.Dataset:
    """Return the scene of an edited structure, with the noise of the scene."""
    noise = picture.image - picture.clean
    moved = (structure.clean != picture.clean).any(axis=-1, keepdims=True)
    image = np.where(moved, structure.clean + noise, picture.image)
    found = dataset_of(structure, image, dict(getattr(scene, "attrs", {})))
    refuse_other_distances(scene, picture)
    return found


def refuse_other_distances(scene: Any, picture: Picture) -> None:
    """Raise if a scene has distances that are not those of its image and prototypes."""
    if "distances" not in scene:
        return
    D = finite_field("scene.distances", scene["distances"], LABEL_FIELD)
    own = distances_to(picture.image, picture.prototypes)
    if D.shape != own.shape or not np.allclose(D, own, rtol=1e-6, atol=1e-9):
        raise ValueError(
            "`scene` must have the distances ‖f_i − l_j‖ of its image to its "
            "prototypes, got others; edit the scene first, then compute your distances"
        )
