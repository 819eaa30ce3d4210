"""The options: defaults from `params`, and messages that name the cure."""

import argparse
import subprocess
import sys

import pytest

from explorer import __version__, params
from explorer.command import main
from explorer.command.arguments import (
    FLOW_OPTIONS,
    LEARNING_OPTIONS,
    SCENE_OPTIONS,
    build,
    parse,
)
from explorer.command.options import add_settings, fill_in
from explorer.settings import Number

SETTINGS = (*SCENE_OPTIONS, *FLOW_OPTIONS, *LEARNING_OPTIONS)
NUMBERS = {setting.name: setting.parameter for setting in SETTINGS}


def complaint(capsys, *arguments):
    """Return the last line on stderr of a command that must end with exit code 2."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_defaults_are_those_of_the_library():
    options = parse(["learn"])
    assert {name: getattr(options, name) for name in NUMBERS} == {
        name: parameter.default for name, parameter in NUMBERS.items()
    }
    assert options.labels_count == params.LABELS.default


@pytest.mark.parametrize("name", NUMBERS)
def test_integers_stay_integers(name):
    value = getattr(parse(["learn"]), name)
    assert isinstance(value, int if NUMBERS[name].integer else float)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_value_out_of_range_is_refused_with_the_range(name, capsys):
    parameter = NUMBERS[name]
    message = complaint(capsys, "learn", f"--{name}={2 * parameter.high + 1}")
    assert message.startswith(f"laf learn: error: argument --{name}: `{name}` = ")
    assert parameter.admissible in message


@pytest.mark.parametrize("name", NUMBERS)
def test_text_is_refused_with_the_range(name, capsys):
    message = complaint(capsys, "learn", f"--{name}=many")
    assert f"'many' is not a number: it must be {NUMBERS[name].admissible}" in message


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_no_time_that_is_not_a_duration(value, capsys):
    assert "`time`" in complaint(capsys, "learn", f"--time={value}")


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["learn", "--rank=11"], "lower `rank` or raise `dim`"),
        (["learn", "--scene=moon"], "choose from"),
        (["learn", "--image=a.png", "--size=64"], "scale it first"),
        (["learn", "--image=nowhere.png"], "check the path"),
        (["learn", "--labels=a.png"], "needs --image FILE"),
        (["learn", "--scene=lines", "--labels-count=3"], "have their own labels"),
        (["learn", "--image=a", "--labels=b", "--labels-count=3"], "not allowed with"),
        (["learn", "--image=a", "--scene=lines"], "not allowed with"),
        (["--port=9", "learn"], "no meaning for learn"),
        (["--port=0"], "from 1 to 65535"),
        (["--port=65536"], "from 1 to 65535"),
        (["--port=http"], "from 1 to 65535"),
        (["teach"], "choose from"),
    ],
)
def test_contradictions_are_refused_with_a_cure(arguments, cure, capsys):
    assert cure in complaint(capsys, *arguments)


def test_help_shows_symbol_range_unit_and_default(capsys):
    with pytest.raises(SystemExit) as end:
        main(["learn", "--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, p in NUMBERS.items():
        assert f"--{name} " in text
        assert f"{p.meaning}; {p.admissible}, {p.unit}".rstrip(", ") in text
    assert f"--rho {params.RHO.symbol} " in text
    assert f"(default: {params.RHO.default:g})" in text


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"laf {__version__}\n"


@pytest.mark.slow
def test_the_command_loads_no_widgets():
    heavy = ("bokeh", "ipywidgets", "torch", "voila")
    code = (
        "import sys, explorer.command, explorer.command.serve, explorer.command.learn; "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("spelled", ["--n-prototypes", "--n_prototypes"])
def test_names_of_several_words_have_dashes_and_take_underscores(spelled, capsys):
    given = ["train", "--images=a", "--labels=b", f"{spelled}=7"]
    assert build().parse_args(given).n_prototypes == 7
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    text = capsys.readouterr().out
    assert "--n-prototypes N" in text
    assert "--n_prototypes" not in text


def test_both_spellings_of_labels_count_exclude_labels():
    for spelled in ("--labels-count", "--labels_count"):
        assert build().parse_args(["learn", f"{spelled}=3"]).labels_count == 3
        with pytest.raises(SystemExit):
            build().parse_args(["learn", "--labels=a.png", f"{spelled}=3"])


def test_an_option_may_have_a_default_of_its_own():
    noise = Number(params.NOISE, default=0.2)
    parser = argparse.ArgumentParser()
    add_settings(parser, noise)
    options = parser.parse_args([])
    fill_in(options, noise)
    assert options.noise == 0.2
    assert "(default: 0.2)" in parser.format_help()
