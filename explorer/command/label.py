"""`laf label`: write the labels of an image as PNG, their probabilities as netCDF."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from PIL import Image

from explorer.command.delivery import deliver, option
from explorer.dims import LABEL
from explorer.files import checked_apart, checked_target, encoded, whole
from explorer.flow.evolution import Solution
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.images.alike import LabelFile, refuse_misplaced, unlabeled
from explorer.images.labelings import distinct, open_labels, truth_like
from explorer.images.reading import read_oriented
from explorer.images.values import codes_of
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.scenes.pictures import COLORS, VALUES
from explorer.scenes.scene import distances_to
from explorer.scenes.scores import ATTRS, score
from explorer.truths import declared

BYTE = 255

HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def label(options: argparse.Namespace) -> int:
    """Label as `options` say, write both files, return the exit code."""
    try:
        check_out(options)
        image, orientation = read_oriented(options.image)
        with option("model"):
            model = options.model and WeightPatchPredictor.load(options.model)
        truth = None
        if options.truth:
            file = open_labels(options.truth, "truth")
            refuse_misplaced(file, image.shape, orientation, options.image)
            truth = truth_of(options, file, model)
        solution = model.solve(image) if model else by_colors(image, options)
    except (ValueError, TypeError, OSError) as error:
        options.complain(str(error))
    values = values_of(model, solution)
    colors = None if model is None else model.label_colors_
    failed = deliver(
        "label", options.out, lambda out: save(solution, values, colors, out)
    )
    if not solution.status.ok:
        print(f"note: {solution.status}", file=sys.stderr)
    if truth is not None:
        print(text_of(score(solution.labels, truth, solution.W.sizes[LABEL])))
    return failed


def check_out(options: argparse.Namespace) -> None:
    """Raise unless both output files are writable and differ from the input files."""
    out: Path = options.out
    if out.suffix.lower() != ".png":
        raise ValueError(f"`out` = '{out}' must end in .png: labels are a picture")
    data = out.with_suffix(".nc")
    read = {name: [p] for name in ("image", "model", "truth")
            if (p := getattr(options, name)) is not None}  # fmt: skip
    checked_apart({"out": out, "netCDF file beside `out`": data}, read)
    with option("out"):
        for path in (out, data):
            checked_target(path)


def truth_of(
    options: argparse.Namespace, file: LabelFile, model: WeightPatchPredictor | None
) -> xr.DataArray:
    """Return a label image as 0 … J−1, and −1 where there is no label.

    A model knows the values that it was trained with.
    """
    colors = None
    if model is not None and model.label_values_ is not None:
        values, colors = model.label_values_, model.label_colors_
    else:
        values = values_in(options, file)
    ignored = codes_of("ignore", options.ignore)
    return declared(truth_like(file, values, colors, ignored))


def values_in(options: argparse.Namespace, file: LabelFile) -> np.ndarray:
    """Return the codes in a label image of the labels of given colors.

    Numbers below their count are taken as they are.
    """
    ignored = codes_of("ignore", options.ignore)
    file = file.without(unlabeled(file, ignored))
    values, count = distinct([file]), len(options.prototypes)
    numbers = np.arange(count)[:, None]
    if values.shape[1] == 1 and np.isin(values, numbers).all():
        return numbers
    if len(values) != count:
        raise ValueError(
            f"`truth` = '{options.truth}' holds {len(values)} distinct values, and "
            f"there are {count} `prototypes`: which is which is not clear; number the "
            f"labels from 0 to {count - 1}"
        )
    return values


def by_colors(image: np.ndarray, options: argparse.Namespace) -> Solution:
    """Return the solution with uniform weights and the distances to given colors."""
    prototypes = np.array([color(text) for text in options.prototypes])
    if len(prototypes) < 2:
        raise ValueError("`prototypes` is one color: give at least two")
    if image.shape[2] == 1:
        prototypes = prototypes.mean(axis=1, keepdims=True)
    D = distances_to(image, prototypes)
    flow = LinearizedFlow(D, rho=options.rho, radius=options.radius)
    return Krylov(options.dim).solve(flow, flow.uniform_weights(), options.time)


def color(text: str) -> list[float]:
    """Return '#rrggbb' or a gray value as three numbers in [0, 1].

    >>> color("#ff0000"), color("0.5")
    ([1.0, 0.0, 0.0], [0.5, 0.5, 0.5])
    """
    match = HEX.fullmatch(text)
    if match:
        return [int(part, 16) / 255.0 for part in match.groups()]
    try:
        gray = float(text)
    except ValueError:
        gray = -1.0
    if not 0.0 <= gray <= 1.0:
        raise ValueError(
            f"`prototypes` = {text!r} is not a color: write '#rrggbb', or a gray value "
            "from 0 to 1"
        )
    return [gray] * 3


def values_of(model: WeightPatchPredictor | None, solution: Solution) -> np.ndarray:
    """Return the codes of the labels in label images, (label, code)."""
    if model is None or model.label_values_ is None:
        return np.arange(solution.W.sizes[LABEL])[:, None]
    return model.label_values_


def picture_of(
    labels: np.ndarray, values: np.ndarray, colors: np.ndarray | None
) -> Image.Image:
    """Return labels as an image with the codes of the training labels.

    Numbers of 8 bits stay, with the palette trained on, or else one for the eye; colors
    are those of the training labels; other numbers become 16 bits of gray.
    """
    codes = values[labels]
    if values.shape[1] > 1:
        return Image.fromarray(codes.astype(np.uint8))
    if values.max() > BYTE:
        return Image.fromarray(codes[..., 0].astype(np.uint16))
    picture = Image.fromarray(codes[..., 0].astype(np.uint8), mode="P")
    palette = np.zeros((BYTE + 1, 3), np.uint8)
    palette[values[:, 0]] = eye_colors(len(values)) if colors is None else colors
    picture.putpalette(palette.ravel().tolist())
    return picture


def eye_colors(count: int) -> np.ndarray:
    """Return distinguishable colors, (label, 3)."""
    from explorer.drawing.colors import label_palette  # loads bokeh

    return np.array([list(bytes.fromhex(c[1:7])) for c in label_palette(count)])


def save(
    solution: Solution, values: np.ndarray, colors: np.ndarray | None, out: Path
) -> list[Path]:
    """Write labels and probabilities, each file completely or not at all."""
    data = out.with_suffix(".nc")
    dataset = xr.Dataset({"labels": solution.labels, "W": solution.W})
    dataset[VALUES] = ((LABEL, "code"), values)
    if colors is not None:
        dataset[COLORS] = ((LABEL, "rgb"), colors)
    picture = picture_of(solution.labels.values, values, colors)
    with whole(out) as drawn, whole(data) as draft:
        picture.save(drawn)
        draft.write_bytes(encoded(dataset))
    return [out, data]


def text_of(scores: xr.Dataset) -> str:
    """Return the scores as lines of text."""
    return "\n".join(f"{name:24} {float(scores[name]):.4g}" for name in ATTRS)
