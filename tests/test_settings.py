"""Settings: what they take and refuse, and that JSON, links and code are exact."""

from __future__ import annotations

import base64
import json
import math
import pickle
import zlib
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pytest

import explorer as ex
from explorer import params
from explorer.packing import pack
from explorer.settings import (
    RESERVED,
    Choice,
    Flag,
    Image,
    Number,
    Pick,
    Picks,
    Pixel,
    Several,
    Strokes,
    Uploaded,
    from_link,
    to_link,
)
from explorer.settings.choice import settings_of

LOSSES = (ex.DirectionLoss(), ex.CrossEntropy(), ex.BalancedLoss(0.7))
KEPT = ex.BlockChebyshev(block=3, keep=False)

RECORDS = (
    ex.RiemannianDescent(0.1 + 0.2), ex.ArmijoDescent(7.3), ex.MomentumDescent(2, 0.0),
    ex.Adam(1e-7, 0.5, 0.25), ex.AdaMax(1 / 3),
    *LOSSES,
    ex.GramSchmidt(), ex.BlockChebyshev(), KEPT, ex.BlockChebyshev(keep=True),
    ex.TwoSided(KEPT), ex.TwoSided(ex.GramSchmidt()), ex.KroneckerSum(),
    ex.Krylov(7, 1e-5, KEPT), ex.AdaptiveKrylov(9, 1e-9), ex.ExplicitEuler(1 / 7, 0.3),
    ex.DenseExponential(1e-3), ex.RungeKutta(1e-8, 1e-4), ex.GeometricEuler(0.07),
    ex.AdaptiveRungeKutta(3e-9), ex.IteratedLinearization(ex.Krylov(3)),
    ex.LowRankGradient(), ex.LowRankGradient(12, 12, LOSSES[2], ex.KroneckerSum(), 0.1),
    ex.LowRankGradient(rank="auto", route=ex.TwoSided(KEPT)),
    ex.DirectKronecker(), ex.KroneckerKrylov(4, LOSSES[1]), ex.BenziSimoncini(5),
    ex.FactoredSVD(6, LOSSES[2]), ex.DenseGradient(LOSSES[1]), ex.EulerAdjoint(0.3),
    ex.IteratedGradient(), ex.SerialGradient(8, 2),
    ex.ParallelGradient(8, 0, observed=2),
    ex.RawWindow(5), ex.GaussianDerivatives((0.9, 1 / 3 + 1)), ex.StructureTensor(),
    ex.PrototypeDistance(), ex.Evidence(ex.RawWindow(7), 0.3, 0),
)  # fmt: skip
"""Every record of the library that a setting may hold, none with all its defaults."""

KINDS = tuple(dict.fromkeys(map(type, RECORDS)))
ANY = Choice("part", KINDS, "a record of the library")

BENCH = ex.experiments
OTHERS = (
    BENCH.Setup(40, 2, 5, 7), BENCH.NearestLabel(), BENCH.GaussianDenoising(0.3),
    BENCH.TotalVariation(0.1 + 0.2), BENCH.RandomWalker(3.0, 0.25, 2.0),
)  # fmt: skip
"""Records of experiments, which have a prefix of their own."""

each_record = pytest.mark.parametrize("record", RECORDS, ids=repr)


class Case(NamedTuple):
    """A setting, values that it takes, and what it refuses."""

    setting: Any
    good: tuple[Any, ...]
    bad: tuple[Any, ...]


HOSTILE = (
    math.nan, math.inf, -math.inf, "", "3", None, 1j, b"3", [], {}, (), [[1, 2], [3]],
    np.zeros(2), np.array(["a"]), object(), type, ex.Adam, np.timedelta64(1), 10**400,
)  # fmt: skip
"""What no setting below takes, but for the exceptions that its case names."""

EMPTY = [x for x in HOSTILE if type(x) in (list, tuple) and not x]

PHOTO = Uploaded("photo.png", np.random.default_rng(0).uniform(size=(4, 5, 3)))

CASES = (
    Case(Number(params.NOISE), (0, 0.1 + 0.2, 10.0, 5e-324, -0.0), (True, -1e-9, 10.1)),
    Case(Number(params.DIM, "m", 12), (1, 7.0, np.int8(3)), (0, 1.5, 201, False)),
    Case(Number(params.RHO, default=0.777), (1e-6, np.float64(2)), (0.0, -1, "0.5")),
    Case(Number(params.RANK, words=("auto",)), ("auto", 3), ("all", 0, "AUTO")),
    Case(Pick("kind", ("colors", "lines"), "what"), ("lines",), (1, True, "Lines")),
    Case(Pick("keep", (None, True, False), "what"), (None, True), (0, 1, 1.0, "None")),
    Case(Pick("parts", (1, 2, 4), "what"), (1, 4), (True, 3, "2")),
    Case(Flag("quick", "what"), (True, False), (0, 1, "true", "True")),
    Case(Pixel(), ((0, 0), (3, 4), (2.0, np.int64(1))), (3, (1,), (1, 2, 3), (-1, 0),
         (0.5, 1), ("1", "2"), (True, 0), (math.nan, 0), (0, 10**400))),
    Case(Choice("optimizer", (ex.Adam, ex.AdaMax), "how"), (ex.AdaMax(0.1),),
         ("Adam", ex.RiemannianDescent(), {"Adam": {}}, 3, True)),
    Case(Image(), (None, PHOTO), ("photo.png", PHOTO.image, ("a", 3), True)),
    Case(Strokes(), ([], [ex.Stroke([(1, 2)], 3), ex.Stroke([(0, 0), (4, 9)], None, 1)],
                     [ex.Stroke([(7, 7)], 0, 64, "picture")]), ([3], [ex.Adam()])),
    Case(Picks(), ([], [(0, 0), (3, 4.0)], np.array([[1, 2], [3, 4]])),
         ([(1, 2, 3)], [(-1, 0)], [(0.5, 1)], [("1", "2")], [(math.nan, 0)])),
    Case(Several("scales", (1.0, 2.0), "what", tuple), ((0.5, 4.0),), (3, None)),
)  # fmt: skip

each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.setting.name)


def exactly(one, other):
    """Equal, of one type, down to the sign of zero."""
    return type(one) is type(other) and one == other and repr(one) == repr(other)


def evaluated(code):
    return eval(code, {"ex": ex, "np": np, "zlib": zlib, "base64": base64})


@each_case
def test_good_values_survive_check_json_link_and_code(case):
    setting = case.setting
    for value in (*case.good, setting.default):
        checked = setting.check(value)
        assert exactly(setting.check(checked), checked)
        document = setting.to_json(value)
        text = json.dumps(document, allow_nan=False)
        assert exactly(setting.from_json(json.loads(text)), checked)
        assert exactly(setting.wish(json.loads(text), setting.default), checked)
        found = evaluated(setting.code(value))
        if isinstance(checked, Uploaded):
            assert np.array_equal(found, checked.image)
        elif isinstance(setting, Strokes | Picks):
            assert exactly(setting.check(found), checked)
        else:
            assert exactly(found, checked)


@each_case
def test_bad_values_are_refused_with_name_value_and_cure(case):
    setting = case.setting
    taken = {
        Pick: [None] if None in getattr(setting, "options", ()) else [],
        Image: [None],
        Several: [x for x in HOSTILE if x is not None],  # its record judges the rest
        Strokes: EMPTY,
        Picks: EMPTY,
    }.get(type(setting), [])
    for value in (*case.bad, *HOSTILE):
        if any(value is x for x in taken):
            continue
        with pytest.raises((ValueError, TypeError)) as caught:
            setting.check(value)
        if type(setting) is Several:
            continue
        message = str(caught.value)
        assert message.startswith(f"`{setting.name}` must be ")
        assert ", got " in message
        assert message.rpartition("; ")[2].strip()
        if not isinstance(value, np.ndarray):
            assert f"got {params.shown(value)}; " in message


@each_case
def test_json_of_another_shape_is_refused(case):
    for value in ([1, 2, 3], {"a": 1}, {"name": 3}, {"a": {}, "b": {}}, "no", 1e300):
        if type(case.setting) is Several:
            continue
        with pytest.raises(
            (ValueError, TypeError), match=f"`{case.setting.name}` must"
        ):
            case.setting.from_json(value)


@each_case
def test_controls_are_json_and_named(case):
    control = case.setting.control()
    assert json.loads(json.dumps(control, allow_nan=False)) == control
    assert {"name", "kind", "label", "meaning", "help", "default"} <= set(control)
    assert control["name"] == case.setting.name


def test_the_control_of_a_number_holds_slider_symbol_unit_and_formula():
    control = Number(params.TIME, "horizon", 15.0).control()
    expected = {
        "kind": "number", "name": "horizon", "label": "horizon", "symbol": "T",
        "unit": "flow time", "low": 0.0, "high": 30.0, "increment": 0.25, "log": False,
        "integer": False, "default": 15.0,
    }  # fmt: skip
    assert expected.items() <= control.items()
    assert params.TIME.meaning in control["help"]
    assert params.TIME.formula in control["help"]


def test_the_control_of_a_choice_holds_those_of_its_kinds():
    control = Choice("optimizer", (ex.Adam, ex.RiemannianDescent), "how").control()
    assert [option["value"] for option in control["options"]] == [
        "Adam", "RiemannianDescent",
    ]  # fmt: skip
    inner = [c["name"] for c in control["options"][0]["controls"]]
    assert inner == ["rate", "beta1", "beta2"]


def test_help_is_text_not_markup():
    assert "<b>" not in Pick("a", ("b",), "<b>loud</b>").control()["help"]


@each_record
def test_records_survive_json_link_and_code(record):
    document = ANY.to_json(record)
    state = {"dashboard": "D", "schema": 2, "settings": {"part": document}, "run": []}
    found = from_link(to_link(state))
    assert found == state
    assert exactly(ANY.from_json(found["settings"]["part"]), record)
    assert exactly(evaluated(ANY.code(record)), record)
    assert exactly(pickle.loads(pickle.dumps(record)), record)


@pytest.mark.parametrize("record", OTHERS, ids=repr)
def test_records_of_experiments_survive_too(record):
    choice = Choice("part", (type(record),), "what", prefix="ex.experiments")
    text = json.dumps(choice.to_json(record))
    assert exactly(choice.from_json(json.loads(text)), record)
    assert exactly(evaluated(choice.code(record)), record)


@pytest.mark.parametrize(
    ("extra", "make"),
    [
        ("torch", lambda: ex.EulerAutodiff(0.3)),
        ("torch", lambda: ex.KrylovAutodiff(4)),
        ("maxflow", lambda: BENCH.GraphCut(0.1)),
    ],
)
def test_records_that_need_an_extra_survive_too(extra, make):
    pytest.importorskip(extra)
    record = make()
    choice = Choice("part", (type(record),), "what")
    assert exactly(choice.from_json(choice.to_json(record)), record)


@each_record
def test_each_field_of_a_record_is_declared(record):
    declared = [s.name for s in settings_of(type(record))]
    assert declared == [f.name for f in fields(record) if f.init]


@pytest.mark.parametrize("kind", KINDS)
def test_settings_of_a_record_have_its_defaults(kind):
    default = kind()
    for setting in settings_of(kind):
        own = getattr(default, setting.name)
        if (kind, setting.name) not in ALL_COMPONENTS:
            assert exactly(setting.default, own)
        assert setting.meaning


ALL_COMPONENTS = {
    (kind, "rank")
    for kind in (ex.IteratedGradient, ex.SerialGradient, ex.ParallelGradient)
}
"""Rank 0 stands for `dim`."""


@each_record
def test_a_document_must_name_all_fields_and_no_other(record):
    ((name, inner),) = ANY.to_json(record).items()
    for field in inner:
        less = {k: v for k, v in inner.items() if k != field}
        with pytest.raises(ValueError, match=f"`part` must .*; add {field}"):
            ANY.from_json({name: less})
    with pytest.raises(ValueError, match=r"`part` must .*; leave out speed"):
        ANY.from_json({name: inner | {"speed": 3}})


def test_unknown_kinds_are_refused_by_name():
    choice = Choice("optimizer", (ex.Adam,), "how")
    with pytest.raises(ValueError, match=r"`optimizer` must be one of Adam, .*'Sgd'"):
        choice.from_json({"Sgd": {}})
    for document in ({}, {"Adam": 3}, {"Adam": {}, "AdaMax": {}}, [], None, "Adam"):
        with pytest.raises(ValueError, match="`optimizer` must be"):
            choice.from_json(document)


def test_classes_that_need_arguments_are_no_kinds():
    for kind in (ex.TangentLoss, int, ex.Adam(), ex.LinearizedFlow):
        with pytest.raises(TypeError, match="`kinds` must be frozen records"):
            Choice("loss", (kind,), "what")


def test_a_record_is_judged_whole():
    choice = Choice("gradient", (ex.LowRankGradient,), "how")
    document = choice.to_json(ex.LowRankGradient(dim=3, rank=2))
    document["LowRankGradient"]["rank"] = 4
    with pytest.raises(ValueError, match="`rank` = 4 exceeds `dim` = 3"):
        choice.from_json(document)


def test_a_part_that_json_cannot_hold_is_refused():
    own = ex.TangentLoss(lambda V, target: (0.0, 0 * V))
    with pytest.raises(TypeError, match="`loss` must be one of DirectionLoss"):
        ANY.check(ex.LowRankGradient(loss=own))


def test_a_wish_builds_on_the_current_record():
    choice = Choice("optimizer", (ex.Adam, ex.AdaMax, ex.RiemannianDescent), "how")
    current = ex.Adam(0.1, 0.5)
    assert choice.wish({"Adam": {"beta1": 0.6}}, current) == ex.Adam(0.1, 0.6)
    assert choice.wish({"AdaMax": {}}, current) == ex.AdaMax(0.1, 0.5)
    assert choice.wish({"RiemannianDescent": {}}, current) == ex.RiemannianDescent()
    with pytest.raises(ValueError, match="`beta1` must"):
        choice.wish({"Adam": {"beta1": 2}}, current)
    inner = Choice("gradient", (ex.LowRankGradient,), "how")
    before = ex.LowRankGradient(route=ex.TwoSided(KEPT))
    after = {
        "route": {"TwoSided": {"orthogonalization": {"BlockChebyshev": {"block": 4}}}}
    }
    found = inner.wish({"LowRankGradient": after}, before)
    assert found == replace(before, route=ex.TwoSided(replace(KEPT, block=4)))


def test_a_wish_adds_drops_and_clears_edits():
    one, other = ex.Stroke([(1, 2)], 3), ex.Stroke([(4, 5)], None, 1)
    added = {"add": {"points": [[4, 5]], "label": None, "size": 1}}
    assert Strokes().wish(added, (one,)) == (one, other)
    assert Strokes().wish({"drop": True}, (one, other)) == (one,)
    assert Strokes().wish({"clear": True}, (one, other)) == ()
    assert Picks().wish({"add": [3, 4]}, ((1, 2),)) == ((1, 2), (3, 4))
    for bad in (
        {},
        {"add": 3},
        {"add": {"points": 3}},
        {"drop": 1, "clear": 1},
        {"x": 1},
    ):
        for setting in (Strokes(), Picks()):
            with pytest.raises((ValueError, TypeError), match=f"`{setting.name}`"):
                setting.wish(bad, ())


def test_numbers_of_a_record_are_its_controls():
    names = [s.name for s in ANY.numbers(ex.LowRankGradient())]
    assert names == ["dim", "rank", "loss", "route", "rank_tolerance"]


def test_names_are_those_of_python():
    for name in ("", "a b", "3d", "a-b"):
        with pytest.raises(ValueError, match="`name` must be a Python name"):
            Flag(name, "what")
    assert Number(params.TIME_STEP).label == "time step"


def test_defaults_are_checked():
    for make in (
        lambda: Number(params.NOISE, default=11),
        lambda: Pick("kind", ("a",), "what", "b"),
        lambda: Choice("optimizer", (ex.Adam,), "how", ex.AdaMax()),
        lambda: Pixel(default=(-1, 0)),
    ):
        with pytest.raises((ValueError, TypeError), match="must be"):
            make()


# --- links ----------------------------------------------------------------------------

STATE = {
    "dashboard": "LearningExplorer",
    "schema": 2,
    "settings": {
        "noise": 0.1 + 0.2, "kind": "lines", "keep": None, "pixel": [3, 4],
        "least": 5e-324, "text": "a&b=c#d %41+é\u2028", "one": 1,
        "optimizer": {"Adam": {"rate": 1 / 3}},
    },
    "run": [],
}  # fmt: skip
BEFORE = STATE["settings"] | {"noise": 0.45, "one": 1.0}


@pytest.mark.parametrize(
    "run", [[], [[BEFORE, 3]], [[STATE["settings"], 1], [BEFORE, 2]]]
)
def test_links_are_exact(run):
    state = STATE | {"run": run}
    link = to_link(state)
    assert link.startswith("#")
    assert link.isascii()
    assert " " not in link
    for address in (link, link[1:], f"http://localhost:8866/voila?token=1{link}"):
        assert repr(from_link(address)) == repr(json.loads(json.dumps(state)))


def test_segments_repeat_only_what_differs():
    one, many = (to_link(STATE | {"run": [[BEFORE, 3]] * n}) for n in (1, 2))
    assert len(many) - len(one) < 100


def test_pixels_are_asked_for_where_a_link_names_them():
    setting = Image("photo")
    document = setting.to_json(PHOTO)
    link = to_link(STATE | {"settings": {"photo": document}})
    assert document["data"] not in link
    stored = from_link(link)["settings"]["photo"]
    assert stored == {"name": "photo.png", "shape": [4, 5, 3]}
    with pytest.raises(ValueError, match=r"`photo` must .*; upload 'photo.png' again"):
        setting.from_json(stored)


HEAD = "dashboard=%22D%22&schema=2"

BAD_LINKS = {
    "": "link", "#": "link", "#nothing": "link", "#a=1": "dashboard, schema is missing",
    "#dashboard=%22D%22": "schema is missing", "x" * 2**21: "link",
    "#dashboard=3&schema=2": "dashboard", "#dashboard=%22D%22&schema=true": "schema",
    "#dashboard=%22D%22&schema=2.5": "schema",
} | {
    f"#{HEAD}&{tail}": name
    for tail, name in {
        "a=NaN": "a", "a=1e999": "a", "a=-Infinity": "a", "a={": "a", "a=": "a",
        "a=1&a=2": "a", "check=1": "check", "x%20y=1": "x y", "a=%FF": "link",
        "a=" + "[" * 100_000: "a", "a=" + "9" * 5000: "a", ";": "link",
        "run=3": "run", "run=[3]": "run", "run=[[3,1]]": "run",
        "run=[[{%22b%22:1},1]]": "run", "&".join(["a=1"] * 2000): "link",
    }.items()
}  # fmt: skip
"""Links, and what the message about them names."""


@pytest.mark.parametrize("link", BAD_LINKS, ids=lambda link: quote(link[:40]))
def test_hostile_links_are_refused_by_what_is_wrong(link):
    with pytest.raises(ValueError, match=r"`\w+` must be .*, got .*; ") as caught:
        from_link(link)
    assert BAD_LINKS[link] in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("link", [None, 3, b"#a=1", ["#"], True])
def test_what_is_no_text_is_no_link(link):
    with pytest.raises(ValueError, match="`link` must be text"):
        from_link(link)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_words_are_no_settings(name):
    with pytest.raises(ValueError, match=f"`settings` must .*; rename {name}"):
        to_link(STATE | {"settings": {name: 1}})


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}])
def test_what_json_cannot_hold_makes_no_link(value):
    with pytest.raises((ValueError, TypeError)):
        to_link(STATE | {"settings": {"a": value}})


def test_a_run_of_other_settings_makes_no_link():
    for part in ([{"noise": 1}, 3], 3, [BEFORE]):
        with pytest.raises(ValueError, match="`run` must be"):
            to_link(STATE | {"run": [part]})


# --- pictures -------------------------------------------------------------------------

EDGE = np.array([[[0.0], [1.0], [np.nextafter(0.5, 1.0)]]])


@pytest.mark.parametrize(
    "image", [EDGE, np.arange(256).reshape(16, 16, 1) / 255.0, PHOTO.image]
)
def test_pictures_keep_their_numbers(image):
    setting = Image()
    found = setting.from_json(json.loads(json.dumps(setting.to_json(("a.png", image)))))
    assert np.array_equal(found.image, image)
    assert found == Uploaded("a.png", image)
    assert hash(found) == hash(Uploaded("a.png", image))
    assert found != Uploaded("b.png", image)
    assert not found.image.flags.writeable


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 5)), np.zeros((4, 5, 2)), np.zeros((0, 5, 3)),
        np.zeros((300, 5, 3)),
        np.full((2, 2, 1), np.nan), np.full((2, 2, 1), 1.1), np.full((2, 2, 1), -0.1),
        np.zeros((2, 2, 1), int), np.zeros((2, 2, 1), complex),
    ],
    ids=lambda image: f"{image.shape} {image.dtype}",
)  # fmt: skip
def test_arrays_that_are_no_pictures_are_refused(image):
    with pytest.raises(ValueError, match=r"`image` must be .*; scale"):
        Image().check(("a.png", image))


PACKED = pack("a.png", PHOTO.image)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [4, 5]}, {"shape": [10**9] * 3}, {"shape": [4, 5, True]}, {"data": 3},
        {"dtype": "object"}, {"data": "!"}, {"data": PACKED["data"][:-50]},
        {"shape": 3}, {"dtype": []}, {"dtype": "uint8"},
    ],
    ids=lambda change: repr(change)[:40],
)  # fmt: skip
def test_broken_packages_are_refused(change):
    with pytest.raises(ValueError, match="`image` must be a packed picture"):
        Image().from_json(PACKED | change)


# --- fields that declare themselves ---------------------------------------------------


@dataclass(frozen=True)
class Own(params.Record):
    """A record with a parameter under another name and default."""

    pace: float = params.of(params.STEP, 3)
    count: int = params.of(params.DIM)


def test_a_field_checks_under_its_own_name():
    assert exactly(Own(), Own(pace=3.0, count=10))
    assert exactly(Own(np.float32(2.5), 4.0), Own(2.5, 4))
    with pytest.raises(ValueError, match=r"`pace` = 0 .*it must be"):
        Own(0)
    with pytest.raises(ValueError, match="`count` = 0"):
        replace(Own(), count=0)
    assert hash(Own()) == hash(Own())


def test_a_default_must_be_admissible():
    with pytest.raises(ValueError, match="`step` = 0"):
        params.of(params.STEP, 0)
