"""A panel in words: its title, its note, and its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.alternatives import describe, error_percent
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Patches,
    Picture,
    Series,
    Simplex,
    Table,
)
from tests.drawing.samples import EXTREMES, KINDS

LABELS = np.zeros((2, 4), int)
TRUTH = np.array([[0, 0, 0, 1], [0, 0, 0, 1]])


def test_a_labeling_says_its_share_of_wrong_pixels_once():
    said = describe(Labels("labeling", LABELS, 8, TRUTH))
    assert said == "labeling, 25 % wrong, 2 × 4 pixels, 8 labels"
    noted = describe(Labels("labeling", LABELS, 8, TRUTH, note="25.00 % wrong"))
    assert noted == "labeling, 25.00 % wrong, 2 × 4 pixels, 8 labels"


def test_pixels_without_a_label_do_not_count():
    truth = np.where(TRUTH == 1, -1, TRUTH)
    assert error_percent(Labels("", LABELS, 2, truth)) == 0.0
    assert "undefined % wrong" in describe(EXTREMES["unknown"])


@pytest.mark.parametrize(
    ("panel", "text"),
    [
        (Picture("input", np.zeros((2, 3, 3)), note="noise 0.4"),
         "input, noise 0.4, 2 × 3 pixels"),
        (Field("norm", np.array([[-4.0, np.nan, 0.5]]), "log₁₀", -4, 0),
         "norm, log₁₀ -4 to 0.5, 1 × 3 pixels"),
        (Curves("error", "step", "%", [Series("now", np.arange(3), [50.0, 2, 0.125])],
                marks=[(2.0, "T = 15")]),
         "error, now from 50 to 0.125, 2: T = 15"),
        (Curves("time", "m", "s", [Series("now", np.arange(3), [1.0, 2, 4], measured=(
            np.arange(2), np.arange(2)))], levels=[(60.0, "a minute")]),
         "time, now from 1 to 4, 2 measured, 60: a minute"),
        (Bars("cosine", "cosine", "%", np.array([0, 0.5, 1]), np.array([25, 75]), 0.5),
         "cosine, 2 bars, % 25 to 75, 75 in total from cosine 0.5 on"),
        (Grid("patch", np.array([[0.25, 0.5], [0.125, 0.125]]), "weight"),
         "patch, rows 0.25, 0.5; 0.125, 0.125, weight"),
        (Bars("share", "prototype", "%", np.arange(3.0), np.array([25, 75]), None),
         "share, 2 bars, % 25 to 75"),
        (Patches("prototypes", np.zeros((2, 3, 3, 1)), np.ones((2, 3, 3)), ("a", "b")),
         "prototypes, 2 patches, a, b"),
        (Simplex("path", ("a", "b", "c"), [Series("p", *Simplex.xy(np.eye(3)[:, :2]))]),
         "path, p ends at a 0.00, b 1.00, c 0.00"),
        (Table("methods", ("name", "wrong"), [("x", 1.0)]),
         "methods, 1 row of name, wrong"),
    ],
)  # fmt: skip
def test_every_kind_says_its_numbers(panel, text):
    assert describe(panel) == text


@pytest.mark.parametrize("name", {**KINDS, **EXTREMES})
def test_nothing_is_too_strange_for_words(name):
    said = describe({**KINDS, **EXTREMES}[name])
    assert "nan" not in said
    assert not said.startswith(",")


def test_points_of_the_simplex_come_back():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 5).T
    # two additions and a multiplication of numbers below one
    np.testing.assert_allclose(Simplex.p(*Simplex.xy(p)), p, atol=1e-15)


def test_notes_come_by_name_only():
    with pytest.raises(TypeError):
        Picture("input", np.zeros((1, 1, 3)), "noise 0.4")
