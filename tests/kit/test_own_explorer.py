"""The guide keeps its word: its example works as it stands, and stays short."""

import re

import pytest

from tests.servers import ROOT

GUIDE = ROOT / "docs" / "your_own_explorer.md"

pytestmark = pytest.mark.slow


def example():
    """Return the code of the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    return code


def test_the_example_has_forty_lines():
    lines = [line for line in example().splitlines() if line.strip()]
    assert len(lines) <= 40


def test_the_example_answers_exports_and_opens_again(tmp_path):
    space = {}
    exec(example().replace("size=64", "size=12"), space)
    app = space["TimeExplorer"](noise=0.5)
    assert app.wait(60.0)
    assert app.frame.errors == {}
    before = app.numbers["error_percent"]
    app.set(noise=0.1)
    assert app.wait(60.0)
    assert app.numbers["error_percent"] != before
    twin = space["TimeExplorer"](link=app.link)
    assert twin.wait(60.0)
    assert twin.numbers == app.numbers
    assert len(app.table("error-over-time")) == 14
    assert app.save(tmp_path / "page.html").stat().st_size > 1000
    with pytest.raises(TypeError, match="takes no steps"):
        app.run(3)
    with pytest.raises(ValueError, match="no dataset"):
        app.save(tmp_path / "data.nc")
    for one in (app, twin):
        one.close()
