"""python -m benchmarks.soak: random moves in every explorer; errors, growth of memory.

Each explorer runs in a process of its own. Undo keeps the last hundred moments, so
memory is read first after `WARM` moves, and again at the end of the time, both times
with the settings and views of the start.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from typing import Any

import psutil

import explorer as ex
from explorer.kit.memory import give_back
from explorer.settings import Choice, Flag, Number, Pick, Picks, Pixel, Strokes

WARM = 150
"""Moves before memory is read first: more than undo remembers."""

LIMIT = 20 * 2**20
"""Most bytes that memory may grow."""

SEVERAL = ("size", "scene", "image")
"""Settings that stay as they are: other sizes take other memory."""

KINDS = [name for name in dir(ex) if name.endswith("Explorer")]


def drawn(setting: Any, now: Any, rng: random.Random) -> Any:
    """Return a random value of a setting, within its slider."""
    if isinstance(setting, Number):
        low, high, _ = setting.parameter.slider
        value = rng.uniform(low, high)
        return setting.check(round(value) if setting.parameter.integer else value)
    if isinstance(setting, Pick):
        return rng.choice(setting.options)
    if isinstance(setting, Flag):
        return not now
    if isinstance(setting, Choice):
        return rng.choice(setting.kinds)()
    if isinstance(setting, Pixel):
        return rng.randrange(30), rng.randrange(30)
    if isinstance(setting, Strokes):
        points = [(rng.randrange(30), rng.randrange(30)) for _ in range(3)]
        return (*now[-20:], ex.Stroke(points, rng.choice((0, 1, None)), 3))
    return () if isinstance(setting, Picks) else now


def move(app: Any, rng: random.Random) -> None:
    """Make one random move: mostly a setting, sometimes undo, steps, views, or runs."""
    act = rng.random()
    if act < 0.1:
        rng.choice((app.undo, app.redo))()
    elif act < 0.15:
        app.preset(rng.choice(list(app.presets)))
    elif act < 0.2:
        names = [view.name for view in app.plan.views]
        app.show(*rng.sample(names, rng.randint(1, min(6, len(names)))))
    elif act < 0.25 and app.frame.kept:
        app.forget(app.frame.kept[0].number)
    elif act < 0.3:
        app.freeze()
    elif act < 0.35 and app.stepper is not None:
        app.run(rng.randint(1, 3))
    else:
        free = [n for n in app.plan.settings if n not in SEVERAL]
        name = rng.choice(free)
        now = app.frame.moment.settings[name]
        app.set(**{name: drawn(app.plan.settings[name], now, rng)})


def soak(kind: str, seconds: float, seed: int) -> int:
    """Move one explorer for some time; print what happened, return the exit code."""
    rng, app = random.Random(seed), getattr(ex, kind)()
    began, moves, first, wrong = time.monotonic(), 0, 0, []
    assert app.wait(120)
    start = app.state, app.shown
    while time.monotonic() - began < seconds or moves <= WARM:
        move(app, rng)
        moves += 1
        if rng.random() < 0.5:
            if not app.wait(120):
                wrong.append(f"no answer in 120 s after {app.state}")
                break
            wrong += unexpected(app)
        if moves == WARM:
            first = resident(app, *start)
    wrong += unexpected(app)
    grown = resident(app, *start) - first
    print(
        f"{kind:22s} {moves:6d} moves, {first / 2**20:6.0f} MB + "
        f"{grown / 2**20:5.1f} MB, {len(wrong)} errors",
        *wrong,
        flush=True,
    )
    app.close()
    return int(bool(wrong) or grown > LIMIT)


def unexpected(app: Any) -> list[str]:
    """Return problems that name no setting: those at settings are answers."""
    said = [app.frame.problem, *app.frame.errors.values()]
    return [text for text in said if text and not text.startswith("`")]


def resident(app: Any, state: Any, shown: list[str]) -> int:
    """Return the bytes of this process in memory, back at the state of the start."""
    app.load(state)
    app.show(*shown)
    app.wait(120)
    give_back()
    return int(psutil.Process(os.getpid()).memory_info().rss)


def main() -> None:
    """Run every explorer, or those named."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__
    )
    parser.add_argument("kinds", nargs="*", metavar="EXPLORER")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if len(options.kinds) == 1:
        raise SystemExit(soak(options.kinds[0], options.seconds, options.seed))
    told = ["--seconds", str(options.seconds), "--seed", str(options.seed)]
    codes = [
        subprocess.run(
            [sys.executable, "-m", "benchmarks.soak", kind, *told]
        ).returncode
        for kind in options.kinds or KINDS
    ]
    raise SystemExit(max(codes))


if __name__ == "__main__":
    main()
