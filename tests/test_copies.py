"""Every public object can be pickled and copied, and goes on to the last bit."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
import scipy.sparse as sp
import xarray as xr

import explorer as ex

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

SCENE = ex.voronoi_scene("colors", 8, 0.3, seed=0)
DISTANCES = np.random.default_rng(1).uniform(size=(3, 3, 4))
LABELS = DISTANCES.argmin(axis=0)
FLOW = ex.LinearizedFlow(DISTANCES)
WEIGHTS = FLOW.uniform_weights()
RING = sp.csr_array(np.eye(5) + np.roll(np.eye(5), 1, 0) + np.roll(np.eye(5), -1, 0))
FIELD = np.random.default_rng(0).uniform(size=(3, 5))
PAIR = np.stack([DISTANCES, 2.0 * DISTANCES])

WAYS = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}

each_way = pytest.mark.parametrize("way", WAYS)


def squares(V, target):
    """The loss ½‖V − V*‖² and its slope."""
    return 0.5 * float(((V - target) ** 2).sum()), V - target


def as_integrator(integrator):
    return integrator.solve(FLOW, WEIGHTS, 1.5)


def as_gradient(gradient):
    return gradient(FLOW, WEIGHTS, LABELS, 1.5)


def as_loss(loss):
    return as_gradient(ex.LowRankGradient(loss=loss))


def as_route(route):
    return as_gradient(ex.LowRankGradient(route=route))


def as_orthogonalization(choice):
    return as_integrator(ex.Krylov(orthogonalization=choice))


def as_optimizer(optimizer):
    learner = ex.Learner(FLOW, LABELS, optimizer=optimizer)
    return [learner.run(3), learner.weights]


def as_extractor(extractor):
    return as_predictor(ex.WeightPatchPredictor(3, features=extractor, steps=1))


def as_data_term(data_term):
    return as_predictor(ex.WeightPatchPredictor(3, data_term=data_term, steps=1))


def as_predictor(predictor):
    return as_trained(predictor.fit([SCENE]))


def as_trained(predictor):
    return [predictor.solve(SCENE.image), predictor.predict_weights(SCENE.image)]


def as_flow(flow):
    weights = flow.uniform_weights()
    return [flow.digest, ex.Krylov(5).solve(flow, weights, 1.0)]


def as_batch(batch):
    return batch.solve(ex.Krylov(5), batch.uniform_weights(), 1.0)


def as_stage(stage):
    return as_flow(stage.flow)


def as_serial(chain):
    solutions = chain.solve([WEIGHTS, WEIGHTS], [1.0, 2.0])
    gradient = ex.SerialGradient()(chain, [WEIGHTS, WEIGHTS], LABELS, [1.0, 2.0])
    return [*solutions, gradient]


def as_parallel(web):
    gradient = ex.ParallelGradient()(web, [WEIGHTS, WEIGHTS], LABELS, 1.0)
    return [*web.solve([WEIGHTS, WEIGHTS], 1.0), gradient]


def serial_flow():
    return ex.SerialFlow([ex.Stage(FLOW), ex.Stage(FLOW, np.eye(3))])


def parallel_flow():
    return ex.ParallelFlow([FLOW, FLOW], {(1, 0): np.eye(3)})


def learner_after_two_steps():
    learner = ex.Learner(FLOW, LABELS, optimizer=ex.Adam())
    list(learner.iterate(2))
    return learner


def as_learner(learner):
    return [learner.run(2), learner.weights]


def as_stroke(stroke):
    return ex.paint(ex.voronoi_scene(size=6), stroke)


def itself(thing):
    return thing


def make(kind, use, *args, **kwargs):
    """A row: how a thing is made, and what it is good for."""
    return lambda: kind(*args, **kwargs), use


ROWS = {
    "AdaMax": make(ex.AdaMax, as_optimizer),
    "Adam": make(ex.Adam, as_optimizer),
    "AdaptiveKrylov": make(ex.AdaptiveKrylov, as_integrator),
    "AdaptiveRungeKutta": make(ex.AdaptiveRungeKutta, as_integrator),
    "ArmijoDescent": make(ex.ArmijoDescent, as_optimizer),
    "BalancedLoss": make(ex.BalancedLoss, as_loss),
    "BenziSimoncini": make(ex.BenziSimoncini, as_gradient),
    "BlockChebyshev": make(ex.BlockChebyshev, as_orthogonalization),
    "CrossEntropy": make(ex.CrossEntropy, as_loss),
    "DenseExponential": make(ex.DenseExponential, as_integrator),
    "DenseGradient": make(ex.DenseGradient, as_gradient),
    "DirectKronecker": make(ex.DirectKronecker, as_gradient),
    "DirectionLoss": make(ex.DirectionLoss, as_loss),
    "EulerAdjoint": make(ex.EulerAdjoint, as_gradient),
    "EulerAutodiff": make(ex.EulerAutodiff, as_gradient),
    "Evidence": make(ex.Evidence, as_data_term),
    "ExplicitEuler": make(ex.ExplicitEuler, as_integrator),
    "FactoredSVD": make(ex.FactoredSVD, as_gradient),
    "FlowBatch": make(ex.FlowBatch, as_batch, PAIR),
    "GaussianDerivatives": make(ex.GaussianDerivatives, as_extractor),
    "GeometricEuler": make(ex.GeometricEuler, as_integrator),
    "GramSchmidt": make(ex.GramSchmidt, as_orthogonalization),
    "GraphFlow": make(ex.GraphFlow, as_flow, FIELD, RING),
    "IteratedGradient": make(
        ex.IteratedGradient, lambda g: g(FLOW, WEIGHTS, LABELS, [0.5, 0.5])
    ),
    "IteratedLinearization": make(
        ex.IteratedLinearization, lambda s: s.solve(FLOW, WEIGHTS, [0.5, 0.5])
    ),
    "KroneckerKrylov": make(ex.KroneckerKrylov, as_gradient),
    "KroneckerSum": make(ex.KroneckerSum, as_route),
    "Krylov": make(ex.Krylov, as_integrator),
    "KrylovAutodiff": make(ex.KrylovAutodiff, as_gradient),
    "Learner": (learner_after_two_steps, as_learner),
    "LinearizedFlow": make(ex.LinearizedFlow, as_flow, DISTANCES),
    "LowRankGradient": make(ex.LowRankGradient, as_gradient),
    "MomentumDescent": make(ex.MomentumDescent, as_optimizer),
    "ParallelFlow": (parallel_flow, as_parallel),
    "ParallelGradient": (
        ex.ParallelGradient,
        lambda g: g(parallel_flow(), [WEIGHTS, WEIGHTS], LABELS, 1.0),
    ),
    "PrototypeDistance": make(ex.PrototypeDistance, as_data_term),
    "RawWindow": make(ex.RawWindow, as_extractor),
    "RiemannianDescent": make(ex.RiemannianDescent, as_optimizer),
    "RungeKutta": make(ex.RungeKutta, as_integrator),
    "SerialFlow": (serial_flow, as_serial),
    "SerialGradient": (
        ex.SerialGradient,
        lambda g: g(serial_flow(), [WEIGHTS, WEIGHTS], LABELS, [1.0, 1.0]),
    ),
    "Solution": (lambda: as_integrator(ex.Krylov()), itself),
    "Stage": make(ex.Stage, as_stage, FLOW),
    "Status": (lambda: as_integrator(ex.Krylov()).status, itself),
    "Stroke": make(ex.Stroke, as_stroke, [(1, 1), (3, 2)], 2),
    "StructureTensor": make(ex.StructureTensor, as_extractor),
    "TangentLoss": make(ex.TangentLoss, as_loss, squares),
    "TwoSided": make(ex.TwoSided, as_route),
    "WeightPatchPredictor": make(ex.WeightPatchPredictor, as_predictor, 3, steps=1),
    "Work": make(ex.Work, itself, 3),
}

WIDGETS = {name for name in ex.__all__ if name.endswith("Explorer")} | {"Home"}
"""They refuse copies with words: a widget belongs to one page."""

MORE = {
    "trained predictor": (
        lambda: ex.WeightPatchPredictor(3, steps=1).fit([SCENE]),
        as_trained,
    ),
    "predictor trained with evidence": (
        lambda: ex.WeightPatchPredictor(3, data_term=ex.Evidence(), steps=1).fit(
            [SCENE]
        ),
        as_trained,
    ),
    "scene": (lambda: SCENE, itself),
    "solution on a graph": (
        lambda: ex.Krylov(3).solve(
            flow := ex.GraphFlow(FIELD, RING), flow.uniform_weights(), 1.0
        ),
        itself,
    ),
    "adaptive solution": (lambda: as_integrator(ex.AdaptiveKrylov()), itself),
    "nonlinear solution": (lambda: as_integrator(ex.GeometricEuler()), itself),
    "gradient": (lambda: as_gradient(ex.LowRankGradient()), itself),
    "flow in float32": make(ex.LinearizedFlow, as_flow, PAIR[0], dtype="float32"),
    "flow with a base point": make(
        ex.LinearizedFlow, as_flow, PAIR[0], base_point=np.full(PAIR[0].shape, 1 / 3)
    ),
    "record of a step": (lambda: next(learner_after_two_steps().iterate(0)), itself),
}


def bits(thing):
    """Everything in a result as bytes and text, without the seconds it took."""
    if isinstance(thing, xr.Dataset):
        kept = thing.drop_vars("seconds", errors="ignore").variables
        return [(str(name), kept[name].values.tobytes()) for name in sorted(kept)]
    if isinstance(thing, (np.ndarray, xr.DataArray)):
        return np.asarray(thing).tobytes()
    if isinstance(thing, (list, tuple)):
        return [bits(part) for part in thing]
    if is_dataclass(thing):
        names = (f.name for f in fields(thing) if f.name not in ("seconds", "system"))
        return {name: bits(getattr(thing, name)) for name in names}
    return repr(thing)


def test_there_is_a_row_for_every_public_class():
    classes = {n for n in ex.__all__ if inspect.isclass(getattr(ex, n))}
    assert classes == ROWS.keys() | WIDGETS


@each_way
def test_a_home_is_not_copied(way):
    home = ex.Home()
    with pytest.raises(TypeError, match="belongs to one page"):
        WAYS[way](home)
    home.close()


@each_way
@pytest.mark.parametrize("name", ROWS | MORE)
def test_a_copy_is_as_good_to_the_last_bit(name, way, request):
    if name.endswith("Autodiff"):
        request.getfixturevalue("torch")
    create, use = (ROWS | MORE)[name]
    thing = create()
    twin = WAYS[way](thing)
    assert type(twin) is type(thing)
    assert bits(use(twin)) == bits(use(thing))


@each_way
@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize(
    "optimizer",
    [
        ex.RiemannianDescent(),
        ex.MomentumDescent(0.3),
        ex.Adam(),
        ex.AdaMax(),
        ex.ArmijoDescent(50.0),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_a_learner_is_copied_at_any_step(optimizer, steps, way):
    learner = ex.Learner(FLOW, LABELS, optimizer=optimizer)
    list(learner.iterate(steps))
    twin = WAYS[way](learner)
    expected = bits(as_learner(learner))
    assert bits(as_learner(twin)) == expected
    twin = WAYS[way](learner)  # of one that was read, and has gone on
    assert bits(twin.weights) == bits(learner.weights)
    assert twin.position[2] == steps + 2


def test_a_predictor_is_copied_while_it_trains():
    predictor = ex.WeightPatchPredictor(3, steps=3)
    training = predictor.iterate([SCENE])
    twins = [pickle.loads(pickle.dumps(predictor)) for _ in training]
    last = bits(predictor.predict_weights(SCENE.image))
    for twin in twins:
        list(twin.iterate([SCENE], state=twin.state_))
        assert bits(twin.predict_weights(SCENE.image)) == last


def test_a_running_iteration_is_refused_by_python():
    running = ex.Learner(FLOW, LABELS).iterate(2)
    next(running)
    with pytest.raises(TypeError, match="generator"):
        pickle.dumps(running)
