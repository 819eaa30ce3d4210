"""The console script `laf`: opens the dashboard, or learns without one.

`laf` and `python -m explorer` are the same. Bokeh and ipywidgets are loaded by neither
`--help` nor an error message.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from explorer.command.codes import FAILED, INTERRUPTED
from explorer.command.streams import lasting_streams

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `laf` with the given arguments (those of the process if None).

    Returns the exit code; a wrong argument ends the process with exit code 2.
    """
    with lasting_streams() as streams:
        try:
            # a second of imports, in which Ctrl-C is answered, too
            from explorer.command.arguments import parse

            options = parse(arguments)
            code = int(options.run(options))
        except SystemExit as end:  # of --help and --version, or a wrong argument
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
            sys.exit(streams.verdict(code))
        except MemoryError as error:
            from explorer.command.delivery import reason

            print(f"laf: error: {reason(error)}", file=sys.stderr)
            return FAILED
        except (KeyboardInterrupt, RuntimeError) as error:
            if not interrupted(error):
                raise
            print("\nlaf: interrupted", file=sys.stderr)
            return INTERRUPTED
        return streams.verdict(code)


def interrupted(error: BaseException) -> bool:
    """Return whether Ctrl-C is behind an exception.

    Python 3.11 makes a RuntimeError of it where a class is being built.
    """
    return isinstance(error, KeyboardInterrupt) or isinstance(
        error.__cause__, KeyboardInterrupt
    )
