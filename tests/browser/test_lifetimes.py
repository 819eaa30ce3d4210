"""Explorers that open and close, in several tabs, and across restarts of the kernel."""

import json

import pytest

from tests.browser import pages
from tests.browser.pages import ERROR, click, column, wait_for

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


def left_in(page, tools):
    """Return what a page still holds: counts by name, and megabytes of scripts."""
    tools.send("HeapProfiler.collectGarbage")
    found = tools.send("Runtime.getHeapUsage")
    return page.evaluate(LEFT) | {"memory": found["usedSize"] / 1e6}


def test_ten_explorers_leave_nothing_behind(page, lab, workdir):
    pages.write_cells(workdir, (OPEN, CLOSE), "cycles.ipynb")
    pages.open_notebook(page, lab, "cycles.ipynb")
    tools = page.context.new_cdp_session(page)
    kernel, left = [], []
    for _ in range(WARM + CYCLES):
        page.evaluate(RUN_CELL, 0)
        pages.wait_for_picture(page)
        page.evaluate(RUN_CELL, 1)
        kernel.append(json.loads(page.evaluate(SAID)))
        wait_for(page, lambda: page.evaluate("() => Bokeh.documents.length") == 0)
        left.append(left_in(page, tools))
    assert {found["threads"] for found in kernel} == {0}
    assert len({found["comms"] for found in kernel}) == 1
    grown = [each[-1]["memory"] - each[WARM - 1]["memory"] for each in (kernel, left)]
    assert max(grown) < MOST_GROWTH
    assert [{k: found[k] for k in NOTHING} for found in left] == [NOTHING] * len(left)
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
