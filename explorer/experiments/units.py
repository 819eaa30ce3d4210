"""Experiments in units: each unit is computed once and stored, for runs that resume."""

from __future__ import annotations

import hashlib
import json
import time as clock
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import xarray as xr

from explorer import params
from explorer.files import expanded, write
from explorer.images.reading import is_path
from explorer.params import Record, of, settle

SIZE = replace(params.SIZE, low=8)
"""Least size of a scene: smaller ones have no structure to learn."""

SEED = replace(params.SEED, high=2**31 - 1)
"""Largest first seed, because further scenes use the seeds above it."""

PACKAGE = Path(__file__).parents[1]

DRAWING = ("command", "dashboards", "drawing", "kit", "panels.py")
"""Parts of the package that do not affect the numbers."""


@cache
def code_digest() -> str:
    """Return a fingerprint of the code that computes units.

    If the code changes, even in a constant, stored results do not count.
    """
    found = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] not in DRAWING:
            found.update(path.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True)
class Setup(Record):
    """The scenes of an experiment: five of 128 × 128 pixels, as in Sec. 4.1.

    Parameters
    ----------
    size : int in 8 … 4096, rows and columns.
    scenes : int in 1 … 50, number of scenes to average over.
    steps : int ≥ 0, number of learning steps.
    seed : int in 0 … 2³¹ − 1, of the first scene; the others follow.
    """

    size: int = of(SIZE)
    scenes: int = of(params.SCENES)
    steps: int = of(params.STEPS)
    seed: int = of(SEED)

    @property
    def seeds(self) -> range:
        """The seeds of the scenes."""
        return range(self.seed, self.seed + self.scenes)


QUICK = Setup(size=40, scenes=2, steps=5)
"""A trial setup that takes a minute or two; its figures mean little."""


@dataclass(frozen=True, eq=False)
class Unit:
    """A part of an experiment that is computed as a whole.

    name : of letters, digits, dots and dashes; settings : everything that its result
    depends on, besides the code.
    """

    name: str
    settings: dict[str, Any]
    compute: Callable[[], xr.Dataset]

    @property
    def stamp(self) -> str:
        """The stamp that a stored result of this unit must carry."""
        text = json.dumps([code_digest(), self.name, self.settings], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Progress:
    """Progress of an experiment: units done, all units, approximate seconds left."""

    done: int
    total: int
    seconds_left: float


@dataclass(frozen=True, eq=False)
class Bench:
    """How to compute units: the folder for their results, and calls along the way.

    Parameters
    ----------
    folder : path, optional, created if necessary; by default, nothing is kept.
    tell : called with a `Progress` before the first unit and after each.
    check : called before each unit; it may raise to stop.
    """

    folder: Any = None
    tell: Callable[[Progress], None] = field(default=lambda progress: None)
    check: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        if not (self.folder is None or is_path(self.folder)):
            raise TypeError(
                f"`folder` = {self.folder!r} is not a path: name a folder, or pass "
                "None to keep nothing"
            )
        if self.folder is not None:
            settle(self, folder=expanded(self.folder, "folder"))
            if self.folder.exists() and not self.folder.is_dir():
                raise NotADirectoryError(
                    f"`folder` = '{self.folder}' is a file: name a folder"
                )
        for name in ("tell", "check"):
            if not callable(getattr(self, name)):
                raise TypeError(
                    f"`{name}` = {getattr(self, name)!r} cannot be called: pass a "
                    "function"
                )

    def run(self, units: Sequence[Unit]) -> list[xr.Dataset]:
        """Return the results of all units, from the folder if it has them."""
        results: dict[str, xr.Dataset] = {}
        for unit in units:
            kept = self.kept(unit)
            if kept is not None:
                results[unit.name] = kept
        missing = [u for u in units if u.name not in results]
        found = len(results)
        self.tell(Progress(found, len(units), float("nan") if missing else 0.0))
        began = clock.perf_counter()
        for count, unit in enumerate(missing, 1):
            self.check()
            results[unit.name] = unit.compute()
            self.keep(unit, results[unit.name])
            each = (clock.perf_counter() - began) / count
            left = each * (len(missing) - count)
            self.tell(Progress(found + count, len(units), left))
        return [results[u.name] for u in units]

    def place(self, unit: Unit) -> Path | None:
        """Return the file of a unit."""
        return None if self.folder is None else self.folder / f"{unit.name}.nc"

    def kept(self, unit: Unit) -> xr.Dataset | None:
        """Return the stored result; None if it is missing or does not match."""
        path = self.place(unit)
        if path is None or not path.is_file():
            return None
        try:
            dataset = xr.load_dataset(path, engine="h5netcdf")
        except Exception:  # readers raise anything; broken files are recomputed
            return None
        return dataset if dataset.attrs.pop("stamp", "") == unit.stamp else None

    def keep(self, unit: Unit, result: xr.Dataset) -> None:
        """Store a result; the file is written completely or not at all."""
        path = self.place(unit)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write(result.assign_attrs(stamp=unit.stamp), path)


def prepared(setup: Setup | None, bench: Bench | None) -> tuple[Setup, Bench]:
    """Return the setup and the bench of an experiment, by default the usual ones."""
    for name, value, kind in (("setup", setup, Setup), ("bench", bench, Bench)):
        if not (value is None or isinstance(value, kind)):
            raise TypeError(
                f"`{name}` = {value!r} is a {type(value).__name__}; pass a "
                f"{kind.__name__}, such as `experiments.{kind.__name__}()`"
            )
    return setup or Setup(), bench or Bench()


def over_scenes(
    name: str,
    setup: Setup,
    settings: dict[str, Any],
    compute: Callable[[int], xr.Dataset],
) -> list[Unit]:
    """Return a unit for each scene; `compute` takes its seed."""
    return [
        Unit(
            f"{name}-{seed}",
            {**settings, "size": setup.size, "steps": setup.steps, "seed": seed},
            lambda seed=seed: compute(seed),  # type: ignore[misc]
        )
        for seed in setup.seeds
    ]


def stack(parts: Iterable[xr.Dataset], dim: str, names: Sequence[Any]) -> xr.Dataset:
    """Return datasets stacked along a new dimension."""
    joined: xr.Dataset = xr.concat(
        list(parts), dim=dim, combine_attrs="drop_conflicts", join="outer"
    )
    return joined.assign_coords({dim: list(names)})
