"""python -m benchmarks.models: train the bundled predictors, and tune baselines."""

from __future__ import annotations

import time

import numpy as np

from explorer.comparison.comparison import tuned
from explorer.comparison.heldout import families
from explorer.prediction.bundled import FOLDER, train, training_scenes
from explorer.scenes.voronoi import KINDS


def main() -> None:
    """Write one file for each kind of scenes; print the tuned baselines."""
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        began, file = time.perf_counter(), FOLDER / f"{kind}.nc"
        predictor = train(kind)
        predictor.save(file)
        history = predictor.history_
        best = int(np.argmin(history.validation_loss.values))
        row = history.isel(step=best)
        print(
            f"{kind}: {file.stat().st_size / 1e3:.0f} kB, {history.sizes['step'] - 1} "
            f"steps in {time.perf_counter() - began:.0f} s, best step {best} with "
            f"{float(row.validation_error_percent):.2f} % wrong in validation"
        )
        scenes, _ = training_scenes(kind)
        for family in families():
            if family:
                print(f"    {tuned(family, scenes)!r}")


if __name__ == "__main__":
    main()
