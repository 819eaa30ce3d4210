"""Defaults and bounds stay what people were told: changing one means changing this."""

from __future__ import annotations

import dataclasses
import inspect
import re

import numpy as np
import pytest

import explorer as ex
from explorer import params
from explorer.command import arguments
from explorer.flow import base, orthogonalization, phi
from explorer.geometry import manifold, simplex
from explorer.images import decoding
from tests.hostile.judge import public
from tests.servers import ROOT

KRYLOV = (
    "Krylov(dim=10, rtol=0.01, orthogonalization=BlockChebyshev(block=5, keep=None))"
)
FLOW = "rho=0.5, radius=1, base_point=None, dtype='float64'"
FIT = "validation=(), state=None"
OPTIMIZER = "rate=0.3, beta1=0.9, beta2=0.999"
SCENE_EXPLORERS = "Learning", "Flow", "Krylov", "Gradient", "Simplex", "Prediction"

DEFAULTS = {
    "AdaMax": OPTIMIZER,
    "Adam": OPTIMIZER,
    "AdaptiveKrylov": "dim=20, rtol=1e-06",
    "AdaptiveRungeKutta": "tolerance=1e-06",
    "AdaptiveRungeKutta.solve": "entropy=0.0",
    "ArmijoDescent": "step=2.0",
    "BalancedLoss": "balance=1.0",
    "BenziSimoncini": "dim=10, loss=DirectionLoss()",
    "BlockChebyshev": "block=5, keep=None",
    "DenseExponential": "rtol=0.01",
    "DenseGradient": "loss=DirectionLoss()",
    "DirectKronecker": "loss=DirectionLoss()",
    "EulerAdjoint": "time_step=0.1, loss=DirectionLoss()",
    "EulerAutodiff": "time_step=0.1, loss=DirectionLoss()",
    "Evidence": "features=GaussianDerivatives(scales=(1.0, 2.0, 4.0)), balance=1.0, "
    "hidden=32",
    "ExplicitEuler": "time_step=0.1, rtol=0.01",
    "FactoredSVD": "dim=10, loss=DirectionLoss()",
    "FlowBatch": "rho=0.5, radius=1",
    "GaussianDerivatives": "scales=(0.7, 1.5, 3.0)",
    "GeometricEuler": "time_step=0.1",
    "GeometricEuler.solve": "entropy=0.0",
    "GraphFlow": "rho=0.5, base_point=None, dtype='float64'",
    "Home": "link=''",
    "Home.open": "link='', preset=''",
    "IteratedGradient": "dim=10, rank=0, loss=DirectionLoss()",
    "IteratedLinearization": f"integrator={KRYLOV}",
    "KroneckerKrylov": "dim=10, loss=DirectionLoss()",
    "Krylov": KRYLOV.removeprefix("Krylov(").removesuffix(")"),
    "KrylovAutodiff": "dim=10, loss=DirectionLoss()",
    "Learner": "time=5.0, gradient=LowRankGradient(dim=10, rank=1, "
    "loss=DirectionLoss(), "
    "route=TwoSided(orthogonalization=BlockChebyshev(block=5, keep=None)), "
    "rank_tolerance=0.01), optimizer=RiemannianDescent(step=2.0), tau=0.0, "
    "initial_weights=None",
    "Learner.iterate": "steps=30",
    "Learner.run": "steps=30",
    **{f"{name}Explorer": "image=None, link=''" for name in SCENE_EXPLORERS},
    "ComplexityExplorer": "link=''",
    **{
        f"{name}Explorer.wait": "timeout=30.0"
        for name in (*SCENE_EXPLORERS, "Complexity")
    },
    "LinearizedFlow": FLOW,
    "LowRankGradient": "dim=10, rank=1, loss=DirectionLoss(), "
    "route=TwoSided(orthogonalization=BlockChebyshev(block=5, keep=None)), "
    "rank_tolerance=0.01",
    "MomentumDescent": "step=2.0, momentum=0.9",
    "ParallelFlow": "couplings={}",
    "ParallelFlow.solve": f"integrator={KRYLOV}",
    "ParallelGradient": "dim=10, rank=0, loss=DirectionLoss(), observed=-1",
    "RawWindow": "window=3",
    "RiemannianDescent": "step=2.0",
    "RungeKutta": "tolerance=1e-06, rtol=0.01",
    "SerialFlow.solve": f"integrator={KRYLOV}",
    "SerialGradient": "dim=10, rank=0, loss=DirectionLoss()",
    "Stage": "coupling=None",
    "Stroke": "label=0, size=3, on='truth'",
    "StructureTensor": "scales=(1.0, 2.0)",
    "TangentLoss": "lipschitz=nan, curvature=nan",
    "TwoSided": "orthogonalization=BlockChebyshev(block=5, keep=None)",
    "WeightPatchPredictor": "n_prototypes=50, window=3, features=None, "
    "data_term=PrototypeDistance(), loss=DirectionLoss(), rho=0.5, radius=1, "
    "time=5.0, dim=10, rank=1, steps=100, patience=20, rate=0.1, seed=0",
    "WeightPatchPredictor.fit": FIT,
    "WeightPatchPredictor.iterate": FIT,
    "check_loss": "seed=0",
    "complexity": "rank=1",
    "image_scene": "labels=8, noise=0.2, seed=0",
    "labeled_images": "training=None, ignore=(), values=None",
    "read_image": "argument='image'",
    "sample_image": "size=256",
    "score": "count=None, tolerance=2.0, ignore=()",
    "voronoi_scene": "kind='colors', size=128, noise=0.45, seed=0",
    "window_features": "radius=1",
    "experiments.Bench": "folder=None",
    "experiments.GaussianDenoising": "sigma=1.0",
    "experiments.GraphCut": "smoothness=0.3",
    "experiments.RandomWalker": "beta=10.0, share=0.5, sigma=1.0",
    "experiments.Setup": "size=128, scenes=5, steps=30, seed=0",
    "experiments.TotalVariation": "weight=0.3",
    **{f"experiments.figure{k}": "setup=None, bench=None" for k in range(1, 6)},
    "experiments.tuned": "by='boundary_f1'",
    "WeightPatchPredictor.score": "y=None",
    **{
        f"{name}.{method}": default
        for name in ("RawWindow", "GaussianDerivatives", "StructureTensor")
        for method, default in (
            ("fit", "y=None"),
            ("get_feature_names_out", "input_features=None"),
        )
    },
    **{
        f"manifold.{name}": "dim='label'"
        for name in (
            *("center", "replicator", "exponential", "logarithm", "lift", "unlift"),
            *("inner", "distance", "entropy"),
        )
    },
    "manifold.geodesic": "time=0.5, dim='label'",
    "bundled_predictor": "kind='lines'",
}
"""Every default of every public callable; functions of progress are left out."""

BOUNDS = {
    "TIME": (5.0, 0.0, 1e4), "DIM": (10, 1, 200), "RANK": (1, 1, 200),
    "STEP": (2.0, 0.0, 1e4), "RHO": (0.5, 1e-6, 1e6), "TAU": (0.0, 0.0, 1e3),
    "NOISE": (0.45, 0.0, 10.0), "RADIUS": (1, 1, 7), "SIZE": (128, 1, 4096),
    "LABELS": (8, 1, 64), "STEPS": (30, 0, 1_000_000), "SEED": (0, 0, 2**32 - 1),
    "TIME_STEP": (0.1, 0.0, 1e4), "TOLERANCE": (1e-6, 0.0, 1.0),
    "ENTROPY": (0.0, 0.0, 1.0), "RTOL": (1e-2, 0.0, 1.0), "NEIGHBORS": (9, 1, 1000),
    "RANK_TOLERANCE": (1e-2, 0.0, 1.0), "MOMENTUM": (0.9, 0.0, 0.999),
    "RATE": (0.3, 0.0, 10.0), "BETA1": (0.9, 0.0, 0.9999),
    "BETA2": (0.999, 0.0, 0.9999), "PATCHES": (50, 1, 1000),
    "PATIENCE": (20, 1, 1_000_000), "SCENES": (5, 1, 50), "BALANCE": (1.0, 0.0, 2.0),
    "WINDOW": (3, 3, 15), "PATCH_RATE": (0.1, 0.0, 10.0), "HIDDEN": (32, 0, 1000),
    "TRAINING_STEPS": (100, 0, 1_000_000), "COUNT": (2, 1, 100_000_000),
}  # fmt: skip
"""Default, least and largest value of every declared parameter."""

SLIDERS = {
    "TIME": (0.0, 30.0, 0.25), "DIM": (1, 30, 1), "RANK": (1, 10, 1),
    "STEP": (0.1, 20.0, 0.02), "RHO": (0.05, 5.0, 0.02), "TAU": (0.0, 2e-05, 2e-07),
    "NOISE": (0.0, 1.0, 0.01), "RADIUS": (1, 3, 1), "SIZE": (32, 256, 32),
    "LABELS": (2, 12, 1), "STEPS": (1, 200, 1), "SEED": (0, 99, 1),
    "TIME_STEP": (0.001, 1.0, 0.05), "TOLERANCE": (1e-12, 0.01, 0.5),
    "ENTROPY": (0.0, 0.1, 0.001), "RTOL": (1e-08, 1.0, 1.0), "NEIGHBORS": (3, 30, 1),
    "RANK_TOLERANCE": (1e-06, 1.0, 0.5), "MOMENTUM": (0.0, 0.99, 0.01),
    "RATE": (0.01, 1.0, 0.02), "BETA1": (0.0, 0.99, 0.01), "BETA2": (0.0, 0.999, 0.001),
    "PATCHES": (5, 100, 5), "PATIENCE": (5, 100, 5), "SCENES": (1, 10, 1),
    "BALANCE": (0.0, 1.0, 0.1), "WINDOW": (3, 15, 2), "PATCH_RATE": (0.01, 1.0, 0.01),
    "HIDDEN": (0, 128, 8), "TRAINING_STEPS": (10, 300, 10),
}  # fmt: skip
"""Ends and increment of every slider."""

LOGARITHMIC = {
    "STEP", "RHO", "TIME_STEP", "TOLERANCE", "RTOL", "RANK_TOLERANCE", "RATE",
    "PATCH_RATE",
}  # fmt: skip
"""Parameters whose increments are decades."""

OPEN = {
    "STEP", "TIME_STEP", "TOLERANCE", "RTOL", "RANK_TOLERANCE", "RATE", "PATCH_RATE",
}  # fmt: skip
"""Parameters that must be above their least value."""

DECLARED = {
    name: value
    for module in (params, manifold)
    for name, value in vars(module).items()
    if isinstance(value, params.Parameter)
}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def defaults(function):
    """The defaults of a callable in words; those made by factories are made."""
    fields = {}
    if dataclasses.is_dataclass(function):
        fields = {f.name: f.default_factory for f in dataclasses.fields(function)}
    found = []
    for p in inspect.signature(function).parameters.values():
        value = p.default
        if type(value).__name__ == "_HAS_DEFAULT_FACTORY_CLASS":
            value = fields[p.name]()
        if value is not p.empty and not inspect.isfunction(value):
            found.append(f"{p.name}={value!r}")
    return ", ".join(found)


@pytest.mark.parametrize(
    ("name", "function"), [pytest.param(*row, id=row[0]) for row in public()]
)
def test_defaults_are_those_that_people_rely_on(name, function):
    assert defaults(function) == DEFAULTS.get(name, "")


def test_no_default_is_of_what_is_gone():
    assert set(DEFAULTS) <= {name for name, _ in public()}


@pytest.mark.parametrize("name", DECLARED)
def test_parameters_have_these_defaults_and_bounds(name):
    p = DECLARED[name]
    assert (p.default, p.low, p.high) == BOUNDS[name]
    assert p.open_low == (name in OPEN)
    whole = all(isinstance(number, int) for number in BOUNDS[name])
    assert p.integer == whole


@pytest.mark.parametrize("name", sorted(set(DECLARED) - {"COUNT"}))
def test_sliders_have_these_ends_and_increments(name):
    p = DECLARED[name]
    assert p.slider == SLIDERS[name]
    assert p.log == (name in LOGARITHMIC)


def test_the_command_of_the_readme_spells_out_the_defaults():
    line = re.search(r"laf (learn --scene .*)", README)[1]
    spelled, plain = (
        {k: v for k, v in vars(arguments.parse(words)).items() if not callable(v)}
        for words in (line.split(), ["learn"])
    )
    assert spelled == plain
    assert (
        f"(standard deviation {plain['noise']:g}; `--noise 0` turns it off)" in README
    )


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (r"\(windows up to (\d+)×\1\)", 2 * params.RADIUS.high + 1),
        (r"up to (\d+) megapixels", decoding.MAX_PIXELS / 2**20),
        (r"best boundary F1 \((\d) pixels\)", 2.0),
        (r"Bases beyond (\d+) MB", orthogonalization.MOST_KEPT / 2**20),
        (r"sampled at (\d+) times", phi.INTERVALS + 1),
        (r"to which (\d) × 3 window", params.WINDOW.default),
    ],
)
def test_numbers_that_the_readme_states(statement, number):
    found = re.search(statement, " ".join(README.split()))
    assert float(found[1]) == number


def test_tolerances_of_sums_and_of_boundaries_are_these():
    assert base.PATCH_TOLERANCE == 1e-6
    assert simplex.FLOOR == 1e-10
    scene = ex.voronoi_scene("colors", size=8, seed=1)
    flow = ex.LinearizedFlow(scene.distances)
    weights = np.asarray(flow.uniform_weights())
    flow.check_weights(weights * (1 + 0.9e-6))
    with pytest.raises(ValueError, match="`weights`"):
        flow.check_weights(weights * (1 + 1.1e-6))


def test_boundaries_count_as_found_within_two_pixels():
    """A boundary is two pixels wide: moved by three, half of it is within two."""
    at = lambda col: np.broadcast_to((np.arange(10) >= col).astype(int), (4, 10))  # noqa: E731
    found = [float(ex.score(at(3 + k), at(3)).boundary_f1) for k in range(5)]
    assert found == [1.0, 1.0, 1.0, 0.5, 0.0]
    assert float(ex.score(at(6), at(3), tolerance=3.0).boundary_f1) == 1.0
