"""Rows of chained fields in vector registers: their addresses, sums and products.

The fields form a chain v₀, v₁, … that `sweeps` computes. A layout (base, depth, pitch,
plane) locates their rows: row i of v_k begins at base_k + (i mod depth_k) · pitch, and
the same row of the next label one plane later.
"""

from __future__ import annotations

from explorer.compiled.kernel import kernel
from explorer.kernels.lanes import fma, load, spread, store
from explorer.kernels.stencil import INLINE, run_count
from explorer.kernels.windows import FLAGS


@kernel(**INLINE)
def address(layout, k, i):
    """Return the address of row i of v_k: base_k + (i mod depth_k) · pitch."""
    base, depth, pitch, _ = layout
    return base[k] + i % depth[k] * pitch


@kernel(**INLINE)
def find_rows(layout, i, at):
    """Write the addresses of row i of all v_k."""
    for k in range(at.size):
        at[k] = address(layout, k, i)


@kernel(**FLAGS)
def combine_row(x, at, shape, factors, target):
    """Write Σ_k factors_k v_k of a row to an address; skip factors that are 0.

    at : addresses of the row in all v_k. shape : (labels, cols, plane).
    target : (array, first address, plane).
    """
    (labels, cols, plane), (out, first, step) = shape, target
    lanes = 64 // x.itemsize
    for j in range(labels):
        for n in range(run_count(cols, lanes)):
            c, total = min(n * lanes, cols - lanes), spread(x, 0.0)
            here = j * plane + c
            for k in range(factors.size):
                if factors[k] != 0.0:
                    total = fma(spread(x, factors[k]), load(x, at[k] + here), total)
            store(out, first + j * step + c, total)


@kernel(**FLAGS)
def copy_row(source, spot, x, target):
    """Write row i of line₀ · field + line₁ to an address; field is (label, pixel)."""
    (field, line), (i, labels, cols), (first, plane) = source, spot, target
    factor, shift = line[0], line[1]
    for j in range(labels):
        for c in range(cols):
            x[first + j * plane + c] = factor * field[j, i * cols + c] + shift


@kernel(**INLINE)
def _four_products(x, left, rights, cols, sums):
    """sums_p += v_a v_b over whole registers of a row, for four b at once.

    One load of v_a then serves four products.
    """
    out, p = sums
    lanes = out.shape[2]
    b0, b1, b2, b3 = rights
    s0, s1 = load(out, p * lanes), load(out, (p + 1) * lanes)
    s2, s3 = load(out, (p + 2) * lanes), load(out, (p + 3) * lanes)
    for c in range(0, cols, lanes):
        value = load(x, left + c)
        s0 = fma(value, load(x, b0 + c), s0)
        s1 = fma(value, load(x, b1 + c), s1)
        s2 = fma(value, load(x, b2 + c), s2)
        s3 = fma(value, load(x, b3 + c), s3)
    store(out, p * lanes, s0)
    store(out, (p + 1) * lanes, s1)
    store(out, (p + 2) * lanes, s2)
    store(out, (p + 3) * lanes, s3)


@kernel(**FLAGS)
def _products_row(x, at, shape, start, out):
    """out_ab += the products of a row of v_{start + a} and v_b, for all b ≤ start + a.

    out is (a, b, lanes), with b padded to a multiple of four; entries with b beyond
    start + a have no meaning. Each product is a register of partial sums. The columns
    that whole registers do not cover are added to the first number of the register.
    """
    labels, cols, plane = shape
    new, width, lanes = out.shape
    whole = cols // lanes * lanes
    for j in range(labels):
        y = j * plane
        for n in range(new):
            a = start + n
            for c in range(whole, cols):
                for d in range(a + 1):
                    out[n, d, 0] += x[at[a] + y + c] * x[at[d] + y + c]
            for b in range(0, a + 1, 4):
                b1, b2, b3 = min(b + 1, a), min(b + 2, a), min(b + 3, a)
                rights = at[b] + y, at[b1] + y, at[b2] + y, at[b3] + y
                sums = out, n * width + b
                _four_products(x, at[a] + y, rights, whole, sums)


@kernel(**FLAGS)
def sums_row(x, at, shape, i, sums):
    """Compute the requested products and combinations of row i.

    Each row has its own place in `products` and `out`, so bands need no lock.
    """
    products, since, columns, out, work = sums
    labels, cols, _ = shape
    step = out.shape[2]
    if products.shape[1] > 0:
        work[:] = 0.0
        _products_row(x, at, shape, since, work)
        for a in range(products.shape[1]):
            for b in range(products.shape[2]):
                for part in work[a, b]:
                    products[i, a, b] += part
    for r in range(columns.shape[0]):
        target = out, r * labels * step + i * cols, step
        combine_row(x, at, shape, columns[r], target)
