"""README and notebooks keep their word: every line of Python in them runs."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import explorer
from tests.servers import ROOT, private_environment

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_the_ten_lines_of_the_readme_run():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block, table, _ = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    statements = [line for line in block.splitlines() if line.strip()]
    assert len(statements) <= 11
    # smaller and shorter, the same lines
    code = block.replace("size=128", "size=24").replace("steps=10", "steps=2")
    namespace: dict[str, object] = {}
    exec(
        code.replace("print(step.step, step.loss, step.error_percent)", "pass"),
        namespace,
    )
    assert namespace["solution"].status.ok
    assert namespace["learner"].weights.dims == ("offset", "row", "col")
    memory = eval(table, namespace).values
    told = re.findall(r"[\d.]+e\d+", table)
    assert len(told) == 5  # two digits each
    assert [float(t) for t in told] == pytest.approx(memory[:5], rel=0.02)


@pytest.mark.slow
def test_the_lines_of_the_readme_on_unseen_images_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.findall(r"```python\n(.*?)```", text, flags=re.S)[2]
    # smaller and shorter, the same lines
    code = block.replace("size=128", "size=16").replace("window=3", "steps=2")
    namespace: dict[str, object] = {"ex": explorer}
    exec(code, namespace)
    again = explorer.WeightPatchPredictor.load("model.nc")
    np.testing.assert_array_equal(
        again.model_.vector, namespace["predictor"].model_.vector
    )


def test_every_record_that_the_readme_names_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## Side by side")[1].split("```")[0]
    names = set(re.findall(r"`([A-Za-z]+)[`(]", section)) & set(dir(explorer))
    assert len(names) >= 25
    for name in re.findall(r"`([A-Z][A-Za-z]+)[`(]", section):
        assert hasattr(explorer, name), name


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    for name, value in private_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    import nbformat  # both load for seconds
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_short_and_holds_no_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert len(cells) <= 15
    for cell in cells:
        assert not cell.get("outputs")
        assert cell["cell_type"] != "code" or len(cell["source"]) <= 10
    assert cells[0]["cell_type"] == "markdown"
    assert "?" in "".join(cells[0]["source"])
