"""The bundled predictors are what their script trains, and they fit the package."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

import explorer as ex
from explorer.comparison.comparison import tuned
from explorer.comparison.heldout import families
from explorer.dashboards.prediction_nodes import baselines
from explorer.features.extractors import RawWindow
from explorer.prediction.bundled import (
    COUNT,
    FOLDER,
    PROTOTYPES,
    TRAINING,
    VALIDATION,
    is_known,
    training_scenes,
    untrained,
)
from explorer.prediction.training import Example, Trainer

pytestmark = pytest.mark.slow

KINDS = ("lines", "colors")

both = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module", params=KINDS)
def pair(request):
    """The kind of a bundled predictor, and the predictor."""
    return request.param, ex.bundled_predictor(request.param)


def test_they_are_small():
    assert {file.stem for file in FOLDER.glob("*.nc")} == set(KINDS)
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 200_000


def test_training_again_gives_the_same_steps(pair):
    kind, bundled = pair
    steps = untrained().iterate(*training_scenes(kind))
    *_, state = islice(steps, 4)
    stored = bundled.history_
    for name in ("loss", "validation_loss", "error_percent"):
        found = [getattr(record, name) for record in state.records]
        # other processors sum in another order, and three steps amplify it
        np.testing.assert_allclose(found, stored[name].values[:4], rtol=1e-6)


def test_the_last_step_and_the_best_are_those_of_the_history(pair):
    kind, bundled = pair
    _, validation = training_scenes(kind)
    examples = [
        Example(
            ex.LinearizedFlow(s.distances),
            RawWindow(3).of(s.image.values).reshape(s.labels.size, -1),
            s.labels.values,
        )
        for s in validation
    ]
    trainer = Trainer(ex.LowRankGradient(), bundled.time, bundled.rate)
    state, losses = bundled.state_, bundled.history_.validation_loss.values
    for model, loss in ((state.model, losses[-1]), (state.best, losses.min())):
        assert trainer.judge(model, examples)[0] == pytest.approx(loss, rel=1e-9)


def test_training_goes_on_where_it_ended(pair):
    kind, bundled = pair
    training, validation = training_scenes(kind)
    steps = bundled.history_.sizes["step"]
    longer = replace(bundled, steps=steps, patience=1000)
    longer.fit(training, validation, state=bundled.state_)
    assert longer.history_.sizes["step"] == steps + 1
    old, new = bundled.history_, longer.history_
    np.testing.assert_array_equal(new.loss.values[:-1], old.loss.values)


def test_they_label_lines_that_they_have_never_seen():
    bundled = ex.bundled_predictor("lines")
    for seed in range(3):
        assert not is_known(seed)
        scene = ex.voronoi_scene("lines", size=64, noise=0.3, seed=seed)
        flow = ex.LinearizedFlow(scene.distances)
        uniform = ex.Krylov().solve(flow, flow.uniform_weights(), bundled.time).labels
        wrong = float((uniform != scene.labels).mean())
        assert bundled.score([scene]) > 0.98 > 0.9 > 1.0 - wrong


def test_the_seeds_of_their_scenes_are_known():
    known = [seed for seed in range(5000) if is_known(seed)]
    starts = TRAINING, VALIDATION
    assert known == [start + k for start in starts for k in range(COUNT)]
    seeds = [s.attrs["seed"] for part in training_scenes("lines") for s in part]
    assert seeds == known


def test_the_baselines_are_tuned_on_the_training_scenes(pair):
    kind, _ = pair
    training, _ = training_scenes(kind)
    best = [tuned(family, training) for family in families() if family]
    assert best == baselines(kind)


@both
def test_each_call_returns_a_predictor_of_its_own(kind):
    one, other = ex.bundled_predictor(kind), ex.bundled_predictor(kind)
    one.set_params(time=1.0)
    assert other.time == 5.0
    assert other.n_prototypes == PROTOTYPES == len(other.model_.prototypes)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"`kind` must be one of colors, lines, got"):
        ex.bundled_predictor("circles")
