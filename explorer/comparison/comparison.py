"""A fair comparison of labelings: tuned alike, scored alike, timed alike."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, Protocol, TypeVar

import numpy as np
import xarray as xr

from explorer.comparison.baselines import distances_of
from explorer.dims import LABEL, PIXELS, SCENE, label_field, raw
from explorer.messages import require_callable
from explorer.scenes.scores import ATTRS, COUNT, score
from explorer.truths import truth_field

METHOD = "method"

COSTS = {
    "seconds": {"long_name": "time of a labeling", "units": "s"},
    "peak_memory": {"long_name": "peak of memory allocated", "units": "bytes"},
}


class Method(Protocol):
    """An object to compare: a name, and a labeling (row, col) of each scene."""

    @property
    def name(self) -> str:
        """The name in tables."""

    def label(self, scene: xr.Dataset) -> Any:
        """Return labels 0 … J−1, (row, col), without looking at `scene.labels`."""


M = TypeVar("M", bound=Method)


def compare(methods: Sequence[Method], scenes: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return scores, time and memory of each method on each scene.

    Parameters
    ----------
    methods : objects with distinct `name` and a `label(scene)`: baselines or your own.
    scenes : datasets as returned by `explorer.voronoi_scene`.

    Returns
    -------
    Dataset over `method` and `scene` with the scalars of `explorer.score`, `seconds`
    and `peak_memory`. Scenes are numbered; `structure`, `noise` and `seed` identify
    them. Select with `.sel({"method": name})`, because xarray itself uses `method=`.

    Notes
    -----
    Each method labels the first scene once before it is timed, so imports and
    compilation do not count. Memory is the peak that Python and NumPy allocate during
    a separate run, because tracing slows a program down. It misses memory that a C++
    library such as PyMaxflow allocates itself.
    """
    checked_methods("methods", methods)
    checked_scenes(scenes)
    rows = []
    for method in methods:
        labels_of(method, scenes[0])
        rows.append([measure(method, scene) for scene in scenes])
    data: dict[str, Any] = {
        name: ((METHOD, SCENE), [[r[name] for r in row] for row in rows], attrs)
        for name, attrs in (ATTRS | COSTS).items()
    }
    coords: dict[str, Any] = {
        METHOD: [method.name for method in methods],
        SCENE: np.arange(len(scenes)),
        "structure": (SCENE, [str(s.attrs.get("scene", "")) for s in scenes]),
        "noise": (SCENE, [number(s.attrs.get("noise"), np.nan) for s in scenes]),
        "seed": (SCENE, [int(number(s.attrs.get("seed"), -1)) for s in scenes]),
    }
    return xr.Dataset(data, coords=coords)


def number(value: Any, otherwise: float) -> float:
    """Return `value` if it is finite, else `otherwise`."""
    real = isinstance(value, Real) and math.isfinite(value)
    return float(value) if real else otherwise


def tuned(
    family: Sequence[M],
    scenes: Sequence[xr.Dataset],
    by: str = "boundary_f1",
    check: Callable[[str], None] = lambda name: None,
) -> M:
    """Return the method of a family that is best on training scenes.

    Parameters
    ----------
    family : one method with different parameters; the first one wins a tie.
    scenes : scenes to tune on; do not compare on the same ones.
    by : a score of `explorer.score`; its mean over the scenes decides.
    check : called with the name of each method that is tried; it may raise to stop.
    """
    if not isinstance(by, str) or by not in ATTRS:
        raise ValueError(f"`by` = {by!r} must be one of {', '.join(ATTRS)}")
    require_callable("check", check)
    checked_methods("family", family)
    checked_scenes(scenes)
    sign = 1.0 if ATTRS[by]["better"] == "higher" else -1.0

    def quality(method: M) -> float:
        check(method.name)
        found = [scores_of(labels_of(method, s), s)[by].item() for s in scenes]
        return sign * float(np.mean(found))

    return max(family, key=quality)


def measure(method: Method, scene: xr.Dataset) -> dict[str, float]:
    """Return the scores and the costs of one method on one scene."""
    start = time.perf_counter()
    labels = method.label(scene)
    seconds = time.perf_counter() - start
    scores = scores_of(checked_labels(method, labels, scene), scene)
    memory = peak_memory(lambda: method.label(scene))
    found = {name: float(scores[name]) for name in ATTRS}
    return found | {"seconds": seconds, "peak_memory": memory}


def peak_memory(call: Callable[[], object]) -> int:
    """Return the largest rise of the traced memory during a call, in bytes."""
    traced = tracemalloc.is_tracing()  # started by the user: keep it running
    if not traced:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not traced:
            tracemalloc.stop()


def labels_of(method: Method, scene: xr.Dataset) -> np.ndarray:
    """Return the checked labels of a method."""
    return checked_labels(method, method.label(scene), scene)


def checked_labels(method: Method, labels: Any, scene: xr.Dataset) -> np.ndarray:
    """Return the labels of a method, or raise naming it."""
    count, *shape = distances_of(scene).shape
    return label_field(f"{method.name}.label(scene)", labels, tuple(shape), count)


def scores_of(labels: np.ndarray, scene: xr.Dataset) -> xr.Dataset:
    """Return the scores of a labeling of a scene."""
    return score(labels, scene["labels"], count=scene.sizes["label"])


def checked_methods(argument: str, methods: Any) -> None:
    """Raise unless `methods` lists methods with distinct names."""
    if not isinstance(methods, Sequence) or len(methods) == 0:
        raise ValueError(f"`{argument}` = {methods!r} must be a list of methods")
    for i, method in enumerate(methods):
        named = isinstance(getattr(method, "name", None), str)
        if not named or not callable(getattr(method, "label", None)):
            raise TypeError(
                f"`{argument}[{i}]` = {method!r} is not a method; pass an object "
                "with the string `.name` and `.label(scene)`, such as `NearestLabel()`"
            )
    names = [method.name for method in methods]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"`{argument}` names {twice[0]!r} more than once: a table needs distinct "
            "names"
        )


def checked_scenes(scenes: Any, argument: str = "scenes") -> None:
    """Raise unless `scenes` lists scenes with a ground truth."""
    single = isinstance(scenes, xr.Dataset)
    if single or not isinstance(scenes, Sequence) or len(scenes) == 0:
        raise ValueError(
            f"`{argument}` is {'one scene' if single else repr(scenes)}; pass a "
            "list of scenes, such as [scene]"
        )
    for i, scene in enumerate(scenes):
        if not isinstance(scene, xr.Dataset) or "labels" not in scene:
            raise TypeError(
                f"`{argument}[{i}]` is a {type(scene).__name__} without the ground "
                "truth `labels`: make it with `voronoi_scene` or `image_scene`"
            )
        name, labels = f"{argument}[{i}].labels", scene["labels"]
        count = scene.sizes.get(LABEL, int(COUNT.high))
        truth_field(name, labels, raw(name, labels, PIXELS).shape, count)
