"""`FlowExplorer`: the linearized, iterated and nonlinear flows over time."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from explorer import params
from explorer.dashboards import courses
from explorer.dashboards import flow_nodes as nodes
from explorer.dashboards import nodes as shared
from explorer.dashboards.code import FLOW_LINES
from explorer.dashboards.courses import DECIDED, TimeAxis
from explorer.dashboards.flow_nodes import (
    ITERATED,
    NONLINEAR,
    SPAN,
    span,
)
from explorer.dashboards.flow_views import VIEWS
from explorer.dashboards.nodes import (
    BASE_POINT,
    EDITS,
    PALETTE,
    RADIUS,
    RHO,
    pixel_setting,
    scene_settings,
)
from explorer.dashboards.scene_explorer import SceneExplorer
from explorer.dashboards.weights import (
    LEARNED,
    RANDOM,
    UNIFORM,
    WEIGHTS,
    WEIGHTS_LINES,
    drawn,
    weights,
)
from explorer.flow.krylov import Krylov
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe, Words
from explorer.settings import Number, Pick

T = replace(
    params.TIME, symbol="t", meaning="time at which the flows are compared",
    open_low=True, slider=(0.1, SPAN, 0.1), formula="W(t) = Exp_W₀(V(t)), V̇ = A V + b",
)  # fmt: skip

ITERATIONS = params.Parameter(
    "iterations", "n", 5, 1, 100, "linearizations up to t = 15, or a later t", "",
    integer=True, slider=(1, 30, 1), formula="W⁽ᵏ⁺¹⁾ = Exp_W⁽ᵏ⁾(V(h_k))",
    label="linearizations",
)  # fmt: skip

SHOWN_LABEL = params.Parameter(
    "shown_label", "j", 0, 0, 999, "label whose V(t) and W(t) are drawn", "",
    integer=True, slider=(0, 9, 1), label="shown label",
)  # fmt: skip


SIZE = 64
"""Side of the scene at the start: all three flows answer while ρ or R moves."""


def times_line(words: Words) -> str:
    """Return the line of code with the times of the iterated linearization."""
    time, iterations = float(words["time"]), int(words["iterations"])
    scheme = TimeAxis(Krylov(), iterations, span(time))
    *before, last = scheme.until(time)
    return f"times = [{scheme.length!r}] * {len(before)} + [{last!r}]"


def trajectory_line(words: Words) -> str:
    """Return the line of code that integrates the nonlinear flow."""
    end = span(float(words["time"]))
    return f"path = ex.AdaptiveRungeKutta().trajectory(flow, weights, {end!r})"


class FlowExplorer(SceneExplorer):
    """An interactive view of the flow from a noisy image to its labeling.

    The linearized, the iterated and the nonlinear flow start from the same image and
    weights. The time slider shows all three at time t; its button plays them.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts.
    link : a link that `app.link` returned.
    **settings
        values of `scene`, `size`, `labels`, `noise`, `seed`, `strokes`,
        `picks`, `time`, `rho`, `radius`, `base_point`, `patches`,
        `weights_seed`, `dim`, `iterations`, `compared_with`, `shown_label`,
        `pixel`, `palette`.

    Notes
    -----
    Each flow is integrated once, up to t = 15 or to the chosen t if that is later: the
    linearized flow in one Krylov space, the iterated flow in one space per
    linearization, the nonlinear flow by the scheme of Dormand and Prince, whose steps
    can be evaluated at any time. Moving t reads these results; only the iterated flow
    builds one space again when t enters another linearization.
    """

    title = "Flow explorer"
    question = "What happens between a noisy picture and its labeling?"
    groups: ClassVar = {
        "Scene": scene_settings(SIZE),
        "Flow": (Number(T, plays=True), RHO, RADIUS, BASE_POINT),
        "Weights": WEIGHTS,
        "Solvers": (
            Number(params.DIM, default=20),
            Number(ITERATIONS),
            Pick(
                "compared_with", (NONLINEAR, ITERATED),
                "flow to compare with the linearized flow",
            ),
        ),
        "Brush and prototypes": EDITS,
        "Pixel and views": (pixel_setting(SIZE), Number(SHOWN_LABEL), PALETTE),
    }  # fmt: skip
    nodes = (
        *shared.SCENE, nodes.span, nodes.scheme,
        drawn, weights, nodes.krylov, nodes.basis, nodes.linearized, nodes.assignment,
        nodes.linear_course, courses.chain, nodes.piece, nodes.piece_basis,
        nodes.iterated, nodes.trajectory, nodes.nonlinear, nodes.nonlinear_course,
        nodes.over_time, nodes.other, nodes.probed, nodes.numbers,
        nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    folded = ("Brush and prototypes", "Pixel and views")
    early = ("picture", "truth")
    main = "time"
    recipe = Recipe(
        lines=(
            *FLOW_LINES,
            *WEIGHTS_LINES,
            "krylov = ex.Krylov(dim={dim})",
            "linearized = krylov.solve(flow, weights, time={time})",
            times_line,
            "iterated = ex.IteratedLinearization(krylov).solve(flow, weights, times)",
            trajectory_line,
            "nonlinear = path.at({time})",
            'wrong = {{"error_percent": linearized, "iterated_percent": iterated, '
            '"nonlinear_percent": nonlinear}}',
        ),
        last="numbers = {n: 100.0 * float((s.labels != scene.labels).mean()) "
        "for n, s in wrong.items()}\n"
        'numbers["entropy"] = float(ex.manifold.entropy(linearized.W).mean())\n'
        'numbers["decided_percent"] = 100.0 * float('
        f'(linearized.W.max("label") >= {DECIDED}).mean())\n'
        "print(numbers)",
    )
    presets: ClassVar = {
        "Thin lines vanish": Preset(
            {"scene": "lines", "noise": 0.3, "time": 15.0, "patches": UNIFORM},
            "Uniform weights erase thin lines: the labeling error grows with t.",
        ),
        "Linearize once": Preset(
            {"iterations": 1, "compared_with": ITERATED},
            "With one linearization, the iterated flow equals the linearized flow.",
        ),
        "m too small": Preset(
            {"dim": 3, "time": 10.0},
            "Three Krylov vectors cannot follow the flow: look at the error of V(t).",
        ),
        "Random weights": Preset(
            {"patches": RANDOM},
            "Random weights remove noise, too, but less of it than uniform weights.",
        ),
        "Learned weights": Preset(
            {"patches": LEARNED, "scene": "lines", "noise": 0.3},
            "Learned weights keep the thin lines that uniform weights erase.",
        ),
    }
