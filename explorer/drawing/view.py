"""Views: named functions from values to a panel; drawing happens elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from explorer.panels import Curves, Panel, Simplex

KINDS = {kind.__name__: kind for kind in get_args(Panel)}
"""The kinds of panels by name."""


@dataclass(frozen=True)
class View:
    """A function that returns a panel, with options for the figure.

    draw : function; its parameters name the values that it needs, and its return
        annotation is the kind of its panel.
    series : number of curves to reserve room for.
    log, log_x : whether the vertical and the horizontal axis are logarithmic.
    hidden : whether the view is initially hidden, and so not computed.
    title : title of the view, by default from its name; a panel may override it.
    tap : function of a point (x, y) in the figure that returns the settings that a tap
        there sets; in pictures, a tap sets the pixel anyway.
    """

    draw: Callable[..., Panel]
    series: int = 1
    log: bool = False
    hidden: bool = False
    title: str = ""
    tap: Callable[[float, float], Mapping[str, Any]] | None = None
    log_x: bool = False

    def __post_init__(self) -> None:
        if self._annotation not in KINDS:
            raise TypeError(
                f"`draw` must have one of {', '.join(KINDS)} as its return annotation, "
                f"got {self._annotation or 'none'}; annotate {self.draw.__name__}"
            )

    @property
    def heading(self) -> str:
        """The title, or the name of the function in words."""
        return self.title or self.draw.__name__.replace("_", " ").capitalize()

    @property
    def about(self) -> str:
        """The first line of the function's docstring, which explains the view."""
        return (inspect.getdoc(self.draw) or "").partition("\n")[0]

    @property
    def _annotation(self) -> str:
        """The name of the annotated class, without its module."""
        found = inspect.get_annotations(self.draw).get("return", "")
        name = found if isinstance(found, str) else found.__name__
        return name.rpartition(".")[2]

    @cached_property
    def name(self) -> str:
        """The function's name with hyphens; names of models begin with it."""
        return self.draw.__name__.replace("_", "-")

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Names of the values that the function needs."""
        return tuple(inspect.signature(self.draw).parameters)

    @cached_property
    def kind(self) -> type[Panel]:
        """Class of the panel that the function returns."""
        return KINDS[self._annotation]

    def panel(self, values: Mapping[str, Any]) -> Panel:
        """Return the panel of values by name; a mapping may compute them on demand."""
        return self.draw(*(values[name] for name in self.needs))


def view(**options: Any) -> Callable[[Callable[..., Panel]], View]:
    """Return a decorator that makes a function a `View` with these options."""
    return lambda draw: View(draw, **options)


def view_of(name: str, panel: Panel) -> View:
    """Return a view without inputs that always shows one given panel."""

    def draw() -> Panel:
        return panel

    draw.__name__ = name.replace("-", "_")
    draw.__annotations__ = {"return": type(panel)}
    many = len(panel.series) if isinstance(panel, Curves | Simplex) else 1
    log, log_x = (getattr(panel, axis, False) for axis in ("log", "log_x"))
    return View(draw, series=max(1, many), log=log, log_x=log_x)
