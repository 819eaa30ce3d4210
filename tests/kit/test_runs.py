"""Runs, undo and code, without any dashboard."""

import numpy as np
import pytest

from explorer.kit import runs
from explorer.kit.frame import Frame, Kept
from explorer.kit.graph import Abandoned, Graph
from explorer.kit.recipe import Recipe
from explorer.kit.runs import History, Moment, Run, Stepper


def state(run):
    """The start is 0."""
    return 0.0 if run.state is None else run.state


def point(state, target):
    """A point is (state, distance)."""
    return np.array([state, abs(state - target)])


def advance(evaluate, at, memory, rate):
    taken = 0 if memory is None else memory
    return evaluate(float(at[0]) + rate), taken + 1


STEPPER = Stepper(
    point="point",
    advance=advance,
    state_of=lambda at: float(at[0]),
    record=lambda step, at, seconds: (step, float(at[1])),
    rule=("rate",),
    restarts=("target",),
)


LEAVES = {"run": Run(), "target": 3.0, "rate": 1.0, "unused": 0}


@pytest.fixture
def graph():
    return Graph(LEAVES, [state, point])


def settings(**given):
    return {"target": 3.0, "rate": 1.0, "unused": 0, **given}


def steps(graph, run, values, count):
    graph.set(**values)
    for _ in range(count):
        run = STEPPER.step(graph, run, values)
        graph.set(run=run)
    return run


def test_a_step_evaluates_once_and_records_the_start_too(graph):
    run = steps(graph, Run(), settings(), 2)
    assert run.records == ((0, 3.0), (1, 2.0), (2, 1.0))
    assert run.steps == 2
    before = graph.nodes["point"].evaluations
    run = steps(graph, run, settings(), 1)
    assert graph["point"][1] == run.records[-1][1]
    assert graph.nodes["point"].evaluations == before + 1


def test_other_settings_begin_a_segment_with_an_empty_memory(graph):
    run = steps(graph, Run(), settings(), 2)
    assert run.memory == 2
    run = steps(graph, run, settings(unused=1), 1)
    assert len(run.segments) == 1  # it determines no step
    run = steps(graph, run, settings(rate=0.5), 1)
    assert [count for _, count in run.segments] == [3, 1]
    assert run.memory == 1


def test_an_abandoned_step_moves_nothing(graph):
    run = steps(graph, Run(), settings(), 1)
    kept = graph["point"]

    def stop():
        raise Abandoned

    graph.check = stop
    with pytest.raises(Abandoned):
        STEPPER.step(graph, run, settings())
    graph.check = lambda: None
    assert graph["point"] is kept


def moment(number, state=None):
    return Moment({"x": number}, Run(state))


def test_undo_returns_the_very_moment_and_redo_the_one_after():
    history, first, second = History(), moment(1), moment(2)
    history.remember(first)
    assert history.undo(second) is first
    assert history.redo(first) is second
    assert history.redo(second) is None


def test_moves_of_one_slider_are_one_step_of_undo(monkeypatch):
    history = History()
    for number in range(3):
        history.remember(moment(number), "time")
    history.remember(moment(3), "noise")
    assert [m.settings["x"] for m in history.past] == [0, 3]
    monkeypatch.setattr(runs, "MERGE", 0.0)
    history.remember(moment(4), "noise")
    assert [m.settings["x"] for m in history.past] == [0, 3, 4]


def test_a_change_after_undo_ends_what_could_be_redone():
    history = History()
    history.remember(moment(1))
    history.undo(moment(2))
    history.remember(moment(1))
    assert history.future == []


def test_undo_keeps_no_more_memory_than_it_may(monkeypatch):
    monkeypatch.setattr(runs, "MOST_BYTES", 1000)
    history, shared = History(), np.zeros(100)
    for number in range(5):
        history.remember(moment(number, shared))  # one array, counted once
    assert len(history.past) == 5
    history.remember(moment(5, np.zeros(100)))
    assert runs.size_of(history.past) <= 1000
    assert history.past[-1].settings["x"] == 5


def test_frozen_runs_that_were_dropped_count_as_memory_of_undo():
    kept = Kept(1, Frame(moment(0, np.zeros(100)), {}, {}))
    listing = Moment({"x": 1}, kept=(kept,))
    assert runs.size_of([moment(0), listing]) == 0  # the present may list it, too
    assert runs.size_of([listing, moment(2)]) == 800


RECIPE = Recipe(
    lines=("a = f({x})", "b = g(a, {y})", lambda w: "c = h(b{start}, {steps})"),
    last="print(c)",
    start=", c",
)


def test_what_reads_the_same_is_not_repeated():
    code = RECIPE.code([({"x": "1", "y": "2"}, 3), ({"x": "1", "y": "4"}, 0)])
    assert code.splitlines()[2:] == [
        "a = f(1)", "b = g(a, 2)", "c = h(b, 3)", "b = g(a, 4)", "c = h(b, c, 0)",
        "print(c)",
    ]  # fmt: skip


def test_a_line_follows_the_variables_that_it_uses():
    code = RECIPE.code([({"x": "1", "y": "2"}, 0), ({"x": "5", "y": "2"}, 0)])
    assert code.splitlines()[5:8] == ["a = f(5)", "b = g(a, 2)", "c = h(b, c, 0)"]
