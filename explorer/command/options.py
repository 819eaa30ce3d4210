"""What the options of all commands share: parameters, ports, help, defaults."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer.params import Parameter

HIGHEST_PORT = 2**16 - 1


def add_command(
    commands: Any,
    name: str,
    texts: tuple[str, str],
    run: Callable[[argparse.Namespace], int],
    check: Callable[[argparse.Namespace], None],
) -> Any:
    """Add a command with its help (short, long), what it runs, and what it checks."""
    short, long = texts
    command = commands.add_parser(
        name,
        prog=f"laf {name}",
        help=short,
        description=long,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(run=run, check=check, complain=command.error)
    return command


def add_parameters(group: Any, options: dict[str, Parameter]) -> None:
    """Add one option per parameter; its default is filled in by `check_learn`."""
    for name, parameter in options.items():
        group.add_argument(
            f"--{name}",
            type=reader(parameter),
            metavar="N" if parameter.symbol == name else parameter.symbol,
            help=describe(parameter),
        )


def add_checkpoint(group: Any) -> None:
    """Add the option that keeps a run on disk."""
    group.add_argument(
        "--checkpoint",
        type=place,
        metavar="FILE.nc",
        help="file that keeps the run every few seconds and when it ends or is "
        "stopped; if it is there, the run goes on from it, up to the number of steps "
        "(default: none)",
    )


def describe(parameter: Parameter) -> str:
    """Return the help text of a parameter: meaning, range, unit, default.

    >>> from explorer import params
    >>> describe(params.RHO)
    'scale of the distances; a finite number in [1e-06, 1e+06], distance (default: 0.5)'
    """
    unit = f", {parameter.unit}" if parameter.unit else ""
    text = f"{parameter.meaning}; {parameter.admissible}{unit}"
    return f"{text} (default: {parameter.default:g})".replace("%", "%%")


def reader(parameter: Parameter) -> Callable[[str], float]:
    """Return the function that turns the text of an option into a checked value."""

    def read(text: str) -> float:
        try:
            return parameter.check(float(text))
        except ValueError as error:
            why = str(error)
            if why.startswith("could not convert"):
                why = f"{text!r} is no number; needed is {parameter.admissible}"
            raise argparse.ArgumentTypeError(why) from None

    return read


def place(text: str) -> Path:
    """Return the path that an option names; ~ is the home folder."""
    return Path(os.path.expanduser(text))


def port(text: str) -> int:
    """Return the number of a port."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port; needed is an integer from 1 to {HIGHEST_PORT}"
        )
    return int(text)


def fill_in(options: argparse.Namespace, parameters: dict[str, Parameter]) -> None:
    """Give options that were left out the default of their parameter."""
    for name, parameter in parameters.items():
        if getattr(options, name) is None:
            setattr(options, name, parameter.check(parameter.default))
