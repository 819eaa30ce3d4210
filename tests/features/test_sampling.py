"""Samples of pixels from several images."""

from __future__ import annotations

import numpy as np

from explorer.features.sampling import flat, sampled


def test_a_small_set_is_its_own_sample():
    chosen = sampled([3, 2], 5, np.random.default_rng(0))
    assert [list(np.arange(n)[k]) for n, k in zip((3, 2), chosen, strict=True)] == [
        [0, 1, 2], [0, 1],
    ]  # fmt: skip


def test_each_pixel_of_each_image_is_as_likely():
    counts = [np.zeros(n) for n in (4, 1, 5)]
    rng = np.random.default_rng(0)
    for _ in range(3000):
        chosen = sampled([4, 1, 5], 6, rng)
        assert sum(len(k) for k in chosen) == 6
        for count, k in zip(counts, chosen, strict=True):
            assert len(set(k.tolist())) == len(k)
            count[k] += 1
    # binomial with p = 0.6: five standard deviations of the mean
    share = np.concatenate(counts) / 3000
    assert (abs(share - 0.6) < 5 * np.sqrt(0.24 / 3000)).all()


def test_features_of_an_image_are_rows():
    fields = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(flat(fields)[4], fields[1, 1])
