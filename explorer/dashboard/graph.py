"""A small cached node graph that mirrors the data flow; a slider is one leaf.

A node computes on demand and keeps its value until something upstream of it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Node(Generic[T]):
    """A value computed from the values of other nodes.

    Attributes
    ----------
    evaluations : how often the function has run; tests count it.
    """

    def __init__(self, function: Callable[..., T], *parents: Node[Any]) -> None:
        self._function, self._parents = function, parents
        self._children: list[Node[Any]] = []
        self._fresh = False
        self._value: T | None = None
        self.evaluations = 0
        for parent in parents:
            parent._children.append(self)

    def __call__(self) -> T:
        """Return the value, computing what is stale upstream first.

        If the function raises, the node stays stale and nothing is lost.
        """
        if not self._fresh:
            arguments = [parent() for parent in self._parents]
            self.evaluations += 1
            self._value = self._function(*arguments)
            self._fresh = True
        return self._value  # type: ignore[return-value]  # fresh: it holds a T

    @property
    def fresh(self) -> bool:
        """Whether the value is there and nothing upstream has changed since."""
        return self._fresh

    def downstream(self) -> list[Node[Any]]:
        """Return every fresh node that depends on this one."""
        nodes: list[Node[Any]] = []
        for child in self._children:
            if child._fresh and child not in nodes:
                nodes += [child, *(n for n in child.downstream() if n not in nodes)]
        return nodes

    def invalidate(self) -> None:
        """Mark this node and everything downstream as stale."""
        self._fresh = False
        for child in self._children:
            if child._fresh:
                child.invalidate()


class Leaf(Node[T]):
    """A node that is set from outside."""

    def __init__(self, value: T) -> None:
        super().__init__(lambda: self._given)
        self._given = value

    def set(self, value: T) -> None:
        """Set the value; a value equal to the present one changes nothing."""
        if value is self._given or (
            isinstance(value, (int, float, str)) and value == self._given
        ):
            return
        self._given = value
        self.invalidate()

    @contextmanager
    def trial(self, value: T) -> Iterator[None]:
        """Set the value for good, unless the body raises: then all is as it was."""
        before = self._given
        nodes = [self, *self.downstream()]
        kept = [(node, node._value, node._fresh) for node in nodes]
        self.set(value)
        try:
            yield
        except BaseException:
            self._given = before
            for node, old, fresh in kept:
                node._value, node._fresh = old, fresh
            raise
