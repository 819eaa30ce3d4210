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


@pytest.mark.parametrize("apart", [1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("time", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_geodesics_between_close_points_divide_the_way(apart, time):
    p, v = np.array([0.2, 0.3, 0.5]), np.array([0.1, -0.3, 0.2])
    q = p + apart * v
    way = manifold.geodesic(p, q, time) - p
    # what is curved is of second order; roots and squares are rounded a few times
    slack = 10.0 * apart**2 + 8.0 * EPS
    np.testing.assert_allclose(way, time * (q - p), rtol=0, atol=slack)


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


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_the_exponential_map_starts_at_the_point_along_the_vector(scale):
    p, v, h = np.array([0.2, 0.3, 0.5]), np.array([0.1, -0.3, 0.2]), 1e-5
    slope = (manifold.exponential(p, h * scale * v) - p) / h
    # h of the second derivative, v²/p below 2; rounding is eps/h
    np.testing.assert_allclose(slope, scale * v, rtol=0, atol=10.0 * h)


def test_opposite_corners_are_half_a_turn_apart():
    corners = np.eye(3)
    for p, q in ((0, 1), (1, 2), (2, 0)):
        found = manifold.distance(corners[p], corners[q])
        assert found == pytest.approx(np.pi, rel=4 * EPS)
        middle = manifold.geodesic(corners[p], corners[q])
        np.testing.assert_allclose(middle, (corners[p] + corners[q]) / 2, atol=4 * EPS)


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
    with pytest.raises(ValueError, match="`dim` = 'label' is not a dimension"):
        manifold.entropy(weights)


@pytest.mark.parametrize("bad", [["a", "b"], [1j, 1.0], [None, 1]])
def test_entries_that_are_no_real_numbers_are_refused(bad):
    with pytest.raises(TypeError, match="real numbers"):
        manifold.entropy(np.array(bad))


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "3"])
def test_a_barycenter_needs_a_positive_count(bad):
    with pytest.raises((TypeError, ValueError), match="`count`"):
        manifold.barycenter(bad)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_barycenter_has_equal_entries_that_sum_to_one(count):
    found = manifold.barycenter(count)
    assert found.shape == (count,)
    np.testing.assert_array_equal(found, found[0])
    assert found.sum() == pytest.approx(1.0, rel=4 * EPS)


P = np.array([0.2, 0.3, 0.5])
V = np.array([0.1, 0.1, -0.2])
MAPS = {
    "replicator": (V,), "exponential": (V,), "lift": (V,), "logarithm": (P,),
    "unlift": (P,), "distance": (P,), "geodesic": (P,), "inner": (V, V), "entropy": (),
}  # fmt: skip
"""Each map of a point, and what else it takes."""

ON_THE_BOUNDARY = ("replicator", "distance", "geodesic", "entropy")


@pytest.mark.parametrize(
    "bad",
    [[-0.2, 0.7, 0.5], 2 * P, [np.nan, 0.5, 0.5], [np.inf, 0.5, 0.5], 0 * P, 1.01 * P],
    ids=["negative", "sum 2", "NaN", "infinite", "zero", "sum 1.01"],
)
@pytest.mark.parametrize("name", MAPS)
def test_what_is_no_point_is_refused_by_name(name, bad):
    with pytest.raises(ValueError, match="`p` must"):
        getattr(manifold, name)(np.array(bad), *MAPS[name])
    if name in ("logarithm", "unlift", "distance", "geodesic"):
        with pytest.raises(ValueError, match="`q` must"):
            getattr(manifold, name)(P, xr.DataArray(bad, dims="label"))


@pytest.mark.parametrize("name", MAPS)
def test_the_boundary_is_taken_where_the_map_is_defined(name):
    corner = np.array([0.0, 0.5, 0.5])
    if name in ON_THE_BOUNDARY:
        assert np.isfinite(getattr(manifold, name)(corner, *MAPS[name])).all()
    else:
        with pytest.raises(ValueError, match="`p` must be positive, got the entry 0"):
            getattr(manifold, name)(corner, *MAPS[name])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_checked_to_the_rounding_of_the_type(dtype):
    eps, p = np.finfo(dtype).eps, np.full(100, 0.01, dtype)
    manifold.entropy(p)
    for off, fails in ((100 * eps, False), (2000 * eps, True)):
        moved = p.copy()
        moved[0] += dtype_of(off, dtype)
        if fails:
            with pytest.raises(ValueError, match=f"up to rounding of {dtype}"):
                manifold.entropy(moved)
        else:
            manifold.entropy(moved)


def dtype_of(value, dtype):
    return np.dtype(dtype).type(value)


def fields(seed=0):
    """An image of points in an order of its own, and one point."""
    rng = np.random.default_rng(seed)
    W = xr.DataArray(
        rng.dirichlet(np.ones(3), (4, 3)), dims=("row", "col", "label")
    ).transpose("row", "label", "col")
    return W, xr.DataArray(rng.dirichlet(np.ones(3)), dims="label")


@pytest.mark.parametrize("name", ["distance", "geodesic", "logarithm", "unlift"])
def test_one_point_serves_all_pixels(name):
    W, q = fields()
    function = getattr(manifold, name)
    right = function(W, q.broadcast_like(W))
    xr.testing.assert_allclose(function(W, q), right, rtol=1e-15)
    xr.testing.assert_allclose(function(W, q.values), right, rtol=1e-15)
    plain = function(W.transpose("label", ...).values, q.values)  # three columns, too
    named = right.transpose("label", ..., missing_dims="ignore")
    np.testing.assert_allclose(plain, named, rtol=1e-15)
    other = function(q, W)  # the first argument has no pixels
    assert set(other.dims) == set(right.dims)


def test_plain_arrays_of_other_shapes_are_refused():
    W = fields()[0].transpose("label", "row", "col").values
    for q in (W[:, :3], W[:2], np.array([1.0]), W[:, 0]):
        q = q / q.sum(axis=0)
        with pytest.raises(ValueError, match="`q` must have the shape of `p`"):
            manifold.distance(W, q)


def test_labeled_points_meet_by_coordinate():
    W, _ = fields()
    W = W.assign_coords(row=[1.0, 2.0, 3.0, 4.0]).assign_attrs(crs="EPSG:4326")
    turned = W.isel(row=slice(None, None, -1))
    found = manifold.distance(W, turned)
    np.testing.assert_array_equal(found, 0.0)
    assert found.row.values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found.attrs["crs"] == "EPSG:4326"
    with pytest.raises(ValueError, match="`q` has other coordinates along `row`"):
        manifold.distance(W, turned.assign_coords(row=[0.0, 1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="`q` must have 4 entries along `row`"):
        manifold.distance(W, turned.isel(row=[0, 1]).drop_vars("row"))


@pytest.mark.parametrize("time", [0.0, 0.3, 1, 2.0])
def test_the_time_of_a_geodesic_is_a_number_by_position_or_name(time):
    W, q = fields()
    found = manifold.geodesic(W, q, time)
    xr.testing.assert_identical(found, manifold.geodesic(W, q, time=time))
    if time in (0.0, 1):
        end = q.broadcast_like(W) if time else W
        xr.testing.assert_allclose(found, end, atol=1e-15)


@pytest.mark.parametrize(
    "bad",
    [np.nan, np.inf, "0.3", None, True, [0.3], np.timedelta64(1), 10**400],
    ids=str,
)
def test_other_times_are_refused(bad):
    with pytest.raises((TypeError, ValueError), match="`time` must be a finite number"):
        manifold.geodesic(P, P[::-1], bad)


def test_results_beyond_the_floats_are_refused_by_name():
    tiny = np.array([5e-324, 1.0])
    with pytest.raises(ValueError, match=r"`p` of .* must give numbers below"):
        manifold.inner(tiny, np.array([1.0, -1.0]), np.array([1.0, -1.0]))
    with pytest.raises(ValueError, match=r"`u` of .* must give numbers below"):
        manifold.replicator(P, np.array([1.7e308, -1.7e308, 1.7e308]))


@pytest.mark.parametrize("bad", [3, None, ["label"], np.ones((3, 3))], ids=type)
def test_the_dimension_is_a_name(bad):
    with pytest.raises(TypeError, match="`dim` must be the name"):
        manifold.entropy(P, dim=bad)


@pytest.mark.parametrize(
    ("name", "count"),
    [("center", 1), ("replicator", 2), ("exponential", 2), ("logarithm", 2),
     ("lift", 2), ("unlift", 2), ("inner", 3), ("distance", 2), ("geodesic", 2),
     ("entropy", 1)],
)  # fmt: skip
def test_labeled_arrays_in_any_order_give_the_numbers_of_plain_ones(name, count):
    points = np.random.default_rng(0).uniform(0.2, 1.0, (3, 3, 4, 5))
    points = points / points.sum(axis=1, keepdims=True)
    given = list(points[:count])
    if name in ("center", "replicator", "exponential", "lift", "inner"):
        given[-1] = given[-1] - given[-1].mean(axis=0)  # a tangent vector
    if name == "inner":
        given[1] = given[1] - given[1].mean(axis=0)
    expected = getattr(manifold, name)(*given)
    turned = [
        xr.DataArray(a, dims=("label", "row", "col")).transpose("col", "label", "row")
        for a in given
    ]
    found = getattr(manifold, name)(*turned)
    order = [d for d in ("label", "row", "col") if d in found.dims]
    np.testing.assert_allclose(
        found.transpose(*order), expected, rtol=1e-12, atol=1e-15
    )
    assert list(found.dims) == [d for d in ("col", "label", "row") if d in found.dims]
