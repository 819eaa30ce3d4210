"""What a saved notebook shows without a kernel: a picture and a table."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import explorer as ex

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

VIEW = "application/vnd.jupyter.widget-view+json"
EXPLORER = "import explorer as ex\nex.LearningExplorer(size=8, noise=0.3)"
FIGURE = """import explorer as ex
ex.show(ex.experiments.figure1(ex.experiments.Setup(size=8, scenes=1, steps=0)))"""


@pytest.fixture
def app():
    widget = ex.LearningExplorer(size=8, noise=0.0)
    yield widget
    widget.close()


def picture(bundle):
    png = base64.b64decode(bundle["image/png"])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_an_explorer_gives_its_pictures_and_numbers(app):
    app.run(2)
    assert app.wait()
    bundle = app._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data[VIEW]["model_id"] == app.model_id
    error = f"{app.numbers['error_percent']:.2f} %"
    for said in ("<img src=", "<th>quantity</th>", f"<td>wrong</td><td>{error}</td>"):
        assert said in data["text/html"]
    assert app.still == data["text/html"]
    assert picture(data).std() > 10.0


def test_a_closed_explorer_shows_no_picture(app):
    assert app.wait()
    app.close()
    bundle = app._repr_mimebundle_ and app._repr_mimebundle_()
    assert not bundle or "image/png" not in bundle


def test_a_figure_gives_its_picture_and_numbers():
    data = ex.experiments.figure1(ex.experiments.Setup(size=8, scenes=1, steps=0))
    widget = ex.show(data)
    bundle = widget._repr_mimebundle_()
    assert VIEW in bundle
    assert "<h3>Figure 1. Two labeling problems" in bundle["text/html"]
    assert "<th>panel</th>" in bundle["text/html"]
    assert picture(bundle).std() > 10.0
    widget.close()


@pytest.mark.parametrize("cell", [EXPLORER, FIGURE], ids=["explorer", "figure"])
@pytest.mark.parametrize("state", [True, False])
def test_a_saved_notebook_shows_both_as_a_page(cell, state):
    import nbformat  # loads for seconds
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, store_widget_state=state).execute()
    (output,) = notebook.cells[0].outputs
    assert {"image/png", "text/html", VIEW} <= set(output.data)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    if state:  # the page draws the widgets, and our figure its picture
        views = notebook.metadata.widgets.values()
        assert any("<img src=" in str(view) for view in views)
    else:
        assert 'src="data:image/png;base64,' in page
        assert "<table>" in page
