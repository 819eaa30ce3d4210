"""Label files of several kinds made alike: bits, gray values, palettes and colors."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from explorer.images.stored import TURNED, UPRIGHT
from explorer.images.values import Code, spelled, unique_codes

OPAQUE = 255


@dataclass(frozen=True, eq=False)
class LabelFile:
    """A label image as it is stored.

    path, argument : name it in messages.
    code : (row, col, channel), numbers or colors, possibly with alpha.
    palette : (entry, 3), the colors of the numbers, or None.
    bits : whether the numbers are single bits.
    orientation : 1 … 8, of the stored pixels (EXIF); `code` is upright.
    void : (row, col), pixels without a label; None if all have one.
    """

    path: str | os.PathLike[str]
    argument: str
    code: np.ndarray
    palette: np.ndarray | None = None
    bits: bool = False
    orientation: int = UPRIGHT
    void: np.ndarray | None = None

    @property
    def labeled(self) -> np.ndarray:
        """The pixels with a label, (row, col)."""
        if self.void is None:
            return np.ones(self.code.shape[:2], bool)
        return ~self.void

    @cached_property
    def used(self) -> np.ndarray:
        """The distinct codes of its labels, (label, channel)."""
        return unique_codes(self.code[self.labeled])[0]

    @property
    def gray(self) -> bool:
        """Whether it holds only gray values, however they are stored."""
        colors = self.used[:, :3]
        return bool((colors[:, :1] == colors).all())

    @property
    def opaque(self) -> bool:
        """Whether nothing is transparent."""
        return self.code.shape[2] < 4 or bool((self.used[:, 3] == OPAQUE).all())

    def without(self, void: np.ndarray) -> LabelFile:
        """Return a copy without labels at some pixels, (row, col)."""
        if void.all():
            raise ValueError(
                f"`ignore` must leave a label in each file, got none in '{self.path}': "
                "leave that file out"
            )
        return replace(self, void=void) if void.any() else self

    def refused(self, why: str) -> ValueError:
        """Return an error that names the file."""
        return ValueError(f"`{self.argument}` = '{self.path}' {why}")


def bits_resolved(
    files: Sequence[LabelFile], ignore: Iterable[Code]
) -> list[LabelFile]:
    """Return files in which a set bit stands for 1 or 255, as in the other files.

    ignore : values in the other files that stand for no label.
    """
    others = {
        (int(value),)
        for file in files
        if not file.bits and file.code.shape[2] == 1
        for value in file.used[:, 0]
    }
    others -= set(ignore)
    both = {(1,), (OPAQUE,)} <= others
    white = 1 if (1,) in others else OPAQUE
    found = []
    for file in files:
        if file.bits and both:
            raise file.refused(
                "has one bit per pixel, and other files hold both 1 and 255, so a set "
                "bit could be either: save it with 8 bits"
            )
        code = white * file.code if file.bits else file.code
        found.append(replace(file, code=code, bits=False))
    return found


def unlabeled(file: LabelFile, ignore: Iterable[Code]) -> np.ndarray:
    """Return the pixels of a file whose values stand for no label, (row, col).

    A gray value also stands for a color of three such values, and a color also for a
    palette entry.
    """
    void = np.zeros(file.code.shape[:2], bool)
    for value in ignore:
        color = len(value) > 1
        code = colors_of(file, file.code) if color else file.code
        if color and code.shape[2] == 1:
            value = value[:1] if len(set(value[:3])) == 1 else (-1,)
        wanted = value if color else value * 3
        count = min(len(wanted), code.shape[2])
        void |= (code[..., :count] == wanted[:count]).all(axis=2)
    return void


def alike(
    files: Sequence[LabelFile],
) -> tuple[list[LabelFile], dict[Code, tuple[int, ...]]]:
    """Return files with codes of one kind, and the colors of palette entries.

    Palette files keep their numbers if their palettes agree. If not, or if there are
    color files, they become colors. Color files that hold only gray values, or no
    transparency, become the kind of the other files.

    Raises
    ------
    ValueError
        naming a file of another kind, or one with ambiguous colors.
    """
    plain = [file for file in files if file.palette is None]
    grays = {
        code for f in plain if f.gray for code in map(tuple, f.used[:, :1].tolist())
    }
    files = [gray_shown(file, grays) for file in files]
    palette = common_palette([file for file in files if file.palette is not None])
    if palette is None or not all(file.gray and file.opaque for file in plain):
        files, palette = [shown(file) for file in files], {}
    channels = 1 if all(file.gray for file in files) else 3
    if not all(file.opaque for file in files):
        channels = 4
    colored = [file.used for file in files if file.code.shape[2] > 1]
    known = {code for used in colored for code in map(tuple, padded(used, channels))}
    return [converted(file, channels, known) for file in files], palette


def gray_shown(file: LabelFile, grays: set[Code]) -> LabelFile:
    """Return a palette file of gray tones as gray values, if other files hold them.

    Palette-only formats, and optimizers, number the gray values of an image.
    """
    if file.palette is None or file.code.max() >= len(file.palette):
        return file
    tones = {index: color[:1] for index, color in entries(file).items()}
    gray = all(len(set(color)) == 1 for color in entries(file).values())
    known = {index for index in tones if index in grays}
    if not gray or len(known) == len(tones) or not set(tones.values()) <= grays:
        return file
    return replace(file, code=colors_of(file, file.code)[..., :1], palette=None)


def common_palette(files: Sequence[LabelFile]) -> dict[Code, tuple[int, ...]] | None:
    """Return the color of each index, {(index,): (r, g, b)}; None if files disagree."""
    found: dict[Code, tuple[int, ...]] = {}
    palettes = [np.asarray(file.palette) for file in files]
    if all(np.array_equal(palette, palettes[0]) for palette in palettes):
        return {k: v for file in files for k, v in entries(file).items()}
    owners: dict[tuple[int, ...], Code] = {}
    for file in files:
        for index, color in entries(file).items():
            if found.setdefault(index, color) != color:
                return None
            if owners.setdefault(color, index) != index:
                return None
    return found


def entries(file: LabelFile) -> dict[Code, tuple[int, ...]]:
    """Return the color of each index that a palette file uses."""
    indices = [tuple(code) for code in file.used.tolist()]
    colors = colors_of(file, file.used).tolist()
    return {index: tuple(color) for index, color in zip(indices, colors, strict=True)}


def colors_of(file: LabelFile, code: np.ndarray) -> np.ndarray:
    """Return the colors of codes (…, 1) of a palette file."""
    palette = file.palette
    if palette is None:
        return code
    if code.max() >= len(palette):
        raise file.refused(
            f"holds the palette index {code.max()}, but its palette has {len(palette)} "
            "colors: save it as RGB"
        )
    return palette[code[..., 0]].astype(np.uint16)


def shown(file: LabelFile) -> LabelFile:
    """Return a palette file as a color file."""
    if file.palette is None:
        return file
    colors = entries(file)
    if len(set(colors.values())) < len(colors):
        raise file.refused(
            "has two palette entries of one color, and its palette differs from those "
            "of the other files, so colors do not identify its labels: save all label "
            "images with one palette"
        )
    void = file.void
    code = np.where(file.labeled[..., None], file.code, file.used[0])
    return replace(file, code=colors_of(file, code), palette=None, void=void)


def padded(codes: np.ndarray, channels: int) -> np.ndarray:
    """Return codes (…, channel) with more channels, or without redundant ones."""
    if channels == 1:
        return codes[..., :1]
    if codes.shape[-1] == 1:
        codes = np.repeat(codes, 3, axis=-1)
    if channels == 3:
        return codes[..., :3]
    opaque = np.full((*codes.shape[:-1], 1), OPAQUE, codes.dtype)
    return codes if codes.shape[-1] == 4 else np.concatenate([codes, opaque], axis=-1)


def converted(file: LabelFile, channels: int, known: set[Code]) -> LabelFile:
    """Return a file whose codes have `channels` channels.

    known : the colors in color files; the other files must hold the same ones.
    """
    if file.code.shape[2] == channels:
        return file
    if file.code.shape[2] == 1:
        used = [tuple(code) for code in padded(file.used, channels).tolist()]
        strange = [code for code in used if code not in known]
        if strange:
            raise file.refused(
                f"is gray while others have colors, and holds "
                f"{spelled(strange[0][:3])}, which they lack: convert all to one kind"
            )
    return replace(file, code=padded(file.code, channels), palette=None)


def refuse_misplaced(
    file: LabelFile, shape: tuple[int, ...], orientation: int, image: object
) -> None:
    """Raise unless labels fit their image, whose shape (row, col) is as shown.

    orientation : of the stored pixels of the image. If the labels have another one,
        their placement is clear only if their shape fits in just one way.
    """
    found, needed = file.code.shape[:2], shape[:2]
    turned = orientation != file.orientation
    how = TURNED.get(orientation) or TURNED.get(file.orientation)
    sideways = turned and (orientation >= 5) != (file.orientation >= 5)
    if found == needed and (not turned or (sideways and found[0] != found[1])):
        return
    size = f"has {found[0]}×{found[1]} pixels; its image has {needed[0]}×{needed[1]}"
    if turned:
        raise file.refused(
            f"{size}, and one of them is stored {how} (EXIF orientation), the other is "
            f"not: save '{image}' and its labels upright, without an orientation"
        )
    if found == needed[::-1]:
        raise file.refused(
            f"{size}: one of them is rotated by 90°; turn it back, or pair the right "
            "files"
        )
    raise file.refused(f"{size}: pair the right files")
