"""Files that arrive in pieces: from one view, from several, and cut off."""

import pytest

from explorer.dashboard.upload import MOST_COMING, Upload

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


@pytest.fixture
def uploads():
    """Two widgets, and the files that each has handed over."""
    made = []
    for _ in range(2):
        widget, files = Upload(limit=100), []
        widget.on_file(lambda *file, files=files: files.append(file))
        made.append((widget, files))
    yield made
    for widget, _ in made:
        widget.close()


def begin(widget, key, name, pieces, size=4):
    message = {"kind": "begin", "id": key, "name": name, "size": size, "pieces": pieces}
    widget._receive(None, message, [])


def piece(widget, key, index, content):
    widget._receive(None, {"kind": "piece", "id": key, "index": index}, [content])


def test_files_of_two_views_do_not_mix(uploads):
    (widget, files), _ = uploads
    begin(widget, "a", "first.png", 2)
    begin(widget, "b", "second.png", 2)
    piece(widget, "a", 0, b"a0")
    piece(widget, "b", 1, b"b1")
    piece(widget, "a", 1, b"a1")
    piece(widget, "b", 0, b"b0")
    assert files == [("first.png", 4, b"a0a1"), ("second.png", 4, b"b0b1")]


def test_files_of_two_explorers_do_not_mix(uploads):
    (one, first), (other, second) = uploads
    begin(one, "a", "first.png", 1)
    begin(other, "a", "second.png", 1)
    piece(other, "a", 0, b"2")
    piece(one, "a", 0, b"1")
    assert (first, second) == ([("first.png", 1, b"1")], [("second.png", 1, b"2")])


def test_a_file_that_is_refused_leaves_another_alone(uploads):
    (widget, files), _ = uploads
    begin(widget, "a", "first.png", 1)
    begin(widget, "b", "huge.png", 0, size=101)
    piece(widget, "a", 0, b"1")
    assert files == [("huge.png", 101, None), ("first.png", 1, b"1")]


def test_files_whose_pages_are_gone_are_forgotten(uploads):
    (widget, files), _ = uploads
    for k in range(MOST_COMING + 1):
        begin(widget, str(k), f"{k}.png", 1)
    piece(widget, "0", 0, b"late")
    piece(widget, "1", 0, b"1")
    assert files == [("1.png", 1, b"1")]
