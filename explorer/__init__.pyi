# The public names and where they live: read by type checkers, and at run time by
# `explorer/__init__.py`, which loads each on its first use.

from . import experiments
from .dashboards.complexity import ComplexityExplorer
from .dashboards.flow import FlowExplorer
from .dashboards.gradient import GradientExplorer
from .dashboards.home import Home
from .dashboards.krylov import KrylovExplorer
from .dashboards.learning import LearningExplorer
from .dashboards.prediction import PredictionExplorer
from .dashboards.showing import show
from .dashboards.simplex import SimplexExplorer
from .features.data_terms import PrototypeDistance
from .features.evidence import Evidence
from .features.extractors import GaussianDerivatives, RawWindow, StructureTensor
from .features.features import feature_distances, mean_features, window_features
from .flow.adaptive import AdaptiveKrylov
from .flow.batch import FlowBatch
from .flow.coupled import ParallelFlow, SerialFlow, Stage
from .flow.evolution import Solution, Work
from .flow.graph import GraphFlow, neighbor_graph
from .flow.integrators import DenseExponential, ExplicitEuler
from .flow.iterated import IteratedLinearization
from .flow.krylov import Krylov
from .flow.linearized import LinearizedFlow
from .flow.nonlinear import GeometricEuler
from .flow.orthogonalization import BlockChebyshev, GramSchmidt
from .flow.runge_kutta import RungeKutta
from .flow.status import Status
from .flow.trajectory import AdaptiveRungeKutta
from .geometry import manifold
from .gradients.autodiff import EulerAutodiff, KrylovAutodiff
from .gradients.batch import batch_gradient
from .gradients.complexity import complexity
from .gradients.coupled import ParallelGradient, SerialGradient
from .gradients.euler import EulerAdjoint
from .gradients.gradient import LowRankGradient
from .gradients.hierarchy import (
    BenziSimoncini,
    DenseGradient,
    DirectKronecker,
    FactoredSVD,
    KroneckerKrylov,
)
from .gradients.iterated import IteratedGradient
from .gradients.kronecker import KroneckerSum
from .gradients.routes import TwoSided
from .images.reading import read_image
from .learning.checkpoint import load_checkpoint, save_checkpoint
from .learning.learner import Learner
from .learning.optimizers import (
    Adam,
    AdaMax,
    ArmijoDescent,
    MomentumDescent,
    RiemannianDescent,
)
from .losses.balanced import BalancedLoss
from .losses.checks import check_loss
from .losses.losses import CrossEntropy, DirectionLoss, TangentLoss
from .prediction.bundled import bundled_predictor
from .prediction.predictor import WeightPatchPredictor
from .scenes.collection import labeled_images
from .scenes.editing import paint, pick_prototypes
from .scenes.images import SAMPLES, fit, image_scene, sample_image
from .scenes.scores import score
from .scenes.voronoi import voronoi_scene
from .strokes import Stroke

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
    "ComplexityExplorer",
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
    "FlowExplorer",
    "GaussianDerivatives",
    "GeometricEuler",
    "GradientExplorer",
    "GramSchmidt",
    "GraphFlow",
    "Home",
    "IteratedGradient",
    "IteratedLinearization",
    "KroneckerKrylov",
    "KroneckerSum",
    "Krylov",
    "KrylovAutodiff",
    "KrylovExplorer",
    "Learner",
    "LearningExplorer",
    "LinearizedFlow",
    "LowRankGradient",
    "MomentumDescent",
    "ParallelFlow",
    "ParallelGradient",
    "PredictionExplorer",
    "PrototypeDistance",
    "RawWindow",
    "RiemannianDescent",
    "RungeKutta",
    "SerialFlow",
    "SerialGradient",
    "SimplexExplorer",
    "Solution",
    "Stage",
    "Status",
    "Stroke",
    "StructureTensor",
    "TangentLoss",
    "TwoSided",
    "WeightPatchPredictor",
    "Work",
    "batch_gradient",
    "bundled_predictor",
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
    "paint",
    "pick_prototypes",
    "read_image",
    "sample_image",
    "save_checkpoint",
    "score",
    "show",
    "voronoi_scene",
    "window_features",
]

__version__: str
