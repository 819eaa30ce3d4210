"""Laws of the assignment manifold: inverses, symmetry, invariances, extremes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.geometry import manifold

EPS = np.finfo(float).eps
COUNTS = st.integers(2, 100)


def vectors(count, bound):
    return arrays(float, (count,), elements=st.floats(-bound, bound, width=32))


def point(u):
    """Return the point above u: entries down to 1e-300 for |u| up to 345."""
    q = np.exp(u - u.max())
    return q / q.sum()


def law(bound, size):
    """Strategy: `size` vectors of one common length 2 … 100."""
    return COUNTS.flatmap(lambda n: st.tuples(*[vectors(n, bound)] * size))


@given(law(345.0, 2))
def test_logarithm_is_tangent_even_with_entries_of_1e_300(pair):
    p, q = map(point, pair)
    v = manifold.logarithm(p, q)
    # a sum of J ≤ 100 terms, each off by eps times |log(q/p)| ≤ 1400
    assert abs(v.sum()) <= 100 * 1400 * EPS


@given(law(8.0, 2))
def test_exponential_inverts_logarithm(pair):
    p, q = map(point, pair)
    # v/p amplifies the rounding of v by 1/p ≤ 100 e^16 at most; e^16 eps = 2e-9
    back = manifold.exponential(p, manifold.logarithm(p, q))
    np.testing.assert_allclose(back, q, rtol=1e-6, atol=1e-12)


@given(law(345.0, 2))
def test_lift_and_unlift_are_inverse_to_each_other(pair):
    p, u = point(pair[0]), pair[1] - pair[1].mean()
    q = manifold.lift(p, u)
    if q.min() > 1e-290:  # below, entries of q lose digits to subnormal numbers
        # logarithms up to 700 are rounded to eps times that, on both sides
        np.testing.assert_allclose(manifold.unlift(p, q), u, atol=4 * 1400 * EPS)
        np.testing.assert_allclose(
            manifold.lift(p, manifold.unlift(p, q)), q, rtol=8 * 1400 * EPS, atol=0
        )


@given(law(30.0, 3))
def test_replicator_is_symmetric_and_blind_to_constants(triple):
    p, (u, v) = point(triple[0]), triple[1:]
    scale = 1e-12 * max(1.0, abs(u).max() * abs(v).max())
    assert abs(u @ manifold.replicator(p, v) - v @ manifold.replicator(p, u)) <= scale
    np.testing.assert_allclose(
        manifold.replicator(p, manifold.center(u)),
        manifold.replicator(p, u),
        atol=1e-12,
    )
    np.testing.assert_allclose(
        manifold.replicator(p, np.full_like(p, 7.0)), 0, atol=1e-13
    )


@given(law(8.0, 2))
def test_lift_is_the_exponential_of_the_replicator(pair):
    p, u = point(pair[0]), pair[1]
    # R_p u / p = u − ⟨p, u⟩: dividing restores u to eps, relative to |u| ≤ 16
    np.testing.assert_allclose(
        manifold.exponential(p, manifold.replicator(p, u)),
        manifold.lift(p, u),
        rtol=1e-12,
    )


@given(law(345.0, 3))
def test_distance_is_a_metric(triple):
    p, q, r = map(point, triple)
    assert manifold.distance(p, p) == 0.0
    assert manifold.distance(p, q) == manifold.distance(q, p)
    assert 0.0 <= manifold.distance(p, q) <= np.pi * (1 + EPS)
    # arcsin has slope 1/cos, so that rounding may grow to √eps at distance π
    slack = 16 * np.sqrt(EPS)
    assert (
        manifold.distance(p, r)
        <= manifold.distance(p, q) + manifold.distance(q, r) + slack
    )


@given(law(20.0, 2), st.floats(0, 1))
def test_geodesics_divide_the_distance(pair, time):
    p, q = map(point, pair)
    middle = manifold.geodesic(p, q, time=time)
    whole = manifold.distance(p, q)
    # √eps: see above; sin(tθ)/sin θ is as sensitive near θ = π/2
    assert manifold.distance(p, middle) == pytest.approx(time * whole, abs=1e-6)
    assert middle.sum() == pytest.approx(1.0)
    assert (middle >= 0).all()


def test_distance_of_close_points_is_the_metric():
    p, v = np.array([0.2, 0.3, 0.5]), np.array([1.0, -3.0, 2.0])
    h = 1e-9
    expected = h * np.sqrt(manifold.inner(p, v, v))
    # third order in h: no digit is lost although arccos of the sum would lose all
    assert manifold.distance(p, p + h * v) == pytest.approx(expected, rel=1e-6)


def test_the_geodesic_starts_along_the_fisher_rao_gradient_of_the_distance():
    p, q, h = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.3, 0.1]), 1e-6
    v = (manifold.geodesic(p, q, time=h) - p) / h
    # constant speed, equal to the distance, up to first order in h
    assert np.sqrt(manifold.inner(p, v, v)) == pytest.approx(
        manifold.distance(p, q), rel=1e-5
    )


@given(law(345.0, 1))
def test_entropy_lies_between_zero_and_one(single):
    assert 0.0 <= manifold.entropy(point(single[0])) <= 1.0 + 100 * EPS


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_entropy_of_barycenter_and_corner(count):
    corner = np.eye(count)[0]
    assert manifold.entropy(corner) == 0.0
    expected = 1.0 if count > 1 else 0.0
    assert manifold.entropy(manifold.barycenter(count)) == pytest.approx(expected)


@given(law(30.0, 2), st.randoms(use_true_random=False))
def test_maps_commute_with_permutations_of_the_labels(pair, random):
    p, q = map(point, pair)
    order = list(range(p.size))
    random.shuffle(order)
    for function in (
        manifold.logarithm,
        manifold.unlift,
        manifold.lift,
        manifold.replicator,
    ):
        np.testing.assert_allclose(
            function(p[order], q[order]), function(p, q)[order], atol=1e-12
        )


def test_exponential_survives_a_vector_that_overflows_when_divided():
    p = np.array([1e-300, 1.0 - 1e-300])
    np.testing.assert_array_equal(
        manifold.exponential(p, np.array([1e10, -1e10])), [1, 0]
    )


@pytest.mark.parametrize("name", ["exponential", "logarithm", "lift", "geodesic"])
def test_labeled_arrays_give_the_same_numbers_in_their_own_order(name):
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(4), (3, 2)), rng.dirichlet(np.ones(4), (3, 2))
    dims = ("row", "col", "label")
    labeled = getattr(manifold, name)(
        xr.DataArray(p, dims=dims), xr.DataArray(q, dims=dims)
    )
    assert labeled.dims == dims
    plain = getattr(manifold, name)(np.moveaxis(p, -1, 0), np.moveaxis(q, -1, 0))
    np.testing.assert_array_equal(labeled.values, np.moveaxis(plain, 0, -1))


def test_the_dimension_of_the_simplex_can_be_named():
    weights = xr.DataArray(np.full((9, 2, 3), 1 / 9), dims=("offset", "row", "col"))
    assert manifold.entropy(weights, dim="offset").dims == ("row", "col")
    with pytest.raises(ValueError, match="`dim` = 'label' is no dimension"):
        manifold.entropy(weights)


@pytest.mark.parametrize("bad", [["a", "b"], [1j, 1.0], [None, 1]])
def test_entries_that_are_no_real_numbers_are_refused(bad):
    with pytest.raises(TypeError, match="real numbers"):
        manifold.entropy(np.array(bad))


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "3"])
def test_a_barycenter_needs_a_positive_count(bad):
    with pytest.raises((TypeError, ValueError), match="`count`"):
        manifold.barycenter(bad)
