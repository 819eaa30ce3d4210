"""Every door to the kernels waits for its turn: two threads never run them at once."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

import explorer as ex
from explorer.learning.evaluation import Evaluation
from explorer.threads import TURN, exclusive
from tests import reference

PROBLEM = reference.random_problem()
FLOW = ex.LinearizedFlow(PROBLEM.distances)
W, L = PROBLEM.weights, PROBLEM.labels
CHAIN, PAIR = ex.SerialFlow([ex.Stage(FLOW)]), ex.ParallelFlow([FLOW, FLOW])
SYSTEM, KRYLOV, METHOD = FLOW.plain_system(W), ex.Krylov(4), ex.LowRankGradient(4)
STATE = KRYLOV.init(SYSTEM)
EVOLUTION = KRYLOV.compute(STATE, 1.0)
GRADIENT_STATE = METHOD.init(EVOLUTION, L)
DERIVATIVE = METHOD.compute(GRADIENT_STATE)
EULER = ex.EulerAdjoint(0.1)

DOORS = {
    "flow.system": lambda: FLOW.system(W),
    "Krylov.init": lambda: KRYLOV.init(SYSTEM),
    "Krylov.compute": lambda: KRYLOV.compute(STATE, 1.0),
    "Krylov.solve": lambda: KRYLOV.solve(FLOW, W, 1.0),
    "GeometricEuler.solve": lambda: ex.GeometricEuler(0.1).solve(FLOW, W, 0.2),
    "IteratedLinearization.solve": lambda: ex.IteratedLinearization(KRYLOV).solve(
        FLOW, W, [0.5]
    ),
    "SerialFlow.solve": lambda: CHAIN.solve([W], [0.5]),
    "ParallelFlow.solve": lambda: PAIR.solve([W, W], 0.5),
    "gradient": lambda: METHOD(FLOW, W, L, 1.0),
    "gradient.init": lambda: METHOD.init(EVOLUTION, L),
    "gradient.compute": lambda: METHOD.compute(GRADIENT_STATE),
    "gradient.differentiate": lambda: METHOD.differentiate(SYSTEM, L, 1.0),
    "EulerAdjoint.differentiate": lambda: EULER.differentiate(SYSTEM, L, 1.0),
    "IteratedGradient": lambda: ex.IteratedGradient(4)(FLOW, W, L, [0.5]),
    "SerialGradient": lambda: ex.SerialGradient(4)(CHAIN, [W], L, [0.5]),
    "ParallelGradient": lambda: ex.ParallelGradient(4)(PAIR, [W, W], L, 0.5),
    "Evaluation.of": lambda: Evaluation.of(DERIVATIVE, 1e-3),
}
"""What runs kernels; the rest of the library goes through these."""

BEHIND = {"GeometricEuler.solve": "integrate"}
"""Functions that doors hand all their work to."""


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_a_door_opens_when_the_other_thread_is_done(door):
    entered, leave, done = (threading.Event() for _ in range(3))

    @exclusive
    def occupy():
        entered.set()
        assert leave.wait(30.0)

    def go():
        DOORS[door]()
        done.set()

    first, second = threading.Thread(target=occupy), threading.Thread(target=go)
    first.start()
    assert entered.wait(30.0)
    second.start()
    waited = not done.wait(0.2)  # the call itself takes milliseconds
    leave.set()
    for thread in (first, second):
        thread.join(30.0)
    assert waited
    assert done.is_set()


@pytest.mark.parametrize("door", DOORS)
def test_no_line_of_a_door_runs_before_its_turn(door):
    """Each kernel waits, too; but between two of them BLAS would take all cores."""
    name = BEHIND.get(door, door.split(".")[1] if "." in door else "__call__")
    room, depths = str(Path(ex.__file__).parent), []

    def watch(frame, event, _):
        code = frame.f_code
        if (event, code.co_name) == ("call", name) and room in code.co_filename:
            depths.append(TURN._depth)

    sys.setprofile(watch)
    try:
        DOORS[door]()
    finally:
        sys.setprofile(None)
    assert depths
    assert min(depths) >= 1
