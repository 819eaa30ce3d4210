"""Encoded images: the depth and the kind they were stored in, or a refusal."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import png
import pytest
import tifffile
from PIL import Image

import explorer as ex
from explorer.images.decoding import decode

DEEP = np.random.default_rng(0).integers(0, 2**16, (4, 5, 3), dtype=np.uint16)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def deep_png(array, **options):
    buffer = io.BytesIO()
    rows, cols = array.shape[:2]
    lines = array.reshape(rows, -1).tolist()
    png.Writer(cols, rows, bitdepth=16, **options).write(buffer, lines)
    return buffer.getvalue()


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def with_significant_bits(content):
    """A PNG that says that 12 of its 16 bits count; what is shown is the same."""
    data = b"sBIT" + bytes([12, 12, 12])
    chunk = struct.pack(">I", 3) + data + struct.pack(">I", zlib.crc32(data))
    return content[:33] + chunk + content[33:]  # behind the header


def lzw(content):
    """A TIFF that says that it is compressed with LZW."""
    entry = struct.pack("<HHI", 259, 3, 1)
    place = content.index(entry) + len(entry)
    return content[:place] + struct.pack("<H", 5) + content[place + 2 :]


@pytest.mark.parametrize(
    "content",
    [
        deep_png(DEEP, greyscale=False),
        deep_png(DEEP, greyscale=False, compression=9),
        tiff(DEEP, photometric="rgb"),
        tiff(DEEP, photometric="rgb", byteorder=">"),
        tiff(np.moveaxis(DEEP, -1, 0), photometric="rgb", planarconfig="separate"),
        tiff(DEEP, photometric="rgb", compression="zlib"),
        with_significant_bits(deep_png(DEEP, greyscale=False)),
    ],
    ids=["png", "compressed", "tiff", "big end first", "planes", "deflate", "sBIT"],
)
def test_colors_of_16_bits_keep_them(content):
    found = decode(content, "`image`")
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, DEEP)


def test_dark_images_of_16_bits_are_not_black(tmp_path):
    dark = DEEP % 16
    (tmp_path / "dark.png").write_bytes(deep_png(dark, greyscale=False))
    image = ex.read_image(tmp_path / "dark.png")
    np.testing.assert_array_equal(image, dark / 65535.0)


def test_gray_with_alpha_of_16_bits_is_color_with_alpha():
    content = deep_png(DEEP[..., :2], greyscale=True, alpha=True)
    found = decode(content, "`image`")
    np.testing.assert_array_equal(found, DEEP[..., [0, 0, 0, 1]])


def test_white_may_be_zero():
    gray = DEEP[..., 0]
    found = decode(tiff(gray, photometric="miniswhite"), "`image`")
    np.testing.assert_array_equal(found, 65535 - gray)
    small = (gray >> 8).astype(np.uint8)
    found = decode(tiff(small, photometric="miniswhite"), "`image`")
    np.testing.assert_array_equal(found, 255 - small)
    np.testing.assert_array_equal(decode(tiff(gray), "`image`"), gray)


def test_a_photo_with_a_preview_is_one_image():
    photo = Image.fromarray((DEEP >> 8).astype(np.uint8))
    content = encoded(photo, "MPO", save_all=True, append_images=[photo])
    assert decode(content, "`image`").shape == DEEP.shape


PAGES = [Image.new("L", (3, 2), tone) for tone in (0, 100, 200)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (encoded(PAGES[0], "TIFF", save_all=True, append_images=PAGES[1:]), "3 pages"),
        (encoded(PAGES[0], "GIF", save_all=True, append_images=PAGES[1:]), "3 pages"),
        (encoded(Image.new("LAB", (2, 2)), "TIFF"), "holds CIELAB colors"),
        (tiff(np.full((2, 2), -8, np.int8)), "holds signed numbers"),
        (lzw(tiff(DEEP, photometric="rgb")), "uncompressed, or as PNG"),
        (b"", "unknown format"),
        (b"\x89PNG\r\n\x1a\nnothing", "`image` = 'x' cannot be read as an image"),
        (deep_png(DEEP, greyscale=False)[:-40], "cannot be read as an image"),
    ],
    ids=["tiff", "gif", "lab", "signed", "lzw", "empty", "broken", "truncated"],
)
def test_what_would_not_come_out_as_it_looks_is_refused(content, words):
    with pytest.raises(ValueError, match=words):
        decode(content, "`image` = 'x'")


def test_label_images_of_deep_colors_are_refused(tmp_path):
    path = tmp_path / "labels.png"
    path.write_bytes(deep_png(DEEP, greyscale=False))
    with pytest.raises(ValueError, match="holds colors of 16 bits; labels are"):
        ex.image_scene(np.zeros((4, 5)), path)
