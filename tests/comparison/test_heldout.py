"""A predictor beside baselines on images held out: who is there, and on what."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import explorer as ex
from explorer.comparison import baselines, heldout
from explorer.comparison.comparison import tuned
from explorer.comparison.heldout import OnEvidence, held_out, text_of

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

SCENES = [ex.voronoi_scene("lines", 10, 0.3, seed) for seed in range(4)]
TRAINING, TEST = SCENES[:2], SCENES[2:]


@pytest.fixture(scope="module")
def predictor():
    evidence = ex.Evidence(ex.RawWindow(3), hidden=4)
    return ex.WeightPatchPredictor(n_prototypes=6, steps=2, data_term=evidence).fit(
        TRAINING
    )


@pytest.fixture
def no_cuts(monkeypatch):
    def refuse():
        raise ModuleNotFoundError("PyMaxflow")

    monkeypatch.setattr(baselines, "load_maxflow", refuse)


def test_every_family_is_there_and_the_model_last(predictor, no_cuts):
    told = []
    table = held_out(predictor, TRAINING, TEST, told.append)
    kinds = [str(name).split(",")[0] for name in table["method"].values]
    assert kinds == [
        "nearest label", "Gaussian denoising", "total variation", "random walker",
        "uniform weights", "nearest label", "uniform weights", "learned weights",
    ]  # fmt: skip
    assert told[-1] == "comparison"
    assert table.sizes["scene"] == 2
    for k, scene in enumerate(TEST):
        found = ex.score(predictor.label(scene.image), scene.labels)
        row = table.isel(scene=k).sel({"method": "learned weights"})
        assert float(row.error_percent) == float(found.error_percent)
        D = predictor.distances(scene.image)
        found = ex.score(D.argmin("label"), scene.labels)
        row = table.isel(scene=k).sel({"method": "nearest label, learned distances"})
        assert float(row.boundary_f1) == float(found.boundary_f1)
        for name, distances in (
            ("uniform weights", scene.distances),
            ("uniform weights, learned distances", D),
        ):
            flow = ex.LinearizedFlow(distances, predictor.rho, predictor.radius)
            solution = ex.Krylov(10).solve(flow, flow.uniform_weights(), predictor.time)
            found = ex.score(solution.labels, scene.labels)
            row = table.isel(scene=k).sel({"method": name})
            assert float(row.error_percent) == float(found.error_percent)


def test_graph_cuts_that_cannot_be_had_are_said_to_be_missing(predictor, no_cuts):
    table = held_out(predictor, TRAINING, TEST[:1])
    assert table.attrs["missing"] == heldout.WITHOUT_CUTS
    last = text_of(table).splitlines()[-1]
    assert last.startswith("not compared: `GraphCut` needs PyMaxflow, which is not")


def test_baselines_are_tuned_on_no_scene_of_the_test(predictor, no_cuts, monkeypatch):
    seen = []

    def watched(family, scenes, **more):
        seen.append([float(s.image.sum()) for s in scenes])
        return tuned(family, scenes, **more)

    monkeypatch.setattr(heldout, "tuned", watched)
    held_out(predictor, TRAINING, TEST)
    assert len(seen) == 5
    assert seen == [[float(s.image.sum()) for s in TRAINING]] * 5


def test_graph_cuts_are_tuned_like_the_others(predictor, maxflow):
    table = held_out(predictor, TRAINING, TEST[:1])
    assert table.attrs["missing"] == ""
    plain, learned = (str(n) for n in table["method"].values if "graph cut" in str(n))
    assert learned.endswith(", learned distances")
    best = tuned(heldout.graph_cuts(), TRAINING)
    assert plain == best.name
    found = ex.score(best.label(TEST[0]), TEST[0].labels)
    row = table.sel({"method": plain}).isel(scene=0)
    assert float(row.boundary_f1) == float(found.boundary_f1)


def test_scenes_with_labels_of_other_values_are_refused(predictor):
    strange = [s.assign(label_values=(("label", "code"), [[3], [7]])) for s in TEST]
    with pytest.raises(ValueError, match=r"`test\[0\]` has the label values \[\[3\]"):
        held_out(predictor, TRAINING, strange)


def test_learned_distances_replace_those_of_the_scene(predictor):
    method = OnEvidence(baselines.NearestLabel(), predictor)
    scene = TEST[0]
    expected = predictor.distances(scene.image).argmin("label")
    np.testing.assert_array_equal(method.label(scene), expected)
    assert (expected != scene.distances.argmin("label")).any()


def test_a_table_is_text_with_a_line_for_each_method(predictor, no_cuts):
    table = held_out(predictor, TRAINING, TEST)
    lines = text_of(table).splitlines()
    assert len(lines) == 2 + table.sizes["method"]
    error = float(table.error_percent.mean("scene")[-1])
    assert f" {error:.2f} " in lines[-2]


def test_arguments_are_checked_before_anything_is_tried(predictor):
    def tried(name):
        raise AssertionError(f"{name} was tried")

    fresh = ex.WeightPatchPredictor()
    for arguments, error, words in (
        ((fresh, TRAINING, TEST), NotFittedError, "has not been trained"),
        ((None, TRAINING, TEST), TypeError, "`predictor` is a NoneType"),
        ((predictor, TRAINING, []), ValueError, "`test` is "),
        ((predictor, TRAINING, None), ValueError, "`test` is None"),
        ((predictor, TEST[0], TEST), ValueError, "`tuning` is one scene"),
        ((predictor, TRAINING, [TEST[0].drop_vars("labels")]), TypeError, "`test."),
    ):
        with pytest.raises(error, match=words):
            held_out(*arguments, tried)


def test_it_can_be_stopped(predictor):
    def stop(name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        held_out(predictor, TRAINING, TEST, stop)
