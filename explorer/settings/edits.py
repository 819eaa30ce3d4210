"""Settings that a hand edits in the pictures: strokes, and picked prototypes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, final

from explorer.declaring import must, settle
from explorer.settings.setting import Setting, face, named
from explorer.strokes import BRUSH, LARGEST_LABEL, Stroke, check_picks, check_strokes

CURE = 'add one with {"add": …}, take one back with {"drop": true}, or {"clear": true}'


class Edits(Setting):
    """A list that the page extends: it sends what to add, not the whole list.

    Every entry is a step of undo of its own.
    """

    merges = False

    @final
    def wish(self, document: Any, current: Any) -> Any:
        """Return the list with an entry more, one less, or none."""
        if not isinstance(document, Mapping):
            return self.from_json(document)
        known = {"add", "drop", "clear"}
        if len(document) != 1 or not known & set(document):
            raise ValueError(must(self.name, "a list of entries", document, CURE))
        if "add" in document:
            return self.check((*current, *self.from_json([document["add"]])))
        return () if "clear" in document else current[:-1]


@dataclass(frozen=True)
class Strokes(Edits):
    """Strokes of a brush on the ground truth and on the image, in their order."""

    name: str = "strokes"
    meaning: str = "what you paint into the ground truth or into the image"
    default: tuple[Stroke, ...] = ()
    label: str = "brush"

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))
        settle(self, default=self.check(self.default))

    def check(self, value: Any) -> tuple[Stroke, ...]:
        """Return the strokes as a tuple."""
        return told(self.name, check_strokes, value)

    def to_json(self, value: Any) -> list[dict[str, Any]]:
        """Return each stroke as a dictionary of its fields."""
        return [document_of(stroke) for stroke in self.check(value)]

    def from_json(self, document: Any) -> tuple[Stroke, ...]:
        """Return the checked strokes."""
        names = {f.name for f in fields(Stroke)}
        whole = isinstance(document, list) and all(
            isinstance(one, Mapping) and "points" in one and set(one) <= names
            for one in document
        )
        if not whole:
            cure = 'pass a list such as [{"points": [[3, 4]], "label": 1}]'
            raise ValueError(must(self.name, "strokes in order", document, cure))
        made = told(self.name, lambda every: [Stroke(**one) for one in every], document)
        return self.check(made)

    def code(self, value: Any) -> str:
        """Return the strokes as a Python list."""
        return f"[{', '.join(f'ex.{stroke!r}' for stroke in self.check(value))}]"

    def control(self) -> dict[str, Any]:
        """Return the description of a brush."""
        sizes = {"most_size": int(BRUSH.high), "size": int(BRUSH.default)}
        return face(self, "strokes", most_label=LARGEST_LABEL, **sizes)


def document_of(stroke: Stroke) -> dict[str, Any]:
    """Return a stroke as JSON."""
    points = [list(point) for point in stroke.points]
    return {
        "points": points,
        "label": stroke.label,
        "size": stroke.size,
        "on": stroke.on,
    }


@dataclass(frozen=True)
class Picks(Edits):
    """Pixels whose colors become the prototypes; none leaves those of the scene."""

    name: str = "picks"
    meaning: str = "pixels whose colors become the prototypes l_j of the labels"
    default: tuple[tuple[int, int], ...] = ()
    label: str = "own prototypes"

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))
        settle(self, default=self.check(self.default))

    def check(self, value: Any) -> tuple[tuple[int, int], ...]:
        """Return the pixels as a tuple of pairs."""
        return told(self.name, check_picks, value)

    def to_json(self, value: Any) -> list[list[int]]:
        """Return [row, column] of each pixel."""
        return [list(pixel) for pixel in self.check(value)]

    def from_json(self, document: Any) -> tuple[tuple[int, int], ...]:
        """Return the checked pixels."""
        return self.check(document)

    def code(self, value: Any) -> str:
        """Return the pixels as a Python list."""
        return repr(list(self.check(value)))

    def control(self) -> dict[str, Any]:
        """Return the description of a list of pixels."""
        return face(self, "picks")


def told(name: str, check: Callable[[Any], Any], value: Any) -> Any:
    """Return a checked list; an error names setting, list and entry."""
    try:
        return check(value)
    except (TypeError, ValueError) as error:
        cure = f"correct this entry: {error}"
        raise type(error)(must(name, "a list of entries", value, cure)) from error
