"""The node graph computes what is stale, once, and nothing upstream of a change."""

import pytest

from explorer.dashboard.graph import Leaf, Node


def chain():
    a, b = Leaf(1), Leaf(10)
    double = Node(lambda x: 2 * x, a)
    total = Node(lambda x, y: x + y, double, b)
    return a, b, double, total


def test_values_flow_down():
    a, _, _, total = chain()
    assert total() == 12
    a.set(5)
    assert total() == 20


def test_only_what_is_downstream_is_computed_again():
    _, b, double, total = chain()
    total()
    b.set(11)
    total()
    assert (double.evaluations, total.evaluations) == (1, 2)


def test_setting_an_equal_value_changes_nothing():
    a, _, double, total = chain()
    total()
    a.set(1)
    total()
    assert double.evaluations == 1


def test_a_node_that_raises_stays_stale_and_recovers():
    a = Leaf(0)
    inverse = Node(lambda x: 1 / x, a)
    with pytest.raises(ZeroDivisionError):
        inverse()
    a.set(4)
    assert inverse() == 0.25


def test_a_trial_that_fails_leaves_all_as_it_was():
    a, _, double, total = chain()
    total()

    def interrupted():
        with a.trial(7):
            assert double() == 14
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (a(), double(), total()) == (1, 2, 12)
    assert (double.evaluations, total.evaluations) == (2, 1)


def test_a_trial_that_succeeds_stays():
    a, _, _, total = chain()
    total()
    with a.trial(7):
        pass
    assert total() == 24
