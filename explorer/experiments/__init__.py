"""The paper's figures and labeled sweeps, as functions that return datasets."""

from explorer.comparison.baselines import (
    Baseline,
    GaussianDenoising,
    GraphCut,
    NearestLabel,
    RandomWalker,
    TotalVariation,
)
from explorer.comparison.comparison import compare, tuned
from explorer.comparison.heldout import held_out
from explorer.experiments.agreement import figure2
from explorer.experiments.claims import table as claims_table
from explorer.experiments.influence import figure4
from explorer.experiments.pixelwise import figure3
from explorer.experiments.prediction import figure5
from explorer.experiments.scenarios import figure1
from explorer.experiments.units import QUICK, Bench, Progress, Setup

__all__ = [
    "QUICK",
    "Baseline",
    "Bench",
    "GaussianDenoising",
    "GraphCut",
    "NearestLabel",
    "Progress",
    "RandomWalker",
    "Setup",
    "TotalVariation",
    "claims_table",
    "compare",
    "figure1",
    "figure2",
    "figure3",
    "figure4",
    "figure5",
    "held_out",
    "tuned",
]
