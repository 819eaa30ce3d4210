"""PBM, PGM and PPM: images are scaled by their maximum, labels are the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from explorer.images.decoding import decode, decoded
from tests.images.files import GRAY, SHAPE, encoded, packed, unit

WHAT = "`image` = 'x'"


def netpbm(kind, array, maximum, comment=""):
    head = f"P{kind}\n{comment}{array.shape[1]} {array.shape[0]}\n"
    head += "" if kind in (1, 4) else f"{maximum}\n"
    if kind == 4:
        return head.encode() + packed(array, 1)
    if kind < 4:
        return (head + " ".join(map(str, array.ravel().tolist()))).encode()
    return head.encode() + array.astype(">u2" if maximum > 255 else "u1").tobytes()


@pytest.mark.parametrize("maximum", [1, 2, 100, 255, 256, 1000, 4095, 65535])
@pytest.mark.parametrize("kind", [2, 3, 5, 6])
def test_any_maximum(maximum, kind):
    shape = (*SHAPE, 3) if kind in (3, 6) else SHAPE
    array = np.random.default_rng(kind).integers(0, maximum + 1, shape)
    content = netpbm(kind, array, maximum, "# made by hand, 3 times\n")
    found = unit(decode(content, WHAT))
    np.testing.assert_allclose(found, array / maximum, atol=1e-15)
    np.testing.assert_array_equal(decode(content, WHAT, indices=True), array)


@pytest.mark.parametrize("kind", [1, 4])
def test_in_bitmaps_one_is_black(kind):
    array = (GRAY > 99).astype(int)
    for content in (
        netpbm(kind, array, 1),
        encoded(Image.fromarray(array == 0), "PPM"),
    ):
        np.testing.assert_array_equal(decode(content, WHAT), array == 0)
        np.testing.assert_array_equal(decode(content, WHAT, indices=True), array == 1)
        assert decoded(content, WHAT).bits == 1


def test_bits_may_stand_without_gaps():
    found = decode(b"P1 3 2 01 # two\n1\n10 0", WHAT, indices=True)
    np.testing.assert_array_equal(found, [[0, 1, 1], [1, 0, 0]])


def test_long_texts_are_read_in_blocks(monkeypatch):
    monkeypatch.setattr("explorer.images.netpbm.BLOCK", 7)
    found = decode(netpbm(2, GRAY, 255), WHAT)
    np.testing.assert_array_equal(found, GRAY)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"P5 2 2 5 \1\2\3\6", "holds 6, more than the maximum 5"),
        (b"P2 2 2 5 1 2 3 6", "numbers from 1 to 6; its header states at most 5"),
        (b"P2 2 2 5 1 2 -3 4", "numbers from -3 to 4"),
        (b"P2 2 1 5 4294967297 1", "to 4294967297"),
        (b"P2 2 1 5 1.5 1", "cannot be read as an image"),
        (b"P2 2 2 5 1 2 x 4", "cannot be read as an image"),
        (b"P1 2 2 0 1 2 1", "holds 2, more than the maximum 1"),
        (b"P5 2 2 5 \1\2\3", "promises 4 samples or bytes, it has 3"),
        (b"P2 2 2 50 10 20 30", "promises 4 samples or bytes, it has 3"),
        (b"P1 2 2 010", "promises 4 samples or bytes, it has 3"),
        (b"P4 2 2 \1", "promises 2 samples or bytes, it has 1"),
        (b"P5 4000 4000 5 \1", "promises 16000000 samples"),
        (b"P2 4000 4000 5 1", "promises 31999999 samples"),
        (b"P5 99999 99999 5 \1", "99999×99999 pixels, more than"),
        (b"P5 2 2 0 \1\2\3\4", "declares 2×2 pixels up to 0"),
        (b"P5 2 2 65536 \1\2\3\4", "declares 2×2 pixels up to 65536"),
        (b"P5 0 2 9 ", "declares 2×0 pixels"),
        (b"P5 2", "header is damaged"),
    ],
)
def test_what_its_header_does_not_tell_is_refused(content, words):
    with pytest.raises(ValueError, match=f"`image` = 'x' .*{words}"):
        decode(content, WHAT)
