"""Messages about an argument are told again under another name."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from explorer.command.delivery import option
from explorer.files import checked_target
from explorer.messages import About


def test_a_message_is_told_of_another_argument():
    message = About("path", "= 'x`path`x' is a folder: name a file")
    assert message == "`path` = 'x`path`x' is a folder: name a file"
    assert message.of("out") == "`out` = 'x`path`x' is a folder: name a file"
    for same in (copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert (same, same.argument, same.rest) == (message, "path", message.rest)


def test_an_option_is_named_instead_of_the_path(tmp_path):
    """Only where the message is about it, and nowhere else in the text."""
    odd = tmp_path / "a`path`b"
    odd.mkdir()
    with pytest.raises(IsADirectoryError) as caught, option("out"):
        checked_target(odd)
    assert str(caught.value) == f"`out` = '{odd}' is a folder: name a file"
    with pytest.raises(ValueError, match=r"^the `path` of a walker$"), option("out"):
        raise ValueError("the `path` of a walker")
    with pytest.raises(ValueError, match=r"^`model` = 1"), option("out"):
        raise ValueError(About("model", "= 1"))
    with pytest.raises(OSError, match="disk"), option("out"):
        raise OSError(28, "disk full", str(Path("x")))
