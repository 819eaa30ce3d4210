"""The files that `laf learn` writes: a netCDF dataset and a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import xarray as xr

from explorer import __version__, params
from explorer.command.delivery import option
from explorer.files import checked_target, whole, write
from explorer.flow.evolution import Solution, present
from explorer.gradients.derivative import numbers_of
from explorer.learning.learner import Learner
from explorer.learning.trace import Step, trace_of

SUFFIX = ".nc"

SOURCE = "Zeilmann, Petra, Schnörr (JMIV 2023), doi 10.1007/s10851-022-01132-9"


@dataclass(frozen=True, eq=False)
class Result:
    """The scene, the learner after its last step, and the steps."""

    scene: xr.Dataset
    learner: Learner
    records: tuple[Step, ...]

    @cached_property
    def solution(self) -> Solution:
        """The flow at the weights reached."""
        learner = self.learner
        reached = learner.evaluate(learner.weights.values)
        return present(reached.derivative.evolution, params.RTOL.default)

    @cached_property
    def trace(self) -> xr.Dataset:
        """The steps as a dataset."""
        return trace_of(self.records, **self.learner.settings())

    def dataset(self) -> xr.Dataset:
        """Return trace, weights, scene and labeling as one self-describing dataset.

        `distances` and `weights` with the attributes `rho`, `time` and `dim` are all
        that is needed to solve the flow again or to go on learning.
        """
        labeling = self.solution.labels.assign_attrs(long_name="labeling found")
        parts = self.trace.assign(weights=self.learner.weights, labeling=labeling)
        return xr.merge([self.scene, parts], combine_attrs="override").assign_attrs(
            title="Learning of a linearized assignment flow",
            source=SOURCE,
            history=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} laf learn {__version__}",
            **self.scene.attrs,
            **self.numbers(),
        )

    def numbers(self) -> dict[str, float | str]:
        """Return all settings of the learner, as numbers where they are numbers."""
        gradient, optimizer = self.learner.gradient, self.learner.optimizer
        chosen = numbers_of(gradient) | numbers_of(optimizer)
        return {**self.learner.settings(), **chosen, "steps": self.records[-1].step}


def check_target(out: Path) -> None:
    """Raise unless `out` names a netCDF file that can be written."""
    if out.suffix != SUFFIX:
        raise ValueError(f"`out` = '{out}' must end in {SUFFIX}: it is a netCDF file")
    with option("out"):
        for path in targets(out):
            checked_target(path)


def targets(out: Path) -> tuple[Path, Path]:
    """Return the netCDF file and the report that lies beside it."""
    return out, out.with_suffix(".html")


def save(result: Result, out: Path) -> list[Path]:
    """Write the dataset and then the report, each completely or not at all."""
    data, report = targets(out)
    write(result.dataset(), data)
    from explorer.dashboards.report import write_report  # loads bokeh

    with whole(report) as draft:
        write_report(draft, result.scene, result.learner, result.trace)
    return [data, report]
