"""TIFF files: what their tags say of their samples is heard, or they are refused."""

from __future__ import annotations

import io
import lzma
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from explorer.images.decoding import decode, decoded
from explorer.images.stored import upright
from tests.images.files import (
    COLOR,
    DEEP,
    GRAY,
    SHAPE,
    encoded,
    packed,
    raw_tiff,
    tiff,
    unit,
)

WHAT = "`image` = 'x'"
FLOATS = (GRAY / 255).astype(np.float32)


def shown(content):
    return unit(decode(content, WHAT))


def numbers(content):
    return decode(content, WHAT, indices=True)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(
    "dtype", ["u1", "u2", "f2", "f4", "f8", "u4", "u8", "i1", "i2", "i4", "i8"]
)
def test_gray_of_any_type_and_byte_order(order, photometric, compression, dtype):
    array = (FLOATS if dtype[0] == "f" else GRAY // 2).astype(dtype)
    content = tiff(
        array, byteorder=order, photometric=photometric, compression=compression
    )
    np.testing.assert_array_equal(numbers(content), array)
    if dtype[0] == "i":
        with pytest.raises(ValueError, match="'x' holds signed numbers: shift them"):
            decode(content, WHAT)
        return
    expected = unit(array)
    if photometric == "miniswhite":
        expected = 1.0 - expected
    # one rounding of numbers below one in the type of the file
    eps = np.finfo(dtype).eps if dtype[0] == "f" else 1e-15
    np.testing.assert_allclose(shown(content), expected, atol=eps)


def test_numbers_of_labels_come_in_small_types_where_they_fit():
    for dtype, small in (("i1", "u1"), ("i8", "u2"), ("u8", "u2"), ("i4", "u2")):
        assert numbers(tiff((GRAY // 2).astype(dtype))).dtype == small
    largest = np.full(SHAPE, 2**16 - 1, "u4")
    assert numbers(tiff(largest)).dtype == np.uint16
    for array in (GRAY.astype("i8") - 9, largest + 1):
        assert numbers(tiff(array)).dtype == array.dtype  # and are refused as labels


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14, 24])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compressed", [False, True])
def test_samples_that_are_no_whole_bytes(bits, order, compressed):
    white = 2**bits - 1
    array = np.random.default_rng(bits).integers(0, white + 1, SHAPE)
    array[0, 0] = white
    data = packed(array, bits)
    tags = {"order": order, "t259": 8 if compressed else 1}
    data = zlib.compress(data) if compressed else data
    np.testing.assert_array_equal(numbers(raw_tiff(SHAPE, bits, data, **tags)), array)
    for photometric, expected in ((1, array / white), (0, 1 - array / white)):
        content = raw_tiff(SHAPE, bits, data, t262=photometric, **tags)
        np.testing.assert_allclose(shown(content), expected, atol=1e-15)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("photometric", [0, 1])
def test_samples_that_pillow_unpacks(bits, photometric):
    """PackBits, each row as it is behind its length."""
    array = GRAY >> (8 - bits)
    lines = [packed(row[None], bits) for row in array]
    data = b"".join(bytes([len(line) - 1]) + line for line in lines)
    content = raw_tiff(SHAPE, bits, data, t259=32773, t262=photometric)
    np.testing.assert_array_equal(numbers(content), array)
    expected = array / (2**bits - 1)
    expected = expected if photometric else 1 - expected
    np.testing.assert_allclose(shown(content), expected, atol=1e-15)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lzma(bits):
    array = DEEP[..., 0] >> (16 - bits)
    stored = array.astype(f"<u{bits // 8}").tobytes() if bits % 8 == 0 else b""
    data = lzma.compress(stored or packed(array, bits))
    content = raw_tiff(SHAPE, bits, data, t259=34925)
    np.testing.assert_array_equal(numbers(content), array)
    twice = raw_tiff(SHAPE, bits, data * 2, t259=34925)
    with pytest.raises(ValueError, match="longer than its data"):
        decode(twice, WHAT)


def test_packed_samples_are_taken_in_blocks(monkeypatch):
    monkeypatch.setattr("explorer.images.packed.BLOCK", 8)
    content = raw_tiff(SHAPE, 12, packed(DEEP[..., 0] >> 4, 12))
    np.testing.assert_array_equal(numbers(content), DEEP[..., 0] >> 4)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_of_any_depth(bits):
    array = GRAY >> (8 - bits)
    colors = np.random.default_rng(0).integers(0, 256, (2**bits, 3))
    if bits == 8:
        array, colors = array % 50, colors[:50]
    colors[0] = 255
    table = tuple((colors.T * 257).ravel().tolist())
    tags = {"t262": 3, "t320": table}
    if bits == 8:  # too short for all indices that 8 bits can hold
        assert len(table) == 3 * 50
    content = raw_tiff(SHAPE, bits, packed(array, bits), **tags)
    np.testing.assert_array_equal(decode(content, WHAT), colors[array])
    np.testing.assert_array_equal(numbers(content), array)
    damaged = raw_tiff(SHAPE, bits, packed(array, bits), t262=3, t320=table[:-1])
    with pytest.raises(ValueError, match="no palette"):
        decode(damaged, WHAT)


def test_colors_of_12_bits():
    white = 4095
    array = DEEP >> 4
    content = raw_tiff(SHAPE, 12, packed(array, 12), t262=2, t277=3)
    np.testing.assert_array_equal(shown(content), array / white)


def test_the_first_sample_may_be_in_the_lowest_bits():
    reverse = bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed(GRAY >> 4, 4))
    content = raw_tiff(SHAPE, 4, reverse, t266=2)
    np.testing.assert_array_equal(numbers(content), GRAY >> 4)


LAYOUTS = {
    "plain": {},
    "deflate": {"compression": "zlib"},
    "tiles": {"tile": (16, 16)},
    "deflated tiles": {"tile": (16, 16), "compression": "zlib"},
    "big": {"bigtiff": True},
    "strips": {"rowsperstrip": 4},
    "predictor": {"predictor": 2, "compression": "zlib"},
}


@pytest.mark.parametrize("options", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("array", [COLOR, DEEP], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("planes", [False, True])
def test_colors_in_every_layout(options, array, planes):
    stored = np.moveaxis(array, -1, 0) if planes else array
    config = "separate" if planes else "contig"
    content = tiff(stored, photometric="rgb", planarconfig=config, **options)
    np.testing.assert_array_equal(decode(content, WHAT), array)


@pytest.mark.parametrize("scale", [1, 256, 257])
def test_a_color_table_holds_8_or_16_bits(scale):
    table = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) // 2])
    content = tiff(
        GRAY, photometric="palette", colormap=(table * scale).astype(np.uint16)
    )
    np.testing.assert_array_equal(decode(content, WHAT), table.T[GRAY])
    np.testing.assert_array_equal(numbers(content), GRAY)
    np.testing.assert_array_equal(decoded(content, WHAT).palette, table.T)


def test_straight_alpha_stays_alpha():
    for array in (np.dstack([COLOR, GRAY]), np.dstack([DEEP, DEEP[..., 0]])):
        content = tiff(array, photometric="rgb", extrasamples=["unassalpha"])
        np.testing.assert_array_equal(decode(content, WHAT), array)


@pytest.mark.parametrize("planes", [False, True])
def test_colors_multiplied_by_alpha_are_shown_on_white(planes):
    alpha = unit(GRAY)[..., None]
    array = np.dstack([(COLOR * alpha).astype(np.uint8), GRAY])
    expected = unit(array[..., :3]) + (1 - alpha)
    stored = np.moveaxis(array, -1, 0) if planes else array
    content = tiff(
        stored,
        photometric="rgb",
        extrasamples=["assocalpha"],
        planarconfig="separate" if planes else "contig",
    )
    np.testing.assert_allclose(shown(content), expected, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_gray_multiplied_by_alpha_stays_gray_and_below_white(dtype):
    full = 1 if dtype == np.float32 else np.iinfo(dtype).max
    array = np.array([[[0, 0], [0.5, 1.0], [0.25, 0.5], [0.75, 0.5]]]) * full
    array = array.astype(dtype)
    content = tiff(
        array,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["assocalpha"],
    )
    expected = np.minimum(array[..., 0] / full + 1 - array[..., 1] / full, 1)
    assert expected.max() == 1.0
    np.testing.assert_allclose(shown(content), expected, atol=1e-7)  # of float32
    np.testing.assert_array_equal(numbers(content), array[..., [0, 0, 0, 1]])


@pytest.mark.parametrize("turn", [0, 9])
def test_orientations_that_do_not_exist_are_upright(turn):
    found = decoded(raw_tiff(SHAPE, 8, GRAY.tobytes(), t274=turn), WHAT)
    np.testing.assert_array_equal(found.array, GRAY)
    assert found.orientation == 1


def test_inks_are_shown_as_rgb():
    inks = np.dstack([COLOR, GRAY])
    picture = Image.frombytes("CMYK", SHAPE[::-1], inks.tobytes())
    expected = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(decode(encoded(picture, "TIFF"), WHAT), expected)
    deep = tiff(inks.astype(np.uint16) * 257, photometric="separated")
    # Pillow rounds each of two products to 8 bits
    np.testing.assert_allclose(shown(deep), unit(expected), atol=1 / 255)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits"])
def test_orientation_is_applied_once_to_images_and_numbers(turn, compression):
    picture = Image.fromarray(COLOR)
    content = encoded(picture, "TIFF", compression=compression, tiffinfo={274: turn})
    found = decoded(content, WHAT)
    np.testing.assert_array_equal(found.array, upright(COLOR, turn))
    assert found.orientation == turn
    np.testing.assert_array_equal(numbers(content), upright(COLOR, turn))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F"])
@pytest.mark.parametrize(
    "compression",
    ["raw", "tiff_lzw", "packbits", "tiff_deflate", "tiff_adobe_deflate"],
)
def test_what_pillow_writes_comes_back(mode, compression):
    if mode in ("I;16", "F"):
        picture = Image.fromarray(DEEP[..., 0] if mode == "I;16" else FLOATS)
    else:
        picture = Image.fromarray(COLOR).convert(mode)
    found = decoded(encoded(picture, "TIFF", compression=compression), WHAT)
    again = picture.convert({"P": "RGB", "LA": "RGBA"}.get(mode, mode))
    np.testing.assert_array_equal(found.array, np.asarray(again))
    assert not found.lossy


def test_fax_is_read_and_jpeg_within_is_lossy():
    picture = Image.fromarray(GRAY > 99)
    found = decoded(encoded(picture, "TIFF", compression="group4"), WHAT)
    np.testing.assert_array_equal(found.array, GRAY > 99)
    assert (found.bits, found.lossy) == (1, False)
    content = encoded(Image.fromarray(COLOR), "TIFF", compression="jpeg")
    assert decoded(content, WHAT).lossy


def several(*arrays, **options):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for array, more in zip(arrays, options["each"], strict=True):
            file.write(array, **more)
    return buffer.getvalue()


PREVIEW = {"photometric": "rgb", "subfiletype": 1}
STACK = np.stack([GRAY] * 3)


def lone_preview():
    content = tiff(COLOR, photometric="rgb", subfiletype=1)
    assert len(tifffile.TiffFile(io.BytesIO(content)).pages) == 1
    return content


REFUSED = {
    "unspecified": (
        tiff(np.dstack([DEEP, DEEP[..., 0]]), photometric="rgb",
             extrasamples=["unspecified"]),
        "4 samples per pixel; its colors are 3",
    ),
    "unspecified 8 bits": (
        tiff(np.dstack([COLOR, GRAY]), photometric="rgb", extrasamples=["unspecified"]),
        "4 samples per pixel; its colors are 3",
    ),
    "gray and more": (
        tiff(DEEP[..., :2], photometric="minisblack", planarconfig="contig"),
        "2 samples per pixel; its colors are 1",
    ),
    "five planes": (
        tiff(np.stack([GRAY] * 5), photometric="minisblack", planarconfig="separate"),
        "5 samples per pixel; its colors are 1",
    ),
    "ImageJ": (tiff(STACK, imagej=True, truncate=True), r"a stack .* \(3, 6, 7\)"),
    "ImageJ deep": (
        tiff(np.stack([DEEP[..., 0]] * 3), imagej=True, truncate=True),
        r"a stack .* \(3, 6, 7\)",
    ),
    "shaped": (
        tiff(STACK, photometric="minisblack", truncate=True), r"a stack .* \(3, 6, 7\)"
    ),
    "OME": (tiff(STACK, ome=True), "3 pages"),
    "volume": (
        tiff(np.stack([GRAY] * 16), volumetric=True, tile=(16, 16, 16)), "a stack"
    ),
    "with preview": (
        several(COLOR, COLOR[::2, ::2], each=({"photometric": "rgb"}, PREVIEW)),
        "2 pages",
    ),
    "preview": (lone_preview(), "begins with a preview"),
    "complex": (tiff(FLOATS.astype(np.complex64)), "samples of 64 bits in the format"),
    "colors of raw files": (tiff(GRAY, photometric="cfa"), "holds CFA colors"),
    "lab": (tiff(COLOR, photometric="cielab"), "holds CIELAB colors"),
    "undeclared": (
        raw_tiff(SHAPE, 8, GRAY.tobytes(), t262=None),
        "does not say whether 0 is black or white",
    ),
    "other inks": (
        tiff(np.dstack([COLOR, GRAY]), photometric="separated",
             extratags=[(332, 3, 1, 2, True)]),
        "inks other than CMYK",
    ),
    "float beyond": (
        tiff(GRAY.astype(np.float32), photometric="miniswhite"), "black is unknown"
    ),
    "white with alpha": (
        tiff(DEEP[..., :2], photometric="miniswhite", planarconfig="contig",
             extrasamples=["assocalpha"]),
        "with 0 as white",
    ),
    "signed 12 bits": (
        raw_tiff(SHAPE, 12, packed(GRAY, 12), t339=2), "format|signed numbers"
    ),
    "LZW of 12 bits": (
        raw_tiff(SHAPE, 12, packed(GRAY, 12), t259=5), "12 bits, compressed or laid out"
    ),
    "subsampled": (
        raw_tiff(SHAPE, 8, COLOR.tobytes(), t262=6, t277=3), "subsampled YCbCr"
    ),
    "short palette": (
        tiff(GRAY, photometric="palette", colormap=np.zeros((3, 256), np.uint16))
        .replace(np.uint16(320).tobytes(), np.uint16(65000).tobytes(), 1),
        "no palette",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_single_picture_is_refused_by_its_cause(content, words):
    with pytest.raises(ValueError, match=f"`image` = 'x' .*{words}"):
        decode(content, WHAT)


PLAIN = tiff(GRAY)
DAMAGED = {
    "cut": (PLAIN[:-5], "lies beyond the end"),
    "sparse": (raw_tiff(SHAPE, 8, GRAY.tobytes(), t279=0), "lies beyond the end"),
    "short strip": (raw_tiff(SHAPE, 8, GRAY.tobytes(), t279=40), "promises 42 bytes"),
    "deflate ends early": (
        raw_tiff(SHAPE, 8, zlib.compress(bytes(41)), t259=8), "promises 42 bytes"
    ),
    "deflate goes on": (
        raw_tiff(SHAPE, 8, zlib.compress(bytes(43)), t259=8), "more data than the 42"
    ),
    "too few strips": (raw_tiff((10**4, 7), 8, bytes(9), t278=1), "10000 strips"),
    "huge tiles": (
        raw_tiff(SHAPE, 8, bytes(9), t322=2**14, t323=2**14, t324=600, t325=9),
        "declares strips or tiles of 268435456 bytes",
    ),
    "a tag of unknown type": (
        PLAIN.replace(b"\x06\x01\x03\x00", b"\x06\x01\xff\x00", 1), "tag 262 is damaged"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), DAMAGED.values(), ids=DAMAGED)
def test_what_does_not_hold_what_it_promises_is_refused(content, words):
    with pytest.raises(ValueError, match=f"`image` = 'x' .*{words}"):
        decode(content, WHAT)


def test_nothing_is_logged_to_the_terminal(capfd):
    with pytest.raises(ValueError, match="damaged"):
        decode(DAMAGED["a tag of unknown type"][0], WHAT)
    assert capfd.readouterr().err == ""
