"""The live figure: atomic updates, snapshots for new views, throttling, taps."""

import threading
import time

import numpy as np
import pytest
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from explorer.kit.columns import encode
from explorer.kit.figure import LiveFigure


@pytest.fixture
def live():
    data = ColumnDataSource({"x": np.arange(4.0), "y": np.zeros(4)}, name="curve")
    plot = figure(name="curve-figure")
    plot.title.name = "curve-title"
    plot.line("x", "y", source=data)
    widget = LiveFigure(plot, max_fps=1000)
    widget.sent = []
    widget.send = lambda message, buffers=None: widget.sent.append((message, buffers))
    yield widget
    widget.close()


def y(value):
    return {"curve": {"x": np.arange(4.0), "y": np.full(4, float(value))}}


def settle(widget):
    deadline = time.monotonic() + 5
    while widget._columns or widget._props:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_push_updates_the_kernel_and_is_one_message(live):
    live.push(y(7), {"curve-title": {"text": "seven"}})
    settle(live)
    (message, buffers), *more = live.sent
    assert not more
    assert message["kind"] == "update"
    assert len(buffers) == 2
    assert message["props"] == [{"name": "curve-title", "props": {"text": "seven"}}]
    np.testing.assert_array_equal(live.source("curve").data["y"], 7)


def test_what_is_shown_already_is_not_sent_again(live):
    live.push(y(7), {"curve-title": {"text": "seven"}})
    settle(live)
    live._receive(None, {"kind": "drawn", "seq": 1}, [])
    live.push(y(7), {"curve-title": {"text": "seven"}})
    settle(live)
    assert len(live.sent) == 1
    live.push(y(7), {"curve-title": {"text": "eight"}})
    settle(live)
    message, buffers = live.sent[-1]
    assert (message["updates"], buffers) == ([], [])
    assert message["props"] == [{"name": "curve-title", "props": {"text": "eight"}}]
    live._receive(None, {"kind": "drawn", "seq": 2}, [])
    live.push(y(8), {"curve-title": {"text": "eight"}})
    settle(live)
    message, buffers = live.sent[-1]
    assert [update["source"] for update in message["updates"]] == ["curve"]
    assert message["props"] == []


def test_of_several_sources_only_the_changed_one_is_sent(live_pair):
    live_pair.push({"left": {"x": [1.0]}, "right": {"x": [2.0]}})
    settle(live_pair)
    live_pair._receive(None, {"kind": "drawn", "seq": 1}, [])
    live_pair.push({"left": {"x": [1.0]}, "right": {"x": [3.0]}})
    settle(live_pair)
    message, _ = live_pair.sent[-1]
    assert [update["source"] for update in message["updates"]] == ["right"]


def test_undefined_numbers_that_stay_are_not_sent_again(live):
    """A trace has NaN where nothing is known: that alone is no change."""
    for _ in range(2):
        live.push({"curve": {"x": np.arange(4.0), "y": np.full(4, np.nan)}})
        settle(live)
        live._receive(None, {"kind": "drawn", "seq": 1}, [])
    assert len(live.sent) == 1


def test_what_is_pending_and_taken_back_is_not_sent(live):
    live.push(y(1))
    settle(live)
    live.push(y(2))  # waits for the browser
    live.push(y(1))
    live._receive(None, {"kind": "drawn", "seq": 1}, [])
    settle(live)
    assert len(live.sent) == 1


@pytest.fixture
def live_pair():
    plot = figure()
    for name in ("left", "right"):
        plot.line("x", "x", source=ColumnDataSource({"x": [0.0]}, name=name))
    widget = LiveFigure(plot, max_fps=1000)
    widget.sent = []
    widget.send = lambda message, buffers=None: widget.sent.append((message, buffers))
    yield widget
    widget.close()


def test_a_new_view_gets_the_current_state(live):
    live.push(y(5))
    live._receive(None, {"kind": "hello", "id": "v1"}, [])
    message, _ = live.sent[-1]
    assert (message["kind"], message["to"], message["seq"]) == ("snapshot", "v1", 1)
    np.testing.assert_array_equal(live.source("curve").data["y"], 5)
    assert message["root"] == live._roots[0].id


def test_until_the_browser_has_drawn_the_newest_wins(live):
    live.push(y(1))
    settle(live)
    for value in range(2, 50):
        live.push(y(value))
    assert len(live.sent) == 1
    live._receive(None, {"kind": "drawn", "seq": 1}, [])
    settle(live)
    assert len(live.sent) == 2
    np.testing.assert_array_equal(live.source("curve").data["y"], 49)


@pytest.mark.slow
def test_without_a_browser_updates_still_arrive_after_patience(live):
    live.push(y(1))
    live.push(y(2))
    settle(live)
    assert [m["seq"] for m, _ in live.sent] == [1, 2]


def test_pushes_from_many_threads_lose_nothing(live):
    def many(start):
        for k in range(50):
            live.push(y(start + k))

    threads = [threading.Thread(target=many, args=(100 * i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    live._receive(None, {"kind": "drawn", "seq": 10**9}, [])
    settle(live)
    assert live.source("curve").data["y"][0] in {49, 149, 249, 349}


def test_the_library_is_sent_on_request(live):
    live._receive(None, {"kind": "want-bokehjs"}, [])
    message, (library,) = live.sent[-1]
    assert message == {"kind": "bokehjs"}
    assert len(library) > 500_000


def test_closing_leaves_no_timer(live):
    live.push(y(1))
    live.push(y(2))
    live.close()
    deadline = time.monotonic() + 5
    while any(isinstance(t, threading.Timer) for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "u4", "u1", "i8"])
def test_numbers_travel_as_buffers(dtype):
    buffers = []
    header = encode(np.arange(6, dtype=dtype).reshape(2, 3), buffers)
    stored = "<i4" if dtype == "i8" else np.dtype(dtype).str
    assert (header["dtype"], header["shape"]) == (stored, [2, 3])
    back = np.frombuffer(buffers[0], header["dtype"]).reshape(2, 3)
    np.testing.assert_array_equal(back, np.arange(6).reshape(2, 3))


def test_a_list_of_one_array_is_a_picture():
    buffers = []
    assert encode([np.zeros((2, 2), np.uint8)], buffers)["single"]


@pytest.mark.parametrize("column", [["a", "b"], [], [1, None], np.zeros(0)])
def test_everything_else_travels_as_a_list(column):
    buffers = []
    assert encode(column, buffers) == {"values": list(column)}
    assert not buffers
