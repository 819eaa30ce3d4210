"""One contest: several contenders on one problem, taking turns."""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import DOUBLE_ONLY, NEEDS
from benchmarks.problem import Problem

LEAST_COSINE = {"float64": 1.0 - 1e-6, "float32": 1.0 - 1e-4}
"""Of a contender's array with the exact one; below, its time would mean nothing."""

ROUGH = {"ours": 0.999}
"""Contenders that are meant to be rough: rank one neglects part of the gradient."""

ROUGH_DIM = 5
"""Krylov spaces this small are rough for everybody."""


class Worker:
    """A contender in a process of its own."""

    def __init__(self, name: str, problem: Problem) -> None:
        self.name = name
        command = [sys.executable, "-m", "benchmarks.worker", name]
        root = str(Path(__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [*command, json.dumps(asdict(problem))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )

    def ask(self, *words: str) -> Any:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(*words, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError(f"{self.name} died, code {self._process.wait()}")
        return json.loads(line)

    def result(self) -> np.ndarray:
        """Return what the contender computes."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.npy"
            self.ask("result", str(path))
            return np.load(path)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()


@dataclass
class Entry:
    """What one contender has shown: seconds of each turn, agreement, peak memory."""

    name: str
    cosine: float
    seconds: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def median(self) -> float:
        """The median of all turns, in seconds."""
        return statistics.median(self.seconds)


def present(names: list[str], problem: Problem) -> list[str]:
    """Return those contenders that can take part here."""
    return [
        name
        for name in names
        if not (problem.single and name in DOUBLE_ONLY)
        and (name not in NEEDS or importlib.util.find_spec(NEEDS[name]))
    ]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine of two arrays, each patch or pixel without its mean."""
    a, b = (np.asarray(x, float) - np.asarray(x, float).mean(axis=0) for x in (a, b))
    return float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def contest(
    problem: Problem, names: list[str], reference: str, turns: int
) -> list[Entry]:
    """Compare results, then let everybody take turns; the first turn does not count."""
    with Worker(reference, problem) as worker:
        expected = worker.result()
    with ExitStack() as stack:
        workers, entries = [], []
        for name in present(names, problem):
            worker = stack.enter_context(Worker(name, problem))
            agreement = cosine(worker.result(), expected)
            least = ROUGH.get(name, LEAST_COSINE[problem.dtype])
            if agreement < (0.99 if problem.dim <= ROUGH_DIM else least):
                raise ArithmeticError(f"{name}: cosine {agreement} on {problem.name}")
            workers.append(worker)
            entries.append(Entry(name, agreement))
        for turn in range(turns + 1):
            for worker, entry in zip(workers, entries, strict=True):
                seconds = worker.ask("time")
                if turn:
                    entry.seconds.append(seconds)
        for worker, entry in zip(workers, entries, strict=True):
            entry.memory = worker.ask("memory")
    return entries
