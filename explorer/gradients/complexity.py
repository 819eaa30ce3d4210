"""Costs of gradient methods: the table of Remarks 3.9–3.12, and the costs here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import APPROACH
from explorer.gradients.gradient import LowRankGradient
from explorer.gradients.hierarchy import (
    BenziSimoncini,
    DenseGradient,
    DirectKronecker,
    FactoredSVD,
    KroneckerKrylov,
)

BYTES = 8
"""Bytes of one number in double precision."""


def complexity(rows: int, cols: int, labels: int, dim: int) -> xr.Dataset:
    """Return memory and operations of every gradient method for one image size.

    With k = I·J + 1, I = rows · cols, and m = dim (Remarks 3.9–3.12):

    | method | numbers stored | operations, leading order |
    |---|---|---|
    | DirectKronecker | k⁴ | k⁴ at least |
    | KroneckerKrylov | k² m² | k² (m + 1) |
    | BenziSimoncini | k² + k m | k² m |
    | FactoredSVD | 4 k m | 2 k (m + 1) |
    | LowRankGradient, rank 1 | 2 k + 2 k m | 2 k (m + 1) |
    | DenseGradient | (2n + 1)² | (2n + 1)³ |

    The last row is not in the paper: Van Loan's form of the exact gradient, n = I·J.

    Parameters
    ----------
    rows, cols : int in 1 … 4096, of the image.
    labels : int in 1 … 64, J.
    dim : int in 1 … 200, m.

    Returns
    -------
    Dataset over `approach` with `numbers`, `memory` (bytes, the paper's count of 8 per
    number), `operations` (leading order, without constants), and `required` (bytes
    that this library's method requires, including temporary arrays; it checks them
    before it allocates anything).
    """
    rows = replace(params.SIZE, name="rows").check(rows)
    cols = replace(params.SIZE, name="cols").check(cols)
    labels, m = params.LABELS.check(labels), params.DIM.check(dim)
    n = rows * cols * labels
    k = float(n + 1)
    table = {
        DirectKronecker(): (k**4, k**4),
        KroneckerKrylov(m): (k**2 * m**2, k**2 * (m + 1)),
        BenziSimoncini(m): (k**2 + k * m, k**2 * m),
        FactoredSVD(m): (4 * k * m, 2 * k * (m + 1)),
        LowRankGradient(m, rank=1): (2 * k + 2 * k * m, 2 * k * (m + 1)),
        DenseGradient(): ((2.0 * n + 1) ** 2, (2.0 * n + 1) ** 3),
    }
    numbers, operations = np.array(list(table.values())).T
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
        attrs={"rows": rows, "cols": cols, "labels": labels, "dim": m},
    )
