"""The graph: what runs, what does not, and what is kept."""

import numpy as np
import pytest

from explorer.kit.graph import Abandoned, Graph


def counts(graph):
    return {n: node.evaluations for n, node in graph.nodes.items() if node.function}


def test_a_diamond_is_computed_once_and_never_mixed():
    seen = []

    def left(a):
        return 10 * a

    def right(a):
        return 100 * a

    def both(left, right):
        seen.append((left, right))
        return np.array([left, right])

    graph = Graph({"a": 1}, [left, right, both])
    for a in (1, 2):
        graph.set(a=a)
        graph["both"]
    assert seen == [(10, 100), (20, 200)]


def test_an_equal_result_cuts_off_and_an_array_does_not():
    def sign(x):
        return x > 0

    def ones(sign):
        return np.ones(3)

    def total(ones):
        return ones.sum()

    graph = Graph({"x": 1.0}, [sign, ones, total])
    graph["total"]
    graph.set(x=2.0)
    graph["total"]
    assert counts(graph) == {"sign": 2, "ones": 1, "total": 1}
    graph.set(x=-1.0)
    graph["total"]
    assert counts(graph) == {"sign": 3, "ones": 2, "total": 2}


def test_only_what_is_read_is_computed():
    graph = Graph({"x": 1}, [{"used": lambda x: x}, {"unused": lambda x: 1 / 0}])
    assert graph["used"] == 1
    assert counts(graph)["unused"] == 0


def test_nodes_can_be_shared_under_other_names():
    def area(width, height):
        return width * height

    graph = Graph({"width": 2, "height": 3}, [{"size": area}])
    assert graph["size"] == 6


def test_wrong_wiring_is_refused_at_once():
    def p(q):
        return q

    def q(p):
        return p

    with pytest.raises(TypeError, match="`p` depends on itself: p ← q ← p"):
        Graph({}, [p, q])
    with pytest.raises(TypeError, match="`p` takes `q`, which is neither"):
        Graph({}, [p])
    with pytest.raises(TypeError, match="`p` is given to two nodes"):
        Graph({"p": 1}, [{"p": lambda: 1}])


def test_an_error_is_kept_until_a_parent_changes():
    def root(x):
        if x < 0:
            raise ValueError("`x` is negative")
        return x**0.5

    def after(root):
        return root + 1

    graph = Graph({"x": -1.0, "y": 0}, [root, after])
    for y in range(3):
        graph.set(y=y)
        with pytest.raises(ValueError, match="negative"):
            graph["after"]
    assert counts(graph)["root"] == 1
    graph.set(x=4.0)
    assert graph["after"] == 3.0


def test_a_value_that_returns_after_an_error_is_passed_on():
    def root(x):
        return 1 / x

    def after(root):
        return root + 1

    graph = Graph({"x": 1}, [root, after])
    assert graph["after"] == 2.0
    graph.set(x=0)
    with pytest.raises(ZeroDivisionError):
        graph["after"]
    graph.set(x=1)
    assert graph["after"] == 2.0


def test_a_trial_that_raises_never_was():
    def y(x):
        return np.array([x])

    graph = Graph({"x": 1}, [y])
    kept = graph["y"]

    def given_up():
        with graph.trial():
            graph.set(x=2)
            graph["y"]
            raise Abandoned

    with pytest.raises(Abandoned):
        given_up()
    assert graph["x"] == 1
    assert graph["y"] is kept
    assert counts(graph) == {"y": 2}


def test_an_abandoned_node_is_computed_when_it_is_asked_for_again():
    def y(x, check):
        check()
        return x

    def stop():
        raise Abandoned

    graph = Graph({"x": 1}, [y])
    graph.check = stop
    with pytest.raises(Abandoned):
        graph["y"]
    graph.check = lambda: None
    assert graph["y"] == 1
