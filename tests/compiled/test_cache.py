"""The cache of compiled kernels: bad files are compiled anew, full disks are said."""

from __future__ import annotations

import errno
import os
import pickle

import numpy as np
import pytest

from explorer.compiled import cache
from explorer.compiled.kernel import kernel

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


def plus_one(x):
    return x + 1


def compiled():
    """A fresh dispatcher of a tiny kernel, and how often it has compiled."""
    dispatcher = kernel(cache=True)(plus_one)
    assert dispatcher(2) == 3
    return dispatcher, sum(dispatcher.stats.cache_misses.values())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only folder of compiled kernels, empty; nothing has been said yet."""
    monkeypatch.setattr(cache, "folders", lambda: [tmp_path])
    monkeypatch.setattr(cache, "SAID", set())
    return tmp_path


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def fill_at_random(path):
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def flip_the_last_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def flip_a_bit_of_the_digest(path):
    content = bytearray(path.read_bytes())
    content[len(cache.MARK) + cache.LENGTH] ^= 1
    path.write_bytes(content)


def pickle_something(path):
    path.write_bytes(pickle.dumps(("0.1", {"some": "index"})))


def seal_nonsense(path):
    path.write_bytes(cache.seal(b"no pickle"))


def seal_another_pickle(path):
    path.write_bytes(cache.seal(pickle.dumps((1, 2))))


def replace_by_a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = (
    cut,
    empty,
    fill_at_random,
    flip_the_last_bit,
    flip_a_bit_of_the_digest,
    pickle_something,
    seal_nonsense,
    seal_another_pickle,
    replace_by_a_folder,
)


def test_a_compiled_kernel_is_found_again(folder):
    assert compiled()[1] == 1
    assert len(list(folder.iterdir())) == 1
    dispatcher, misses = compiled()
    assert misses == 0
    assert sum(dispatcher.stats.cache_hits.values()) == 1


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_compiled_anew_and_said_once(folder, damage):
    compiled()
    (path,) = folder.iterdir()
    damage(path)
    with pytest.warns(UserWarning, match="laf warmup") as said:
        assert compiled()[1] == 1
    assert path.name in str(said[0].message)
    assert compiled()[1] == 0  # the file is whole again
    damage(path)
    assert compiled()[1] == 1  # said once a process; a second warning is an error


def test_a_kernel_of_other_sources_is_compiled_anew(folder, monkeypatch):
    compiled()
    monkeypatch.setattr(cache, "origin", lambda: bytes(cache.LENGTH))
    assert compiled()[1] == 1
    assert compiled()[1] == 0


def test_the_origin_covers_every_kernel_and_the_version(monkeypatch, tmp_path):
    """Also a module that other kernels inline: numba's own cache looks at one file."""
    (tmp_path / "a.py").write_text("one")
    monkeypatch.setattr(cache, "SOURCES", tmp_path)
    found = [cache.origin.__wrapped__()]
    (tmp_path / "a.py").write_text("two")
    found.append(cache.origin.__wrapped__())
    monkeypatch.setattr(cache.numba, "__version__", "0.0")
    found.append(cache.origin.__wrapped__())
    assert len(set(found)) == 3


def test_an_unreadable_file_is_said(folder, monkeypatch):
    compiled()

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(type(folder), "read_bytes", refuse)
    with pytest.warns(UserWarning, match="Permission denied"):
        assert compiled()[1] == 1


def test_without_a_place_kernels_work_uncached_and_one_sentence_says_so(
    tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "folders", lambda: [tmp_path / "file" / "inside"])
    monkeypatch.setattr(cache, "SAID", set())
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR") as said:
        dispatcher, misses = compiled()
    assert misses == 1
    assert len(said) == 1
    assert len(dispatcher._cache.kept) == 1  # a forked process links this again
    compiled()  # says nothing


def test_a_full_disk_leaves_no_draft(folder, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.warns(UserWarning, match="No space left"):
        compiled()
    assert list(folder.iterdir()) == []


def test_the_second_folder_is_read_and_written(tmp_path, monkeypatch):
    """As where a read-only installation has a filled cache."""
    first, second = tmp_path / "file" / "inside", tmp_path / "second"
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "folders", lambda: [first, second])
    monkeypatch.setattr(cache, "SAID", set())
    assert compiled()[1] == 1
    assert len(list(second.iterdir())) == 1
    monkeypatch.setattr(cache, "folders", lambda: [second, first])
    assert compiled()[1] == 0


def test_a_chosen_folder_that_is_a_file_is_said(tmp_path, monkeypatch):
    chosen, wide = tmp_path / "file", tmp_path / "wide"
    chosen.touch()
    monkeypatch.setattr(cache.config, "CACHE_DIR", str(chosen))
    monkeypatch.setattr(cache, "folders", lambda: [chosen / "inside", wide])
    monkeypatch.setattr(cache, "SAID", set())
    with pytest.warns(UserWarning, match="`NUMBA_CACHE_DIR` must be a folder"):
        compiled()
