"""Messages about an argument that know its name, so that callers can tell their own."""

from __future__ import annotations

from typing import Any


class About(str):
    """A message that begins with the name of an argument.

    A function knows its argument as `path`; a command knows the same file as `--out`.
    Raised in an error, `About("path", "= 'x' is a folder")` can be told again `of`
    another argument.
    """

    argument: str
    rest: str

    def __new__(cls, argument: str, rest: str) -> About:
        """Return the message of an argument."""
        text = super().__new__(cls, f"`{argument}` {rest}")
        text.argument, text.rest = argument, rest
        return text

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """Return what a copy is made of."""
        return self.argument, self.rest

    def of(self, argument: str) -> About:
        """Return the same message about an argument of another name."""
        return About(argument, self.rest)


def require_callable(argument: str, value: Any) -> None:
    """Raise unless `value` is a function, or another object that can be called."""
    if isinstance(value, type) or not callable(value):
        raise TypeError(
            f"`{argument}` must be a function, got {value!r:.60}; pass one, such as "
            "`lambda *arguments: None`"
        )
