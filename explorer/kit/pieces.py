"""Assemble files from pieces: Jupyter servers reject messages of more than 10 MB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_COMING = 4
"""Most incomplete files; a page that closes never sends the rest of its file."""


@dataclass(frozen=True)
class File:
    """A complete file; `content` is None if the file exceeds the limit."""

    name: str
    size: int
    content: bytes | None


@dataclass
class Coming:
    """A file on its way: its name, pieces and bytes, and what has arrived of it."""

    name: str
    pieces: int
    size: int
    parts: dict[int, bytes] = field(default_factory=dict)


class Pieces:
    """Assemble files from the messages "begin" and "piece"."""

    def __init__(self) -> None:
        self._coming: dict[str, Coming] = {}

    def begin(self, message: Mapping[str, Any], limit: int) -> File | None:
        """Start to collect a file; return it if no pieces will follow."""
        name, size, pieces = message["name"], message["size"], message["pieces"]
        if size > limit:
            return File(name, size, None)
        if not pieces:
            return File(name, 0, b"")
        self._coming[message["id"]] = Coming(name, pieces, size)
        while len(self._coming) > MOST_COMING:  # the oldest: its page is gone
            del self._coming[next(iter(self._coming))]
        return None

    def piece(self, message: Mapping[str, Any], content: Any) -> File | None:
        """Add one piece; return the file if it is complete."""
        coming = self._coming.get(message["id"])
        if coming is None:
            return None
        coming.parts[message["index"]] = bytes(content)
        held = sum(map(len, coming.parts.values()))
        if held > coming.size or not 0 <= message["index"] < coming.pieces:
            del self._coming[message["id"]]  # it is not what was announced
            return None
        if len(coming.parts) < coming.pieces:
            return None
        del self._coming[message["id"]]
        whole = b"".join(coming.parts[k] for k in range(coming.pieces))
        return File(coming.name, len(whole), whole)

    def forget(self) -> None:
        """Drop all incomplete files."""
        self._coming.clear()
