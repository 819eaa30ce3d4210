"""Decoding takes memory for what a file declares, and none for what it only claims."""

from __future__ import annotations

import lzma
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.images.files import (
    COLOR,
    GRAY,
    SHAPE,
    chunk,
    encoded,
    packed,
    png,
    raw_tiff,
    tiff,
)

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

CHILD = """
import resource, sys
from pathlib import Path

import explorer as ex

def peak():
    status = Path("/proc/self/status")
    if status.exists():  # the peak of getrusage may be that of the parent process
        lines = status.read_text().splitlines()
        return int(next(x for x in lines if x.startswith("VmHWM")).split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

paths = sys.argv[1:]
for path in paths[0].split(","):  # what is imported on the way counts for no file
    ex.read_image(path)
before = peak()
for path in paths[1:]:
    try:
        ex.read_image(path)
    except ValueError as error:
        print("refused", error)
    else:
        print("read")
print(peak() - before)
"""


def measured(folder, *contents):
    """What a fresh process says of each file, and the bytes it took at most."""
    names = []
    small = (png(COLOR, 8, 2), png(COLOR, 16, 2), tiff(GRAY, compression="zlib"))
    for k, content in enumerate([*small, *contents]):
        names.append(str(folder / f"file{k}"))
        (folder / f"file{k}").write_bytes(content)
    first = ",".join(names[: len(small)])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, first, *names[len(small) :]],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    *said, taken = done.stdout.strip().splitlines()
    return said, int(taken)


PROMISED, INFLATED = 4000, 60 * 2**20
"""Side of images in headers without pixels; bytes behind headers of small ones."""


def deflated(count):
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(count >> 20)) + (
        packer.flush()
    )


def resized(kind, places, size):
    """A small file that claims to have 4000×4000 pixels."""
    content = bytearray(encoded(Image.fromarray(GRAY), kind))
    for place in places:
        content[place : place + size] = PROMISED.to_bytes(size, "little")
    return bytes(content)


def test_files_that_promise_or_unpack_to_more_take_no_memory(tmp_path):
    many = deflated(INFLATED)
    wide = (PROMISED, PROMISED)
    empty = struct.pack(">IIBBBBB", *wide, 8, 2, 0, 0, 0)
    contents = [
        png(COLOR, 8, 2, data=many),
        png(COLOR, 16, 2, data=many),
        png(COLOR, 8, 2, before=chunk(b"zTXt", b"a\0\0" + many)),
        png(COLOR, 8, 2, before=chunk(b"iCCP", b"a\0\0" + many)),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", empty) + chunk(b"IDAT", many[:99]),
        raw_tiff(SHAPE, 8, many, t259=8),
        raw_tiff(SHAPE, 8, many, t259=32946),
        raw_tiff(SHAPE, 8, lzma.compress(bytes(INFLATED)), t259=34925),
        raw_tiff(SHAPE, 12, many, t259=8),
        raw_tiff(wide, 8, b"few"),
        raw_tiff(wide, 16, b"few", t259=5),
        raw_tiff(wide, 8, b"few", t259=7),
        raw_tiff(SHAPE, 8, b"few", t259=8, t322=2**15, t323=2**15, t324=600, t325=3),
        raw_tiff(SHAPE, 8, b"few", t279=2**31),
        b"P5 4000 4000 255 few",
        b"P2 4000 4000 255 1 2 3",
        resized("BMP", (18, 22), 4),
        resized("GIF", (6, 8), 2),
    ]
    said, taken = measured(tmp_path, *contents)
    assert len(said) == len(contents)
    assert all(line.startswith("refused") for line in said), said
    # a few pieces of 64 kB and what decoders import; the bombs hold 60 MB and more
    assert taken < 12 * 2**20


SIDE = 1000


def large(kind):
    rng = np.random.default_rng(0)
    color = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    gray, shape = color[..., 0], (SIDE, SIDE)
    picture = Image.fromarray(color)
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 16, 2, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() * 2 for row in color)
    made = {
        "PNG": lambda: encoded(picture, "PNG"),
        "PNG with a transparent color": lambda: encoded(
            picture, "PNG", transparency=(0, 0, 0)
        ),
        "PNG of 16 bits": lambda: (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(lines, 1))
            + chunk(b"IEND", b"")
        ),
        "JPEG": lambda: encoded(picture, "JPEG"),
        "WebP": lambda: encoded(picture, "WEBP", lossless=True),
        "TIFF": lambda: tiff(color, photometric="rgb"),
        "TIFF, deflate": lambda: tiff(color, photometric="rgb", compression="zlib"),
        "TIFF, LZW": lambda: encoded(picture, "TIFF", compression="tiff_lzw"),
        "TIFF of doubles": lambda: tiff(color / 255, photometric="rgb"),
        "TIFF of 12 bits": lambda: raw_tiff(
            shape, 12, packed(gray.astype(int) * 16, 12)
        ),
        "PGM": lambda: b"P5 1000 1000 255 " + gray.tobytes(),
        "PGM in words": lambda: (
            b"P2 1000 1000 255 " + " ".join(map(str, gray.ravel().tolist())).encode()
        ),
    }
    channels = 1 if kind[-1:] == "M" or "12" in kind or "words" in kind else 3
    return made[kind](), channels


@pytest.mark.parametrize(
    ("kind", "width"),
    [
        ("PNG", 1),
        ("PNG with a transparent color", 1),
        ("PNG of 16 bits", 2),
        ("JPEG", 1),
        ("WebP", 1),
        ("TIFF", 1),
        ("TIFF, deflate", 1),
        ("TIFF, LZW", 1),
        ("TIFF of doubles", 8),
        ("TIFF of 12 bits", 2),
        ("PGM", 1),
        ("PGM in words", 4),  # three digits and a gap
    ],
)
def test_decoding_takes_twelve_bytes_above_the_declared_size(tmp_path, kind, width):
    content, channels = large(kind)
    (said,), taken = measured(tmp_path, content)
    assert said == "read"
    samples = SIDE * SIDE * channels
    assert samples * 8 <= taken  # what is returned: the measure sees it
    # a decoder that is imported only now takes about a megabyte
    assert taken <= (width + 12) * samples + 2**21
