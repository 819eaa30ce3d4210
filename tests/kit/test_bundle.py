"""The bundler: modules as one script, names apart, circles and other forms refused."""

import shutil
import subprocess

import pytest

from explorer.kit.bundle import bundle
from explorer.kit.page import FOLDER


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def run(script, tmp_path, said):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run the script")
    path = tmp_path / "bundle.mjs"
    path.write_text(f"{script}\n{said}", encoding="utf-8")
    return subprocess.run(
        [node, path], capture_output=True, text=True, check=True
    ).stdout.split()


def test_modules_keep_their_names_apart(folder):
    made = folder(
        one="const own = 1;\nexport function get() {\n  return own;\n}\n",
        two="const own = 2;\nexport const other = own;\nexport class Box {}\n",
        main=(
            'import { get } from "./one.js";\nimport {\n  Box,\n  other,\n} from '
            '"./two.js";\nexport default { sum: get() + other, name: Box.name };\n'
        ),
    )
    script = bundle(made, "main.js")
    assert "import" not in script
    assert run(script, made, "console.log($main.default.sum, $main.default.name);") == [
        "3",
        "Box",
    ]


def test_a_module_that_two_import_is_there_once(folder):
    made = folder(
        base="export const list = [];\n",
        a='import { list } from "./base.js";\nexport const a = list.push(1);\n',
        b='import { list } from "./base.js";\nexport const b = list.push(1);\n',
        main=(
            'import { a } from "./a.js";\nimport { b } from "./b.js";\n'
            "export default [a, b];\n"
        ),
    )
    assert run(bundle(made, "main.js"), made, "console.log(...$main.default);") == [
        "1",
        "2",
    ]


def test_circles_are_refused(folder):
    made = folder(
        a='import { b } from "./b.js";\nexport const a = b;\nexport default a;\n',
        b='import { a } from "./a.js";\nexport const b = a;\n',
    )
    with pytest.raises(ValueError, match=r"a\.js → b\.js → a\.js"):
        bundle(made, "a.js")


@pytest.mark.parametrize(
    "line", ['import x from "./x.js";', "export { y };", "export let z = 1;"]
)
def test_other_forms_are_refused(folder, line):
    made = folder(main=f"{line}\nexport default 1;\n")
    with pytest.raises(ValueError, match=r"main\.js must use the forms"):
        bundle(made, "main.js")


def test_every_module_is_in_one_of_the_scripts():
    script = "".join(bundle(FOLDER, f"{n}.js") for n in ("page", "figure", "home"))
    for path in FOLDER.glob("*.js"):
        assert f"const ${path.stem} = " in script


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_files_of_the_page_say_what_they_are_for_and_stay_short(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("/* ")
    assert len(lines) <= 300
