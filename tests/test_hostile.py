"""No public call takes nonsense: one argument spoiled at a time, all calls, all kinds.

A public callable without a row in `tests/hostile`, or a row without one of its
arguments, fails here.
"""

from __future__ import annotations

import re

import pytest

from tests.hostile import experiments, flows, gradients, images, judge

SLOW = re.compile(r"WeightPatchPredictor|Evidence|\w+Explorer|experiments|.*Auto")
"""Rows whose good call trains, tunes, opens a dashboard, or loads PyTorch."""

NEEDS = {"EulerAutodiff": "torch", "KrylovAutodiff": "torch", "GraphCut": "maxflow"}
"""Rows of optional packages, and the fixtures that say when these are missing."""

TABLE = [r for room in (flows, gradients, images, experiments) for r in room.rows()]
ROWS = {r.name: r for r in TABLE}
PUBLIC = dict(judge.public())
CASES = [
    pytest.param(
        row,
        argument,
        id=f"{row.name}-{argument}",
        marks=[pytest.mark.slow] if SLOW.match(row.name) else [],
    )
    for row in TABLE
    for argument in row.kinds
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_callable_has_a_row_with_all_its_arguments(name):
    assert name in ROWS, f"add a row for {name} in tests/hostile"
    assert set(judge.parameters(PUBLIC[name])) <= set(ROWS[name].kinds)


def test_no_row_is_of_what_is_gone():
    extra = {name for name in ROWS if " " not in name} - set(PUBLIC)
    assert not extra


@pytest.mark.slow
@pytest.mark.parametrize(("row", "argument"), CASES)
def test_nonsense_is_refused_by_name_or_does_no_harm(
    row, argument, tmp_path, monkeypatch, request
):
    for part in row.name.split("."):
        if part in NEEDS:
            request.getfixturevalue(NEEDS[part])
    monkeypatch.chdir(tmp_path)
    good = judge.numbers(row.result())
    complaints = []
    for hostile in row.kinds[argument].hostile():
        text = judge.complaint(row, argument, hostile, good)
        if text:
            complaints.append(f"{hostile.name}: {text}")
    assert not complaints, "\n".join(["", *complaints])
