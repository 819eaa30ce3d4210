"""How well a labeling agrees with the ground truth: pixels, boundaries and overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import LABEL, PIXELS, label_field, raw

COUNT = replace(params.LABELS, name="count", high=1024)
"""More labels than a scene has: their confusion matrix still fits into 8 MB."""

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
"""Each scalar score: its unit, its meaning, and which end of the scale is good."""


def score(
    labels: Any,
    truth: Any,
    count: int | None = None,
    tolerance: float = TOLERANCE.default,
) -> xr.Dataset:
    """Return how well `labels` agree with `truth`.

    With C_jk the number of pixels of true label j that were labeled k, sums over j
    restricted to labels that occur in the truth (for IoU: in either),

        error = 1 − Σ_j C_jj / Σ_jk C_jk,   balanced error = 1 − mean_j C_jj / Σ_k C_jk,
        IoU_j = C_jj / (Σ_k C_jk + Σ_k C_kj − C_jj),

    and with B, B* the pixels with a 4-neighbor of another label, found and true,

        precision = |{p ∈ B: dist(p, B*) ≤ θ}| / |B|,   recall = the same from B* to B,
        F1 = 2 · precision · recall / (precision + recall).

    All three are 1 if neither labeling has a boundary, and 0 if only one has.

    Parameters
    ----------
    labels, truth : DataArray or array (row, col) of integers 0 … J−1; they meet by
        coordinate where both have some.
    count : int in 1 … 1024, J; None takes one more than the largest label.
    tolerance : float in [0, 10⁴], θ, Euclidean, in pixels.

    Returns
    -------
    Dataset with the scalars `error_percent`, `balanced_error_percent` in [0, 100],
    `boundary_precision`, `boundary_recall`, `boundary_f1`, `mean_iou` in [0, 1], and
    `iou` over `label`, NaN where a label occurs in neither.

    Raises
    ------
    TypeError, ValueError
        naming the argument, what it holds, and the cure.

    Notes
    -----
    B lies on both sides of each edge. The boundary of a line one pixel wide is thus
    three pixels wide, the line and either side, and that of a line two pixels wide is
    four; with θ = 2 a line may be displaced or widened by two pixels for free, but a
    line that is missing costs recall and one that is invented costs precision.
    """
    tolerance = TOLERANCE.check(tolerance)
    limit = int(COUNT.high) if count is None else COUNT.check(count)
    labels = Coordinates.of("truth", truth, PIXELS).align("labels", labels)
    truth, labels = raw("truth", truth, PIXELS), raw("labels", labels, PIXELS)
    goal = label_field("truth", truth, truth.shape, limit)
    require_shape(labels.shape, goal.shape)
    found = label_field("labels", labels, goal.shape, limit)
    if count is None:
        limit = max(int(goal.max()), int(found.max())) + 1
    C = confusion(found, goal, limit)
    iou = overlap(C)
    scalars = {
        "error_percent": 100.0 * (found.size - int(C.trace())) / found.size,
        "balanced_error_percent": balanced_error_percent(C),
        **boundary_scores(found, goal, tolerance),
        "mean_iou": float(np.nanmean(iou)),
    }
    data: dict[str, Any] = {name: ((), x, ATTRS[name]) for name, x in scalars.items()}
    data["iou"] = (LABEL, iou, SHARE | {"long_name": "intersection over union"})
    attrs = {"tolerance": tolerance, "pixels": found.size}
    return xr.Dataset(data, coords={LABEL: np.arange(limit)}, attrs=attrs)


def require_shape(shape: tuple[int, ...], needed: tuple[int, ...]) -> None:
    """Raise where a labeling has another shape than the ground truth."""
    if shape != needed:
        raise ValueError(
            f"`labels` has shape {shape}; needed is (row, col) = {needed}, as `truth` "
            "has: compare labelings of one scene"
        )


def confusion(labels: np.ndarray, truth: np.ndarray, count: int) -> np.ndarray:
    """C_jk: the number of pixels of true label j that were labeled k."""
    # as scikit-learn counts, which takes longer and warns of scenes with one label
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


def boundary_pixels(labels: np.ndarray) -> np.ndarray:
    """Return whether a 4-neighbor has another label, bool (row, col).

    That is mode "thick". Mode "inner" would take label 0 for background and leave its
    side of the edges out: just the pixels of the lines in a scene of lines.
    """
    from skimage.segmentation import find_boundaries

    return find_boundaries(labels, connectivity=1, mode="thick")


def boundary_scores(
    labels: np.ndarray, truth: np.ndarray, tolerance: float
) -> dict[str, float]:
    """Return precision, recall and F1 of the boundary, as `score` defines them."""
    found, true = boundary_pixels(labels), boundary_pixels(truth)
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
    """|{p ∈ pixels: dist(p, others) ≤ tolerance}| / |pixels|; both sets hold some."""
    from skimage.morphology import isotropic_dilation

    # all pixels whose Euclidean distance transform is at most the tolerance
    return float(np.mean(isotropic_dilation(others, tolerance)[pixels]))
