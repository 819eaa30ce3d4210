"""Many steps of a recurrence in one pass, for 3 × 3 windows, in vector registers.

A chain of fields v₀, v₁, … is computed row by row: step k trails step k − 1 by one row,
so the rows that it reads are still in the cache. As soon as the last field has a row,
the pass computes the inner products and combinations of all fields in that row. A chain
either stores its fields, or only their last few rows in a ring. With a ring, only the
sums remain, and the chain runs again when other sums are needed: this trades time for
memory.

Each thread works on a band of rows. Near its ends a band also computes the rows that it
needs of the neighboring bands, so threads never wait for each other. If the fields are
stored, both bands write such rows without a lock: they write the same numbers, bit for
bit. A ring belongs to one band. Sums are written per row, by the band that owns it.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from explorer.compiled.kernel import kernel
from explorer.kernels.lanes import fma, load, mul, spread, store, sub
from explorer.kernels.recurrence import _bounds
from explorer.kernels.rows import (
    address,
    combine_row,
    copy_row,
    find_rows,
    sums_row,
)
from explorer.kernels.stencil import (
    gather,
    load_given,
    load_weights,
    run_at,
    run_count,
    scatter,
    sources,
)
from explorer.kernels.windows import FLAGS


@kernel(**FLAGS)
def _forward_row(system, x, layout, step, factors, work):
    """v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} in row i; step is (k, i)."""
    (W, S), (k, i) = system, step
    labels, rows, cols = S.shape
    pixels, plane, lanes = rows * cols, layout[3], work.shape[1]
    above = address(layout, k, max(i - 1, 0))
    here, below = (
        address(layout, k, i),
        address(layout, k, min(i + 1, rows - 1)),
    )
    before, new = address(layout, max(k - 1, 0), i), address(layout, k + 1, i)
    a, b, d = spread(x, factors[0]), spread(x, factors[1]), spread(x, factors[2])
    for n in range(run_count(cols, lanes)):
        c, ends = run_at(n, cols, lanes)
        w, mean = load_weights(W, i * cols + c), spread(x, 0.0)
        for j in range(labels):
            at, s = j * plane + c, j * pixels + i * cols + c
            average = gather(w, x, (above + at, here + at, below + at), ends)
            mean = fma(load(S, s), average, mean)
            store(work, j * lanes, average)
        for j in range(labels):
            at, s = j * plane + c, j * pixels + i * cols + c
            excess = sub(load(work, j * lanes), mean)
            value = mul(mul(a, load(S, s)), excess)
            value = fma(b, load(x, here + at), value)
            store(x, new + at, fma(d, load(x, before + at), value))


@kernel(**FLAGS)
def _replicate_row(S, x, address, i, ring):
    """Write row i of R_S v_k to the ring; row i of v_k is at an address of x."""
    (here, plane), (labels, rows, cols) = address, S.shape
    pixels, lanes, width = rows * cols, 64 // x.itemsize, ring.shape[2]
    target = (i % 3) * labels * width
    for n in range(run_count(cols, lanes)):
        c, _ = run_at(n, cols, lanes)
        start, mean = i * cols + c, spread(x, 0.0)
        for j in range(labels):
            value = load(x, here + j * plane + c)
            mean = fma(load(S, j * pixels + start), value, mean)
        for j in range(labels):
            value = load(x, here + j * plane + c)
            product = mul(load(S, j * pixels + start), sub(value, mean))
            store(ring, target + j * width + c, product)


@kernel(**FLAGS)
def _adjoint_row(system, x, layout, step, factors, ring):
    """v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} in row i; R_S v_k from the ring."""
    (W, S), (k, i) = system, step
    labels, rows, cols = S.shape
    plane, width, lanes = layout[3], ring.shape[2], 64 // x.itemsize
    here, before = address(layout, k, i), address(layout, max(k - 1, 0), i)
    new, three = address(layout, k + 1, i), sources(i, rows)
    s0, s1, s2 = three[0][0] % 3, three[1][0] % 3, three[2][0] % 3
    r0, r1, r2 = s0 * labels * width, s1 * labels * width, s2 * labels * width
    a, b, d = spread(x, factors[0]), spread(x, factors[1]), spread(x, factors[2])
    for n in range(run_count(cols, lanes)):
        c, ends = run_at(n, cols, lanes)
        w = load_given(W, three, c, ends)
        for j in range(labels):
            at, y = j * plane + c, j * width + c
            product = scatter(w, ring, (r0 + y, r1 + y, r2 + y), ends)
            value = fma(b, load(x, here + at), mul(a, product))
            store(x, new + at, fma(d, load(x, before + at), value))


@kernel(parallel=True, **FLAGS)
def sweep(system, fields, layout, plan, sums, bands):
    """Run a chain of A = R_S Ω; `chains.Chain` prepares the arguments.

    system : (Ω, S). fields : (1 or bands, n), all stored fields, or a ring per band.
    layout : (base, depth, pitch, plane), see `address`.
    plan : (source, line, start, factors, mixes). v₀ is line₀ times the source (label,
    pixel) plus line₁, if there are any; v_{k+1} is Σ mixes_ki v_i if factors_k0 is 0,
    else c₀ A v_k + c₁ v_k + c₂ v_{k−1}, for k = start, ….
    sums : (products, since, columns, out): ⟨v_a, v_b⟩ of every row, a ≥ since, b padded
    to fours, float64, zero before; and Σ columns_rk v_k.
    """
    source, line, start, factors, mixes = plan
    base, depth, pitch, plane = layout  # the threads take arrays and numbers, no tuples
    products, since, columns, out = sums
    labels, rows, cols = system[1].shape
    steps = factors.shape[0]
    for band in prange(bands):
        place = base, depth, pitch, plane
        first, last = band * rows // bands, (band + 1) * rows // bands
        x = fields[band % fields.shape[0]]
        shape, at = (labels, cols, plane), np.empty(base.size, np.int64)
        new, width = products.shape[1], products.shape[2]
        rest = np.empty((new, width, 64 // x.itemsize), x.dtype)
        wanted = products, since, columns, out, rest
        work = np.empty((labels, 64 // x.itemsize), x.dtype)
        for front in range(max(first - steps, 0), last + steps):
            spot = front, labels, cols
            if source.size > 0 and front < min(last + steps, rows):
                target = address(place, 0, front), plane
                copy_row((source, line), spot, x, target)
            for k in range(steps):
                i = front - k - 1
                low, high = _bounds(first, last, k, steps, 1, rows)
                if low <= i < high:
                    c = factors[k, 0], factors[k, 1], factors[k, 2]
                    if c[0] == 0.0:
                        find_rows(place, i, at)
                        target = x, at[start + k + 1], plane
                        combine_row(x, at, shape, mixes[k], target)
                    else:
                        _forward_row(system, x, place, (start + k, i), c, work)
            if first <= front - steps < last:
                find_rows(place, front - steps, at)
                sums_row(x, at, shape, front - steps, wanted)


@kernel(parallel=True, **FLAGS)
def sweep_transpose(system, fields, layout, plan, sums, bands):
    """Run a chain of Aᵀ = Ωᵀ R_S; see `sweep`.

    For each k, a ring holds the last three rows of R_S v_k, those that Ωᵀ folds into
    one row. Row i lies at i modulo 3; `done[k]` is the next row to compute.
    """
    source, line, start, factors, mixes = plan
    base, depth, pitch, plane = layout  # the threads take arrays and numbers, no tuples
    products, since, columns, out = sums
    labels, rows, cols = system[1].shape
    steps = factors.shape[0]
    for band in prange(bands):
        place = base, depth, pitch, plane
        first, last = band * rows // bands, (band + 1) * rows // bands
        x = fields[band % fields.shape[0]]
        shape, at = (labels, cols, plane), np.empty(base.size, np.int64)
        new, width = products.shape[1], products.shape[2]
        rest = np.empty((new, width, 64 // x.itemsize), x.dtype)
        wanted = products, since, columns, out, rest
        ring = np.empty((steps, 3, labels, cols + 64 // x.itemsize), x.dtype)
        done = np.empty(steps, np.int64)
        for k in range(steps):
            done[k] = max(_bounds(first, last, k, steps, 1, rows)[0] - 1, 0)
        for front in range(max(first - steps, 0), last + steps):
            spot = front, labels, cols
            if source.size > 0 and front < min(last + steps, rows):
                target = address(place, 0, front), plane
                copy_row((source, line), spot, x, target)
            for k in range(steps):
                i = front - k - 1
                low, high = _bounds(first, last, k, steps, 1, rows)
                if low <= i < high:
                    c = factors[k, 0], factors[k, 1], factors[k, 2]
                    if c[0] == 0.0:
                        find_rows(place, i, at)
                        target = x, at[start + k + 1], plane
                        combine_row(x, at, shape, mixes[k], target)
                        continue
                    while done[k] < min(i + 2, rows):
                        there = address(place, start + k, done[k]), plane
                        _replicate_row(system[1], x, there, done[k], ring[k])
                        done[k] += 1
                    _adjoint_row(system, x, place, (start + k, i), c, ring[k])
            if first <= front - steps < last:
                find_rows(place, front - steps, at)
                sums_row(x, at, shape, front - steps, wanted)
