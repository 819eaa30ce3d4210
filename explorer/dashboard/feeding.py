"""What the views are fed with: a snapshot as columns of sources and as properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboard.snapshot import Snapshot
from explorer.drawing import colors
from explorer.drawing.colors import ACCENT, INK
from explorer.experiments.cosine import AGREEMENT, share_aligned

Columns = dict[str, dict[str, Any]]


def columns(shown: Snapshot, probe: tuple[int, int]) -> Columns:
    """Return the columns of every source for a snapshot."""
    truth, size = shown.scene.labels.values, extent(shown.shape)
    # below this a singular value is rounding, and no point on a log axis
    least = np.finfo(float).eps * shown.sigma.max(initial=0.0)
    sigma = np.where(shown.sigma > least, shown.sigma, np.nan)
    component = np.arange(1, sigma.size + 1)
    fill = [INK if k <= shown.rank else "white" for k in component]
    aligned = colors.BINS[:-1] >= AGREEMENT - 1e-9  # an edge, up to rounding
    return {
        **scene_columns(shown.scene),
        "labeling": {
            "image": [colors.mark_errors(shown.labels, truth, shown.label_count)],
            "label": [shown.labels.astype(np.uint8)],
            "truth": [truth.astype(np.uint8)],
            **size,
        },
        "gradient-norm": {"image": [colors.log_map(shown.norms)], **size},
        "labeling-error": {"x": shown.steps, "y": shown.error_percent},
        "loss": {"x": shown.steps, "y": shown.loss},
        "singular-values": {"x": component, "y": sigma, "fill": fill},
        "gradient-cosine": {
            "left": colors.BINS[:-1],
            "right": colors.BINS[1:],
            "y": colors.cosine_histogram(shown.cosine),
            "color": [INK if a else ACCENT for a in aligned],
        },
        **probe_columns(shown, probe),
    }


def probe_columns(shown: Snapshot, probe: tuple[int, int]) -> Columns:
    """Return the columns that show the weight patch of one pixel."""
    r, c = probe
    weight = shown.weights[:, r, c]
    radius = (round(weight.size**0.5) - 1) // 2
    span = np.arange(-radius, radius + 1)
    return {
        "probe": {"x": [c + 0.5], "y": [r + 0.5]},
        "weight-patch": {
            "x": np.tile(span, span.size),
            "y": np.repeat(span, span.size),
            "weight": weight,
            "text": [f"{w:.3f}" for w in weight],
            "ink": ["black" if w > 0.5 * weight.max() else "white" for w in weight],
        },
    }


def scene_columns(scene: xr.Dataset) -> Columns:
    """Return the columns of what is given: the input and the ground truth."""
    truth = scene.labels.values
    size = extent(truth.shape)
    return {
        "input": {"image": [colors.rgba(scene.image.values)], **size},
        "ground-truth": {"image": [truth.astype(np.uint8)], **size},
    }


def extent(shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the columns that stretch a picture over its pixels."""
    rows, cols = shape
    return {"dw": [cols], "dh": [rows]}


def titles(shown: Snapshot, probe: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """Return the titles, which carry the figures that matter, as properties."""
    ratio = shown.sigma[1] / shown.sigma[0] if shown.sigma.size > 1 else 0.0
    texts = {
        "labeling": f"labeling: dark = wrong, {shown.error_percent[-1]:.2f} %",
        "gradient-norm": f"gradient norm, largest {shown.norms.max():.1e}",
        "singular-values": f"singular values, σ₂/σ₁ = {ratio:.2g}",
        "gradient-cosine": aligned_title(100.0 * share_aligned(shown.cosine, np.nan)),
        "weight-patch": f"weight patch at row {probe[0]}, col {probe[1]}",
        "labeling-error": f"labeling error, step {shown.steps[-1]}",
    }
    props = {name + "-title": {"text": text} for name, text in texts.items()}
    top = float(shown.weights[:, probe[0], probe[1]].max())
    return {**props, "weight-patch-colors": {"low": 0.0, "high": top}}


def aligned_title(share: float) -> str:
    """Return the share of aligned pixels, if the gradient has a direction at all."""
    if np.isnan(share):
        return "gradient: vanishes everywhere"
    return f"gradient: {share:.1f} % ≥ {AGREEMENT:g}"


def patch_props(shown: Snapshot) -> dict[str, dict[str, Any]]:
    """Return the ranges of the view of a weight patch."""
    radius = (round(shown.weights.shape[0] ** 0.5) - 1) // 2 + 0.5
    return {
        "patch-cols": {"start": -radius, "end": radius},
        "patch-rows": {"start": radius, "end": -radius},
    }


def scene_props(scene: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Return the properties that change with the scene: ranges and palettes."""
    (rows, cols), count = scene.labels.shape, scene.sizes["label"]
    side = max(rows, cols)
    return {
        "cols": {"start": 0, "end": side, "reset_start": 0, "reset_end": side},
        "rows": {"start": side, "end": 0, "reset_start": side, "reset_end": 0},
        "ground-truth-colors": {
            "palette": colors.label_palette(count),
            "high": count - 0.5,
        },
        "labeling-colors": {
            "palette": colors.error_palette(count),
            "high": 2 * count - 0.5,
        },
    }
