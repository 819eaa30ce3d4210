"""Borrowed memory comes back when nobody looks at it any more, and not before."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from explorer import Krylov
from explorer.flow import workspace
from explorer.flow.workspace import Workspace


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again():
    space = Workspace()
    first = space.borrow((3, 4, 5))
    assert first.shape == (3, 4, 5)
    assert first.dtype == float
    assert first.flags.c_contiguous
    assert first.flags.writeable
    where = address(first)
    del first
    assert address(space.borrow((60,))) == where  # the size counts, not the shape


def test_a_view_keeps_the_memory():
    space = Workspace()
    whole = space.borrow((4, 6))
    whole[...] = 1.0
    part = whole[1:3].reshape(-1)[2:5]
    del whole
    gc.collect()
    other = space.borrow((4, 6))
    other[...] = 2.0
    np.testing.assert_array_equal(part, 1.0)
    where = address(other)
    del part
    assert address(space.borrow((4, 6))) != where


def test_no_more_than_a_few_buffers_are_kept():
    space = Workspace()
    loans = [space.borrow((size,)) for size in range(1, 12)]
    while loans:
        loans.pop(0)
    assert [b.size for b in space._free] == [8, 9, 10, 11]


@pytest.mark.parametrize("shape", [(0,), (0, 5), (workspace.LARGEST // 8 + 1,)])
def test_nothing_and_very_much_are_not_kept(shape):
    space = Workspace()
    assert space.borrow(shape).shape == shape
    assert space._free == []


def test_solutions_stay_as_they_are(flow, problem):
    """A later solve, of the same size, writes into memory of its own."""
    solver = Krylov(5)
    first = solver.init(flow.system(problem.weights)).basis
    stored = first.vectors.copy()
    for _ in range(3):
        solver.init(flow.system(problem.weights[::-1].copy()))
    np.testing.assert_array_equal(first.vectors, stored)
