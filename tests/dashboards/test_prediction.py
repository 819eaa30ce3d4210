"""The prediction explorer against naive formulas, `fit`, and dense exponentials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

import explorer as ex
from explorer.dashboards import prediction_views as views
from explorer.prediction.bundled import training_scenes
from tests.dashboards.contract import counts, opened, ran, set_and_wait
from tests.dashboards.test_contract import result

pytestmark = pytest.mark.slow

SIDE = 8
SCENE = {"size": SIDE, "noise": 0.3, "seed": 4, "pixel": (3, 5), "dim": 20}


@pytest.fixture
def app():
    app = opened(ex.PredictionExplorer, **SCENE)
    yield app
    app.close()


def window(image, row, col):
    """The values around a pixel; border pixels repeat."""
    rows, cols = image.shape[:2]
    return np.array([
        image[min(max(row + a, 0), rows - 1), min(max(col + b, 0), cols - 1)]
        for a in (-1, 0, 1) for b in (-1, 0, 1)
    ]).ravel()  # fmt: skip


def naive_shares(image, model, row, col):
    """s_ij = softmax_j(−σ ‖f_i − p_j‖)."""
    f = window(image, row, col)
    e = np.exp([-np.exp(model.log_scale) * np.linalg.norm(f - p)
                for p in model.prototypes])  # fmt: skip
    return e / e.sum()


def naive_patch(image, model, row, col):
    """softmax over the patch of Σ_j s_ij ν_j."""
    t = naive_shares(image, model, row, col) @ model.tangents
    return np.exp(t) / np.exp(t).sum()


def naive_weights(image, model):
    rows, cols = image.shape[:2]
    found = np.empty((9, rows, cols))
    for place in np.ndindex(rows, cols):
        found[:, *place] = naive_patch(image, model, *place)
    return found


def dense_labels(flow, weights, time):
    """The labels of V(T) from the exponential of an augmented matrix."""
    system = flow.plain_system(weights)
    n = system.source.size
    M = np.zeros((n + 1, n + 1))
    for k, e in enumerate(np.eye(n)):
        M[:n, k] = time * system.apply(e.reshape(system.shape)).ravel()
    M[:n, n] = time * system.source.ravel()
    return expm(M)[:n, n].reshape(system.shape).argmax(axis=0)


def test_labels_follow_from_the_naive_weights_and_a_dense_exponential(app):
    scene = ex.voronoi_scene("lines", size=SIDE, noise=0.3, seed=4)
    model = ex.bundled_predictor("lines").model_
    weights = naive_weights(scene.image.values, model)
    # a softmax of sums of 24 products
    np.testing.assert_allclose(app.read("weights"), weights, rtol=1e-9)
    flow = ex.LinearizedFlow(scene.distances)
    for name, omega in (("labeling", weights), ("uniform-labeling", 1.0 / 9)):
        omega = np.broadcast_to(omega, weights.shape).copy()
        labels = dense_labels(flow, omega, 5.0)
        shown = app.frame.panels[name]
        np.testing.assert_array_equal(shown.labels, labels)
        wrong = 100.0 * np.mean(labels != scene.labels.values)
        assert shown.note == f"{wrong:.2f} % wrong"
    assert app.numbers["uniform_error_percent"] == pytest.approx(wrong)


def test_the_scores_are_those_of_the_library(app):
    scene = ex.voronoi_scene("lines", size=SIDE, noise=0.3, seed=4)
    table = app.table("methods").set_index("method")
    X = ex.experiments
    methods = [
        X.NearestLabel(), X.GaussianDenoising(0.5), X.TotalVariation(0.1),
        X.RandomWalker(10.0, 0.9, 0.5),
    ]  # fmt: skip
    named = {
        method.name.split(",")[0].removesuffix(" denoising"): method.label(scene)
        for method in methods
    }
    predictor = ex.bundled_predictor("lines").set_params(dim=20)
    named["predicted"] = predictor.label(scene.image)
    for name, labels in named.items():
        found = ex.score(labels, scene.labels, count=2)
        scores = [
            float(found[key])
            for key in ("error_percent", "balanced_error_percent", "boundary_f1",
                        "mean_iou")
        ]  # fmt: skip
        assert table.loc[name].tolist() == scores, name
    assert {"uniform", "learned"} < set(table.index)


def test_learned_weights_are_those_of_a_learner(app):
    scene = ex.voronoi_scene("lines", size=SIDE, noise=0.3, seed=4)
    flow = ex.LinearizedFlow(scene.distances)
    gradient = ex.LowRankGradient(dim=20)
    learner = ex.Learner(flow, scene.labels, time=5.0, gradient=gradient)
    learner.run(5)
    np.testing.assert_array_equal(app.read("learned_weights"), learner.weights)
    app.show("learned-patch")
    assert app.wait()
    shown = app.frame.panels["learned-patch"].values
    np.testing.assert_array_equal(shown.ravel(), learner.weights.values[:, 3, 5])


def test_who_speaks_at_the_pixel_and_how_much(app):
    image = ex.voronoi_scene("lines", size=SIDE, noise=0.3, seed=4).image.values
    model = ex.bundled_predictor("lines").model_
    use = np.mean(
        [naive_shares(image, model, *at) for at in np.ndindex(SIDE, SIDE)], axis=0
    )
    order = np.argsort(-use)
    here = naive_shares(image, model, 3, 5)
    bars = app.frame.panels["shares-at-pixel"]
    np.testing.assert_allclose(bars.heights, 100 * here[order], rtol=1e-9)
    assert bars.heights.sum() == pytest.approx(100.0)
    speakers = app.frame.panels["speakers"]
    assert speakers.captions[0] == "pixel"
    own = window(image, 3, 5)
    np.testing.assert_array_equal(speakers.images[0].ravel(), own)
    patch = naive_patch(image, model, 3, 5)
    np.testing.assert_allclose(speakers.weights[0].ravel(), patch, rtol=1e-9)
    app.show("patch")
    assert app.wait()
    grid = app.frame.panels["patch"].values
    np.testing.assert_allclose(grid.ravel(), patch, rtol=1e-9)
    for k, j in enumerate(np.argsort(-here)[: views.SPEAKERS], start=1):
        number = order.tolist().index(j) + 1
        assert speakers.captions[k].startswith(f"{number}: ")
        np.testing.assert_array_equal(speakers.images[k].ravel(), model.prototypes[j])


def test_prototypes_are_sorted_by_use(app):
    image = ex.voronoi_scene("lines", size=SIDE, noise=0.3, seed=4).image.values
    model = ex.bundled_predictor("lines").model_
    use = np.mean(
        [naive_shares(image, model, *at) for at in np.ndindex(SIDE, SIDE)], axis=0
    )
    sheet = app.frame.panels["prototypes"]
    assert len(sheet.captions) == 24
    for k, j in enumerate(np.argsort(-use)):
        np.testing.assert_array_equal(sheet.images[k].ravel(), model.prototypes[j])
        alone = np.exp(model.tangents[j]) / np.exp(model.tangents[j]).sum()
        np.testing.assert_allclose(sheet.weights[k].ravel(), alone, rtol=1e-12)
        share = 100 * use[j]
        text = sheet.captions[k].removesuffix(" %").removeprefix("<")
        assert abs(float(text) - share) <= 0.5 or (text == "1" and share < 1)


@pytest.mark.parametrize("start", ["bundled", "clusters"])
def test_steps_are_those_of_fit(start):
    app = opened(
        ex.PredictionExplorer, **SCENE, training_start=start, n_prototypes=6,
        training_noise=0.5, rho=0.7,
    )  # fmt: skip
    app.run(3)
    assert app.wait(60)
    noise = 0.3 if start == "bundled" else 0.5
    training, validation = training_scenes("lines", noise)
    predictor = ex.WeightPatchPredictor(n_prototypes=6)
    if start == "bundled":
        predictor = ex.bundled_predictor("lines")
    done = len(predictor.state_.records) - 1 if predictor.state_ else 0
    predictor.set_params(rho=0.7, dim=20, steps=done + 3, patience=1000)
    predictor.fit(training, validation, state=predictor.state_)
    state = app.read("lesson").state
    np.testing.assert_array_equal(state.model.vector, predictor.state_.model.vector)
    np.testing.assert_array_equal(state.best.vector, predictor.model_.vector)
    shown = app.frame.panels["training"]
    for series, name in zip(
        shown.series, ("error_percent", "validation_error_percent"), strict=True
    ):
        np.testing.assert_array_equal(series.y, predictor.history_[name])
    best = int(predictor.history_.validation_loss.values.argmin())
    assert shown.marks == ((float(best), "best"),)
    assert app.numbers == pytest.approx(result(app.code()), rel=1e-9)
    app.close()


def test_the_unseen_image_does_not_touch_the_training(app):
    app.run(1)
    assert app.wait()
    for change in ({"noise": 0.5}, {"seed": 6}, {"size": 9}, {"pixel": (1, 1)}):
        before, run = counts(app), app.frame.moment.run
        set_and_wait(app, **change)
        assert not ran(app, before) & {"scenes", "begin", "lesson"}
        assert app.frame.moment.run is run


def test_another_model_starts_another_training(app):
    app.run(1)
    assert app.wait()
    set_and_wait(app, model="colors")
    assert app.frame.moment.run.steps == 0
    assert app.frame.panels["labeling"].count == 8


def test_before_the_first_step_clusters_have_no_history(app):
    set_and_wait(app, training_start="clusters")
    assert app.frame.panels["training"].note == "not trained yet"
    assert app.frame.errors == {}


@pytest.mark.parametrize("seed", [1000, 1002, 2000, 2002])
def test_an_image_that_the_predictor_knows_is_refused(app, seed):
    set_and_wait(app, seed=seed)
    assert f"got {seed}; choose another" in app.frame.complaints["seed"]
    set_and_wait(app, seed=seed + 3)
    assert app.frame.complaints == {}


@pytest.fixture
def gray():
    """An image of a dark cross on bright ground."""
    image = np.ones((10, 12, 1))
    image[5], image[:, 4] = 0.1, 0.2
    return image


def test_your_own_image_has_no_truth(gray):
    app = ex.PredictionExplorer(image=gray, noise=0.2, pixel=(3, 5))
    assert app.wait()
    assert app.frame.complaints == {}
    assert app.frame.problem == ""
    app.show(*(view.name for view in app.plan.views))
    assert app.wait()
    assert app.frame.errors == {}
    assert (app.frame.panels["learned-labeling"].labels == -1).all()
    for name in ("learned-labeling", "learned-patch"):
        assert app.frame.panels[name].note == "no ground truth to learn from"
    assert app.frame.panels["labeling"].truth is None
    assert list(app.numbers) == ["differs_percent"]
    table = app.table("methods")
    assert "need the true labels" in table["no ground truth"][0]
    assert app.numbers == pytest.approx(result(app.code()))
    assert (app.data.labels == -1).all()
    predictor = ex.bundled_predictor("lines")
    noisy = app.read("problem").image
    np.testing.assert_array_equal(
        app.frame.panels["labeling"].labels, predictor.label(noisy)
    )
    app.close()


@pytest.mark.parametrize(
    ("model", "channels", "cure"),
    [("lines", 3, 'set `model` to "colors"'), ("colors", 1, 'set `model` to "lines"')],
)
def test_an_image_of_other_channels_is_refused_with_the_cure(
    gray, model, channels, cure
):
    app = ex.PredictionExplorer(image=gray.repeat(channels, 2), model=model)
    assert app.wait()
    assert cure in app.frame.complaints["image"]
    set_and_wait(app, model="lines" if model == "colors" else "colors")
    assert app.frame.complaints == {}
    app.close()


def test_the_missing_image_is_asked_for(app):
    set_and_wait(app, scene="upload")
    assert "`image` must be uploaded" in app.frame.complaints["image"]


def test_noise_beyond_that_of_training_is_a_warning(app):
    def warned():
        return {r.label: r.warn for r in app.frame.readouts}["noise"]

    assert not warned()
    set_and_wait(app, noise=0.4)
    assert warned()
    set_and_wait(app, training_start="clusters", training_noise=0.4)
    assert not warned()


def test_the_presets_show_what_they_say():
    app = ex.PredictionExplorer()
    assert app.wait(60)
    found = {}
    for name in ("", *app.presets):
        if name:
            app.preset(name)
            assert app.wait(60)
        found[name] = app.numbers
        if name == "Untrained":
            app.run(10)
            assert app.wait(60)
            found["trained"] = app.numbers

    def wrong(name, kind=""):
        return found[name][f"{kind}error_percent"]

    lead = {n: wrong(n, "uniform_") - wrong(n) for n in ("", "More noise")}
    assert 0.0 < lead["More noise"] < 0.3 * lead[""]
    assert wrong("Trained for more noise") < 0.9 * wrong("More noise")
    cells = wrong("Colored cells") / wrong("Colored cells", "uniform_")
    assert 0.8 < cells < 1.25
    assert wrong("trained") < 0.5 * wrong("Untrained")
    assert wrong("Five prototypes") < 0.3 * wrong("Five prototypes", "uniform_")
    app.close()
