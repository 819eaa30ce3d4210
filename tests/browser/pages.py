"""What the browser tests do on a page: open it, move controls, read sources."""

import json
import time

RUN_DONE = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  if (!panel?.content?.widgets) return false;
  const cells = panel.content.widgets.filter(
    (c) => c.model.type === "code" && c.model.sharedModel.getSource().trim());
  return panel.sessionContext.session?.kernel?.status === "idle"
    && cells.every((c) => c.model.executionCount !== null);
}"""
COUNTS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter((c) => c.model.type === "code").map((c) => c.model.executionCount)"""
IDLE = """() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session
  ?.kernel?.status === "idle" """
ERRORS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter((c) => c.model.type === "code").flatMap((c) => c.model.outputs.toJSON())
  .filter((o) => o.output_type === "error").map((o) => o.ename + ": " + o.evalue)"""
FIND = """(name) => (window.Bokeh?.documents ?? [])
  .map((d) => d.get_model_by_name(name)).find(Boolean)"""
COLUMN = f"""([name, column]) => {{
  const source = ({FIND})(name);
  const values = source?.data?.[column];
  if (values === undefined) return null;
  const one = values.length === 1 && typeof values[0] === "object" ? values[0] : values;
  return Array.from(one);
}}"""
THUMB = 16
"""Width of a slider's thumb in Chromium, in CSS pixels."""

NOTEBOOK = "explore_learning.ipynb"

ERROR, SIGMA = "error:0", "singular-values:0"
"""Sources of the curves of the labeling error and of the singular values."""


def open_explorer(page, server, kind):
    """Open the notebook in JupyterLab or Voila and wait for the first picture."""
    if kind == "lab":
        server.restore(NOTEBOOK)
        run_notebook(page, server, NOTEBOOK)
    else:
        page.goto(server.url(f"/voila/render/{NOTEBOOK}"))
    wait_for_picture(page)


def write_cells(folder, codes, name):
    """Write a notebook of these cells, with the kernel of ours; return its name."""
    notebook = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))
    empty = {"cell_type": "code", "outputs": [], "metadata": {}}
    notebook["cells"] = [
        {**empty, "id": f"cell-{k}", "source": code, "execution_count": None}
        for k, code in enumerate(codes)
    ]
    (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
    return name


def open_notebook(page, server, name):
    """Open a notebook in JupyterLab; its kernel is ready."""
    page.goto(server.url(f"/lab/tree/{name}", "&reset"))
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    # never run before the kernel has been idle once
    page.wait_for_function(IDLE, timeout=60_000)


def run_notebook(page, server, name):
    """Open a notebook in JupyterLab and run all its cells, none of which may fail."""
    open_notebook(page, server, name)
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(RUN_DONE, timeout=120_000)
    assert page.evaluate(ERRORS) == []


def wait_for_picture(page):
    """Wait until a view is there and has been fed."""
    page.locator("[data-ready=true]").first.wait_for(timeout=120_000, state="attached")
    wait_for(page, lambda: column(page, ERROR), 120)


def column(page, source, name="y"):
    """Return a column of a Bokeh source as a list, None if it is not there."""
    return page.evaluate(COLUMN, [source, name])


def wait_for(page, condition, seconds=20):
    """Return the first true value of `condition()`; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "the page did not get there in time"
        page.wait_for_timeout(10)


def wait_for_change(page, before, source, name="y", seconds=20):
    """Wait until a column differs from `before` and return it."""

    def changed():
        now = column(page, source, name)
        return now if now and now != before else None

    return wait_for(page, changed, seconds)


def slider(page, label):
    """Return the slider whose label is exactly `label`."""
    return page.get_by_role("slider", name=label, exact=True)


def readout(page, label):
    """Return the field with the number of a slider."""
    return page.get_by_role("textbox", name=f"{label}, typed", exact=True)


def press(page, label, key, times=1):
    """Press a key on a slider."""
    slider(page, label).scroll_into_view_if_needed()
    slider(page, label).focus()
    for _ in range(times):
        page.keyboard.press(key)


def drag(page, label, share):
    """Drag a slider with the mouse to a share of its range."""
    grip = slider(page, label)
    grip.scroll_into_view_if_needed()
    low, now, high = grip.evaluate("(e) => [e.min, e.value, e.max].map(Number)")
    box = grip.bounding_box()
    height = box["y"] + box["height"] / 2

    def at(part):  # the center of the thumb stays half its width inside the track
        return box["x"] + THUMB / 2 + part * (box["width"] - THUMB)

    page.mouse.move(at((now - low) / (high - low)), height)
    page.mouse.down()
    page.mouse.move(at(share), height, steps=8)
    page.mouse.up()


def click(page, name):
    """Click a button."""
    button = page.get_by_role("button", name=name, exact=True)
    button.scroll_into_view_if_needed()
    button.click()
