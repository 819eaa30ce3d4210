"""The command in a process of its own, as a user starts it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def laf() -> list[str]:
    """The installed console script, which then runs the installed package; else ours.

    A checkout without an installation has no script: there `python -m explorer` is it.
    """
    script = shutil.which("laf", path=sysconfig.get_path("scripts"))
    return [script] if script else [sys.executable, "-m", "explorer"]


def environment() -> dict[str, str]:
    """The environment of a user; the checkout is importable if nothing is installed."""
    env = dict(os.environ, PYTHONUNBUFFERED="1")
    if len(laf()) > 1:
        env["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(ROOT), env.get("PYTHONPATH")])
        )
    return env


@contextlib.contextmanager
def started(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the command in the background; at the end it is gone."""
    # a shell may start us with Ctrl-C ignored, which children inherit; they do not
    # inherit a handler
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [*laf(), *arguments],
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()  # as the command's own test demands: all of it
                process.communicate(timeout=30)


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Return the lines of stdout up to the first that contains `text`."""
    lines = ""
    assert process.stdout is not None
    for line in process.stdout:
        lines += line
        if text in line:
            return lines
    assert process.stderr is not None
    pytest.fail(f"ended without {text!r}:\n{lines}\n{process.stderr.read()}")


@contextlib.contextmanager
def handled_as_usual():
    """Let Ctrl-C raise, whatever started the tests wanted."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
