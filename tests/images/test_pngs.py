"""PNG files: every depth, transparency and interlacing; data of the declared size."""

from __future__ import annotations

import io
import zlib

import numpy as np
import png as pypng
import pytest
from PIL import Image, ImageOps

from explorer.images.decoding import decode, decoded
from explorer.images.stored import upright
from tests.images.files import COLOR, DEEP, GRAY, SHAPE, chunk, exif, png, unit

WHAT = "`image` = 'x'"
RNG = np.random.default_rng(1)


def numbers(content):
    return decode(content, WHAT, indices=True)


def with_alpha(colors, alpha):
    return np.dstack(
        [colors, colors, colors, alpha] if colors.ndim == 2 else [colors, alpha]
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_gray_and_its_transparent_value(bits):
    white = 2**bits - 1
    array = RNG.integers(0, white + 1, SHAPE)
    content = png(array, bits, 0)
    np.testing.assert_allclose(unit(decode(content, WHAT)), array / white, atol=1e-15)
    np.testing.assert_array_equal(numbers(content), array)
    assert decoded(content, WHAT).bits == bits
    key = int(array[2, 3])
    content = png(array, bits, 0, before=chunk(b"tRNS", key.to_bytes(2, "big")))
    expected = with_alpha(array / white, array != key)
    np.testing.assert_allclose(unit(decode(content, WHAT)), expected, atol=1e-15)
    np.testing.assert_array_equal(numbers(content), array)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_and_their_transparent_colors(bits):
    array = RNG.integers(0, 2**bits, SHAPE)
    colors = RNG.integers(0, 256, (2**bits, 3), dtype=np.uint8)
    table = chunk(b"PLTE", colors.tobytes())
    content = png(array, bits, 3, before=table)
    np.testing.assert_array_equal(decode(content, WHAT), colors[array])
    np.testing.assert_array_equal(numbers(content), array)
    np.testing.assert_array_equal(decoded(content, WHAT).palette, colors)
    alpha = RNG.integers(0, 256, 2**bits, dtype=np.uint8)
    alpha[-1] = 255  # the last is left out of the file
    table += chunk(b"tRNS", alpha[:-1].tobytes())
    content = png(array, bits, 3, before=table)
    expected = with_alpha(colors[array], alpha[array])
    np.testing.assert_array_equal(decode(content, WHAT), expected)
    np.testing.assert_array_equal(numbers(content), array)


def test_an_index_beyond_the_palette_is_refused():
    table = chunk(b"PLTE", bytes(3 * 5))
    with pytest.raises(ValueError, match="'x' holds the palette index 9, but its"):
        decode(png(np.full(SHAPE, 9), 8, 3, before=table), WHAT)


@pytest.mark.parametrize(("array", "bits"), [(COLOR, 8), (DEEP, 16)])
def test_a_transparent_color(array, bits):
    key = array[2, 3]
    entry = chunk(b"tRNS", key.astype(">u2").tobytes())
    content = png(array, bits, 2, before=entry)
    alpha = (array != key).any(axis=2) * np.iinfo(array.dtype).max
    np.testing.assert_array_equal(decode(content, WHAT), with_alpha(array, alpha))
    np.testing.assert_array_equal(numbers(content), array)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("samples", [2, 4])
def test_alpha_channels(bits, samples):
    array = RNG.integers(0, 2**bits, (*SHAPE, samples))
    content = png(array, bits, 2 + samples if samples == 2 else 6)
    expected = array[..., [0, 0, 0, 1]] if samples == 2 else array
    np.testing.assert_array_equal(decode(content, WHAT), expected)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_before_or_behind_the_pixels(turn):
    with Image.open(io.BytesIO(png(COLOR, 8, 2, before=exif(turn)))) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(upright(COLOR, turn), expected)
    for array, bits in ((COLOR, 8), (DEEP, 16)):
        for place in ("before", "after"):
            found = decoded(png(array, bits, 2, **{place: exif(turn)}), WHAT)
            np.testing.assert_array_equal(found.array, upright(array, turn))
            assert found.orientation == turn


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 1), (1, 9), (3, 5), (9, 9)])
@pytest.mark.parametrize("bits", [8, 16])
def test_interlaced_images(shape, bits):
    array = RNG.integers(0, 2**bits, (*shape, 3))
    buffer = io.BytesIO()
    writer = pypng.Writer(
        shape[1], shape[0], bitdepth=bits, greyscale=False, interlace=True
    )
    writer.write(buffer, array.reshape(shape[0], -1).tolist())
    np.testing.assert_array_equal(decode(buffer.getvalue(), WHAT), array)


LINES = SHAPE[0] * (1 + 3 * SHAPE[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png(COLOR, 8, 2, data=zlib.compress(bytes(LINES + 1))), "more data than the"),
        (png(DEEP, 16, 2, data=zlib.compress(bytes(10**6))), "more data than the"),
        (png(COLOR, 8, 2, data=zlib.compress(bytes(LINES - 1))), "it has 131"),
        (png(COLOR, 8, 2)[:-30], "cannot be read as an image"),
        (png(GRAY, 8, 0, data=zlib.compress(b"")), "it has 0"),
    ],
    ids=["a byte more", "much more", "a byte less", "cut", "nothing"],
)
def test_data_are_as_long_as_declared(content, words):
    with pytest.raises(ValueError, match=f"`image` = 'x' .*{words}"):
        decode(content, WHAT)


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_texts_that_unpack_to_megabytes_are_refused(name, place):
    if (name, place) == (b"iCCP", "after"):
        return  # profiles stand before the pixels
    head = b"a\0\1\0\0\0" if name == b"iTXt" else b"a\0\0"
    text = chunk(name, head + zlib.compress(bytes(10**7), 9))
    with pytest.raises(ValueError, match="cannot be read as an image"):
        decode(png(COLOR, 8, 2, **{place: text}), WHAT)
