"""`Dashboard`: the base class of dashboards; subclasses declare class attributes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from explorer import params
from explorer.drawing.stage import Stage
from explorer.drawing.view import View
from explorer.kit import stills
from explorer.kit.cells import present_cell, replace_in_cell
from explorer.kit.content import declaration_of
from explorer.kit.interrupting import listen
from explorer.kit.job import Job
from explorer.kit.memory import give_back
from explorer.kit.plan import Plan, Preset
from explorer.kit.receiving import received
from explorer.kit.recipe import Recipe
from explorer.kit.results import Results
from explorer.kit.runs import Stepper
from explorer.kit.screen import PageScreen
from explorer.kit.worker import Worker
from explorer.settings import Setting, from_link


class Dashboard(Results):
    """A page of controls and of live views that depend on them.

    Subclasses declare:

    Attributes
    ----------
    title, question : texts of the header.
    settings : the settings, or groups : {name: settings} in groups that fold.
    nodes : functions; each computes a value from the values that its parameters name.
    views : functions decorated with `@view()`, from values to panels.
    stepper : how `run` takes steps; recipe : the code that reproduces the numbers.
    presets : {name: Preset}; early : views that need no compiled kernel.
    main : the control that a phone shows first; folded : initially folded groups.
    uploaded : {image setting: other settings that an upload also sets}.

    The node `numbers` returns {name: number}, the numbers that `code()` reproduces. The
    nodes `readouts` (a list of `Readout`) and `dataset` (a Dataset to save) are
    optional.

    Parameters
    ----------
    link : a link that `app.link` returned; restores its state.
    **given : values of settings.
    """

    title: ClassVar[str] = ""
    question: ClassVar[str] = ""
    settings: ClassVar[Sequence[Setting]] = ()
    groups: ClassVar[Mapping[str, Sequence[Setting]]] = {}
    nodes: ClassVar[Sequence[Any]] = ()
    views: ClassVar[Sequence[View]] = ()
    stepper: ClassVar[Stepper | None] = None
    recipe: ClassVar[Recipe | None] = None
    presets: ClassVar[Mapping[str, Preset]] = {}
    early: ClassVar[tuple[str, ...]] = ()
    main: ClassVar[str] = ""
    folded: ClassVar[tuple[str, ...]] = ()
    uploaded: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    _closed = True  # until __init__ succeeds, because it may reject settings

    def __init__(self, link: str = "", **given: Any) -> None:
        plan = self.plan = self._declared()
        start = {**plan.defaults, **plan.wishes(plan.defaults, given)}
        if not isinstance(link, str):
            raise TypeError(
                f"`link` must be text, got {params.shown(link)}; pass what `app.link` "
                "returned"
            )
        goal = self._destination(from_link(link)) if link else None
        stage = Stage(chrome=False)
        figures = {view.name: stage.build(view) for view in plan.views}
        roots = {name: figure.id for name, figure in figures.items()}
        title = self.title or type(self).__name__
        place = {"call": call_of(type(self)), "cell": present_cell()[0]}
        declaration = declaration_of(plan, title, self.question, roots, place)
        super().__init__(declaration, list(figures.values()))
        self._guard = threading.RLock()
        self._posted = self._done = 0
        self._wished = dict(start)
        self._first = threading.Event()
        self._screen = PageScreen(self)
        self._job = Job(plan, start, self._screen)
        self._worker = Worker(self._job, self._job.fail)
        self._closed = False
        self.on_message = self._hear
        replace_in_cell(self)
        listen(self)
        self._post("greet" if goal is None else "load", goal)

    @classmethod
    def _declared(cls) -> Plan:
        """Return the declarations of this class, checked."""
        return Plan(
            name=cls.__name__,
            groups=cls.groups or {"Settings": cls.settings},
            nodes=cls.nodes,
            views=cls.views,
            stepper=cls.stepper,
            recipe=cls.recipe,
            presets=cls.presets,
            early=cls.early,
            main=cls.main,
            folded=cls.folded,
        )

    def close(self) -> None:
        """End the thread, close the page, and release all results."""
        if self._closed:
            return
        self._closed = True
        self._worker.close()
        self._job.release()
        self._screen.forget()
        super().close()
        give_back()

    def _hear(self, message: Mapping[str, Any], buffers: Any = None) -> None:
        """Post the request of a browser."""
        received(self, message, buffers)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the page, with a picture and a table for use without a kernel."""
        if self._closed:
            return {"text/plain": f"{type(self).__name__}, closed"}
        return stills.bundle(self, super()._repr_mimebundle_(**kwargs))


def call_of(kind: type) -> str:
    """Return the name of a dashboard in Python, as our notebooks write it."""
    ours = kind.__module__.partition(".")[0] == "explorer"
    return f"ex.{kind.__name__}" if ours else kind.__name__
