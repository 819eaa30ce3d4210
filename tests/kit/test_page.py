"""The page's protocol: snapshots, content, lights, files, downloads, and the end."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from explorer.kit import bridge
from explorer.kit.page import Page


def plot(name):
    made = figure(name=f"{name}-figure")
    data = ColumnDataSource({"x": np.arange(4.0), "y": np.zeros(4)}, name=name)
    made.line("x", "y", source=data)
    return made


@pytest.fixture
def page():
    plots = [plot("left"), plot("right")]
    image = {"name": "image", "kind": "image", "limit": 10}
    declaration = {
        "title": "a page",
        "groups": [{"name": "data", "folded": False, "controls": [image]}],
        "views": [{"name": p.name, "root": p.id} for p in plots],
    }
    widget = Page(declaration, plots, max_fps=1000)
    widget.sent, widget.heard = [], []
    widget.send = lambda message, buffers=None: widget.sent.append((message, buffers))
    widget.on_message = lambda *message: widget.heard.append(message)
    yield widget
    widget.close()


def receive(page, buffers=(), **message):
    page._receive(None, {"id": "v1", **message}, list(buffers))


def sent(page, kind):
    return [message for message, _ in page.sent if message["kind"] == kind]


def y(value, name="left"):
    return {name: {"x": np.arange(4.0), "y": np.full(4, float(value))}}


def settle(page):
    deadline = time.monotonic() + 5
    while page._columns or page._props or page._content:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_pictures_and_numbers_are_one_message(page):
    page.push(y(7), {"left-figure": {"min_border": 3}}, {"status": "seven"})
    settle(page)
    (message,) = sent(page, "update")
    assert [update["source"] for update in message["updates"]] == ["left"]
    assert message["props"] == [{"name": "left-figure", "props": {"min_border": 3}}]
    assert message["content"] == {"status": "seven"}
    assert page.content == {"status": "seven"}


def test_content_is_merged_by_key_and_sent_only_where_it_differs(page):
    page.push({}, {}, {"status": "one", "undo": False})
    settle(page)
    receive(page, kind="drawn", seq=1)
    page.push({}, {}, {"status": "one", "undo": True})
    settle(page)
    assert sent(page, "update")[-1]["content"] == {"undo": True}
    assert page.content == {"status": "one", "undo": True}


def test_a_new_view_gets_all_figures_and_all_content(page):
    page.push(y(5), {}, {"status": "five"})
    page.tell({"state": "busy", "text": "learning"})
    receive(page, kind="hello")
    (message,) = sent(page, "snapshot")
    assert message["to"] == "v1"
    assert len(message["doc"]["roots"]) == 2
    assert message["content"] == {"status": "five"}
    assert message["light"] == {"state": "busy", "text": "learning"}
    assert page.heard[-1][0]["kind"] == "hello"


def test_a_light_says_which_wishes_it_knows(page):
    receive(page, kind="set", values={"noise": 0.4}, final=True, n=3)
    page.tell({"state": "ready", "text": "ready"})
    assert sent(page, "light")[-1]["received"] == {"v1": 3}


def test_a_wish_that_starts_no_work_puts_the_light_out(page):
    receive(page, kind="act", name="forget", value=0, n=1)
    light = sent(page, "light")[-1]
    assert light["light"]["state"] == "ready"
    assert light["received"] == {"v1": 1}


def test_a_wish_that_starts_work_keeps_the_light_on(page):
    page.on_message = lambda *_: page.tell({"state": "busy", "text": "computing"})
    receive(page, kind="act", name="run", value=5, n=1)
    assert sent(page, "light")[-1]["light"]["state"] == "busy"


def test_an_error_of_the_dashboard_leaves_no_light_on(page):
    def fail(*_):
        raise RuntimeError("broken")

    page.on_message = fail
    with pytest.raises(RuntimeError, match="broken"):
        receive(page, kind="act", name="run", value=5, n=1)
    assert sent(page, "light")[-1]["received"] == {"v1": 1}


def test_values_without_an_answer_count_as_one(page):
    receive(page, kind="set", values={"noise": 0.4}, final=True, n=2)
    page.push({}, {}, {"values": {"noise": 0.4}})
    assert page.content["heard"] == {"v1": 2}
    page.push({}, {}, {"values": {"noise": 0.5}, "heard": {"v1": 1}})
    assert page.content["heard"] == {"v1": 1}


def test_until_the_browser_has_drawn_nothing_counts_as_shown(page):
    called = []
    receive(page, kind="hello")
    receive(page, kind="drawn", seq=0)
    assert page.drawn
    page.push(y(1), {}, {"status": "one"})
    page.when_drawn(lambda: called.append(True))
    settle(page)
    assert not page.drawn
    assert called == []
    receive(page, kind="drawn", seq=1)
    assert page.drawn
    assert called == [True]


def test_a_browser_that_never_answers_is_not_waited_for(page, monkeypatch):
    monkeypatch.setattr(bridge, "GIVE_UP", 0.05)
    receive(page, kind="hello")
    done = threading.Event()
    page.push(y(1), {}, {})
    page.when_drawn(done.set)
    assert done.wait(5)
    assert page.drawn


def test_a_file_comes_in_pieces_and_is_handed_on_whole(page):
    begin = {"phase": "begin", "name": "a.png", "size": 4, "pieces": 2}
    piece = {"kind": "file", "control": "image", "file": "f", "phase": "piece"}
    receive(page, kind="file", control="image", file="f", n=1, **begin)
    receive(page, [b"cd"], **piece, n=2, index=1)
    assert page.heard == []
    receive(page, [b"ab"], **piece, n=3, index=0)
    ((message, buffers),) = page.heard
    assert (message["name"], message["size"], buffers) == ("a.png", 4, [b"abcd"])


def test_a_file_over_the_limit_is_announced_without_its_content(page):
    begin = {"phase": "begin", "name": "a.png", "size": 11, "pieces": 0}
    receive(page, kind="file", control="image", file="f", n=1, **begin)
    ((message, buffers),) = page.heard
    assert (message["size"], buffers) == (11, [])


def test_a_download_goes_to_the_view_that_asked(page):
    receive(page, kind="act", name="export", value={"kind": "csv"}, n=1, id="v2")
    page.download("a.csv", "text/csv", b"1,2")
    message, buffers = page.sent[-1]
    assert (message["to"], message["name"], buffers) == ("v2", "a.csv", [b"1,2"])


def test_a_view_that_has_left_is_forgotten(page):
    receive(page, kind="act", name="undo", n=4, id="v2")
    assert page._lit()["received"] == {"v2": 4}
    receive(page, kind="bye", id="v2")
    assert page._lit()["received"] == {}


def test_closing_leaves_no_timer_and_calls_nobody(page):
    receive(page, kind="hello")
    page.push(y(1), {}, {})
    page.push(y(2), {}, {})
    page.when_drawn(lambda: None)
    page.close()
    deadline = time.monotonic() + 5
    while any(isinstance(t, threading.Timer) for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_steps_of_a_run_are_told_at_a_rate_that_a_browser_can_follow(page):
    for k in range(100):
        page.tell({"state": "busy", "text": "learning", "share": k / 100})
    page.tell({"state": "ready", "text": "ready"})
    lights = [message["light"] for message in sent(page, "light")]
    assert len(lights) < 20
    assert lights[-1]["state"] == "ready"


@pytest.mark.slow
def test_a_closed_page_is_forgotten():
    made = Page({"title": "a page", "views": []}, [plot("only")])
    made.on_message = made.tell
    gone = weakref.ref(made)
    made.close()
    del made
    gc.collect()
    assert gone() is None


def test_script_and_style_are_texts():
    """A file would be watched by anywidget for ever, and with it each page."""
    assert type(Page._esm) is str
    assert type(Page._css) is str
