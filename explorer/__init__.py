"""See and steer linearized assignment flows for image labeling.

Implements Zeilmann, Petra, Schnörr, "Learning Linearized Assignment Flows for Image
Labeling", J. Math. Imaging Vis. 65 (2023), doi 10.1007/s10851-022-01132-9.

>>> import explorer as ex
>>> scene = ex.voronoi_scene("colors", size=32, noise=0.3, seed=0)
>>> flow = ex.LinearizedFlow(scene.distances, rho=0.5, radius=1)
>>> solution = ex.Krylov(dim=10).solve(flow, flow.uniform_weights(), time=5.0)
>>> solution.status.ok
True
"""

from typing import Any

from explorer.flow.adaptive import AdaptiveKrylov
from explorer.flow.batch import FlowBatch
from explorer.flow.coupled import ParallelFlow, SerialFlow, Stage
from explorer.flow.evolution import Solution, Work
from explorer.flow.graph import GraphFlow, neighbor_graph
from explorer.flow.integrators import DenseExponential, ExplicitEuler, RungeKutta
from explorer.flow.iterated import IteratedLinearization
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.nonlinear import AdaptiveRungeKutta, GeometricEuler
from explorer.flow.orthogonalization import BlockChebyshev, GramSchmidt
from explorer.flow.status import Status
from explorer.geometry import manifold
from explorer.learning.autodiff import EulerAutodiff, KrylovAutodiff
from explorer.learning.balanced import BalancedLoss
from explorer.learning.batch import batch_gradient
from explorer.learning.checkpoint import load_checkpoint, save_checkpoint
from explorer.learning.checks import check_loss
from explorer.learning.complexity import complexity
from explorer.learning.coupled import ParallelGradient, SerialGradient
from explorer.learning.euler import EulerAdjoint
from explorer.learning.gradient import LowRankGradient
from explorer.learning.hierarchy import (
    BenziSimoncini,
    DenseGradient,
    DirectKronecker,
    FactoredSVD,
    KroneckerKrylov,
)
from explorer.learning.iterated import IteratedGradient
from explorer.learning.kronecker import KroneckerSum
from explorer.learning.learner import Learner
from explorer.learning.losses import CrossEntropy, DirectionLoss, TangentLoss
from explorer.learning.optimizers import (
    Adam,
    AdaMax,
    ArmijoDescent,
    MomentumDescent,
    RiemannianDescent,
)
from explorer.learning.routes import TwoSided
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.scenes.collection import labeled_images
from explorer.scenes.data_terms import PrototypeDistance
from explorer.scenes.evidence import Evidence
from explorer.scenes.extractors import (
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
)
from explorer.scenes.features import (
    feature_distances,
    mean_features,
    window_features,
)
from explorer.scenes.images import SAMPLES, fit, image_scene, sample_image
from explorer.scenes.reading import read_image
from explorer.scenes.scores import score
from explorer.scenes.voronoi import voronoi_scene

__version__ = "0.1.0"

__all__ = [
    "SAMPLES",
    "AdaMax",
    "Adam",
    "AdaptiveKrylov",
    "AdaptiveRungeKutta",
    "ArmijoDescent",
    "BalancedLoss",
    "BenziSimoncini",
    "BlockChebyshev",
    "CrossEntropy",
    "DenseExponential",
    "DenseGradient",
    "DirectKronecker",
    "DirectionLoss",
    "EulerAdjoint",
    "EulerAutodiff",
    "Evidence",
    "ExplicitEuler",
    "FactoredSVD",
    "FlowBatch",
    "GaussianDerivatives",
    "GeometricEuler",
    "GramSchmidt",
    "GraphFlow",
    "IteratedGradient",
    "IteratedLinearization",
    "KroneckerKrylov",
    "KroneckerSum",
    "Krylov",
    "KrylovAutodiff",
    "Learner",
    "LearningExplorer",
    "LinearizedFlow",
    "LowRankGradient",
    "MomentumDescent",
    "ParallelFlow",
    "ParallelGradient",
    "PrototypeDistance",
    "RawWindow",
    "RiemannianDescent",
    "RungeKutta",
    "SerialFlow",
    "SerialGradient",
    "Solution",
    "Stage",
    "Status",
    "StructureTensor",
    "TangentLoss",
    "TwoSided",
    "WeightPatchPredictor",
    "Work",
    "batch_gradient",
    "check_loss",
    "complexity",
    "experiments",
    "feature_distances",
    "fit",
    "image_scene",
    "labeled_images",
    "load_checkpoint",
    "manifold",
    "mean_features",
    "neighbor_graph",
    "read_image",
    "sample_image",
    "save_checkpoint",
    "score",
    "show",
    "voronoi_scene",
    "window_features",
]


def __getattr__(name: str) -> Any:
    """Load the dashboard, and with it ipywidgets and bokeh, on first use only.

    The experiments wait, too: few who import the package run them.
    """
    if name == "LearningExplorer":
        from explorer.dashboard.learning import LearningExplorer

        return LearningExplorer
    if name == "show":
        from explorer.dashboard.showing import show

        return show
    if name == "experiments":
        from importlib import import_module

        return import_module("explorer.experiments")
    raise AttributeError(f"module 'explorer' has no attribute {name!r}")
