"""What is seen, reproduced: one JSON document, and the Python with its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from explorer import params
from explorer.dashboard.model import SCENES, UPLOAD, Segment, Settings
from explorer.dashboard.packing import lines_of, unpack
from explorer.gradients.gradient import LowRankGradient
from explorer.scenes.voronoi import KINDS

SCHEMA = 1
KIND = "explorer.LearningExplorer"

CHECKS = {
    "size": params.SIZE, "seed": params.SEED, "labels": params.LABELS,
    "noise": params.NOISE, "rho": params.RHO, "dim": params.DIM,
    "time": params.TIME, "rank": params.RANK, "step": params.STEP, "tau": params.TAU,
}  # fmt: skip

NAMES = frozenset({"scene", *CHECKS})
"""Every setting that a control or a program can change."""


Image = Mapping[str, Any]
"""An uploaded image as `packing.pack` returns it."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """How to get somewhere: the steps to take, and the settings to end with.

    Attributes
    ----------
    upload : name and pixels of the uploaded image, None if the scene needs none.
    """

    settings: Settings
    history: list[Segment]
    upload: tuple[str, Any] | None


def to_state(
    settings: Settings, history: Sequence[Segment], image: Image | None = None
) -> dict[str, Any]:
    """Return the state as one JSON-able document with a schema version."""
    state = {
        "schema": SCHEMA,
        "kind": KIND,
        "settings": asdict(settings),
        "history": [asdict(segment) for segment in history],
    }
    return state if image is None else {**state, "image": dict(image)}


def from_state(state: Any) -> Recipe:
    """Return what a state document holds, after checking all of it."""
    if not isinstance(state, Mapping) or state.get("kind") != KIND:
        raise ValueError(
            f"`state` is no document of {KIND}: pass what its `state` returned"
        )
    if state.get("schema") != SCHEMA:
        raise ValueError(
            f"`state` has the schema {state.get('schema')!r}; this version reads "
            f"{SCHEMA}: update the package that wrote or reads it"
        )
    upload = None if state.get("image") is None else unpack(state["image"])
    known = SCENES if upload is None else (*SCENES, UPLOAD)
    try:
        history = [
            Segment(
                checked(entry["settings"], known), params.STEPS.check(entry["steps"])
            )
            for entry in state["history"]
        ]
        settings = checked(state["settings"], known)
    except (KeyError, AttributeError) as error:
        raise ValueError(f"`state` is incomplete: {error} is missing") from error
    require_one_scene(settings, history)
    return Recipe(settings, history, upload)


def require_one_scene(settings: Settings, history: Sequence[Segment]) -> None:
    """Raise unless all steps were taken on one scene: another one begins anew."""
    if {what_is_labeled(s.settings) for s in history} - {what_is_labeled(settings)}:
        raise ValueError(
            "`state` must hold steps on one scene, got several; an explorer begins "
            "anew when its scene changes, so no explorer wrote this"
        )


def what_is_labeled(s: Settings) -> tuple[Any, ...]:
    """Return the settings that the ground truth depends on."""
    if s.scene in KINDS:
        return s.scene, s.size, s.seed
    return s.scene, None if s.scene == UPLOAD else s.size, s.seed, s.labels


def checked(values: Mapping[str, Any], known: Sequence[str] = SCENES) -> Settings:
    """Return settings after checking every value against its parameter."""
    wanted = {field.name for field in fields(Settings)}
    if set(values) != wanted:
        raise ValueError(
            f"`state` holds the settings {sorted(values)}; needed are {sorted(wanted)}"
        )
    if values["scene"] == UPLOAD and UPLOAD not in known:
        raise ValueError(
            "`state` must hold the uploaded image that its scene needs, got none; "
            "save the state again, or upload the image and learn anew"
        )
    settings = Settings(
        **{name: check(name, value, known) for name, value in values.items()}
    )
    LowRankGradient(settings.dim, settings.rank)  # raises if they do not go together
    return settings


def check(name: str, value: Any, scenes: Sequence[str] = SCENES) -> Any:
    """Return the value of one setting, or raise naming it, its value and the cure."""
    if name in CHECKS:
        return CHECKS[name].check(value)
    if name != "scene":
        raise ValueError(
            f"`{name}` is no setting; there are scene, {', '.join(CHECKS)}"
        )
    if not isinstance(value, str) or value not in scenes:
        raise ValueError(f"`scene` = {value!r}; admissible are {', '.join(scenes)}")
    return value


def to_code(
    settings: Settings, history: Sequence[Segment], image: Image | None = None
) -> str:
    """Return Python that gives the numbers on screen, step by step."""
    lines = ["import explorer as ex", ""]
    if image is not None:
        lines = ["import base64", "import zlib", "", "import numpy as np", *lines]
        lines += lines_of(image)
    if not history:
        lines += stage(settings, 0, None)
    before = None
    for segment in history:
        lines += stage(segment.settings, segment.steps, before)
        before = segment.settings
    if before is not None and before != settings:
        lines += stage(settings, 0, before)
    lines += ["print(float(trace.loss[-1]), float(trace.error_percent[-1]))"]
    return "\n".join(lines) + "\n"


def readable(code: str) -> str:
    """Return code with the pixels of an uploaded image cut short, for the screen."""
    said = r"\1…"
    short = re.sub(r'(b85decode\(".{40})[^"]{40,}', said, code)
    if short == code:
        return code
    return f"# shortened: app.code() has all pixels of the image\n{short}"


def stage(s: Settings, steps: int, before: Settings | None) -> list[str]:
    """Return the lines of one segment; what has not changed is not repeated."""
    lines = []
    if before is None or scene_line(s) != scene_line(before):
        lines += [scene_line(s)]
    if before is None or (scene_line(s), s.rho) != (scene_line(before), before.rho):
        lines += [f"flow = ex.LinearizedFlow(scene.distances, rho={s.rho!r})"]
    start = "" if before is None else "\n    initial_weights=learner.weights,"
    return [
        *lines,
        f"""learner = ex.Learner(
    flow,
    scene.labels,
    time={s.time!r},
    gradient=ex.LowRankGradient(dim={s.dim}, rank={s.rank}),
    optimizer=ex.RiemannianDescent(step={s.step!r}),
    tau={s.tau!r},{start}
)""",
        f"trace = learner.run(steps={steps})",
    ]


def scene_line(s: Settings) -> str:
    """Return the line that makes the scene."""
    tail = f"noise={s.noise!r}, seed={s.seed})"
    if s.scene in KINDS:
        return f'scene = ex.voronoi_scene("{s.scene}", size={s.size}, {tail}'
    call = "scene = ex.image_scene("
    if s.scene == UPLOAD:
        return f"{call}image, labels={s.labels}, {tail}"
    image = f'ex.sample_image("{s.scene}", size={s.size})'
    return f"{call}{image}, labels={s.labels}, {tail}"
