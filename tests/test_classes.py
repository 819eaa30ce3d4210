"""What all classes keep to: records cannot change, and what has no body is abstract."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

import explorer

PACKAGE = Path(explorer.__file__).parent

CHANGING = {"Coming", "Agenda", "Learner", "Node", "WeightPatchPredictor"}
"""Records with a state: a file on its way, steps to take, a run, a node of a graph, an
estimator of scikit-learn."""

ARRAYS = {"ndarray", "DataArray", "Dataset", "csr_array"}
"""Types whose values have no single answer to ==."""


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return importlib.import_module(".".join(p for p in parts if p != "__init__"))


MODULES = [module_of(p) for p in sorted(PACKAGE.rglob("*.py")) if p.stem != "__main__"]
CLASSES = sorted(
    {
        found
        for module in MODULES
        for found in vars(module).values()
        if inspect.isclass(found) and found.__module__.startswith("explorer.")
    },
    key=lambda cls: (cls.__module__, cls.__qualname__),
)
RECORDS = [cls for cls in CLASSES if "__dataclass_params__" in vars(cls)]


def name_of(cls):
    return f"{cls.__module__.removeprefix('explorer.')}.{cls.__name__}"


each_record = pytest.mark.parametrize("cls", RECORDS, ids=name_of)


@each_record
def test_records_cannot_be_changed(cls):
    assert cls.__dataclass_params__.frozen == (cls.__name__ not in CHANGING)


@each_record
def test_records_that_hold_arrays_are_compared_by_identity(cls):
    """== of arrays is an array, and arrays have no hash."""
    alone = {c.__name__ for c in RECORDS if c.__eq__ is object.__eq__}
    held = set()
    for field in dataclasses.fields(cls):
        written = re.sub(r"Callable\[\[.*?\], .*?\]", "", str(field.type))
        held |= set(re.findall(r"\w+", written))
    if held & (ARRAYS | alone):
        assert not cls.__dataclass_params__.eq  # an == of its own knows arrays


def bodiless(cls):
    """The methods of a class that have a docstring only."""
    (tree,) = ast.parse(inspect.getsource(cls)).body
    methods = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [m.name for m in methods if ast.get_docstring(m) and len(m.body) == 1]


HOOKS = {"_judge", "_on_greet"}
"""Methods that do nothing unless a class overrides them."""

BODILESS = [
    pytest.param(cls, method, id=f"{name_of(cls)}.{method}")
    for cls in CLASSES
    if not getattr(cls, "_is_protocol", False)  # which says what others have
    for method in sorted(set(bodiless(cls)) - HOOKS)
]
OVERRIDDEN = [
    pytest.param(cls, base, method, id=f"{name_of(cls)}.{method}")
    for cls in CLASSES
    for method in vars(cls)
    for base in cls.__mro__[1:]
    if base in CLASSES and method in vars(base) and not method.startswith("__")
]


@pytest.mark.parametrize(("cls", "method"), BODILESS)
def test_a_method_without_a_body_is_abstract(cls, method):
    assert method in cls.__abstractmethods__
    with pytest.raises(TypeError, match=method):
        cls()


@pytest.mark.parametrize(("cls", "base", "method"), OVERRIDDEN)
def test_properties_stay_properties_and_methods_stay_methods(cls, base, method):
    own, other = vars(cls)[method], vars(base)[method]
    assert inspect.isfunction(own) == inspect.isfunction(other)
