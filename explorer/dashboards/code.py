"""Lines of Python that dashboards share: they make the scene and the flow."""

from __future__ import annotations

from explorer.dashboards.nodes import BARYCENTER, LIKELIHOOD, MIXED, OWN, SHORT_FLOW
from explorer.kit.recipe import Words
from explorer.scenes.voronoi import KINDS


def edits_of(words: Words) -> list[str]:
    """Return what a hand has edited in the scene: picks, strokes, both or neither."""
    return [name for name in ("picks", "strokes") if words[name] != "[]"]


def scene_line(words: Words) -> str:
    """Return the line of code that makes the scene, before a hand edits it."""
    name = "original" if edits_of(words) else "scene"
    if words["scene"].strip("'\"") in KINDS:
        return (
            f"{name} = ex.voronoi_scene({{scene}}, size={{size}}, noise={{noise}}, "
            "seed={seed})"
        )
    own = words["scene"].strip("'\"") == OWN
    image = "image" if own else "ex.sample_image({scene}, size={size})"
    return (
        f"{name} = ex.image_scene({image}, labels={{labels}}, noise={{noise}}, "
        "seed={seed})"
    )


def picks_line(words: Words) -> str:
    """Return the line of code that picks prototypes, if any are picked."""
    if "picks" not in edits_of(words):
        return ""
    name = "picked" if "strokes" in edits_of(words) else "scene"
    return f"{name} = ex.pick_prototypes(original, {{picks}})"


def strokes_line(words: Words) -> str:
    """Return the line of code that paints the strokes, if there are any."""
    if "strokes" not in edits_of(words):
        return ""
    before = "picked" if "picks" in edits_of(words) else "original"
    return f"scene = ex.paint({before}, {{strokes}})"


def image_line(words: Words) -> str:
    """Return the line of code that makes the uploaded image, if it is the scene."""
    return "image = {image}" if words["scene"].strip("'\"") == OWN else ""


FLOW_CALL = "ex.LinearizedFlow(scene.distances, rho={rho}, radius={radius}"


def base_of(words: Words) -> str:
    """Return the name of the base point."""
    return words["base_point"].strip('"')


def central_line(words: Words) -> str:
    """Return the line of code that makes the short flow, if the base point needs it."""
    return f"central = {FLOW_CALL})" if base_of(words) == SHORT_FLOW else ""


def base_line(words: Words) -> str:
    """Return the line of code that makes the base point, if it is no barycenter."""
    if base_of(words) == BARYCENTER:
        return ""
    inner = "ex.Krylov(dim=20).solve(central, central.uniform_weights(), time=1.0).W"
    if base_of(words) == LIKELIHOOD:
        center = 'ex.manifold.barycenter(scene.sizes["label"])'
        inner = f"ex.manifold.lift({center}, -scene.distances / {{rho}})"
    return f'base = {1.0 - MIXED} * {inner} + {MIXED} / scene.sizes["label"]'


def flow_line(words: Words) -> str:
    """Return the line of code that makes the flow."""
    base = "" if base_of(words) == BARYCENTER else ", base_point=base"
    return f"flow = {FLOW_CALL}{base})"


NO_LOSS = "ex.DirectionLoss()"
"""The loss of gradient methods if none is named."""


def with_loss(method: str, loss: str) -> str:
    """Return the call of a gradient method with this loss."""
    if loss == NO_LOSS:
        return method
    comma = "" if method.endswith("()") else ", "
    return f"{method[:-1]}{comma}loss={loss})"


FLOW_LINES = (
    image_line, scene_line, picks_line, strokes_line, central_line, base_line,
    flow_line,
)  # fmt: skip
"""The lines that make `scene` and `flow`."""
