"""Formats that Pillow decodes, and Pillow's images passed as arrays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from explorer.images.decoding import decode, decoded, decoded_picture
from explorer.images.reading import read_image
from tests.images.files import (
    ALPHA,
    COLOR,
    DEEP,
    GRAY,
    SHAPE,
    encoded,
    exif,
    packed,
    png,
    raw_tiff,
    tiff,
)

WHAT = "`image` = 'x'"


def picture_of(mode):
    if mode in ("I;16", "I"):
        return Image.fromarray(DEEP[..., 0].astype("u2" if mode == "I;16" else "i4"))
    if mode == "F":
        return Image.fromarray((GRAY / 255).astype(np.float32))
    if mode == "CMYK":
        return Image.frombytes("CMYK", SHAPE[::-1], ALPHA.tobytes())
    if mode in ("La", "RGBa", "PA"):
        return picture_of({"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}[mode]).convert(
            mode
        )
    return Image.fromarray(COLOR if mode == "P" else ALPHA).convert(mode)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"]
)
@pytest.mark.parametrize("load", [False, True])
def test_a_pillow_image_is_seen_as_its_file(tmp_path, mode, load):
    picture, path = picture_of(mode), tmp_path / "image.tif"
    picture.save(path)
    expected = read_image(path)
    np.testing.assert_allclose(read_image(picture), expected, atol=1e-15)
    with Image.open(path) as opened:
        if load:
            opened.load()
        for _ in range(2):  # reading it once leaves it as it was
            np.testing.assert_allclose(read_image(opened), expected, atol=1e-15)
        np.testing.assert_array_equal(np.asarray(opened), np.asarray(picture))


@pytest.mark.parametrize("mode", ["La", "RGBa", "PA", "YCbCr", "I"])
def test_rarer_modes_are_seen_as_their_colors(mode):
    picture = picture_of(mode)
    if mode == "I":  # of 16 bits
        np.testing.assert_array_equal(read_image(picture)[..., 0], DEEP[..., 0] / 65535)
        return
    other = "RGB" if mode == "YCbCr" else "RGBA"
    same = picture.convert("LA") if mode == "La" else picture  # Pillow needs two steps
    np.testing.assert_array_equal(
        read_image(picture), read_image(np.asarray(same.convert(other)))
    )


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (Image.new("LAB", (2, 2)), "holds LAB colors"),
        (Image.new("HSV", (2, 2)), "holds HSV colors"),
        (Image.fromarray(np.full((2, 2), -1, "i4")), "holds signed numbers"),
        (Image.fromarray(np.full((2, 2), 70000, "i4")), "holds signed numbers"),
        (Image.new("L", (5000, 5000)), "pixels, more than"),
    ],
    ids=["LAB", "HSV", "negative", "large", "huge"],
)
def test_pillow_images_that_do_not_tell_their_colors_are_refused(picture, words):
    with pytest.raises(ValueError, match=f"`image` .*{words}"):
        read_image(picture)


def test_an_opened_image_is_read_from_its_file():
    for content in (
        png(DEEP, 16, 2),
        png(COLOR, 8, 2, before=exif(6)),
        raw_tiff(SHAPE, 12, packed(GRAY, 12)),
    ):
        with Image.open(io.BytesIO(content)) as picture:
            expected = decode(content, WHAT)
            np.testing.assert_array_equal(
                decoded_picture(picture, "`image`").array, expected
            )
            picture.load()


@pytest.mark.parametrize(
    "content",
    [
        raw_tiff(SHAPE, 12, packed(GRAY, 12)),
        tiff(DEEP[..., 0], photometric="miniswhite"),
        tiff(
            GRAY, photometric="palette", colormap=np.full((3, 256), 255, "u2")
        ),
        tiff(np.dstack([DEEP, DEEP[..., 0]]), photometric="rgb",
             extrasamples=["unassalpha"]),
        tiff(ALPHA, photometric="rgb", extrasamples=["unspecified"]),
        tiff(np.stack([GRAY] * 3), imagej=True, truncate=True),
    ],
    ids=["12 bits", "white is zero", "dark palette", "deep", "extra", "stack"],
)  # fmt: skip
def test_a_loaded_tiff_that_pillow_does_not_understand_is_refused(content):
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        with pytest.raises(ValueError, match="`image` was loaded by Pillow"):
            read_image(picture)


def test_a_loaded_image_keeps_its_orientation():
    with Image.open(io.BytesIO(png(COLOR, 8, 2, before=exif(6)))) as picture:
        picture.load()
        assert decoded_picture(picture, "`image`").orientation == 6
        np.testing.assert_array_equal(
            read_image(picture), read_image(np.rot90(COLOR, -1))
        )


Image.init()
EXACT = ["BMP", "DIB", "TGA", "PCX", "SGI", "PNG"]
EXACT += [kind for kind in ("QOI",) if kind in Image.SAVE]  # since Pillow 11


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_formats_without_loss(kind, mode):
    if (kind, mode) == ("QOI", "L"):
        mode = "RGBA"  # it has no gray
    picture = picture_of(mode)
    found = decoded(encoded(picture, kind), WHAT)
    np.testing.assert_array_equal(found.array, np.asarray(picture))
    assert (found.format, found.lossy, found.bits) == (kind, False, 8)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TGA", "PCX", "PNG", "TIFF"])
def test_palettes_of_any_format(kind):
    picture = Image.fromarray(COLOR).quantize(9)
    found = decoded(encoded(picture, kind), WHAT, indices=True)
    np.testing.assert_array_equal(found.array, np.asarray(picture))
    colors = np.array(picture.getpalette(), np.uint8).reshape(-1, 3)
    used = np.unique(found.array)
    np.testing.assert_array_equal(found.palette[used], colors[used])


@pytest.mark.parametrize(
    ("kind", "options", "lossy"),
    [
        ("JPEG", {}, True),
        ("WEBP", {}, True),
        ("WEBP", {"lossless": True}, False),
        ("JPEG2000", {}, True),  # nobody can tell
        *[("AVIF", {}, True)] * ("AVIF" in Image.SAVE),
    ],
)
def test_formats_that_may_change_values_say_so(kind, options, lossy):
    found = decoded(encoded(Image.fromarray(COLOR), kind, **options), WHAT)
    assert found.array.shape == COLOR.shape
    assert found.lossy is lossy


def test_formats_that_nobody_checked_are_refused():
    with pytest.raises(ValueError, match="unknown format"):
        decode(encoded(Image.fromarray(GRAY > 99), "XBM"), WHAT)


def test_sixteen_bits_that_pillow_would_cut_to_eight_are_refused():
    for picture in (Image.fromarray(GRAY), Image.fromarray(COLOR)):
        with pytest.raises(ValueError, match="holds 16 bits per sample as SGI"):
            decode(encoded(picture, "SGI", bpc=2), WHAT)
    content = bytearray(encoded(Image.fromarray(COLOR), "JPEG2000"))
    place = content.index(b"\xff\x4f\xff\x51") + 4 + 38
    for depth in (12, 16, 4, 128 + 8):
        content[place : place + 9 : 3] = bytes([depth - 1] * 3)
        with pytest.raises(ValueError, match="other depths than 8 bits"):
            decode(bytes(content), WHAT)
    deep = encoded(Image.fromarray(DEEP[..., 0]), "JPEG2000")
    np.testing.assert_array_equal(decode(deep, WHAT), DEEP[..., 0])


@pytest.mark.parametrize(("kind", "offset"), [("BMP", 18), ("GIF", 6), ("JPEG", None)])
def test_a_header_that_promises_too_much_is_refused(kind, offset):
    content = bytearray(encoded(Image.fromarray(GRAY), kind))
    if kind == "JPEG":
        place = content.index(b"\xff\xc0") + 5
        content[place : place + 4] = b"\x0f\xa0\x0f\xa0"
    else:
        size = 4 if kind == "BMP" else 2
        for k in range(2):
            place = offset + k * size
            content[place : place + size] = (4000).to_bytes(size, "little")
    with pytest.raises(ValueError, match="promises 16000000 pixels, more than"):
        decode(bytes(content), WHAT)
