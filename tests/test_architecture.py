"""Imports point one way, stay light, and rooms stay liveable."""

from __future__ import annotations

import ast
import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

import explorer

PACKAGE = Path(explorer.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "environment": -3, "threads": -2, "compiled": -1, "declaring": -3, "params": -2,
    "dims": -1, "packing": -1, "strokes": -1, "settings": 0,
    "coordinates": 0, "truths": 0, "late": 0, "kernels": 0, "extras": 0,
    "messages": 0, "panels": -1, "alternatives": 0, "records": 0, "headers": 1,
    "geometry": 1, "images": 1, "files": 2, "scenes": 2, "flow": 2, "drawing": 3,
    "features": 3, "losses": 3, "gradients": 4, "learning": 5, "prediction": 6,
    "comparison": 7, "experiments": 8, "warmup": 8, "kit": 9, "dashboards": 10,
    "command": 11,
}  # fmt: skip
"""A module imports from its own folder and from lower layers only."""

LOADERS = ("importlib.import_module", "extras.load")
"""Calls that import the module they are given the name of."""

HEAVY = ("ipywidgets", "bokeh", "anywidget", "torch", "sklearn", "skimage")
"""What solving and learning must not load: a second each, and a browser's worth."""

NEEDED = ("voronoi_scene", "LinearizedFlow", "Krylov", "Learner")

LONGEST_MODULE, LONGEST_BODY, MOST_ARGUMENTS = 300, 45, 5

MORE_IN_KERNELS = 1
"""Compiled loops get the axes of a field one by one."""


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def each_module(test):
    """Make one test of all modules; its failure names each that breaks the rule."""

    def over_all_modules():
        broken = {}
        for path in MODULES:
            try:
                test(path)
            except AssertionError as error:
                broken[name_of(path)] = str(error).partition("\n")[0]
        assert broken == {}

    over_all_modules.__name__, over_all_modules.__doc__ = test.__name__, test.__doc__
    return over_all_modules


def room_of(path):
    """The folder of a module, or the module itself at the top."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """The full names of all modules that a file imports, also inside functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in LOADERS:
            names += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return names


def rooms_imported(path):
    parts = [name.split(".") for name in imports_of(path)]
    return {p[1] for p in parts if p[0] == "explorer" and len(p) > 1} & set(LAYERS)


@each_module
def test_imports_point_one_way(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):  # the doors to everything
        return
    for other in rooms_imported(path) - {room}:
        assert LAYERS[other] < LAYERS[room], f"{name_of(path)} imports {other}"


@each_module
def test_only_the_dashboard_knows_widgets(path):
    if room_of(path) in ("dashboards", "kit", "drawing", "command", "__main__"):
        return
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert not tops & {"ipywidgets", "bokeh", "anywidget", "IPython"}


@each_module
def test_only_automatic_differentiation_knows_torch(path):
    """It loads the module when it is used, and hands it on."""
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert ("torch" in tops) == (name_of(path) == "gradients/autodiff.py")


@pytest.mark.slow
def test_import_is_light():
    said = f"print([m for m in {HEAVY} if m in sys.modules])"
    code = f"import sys; from explorer import {', '.join(NEEDED)}; {said}"
    env = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"


@each_module
def test_modules_open_with_their_purpose_and_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= LONGEST_MODULE


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def body_length(function):
    """Lines of the body without its docstring."""
    body = function.body
    documented = ast.get_docstring(function, clean=False) is not None
    statements = body[1:] if documented else body
    if not statements:
        return 0
    return function.end_lineno - statements[0].lineno + 1


@each_module
def test_bodies_and_signatures_stay_short(path):
    for function in functions_of(path):
        label = f"{name_of(path)}:{function.lineno} {function.name}"
        assert body_length(function) <= LONGEST_BODY, label
        args = function.args
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        count = len([name for name in names if name not in ("self", "cls")])
        more = MORE_IN_KERNELS if room_of(path) == "kernels" else 0
        assert count <= MOST_ARGUMENTS + more, label


def test_every_public_name_exists_and_is_documented():
    for name in set(explorer.__all__) - {"SAMPLES"}:
        assert getattr(explorer, name).__doc__


def test_the_stub_lists_what_it_imports():
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [n for n in stub.body if isinstance(n, ast.ImportFrom)]
    found = [alias.name for n in imports for alias in n.names]
    (listed,) = (
        ast.literal_eval(n.value)
        for n in stub.body
        if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"
    )
    assert sorted(found) == sorted(listed) == sorted(explorer.__all__)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="No explorer attribute nothing"):
        explorer.nothing  # noqa: B018 — the access is the test


def test_the_first_example_works():
    failed, tried = doctest.testmod(explorer)
    assert tried > 0
    assert failed == 0
