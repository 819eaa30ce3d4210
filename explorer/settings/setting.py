"""The base classes of settings, and the common part of their controls."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from html import escape
from typing import Any, ClassVar, final

from explorer.params import must


class Setting(ABC):
    """A value that users can change, declared once.

    merges : whether quick successive changes are one step of undo, as when dragging.
    """

    merges: ClassVar[bool] = True
    name: str
    default: Any
    meaning: str
    label: str

    @abstractmethod
    def check(self, value: Any) -> Any:
        """Return an admissible value in its usual type; errors name the cure."""

    @abstractmethod
    def to_json(self, value: Any) -> Any:
        """Return the exact JSON form of a value."""

    @abstractmethod
    def from_json(self, document: Any) -> Any:
        """Return the checked value of its JSON form."""

    @abstractmethod
    def wish(self, document: Any, current: Any) -> Any:
        """Return the value that a control requests; `current` supplies missing parts.

        The control of a record's field sends only this field.
        """

    @abstractmethod
    def code(self, value: Any) -> str:
        """Return a Python expression for the value; `ex` is this package."""

    @abstractmethod
    def control(self) -> dict[str, Any]:
        """Return a JSON-able description of the control for the page."""


class Whole(Setting):
    """A setting whose control always sends the complete value."""

    @final
    def wish(self, document: Any, current: Any) -> Any:
        """Return the checked value."""
        return self.from_json(document)


class Plain(Whole):
    """A setting whose values are JSON values."""

    @final
    def to_json(self, value: Any) -> Any:
        """Return the checked value, which is a JSON value."""
        return self.check(value)

    @final
    def from_json(self, document: Any) -> Any:
        """Return the checked value."""
        return self.check(document)


def named(name: str, label: str) -> str:
    """Return the label (from the name if empty); raise if the name is invalid."""
    if not name.isidentifier():
        raise ValueError(must("name", "a Python name", name, 'pass one such as "rate"'))
    return label or name.replace("_", " ")


def face(setting: Setting, kind: str, **more: Any) -> dict[str, Any]:
    """Return the common part of all descriptions of controls, extended by `more`."""
    common = {
        "name": setting.name, "kind": kind, "label": setting.label, "symbol": "",
        "unit": "", "meaning": setting.meaning, "help": paragraph(setting.meaning),
        "default": setting.to_json(setting.default),
    }  # fmt: skip
    return common | more


def paragraph(text: str, kind: str = "") -> str:
    """Return plain text as an HTML paragraph of a class; "" for empty text."""
    begin = f'<p class="{kind}">' if kind else "<p>"
    return f"{begin}{escape(text)}</p>" if text else ""


def word_code(value: Any) -> str:
    """Return a word, number, truth value or None as a Python literal."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
