"""The home page without a browser: what it offers, opens and hands over."""

import numpy as np
import pytest

import explorer as ex
from explorer.dashboards.doors import DOORS, TOPICS
from explorer.dashboards.handed import learned
from explorer.settings import from_link
from tests.dashboards.contract import EVERY, TINY

pytestmark = pytest.mark.slow

SMALL = {"scene": "lines", "size": 12, "noise": 0.3}


@pytest.fixture
def home():
    made = ex.Home()
    yield made
    made.close()


def ready(app):
    """Return an explorer that has computed everything, without a complaint."""
    assert app.wait()
    assert (app.frame.problem, app.frame.complaints) == ("", {})
    return app


def learning(home, *segments):
    """Return a learning explorer after some steps: (settings, steps)."""
    app = home.open("LearningExplorer")
    app.set(**SMALL)
    for settings, steps in segments:
        app.set(**settings)
        app.run(steps)
        ready(app)
    return ready(app)


def test_every_explorer_has_a_tile_with_its_texts():
    assert {one.name for one in DOORS} == {kind.__name__ for kind in EVERY}
    for one in DOORS:
        kind = getattr(ex, one.name)
        assert (one.title, one.question) == (kind.title, kind.question)


def test_every_tile_has_a_picture():
    for one in DOORS:
        assert one.picture.startswith("data:image/png;base64,"), one.name


TRIES = [one for tries in TOPICS.values() for one in tries]
OWN = [one for one in TRIES if not one.preset]


def test_every_preset_has_its_own_sentence():
    assert len({(one.explorer, one.key) for one in TRIES}) == len(TRIES)
    for one in TRIES:
        presets = getattr(ex, one.explorer).presets
        if one.preset:
            assert presets[one.preset].text == one.text
            assert not one.settings
        else:
            assert one.label not in presets


@pytest.mark.parametrize("one", OWN, ids=lambda one: one.label)
def test_what_the_home_says_of_its_own_settings_is_so(home, one):
    app = ready(home.open(one.explorer, preset=one.label))
    usual = app.plan.to_json(app.plan.defaults)
    assert app.state["settings"] == usual | app.plan.to_json(one.settings)
    if "Figure 5" in one.label:
        numbers = app.numbers
        assert numbers["error_percent"] < 0.1 * numbers["uniform_error_percent"]
        return
    assert app.numbers["aligned_percent"] > 99.0
    if "Figure 4" in one.label:
        assert 0.0005 < app.numbers["relative_error"] < 0.002


def test_explorers_are_built_when_they_open_and_keep_their_states(home):
    assert home.current is None
    assert home.link == ""
    simplex = home.open("SimplexExplorer")
    simplex.set(**TINY, angle=30.0)
    flow = home.open("FlowExplorer")
    assert home.current is flow
    assert home.open("SimplexExplorer") is simplex
    assert ready(simplex).state["settings"]["angle"] == 30.0
    assert home.link == simplex.link
    home.leave()
    assert home.current is None
    assert home.open("FlowExplorer") is flow


def test_a_link_opens_its_explorer(home):
    app = home.open("KrylovExplorer")
    app.set(**TINY, seed=3)
    link = ready(app).link
    twin = ex.Home(link)
    assert isinstance(twin.current, ex.KrylovExplorer)
    assert ready(twin.current).state == app.state
    twin.close()
    app.set(seed=4)
    assert home.open("KrylovExplorer", link=link) is app
    assert ready(app).state["settings"]["seed"] == 3


def test_a_preset_starts_from_the_defaults_and_can_be_undone(home):
    app = home.open("SimplexExplorer")
    app.set(noise=0.37)
    ready(app)
    home.open("SimplexExplorer", preset="Long flow")
    usual = app.plan.to_json(app.plan.defaults)
    assert ready(app).state["settings"] == usual | {"time": 25.0}
    app.undo()
    app.undo()
    assert ready(app).state["settings"] == usual | {"noise": 0.37}


def test_a_closed_explorer_opens_anew(home):
    app = home.open("SimplexExplorer")
    app.close()
    again = home.open("SimplexExplorer")
    assert again is not app
    ready(again)


def test_a_closed_home_has_closed_its_explorers():
    home = ex.Home()
    app = home.open("SimplexExplorer")
    home.close()
    home.close()
    with pytest.raises(RuntimeError, match="closed"):
        app.set(angle=1.0)
    with pytest.raises(RuntimeError, match="closed"):
        home.open("SimplexExplorer")


def test_wrong_links_and_names_leave_the_page_as_it_is(home):
    app = home.open("SimplexExplorer")
    link = ready(app).link
    for wrong in (
        {"name": "Explorer"},
        {"name": "FlowExplorer", "link": link},
        {"name": "FlowExplorer", "preset": "Long flow"},
    ):
        with pytest.raises(ValueError, match=f"`{list(wrong)[-1]}` must be"):
            home.open(**wrong)
        assert home.current is app
    with pytest.raises(ValueError, match="`link` must belong to one of"):
        ex.Home(link.replace("SimplexExplorer", "MyExplorer"))


def test_the_page_says_why_something_did_not_open(home):
    page = home._page
    page._receive(page, {"kind": "open", "name": "Nothing", "id": "v", "n": 1}, [])
    assert "`name` must be one of" in page.problem
    assert page.heard == {"v": 1}
    page._receive(page, {"kind": "hand", "id": "v", "n": 2}, [])
    assert "unknown request" in page.problem
    page._receive(
        page, {"kind": "open", "name": "SimplexExplorer", "id": "v", "n": 3}, []
    )
    assert (page.problem, page.shown) == ("", "SimplexExplorer")
    assert page.rooms == {"SimplexExplorer": home.current.model_id}
    page._receive(page, {"kind": "leave", "id": "v", "n": 4}, [])
    assert home.current is None


def test_shared_settings_are_handed_over(home):
    app = learning(home)
    app.set(time=7.0, rho=0.8, seed=2, dim=6, rank=2, pixel=(3, 4))
    ready(app)
    before = app.state
    gradient = ready(home.hand("GradientExplorer"))
    assert home.current is gradient
    given = gradient.state["settings"]
    shared = given.keys() & before["settings"].keys()
    assert {"scene", "size", "noise", "time", "rho", "seed", "pixel"} <= shared
    assert {n: given[n] for n in shared} == {n: before["settings"][n] for n in shared}
    assert app.state == before
    krylov = ready(home.hand("KrylovExplorer"))
    settings = krylov.state["settings"]
    assert (settings["dim"], settings["time"], settings["size"]) == (6, 7.0, 12)
    krylov.undo()
    usual = krylov.plan.to_json(krylov.plan.defaults)
    assert ready(krylov).state["settings"] == usual


@pytest.mark.parametrize("name", ["GradientExplorer", "KrylovExplorer", "FlowExplorer"])
def test_learned_weights_are_handed_over_exactly(home, name):
    app = learning(home, ({}, 2), ({"step": 1.0, "time": 3.0}, 1))
    weights = app.read("weights")
    other = ready(home.hand(name))
    np.testing.assert_array_equal(other.read("weights"), weights)
    assert other.state["settings"]["patches"] == "handed over"
    # whoever opens the link has no weights: the steps are repeated
    twin = type(other)(link=other.link)
    np.testing.assert_array_equal(ready(twin).read("weights"), weights)
    assert twin.numbers == other.numbers
    assert twin.state == other.state
    twin.close()
    space = {}
    exec(other.code(), space)
    assert space["numbers"] == pytest.approx(other.numbers, rel=1e-9, abs=1e-12)


def test_handed_weights_travel_on_and_back(home):
    app = learning(home, ({}, 3))
    weights, numbers = app.read("weights"), app.numbers
    ready(home.hand("KrylovExplorer"))
    flow = ready(home.hand("FlowExplorer"))
    np.testing.assert_array_equal(flow.read("weights"), weights)
    app.reset()
    ready(app)
    home.open("FlowExplorer")
    assert ready(home.hand("LearningExplorer")) is app
    np.testing.assert_array_equal(app.read("weights"), weights)
    assert app.numbers == numbers


def test_without_steps_the_weights_are_uniform(home):
    gradient = home.open("GradientExplorer")
    gradient.set(**SMALL, patches="random")
    learning(home)
    ready(home.hand("GradientExplorer"))
    assert gradient.state["settings"]["patches"] == "uniform"


def test_weights_of_another_scene_are_refused_at_their_control(home):
    learning(home, ({}, 1))
    app = ready(home.hand("KrylovExplorer"))
    app.set(size=14)
    assert app.wait()
    assert "9 neighbors at 12 × 12 pixels" in app.frame.complaints["patches"]
    app.set(patches="uniform")
    ready(app)


def test_without_weights_the_choice_says_so():
    app = ex.KrylovExplorer(**TINY, patches="handed over")
    assert app.wait()
    assert "learn some in the learning explorer" in app.frame.complaints["patches"]
    app.close()


def test_an_uploaded_image_is_handed_over(home):
    image = np.random.default_rng(0).random((12, 10, 3))
    app = home.open("LearningExplorer")
    app.set(scene="upload", image=("mine", image), labels=3)
    app.run(1)
    ready(app)
    other = ready(home.hand("KrylovExplorer"))
    np.testing.assert_array_equal(other.read("weights"), app.read("weights"))
    space = {}
    exec(other.code(), space)
    assert space["numbers"] == pytest.approx(other.numbers, rel=1e-9, abs=1e-12)
    twin = ex.KrylovExplorer()
    twin.load(other.state)
    assert ready(twin).numbers == other.numbers
    twin.close()


def test_handed_weights_are_checked(home):
    app = learning(home, ({}, 1))
    setting = ready(home.hand("KrylovExplorer")).plan.settings["handed"]
    good = learned(app.frame.moment).document
    assert setting.from_json(good) == learned(app.frame.moment)
    for wrong, what in (
        (3, "`handed` must be settings and a run"),
        ({"settings": {}}, "`handed` must be settings and a run"),
        ({**good, "run": []}, "`handed` must be a run of some steps"),
        ({**good, "settings": {"nothing": 1}}, "must hold settings of"),
        ({**good, "run": [[{"size": 20}, 1]]}, "steps on one scene"),
    ):
        with pytest.raises(ValueError, match=what):
            setting.from_json(wrong)
    with pytest.raises(TypeError, match="`handed` must be learned weights"):
        app.plan and setting.check(3)


def test_a_link_of_a_home_is_that_of_its_explorer(home):
    app = ready(home.open("SimplexExplorer"))
    assert from_link(home.link)["dashboard"] == type(app).__name__


@pytest.mark.parametrize("kind", ["lines", "colors"])
def test_a_scene_is_handed_to_the_prediction_explorer_and_back(kind):
    home = ex.Home()
    flow = home.open("FlowExplorer")
    flow.set(scene=kind, size=24, noise=0.2)
    assert flow.wait()
    prediction = home.hand("PredictionExplorer")
    assert prediction.wait()
    settings = prediction.state["settings"]
    assert (settings["scene"], settings["model"]) == ("voronoi", kind)
    np.testing.assert_array_equal(prediction.data.image, flow.data.image)
    prediction.set(model={"lines": "colors", "colors": "lines"}[kind])
    assert prediction.wait()
    back = home.hand("FlowExplorer")
    assert back.wait()
    np.testing.assert_array_equal(back.data.image, prediction.data.image)
    home.close()


def test_a_link_and_a_preset_together_are_refused():
    home = ex.Home()
    app = home.open("ComplexityExplorer")
    with pytest.raises(ValueError, match="`preset` must be left out"):
        home.open("ComplexityExplorer", link=app.link, preset="A photo")
    home.close()
