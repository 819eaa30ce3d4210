"""netCDF files: headers that promise too much, damage, protection, the home folder."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

import explorer as ex
from explorer import headers
from explorer.files import checked_target, read, sealed, write

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

KIND, SCHEMA = "test of files", 3
HUGE = 2**27
"""Numbers that a bomb declares: a gigabyte of float64."""

LITTLE = 32 * 2**20
"""Bytes of memory that reading a file of some kilobytes may take."""


def dataset():
    values = np.random.default_rng(0).uniform(size=(3, 4))
    found = xr.Dataset({"a": (("x", "y"), values), "b": ((), 2)})
    return sealed(found.assign_attrs(kind=KIND, schema=SCHEMA, long="text" * 300))


@pytest.fixture
def path(tmp_path):
    """A file that `write` wrote."""
    write(dataset(), tmp_path / "file.nc")
    return tmp_path / "file.nc"


def refused(path, words=""):
    """The error of reading a file, which took little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="`path` = .*" + words) as info:
            read(path, KIND, SCHEMA)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < LITTLE
    assert path.name in str(info.value)
    return str(info.value)


def never_written(file):
    file.create_dataset("huge", (HUGE,), "f8")


def in_chunks(file):
    file.create_dataset("huge", (HUGE,), "f8", chunks=(2**20,))


def compressed(file):
    file.create_dataset("huge", data=np.zeros(2**20), compression="gzip")


def another_shape(file):
    """The variable is there, and larger than it was."""
    del file["a"]
    file.create_dataset("a", (HUGE, 4), "f8", chunks=(1, 4))


def with_fill_value(file):
    file.create_dataset("huge", (2**15, 2**12), "f8", fillvalue=1.0)


def strings(file):
    file.create_dataset("huge", (HUGE,), h5py.string_dtype())


def fixed_strings(file):
    file.create_dataset("huge", (1,), f"S{HUGE}")


def compound(file):
    file.create_dataset("huge", (1,), [("part", "f8", (HUGE,))])


def in_a_group(file):
    file.create_group("inner").create_dataset("huge", (HUGE,), "f8")


def a_link_out(file):
    file["other"] = h5py.ExternalLink("elsewhere.nc", "a")


def a_soft_link(file):
    file["other"] = h5py.SoftLink("/a")


def a_virtual_one(file):
    layout = h5py.VirtualLayout((HUGE,), "f8")
    file.create_virtual_dataset("huge", layout, fillvalue=1.0)


def many_names_of_one(file):
    for k in range(999):
        file[f"again_{k}"] = file["a"]


def many_variables(file):
    for k in range(headers.MOST_VARIABLES + 1):
        file.create_dataset(f"more_{k}", (1,), "f8", data=[0.0])


def many_attributes(file):
    for k in range(headers.MOST_ATTRIBUTES + 1):
        file["a"].attrs[f"more_{k}"] = k


def a_false_dimension(file):
    """Declared as a dimension without numbers, and given the name of a variable."""
    file.create_dataset("huge", (HUGE,), "f8").make_scale("huge")


BOMBS = (
    never_written,
    in_chunks,
    compressed,
    another_shape,
    with_fill_value,
    strings,
    fixed_strings,
    compound,
    in_a_group,
    a_link_out,
    a_soft_link,
    a_virtual_one,
    many_names_of_one,
    many_variables,
    many_attributes,
    a_false_dimension,
)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a_header_that_promises_too_much_is_refused_unread(path, bomb):
    with h5py.File(path, "a") as file:
        bomb(file)
    assert "cannot be one" in refused(path)


def test_a_bare_dimension_takes_no_memory(path):
    """netCDF declares dimensions as arrays that nobody writes or reads."""
    with h5py.File(path, "a") as file:
        mark = headers.BARE_DIMENSION.decode() + f"{HUGE:10d}"
        file.create_dataset("huge", (HUGE,), ">f4").make_scale(mark)
    tracemalloc.start()
    try:
        found = read(path, KIND, SCHEMA)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < LITTLE
    xr.testing.assert_identical(found["a"], dataset()["a"])


def test_an_empty_array_is_read(tmp_path):
    """As the singular values of a gradient that has none."""
    empty = dataset().assign(none=(("x", "nothing"), np.zeros((3, 0))))
    write(sealed(empty), tmp_path / "file.nc")
    xr.testing.assert_equal(read(tmp_path / "file.nc", KIND, SCHEMA), empty)


@pytest.mark.parametrize("name", ["kind", "schema"])
def test_an_attribute_of_a_megabyte_is_not_taken_for_a_name(path, name):
    with h5py.File(path, "a", libver="latest") as file:
        del file.attrs[name]
        file.attrs[name] = np.zeros(2**17)
    refused(path, "holds something else|layout none")


def test_any_flipped_byte_or_cut_ends_in_words_or_the_same_numbers(path):
    """Bytes that hold neither numbers nor names may be anything."""
    content, expected = path.read_bytes(), read(path, KIND, SCHEMA)
    for at in range(0, len(content), len(content) // 150):
        changed = bytearray(content)
        changed[at] ^= 0xFF
        path.write_bytes(changed)
        try:
            found = read(path, KIND, SCHEMA)
        except ValueError as error:
            assert "`path`" in str(error)  # noqa: PT017 — either way is right
        else:
            xr.testing.assert_equal(found, expected)
        path.write_bytes(content[:at])
        refused(path)


def png(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def netcdf3(path):
    dataset().to_netcdf(path, engine="scipy")


def another_kind(path):
    write(sealed(dataset().assign_attrs(kind="another")), path)


FOREIGN = (png, netcdf3, another_kind, lambda path: path.write_bytes(b""))


@pytest.mark.parametrize("make", FOREIGN)
def test_a_file_of_another_kind_is_refused(path, make):
    make(path)
    refused(path, "cannot be read as netCDF|holds another")


@pytest.mark.parametrize("target", [0o444, 0o400, 0o000])
def test_a_write_protected_file_is_not_replaced(path, target):
    content = path.read_bytes()
    path.chmod(target)
    with pytest.raises(PermissionError, match=r"file\.nc' is write-protected"):
        write(dataset(), path)
    path.chmod(0o600)
    assert path.read_bytes() == content


def test_a_link_to_a_write_protected_file_is_not_followed(path):
    path.chmod(0o444)
    link = path.with_name("link.nc")
    link.symlink_to(path)
    with pytest.raises(PermissionError, match="write-protected"):
        write(dataset(), link)


def test_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(dataset(), "~/home.nc")
    xr.testing.assert_identical(read("~/home.nc", KIND, SCHEMA), dataset())
    assert (tmp_path / "home.nc").is_file()
    assert checked_target(Path("~") / "other.nc") == tmp_path / "other.nc"


NAMES = {"": "name of a file", "a\0b": "name of a file", "~nobody-here/a.nc": "home"}


@pytest.mark.parametrize(("name", "words"), NAMES.items())
def test_what_names_no_file_is_refused(name, words):
    for call in (lambda: write(dataset(), name), lambda: read(name, KIND, SCHEMA)):
        with pytest.raises(ValueError, match=f"`path`.*{words}"):
            call()


@pytest.mark.parametrize("path", [None, 3, b"file.nc", ["file.nc"], np.array("a.nc")])
def test_what_is_no_path_is_refused(path):
    for call in (lambda: write(dataset(), path), lambda: read(path, KIND, SCHEMA)):
        with pytest.raises(TypeError, match=r"`path` = .* is not a path"):
            call()


SCENE = ex.voronoi_scene("colors", 8, 0.2, seed=0)


def learner():
    return ex.Learner(ex.LinearizedFlow(SCENE.distances), SCENE.labels)


def save_run(path):
    run = learner()
    ex.save_checkpoint(run, list(run.iterate(1)), path)


def save_model(path):
    ex.WeightPatchPredictor(n_prototypes=2, steps=0).fit([SCENE]).save(path)


USERS = {
    "checkpoint": (save_run, lambda path: ex.load_checkpoint(learner(), path)),
    "model": (save_model, ex.WeightPatchPredictor.load),
}


FIXED = ("kind", "schema", "digest")

OPTIONAL = ("component", "data_term_")
"""Numbers of components, which nobody reads; arrays that a data term may have."""


@pytest.mark.parametrize("user", USERS)
def test_models_and_checkpoints_refuse_bombs_and_missing_parts(tmp_path, user):
    path, (save, load) = tmp_path / "file.nc", USERS[user]
    save(path)
    whole = xr.load_dataset(path, engine="h5netcdf")
    with h5py.File(path, "a") as file:
        never_written(file)
    with pytest.raises(ValueError, match="'huge' declares 1073741824 bytes"):
        load(path)
    parts = [("attribute", name) for name in whole.attrs if name not in FIXED]
    names = (str(name) for name in whole.variables)
    parts += [("variable", n) for n in names if not n.startswith(OPTIONAL)]
    for which, name in parts:
        less = whole.copy()
        if which == "attribute":
            del less.attrs[name]
        else:
            less = less.drop_vars(name)
        write(sealed(less), path)
        with pytest.raises(ValueError, match=r"`path` = .* is damaged"):
            load(path)
