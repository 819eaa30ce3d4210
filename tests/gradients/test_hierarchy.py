"""The hierarchy of gradient methods: exact answers, stated errors, costs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm, expm_frechet

import explorer as ex
from explorer.flow import integrators
from tests import reference

# the stored answers and ours come from exponentials of matrices of norm ≤ 40, which
# lose some of sixteen digits; nine are kept with a margin
RTOL = 1e-9
# what remains where bounds are zero: the Kronecker form takes e^{Tμ} forth and back,
# for T = 20 and μ = ½ a factor e¹⁰ = 2e4 on top of the rounding of exponentials
ROUNDING = 1e-11

WHOLE = (
    ex.DenseGradient(),
    ex.KroneckerKrylov(40),
    ex.BenziSimoncini(30),
    ex.FactoredSVD(30),
    ex.LowRankGradient(30, 30, route=ex.KroneckerSum()),
    ex.LowRankGradient(60, 60),
)
"""Every method with spaces so large that only rounding is left."""

COARSE = (
    ex.KroneckerKrylov(5),
    ex.BenziSimoncini(4),
    ex.FactoredSVD(4),
    ex.LowRankGradient(4, 4),
    ex.LowRankGradient(5, 1, route=ex.KroneckerSum()),
    ex.LowRankGradient(5, 2),
)
"""Methods with errors that can be seen."""


def name_of(method):
    route = type(getattr(method, "route", None)).__name__
    rank = getattr(method, "rank", "")
    return f"{type(method).__name__}{rank}{'' if route == 'NoneType' else route}"


def flow_of(problem, base_point=None):
    return ex.LinearizedFlow(problem.distances, problem.rho, problem.radius, base_point)


def gradient_of(method, problem):
    return method(flow_of(problem), problem.weights, problem.labels, problem.time)


def distance(actual, expected):
    return float(np.linalg.norm(np.asarray(actual) - np.asarray(expected)))


def stated(data):
    return float(data.approximation_error) + float(data.truncation_error)


@pytest.mark.slow
@pytest.mark.parametrize("method", WHOLE, ids=name_of)
def test_every_method_gives_the_reference_gradient(case, method):
    data = gradient_of(method, reference.problem_of(case))
    norm = np.linalg.norm(case["gradient"])
    assert distance(data.gradient, case["gradient"]) <= RTOL * norm
    assert float(data.loss) == pytest.approx(float(case["loss"]), rel=RTOL)
    sigma = data.singular_values.values[:8]
    np.testing.assert_allclose(
        sigma, case["singular_values"], atol=RTOL * case["singular_values"][0]
    )


@pytest.mark.slow
@pytest.mark.parametrize("rank", [1, 2])
def test_the_papers_route_truncates_as_the_reference_does(case, rank):
    method = ex.LowRankGradient(30, rank, route=ex.KroneckerSum())
    data = gradient_of(method, reference.problem_of(case))
    expected = case[f"gradient_rank{rank}"]
    assert distance(data.gradient, expected) <= RTOL * np.linalg.norm(expected)


def test_the_direct_method_gives_the_complex_step_derivative():
    for shape, labels, time in (((2, 2), 2, 3.0), ((1, 3), 3, 6.0), ((1, 1), 2, 1.0)):
        problem = reference.random_problem(shape, labels, 1, time)
        data = gradient_of(ex.DirectKronecker(), problem)
        exact = reference.complex_step_gradient(problem)
        off = distance(data.gradient, exact)
        assert off <= ROUNDING * max(1.0, np.linalg.norm(exact))
        assert off <= stated(data) + 1e-15  # rounding of numbers below one


@pytest.mark.slow
@pytest.mark.parametrize("method", [m for m in WHOLE if name_of(m)[:3] != "Kro"])
def test_every_method_works_at_any_base_point(method):
    case = reference.load("base_point")
    problem = reference.problem_of(case)
    flow = flow_of(problem, case["base_point"])
    data = method(flow, problem.weights, problem.labels, problem.time)
    norm = np.linalg.norm(case["gradient"])
    assert distance(data.gradient, case["gradient"]) <= RTOL * norm


@pytest.mark.slow
@pytest.mark.parametrize("method", COARSE, ids=name_of)
def test_coarse_methods_keep_their_stated_error(case, method):
    data = gradient_of(method, reference.problem_of(case))
    slack = ROUNDING * np.linalg.norm(case["gradient"])
    assert distance(data.gradient, case["gradient"]) <= stated(data) + slack


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_methods_agree_pairwise_within_their_stated_errors(seed):
    problem = reference.random_problem((2, 3), 2, 1, (1.0, 6.0)[seed % 2], seed)
    methods = (*WHOLE, *COARSE, ex.DirectKronecker())
    results = [gradient_of(m, problem) for m in methods]
    slack = ROUNDING * np.linalg.norm(results[0].gradient)
    for a in results:
        for b in results:
            off = distance(a.gradient, b.gradient)
            assert off <= stated(a) + stated(b) + slack


@pytest.mark.parametrize("method", COARSE[:3], ids=name_of)
def test_stated_errors_become_small(method):
    """A bound that never becomes small would hold, and be of no use."""
    problem = reference.random_problem((3, 3), 3, 1, 2.0)
    large = type(method)(14)
    data = gradient_of(large, problem)
    assert stated(data) <= 1e-6 * np.linalg.norm(data.gradient)
    assert stated(gradient_of(method, problem)) > 1e-6


def test_frechet_derivative_is_phi_of_the_kronecker_sum():
    """vec_r L_exp(A, E) = (e^A ⊗ I) φ(−A ⊕ Aᵀ) vec_r E, φ(x) = (eˣ − 1)/x."""
    rng = np.random.default_rng(0)
    for n in (2, 4, 6):
        A, E = rng.standard_normal((2, n, n))
        unit = np.eye(n)
        M = np.kron(-A, unit) + np.kron(unit, A.T)
        phi = reference.phi_column(M, E.ravel(), 1.0)
        ours = np.kron(expm(A), unit) @ phi
        expected = expm_frechet(A, E, compute_expm=False)
        # ‖A‖ ≤ 6: e^{−A} and e^{A} lose at most e^{12} = 2e5 roundings together
        np.testing.assert_allclose(
            ours.reshape(n, n), expected, atol=1e-10 * np.linalg.norm(expected)
        )


def test_both_routes_agree_where_nothing_is_to_be_learned():
    distances = np.ones((3, 2, 2))  # V = 0
    flow = ex.LinearizedFlow(distances)
    truth = np.zeros((2, 2), int)
    for method in (*WHOLE[1:], *COARSE):
        data = method(flow, flow.uniform_weights(), truth, 3.0)
        np.testing.assert_array_equal(data.gradient, 0.0)
        assert float(data.loss) == 1.0


@pytest.mark.parametrize("method", [*WHOLE, *COARSE], ids=name_of)
def test_no_time_and_one_label_are_answered(method):
    problem = reference.random_problem((2, 2), 3)
    still = method(flow_of(problem), problem.weights, problem.labels, 0.0)
    exact = ex.LowRankGradient(12, 12)
    limit = exact(flow_of(problem), problem.weights, problem.labels, 0.0)
    # the limit T → 0: Z has no weight, z = g
    assert distance(still.gradient, limit.gradient) <= 1e-14
    one = ex.LinearizedFlow(problem.distances[:1])
    data = method(one, problem.weights, np.zeros((2, 2), int), 3.0)
    np.testing.assert_array_equal(data.gradient, 0.0)
    assert float(data.loss) == 0.0


@pytest.mark.parametrize("method", WHOLE[1:-1], ids=name_of)
def test_times_too_long_for_the_kronecker_form_are_refused(method):
    problem = reference.random_problem((2, 2))
    with pytest.raises(ValueError, match=r"`time` = 2000 .*TwoSided\(\)"):
        method(flow_of(problem), problem.weights, problem.labels, 2000.0)


def test_the_dense_gradient_knows_long_times():
    problem = reference.random_problem((2, 2), time=2000.0)
    dense = gradient_of(ex.DenseGradient(), problem).gradient
    ours = gradient_of(ex.LowRankGradient(12, 12), problem).gradient
    # scaling and squaring of a matrix of norm 2000 loses about 2000 roundings
    assert distance(dense, ours) <= 1e-9 * np.linalg.norm(ours)


@pytest.mark.parametrize(
    "method",
    [
        ex.DirectKronecker(),
        ex.KroneckerKrylov(10),
        ex.BenziSimoncini(10),
        ex.FactoredSVD(10),
        ex.LowRankGradient(),
        ex.DenseGradient(),
    ],
    ids=name_of,
)
def test_what_does_not_fit_is_refused_before_any_work(method, monkeypatch):
    problem = reference.random_problem((2, 2))
    needed = method.memory(problem.distances.size)

    class Full:
        available = needed - 1

    monkeypatch.setattr(integrators, "ALWAYS_THERE", 0)
    monkeypatch.setattr(integrators.psutil, "virtual_memory", Full)
    flow = flow_of(problem)
    monkeypatch.setattr(flow.neighborhood.__class__, "apply", None)  # no work at all
    words = rf"{type(method).__name__} .* needs {needed / 1e9:.3g} GB"
    with pytest.raises(MemoryError, match=words.replace("+", r"\+")):
        method(flow, problem.weights, problem.labels, 1.0)


def refusal(method, monkeypatch, available):
    class Memory:
        pass

    Memory.available = available
    monkeypatch.setattr(integrators, "ALWAYS_THERE", 0)
    monkeypatch.setattr(integrators.psutil, "virtual_memory", Memory)
    problem = reference.random_problem((4, 4))
    with pytest.raises(MemoryError) as caught:
        method(flow_of(problem), problem.weights, problem.labels, 1.0)
    return str(caught.value), problem.distances.size


REFUSED = [
    ex.DirectKronecker(),
    ex.KroneckerKrylov(10),
    ex.BenziSimoncini(10),
    ex.FactoredSVD(20),
    ex.DenseGradient(),
    ex.EulerAdjoint(1e-4),
]


@pytest.mark.parametrize("method", REFUSED, ids=name_of)
def test_a_refused_gradient_names_the_cheapest_one_that_fits(method, monkeypatch):
    frugal = ex.LowRankGradient(route=ex.TwoSided(ex.BlockChebyshev(keep=False)))
    text, size = refusal(method, monkeypatch, frugal.memory(48) + 1)
    assert size == 48
    assert "use `LowRankGradient(route=TwoSided(BlockChebyshev(keep=False)))`" in text
    assert f"which needs {frugal.memory(48) / 1e9:.3g} GB" in text
    cure = text.split(":")[-1]
    assert " Krylov" not in cure  # an integrator is no gradient


def test_a_gradient_is_refused_with_the_truth_where_none_fits(monkeypatch):
    text, _ = refusal(ex.FactoredSVD(), monkeypatch, 8)
    assert "use fewer pixels or labels" in text


def test_the_bytes_of_a_refusal_are_those_of_complexity(monkeypatch):
    for method in REFUSED[:4]:
        text, _ = refusal(method, monkeypatch, 1)
        table = ex.complexity(4, 4, labels=3, dim=getattr(method, "dim", 1))
        required = float(table.required.sel(approach=type(method).__name__))
        assert f"needs {required / 1e9:.3g} GB" in text


def test_complexity_reproduces_the_remarks_of_the_paper():
    memory = ex.complexity(512, 512, labels=10, dim=10).memory / 1e12  # terabytes
    assert float(memory.sel(approach="DirectKronecker")) > 1e14
    assert 5000 < float(memory.sel(approach="KroneckerKrylov")) < 6000
    assert (
        50 < float(memory.sel(approach="BenziSimoncini")) < 60
    )  # "a bit more than 50"
    assert float(memory.sel(approach="FactoredSVD")) < 1e-3  # "at most a gigabyte"
    assert float(memory.sel(approach="LowRankGradient")) < 5e-4  # "less than 500 MB"


def test_complexity_counts_what_the_methods_ask_for():
    table = ex.complexity(3, 4, labels=2, dim=5)
    for method in (ex.DirectKronecker(), ex.BenziSimoncini(5), ex.LowRankGradient(5)):
        required = table.required.sel(approach=type(method).__name__)
        assert float(required) == method.memory(24)
    sizes = {"rows": 3, "cols": 4, "labels": 2, "dim": 5, "rank": 1}
    assert table.attrs == sizes


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_complexity_counts_the_components_that_are_kept(rank):
    """Each takes two vectors of k numbers, and 2 m operations for each of these."""
    table = ex.complexity(3, 4, labels=2, dim=5, rank=rank)
    low = table.sel(approach="LowRankGradient")
    k, m = 25, 5
    bases = 2 * k * m
    assert float(low.memory) == 8 * (bases + rank * 2 * k)
    assert float(low.operations) == 2 * k * (m + 1) + rank * 2 * k * m
    assert float(low.required) == ex.LowRankGradient(5, rank=rank).memory(24)
    assert low.attrs["rank"] == rank


def test_all_components_are_the_factored_svd():
    table = ex.complexity(6, 7, labels=3, dim=4, rank=4)
    svd, low = (table.sel(approach=a) for a in ("FactoredSVD", "LowRankGradient"))
    for name in ("numbers", "memory", "operations"):
        assert float(svd[name]) == float(low[name])


def test_complexity_refuses_more_components_than_vectors():
    with pytest.raises(ValueError, match="`rank` = 4 exceeds `dim` = 3"):
        ex.complexity(4, 4, labels=2, dim=3, rank=4)


@pytest.mark.parametrize("argument", ["rows", "cols", "labels", "dim", "rank"])
@pytest.mark.parametrize("value", [0, 1.5, np.nan, 10**9])
def test_complexity_refuses_impossible_sizes(argument, value):
    sizes = {"rows": 4, "cols": 4, "labels": 2, "dim": 3} | {argument: value}
    with pytest.raises(ValueError, match=f"`{argument}` = .*it must be an integer"):
        ex.complexity(**sizes)


@pytest.mark.parametrize(
    "kind", [ex.KroneckerKrylov, ex.BenziSimoncini, ex.FactoredSVD]
)
def test_the_dimension_is_checked(kind):
    with pytest.raises(ValueError, match="`dim` = 0"):
        kind(0)
    with pytest.raises(TypeError, match="`loss` = None"):
        kind(3, loss=None)


def test_other_choices_are_checked():
    for kind in (ex.DirectKronecker, ex.DenseGradient):
        with pytest.raises(TypeError, match="`loss` = 'direction'"):
            kind("direction")
    with pytest.raises(TypeError, match=r"`route` = None .*`KroneckerSum\(\)`"):
        ex.LowRankGradient(route=None)


def test_any_loss_passes_through_the_hierarchy():
    problem = reference.random_problem((2, 2), 2, time=2.0)
    expected = gradient_of(ex.LowRankGradient(8, 8, loss=ex.CrossEntropy()), problem)
    for kind in (ex.DirectKronecker, ex.DenseGradient):
        data = gradient_of(kind(loss=ex.CrossEntropy()), problem)
        assert float(data.loss) == pytest.approx(float(expected.loss), rel=1e-12)
        assert distance(data.gradient, expected.gradient) <= 1e-12


@pytest.mark.slow
def test_a_learner_takes_any_method(flow, problem):
    traces = [
        ex.Learner(flow, problem.labels, time=3.0, gradient=method).run(3)
        for method in (ex.DenseGradient(), ex.FactoredSVD(30))
    ]
    # three steps of the same gradient, which agrees to a dozen digits
    np.testing.assert_allclose(traces[0].loss, traces[1].loss, rtol=1e-9)
