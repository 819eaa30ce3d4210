"""Explorers that open and close, in several tabs, and across restarts of the kernel."""

import json

import pytest

import explorer
from tests.browser import pages
from tests.browser.pages import ERROR, SIGMA, click, column, wait_for

pytestmark = pytest.mark.browser

CYCLES, WARM = 10, 2
"""Cycles that are measured, after those that fill pools and caches."""

MOST_GROWTH = 10.0
"""Megabytes by which ten explorers may raise the memory of kernel and page."""

OPEN = "import explorer as ex\napp = ex.LearningExplorer(size=16)\napp"
CLOSE = """import gc, json, threading, comm, psutil
app.close()
gc.collect()
threads = [t.name for t in threading.enumerate() if "explorer" in t.name]
comms = [c for c in comm.get_comm_manager().comms.values()]
memory = psutil.Process().memory_info().rss / 1e6
print(json.dumps({"threads": len(threads), "comms": len(comms), "memory": memory}))"""
SAID = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter((c) => c.model.type === "code").flatMap((c) => c.model.outputs.toJSON())
  .filter((o) => o.output_type === "stream" && o.name === "stdout")
  .map((o) => [o.text].flat().join("")).at(-1)"""
RUN_CELL = """(k) => {
  const panel = jupyterapp.shell.currentWidget;
  panel.content.activeCellIndex = k;
  return jupyterapp.commands.execute("notebook:run-cell");
}"""
LEFT = """() => ({documents: Bokeh.documents.length,
  models: Object.keys(Bokeh.index).length,
  pages: document.querySelectorAll(".laf").length})"""
NOTHING = {"documents": 0, "models": 0, "pages": 0}


def heap_of(tools):
    """Return the megabytes that the scripts of a page hold."""
    tools.send("HeapProfiler.collectGarbage")
    return tools.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def test_ten_explorers_leave_nothing_behind(page, lab, workdir):
    pages.write_cells(workdir, (OPEN, CLOSE), "cycles.ipynb")
    pages.open_notebook(page, lab, "cycles.ipynb")
    tools = page.context.new_cdp_session(page)
    kernel, heap = [], []
    for cycle in range(1, WARM + CYCLES + 1):
        page.evaluate(RUN_CELL, 0)
        pages.wait_for_picture(page)
        page.evaluate(RUN_CELL, 1)
        kernel.append(json.loads(page.evaluate(SAID)))
        wait_for(page, lambda: page.evaluate(LEFT) == NOTHING)
        if cycle in (WARM, WARM + CYCLES):
            heap.append(heap_of(tools))
    assert {found["threads"] for found in kernel} == {0}
    assert len({found["comms"] for found in kernel}) == 1
    assert kernel[-1]["memory"] - kernel[WARM - 1]["memory"] < MOST_GROWTH
    assert heap[1] - heap[0] < MOST_GROWTH
    assert page.watch.problems == []


def test_two_tabs_on_one_kernel_agree(page, lab):
    pages.open_explorer(page, lab, "lab")
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    other = page.context.new_page()
    other.goto(lab.url(f"/lab/tree/{pages.NOTEBOOK}"))
    pages.wait_for_picture(other)
    click(other, "Step")
    for tab in (page, other):
        wait_for(tab, lambda tab=tab: len(column(tab, ERROR)) == 2)
    assert column(page, ERROR) == column(other, ERROR)
    click(page, "Step")
    for tab in (page, other):
        wait_for(tab, lambda tab=tab: len(column(tab, ERROR)) == 3)
    other.close()
    click(page, "Undo")
    wait_for(page, lambda: len(column(page, ERROR)) == 2)
    assert page.watch.problems == []


RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
RUN_AGAIN = "() => jupyterapp.commands.execute('notebook:run-all-cells')"


def test_what_a_cell_showed_comes_back_after_the_kernel_has_restarted(page, lab):
    pages.open_explorer(page, lab, "lab")
    offer = page.locator(".laf-past")
    assert offer.is_hidden()
    click(page, "Step")
    wait_for(page, lambda: len(column(page, ERROR)) == 2)
    old = column(page, SIGMA)
    pages.press(page, "time T", "ArrowRight")
    wait_for(page, lambda: column(page, SIGMA) != old)
    before, values = column(page, ERROR), column(page, SIGMA)
    page.evaluate(RESTART)
    page.evaluate(RUN_AGAIN)
    offer.get_by_role("button", name="Bring it back").click(timeout=60_000)
    wait_for(page, lambda: column(page, SIGMA) == values, 60)
    assert column(page, ERROR) == before
    assert offer.is_hidden()
    wait_for(page, lambda: pages.readout(page, "time T").input_value() == "5.25")
    click(page, "Undo")
    wait_for(page, lambda: len(column(page, ERROR)) == 1)
    assert page.evaluate("() => Bokeh.documents.length") == 1
    assert page.watch.problems == []


def test_a_cell_of_jupyterlab_shares_a_line_of_python(page, lab):
    pages.open_explorer(page, lab, "lab")
    page.get_by_role("button", name="Share link").click()
    line = page.get_by_label("link", exact=True).input_value()
    assert line.startswith('ex.LearningExplorer(link="#')
    twin = eval(line, {"ex": explorer})
    assert twin.wait()
    assert twin.state["settings"]["time"] == 5.0
    twin.close()
