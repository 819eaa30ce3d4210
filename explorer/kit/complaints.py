"""`Complaints`: error messages of a dashboard, beside the controls that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from explorer.kit.plan import Plan


class Complaints:
    """Error messages, sorted by the controls that they name.

    Attributes
    ----------
    said : messages by control: a setting, or "choice.field"; problem : a message that
        names no control.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.said: dict[str, str] = {}
        self.problem = ""
        self._failed: set[str] = set()  # controls from whose values a step has failed

    def fail(self, error: Exception, now: Mapping[str, Any]) -> None:
        """Keep the error of a step until a setting changes or another step is taken."""
        before = set(self.said)
        self.add(error, now)
        self._failed |= set(self.said) - before

    def add(self, error: Exception, now: Mapping[str, Any], name: str = "") -> None:
        """Store an error at the control that it names, or else at `name`."""
        control = self.control_of(error, now)
        control = control or (name if name in self._plan.settings else "")
        if control:
            self.said = {**self.said, control: in_words(error)}
        else:
            self.problem = in_words(error)

    def forgive(self, names: set[str]) -> None:
        """Remove the messages of settings that have been set again."""
        self.problem = ""
        self.said = {
            control: text
            for control, text in self.said.items()
            if control not in self._failed and not names & set(control.split("."))
        }
        self._failed = set()

    def clear(self) -> None:
        """Take everything back."""
        self.said, self.problem, self._failed = {}, "", set()

    def control_of(self, error: Exception, now: Mapping[str, Any]) -> str:
        """Return the control that an error names, or ""."""
        found = re.match(r"`(\w+)`", str(error))
        name = found[1] if found else ""
        if not name or name in self._plan.settings:
            return name
        try:
            return f"{self._plan.owner(name, now)}.{name}"
        except ValueError:
            return ""


def in_words(error: Exception) -> str:
    """Return the text of an error; for unexpected errors, include the type."""
    meant = isinstance(error, (ValueError, TypeError, MemoryError)) and str(error)
    return str(error) if meant else repr(error)
