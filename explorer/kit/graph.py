"""`Graph`: named values that depend on each other, computed on demand.

A node is a function, and the names of its parameters are its parents. Each node stores
the revision at which its value was last verified and the revision at which the value
last changed. A node runs again only if a parent has changed since the node was
verified; a result equal to the old one does not propagate (red–green marking, as in the
queries of the Rust compiler).
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

CHECK = "check"
"""A parameter of this name is not a parent: it receives the function `Graph.check`."""

Function = Callable[..., Any]
Functions = Iterable[Function | Mapping[str, Function]]


class Abandoned(Exception):  # noqa: N818 — a signal, not an error
    """Raised by `check` to stop a computation whose result is no longer needed."""


@dataclass(eq=False)
class Node:
    """A function with its parents, its last value, and its cost.

    Attributes
    ----------
    function : None for a leaf; parents : names of the nodes whose values it uses.
    value, error : the value that the last run returned, or the error that it raised.
    verified, changed : revisions; verified is -1 before the first run.
    evaluations : number of runs; seconds : duration of the last run.
    takes_check : whether the function has a parameter `check`.
    """

    function: Function | None
    parents: tuple[str, ...] = ()
    value: Any = None
    error: Exception | None = None
    verified: int = -1
    changed: int = -1
    evaluations: int = 0
    seconds: float = 0.0
    takes_check: bool = False


class Graph:
    """A graph of leaves, whose values are set, and nodes, whose values are computed.

    Parameters
    ----------
    leaves : names and values.
    functions : functions as nodes of the same name, or mappings {name: function} that
        give nodes other names.

    Raises
    ------
    TypeError
        if a parameter names no node, two nodes share a name, or nodes form a cycle.

    Examples
    --------
    >>> graph = Graph({"a": 2}, [{"double": lambda a: 2 * a}])
    >>> graph["double"]
    4
    >>> graph.set(a=5)
    >>> graph["double"]
    10
    """

    def __init__(self, leaves: Mapping[str, Any], functions: Functions) -> None:
        self.revision = 0
        self.check: Callable[[], None] = lambda: None
        self.nodes = {
            name: Node(None, value=value, verified=0, changed=0)
            for name, value in leaves.items()
        }
        for entry in functions:
            named = entry if isinstance(entry, Mapping) else {entry.__name__: entry}
            for name, function in named.items():
                self._add(name, function)
        for name, node in self.nodes.items():
            for parent in node.parents:
                if parent not in self.nodes:
                    raise TypeError(
                        f"the node `{name}` takes `{parent}`, which is neither a "
                        f"setting nor a node; there are {', '.join(self.nodes)}"
                    )
            self.ancestors(name)

    def _add(self, name: str, function: Function) -> None:
        if name in self.nodes:
            raise TypeError(f"the name `{name}` is given to two nodes; rename one")
        names = list(inspect.signature(function).parameters)
        parents = tuple(n for n in names if n != CHECK)
        self.nodes[name] = Node(function, parents, takes_check=CHECK in names)

    def ancestors(self, *names: str) -> set[str]:
        """Return these names and the names of all nodes that they depend on."""
        found: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                circle = " ← ".join((*path[path.index(name) :], name))
                raise TypeError(f"the node `{name}` depends on itself: {circle}")
            if name not in found:
                for parent in self.nodes[name].parents:
                    visit(parent, (*path, name))
                found.add(name)

        for name in names:
            visit(name, ())
        return found

    def set(self, **values: Any) -> None:
        """Set leaves in one revision; an equal value changes nothing."""
        changes = {n: v for n, v in values.items() if not same(self.nodes[n].value, v)}
        self.revision += bool(changes)
        for name, value in changes.items():
            leaf = self.nodes[name]
            leaf.value, leaf.changed = value, self.revision

    def __getitem__(self, name: str) -> Any:
        """Return the value of a node, after computing outdated nodes upstream.

        Raises
        ------
        Exception
            the error that the function raised in its last run; it remains until a
            parent changes.
        """
        node = self.nodes[name]
        if node.function is not None and node.verified != self.revision:
            values = [self[parent] for parent in node.parents]
            moved = max((self.nodes[p].changed for p in node.parents), default=0)
            if node.verified < 0 or moved > node.verified:
                self._compute(node, values)
            node.verified = self.revision
        if node.error is not None:
            raise node.error
        return node.value

    def _compute(self, node: Node, values: list[Any]) -> None:
        self.check()
        assert node.function is not None
        options = {CHECK: self.check} if node.takes_check else {}
        node.evaluations += 1
        began = time.perf_counter()
        try:
            value = node.function(*values, **options)
        except Abandoned:
            raise
        except Exception as error:
            node.error, node.value = error, None
            node.changed = self.revision
        else:
            if node.error is not None or not same(node.value, value):
                node.value, node.changed = value, self.revision
            node.error = None
        node.seconds = time.perf_counter() - began

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Keep the values that the body sets and computes, unless the body raises.

        After an exception every node has its former value; only `evaluations` still
        count the work.
        """
        kept = {name: replace(node) for name, node in self.nodes.items()}
        revision = self.revision
        try:
            yield
        except BaseException:
            for name, node in kept.items():
                node.evaluations = self.nodes[name].evaluations
            self.nodes, self.revision = kept, revision
            raise


def same(a: Any, b: Any) -> bool:
    """Return whether two values are the same object, or equal and hashable.

    Arrays and datasets have no hash: a new object counts as a new value.
    """
    if a is b:
        return True
    try:
        return type(a) is type(b) and hash(a) == hash(b) and bool(a == b)
    except TypeError:
        return False
