"""How well a labeling agrees with the ground truth: pixels, boundaries and overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import LABEL, PIXELS, computed, label_field, plain, raw
from explorer.truths import NO_LABEL, truth_field

COUNT = replace(params.LABELS, name="count", high=1024)
"""Most labels; their confusion matrix takes 8 MB."""

TOLERANCE = params.Parameter(
    "tolerance", "θ", 2.0, 0.0, 1e4, "distance within which boundaries match", "pixels",
    slider=(0.0, 10.0, 0.5),
)  # fmt: skip

PERCENT = {"units": "percent", "better": "lower"}
SHARE = {"units": "1", "better": "higher"}

ATTRS = {
    "error_percent": PERCENT | {"long_name": "labeling error"},
    "balanced_error_percent": PERCENT | {"long_name": "labeling error, mean of labels"},
    "boundary_precision": SHARE | {"long_name": "found boundary that is true"},
    "boundary_recall": SHARE | {"long_name": "true boundary that is found"},
    "boundary_f1": SHARE | {"long_name": "F1 of the boundary"},
    "mean_iou": SHARE | {"long_name": "overlap, mean of labels"},
}
"""Each scalar score: its unit, its meaning, and the good end of its scale."""


def score(
    labels: Any,
    truth: Any,
    count: int | None = None,
    tolerance: float = TOLERANCE.default,
    ignore: int | Sequence[int] = (),
) -> xr.Dataset:
    """Return how well `labels` agree with `truth`, where the truth is known.

    With C_jk the number of pixels of true label j that were labeled k, sums over j
    restricted to labels that occur in the truth (for IoU: in either),

        error = 1 − Σ_j C_jj / Σ_jk C_jk,   balanced error = 1 − mean_j C_jj / Σ_k C_jk,
        IoU_j = C_jj / (Σ_k C_jk + Σ_k C_kj − C_jj),

    and with B, B* the pixels with a 4-neighbor of another label, found and true, both
    known,

        precision = |{p ∈ B: dist(p, B*) ≤ θ}| / |B|,   recall = the same from B* to B,
        F1 = 2 · precision · recall / (precision + recall).

    All three are 1 if neither labeling has a boundary, and 0 if only one has.

    Parameters
    ----------
    labels, truth : DataArray or array (row, col) of integers 0 … J−1, aligned by
        coordinates if both have some.
    count : int in 1 … 1024, J; None means one more than the largest label.
    tolerance : float in [0, 10⁴], θ, Euclidean, in pixels.
    ignore : numbers in `truth` that stand for no label. The attribute `no_label` of a
        DataArray, which scenes have, always names such a number.

    Returns
    -------
    Dataset with the scalars `error_percent`, `balanced_error_percent` in [0, 100],
    `boundary_precision`, `boundary_recall`, `boundary_f1`, `mean_iou` in [0, 1], and
    `iou` over `label`, NaN if a label occurs in neither.

    Raises
    ------
    TypeError, ValueError
        The message names the argument, its value and the cure.

    Notes
    -----
    B lies on both sides of each edge. The boundary of a line one pixel wide is thus
    three pixels wide: the line and one pixel on each side. For a line two pixels wide,
    the boundary is four pixels wide. With θ = 2, a line may move or widen by two pixels
    for free, but a missing line costs recall, and an invented line costs precision.
    """
    tolerance = TOLERANCE.check(tolerance)
    most = int(COUNT.high)
    limit = most if count is None else COUNT.check(count)
    labels = Coordinates.of("truth", truth, PIXELS).align("labels", labels)
    truth = computed("truth", truth)
    goal = truth_field("truth", truth, raw("truth", truth, PIXELS).shape, most)
    goal = without("truth", goal, ignore)
    labels = raw("labels", labels, PIXELS)
    require_shape(labels.shape, goal.shape)
    found = label_field("labels", labels, goal.shape, most)
    refuse_beyond(limit, truth=goal, labels=found)
    if count is None:
        limit = max(int(goal.max()), int(found.max())) + 1
    known = goal >= 0
    C = confusion(found[known], goal[known], limit)
    iou = overlap(C)
    pixels = int(C.sum())
    scalars = {
        "error_percent": 100.0 * (pixels - int(C.trace())) / pixels,
        "balanced_error_percent": balanced_error_percent(C),
        **boundary_scores(found, goal, tolerance),
        "mean_iou": float(np.nanmean(iou)),
    }
    data: dict[str, Any] = {name: ((), x, ATTRS[name]) for name, x in scalars.items()}
    data["iou"] = (LABEL, iou, SHARE | {"long_name": "intersection over union"})
    attrs = {"tolerance": tolerance, "pixels": pixels}
    return xr.Dataset(data, coords={LABEL: np.arange(limit)}, attrs=attrs)


def without(argument: str, truth: np.ndarray, ignore: Any) -> np.ndarray:
    """Return a truth in which the ignored labels are replaced by −1 (no label)."""
    numbers = np.atleast_1d(plain("ignore", ignore)).tolist()
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise ValueError(
                f"`ignore` must hold labels, integers ≥ 0, got {number!r}: name "
                "those that stand for no label"
            )
    left_out = np.isin(truth, numbers)
    if (left_out | (truth < 0)).all():
        raise ValueError(
            f"`ignore` must leave a label in `{argument}`, got {ignore!r}, which lists "
            "all labels: leave one out"
        )
    return np.where(left_out, NO_LABEL, truth)


def refuse_beyond(count: int, **labelings: np.ndarray) -> None:
    """Raise if a labeling holds more labels than `count`."""
    for name, array in labelings.items():
        if array.max() >= count:
            raise ValueError(
                f"`{name}` holds labels from {array.min()} to {array.max()}; they must "
                f"be from 0 to {count - 1}, as `count` = {count} says: renumber "
                "them, or raise `count`"
            )


def require_shape(shape: tuple[int, ...], needed: tuple[int, ...]) -> None:
    """Raise if the shape of a labeling differs from the ground truth."""
    if shape != needed:
        raise ValueError(
            f"`labels` has shape {shape}; it must have the shape of `truth`, "
            f"(row, col) = {needed}: compare labelings of one scene"
        )


def confusion(labels: np.ndarray, truth: np.ndarray, count: int) -> np.ndarray:
    """C_jk: the number of pixels of true label j that were labeled k."""
    # as in scikit-learn, which is slower and warns if there is one label
    pairs = np.bincount((count * truth + labels).ravel(), minlength=count**2)
    return pairs.reshape(count, count)


def balanced_error_percent(C: np.ndarray) -> float:
    """100 (1 − mean_j C_jj / Σ_k C_jk) over the labels j that occur in the truth."""
    occurring = C.sum(axis=1)
    wrong = occurring - C.diagonal()
    present = occurring > 0
    return 100.0 * float(np.mean(wrong[present] / occurring[present]))


def overlap(C: np.ndarray) -> np.ndarray:
    """IoU_j = C_jj / (Σ_k C_jk + Σ_k C_kj − C_jj); NaN for labels that never occur."""
    union = C.sum(axis=0) + C.sum(axis=1) - C.diagonal()
    missing = np.full(len(C), np.nan)
    return np.divide(C.diagonal(), union, out=missing, where=union > 0)


def boundary_pixels(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return whether a 4-neighbor has another label, both known, bool (row, col).

    Without unknown pixels, this is mode "thick" of scikit-image's `find_boundaries`.
    """
    found = np.zeros(labels.shape, bool)
    for one, other in (
        (np.s_[1:, :], np.s_[:-1, :]),
        (np.s_[:, 1:], np.s_[:, :-1]),
    ):
        edge = (labels[one] != labels[other]) & known[one] & known[other]
        found[one] |= edge
        found[other] |= edge
    return found


def boundary_scores(
    labels: np.ndarray, truth: np.ndarray, tolerance: float
) -> dict[str, float]:
    """Return precision, recall and F1 of the boundary, as `score` defines them."""
    known = truth >= 0
    found, true = boundary_pixels(labels, known), boundary_pixels(truth, known)
    if found.any() and true.any():
        precision = share_near(found, true, tolerance)
        recall = share_near(true, found, tolerance)
    else:
        precision = recall = float(found.any() == true.any())
    total = precision + recall
    return {
        "boundary_precision": precision,
        "boundary_recall": recall,
        "boundary_f1": 2.0 * precision * recall / total if total > 0.0 else 0.0,
    }


def share_near(pixels: np.ndarray, others: np.ndarray, tolerance: float) -> float:
    """|{p ∈ pixels: dist(p, others) ≤ tolerance}| / |pixels|; both are nonempty."""
    from skimage.morphology import isotropic_dilation

    # all pixels whose Euclidean distance transform is at most the tolerance
    return float(np.mean(isotropic_dilation(others, tolerance)[pixels]))
