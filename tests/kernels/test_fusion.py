"""Gradient and exponents in vector registers do what the loops of their formulas do."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.geometry.grid import Grid
from explorer.kernels import fusion
from tests import reference

LABELS, TIME, SCALE = 3, 0.7, 1.3

GRIDS = [(2, 8), (3, 9), (5, 8), (4, 23)]
"""Rows that fill a register of eight numbers, and rows that end within one."""

FLOATS = {np.float64: GRIDS, np.float32: [(2, 16), (3, 19), (4, 33)]}
every = pytest.mark.parametrize(
    ("dtype", "shape"),
    [(d, s) for d, shapes in FLOATS.items() for s in shapes],
    ids=str,
)


def simplex(shape, seed):
    p = np.random.default_rng(seed).uniform(0.2, 1.0, shape)
    return p / p.sum(axis=0)


def replicated(S, U):
    """R_S U, pixel by pixel."""
    return S * (U - (S * U).sum(axis=0))


def expected(W, fields, components):
    """G and T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧, term by term."""
    (S, C, z), (us, ws, time, scale) = fields, components
    G, out = scale * z, np.zeros(W.shape)
    for u, w in zip(us, ws, strict=True):
        X = reference.average(W, w)
        G = G + time * (u * X - (S * X).sum(axis=0) * u - (S * u).sum(axis=0) * X)
        out += time * reference.sampled_product(W, replicated(S, u), w)
    return out + reference.sampled_product(W, replicated(S, G), C), G


def problem(shape, dtype, components=2):
    rng = np.random.default_rng(1)
    W, S = simplex((9, *shape), 2), simplex((LABELS, *shape), 3)
    C, z = rng.uniform(-1.0, 1.0, (2, LABELS, *shape))
    u, w = rng.uniform(-1.0, 1.0, (2, components, LABELS, *shape))
    return [a.astype(dtype) for a in (W, S, C, z, u, w)]


@every
@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("keep", [True, False])
def test_assemble_is_the_sum_of_its_terms(dtype, shape, components, keep):
    W, S, C, z, u, w = problem(shape, dtype, components)
    grid = Grid(1, *shape)
    assert grid.fast(S)  # or another kernel is at work
    out, G = grid.assemble(W, (S, C, z), (u, w, TIME, SCALE), keep)
    slope, inner = expected(W, (S, C, z), (u, w, TIME, SCALE))
    # under 9·3 terms below 3 per component, summed in another order
    rounding = 300 * components * np.finfo(dtype).eps
    np.testing.assert_allclose(out, slope, rtol=0, atol=rounding)
    assert G.size == (inner.size if keep else 0)
    if keep:
        np.testing.assert_allclose(G, inner, rtol=0, atol=rounding)


@every
def test_each_offset_of_assemble_is_its_neighbor(dtype, shape):
    """w is zero but at one pixel: only patches that see it have an entry, there."""
    W, S, C, z, u, w = problem(shape, dtype, 1)
    row, col = shape[0] // 2, shape[1] - 2
    w[:], w[:, 0, row, col] = 0.0, 1.0
    # without C and z, ⟦R_S u, w⟧ alone is left, of the first label
    grid = Grid(1, *shape)
    out, _ = grid.assemble(W, (S, 0 * C, 0 * z), (u, w, 1.0, 0.0), True)
    seen = [
        (k, r, c)
        for k, r, c, *near in reference.links(W)
        if (near[0], near[1]) == (row, col)
    ]
    assert {tuple(map(int, at)) for at in np.argwhere(out)} <= set(seen)
    for at in seen:
        one = replicated(S, u[0])[0, at[1], at[2]]
        assert abs(one) > 1e-3
        assert abs(out[at] - one) < 30 * np.finfo(dtype).eps


@every
def test_exponents_are_averages_below_zero(dtype, shape):
    W, _, C, *_ = problem(shape, dtype)
    out = np.empty_like(C)
    fusion.exponents(W, C, out)
    average = reference.average(W, C)
    want = average - average.max(axis=0)
    np.testing.assert_allclose(out, want, rtol=0, atol=60 * np.finfo(dtype).eps)
    assert (out.max(axis=0) == 0.0).all()
