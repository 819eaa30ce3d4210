"""The fused kernels of Krylov spaces, against the operators they are made of."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from explorer.flow.system import LinearSystem
from explorer.geometry.chains import Line, Links, chain
from explorer.geometry.graph import Graph
from explorer.geometry.grid import Grid
from explorer.kernels import recurrence
from explorer.kernels.planes import empty_fields, planes
from tests import reference

EPS = np.finfo(float).eps
LABELS = 3
# sums of at most 49 products below 3, combined with two more terms of that size
ROUNDING = 600 * EPS
TALL = (23, 3)
"""More rows than bands overlap by."""

WIDE = [(2, 8), (2, 17), (5, 18), (9, 43)]
"""Images that kernels in vector registers take: at least eight columns of float64."""


def system_on(hood, seed=0):
    rng = np.random.default_rng(seed)
    weights = hood.lift(hood.uniform(), rng.standard_normal(hood.weight_shape))
    return LinearSystem.at(hood, weights, rng.uniform(-1, 1, (LABELS, *hood.shape)))


def hoods():
    rng = np.random.default_rng(3)
    pattern = sp.csr_array(rng.uniform(size=(7, 7)) < 0.4) + sp.eye_array(7)
    grids = [Grid(r, *s) for r in (1, 2, 3) for s in (*reference.SHAPES, TALL)]
    grids += [Grid(1, *shape) for shape in WIDE]
    return [*grids, Graph.of(pattern)]


@pytest.mark.parametrize("hood", hoods(), ids=repr)
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_sweep_takes_all_steps_of_the_recurrence(hood, steps):
    system = system_on(hood)
    rng = np.random.default_rng(1)
    start, factors = (
        rng.standard_normal((LABELS, *hood.shape)),
        rng.normal(size=(steps, 3)),
    )
    factors[0, 2] = 0.0
    for operator in (system.forward, system.adjoint):
        vectors = empty_fields(steps + 1, start.shape, start.dtype)
        vectors[:] = np.nan
        vectors[0] = start
        operator.sweep(vectors, 0, factors)
        expected = [start]
        for k, (a, b, c) in enumerate(factors):
            v, before = expected[k], expected[max(k - 1, 0)]
            expected.append(a * operator.apply(v) + b * v + c * before)
        # each step multiplies errors by at most the sum of its factors
        slack = ROUNDING * np.prod(1.0 + np.abs(factors).sum(axis=1))
        np.testing.assert_allclose(vectors, expected, atol=slack)


@pytest.mark.parametrize("hood", hoods(), ids=repr)
def test_forward_and_adjoint_are_each_others(hood):
    system = system_on(hood)
    V, U = np.random.default_rng(1).standard_normal((2, LABELS, *hood.shape))
    left = np.vdot(system.forward.apply(V), U)
    right = np.vdot(V, system.adjoint.apply(U))
    assert abs(left - right) <= V.size * ROUNDING


@pytest.mark.parametrize("hood", hoods(), ids=repr)
@pytest.mark.parametrize("start", [0, 2])
def test_a_sweep_returns_inner_products(hood, start):
    system = system_on(hood)
    rng = np.random.default_rng(1)
    for operator in (system.forward, system.adjoint):
        vectors = empty_fields(start + 4, (LABELS, *hood.shape), np.dtype(float))
        vectors[: start + 1] = rng.standard_normal(vectors[: start + 1].shape)
        products = operator.sweep(vectors, start, rng.normal(size=(3, 3)))
        flat = vectors.reshape(start + 4, -1)
        expected = np.tril(flat @ flat.T)[start:]
        # sums of n products of numbers that grow by a few per step
        slack = flat.shape[1] * 1e3 * EPS
        np.testing.assert_allclose(products, expected, atol=slack, rtol=1e-12)


@pytest.mark.parametrize("hood", [Grid(1, *TALL), Grid(2, *TALL)], ids=repr)
def test_sweeps_do_not_depend_on_the_number_of_bands(hood):
    system = system_on(hood)
    pair = system.weights, system.similarity
    factors = np.random.default_rng(1).normal(size=(5, 3))
    for kernel in (recurrence.sweep, recurrence.sweep_transpose):
        same_for_all_bands(
            lambda V, bands, kernel=kernel: kernel(pair, V, factors, bands),
            system.source,
        )


@pytest.mark.parametrize("shape", [(2, 17), (23, 29)])
@pytest.mark.parametrize("kernel", ["sweep", "sweep_transpose"])
def test_sweeps_in_registers_do_not_depend_on_the_number_of_bands(shape, kernel):
    system = system_on(Grid(1, *shape))
    pair = system.weights, system.similarity
    factors = np.random.default_rng(1).normal(size=(5, 3))

    def extend(vectors, bands):
        return chain(kernel, pair, bands).extend(vectors, 0, factors)

    results = []
    for bands in (1, 2, min(7, shape[0])):
        vectors = empty_fields(6, system.shape, np.dtype(float))
        vectors[0] = system.source
        products = extend(vectors, bands)
        results.append((vectors, products))
    for other in results[1:]:
        np.testing.assert_array_equal(other[0], results[0][0])  # to the last bit
        np.testing.assert_array_equal(other[1], results[0][1])


@pytest.mark.parametrize("shape", WIDE)
@pytest.mark.parametrize("kernel", ["sweep", "sweep_transpose"])
@pytest.mark.parametrize("bands", [1, 2])
def test_a_chain_that_is_not_kept_gives_the_same_sums(shape, kernel, bands):
    system = system_on(Grid(1, *shape))
    work = chain(kernel, (system.weights, system.similarity), bands)
    rng = np.random.default_rng(1)
    factors, t = rng.normal(size=(3, 3)), rng.normal(size=4)
    factors[0, 2] = 0.0
    vectors = empty_fields(7, system.shape, np.dtype(float))
    vectors[0] = 0.5 * system.source
    J = system.shape[0]
    shift = -0.5 / J**2  # as in B = Π₀ S / J
    first = work.extend(vectors, 0, factors)
    replaced = vectors[3].copy()
    vectors[3] = np.tensordot(t, vectors[:4], 1)
    second = work.extend(vectors, 3, factors)
    links, source = Links.none().then(factors), Line(system.similarity, 0.5 / J, shift)
    # the fields grow by a few in each of seven steps
    slack = {"rtol": 1e-10, "atol": 1e-10 * np.abs(second).max()}
    np.testing.assert_allclose(work.products(source, links, 0), first, **slack)
    links = links.mixed(t).then(factors)
    places = [0, 1, 2, 4, 5, 6, 7]
    again = work.products(source, links, 4)[:, places]
    np.testing.assert_allclose(again, second, **slack)
    columns = rng.normal(size=(2, 8))
    expected = np.tensordot(columns[:, places], vectors, 1)
    expected += np.multiply.outer(columns[:, 3], replaced)
    found = work.combine(source, links, columns)
    slack["atol"] = 1e-10 * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, **slack)


def same_for_all_bands(sweep, source):
    results = []
    for bands in (1, 2, 3, 7, 23):
        vectors = empty_fields(6, source.shape, source.dtype)
        vectors[0] = source
        sweep(planes(vectors), min(bands, source.shape[1]))
        results.append(vectors)
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])  # to the last bit


@pytest.mark.parametrize("size", [1, 5, recurrence.TILE, 3 * recurrence.TILE + 7])
@pytest.mark.parametrize("count", [1, 4])
def test_gram_and_combinations_run_over_all_tiles(size, count):
    V = np.random.default_rng(0).standard_normal((count, size))
    # sums of `size` products, in whatever order
    slack = size * 20 * EPS
    np.testing.assert_allclose(
        recurrence.products(V[:, None]), np.tril(V @ V.T), atol=slack
    )
    columns = np.random.default_rng(1).standard_normal((2, count))
    out = np.full((2, 1, size), np.nan)
    recurrence.combine(columns, V[:, None], out)
    np.testing.assert_allclose(out[:, 0], columns @ V, atol=50 * EPS)
    recurrence.fold(columns[0], V[:, None])
    np.testing.assert_allclose(V[-1], out[0, 0], atol=50 * EPS)
