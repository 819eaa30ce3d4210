"""Costs of gradient methods: the table of Remarks 3.9–3.12, and the costs here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import APPROACH
from explorer.gradients.gradient import ClosedForm, LowRankGradient
from explorer.gradients.hierarchy import (
    BenziSimoncini,
    DenseGradient,
    DirectKronecker,
    FactoredSVD,
    KroneckerKrylov,
)
from explorer.gradients.ranks import require_rank

BYTES = 8
"""Bytes of one number in double precision."""


def methods(dim: int, rank: int) -> tuple[ClosedForm, ...]:
    """Return the methods in the order of the paper, then Van Loan's form."""
    return (
        DirectKronecker(), KroneckerKrylov(dim), BenziSimoncini(dim), FactoredSVD(dim),
        LowRankGradient(dim, rank=rank), DenseGradient(),
    )  # fmt: skip


def counts(n: Any, dim: int, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the stored numbers and the operations of `methods`, for n = I·J.

    n : number or array (…); both results have the shape (method, …).

    Two Krylov bases take 2 k m numbers and 2 k (m + 1) operations (Remark 3.10). Each
    component, P_m y_r and Q_m z_r, adds 2 k numbers and 2 k m operations.
    """
    n = np.asarray(n, float)
    k, m, r = n + 1.0, dim, rank
    bases = 2 * k * m, 2 * k * (m + 1)
    table = [
        (k**4, k**4),
        (k**2 * m**2, k**2 * (m + 1)),
        (k**2 + k * m, k**2 * m),
        (bases[0] + 2 * k * m, bases[1] + 2 * k * m * m),
        (bases[0] + 2 * k * r, bases[1] + 2 * k * m * r),
        ((2.0 * n + 1) ** 2, (2.0 * n + 1) ** 3),
    ]
    numbers, operations = (np.stack(column) for column in zip(*table, strict=True))
    return numbers, operations


def complexity(
    rows: int, cols: int, labels: int, dim: int, rank: int = int(params.RANK.default)
) -> xr.Dataset:
    """Return memory and operations of every gradient method for one image size.

    With k = I·J + 1, I = rows · cols, m = dim and r = rank (Remarks 3.9–3.12):

    | method | numbers stored | operations, leading order |
    |---|---|---|
    | DirectKronecker | k⁴ | k⁴ at least |
    | KroneckerKrylov | k² m² | k² (m + 1) |
    | BenziSimoncini | k² + k m | k² m |
    | FactoredSVD | 2 k m + 2 k m | 2 k (m + 1) + 2 k m² |
    | LowRankGradient | 2 k m + 2 k r | 2 k (m + 1) + 2 k m r |
    | DenseGradient | (2n + 1)² | (2n + 1)³ |

    Remarks 3.11 and 3.12 count no operations: here, each component P_m y_r, Q_m z_r
    adds 2 k m to those of the two bases, so that r = m is the factored SVD. The last
    row is not in the paper: Van Loan's form of the exact gradient, n = I·J.

    Parameters
    ----------
    rows, cols : int in 1 … 4096, of the image.
    labels : int in 1 … 64, J.
    dim : int in 1 … 200, m.
    rank : int in 1 … dim, r.

    Returns
    -------
    Dataset over `approach` with `numbers`, `memory` (bytes, the paper's count of 8 per
    number), `operations` (leading order, without constants), and `required` (bytes
    that this library's method requires, including temporary arrays; it checks them
    before it allocates anything).

    Raises
    ------
    ValueError, TypeError
        if an argument is not such an integer; naming it.
    """
    rows = replace(params.SIZE, name="rows").check(rows)
    cols = replace(params.SIZE, name="cols").check(cols)
    labels, m = params.LABELS.check(labels), params.DIM.check(dim)
    rank = params.RANK.check(rank)
    require_rank(rank, m)
    n, table = rows * cols * labels, methods(m, rank)
    numbers, operations = counts(n, m, rank)
    source = {"source": "Remarks 3.9–3.12"}
    required = np.array([float(method.memory(n)) for method in table])
    return xr.Dataset(
        {
            "numbers": (APPROACH, numbers, source),
            "memory": (APPROACH, BYTES * numbers, {"units": "bytes", **source}),
            "operations": (APPROACH, operations, source),
            "required": (APPROACH, required, {"units": "bytes"}),
        },
        coords={APPROACH: [type(method).__name__ for method in table]},
        attrs={
            "rows": rows, "cols": cols, "labels": labels, "dim": m, "rank": rank,
        },
    )  # fmt: skip
