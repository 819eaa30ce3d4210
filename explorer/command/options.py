"""Shared parts of the options of all commands: parameters, ports, help, defaults."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer.settings import Number, Pick

HIGHEST_PORT = 2**16 - 1

MOST_KERNELS = 1000


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


def add_settings(group: Any, *settings: Number) -> None:
    """Add one option per number; `fill_in` gives it its default.

    A name of several words is spelled with dashes; underscores work, too.
    """
    for setting in settings:
        symbol = setting.parameter.symbol
        common: dict[str, Any] = {
            "dest": setting.name,
            "type": reader(setting),
            "metavar": "N" if symbol == setting.parameter.name else symbol,
        }
        dashed = spelled(setting.name)
        group.add_argument(f"--{dashed}", help=describe(setting), **common)
        if dashed != setting.name:
            hidden = argparse.SUPPRESS
            group.add_argument(f"--{setting.name}", help=hidden, **common)


def add_pick(group: Any, pick: Pick) -> None:
    """Add the option that takes one of several words."""
    group.add_argument(
        f"--{spelled(pick.name)}",
        choices=pick.options,
        default=pick.default,
        help=f"{pick.meaning} (default: %(default)s)",
    )


def spelled(name: str) -> str:
    """Return the spelling of a name in options.

    >>> spelled("n_prototypes")
    'n-prototypes'
    """
    return name.replace("_", "-")


def add_checkpoint(group: Any) -> None:
    """Add the option that saves a run on disk."""
    group.add_argument(
        "--checkpoint",
        type=place,
        metavar="FILE.nc",
        help="file to save the run to, every few seconds and when it ends or stops; if "
        "the file exists, the run resumes from it, up to the number of steps "
        "(default: none)",
    )


def describe(setting: Number) -> str:
    """Return the help text of a number: meaning, range, unit, default.

    >>> from explorer import params
    >>> describe(Number(params.RHO, default=1))
    'scale of the distances; a finite number from 1e-06 to 1e+06, distance (default: 1)'
    """
    parameter = setting.parameter
    unit = f", {parameter.unit}" if parameter.unit else ""
    text = f"{setting.meaning}; {parameter.admissible}{unit}"
    return f"{text} (default: {setting.default:g})".replace("%", "%%")


def reader(setting: Number) -> Callable[[str], float]:
    """Return the function that turns the text of an option into a checked value."""
    parameter = setting.parameter

    def read(text: str) -> float:
        try:
            return parameter.check(float(text))
        except ValueError as error:
            why = str(error)
            if why.startswith("could not convert"):
                why = f"{text!r} is not a number: it must be {parameter.admissible}"
            raise argparse.ArgumentTypeError(why) from None

    return read


def place(text: str) -> Path:
    """Return the path of an option; ~ is the home folder."""
    return Path(os.path.expanduser(text))


def port(text: str) -> int:
    """Return the number of a port."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a port: it must be an integer from 1 to {HIGHEST_PORT}"
        )
    return int(text)


def count(text: str) -> int:
    """Return a number of kernels."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_KERNELS):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be an integer from 1 to {MOST_KERNELS}"
        )
    return int(text)


def fill_in(options: argparse.Namespace, *settings: Number) -> None:
    """Set omitted options to the defaults of their settings."""
    for setting in settings:
        if getattr(options, setting.name) is None:
            setattr(options, setting.name, setting.default)
