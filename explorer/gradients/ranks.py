"""The number of singular components of Z that a gradient keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from explorer import params

AUTO = "auto"

RANK_OR_ALL = replace(params.RANK, low=0, default=0)
"""Rank 0 stands for all `dim` components."""


def checked_rank(value: Any) -> Any:
    """Return the rank, a number or "auto", or raise."""
    if not isinstance(value, str):
        return params.RANK.check(value)
    if value != AUTO:
        raise TypeError(
            f"`rank` = {value!r} is an unknown word: it must be "
            f'{params.RANK.admissible}, or "{AUTO}"'
        )
    return value


def require_rank(rank: int, dim: int) -> None:
    """Raise unless a Krylov space of dimension `dim` holds `rank` components."""
    if rank > dim:
        raise ValueError(
            f"`rank` = {rank} exceeds `dim` = {dim}: a Krylov space of "
            "dimension m holds at most m components; lower `rank` or raise `dim`"
        )
