"""What is seen, reproduced: one JSON document, and the Python with its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from explorer import params
from explorer.dashboard.model import (
    LONGEST_UPLOAD,
    SCENES,
    UPLOAD,
    Segment,
    Settings,
)
from explorer.learning.gradient import LowRankGradient
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


def to_state(settings: Settings, history: Sequence[Segment]) -> dict[str, Any]:
    """Return the state as one JSON-able document with a schema version."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "settings": asdict(settings),
        "history": [asdict(segment) for segment in history],
    }


def from_state(state: Any) -> tuple[Settings, list[Segment]]:
    """Return settings and history of a state document, after checking all of it."""
    if not isinstance(state, Mapping) or state.get("kind") != KIND:
        raise ValueError(
            f"`state` is no document of {KIND}: pass what its `state` returned"
        )
    if state.get("schema") != SCHEMA:
        raise ValueError(
            f"`state` has the schema {state.get('schema')!r}; this version reads "
            f"{SCHEMA}: update the package that wrote or reads it"
        )
    try:
        history = [
            Segment(checked(entry["settings"]), params.STEPS.check(entry["steps"]))
            for entry in state["history"]
        ]
        return checked(state["settings"]), history
    except (KeyError, AttributeError) as error:
        raise ValueError(f"`state` is incomplete: {error} is missing") from error


def checked(values: Mapping[str, Any]) -> Settings:
    """Return settings after checking every value against its parameter."""
    wanted = {field.name for field in fields(Settings)}
    if set(values) != wanted:
        raise ValueError(
            f"`state` holds the settings {sorted(values)}; needed are {sorted(wanted)}"
        )
    if values["scene"] == UPLOAD:
        raise ValueError(
            "`state` belongs to an uploaded image, which it does not contain: "
            "upload the image again, then load a state of another scene or learn anew"
        )
    settings = Settings(**{name: check(name, value) for name, value in values.items()})
    LowRankGradient(settings.dim, settings.rank)  # raises if they do not go together
    return settings


def check(name: str, value: Any) -> Any:
    """Return the value of one setting, or raise naming it, its value and the cure."""
    if name in CHECKS:
        return CHECKS[name].check(value)
    if name != "scene":
        raise ValueError(
            f"`{name}` is no setting; there are scene, {', '.join(CHECKS)}"
        )
    if value not in SCENES:
        raise ValueError(f"`scene` = {value!r}; admissible are {', '.join(SCENES)}")
    return value


def to_code(settings: Settings, history: Sequence[Segment]) -> str:
    """Return Python that gives the numbers on screen, step by step."""
    lines = ["import explorer as ex", ""]
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
        image = f'ex.fit(ex.read_image("your-image.png"), {LONGEST_UPLOAD})'
        return (
            f"image = {image}\nscene = ex.image_scene(image, labels={s.labels}, {tail}"
        )
    image = f'ex.sample_image("{s.scene}", size={s.size})'
    return f"{call}{image}, labels={s.labels}, {tail}"
