"""Pair label files with image files by their names, never by their order.

A name is split into words and numbers. Parts that all images share, or that all label
files share, are left out; the rest must be the same for an image and its labels.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from explorer.images.reading import name_of

Place = str | os.PathLike[str]
Token = str | int
Key = tuple[Token, ...]

PIECES = re.compile(r"\d+|[^\W\d_]+|[\W_]+")
"""Numbers, words, and the separators between them."""

WORDS = re.compile(r"\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|(?:(?![A-Za-z])[^\W\d_])+")
"""Numbers and words; `imgLeft` holds two words."""

COUNTS = re.compile(r"\d+(?![^\W\d_])")
"""Numbers that count something, unlike the 8 in `8bit`."""

SHOWN = 3
"""Most names in a message."""

CURE = (
    "rename the files so that an image and its labels differ only in parts that all "
    "images or all labels share (7_image.png, 7_labels.png), or in Python pass "
    "`labels` as a dictionary {image: labels}"
)


def paired(images: Sequence[Place], labels: Sequence[Place]) -> list[Place]:
    """Return the label file of each image, in the order of the images.

    Names are compared in four ways, from strict to lenient. The first way in which
    every image has exactly one label file, and every label file exactly one image,
    decides. The strict ways compare folders and names, then names alone, letter by
    letter. The lenient ways do the same, but ignore case, separators and leading zeros:
    1 is 01, and never 10.

    Raises
    ------
    ValueError
        naming a file without a partner, or with several.
    """
    for way in (strict, lenient):
        for folders in (True, False):
            keys = [
                stripped([way(path, folders) for path in paths], way is lenient)
                for paths in (images, labels)
            ]
            unique = len(set(keys[0])) == len(images)
            if unique and Counter(keys[0]) == Counter(keys[1]):
                refuse_other_numbers(images, labels)
                partner = dict(zip(keys[1], labels, strict=True))
                return [partner[key] for key in keys[0]]
    raise ValueError(mismatch(images, labels))


def declared(images: Sequence[Place], labels: Mapping[Place, Place]) -> list[Place]:
    """Return the label file of each image that a dictionary names.

    Raises
    ------
    ValueError
        naming an image without an entry, or an entry without an image.
    """
    known = {os.path.abspath(image): path for image, path in labels.items()}
    wanted = [os.path.abspath(image) for image in images]
    for place in wanted:
        if place not in known:
            raise ValueError(
                f"`labels` must have an entry for each of `images`, got none for "
                f"'{name_of(place)}': add it"
            )
    for place in known:
        if place not in wanted:
            raise ValueError(
                f"`labels` must have entries only for `images`, got one for "
                f"'{name_of(place)}': add it to `images`, or leave it out"
            )
    return [known[place] for place in wanted]


def stem_of(path: Place) -> str:
    """Return the name of a file without its format; `scan.001` has none."""
    name = Path(path).name
    stem, suffix = os.path.splitext(name)
    return name if suffix[1:].isdigit() else stem


def text_of(path: Place, folders: bool) -> str:
    """Return the part of a path that is compared."""
    place = Path(os.path.abspath(path))
    text = stem_of(place)
    if folders:
        text = "/".join([*place.parent.parts, text])
    return unicodedata.normalize("NFKC", text)


def strict(path: Place, folders: bool) -> Key:
    """Return the pieces of a name as written."""
    return tuple(PIECES.findall(text_of(path, folders)))


def lenient(path: Place, folders: bool) -> Key:
    """Return words without case, and numbers as numbers."""
    pieces = WORDS.findall(text_of(path, folders))
    return tuple(int(p) if p.isdecimal() else p.casefold() for p in pieces)


def stripped(names: Sequence[Key], words: bool) -> list[Key]:
    """Return names without their common beginning and end.

    words : whether to leave out common words in between, too.
    """
    start = shared(names)
    names = [name[start:] for name in names]
    end = shared([name[::-1] for name in names])
    names = [name[: len(name) - end] for name in names]
    if words:
        common = set.intersection(*(set(name) for name in names))
        common = {token for token in common if isinstance(token, str)}
        names = [tuple(t for t in name if t not in common) for name in names]
    return names


def shared(names: Sequence[Key]) -> int:
    """Return the number of tokens in the common beginning."""
    same = takewhile(lambda tokens: len(set(tokens)) == 1, zip(*names, strict=False))
    return len(list(same))


def refuse_other_numbers(images: Sequence[Place], labels: Sequence[Place]) -> None:
    """Raise if all images share a number, and all labels share another one.

    So `img_1` and `label_2` are not a pair, even if there are no other files.
    """
    image, label = (
        set.intersection(*({int(n) for n in COUNTS.findall(stem_of(p))} for p in paths))
        for paths in (images, labels)
    )
    if image and label and not image & label:
        raise ValueError(
            f"`labels` must match `images` by name, got {listed(labels)} for "
            f"{listed(images)}, whose numbers differ; {CURE}"
        )


def mismatch(images: Sequence[Place], labels: Sequence[Place]) -> str:
    """Return a message about files that cannot be paired."""
    lonely = without_partner(images, labels), without_partner(labels, images)
    twice = several(images), several(labels)
    found = []
    if len(images) != len(labels):
        found.append(f"{len(labels)} files for {len(images)} `images`")
    for kind, names in zip(("image", "label file"), twice, strict=True):
        if names:
            found.append(f"one name for several {kind}s: {listed(names)}")
    if lonely[0]:
        found.append(f"no label file for {listed(lonely[0])}")
    if lonely[1]:
        found.append(f"no image for {listed(lonely[1])}")
    if not found:
        found.append(f"{listed(labels)} for {listed(images)}, whose names do not match")
    return (
        "`labels` must hold one label file for each of `images`, named alike, got "
        f"{'; '.join(found)}; {CURE}"
    )


def without_partner(paths: Sequence[Place], others: Sequence[Place]) -> list[Place]:
    """Return the files whose distinctive part occurs in no name of the others."""
    there = [Counter(lenient(path, folders=False)) for path in others]
    own = stripped([lenient(path, folders=False) for path in paths], words=True)
    return [
        path
        for path, key in zip(paths, own, strict=True)
        if not any(Counter(key) <= tokens for tokens in there)
    ]


def several(paths: Sequence[Place]) -> list[Place]:
    """Return files whose compared names are the same."""
    keys = stripped([lenient(path, folders=True) for path in paths], words=True)
    often = Counter(keys)
    return [path for path, key in zip(paths, keys, strict=True) if often[key] > 1]


def refuse_one_file_twice(argument: str, paths: Sequence[Place]) -> None:
    """Raise if a file is listed twice, even by a link."""
    seen: dict[object, Place] = {}
    for path in paths:
        for mark in marks(path):
            if mark in seen:
                raise ValueError(
                    f"`{argument}` must name each file once, got '{name_of(path)}' and "
                    f"'{name_of(seen[mark])}', which are one file: leave one out"
                )
        seen.update(dict.fromkeys(marks(path), path))


def refuse_in_both(images: Sequence[Place], labels: Sequence[Place]) -> None:
    """Raise if a file is both an image and a label image."""
    known = {mark for path in images for mark in marks(path)}
    for path in labels:
        if known.intersection(marks(path)):
            raise ValueError(
                f"`labels` must be other files than `images`, got '{name_of(path)}' in "
                "both: name the label images"
            )


def marks(path: Place) -> list[object]:
    """Return identifiers of a file: its real path, and its number on disk."""
    found: list[object] = [os.path.normcase(os.path.realpath(path))]
    try:
        entry = os.stat(path)
    except OSError:  # reading it raises a better error
        return found
    return [*found, (entry.st_dev, entry.st_ino)] if entry.st_ino else found


def listed(paths: Iterable[Place]) -> str:
    """Return names as a list that is not too long."""
    names = [f"'{name_of(path)}'" for path in paths]
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *more])
