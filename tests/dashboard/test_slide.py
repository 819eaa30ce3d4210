"""Sliders: values, ranges, and what they refuse; browser tests move them."""

import pytest

from explorer import params
from explorer.dashboard.controls import slider


@pytest.fixture
def made():
    calls = []

    def make(parameter, value):
        control = slider(parameter, value)
        control.observe(lambda *call: calls.append(call))
        return control, calls

    return make


@pytest.mark.parametrize("value", [4.33, 0.1 + 0.2, 1e4, 0.0])
def test_a_value_set_by_a_program_stays_and_calls_nobody(made, value):
    control, calls = made(params.TIME, 5.0)
    control.show(value)
    assert control.widget.value == value
    assert control.widget.low <= value <= control.widget.high
    assert calls == []


def test_a_value_set_by_hand_is_checked_and_passed_on(made):
    control, calls = made(params.DIM, 10)
    control.widget.value = 12.0  # a browser does not tell integers from floats
    assert calls == [("dim", 12)]
    assert type(calls[0][1]) is int


def test_a_value_that_cannot_be_is_explained_until_it_is_mended(made):
    control, calls = made(params.RHO, 0.5)
    control.widget.value = -1.0
    assert calls == []
    assert control.refused
    assert "`rho`" in control.message.value
    control.widget.value = 0.7
    assert calls == [("rho", 0.7)]
    assert not control.refused


def test_a_logarithmic_slider_keeps_its_range_at_values_it_cannot_place(made):
    control, _ = made(params.RHO, 0.5)
    control.widget.widen(0.0)
    assert control.widget.low == params.RHO.slider[0]
