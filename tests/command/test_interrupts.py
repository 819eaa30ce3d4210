"""Signals of any number, at any moment: what was computed is kept."""

from __future__ import annotations

import signal
from itertools import repeat
from types import SimpleNamespace

import pytest

from explorer.command import learn, train
from explorer.command.interrupts import Interrupts
from tests.command.processes import handled_as_usual

COMMANDS = {"learn": learn, "train": train}


class Keeper:
    """Stands for the files of a run; a signal arrives while it writes."""

    def __init__(self):
        self.records = []

    def add(self, record):
        self.records.append(record)

    def keep(self, last=False):
        if not last:
            signal.raise_signal(signal.SIGHUP)


def followed(name, interrupts):
    """Follow a run whose steps never end."""
    names = ["loss", "error_percent", "validation_loss", "validation_error_percent"]
    step = SimpleNamespace(step=0, **dict.fromkeys(names, 1.0))
    keeper = Keeper()
    if name == "learn":
        run = SimpleNamespace(position=(0, 0, 0), iterate=lambda n: repeat(step, n))
        failed = learn.follow(run, 10**9, keeper, interrupts)
        assert keeper.records
        return failed
    state = SimpleNamespace(records=[step])
    return train.follow(repeat(state, 10**9), 10**9, keeper, interrupts)


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGTERM)
        assert interrupts.signum is None
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_second_signal_raises_and_the_third_is_ignored():
    with handled_as_usual(), Interrupts(once=True) as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.signum == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_second_signal_after_the_last_step_is_caught(name, monkeypatch):
    """It arrives when the loop has ended and the progress bar is being closed."""
    close = learn.tqdm.close

    def closing(bar):
        signal.raise_signal(signal.SIGTERM)
        close(bar)

    monkeypatch.setattr(learn.tqdm, "close", closing)
    with Interrupts(once=True) as interrupts:
        assert followed(name, interrupts) == 0
        signal.raise_signal(signal.SIGTERM)  # while the files are written
    assert interrupts.signum == signal.SIGHUP
