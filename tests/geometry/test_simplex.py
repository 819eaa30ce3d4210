"""Laws of the simplex maps: inverses, tangency, and the replicator."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.geometry import simplex
from tests import reference

EPS = np.finfo(float).eps
# sums over at most 6 labels of numbers up to 8 in modulus
ROUNDING = 200 * EPS

sizes = st.integers(1, 6)


def vectors(count, bound=8.0):
    finite = st.floats(-bound, bound, allow_subnormal=False)
    return arrays(float, (count, 2, 2), elements=finite)


tangents = sizes.flatmap(vectors)
pairs = sizes.flatmap(lambda n: st.tuples(vectors(n), vectors(n)))
triples = sizes.flatmap(lambda n: st.tuples(vectors(n), vectors(n), vectors(n)))


@given(pairs)
def test_unlift_inverts_lift_on_the_tangent_space(pair):
    p, u = simplex.softmax(pair[0]), simplex.center(pair[1])
    np.testing.assert_allclose(simplex.unlift(p, simplex.lift(p, u)), u, atol=ROUNDING)


@given(pairs)
def test_lift_inverts_unlift(pair):
    p, q = map(simplex.softmax, pair)
    # a relative law: the logarithm of q is off by eps times at most 16 + log 6
    np.testing.assert_allclose(simplex.lift(p, simplex.unlift(p, q)), q, rtol=ROUNDING)


@given(pairs)
def test_lift_lands_on_the_simplex_and_ignores_constants(pair):
    p, u = simplex.softmax(pair[0]), pair[1]
    q = simplex.lift(p, u)
    assert (q > 0).all()
    np.testing.assert_allclose(q.sum(axis=0), 1.0, atol=ROUNDING)
    np.testing.assert_allclose(simplex.lift(p, u + 3.0), q, rtol=ROUNDING)


def test_lift_survives_huge_vectors():
    u = np.array([1e307, -1e307, 0.0])
    np.testing.assert_array_equal(simplex.softmax(u), [1.0, 0.0, 0.0])


@given(tangents)
def test_center_is_the_projection_onto_the_tangent_space(u):
    t = simplex.center(u)
    np.testing.assert_allclose(t.sum(axis=0), 0.0, atol=ROUNDING)
    np.testing.assert_allclose(simplex.center(t), t, atol=ROUNDING)


@given(triples)
def test_replicator_is_symmetric_tangent_and_positive(triple):
    p, u, v = simplex.softmax(triple[0]), triple[1], triple[2]
    Ru, Rv = simplex.replicator(p, u), simplex.replicator(p, v)
    # ⟨u, R v⟩ is a sum of at most 6 products up to 8 · 8
    slack = 8 * 8 * ROUNDING
    np.testing.assert_allclose(simplex.inner(Ru, v), simplex.inner(u, Rv), atol=slack)
    np.testing.assert_allclose(Ru.sum(axis=0), 0.0, atol=slack)
    np.testing.assert_allclose(simplex.replicator(p, simplex.center(u)), Ru, atol=slack)
    energy = simplex.inner(u, Ru)
    assert (energy >= -slack).all()
    assert (energy <= 0.5 * simplex.inner(u, u) + slack).all()


@given(tangents)
def test_replicator_norm_bounds_the_spectral_norm_by_one_half(u):
    p = simplex.softmax(u)
    spectral = np.linalg.norm(reference.dense_replicator(p), 2)
    bound = simplex.replicator_norm(p)
    assert spectral <= bound + ROUNDING
    assert bound <= 0.5


def test_replicator_norm_is_attained_at_two_equal_labels():
    assert simplex.replicator_norm(np.array([[[0.5]], [[0.5]]])) == 0.5


@given(tangents)
def test_bounded_keeps_the_simplex_and_its_floor(u):
    q = simplex.bounded(simplex.softmax(20.0 * u))
    np.testing.assert_allclose(q.sum(axis=0), 1.0, atol=ROUNDING)
    # raising at most 5 entries adds at most 5e-10 to the sum that is divided by
    assert (q >= simplex.FLOOR / (1.0 + 6.0 * simplex.FLOOR)).all()
