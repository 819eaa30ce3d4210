"""Rows of scenes, images, features, scores, and predictors."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image

import explorer as ex
from explorer import params
from tests.hostile import problem as p
from tests.hostile.gradients import junk, kept
from tests.hostile.problem import IMAGE, L, folder, optional, row, scene
from tests.hostile.values import (
    FINITE,
    NOTHINGS,
    REFUSED,
    Array,
    Labels,
    Picture,
    Place,
    Several,
    Thing,
    number,
    whole,
)

PICTURE = ("row", "col", "channel")
GRAY = {"axis_less": FINITE, "flat": REFUSED}
"""Without channels it is an image, too."""

SIZE = whole(8, 1, 4096)


def picture(**changes: Any) -> Picture:
    allow = GRAY | {"corner": REFUSED, "short": REFUSED}  # of two channels
    options = {"dims": PICTURE, "free": True, "allow": allow} | changes
    return Picture(IMAGE, **options)


def features_of_images() -> Array:
    allow = GRAY | {"turned": FINITE, "corner": FINITE, "short": FINITE}
    return Array(IMAGE, dims=PICTURE, free=True, allow=allow)


def scenes() -> list[Any]:
    noise_seed = {"noise": p.noise, "seed": p.seed}
    given = dict.fromkeys(("huge", "unsigned", "negative", "zero_d"), FINITE)
    truth = Labels(L, dims=PICTURE[:2], allow=given)
    count = functools.partial(ex.image_scene, IMAGE)
    any_channels = GRAY | dict.fromkeys(("corner", "short"), FINITE)
    return [
        row("bundled_predictor", ex.bundled_predictor, kind=Thing("lines")),
        row("voronoi_scene", ex.voronoi_scene, kind=Thing("colors"), size=SIZE,
            **noise_seed),
        row("image_scene", ex.image_scene, image=picture(), labels=truth, **noise_seed),
        row("image_scene by k-means", count, labels=number(params.LABELS, 2),
            **noise_seed),
        row("Stroke", stroked, points=Thing([(1, 2), (3, 4)]),
            label=optional(whole(1, 0, 63)), size=whole(3, 1, 64), on=Thing("truth")),
        row("paint", ex.paint, scene=edited_scene(),
            strokes=Thing(make=lambda: [ex.Stroke([(1, 2)], 1)], allow=EMPTY)),
        row("pick_prototypes", ex.pick_prototypes, scene=edited_scene(),
            picks=Thing([(1, 2), (7, 7)])),
        row("read_image", ex.read_image, image=picture(), argument=anything("image")),
        row("fit", ex.fit, image=picture(allow=any_channels), longest=LONGEST),
        row("sample_image", ex.sample_image, name=Thing("rocket"), size=SIZE),
    ]  # fmt: skip


LONGEST = whole(3, 1, np.inf)
EMPTY = {"empty_list": FINITE, "empty_tuple": FINITE}


def stroked(**choices: Any) -> Any:
    """A scene with one stroke; a label that it does not have is refused there."""
    return ex.paint(scene(), ex.Stroke(**choices))


def edited_scene() -> Thing:
    more = [(name, bad, REFUSED) for name, bad in spoiled_scenes().items()]
    return Thing(make=scene, more=more)


def anything(good: Any) -> Thing:
    """What is for messages alone, or a flag: anything will do."""
    return Thing(good, allow=dict.fromkeys(NOTHINGS, FINITE))


def numbers_of_images() -> list[Any]:
    F, Q = p.RNG.uniform(size=(4, 5, 2)), p.RNG.uniform(size=(3, 2))
    of_rows = {"flat": REFUSED, "turned": REFUSED, "short": REFUSED, "corner": REFUSED}
    lists = {"axis_less": REFUSED, "doubled": FINITE}
    feats = Array(F, dims=("row", "col", "feature"), free=True, allow=of_rows | lists)
    per_label = Array(Q, dims=("label", "feature"), allow={"doubled": FINITE})
    shrunk = {"short": FINITE, "doubled": FINITE, "axis_less": FINITE}
    found = Labels(L, dims=PICTURE[:2])
    scales = Several(
        [1.0, 2.0],
        more=[("fine", [1e-3], REFUSED), ("coarse", [1e4], REFUSED)],
        allow={"set": FINITE, "series": FINITE},
    )
    derive = lambda scales: ex.GaussianDerivatives(scales)(IMAGE)  # noqa: E731
    tensor = lambda scales: ex.StructureTensor(scales)(IMAGE)  # noqa: E731
    window = number(params.WINDOW, 3)
    image = features_of_images()
    return [
        row("window_features", ex.window_features, image=image, radius=p.radius),
        row("RawWindow", lambda window: ex.RawWindow(window)(IMAGE), window=window),
        row("RawWindow.__call__", ex.RawWindow(3), image=image),
        row("GaussianDerivatives", derive, scales=scales),
        row("GaussianDerivatives.__call__", ex.GaussianDerivatives([1.0]), image=image),
        row("StructureTensor", tensor, scales=scales),
        row("StructureTensor.__call__", ex.StructureTensor([1.0]), image=image),
        row("feature_distances", ex.feature_distances, features=feats,
            prototypes=per_label),
        row("mean_features", ex.mean_features,
            features=Array(F, dims=("row", "col", "feature"), allow=shrunk),
            labels=Labels(L, dims=PICTURE[:2])),
        *transformers(),
        row("score", ex.score, labels=found, truth=found,
            ignore=Several([2], allow=IGNORED),
            count=optional(whole(3, 1, 1024)), tolerance=p.number_from_zero(2.0)),
        row("complexity", ex.complexity, rows=SIZE_OF(4), cols=SIZE_OF(5),
            labels=number(params.LABELS, 3), dim=p.dim, rank=p.rank),
    ]  # fmt: skip


IGNORED = {
    "bare": FINITE, "int": FINITE, "empty_list": FINITE, "empty_tuple": FINITE,
    "too_short": FINITE, "zero_d": FINITE, "set": FINITE, "huge_int": FINITE,
}  # fmt: skip
"""One number or several, of any type that counts."""


def transformed(extractor: Any, images: Any) -> Any:
    return extractor.transform(images)


def transformers() -> list[Any]:
    """The doors of extractors that scikit-learn knows."""
    images = Several([IMAGE], allow={"bare": FINITE, "array": FINITE})
    nothing = optional(Thing(None))
    rows = []
    for name, choice in (
        ("RawWindow", 3), ("GaussianDerivatives", [1.0]), ("StructureTensor", [1.0]),
    ):  # fmt: skip
        made = getattr(ex, name)(choice)
        names = getattr(ex, name)(choice).fit([IMAGE]).get_feature_names_out
        rows += [
            row(f"{name}.fit", made.fit, images=images, y=anything(None)),
            row(
                f"{name}.transform", functools.partial(transformed, made), images=images
            ),
            row(f"{name}.get_feature_names_out", names, input_features=nothing),
        ]
    return rows


def SIZE_OF(good: int) -> Any:
    return whole(good, 1, 4096)


def predictor(**choices: Any) -> Any:
    return ex.WeightPatchPredictor(
        **({"n_prototypes": 4, "steps": 2, "dim": 4} | choices)
    )


@functools.cache
def trained() -> Any:
    return predictor().fit([scene()])


@functools.cache
def model() -> str:
    path = str(folder() / "model.nc")
    trained().save(path)
    return path


def changed(name: str, change: Any) -> xr.Dataset:
    """The scene with one of its variables changed."""
    return scene().assign({name: change(scene()[name])})


def spoiled_scenes() -> dict[str, xr.Dataset]:
    """Scenes of which a part is missing or wrong."""
    return {
        "nan_image": changed("image", lambda a: a * np.nan),
        "imaginary_image": changed("image", lambda a: a * 1j),
        "durations": changed("image", lambda a: (100 * a).astype("m8[s]")),
        "no_image": scene().drop_vars("image"),
        "other_dims": scene().rename(row="y"),
        "no_labels": scene().drop_vars("labels"),
        "negative_labels": changed("labels", lambda a: a - 1),
        "half_labels": changed("labels", lambda a: a + 0.5),
        "labels_beyond": changed("labels", lambda a: a + 8),
        "other_shape": scene().assign(labels=(("r", "c"), np.zeros((3, 3), int))),
        "no_prototypes": scene().drop_vars("prototypes"),
        "nan_prototypes": changed("prototypes", lambda a: a * np.nan),
    }


def several_scenes(demand: Any = REFUSED, **allow: Any) -> Several:
    names = dict.fromkeys(("too_long", "too_short", "nested"), FINITE) | allow
    more = [(name, [bad], demand) for name, bad in spoiled_scenes().items()]
    names["nested"] = REFUSED
    return Several([scene()], more=more, allow=names)


def predictors() -> list[Any]:
    choices = {
        name: number(parameter, good)
        for name, parameter, good in (
            ("n_prototypes", params.PATCHES, 4), ("window", params.WINDOW, 3),
            ("radius", params.RADIUS, 1), ("dim", params.DIM, 4),
            ("rank", params.RANK, 1), ("steps", params.TRAINING_STEPS, 2),
            ("patience", params.PATIENCE, 20), ("seed", params.SEED, 0),
            ("rho", params.RHO, 0.5), ("time", params.TIME, 1.0),
            ("rate", params.PATCH_RATE, 0.1),
        )
    }  # fmt: skip
    records = {
        "features": optional(Thing(ex.RawWindow())),
        "data_term": Thing(ex.PrototypeDistance()),
        "loss": p.loss,
    }
    given = {
        "scenes": several_scenes(bare=FINITE, too_short=REFUSED),
        "validation": several_scenes(
            bare=FINITE, empty_list=FINITE, empty_tuple=FINITE, too_short=FINITE
        ),
        "state": optional(Thing(None)),
    }
    shot = Picture(
        make=lambda: np.asarray(scene().image), dims=PICTURE, free=True,
        allow=dict.fromkeys(("axis_less", "corner", "short", "turned"), REFUSED)
        | {"above": FINITE, "ints": FINITE, "signed": FINITE, "wide": FINITE},
    )  # fmt: skip
    rows = [
        row("WeightPatchPredictor", lambda **k: predictor(**k).fit([scene()]).history_,
            **choices, **records),
        row("WeightPatchPredictor.fit", lambda **k: predictor().fit(**k).history_,
            **given),
        row("WeightPatchPredictor.iterate",
            lambda **k: [s.model.vector for s in predictor().iterate(**k)], **given,
            check=Thing(constant, allow={"function": FINITE, "cls": FINITE})),
        row("WeightPatchPredictor.save", lambda path: trained().save(path),
            path=Place(make=lambda: str(folder() / "o.nc"), output=True)),
        row("WeightPatchPredictor.load",
            lambda path: ex.WeightPatchPredictor.load(path).model_.vector,
            path=Place(make=model, more=[("junk", junk(), REFUSED),
                                         ("run", kept(), REFUSED)])),
        row("PrototypeDistance", lambda: trained().history_),
        row("Evidence", evidence, features=Thing(ex.GaussianDerivatives((1.0,))),
            balance=number(params.BALANCE, 1.0), hidden=number(params.HIDDEN, 4)),
        row("WeightPatchPredictor.predict", lambda scenes: trained().predict(scenes),
            scenes=several_scenes(FINITE, bare=FINITE)),
        row("WeightPatchPredictor.score", lambda **k: trained().score(**k),
            scenes=several_scenes(bare=FINITE), y=optional(Thing(None))),
    ]  # fmt: skip
    methods = ("label", "predict_weights", "probabilities", "distances", "solve")
    return rows + [
        row(f"WeightPatchPredictor.{m}", functools.partial(of_trained, m), image=shot)
        for m in methods
    ]


def of_trained(method: str, image: Any) -> Any:
    return getattr(trained(), method)(image)


def evidence(**choices: Any) -> Any:
    return predictor(data_term=ex.Evidence(**choices), steps=1).fit([scene()]).history_


def constant() -> None:
    """A function of progress that does nothing."""


@functools.cache
def files() -> tuple[str, str]:
    """An image and its labels."""
    image, labels = folder() / "cell_image.png", folder() / "cell_labels.png"
    Image.fromarray((255 * IMAGE).astype("u1")).save(image)
    Image.fromarray(L.astype("u1")).save(labels)
    return str(image), str(labels)


VALUES = dict.fromkeys(("int", "bare", "set", "too_short"), FINITE) | {
    "too_long": REFUSED
}
"""Each value once, and all that occur."""


def collections() -> list[Any]:
    wrong = [("junk", [junk()], REFUSED), ("folder", ["/tmp"], REFUSED)]
    one = functools.partial(Several, count=True, more=wrong)
    return [
        row("labeled_images", ex.labeled_images, images=one(make=lambda: [files()[0]]),
            labels=one(make=lambda: [files()[1]]), training=optional(whole(1, 1, 1)),
            ignore=Several([255], allow=IGNORED),
            values=optional(Several([0, 1, 2], allow=VALUES))),
    ]  # fmt: skip


def rows() -> list[Any]:
    """All rows of this module."""
    return [*scenes(), *numbers_of_images(), *predictors(), *collections()]
