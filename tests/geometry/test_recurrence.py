"""The fused kernels of Krylov spaces, against the operators they are made of."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from explorer.flow.system import LinearSystem
from explorer.geometry import recurrence
from explorer.geometry.graph import Graph
from explorer.geometry.grid import Grid
from tests import reference

EPS = np.finfo(float).eps
LABELS = 3
# sums of at most 49 products below 3, combined with two more terms of that size
ROUNDING = 600 * EPS
TALL = (3 * recurrence.BLOCK + 2, 3)
"""More rows than one task of the transpose takes, and a rest."""


def system_on(hood, seed=0):
    rng = np.random.default_rng(seed)
    weights = hood.lift(hood.uniform(), rng.standard_normal(hood.weight_shape))
    return LinearSystem.at(hood, weights, rng.uniform(-1, 1, (LABELS, *hood.shape)))


def hoods():
    rng = np.random.default_rng(3)
    pattern = sp.csr_array(rng.uniform(size=(7, 7)) < 0.4) + sp.eye_array(7)
    grids = [Grid(r, *s) for r in (1, 2, 3) for s in (*reference.SHAPES, TALL)]
    return [*grids, Graph.of(pattern)]


@pytest.mark.parametrize("hood", hoods(), ids=repr)
@pytest.mark.parametrize("factors", [(1.0, 0.0, 0.0), (2.5, -0.7, -1.0)], ids=str)
def test_a_recurrence_is_the_operator_and_a_combination(hood, factors):
    system = system_on(hood)
    V, P = np.random.default_rng(1).standard_normal((2, LABELS, *hood.shape))
    a, b, c = factors
    for operator in (system.forward, system.adjoint):
        out = np.full_like(V, np.nan)
        operator.recur(V, P, factors, out)
        expected = a * operator.apply(V) + b * V + c * P
        np.testing.assert_allclose(out, expected, atol=ROUNDING)
    # the operators are each other's adjoint
    left, right = (
        np.vdot(system.forward.apply(V), P),
        np.vdot(V, system.adjoint.apply(P)),
    )
    assert abs(left - right) <= V.size * ROUNDING


@pytest.mark.parametrize("size", [1, 5, recurrence.TILE, 3 * recurrence.TILE + 7])
@pytest.mark.parametrize("count", [1, 4])
def test_gram_and_combinations_run_over_all_tiles(size, count):
    V = np.random.default_rng(0).standard_normal((count, size))
    # sums of `size` products, in whatever order
    slack = size * 20 * EPS
    np.testing.assert_allclose(recurrence.gram(V), V @ V.T, atol=slack)
    columns = np.random.default_rng(1).standard_normal((2, count))
    out = np.full((2, size), np.nan)
    recurrence.combine(columns, V, out)
    np.testing.assert_allclose(out, columns @ V, atol=50 * EPS)
