"""The console script `laf`: opens the dashboard, or learns without one.

`laf` and `python -m explorer` are the same. Bokeh and ipywidgets are loaded by neither
`--help` nor an error message.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from explorer.command.arguments import parse

__all__ = ["main"]

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, by the shells' convention."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `laf` with the given arguments (those of the process if None).

    Returns the exit code; a wrong argument ends the process with exit code 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Greek letters
    try:
        options = parse(arguments)
        return int(options.run(options))
    except KeyboardInterrupt:
        print("\nlaf: interrupted", file=sys.stderr)
        return INTERRUPTED
