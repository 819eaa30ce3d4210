"""`ComplexityExplorer`: memory and operations of every way to the gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from explorer import params
from explorer.dashboards import complexity_nodes as nodes
from explorer.dashboards.complexity_runs import runs
from explorer.dashboards.complexity_views import VIEWS
from explorer.kit.dashboard import Dashboard
from explorer.kit.plan import Preset
from explorer.kit.recipe import Recipe
from explorer.settings import Number

SIDE = replace(
    params.SIZE, meaning="rows and columns of the image", log=True, label="image side",
    slider=(1, 4000, 0.05), formula="k = I J + 1, I = size²",
)  # fmt: skip

SIZE, LABELS = 512, 10
"""The example of Remarks 3.9–3.12."""


class ComplexityExplorer(Dashboard):
    """An interactive view of the memory and operations that each gradient costs.

    Parameters
    ----------
    link : a link that `app.link` returned.
    **settings : values of `size`, `labels`, `dim`, `rank`.

    Notes
    -----
    The numbers are those of `explorer.complexity`, on any machine. The level "here" and
    the largest images depend on the memory of this machine. The hidden views measure
    the methods on this machine.
    """

    title = "Complexity explorer"
    question = "Why does nobody compute the exact gradient?"
    settings: ClassVar = (
        Number(SIDE, default=SIZE, plays=True),
        Number(params.LABELS, default=LABELS),
        Number(params.DIM),
        Number(params.RANK),
    )
    nodes = (
        nodes.kept, nodes.machine, nodes.costs, nodes.growth, nodes.largest, runs,
        nodes.numbers, nodes.readouts, nodes.dataset,
    )  # fmt: skip
    views = VIEWS
    early = ("memory-over-size", "operations-over-size", "largest-side")
    main = "size"
    recipe = Recipe(
        lines=(
            "costs = ex.complexity(rows={size}, cols={size}, labels={labels}, "
            "dim={dim}, rank={rank})",
        ),
        last='exact = costs.sel(approach="DirectKronecker")\n'
        'low_rank = costs.sel(approach="LowRankGradient")\n'
        'numbers = {"exact_bytes": float(exact.memory), '
        '"low_rank_bytes": float(low_rank.memory), '
        '"ratio": float(exact.memory / low_rank.memory), '
        '"exact_operations": float(exact.operations), '
        '"low_rank_operations": float(low_rank.operations)}\nprint(numbers)',
    )
    presets: ClassVar = {
        "The paper's example": Preset(
            {"size": 512, "labels": 10, "dim": 10, "rank": 1},
            "The direct computation takes more than 10¹⁴ TB, rank one 461 MB.",
        ),
        "Sixteen pixels": Preset(
            {"size": 4, "labels": 2},
            "For 4 × 4 pixels and 2 labels, even the direct computation fits anywhere.",
        ),
        "A photo": Preset(
            {"size": 4096, "labels": 10, "dim": 10, "rank": 1},
            "16 megapixels: only factored SVD and low rank need less than a terabyte.",
        ),
        "All components": Preset(
            {"dim": 10, "rank": 10},
            "With r = m, the low rank is the factored SVD: both lines coincide.",
        ),
    }
