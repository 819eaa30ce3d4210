"""`laf table`: measure how closely low-rank gradients follow the exact one."""

from __future__ import annotations

import argparse
from pathlib import Path

import xarray as xr

from explorer.command.delivery import deliver
from explorer.command.results import check_target
from explorer.experiments.cosine import AGREEMENT, cosine_table
from explorer.files import write

TITLE = (
    f"Share of pixels whose patch gradient has a cosine ≥ {AGREEMENT:g} to the exact "
    "one\n(uniform weights, ρ = {rho:g}, m = {dim}, {size}×{size} pixels, seed {seed})"
)


def table(options: argparse.Namespace) -> int:
    """Compute and print the table; write it if `--out` names a file."""
    if options.out is not None:
        try:
            check_target(options.out)
        except (ValueError, OSError) as error:
            options.complain(str(error))
    try:
        data = cosine_table(options.size, options.seed)
    except ValueError as error:
        options.complain(str(error))
    print(text_of(data))
    if options.out is None:
        return 0

    def save(out: Path) -> list[Path]:
        write(data, out)
        return [out]

    return deliver("table", options.out, save)


def text_of(data: xr.Dataset) -> str:
    """Return the dataset as a table of plain text."""
    variants = [str(v) for v in data.variant.values]
    head = ["scene", "T", *variants, "σ₂/σ₁"]
    lines = [head]
    for scene in data.scene.values:
        for time in data.time.values:
            at = data.sel(scene=scene, time=time)
            shares = [f"{share:.3f}" for share in at.share.values]
            ratio = f"{float(at.singular_value_ratio):.1e}"
            lines.append([str(scene), f"{time:g}", *shares, ratio])
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    body = [
        "  ".join(c.ljust(w) for c, w in zip(x, widths, strict=True)) for x in lines
    ]
    worst = float(data.exact_error.max())
    return "\n".join(
        [
            TITLE.format(**data.attrs),
            "",
            *body,
            "",
            "The exact gradient's own relative error, rounding aside, is at most "
            f"{worst:.1e}.",
        ]
    )
