"""The page in a real browser: every control by hand and by key, and nothing by itself.

One page in Voila serves most tests; each of them brings what it needs into place.
"""

import pytest

from tests.browser import desks
from tests.browser.desks import control, in_voila, option, quiet, typed
from tests.browser.pages import drag, press, slider, wait_for
from tests.browser.sample import LIMIT

pytestmark = pytest.mark.browser

FASTEST = 15 + 2
"""Wishes in a second of dragging: 15, and those at its ends."""


TAKE_AWAY = """() => { window.kept = Element.prototype.requestFullscreen;
  Element.prototype.requestFullscreen = () => Promise.reject(new Error("no")); }"""
GIVE_BACK = "() => { Element.prototype.requestFullscreen = window.kept; }"


@pytest.fixture(scope="module")
def desk(browser, voila, workdir):
    desks.write_notebook(workdir)
    with in_voila(browser, voila) as page:
        page.opened_with = list(page.posted.wishes)
        yield page


@pytest.fixture
def page(desk):
    """The shared page; whatever a test does, the console stays empty."""
    desk.keyboard.press("Escape")
    quiet(desk)
    yield desk
    assert desk.watch.problems == []


def last(page, name, value):
    """Wait until the newest wish for a control is `value`, and the kernel has it."""
    wait_for(page, lambda: page.posted.sets(name)[-1:] == [value])
    quiet(page)


def field(page, name):
    return page.get_by_role("textbox", name=f"{name}, typed", exact=True)


def test_opening_posts_nothing_and_asks_nobody(page):
    assert page.opened_with == []
    assert not any("bokeh" in url.lower() for url in page.watch.external)
    assert field(page, "noise σ").input_value() == "0.45"
    assert slider(page, "time T").get_attribute("aria-valuetext") == "5"


def test_keys_move_by_the_increment_and_back_to_the_very_value(page):
    typed(page, "noise σ", "0.12345678901234567")
    press(page, "noise σ", "ArrowRight", 2)
    last(page, "noise", 0.223456789012)
    press(page, "noise σ", "ArrowLeft", 2)
    last(page, "noise", 0.12345678901234567)
    press(page, "selectivity ρ", "ArrowUp")
    press(page, "selectivity ρ", "ArrowDown")
    last(page, "rho", 0.5)
    press(page, "noise σ", "PageUp")
    last(page, "noise", 0.623456789012)
    press(page, "noise σ", "PageUp")
    last(page, "noise", 1)
    press(page, "noise σ", "PageDown")
    last(page, "noise", 0.623456789012)
    press(page, "Krylov dimension m", "End")
    last(page, "dim", 30)
    press(page, "Krylov dimension m", "Home")
    last(page, "dim", 1)
    assert slider(page, "Krylov dimension m").get_attribute("aria-valuetext") == "1"


def test_a_value_beyond_the_ends_widens_the_slider(page):
    typed(page, "time T", "44,5")
    last(page, "time", 44.5)
    assert slider(page, "time T").get_attribute("max") == "44.5"
    assert field(page, "time T").input_value() == "44.5"


def test_nonsense_is_complained_about_beside_the_control_and_not_posted(page):
    typed(page, "noise σ", "0.5")
    last(page, "noise", 0.5)
    before = len(page.posted.wishes)
    box = typed(page, "noise σ", "loud")
    said = control(page, "noise").locator(".laf-complaint")
    assert said.inner_text() == "“loud” is not a number; noise σ stays 0.5"
    assert box.get_attribute("aria-invalid") == "true"
    assert len(page.posted.wishes) == before
    box.press("Escape")
    assert not said.is_visible()
    assert box.input_value() == "0.5"


def test_what_the_kernel_refuses_stays_to_be_mended_and_the_slider_goes_back(page):
    typed(page, "time T", "7")
    last(page, "time", 7)
    box = typed(page, "time T", "-3")
    said = control(page, "time").locator(".laf-complaint")
    said.filter(has_text="`time` must be a finite number").wait_for()
    quiet(page)
    assert box.input_value() == "-3"
    press(page, "time T", "ArrowRight")
    last(page, "time", 7.25)
    assert not said.is_visible()
    assert box.input_value() == "7.25"


def test_lists_flags_and_pixels_by_key(page):
    page.get_by_text("Pixel and data").click()
    picture = page.get_by_role("combobox", name="picture", exact=True)
    picture.focus()
    picture.press("ArrowDown")
    last(page, "kind", "lines")
    flag = page.get_by_role("checkbox", name="mark wrong pixels")
    flag.press("Space")
    last(page, "flag", False)
    row = page.get_by_role("spinbutton", name="pixel, row")
    row.press("ArrowUp")
    last(page, "pixel", [33, 32])
    row.fill("1.5")
    row.press("Enter")
    said = control(page, "pixel").locator(".laf-complaint")
    assert "must be a whole number" in said.inner_text()
    page.get_by_text("Pixel and data").click()


def test_a_choice_has_the_fields_of_what_is_chosen(page):
    optimizer = page.get_by_role("combobox", name="optimizer", exact=True)
    optimizer.select_option("Momentum")
    last(page, "optimizer", {"Momentum": {"rate": 2, "beta": 0.9}})
    press(page, "momentum β", "ArrowLeft")
    last(page, "optimizer", {"Momentum": {"beta": 0.85}})
    optimizer.select_option("Descent")
    last(page, "optimizer", {"Descent": {"rate": 2}})
    assert not slider(page, "momentum β").is_visible()


def test_a_drag_posts_coarsely_and_its_release_finally(page):
    typed(page, "time T", "5")
    last(page, "time", 5)
    before = len(page.posted.wishes)
    drag(page, "time T", 0.5)
    wait_for(page, lambda: page.posted.wishes[-1].get("final") is True)
    wishes = page.posted.wishes[before:]
    assert [w["final"] for w in wishes] == [False] * (len(wishes) - 1) + [True]
    assert len(wishes) <= FASTEST
    assert wishes[-1]["values"]["time"] % 0.25 == 0
    quiet(page)


def test_undo_and_redo_by_key_but_not_while_typing(page):
    typed(page, "noise σ", "0.3")
    last(page, "noise", 0.3)
    typed(page, "noise σ", "0.6")
    last(page, "noise", 0.6)
    slider(page, "noise σ").focus()
    page.keyboard.press("Control+z")
    wait_for(page, lambda: field(page, "noise σ").input_value() == "0.3")
    page.keyboard.press("Control+Shift+Z")
    wait_for(page, lambda: field(page, "noise σ").input_value() == "0.6")
    acts = sum(w["kind"] == "act" for w in page.posted.wishes)
    box = field(page, "noise σ")
    box.focus()
    page.keyboard.type("0.77")
    page.keyboard.press("Control+z")
    assert sum(w["kind"] == "act" for w in page.posted.wishes) == acts
    box.press("Escape")


def test_the_light_is_on_at_once_and_the_words_follow_the_picture(page):
    page.evaluate(
        """() => document.querySelector(".laf-range").addEventListener("keydown", () =>
             setTimeout(() => { window.lit =
               document.querySelector(".laf-light").dataset.state; }, 0))"""
    )
    press(page, "noise σ", "ArrowRight")
    assert wait_for(page, lambda: page.evaluate("() => window.lit")) == "busy"
    quiet(page)
    noise = field(page, "noise σ").input_value()
    picture = page.get_by_role("img", name="Input", exact=False)
    assert f"noise {noise}" in picture.get_attribute("aria-label")


def test_a_run_is_followed_paused_and_announced(page):
    steps = page.get_by_role("textbox", name="steps", exact=True)
    steps.fill("200")
    steps.press("Enter")
    page.get_by_role("button", name="Learn", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    wait_for(page, lambda: page.locator(".laf-progress").evaluate("(e) => e.value") > 0)
    page.get_by_role("status").filter(has_text="learning").wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Learn", exact=True).wait_for()
    page.get_by_role("status").filter(has_text="ready").wait_for()
    page.get_by_role("button", name="Reset", exact=True).click()


def test_a_tap_names_its_view_and_pixel(page):
    picture = page.locator("[data-view=labeling] .laf-figure")
    picture.click()
    tap = wait_for(page, lambda: [w for w in page.posted.wishes if w["kind"] == "tap"])
    assert tap[-1]["view"] == "labeling"
    assert 0 <= tap[-1]["x"] < 64
    quiet(page)


def test_files_arrive_whole_or_are_refused_beside_their_button(page):
    page.get_by_text("Pixel and data").click()
    chooser = control(page, "image").locator("input[type=file]")
    said = control(page, "image").locator(".laf-complaint")
    big = {"name": "big.png", "mimeType": "image/png", "buffer": bytes(LIMIT + 1)}
    chooser.set_input_files(big)
    said.filter(has_text=f"`image` has {LIMIT + 1} bytes").wait_for()
    fits = {"name": "ok.png", "mimeType": "image/png", "buffer": bytes(LIMIT)}
    chooser.set_input_files(fits)
    said.wait_for(state="hidden")
    page.get_by_text("Pixel and data").click()


DROP = """(element) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(["abc"], "dropped.png", { type: "image/png" }));
  const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
  element.dispatchEvent(new DragEvent("dragover", init));
  element.dispatchEvent(new DragEvent("drop", init));
}"""


def test_a_file_can_be_dropped(page):
    page.get_by_text("Pixel and data").click()
    control(page, "image").locator(".laf-drop").evaluate(DROP)
    files = wait_for(
        page, lambda: [w for w in page.posted.wishes if w.get("name") == "dropped.png"]
    )
    assert files[-1]["size"] == 3
    page.get_by_text("Pixel and data").click()


def test_a_lesson_may_lock_and_hide_controls_and_say_what_fails(page):
    page.get_by_role("button", name="m too small").click()
    control(page, "rho").wait_for(state="hidden")
    assert slider(page, "Krylov dimension m").is_disabled()
    page.get_by_role("button", name="Rank 1 fails").click()
    page.get_by_role("alert").filter(has_text="rank 1 fails").wait_for()
    page.locator("[data-view=loss] .laf-failed").filter(has_text="no loss").wait_for()
    page.get_by_role("button", name="T too long").click()
    page.locator("[data-view=loss] .laf-failed").wait_for(state="hidden")
    control(page, "rho").wait_for()
    assert slider(page, "Krylov dimension m").is_enabled()


def test_figures_and_files_are_saved(page, tmp_path):
    for label, name, start in (
        ("Save PNG", "loss.png", b"\x89PNG"),
        ("Save SVG", "loss.svg", b"<svg"),
        ("Save CSV", "sample.txt", b"csv of loss"),
    ):
        with page.expect_download() as download:
            option(page, "Loss", label)
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert start in (tmp_path / name).read_bytes()[:200]
    with page.expect_download():
        page.get_by_role("button", name="Export", exact=True).click()
        page.get_by_role("button", name="Page as HTML").click()


def test_a_link_has_the_state_and_no_token(page):
    typed(page, "time T", "6.5")
    last(page, "time", 6.5)
    wait_for(page, lambda: page.url.endswith("#laf=time%3D6.5"))
    page.get_by_role("button", name="Share link").click()
    link = page.get_by_role("textbox", name="link", exact=True).input_value()
    assert link.endswith("#laf=time%3D6.5")
    assert "token" not in link
    page.keyboard.press("Escape")


def test_the_code_on_show_is_that_of_the_moment(page):
    page.get_by_role("button", name="Code", exact=True).click()
    said = page.locator(".laf-code")
    time = field(page, "time T").input_value()
    wait_for(page, lambda: f"time={float(time)!r}" in said.inner_text())
    page.keyboard.press("Escape")

    def codes():
        return [w["value"] for w in page.posted.wishes if w.get("name") == "code"]

    wait_for(page, lambda: codes()[-2:] == [True, False])


def test_views_are_hidden_and_come_back(page):
    option(page, "Loss", "Hide")
    card = page.locator("[data-view=loss]")
    card.wait_for(state="hidden")
    page.get_by_role("button", name="Views", exact=True).click()
    page.get_by_role("checkbox", name="Loss", exact=True).check()
    card.wait_for()
    page.keyboard.press("Escape")
    shown = [w["value"] for w in page.posted.wishes if w.get("name") == "show"]
    assert "loss" not in shown[-2]
    assert "loss" in shown[-1]


def test_one_view_and_all_views_fill_the_screen(page):
    option(page, "Loss", "Full screen")
    card = page.locator("[data-view=loss]")
    wait_for(page, lambda: card.bounding_box()["width"] == 1440)
    canvas = card.locator("canvas").first
    wait_for(page, lambda: canvas.bounding_box()["height"] > 600)
    card.get_by_role("button", name="Leave full screen").click()
    wait_for(page, lambda: card.bounding_box()["width"] < 400)
    whole = page.get_by_role("toolbar").get_by_role("button", name="Full screen")
    whole.click()
    wait_for(page, lambda: page.evaluate("() => document.fullscreenElement !== null"))
    whole.click()
    wait_for(page, lambda: page.evaluate("() => document.fullscreenElement === null"))


def test_without_the_browsers_full_screen_a_view_covers_the_window(page):
    page.evaluate(TAKE_AWAY)
    option(page, "Loss", "Full screen")
    card = page.locator("[data-view=loss]")
    wait_for(page, lambda: card.bounding_box()["height"] == 900)
    page.keyboard.press("Escape")
    wait_for(page, lambda: card.bounding_box()["width"] < 400)
    page.evaluate(GIVE_BACK)


def test_frozen_runs_are_listed_and_forgotten(page):
    page.get_by_role("button", name="Freeze", exact=True).click()
    page.get_by_role("button", name="Restore run 1").click()
    page.get_by_role("button", name="Forget run 1").click()
    page.locator(".laf-runs").wait_for(state="hidden")
    acts = [w for w in page.posted.wishes if w["kind"] == "act"]
    assert [a["name"] for a in acts[-3:]] == ["freeze", "restore", "forget"]


def test_frozen_runs_are_sorted_by_key_exported_and_restored_by_a_click(page):
    table = page.locator(".laf-runs")
    rows = table.locator("tbody tr")
    for k, time in enumerate(["9", "10", "2.5"], start=1):
        typed(page, "time T", time)
        last(page, "time", float(time))
        page.get_by_role("button", name="Freeze", exact=True).click()
        wait_for(page, lambda k=k: rows.count() == k)
    header = table.get_by_role("columnheader", name="time")
    header.get_by_role("button").focus()
    for order, times in (
        ("ascending", ["2.5", "9", "10"]),
        ("descending", ["10", "9", "2.5"]),
    ):
        page.keyboard.press("Enter")
        assert header.get_attribute("aria-sort") == order
        assert rows.locator("td:nth-child(2)").all_inner_texts() == times
    assert table.locator("[aria-sort=none]").count() == 2
    with page.expect_download() as download:
        table.get_by_role("button", name="Export CSV").click()
    assert b"csv of runs" in download.value.path().read_bytes()
    rows.first.locator("td").nth(1).click()
    wait_for(page, lambda: page.posted.wishes[-1].get("name") == "restore")
    assert page.posted.wishes[-1]["value"] == 2
    for k in (2, 1, 0):
        page.get_by_role("button", name="Forget run 1").click()
        wait_for(page, lambda k=k: rows.count() == k)


def test_what_a_control_means_is_told_with_its_formula(page):
    control(page, "time").hover()
    page.get_by_role("button", name="about time T").click()
    told = page.locator(".laf-explain")
    assert "end time" in told.inner_text()
    assert told.locator("math").bounding_box()["width"] > 40
    page.keyboard.press("Escape")
    told.wait_for(state="hidden")


def test_every_stop_of_the_tab_key_has_a_name_and_none_is_in_a_figure(page):
    stops = page.evaluate("""() => {
      const within = (root) => [...root.querySelectorAll("*")].flatMap((e) =>
        [e, ...(e.shadowRoot ? within(e.shadowRoot) : [])]);
      return within(document.querySelector(".laf-grid")).filter((e) => e.tabIndex >= 0)
        .map((e) => e.getAttribute("aria-label") ?? e.className);
    }""")
    named = ("options of", "Leave", "Full", "About", "Save", "Hide")
    assert stops
    assert all(stop.startswith(named) for stop in stops)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(page, theme):
    from axe_playwright_python.sync_playwright import Axe

    while page.locator(".laf").get_attribute("data-theme") != theme:
        page.get_by_role("button", name="Light or dark").click()
    page.get_by_text("Pixel and data").click()
    typed(page, "noise σ", "loud")
    result = Axe().run(page, context=".laf")
    bad = [
        (v["id"], v["impact"], [n["html"][:160] for n in v["nodes"]])
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert bad == []
    field(page, "noise σ").press("Escape")
    page.get_by_text("Pixel and data").click()


def test_the_address_of_another_brings_its_state_once(browser, voila, desk):
    with in_voila(browser, voila, query="#laf=time%3D12.5") as other:
        wait_for(other, lambda: field(other, "time T").input_value() == "12.5")
        other.wait_for_timeout(300)
        assert [w["kind"] for w in other.posted.wishes] == ["address"]
        assert other.watch.problems == []


def test_while_a_hand_holds_a_control_older_values_do_not_move_it(
    browser, voila, workdir
):
    name = desks.write_notebook(workdir, "slow=0.3", "slow.ipynb")
    with in_voila(browser, voila, name=name) as page:
        slider(page, "time T").focus()
        seen = []
        for _ in range(8):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(60)
            seen.append(float(field(page, "time T").input_value()))
        assert seen == [5.25 + 0.25 * k for k in range(8)]
        quiet(page)
        assert float(field(page, "time T").input_value()) == 7.0
