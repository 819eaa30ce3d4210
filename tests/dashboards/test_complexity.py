"""The complexity explorer against the Remarks, brute force, and this machine."""

import tracemalloc

import numpy as np
import psutil
import pytest

import explorer as ex
from explorer.dashboards import complexity_nodes as nodes
from explorer.dashboards import complexity_runs
from explorer.dashboards.complexity_views import SPEED
from tests.dashboards.contract import counts, opened, ran, set_and_wait

pytestmark = pytest.mark.slow

TERA = 1e12

METHODS = {
    "direct": ex.DirectKronecker, "Krylov": ex.KroneckerKrylov,
    "Benzi–Simoncini": ex.BenziSimoncini, "factored SVD": ex.FactoredSVD,
    "low rank": ex.LowRankGradient, "Van Loan": ex.DenseGradient,
}  # fmt: skip


@pytest.fixture
def app():
    app = opened(ex.ComplexityExplorer)
    yield app
    app.close()


def paper(name, k, m, r):
    """Bytes by Remarks 3.9–3.12, with 8 per number; n + 1 = k."""
    stored = {
        "direct": k**4,
        "Krylov": k**2 * m**2,
        "Benzi–Simoncini": k**2 + k * m,
        "factored SVD": 4 * k * m,
        "low rank": 2 * k * r + 2 * k * m,
        "Van Loan": (2 * k - 1) ** 2,
    }
    return 8 * stored[name]


def curve(app, view, name):
    table = app.table(view)
    rows = table[table["series"] == name]
    return rows.iloc[:, 1].to_numpy(), rows.iloc[:, 2].to_numpy()


def test_it_opens_with_the_example_of_the_paper():
    app = ex.ComplexityExplorer()
    numbers = app.numbers
    assert numbers["exact_bytes"] > 1e14 * TERA  # Remark 3.9
    assert numbers["low_rank_bytes"] < 500e6  # Remark 3.12
    assert numbers["ratio"] == numbers["exact_bytes"] / numbers["low_rank_bytes"]
    assert [(one.label, one.value) for one in app.frame.readouts[:3]] == [
        ("exact, TB", "4·10¹⁴"), ("low rank", "461 MB"), ("ratio", "8·10¹⁷"),
    ]  # fmt: skip
    set_and_wait(app, size=4, labels=2)
    exact = app.frame.readouts[0]
    assert (exact.label, exact.value, exact.warn) == ("exact", "9.49 MB", False)
    app.close()


@pytest.mark.parametrize("name", METHODS)
def test_curves_are_the_counts_of_the_paper(app, name):
    set_and_wait(app, labels=7, dim=9, rank=4)
    sides, memory = curve(app, "memory-over-size", name)
    assert sides[0] == 1
    assert sides[-1] == 4096
    expected = [paper(name, int(side) ** 2 * 7 + 1, 9, 4) / 1e9 for side in sides]
    np.testing.assert_allclose(memory, expected, rtol=1e-14)
    sides, operations = curve(app, "operations-over-size", name)
    table = ex.complexity(64, 64, 7, 9, 4).sel(approach=METHODS[name].__name__)
    (at,) = np.flatnonzero(sides == 64)
    assert operations[at] == float(table.operations)


def test_the_table_says_what_the_chosen_image_costs(app):
    set_and_wait(app, size=20, labels=3, dim=5, rank=2)
    table = app.table("at-this-size").set_index("method")
    ours = app.table("with-our-code").set_index("method")
    for name, kind in METHODS.items():
        assert table["GB"][name] == pytest.approx(paper(name, 1201, 5, 2) / 1e9)
        dim = {} if name in ("direct", "Van Loan") else {"dim": 5}
        rank = {"rank": 2} if name == "low rank" else {}
        assert ours["GB"][name] == kind(**dim, **rank).memory(1200) / 1e9
        costs = ex.complexity(20, 20, 3, 5, 2).sel(approach=kind.__name__)
        assert table["flops"][name] == float(costs.operations)


@pytest.mark.parametrize(("dim", "rank"), [(10, 1), (5, 5), (1, 1)])
def test_the_largest_side_fits_and_the_next_one_does_not(app, dim, rank):
    set_and_wait(app, labels=6, rank=1)
    set_and_wait(app, dim=dim, rank=rank)
    machine = psutil.virtual_memory().total
    table = app.table("largest-side").set_index("method")
    assert len(table.columns) == 3
    for name, row in table.iterrows():
        for side, memory in zip(row, (8e9, machine, 80e9), strict=True):
            bytes_of = lambda s: paper(name, int(s) ** 2 * 6 + 1, dim, rank)  # noqa: B023, E731
            assert bytes_of(side) <= memory < bytes_of(side + 1), name


def test_with_our_code_the_largest_side_fits_and_the_next_one_does_not(app):
    set_and_wait(app, labels=6, dim=10, rank=1)
    machine = psutil.virtual_memory().total
    sides = app.table("with-our-code").set_index("method")["largest"]
    for name, kind in METHODS.items():
        side = int(sides[name])
        assert (
            kind().memory(side**2 * 6) <= machine < kind().memory((side + 1) ** 2 * 6)
        )


def test_the_search_goes_down_from_the_largest_image():
    """Memory may fall, where large bases are no longer stored, and rise again."""
    memory = lambda s: np.where(s < 1000, s, s / 10)[None]  # noqa: E731
    assert nodes.largest_sides(memory, 120.0) == (1200,)
    assert nodes.largest_sides(memory, 50.0) == (50,)
    assert nodes.largest_sides(memory, 0.5) == (0,)


def test_levels_are_the_memory_of_three_machines_and_times(app):
    memory = app.frame.panels["memory-over-size"].levels
    here = psutil.virtual_memory().total / 1e9
    assert [at for at, _ in memory] == [8.0, here, 80.0]
    assert [text for _, text in memory] == ["phone", "here", "GPU"]
    note = app.frame.panels["memory-over-size"].note
    assert note == f"phone 8 GB, here {here:.0f} GB, GPU 80 GB"
    times = app.frame.panels["operations-over-size"].levels
    second, day, century = (at / SPEED for at, _ in times)
    assert (second, day / second) == (1.0, 24 * 60 * 60)
    assert century / day == pytest.approx(100 * 365.25)


@pytest.mark.parametrize("rank", [2, 200])
def test_more_components_than_vectors_are_refused_beside_the_rank(app, rank):
    before = app.numbers
    set_and_wait(app, dim=1)
    set_and_wait(app, rank=rank)
    said = app.frame.complaints
    assert set(said) == {"rank"}
    assert f"`rank` = {rank} exceeds `dim` = 1" in said["rank"]
    assert set(app.frame.errors) == set(app.shown)
    set_and_wait(app, rank=1, dim=6)
    assert app.frame.complaints == {}
    assert app.numbers == before


def test_all_components_are_the_factored_svd(app):
    app.preset("All components")
    assert app.wait()
    low, svd = (
        curve(app, "memory-over-size", name)[1] for name in ("low rank", "factored SVD")
    )
    np.testing.assert_array_equal(low, svd)


def test_the_sentences_of_the_presets_are_so(app):
    for name in app.presets:
        app.preset(name)
        assert app.wait()
        bytes_of = app.table("at-this-size").set_index("method")["GB"] * 1e9
        if name == "Sixteen pixels":
            assert bytes_of["direct"] < 2e9
        if name == "A photo":
            small = set(bytes_of.index[bytes_of < TERA])
            assert small == {"factored SVD", "low rank"}


def test_moving_the_size_counts_only_this_size(app):
    before = counts(app)
    set_and_wait(app, size=77)
    assert not ran(app, before) & {"growth", "largest", "machine", "runs"}


def test_what_is_shown_is_measured_and_reasons_say_why_no_more_was(app):
    before = counts(app)
    set_and_wait(app, labels=2, dim=3)
    assert "runs" not in ran(app, before)
    app.show(
        "memory-over-size", "measured-memory", "measured-time", "what-was-measured"
    )
    assert app.wait(120.0)
    assert app.frame.errors == {}
    found = app.read("runs")
    assert list(found) == list(METHODS)
    for name, run in found.items():
        assert len(run.sides) == len(run.seconds) == len(run.peaks) > 0
        assert list(run.sides) == sorted(set(run.sides))
        assert min(run.seconds) > 0.0
        measured = curve(app, "measured-memory", f"{name}, measured")
        np.testing.assert_array_equal(measured[0], run.sides)
        np.testing.assert_array_equal(measured[1], np.array(run.peaks) / 1e9)
        last = run.sides[-1] == complexity_runs.SIDES[-1]
        assert (run.ended == "not tried") == last
        assert last or run.ended.startswith(f"{complexity_runs.SIDES[len(run.sides)]}:")
    table = app.table("what-was-measured").set_index("method")
    assert table["next"]["direct"] == found["direct"].ended
    before = counts(app)
    set_and_wait(app, size=99)
    assert "runs" not in ran(app, before)


def test_the_memory_of_arrays_is_measured():
    """The low-rank gradient holds its bases, and no more than it says it requires."""
    method, (side, labels) = ex.LowRankGradient(10), (96, 10)
    given = complexity_runs.problem(side, labels)
    complexity_runs.peak_of(method, given, lambda: None)  # loads code
    peak = complexity_runs.peak_of(method, given, lambda: None)
    n = side**2 * labels
    assert not tracemalloc.is_tracing()
    assert 8 * n * 2 * 10 <= peak <= method.memory(n)


def test_tracing_that_somebody_else_began_goes_on():
    given = complexity_runs.problem(2, 2)
    tracemalloc.start()
    try:
        assert complexity_runs.peak_of(ex.DenseGradient(), given, lambda: None) > 0.0
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_a_newer_request_ends_a_measurement():
    def enough():
        if len(asked) > 3:
            raise InterruptedError
        asked.append(tracemalloc.is_tracing())

    asked = []
    with pytest.raises(InterruptedError):
        complexity_runs.runs(2, 3, 1, enough)
    assert not tracemalloc.is_tracing()


@pytest.mark.parametrize(
    ("needed", "expected", "said"),
    [(1e18, 0.0, "1e+09 GB, "), (8.0, 3.0, "about 3 s"), (8.0, 0.1, "")],
)
def test_what_is_too_large_or_too_slow_is_not_measured(needed, expected, said):
    assert complexity_runs.obstacle(needed, expected).startswith(said)
    assert bool(complexity_runs.obstacle(needed, expected)) == bool(said)
