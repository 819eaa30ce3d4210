"""`PredictionExplorer`: weights for an image that the predictor has never seen."""

from __future__ import annotations

from typing import ClassVar

from explorer import params
from explorer.dashboards import nodes as shared
from explorer.dashboards import prediction_nodes as nodes
from explorer.dashboards import prediction_scenes as scenes
from explorer.dashboards import prediction_training as school
from explorer.dashboards.nodes import OWN, PALETTE
from explorer.dashboards.prediction_scenes import VORONOI
from explorer.dashboards.prediction_training import BUNDLED, CLUSTERS, ENDLESS
from explorer.dashboards.prediction_views import VIEWS
from explorer.dashboards.scene_explorer import SceneExplorer
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe, Template, Words
from explorer.kit.runs import Stepper
from explorer.prediction.bundled import COUNT, NOISE, PROTOTYPES, SIZE, TRAINING
from explorer.prediction.bundled import VALIDATION as VALIDATED
from explorer.settings import Image, Number, Pick, Pixel

TRAINING_NOISE = params.Parameter(
    "training_noise", "σ′", NOISE, 0.0, 10.0,
    "noise of the training scenes if training starts from clusters; the bundled "
    f"predictor was trained at {NOISE:g}",
    "image range", slider=(0.0, 1.0, 0.05),
)  # fmt: skip


ON_A_LINE = 31, 36
"""A pixel of the default scene on a line, where the guess matters."""


def chosen(words: Words, name: str) -> str:
    """Return the option of a pick, without its quotes."""
    return words[name].strip("\"'")


def scenes_line(name: str, first: int) -> Template:
    """Return the line of code that makes the training or the validation scenes."""

    def line(words: Words) -> str:
        bundled = chosen(words, "training_start") == BUNDLED
        noise = f"{NOISE:g}" if bundled else "{training_noise}"
        seeds = f"range({first}, {first + COUNT})"
        call = f"ex.voronoi_scene({{model}}, size={SIZE}, noise={noise}, seed=k)"
        return f"{name} = [{call} for k in {seeds}]"

    return line


def begin_line(words: Words) -> str:
    """Return the line of code that makes the predictor before its first step."""
    if chosen(words, "training_start") == BUNDLED:
        return "predictor = ex.bundled_predictor({model})"
    return "predictor = ex.WeightPatchPredictor(n_prototypes={n_prototypes})"


def training_line(words: Words) -> str:
    """Return the line of code that takes steps from the state reached."""
    done = " + len(predictor.state_.records) - 1"
    more = done if chosen(words, "training_start") == BUNDLED else "{start}"
    return (
        "predictor = predictor.set_params(time={time}, rho={rho}, dim={dim}, "
        f"rate={{rate}}, patience={ENDLESS}, steps={{steps}}{more})"
        ".fit(training, validation, state=predictor.state_)"
    )


def image_line(words: Words) -> str:
    """Return the line of code that makes the uploaded image, if it is the scene."""
    return "image = {image}" if chosen(words, "scene") == OWN else ""


def scene_line(words: Words) -> str:
    """Return the line of code that makes the unseen scene."""
    if chosen(words, "scene") == OWN:
        return "scene = ex.image_scene(image, labels=1, noise={noise}, seed={seed})"
    return "scene = ex.voronoi_scene({model}, size={size}, noise={noise}, seed={seed})"


def truth_line(words: Words) -> str:
    """Return the line of code with the ground truth, None if nobody knows it."""
    own = chosen(words, "scene") == OWN
    return f"truth = {'None' if own else 'scene.labels'}"


LAST = """labels = predictor.label(scene.image)
D = predictor.distances(scene.image)
flow = ex.LinearizedFlow(D, rho=predictor.rho, radius=predictor.radius)
solution = ex.Krylov(predictor.dim).solve(flow, flow.uniform_weights(), predictor.time)
uniform = solution.labels
numbers = {}
if truth is not None:
    scores = ex.score(labels, truth, count=D.sizes["label"])
    for name in ("error_percent", "balanced_error_percent", "boundary_f1", "mean_iou"):
        numbers[name] = float(scores[name])
    wrong = float((uniform != truth).mean())
    numbers["uniform_error_percent"] = 100.0 * wrong
numbers["differs_percent"] = 100.0 * float((labels != uniform).mean())
print(numbers)"""


class PredictionExplorer(SceneExplorer):
    """An interactive view of weights that are guessed from an image alone.

    A predictor, bundled or trained here step by step, guesses the weight patch of every
    pixel of an image that it has never seen. Its labeling stands beside those of
    weights learned on the image, of uniform weights, and of other methods.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts: gray for the
        model "lines", color for "colors".
    link : a link that `app.link` returned.
    **settings
        values of `scene`, `model`, `size`, `noise`, `seed`, `training_start`,
        `n_prototypes`, `training_noise`, `rate`, `time`, `rho`, `dim`, `pixel`,
        `palette`.

    Notes
    -----
    As in `WeightPatchPredictor.fit`, the step with the least validation loss counts.
    The true labels of your own image are unknown: it has no scores.
    """

    title = "Prediction explorer"
    question = "Can weights be guessed for an image never seen?"
    groups: ClassVar = {
        "Unseen image": (
            Pick(
                "model", ("lines", "colors"),
                "scenes that the predictor was trained on, and so its labels",
                labels=("lines, 2 grays", "cells, 8 colors"),
            ),
            Pick(
                "scene", (VORONOI, OWN), "image to label",
                labels=("unseen Voronoi", "your own image"),
            ),
            Image(
                meaning="your own image: PNG, JPEG or TIFF; gray for lines, color for "
                "colors",
            ),
            Number(params.SIZE, default=SIZE),
            Number(params.NOISE, default=NOISE),
            Number(params.SEED),
        ),
        "Flow": (Number(params.TIME), Number(params.RHO), Number(params.DIM)),
        "Training": (
            Pick(
                "training_start", (BUNDLED, CLUSTERS),
                "where training starts: at a trained predictor, or at patch clusters",
                labels=("bundled model", "patch clusters"),
                label="start from",
            ),
            Number(
                params.PATCHES, default=PROTOTYPES, label="prototypes",
                meaning="prototypes if training starts from clusters; the bundled "
                f"predictor has {PROTOTYPES}",
            ),
            Number(TRAINING_NOISE),
            Number(params.PATCH_RATE),
        ),
        "Pixel and views": (Pixel(default=ON_A_LINE), PALETTE),
    }  # fmt: skip
    nodes = (
        school.taught_at, school.scenes, school.begin, school.lesson, scenes.structure,
        scenes.truth_known, scenes.problem, nodes.flow, nodes.features, nodes.patches,
        nodes.shares, nodes.weights, nodes.basis, nodes.predicted, nodes.uniform_basis,
        nodes.uniform, nodes.learned_weights, nodes.learned, nodes.baselines,
        nodes.others, nodes.labelings, nodes.order, shared.place, nodes.pixel_index,
        nodes.here, shared.own_colors, nodes.numbers, nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    folded = ("Pixel and views",)
    early = ("picture", "truth")
    main = "noise"
    stepper = Stepper(
        point="lesson",
        advance=school.advance,
        state_of=lambda lesson: lesson.state,
        record=school.record,
        rule=("time", "rho", "dim", "rate"),
        restarts=("begin",),
    )
    recipe = Recipe(
        lines=(
            scenes_line("training", TRAINING),
            scenes_line("validation", VALIDATED),
            begin_line,
            training_line,
            image_line,
            scene_line,
            truth_line,
        ),
        start=" + len(predictor.state_.records) - 1",
        last=LAST,
    )
    presets: ClassVar = {
        "More noise": Preset(
            {"model": "lines", "training_start": BUNDLED, "noise": 0.6},
            "At twice the noise of its training scenes, the predictor loses most of "
            "its lead over uniform weights.",
        ),
        "Trained for more noise": Preset(
            {
                "model": "lines", "training_start": CLUSTERS, "training_noise": 0.6,
                "n_prototypes": PROTOTYPES, "noise": 0.6,
            },
            "A predictor that was trained at this noise makes fewer errors than the "
            "bundled one.",
            steps=20,
        ),
        "Colored cells": Preset(
            {"model": "colors", "training_start": BUNDLED, "noise": 0.3},
            "Wide cells leave little to guess: uniform weights do about as well.",
        ),
        "Untrained": Preset(
            {
                "model": "lines", "training_start": CLUSTERS, "training_noise": NOISE,
                "n_prototypes": PROTOTYPES, "noise": 0.3,
            },
            "Its prototypes are clusters of patches: take ten steps, and most errors "
            "vanish.",
        ),
        "Five prototypes": Preset(
            {
                "model": "lines", "training_start": CLUSTERS, "training_noise": NOISE,
                "n_prototypes": 5, "noise": 0.3,
            },
            "After ten steps, even five prototypes make far fewer errors than uniform "
            "weights.",
            steps=10,
        ),
    }  # fmt: skip
