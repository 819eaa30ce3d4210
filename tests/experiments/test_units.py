"""Units of an experiment: computed once, kept, told about, and stopped."""

from __future__ import annotations

import re

import pytest
import xarray as xr

from explorer.experiments import units
from explorer.experiments.scenarios import figure1
from explorer.experiments.units import Bench, Setup, Unit, over_scenes, stack

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


class Counter:
    """Units that count how often each is computed."""

    def __init__(self):
        self.computed = []

    def unit(self, name, value=1.0):
        def compute():
            self.computed.append(name)
            return xr.Dataset({"x": value})

        return Unit(name, {"value": value}, compute)


def test_what_is_kept_is_not_computed_again(tmp_path):
    counter = Counter()
    first = Bench(tmp_path).run([counter.unit("a"), counter.unit("b", 2.0)])
    again = Bench(tmp_path).run(
        [counter.unit("b", 2.0), counter.unit("a"), counter.unit("c")]
    )
    assert counter.computed == ["a", "b", "c"]
    assert [float(d.x) for d in again] == [2.0, 1.0, 1.0]
    xr.testing.assert_identical(again[1], first[0])


def test_other_settings_are_computed_anew(tmp_path):
    counter = Counter()
    Bench(tmp_path).run([counter.unit("a", 1.0)])
    found = Bench(tmp_path).run([counter.unit("a", 3.0)])
    assert float(found[0].x) == 3.0
    assert counter.computed == ["a", "a"]


def test_other_code_computes_anew(tmp_path, monkeypatch):
    counter = Counter()
    Bench(tmp_path).run([counter.unit("a")])
    monkeypatch.setattr(units, "code_digest", lambda: "of another version")
    Bench(tmp_path).run([counter.unit("a")])
    assert counter.computed == ["a", "a"]


def test_the_code_is_all_that_numbers_depend_on(tmp_path, monkeypatch):
    """A changed constant counts, a changed drawing does not."""
    for name in ("flow/krylov.py", "kit/page.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("RHO = 0.5")
    monkeypatch.setattr(units, "PACKAGE", tmp_path)
    digest = units.code_digest.__wrapped__
    first = digest()
    (tmp_path / "kit/page.py").write_text("SIDE = 3")
    assert digest() == first
    (tmp_path / "flow/krylov.py").write_text("RHO = 0.6")
    assert digest() != first


def test_a_broken_file_is_computed_anew(tmp_path):
    counter = Counter()
    (tmp_path / "a.nc").write_bytes(b"no netCDF")
    Bench(tmp_path).run([counter.unit("a")])
    Bench(tmp_path).run([counter.unit("a")])
    assert counter.computed == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]


def test_a_stop_keeps_what_was_computed(tmp_path):
    counter = Counter()

    def check():
        if len(counter.computed) == 2:
            raise KeyboardInterrupt

    units = [counter.unit(name) for name in "abc"]
    with pytest.raises(KeyboardInterrupt):
        Bench(tmp_path, check=check).run(units)
    Bench(tmp_path).run(units)
    assert counter.computed == ["a", "b", "c"]


def test_a_bench_is_checked_when_it_is_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"`folder` = .* is a file"):
        Bench(tmp_path / "file")
    with pytest.raises(TypeError, match="`folder` = 3 is not a path"):
        Bench(3)
    with pytest.raises(TypeError, match="`tell` = 'x' cannot be called"):
        Bench(tell="x")
    assert Bench(str(tmp_path)).folder == tmp_path
    for wrong in ({"setup": 3}, {"bench": "folder"}):
        with pytest.raises(TypeError, match=r"pass a (Setup|Bench), such as"):
            figure1(**wrong)


def test_progress_is_told(tmp_path):
    told = []
    counter = Counter()
    Bench(tmp_path).run([counter.unit("a")])
    Bench(tmp_path, told.append).run([counter.unit(name) for name in "abc"])
    assert [(p.done, p.total) for p in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[0].seconds_left != told[0].seconds_left  # nothing is known yet
    assert told[1].seconds_left > 0.0
    assert told[2].seconds_left == 0.0
    told.clear()
    Bench(tmp_path, told.append).run([counter.unit("a")])
    assert [p.seconds_left for p in told] == [0.0]


def test_scenes_have_units_of_their_own_seeds():
    setup = Setup(size=8, scenes=3, steps=1, seed=4)
    units = over_scenes("x", setup, {}, lambda seed: xr.Dataset({"seed": seed}))
    assert [float(u.compute().seed) for u in units] == [4, 5, 6]
    assert len({u.stamp for u in units}) == 3
    joined = stack([u.compute() for u in units], "scene", setup.seeds)
    assert joined.scene.values.tolist() == joined.seed.values.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 4}, "`size` = 4"),
        ({"scenes": 0}, "`scenes` = 0"),
        ({"steps": -1}, "`steps` = -1"),
        ({"seed": 0.5}, "`seed` = 0.5"),
    ],
)
def test_wrong_setups_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Setup(**arguments)
