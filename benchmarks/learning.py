"""python -m benchmarks.learning [float64|float32]: ten colors at 512 × 512, learned.

From uniform weights, at about 50 % pixelwise error, until less than 0.5 % is wrong,
with kernels compiled; the peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import colorsys
import multiprocessing
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.worker import peak_memory

SIZE, COLORS, SITES, NOISE = 512, 10, 640, 0.39
"""As many pixels per cell as in a scene of 128 × 128, and ten hues instead of eight."""

GOAL = 0.5
"""Percent of the pixels that may be wrong in the end."""


def make(size: int, dtype: str, folder: Path) -> None:
    """Write D, (label, row, col), and the ground truth of random cells under noise."""
    from scipy.spatial import KDTree

    rng = np.random.default_rng(0)
    count = max(COLORS, SITES * size**2 // SIZE**2)
    hues = np.array([colorsys.hsv_to_rgb(k / COLORS, 1, 1) for k in range(COLORS)])
    pixels = np.indices((size, size)).reshape(2, -1).T
    cells = KDTree(rng.uniform(0, size, (count, 2))).query(pixels)[1]
    truth = rng.permutation(count)[cells].reshape(size, size) % COLORS
    image = hues[truth] + NOISE * rng.standard_normal((size, size, 3))
    D = np.empty((COLORS, size, size), dtype)
    for out, hue in zip(D, hues, strict=True):
        out[:] = np.linalg.norm(image - hue, axis=-1)
    np.save(folder / "D.npy", D)
    np.save(folder / "truth.npy", truth)


def distances(size: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what `make` writes in a process of its own: its memory does not count."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maker = multiprocessing.get_context("spawn").Process(
            target=make, args=(size, dtype, folder)
        )
        maker.start()
        maker.join()
        return np.load(folder / "D.npy"), np.load(folder / "truth.npy")


def main() -> None:
    """Learn, and print error, seconds and memory after every step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning")
    parser.add_argument("dtype", nargs="?", default="float64")
    dtype = parser.parse_args().dtype
    import explorer as ex

    def learner(size: int, keep: bool | None) -> ex.Learner:
        D, truth = distances(size, dtype)
        if size == SIZE:
            wrong = 100 * np.mean(D.argmin(axis=0) != truth)
            print(f"{size}²×{COLORS}, {dtype}: {wrong:.1f} % wrong pixel by pixel")
        route = ex.TwoSided(ex.BlockChebyshev(keep=keep))
        gradient = ex.LowRankGradient(dim=10, rank=1, route=route)
        return ex.Learner(ex.LinearizedFlow(D, dtype=dtype), truth, gradient=gradient)

    learner(64, keep=False).run(1)  # kernels are loaded
    work = learner(SIZE, keep=None)
    print(f"{peak_memory() / 1e6:.0f} MB before learning")
    began = time.perf_counter()
    for record in work.iterate(100):
        seconds = time.perf_counter() - began
        print(
            f"step {record.step}: {record.error_percent:.2f} % wrong, {seconds:.2f} s"
        )
        if record.error_percent < GOAL:
            break
    print(f"peak memory {peak_memory() / 1e6:.0f} MB, process included")


if __name__ == "__main__":
    main()
