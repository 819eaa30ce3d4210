"""Convert a state document to the fragment of an address, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from explorer.params import must

RESERVED = frozenset({"dashboard", "schema", "run", "check", "hide", "lock"})
"""Words of links and graphs that no setting may have as its name."""

HEAD = ("dashboard", "schema")

CONTROLS = ("hide", "lock")
"""Entries that name settings: controls that are taken away, or held."""

LONGEST_LINK = 2**20
"""Most characters of a link; browsers accept far fewer."""

MOST_ENTRIES = 1000
"""Most entries of a link: more than any dashboard has settings."""

PIXELS = {"name", "dtype", "shape", "data"}
"""The entries of a packed picture; links omit its pixels."""

CURE = "copy the whole address again"


def to_link(document: Mapping[str, Any]) -> str:
    """Return a state document as the fragment of an address, beginning with `#`.

    The link contains every value, with two exceptions: a segment of the run holds only
    the values that differ from `settings`, and packed pictures lose their pixels.

    Parameters
    ----------
    document : with `dashboard` (a name), `schema` (a number), `settings` (JSON values
        by name) and `run`, a list of segments (settings, steps).
    """
    settings = dict(document["settings"])
    taken = RESERVED & set(settings)
    if taken:
        cure = f"rename {', '.join(sorted(taken))}"
        raise ValueError(must("settings", "named otherwise", sorted(settings), cure))
    flat = {name: document[name] for name in HEAD} | settings
    flat |= {name: document[name] for name in CONTROLS if document.get(name)}
    run = [shorter(segment, settings) for segment in document.get("run") or ()]
    if run:
        flat["run"] = run
    texts = {name: text_of(without_pixels(value)) for name, value in flat.items()}
    return "#" + urlencode(texts, quote_via=quote)


def from_link(link: Any) -> dict[str, Any]:
    """Return the state document of a link, or of a whole address.

    Raises
    ------
    ValueError
        naming the unreadable part and the cure.
    """
    if not isinstance(link, str) or len(link) > LONGEST_LINK:
        text = f"text of at most {LONGEST_LINK} characters"
        raise ValueError(must("link", text, link, CURE))
    flat = entries(link.rpartition("#")[2])
    missing = [name for name in HEAD if name not in flat]
    if missing:
        cure = f"{CURE}: {', '.join(missing)} is missing"
        raise ValueError(must("link", "a whole state", link, cure))
    head = {name: flat.pop(name) for name in HEAD}
    if not isinstance(head["dashboard"], str):
        raise ValueError(must("dashboard", "a name", head["dashboard"], CURE))
    if type(head["schema"]) is not int:
        raise ValueError(must("schema", "an integer", head["schema"], CURE))
    run = flat.pop("run", [])
    head |= {name: flat.pop(name) for name in CONTROLS if name in flat}
    if not isinstance(run, list):
        raise ValueError(must("run", "a list of segments", run, CURE))
    return {**head, "settings": flat, "run": [longer(part, flat) for part in run]}


def entries(text: str) -> dict[str, Any]:
    """Return the values of a query by name; raise if the query is malformed."""
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=MOST_ENTRIES,
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(
            must("link", "name=value&…", text, f"{CURE} ({error})")
        ) from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found or name == "check" or not name.isidentifier():
            raise ValueError(must("link", "names, each once", name, CURE))
        found[name] = value_of(name, value)
    return found


def value_of(name: str, text: str) -> Any:
    """Return the value of a JSON text; numbers must be finite."""
    try:
        return json.loads(text, parse_constant=finite, parse_float=finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(must(name, "JSON", text, f"{CURE} ({error})")) from None


def finite(text: str) -> float:
    """Return a finite number, or raise."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number


def text_of(value: Any) -> str:
    """Return a value as JSON, exactly; raise ValueError if JSON cannot hold it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def without_pixels(value: Any) -> Any:
    """Return a value in which packed pictures keep only their name and shape."""
    if isinstance(value, Mapping):
        if set(value) == PIXELS:
            return {"name": value["name"], "shape": value["shape"]}
        return {key: without_pixels(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_pixels(part) for part in value]
    return value


def is_segment(part: Any) -> bool:
    """Return whether a part of a run is a pair (settings, steps)."""
    pair = isinstance(part, (list, tuple)) and len(part) == 2
    return pair and isinstance(part[0], Mapping)


def shorter(part: Any, settings: Mapping[str, Any]) -> Any:
    """Return a segment with only the settings that differ from the given ones."""
    if not is_segment(part):
        raise ValueError(
            must("run", "pairs (settings, steps)", part, "pass a pair per segment")
        )
    own, steps = part
    if set(own) != set(settings):
        odd = ", ".join(sorted(set(own) ^ set(settings)))
        raise ValueError(
            must("run", "segments with all settings", part, f"look at {odd}")
        )
    changed = {k: v for k, v in own.items() if text_of(v) != text_of(settings[k])}
    return [changed, steps]


def longer(part: Any, settings: Mapping[str, Any]) -> list[Any]:
    """Return a segment completed by the given settings."""
    if not is_segment(part):
        raise ValueError(must("run", "pairs (settings, steps)", part, CURE))
    own, steps = part
    extra = sorted(set(own) - set(settings))
    if extra:
        raise ValueError(
            must("run", f"about {', '.join(settings)}", part, f"leave out {extra}")
        )
    return [{**settings, **own}, steps]
