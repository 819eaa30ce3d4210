"""What a page sends to its kernel: read off the wire, so nothing is missed."""

from __future__ import annotations

import json
import re
import struct
from itertools import pairwise
from typing import Any

QUIET = {"want-bokehjs", "hello", "drawn", "bye"}
"""What is no wish of the user's."""

WIDTH = 8
"""Bytes of a number in the head of a binary frame."""


def parts_of(frame: Any) -> list[dict[str, Any]]:
    """Return the JSON parts of one frame, in either of Jupyter's two formats."""
    if isinstance(frame, str):
        return [json.loads(frame)]
    (count,) = struct.unpack_from("<Q", frame)
    if WIDTH * (count + 1) > len(frame):
        return []
    ends = struct.unpack_from(f"<{count}Q", frame, WIDTH)
    texts = [frame[a:b] for a, b in pairwise(ends)]
    found = []
    for text in texts[1:5]:  # the channel is no JSON; after these come buffers
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return [{"content": found[-1]}] if found else []


class Posted:
    """The messages that the widgets of a page have posted since it was opened.

    kernel : the id of the kernel that the page spoke to last.
    """

    def __init__(self, page: Any) -> None:
        self.all: list[dict[str, Any]] = []
        self.kernel = ""
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        if found := re.search(r"/kernels/([\w-]+)", socket.url):
            self.kernel = found[1]
        socket.on("framesent", self._take)

    def _take(self, frame: Any) -> None:
        for part in parts_of(frame):
            data = part.get("content", {}).get("data", {})
            if isinstance(data, dict) and data.get("method") == "custom":
                self.all.append(data["content"])
            elif isinstance(data, dict) and data.get("method") == "update":
                self.all.append({"kind": "trait", **data})

    @property
    def wishes(self) -> list[dict[str, Any]]:
        """Everything but what keeps the page going."""
        return [m for m in self.all if m["kind"] not in QUIET]

    def sets(self, name: str) -> list[Any]:
        """Return the values that were wished for a control, in order."""
        found = [m["values"] for m in self.wishes if m["kind"] == "set"]
        return [values[name] for values in found if name in values]
