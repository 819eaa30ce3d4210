"""`Home`: one page that opens all explorers, in one kernel."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import explorer
from explorer import params
from explorer.dashboards.doors import DOORS, TOPICS, Door, door, own_try
from explorer.dashboards.handing import hand_over
from explorer.kit.cells import replace_in_cell
from explorer.kit.dashboard import Dashboard
from explorer.kit.documents import Document, to_document
from explorer.kit.interrupting import running_kernel
from explorer.kit.lobby import Lobby
from explorer.kit.runs import Moment
from explorer.settings import from_link

LOADING = threading.Lock()
"""Two threads must not import packages that import each other in circles."""


class Home:
    """A page of tiles that opens the explorers, and hands states from one to another.

    The home displays itself as the last expression of a cell. An explorer is built when
    it is opened for the first time; it then keeps its state until the home closes.

    Parameters
    ----------
    link : a link that `home.link`, or `app.link` of any explorer, returned; opens it.

    Examples
    --------
    >>> import explorer as ex
    >>> home = ex.Home()
    >>> app = home.open("SimplexExplorer")
    >>> home.current is app
    True
    >>> home.close()
    """

    def __init__(self, link: str = "") -> None:
        goal = dashboard_of(link) if given(link) else None
        self._apps: dict[str, Dashboard] = {}
        self._closed = False
        self._page = Lobby([tile(one) for one in DOORS], topics())
        self._page.on_request = self._do
        replace_in_cell(self)
        if running_kernel() is not None:
            threading.Thread(target=prepare, daemon=True).start()
        if goal is not None:
            self.open(goal, link=link)

    @property
    def current(self) -> Dashboard | None:
        """The open explorer; None while the page shows the tiles."""
        return self._apps.get(self._page.shown)

    @property
    def link(self) -> str:
        """The link of the open explorer; "" while the page shows the tiles."""
        app = self.current
        return "" if app is None else app.link

    def open(self, name: str, *, link: str = "", preset: str = "") -> Dashboard:
        """Show an explorer and return it.

        Parameters
        ----------
        name : class of the explorer, such as "FlowExplorer".
        link : a state of this explorer to restore.
        preset : a preset of this explorer, or what the page offers to try, to apply
            to its defaults.

        Raises
        ------
        ValueError, TypeError
            naming the argument; the page is then unchanged.
        """
        self._require_open()
        name = door(name).name
        require_fit(name, link, preset)
        if link != "" and preset != "":
            raise ValueError(
                f"`preset` must be left out where `link` is given, got "
                f"{params.shown(preset)}; pass one of them"
            )
        app = self._living(name)
        if app is None:
            app = self._build(name, link)
        elif link != "":
            app.load(from_link(link))
        elif preset != "":  # its sentence speaks of the defaults
            app.load(initial(app))
        own = own_try(name, preset)
        if own is not None:
            app.set(**own.settings)
        elif preset != "":
            app.preset(preset)
        self._page.show(name)
        return app

    def hand(self, name: str) -> Dashboard:
        """Show an explorer with the settings of the open one; return it."""
        self._require_open()
        name = door(name).name
        source = self.current
        app = self._living(name) or self._build(name)
        if source is not None and source is not app:
            hand_over(source, app)
        self._page.show(name)
        return app

    def leave(self) -> None:
        """Show the tiles; the explorers keep their states."""
        self._require_open()
        self._page.show("")

    def close(self) -> None:
        """Close all explorers and the page."""
        if self._closed:
            return
        self._closed = True
        for app in self._apps.values():
            app.close()
        self._apps = {}
        self._page.close()

    def __reduce__(self) -> Any:
        """Refuse to be copied: a home belongs to one page."""
        raise TypeError(
            "a home cannot be copied, because it belongs to one page; make another one "
            "with `ex.Home(home.link)`"
        )

    def _living(self, name: str) -> Dashboard | None:
        """Return the explorer of that name unless it has been closed."""
        app = self._apps.get(name)
        return None if app is None or app._closed else app

    def _build(self, name: str, link: str = "") -> Dashboard:
        """Return a new explorer whose page knows the way home."""
        app: Dashboard = class_of(name)(link=link)
        others = [{"name": d.name, "title": d.title} for d in DOORS if d.name != name]
        app.declaration = {**app.declaration, "home": others}
        self._apps[name] = app
        self._page.rooms = {**self._page.rooms, name: app.model_id}
        return app

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError("this home is closed: make a new one")

    def _do(self, message: Mapping[str, Any]) -> None:
        """Do what the page asks for, or raise."""
        kind = message.get("kind")
        if kind == "leave":
            self.leave()
        elif kind == "hand":
            self.hand(message["name"])
        elif kind == "link":
            self.open(dashboard_of(message["link"]), link=message["link"])
        elif kind == "open":
            self.open(message["name"], preset=message.get("preset", ""))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the page; without a kernel, a list of the explorers."""
        if self._closed:
            return {"text/plain": "Home, closed"}
        return self._page._repr_mimebundle_(**kwargs)


def class_of(name: str) -> Any:
    """Return the class of an explorer, importing it at its first use."""
    with LOADING:
        return getattr(explorer, name)


def prepare() -> None:
    """Import all explorers while the page shows the tiles: none is built."""
    for one in DOORS:
        class_of(one.name)


def dashboard_of(link: Any) -> str:
    """Return the explorer that a link belongs to; raise if the home has none."""
    name = from_link(link)["dashboard"]
    known = [one.name for one in DOORS]
    if name not in known:
        raise ValueError(
            f"`link` must belong to one of {', '.join(known)}, got a link of "
            f"{params.shown(name)}; open it with the class that wrote it"
        )
    return str(name)


def given(text: Any) -> bool:
    """Return whether an argument is anything but empty text."""
    return not (isinstance(text, str) and text == "")


def require_fit(name: str, link: Any, preset: Any) -> None:
    """Raise unless a link and a preset, if they are given, belong to an explorer."""
    if given(link) and (found := dashboard_of(link)) != name:
        raise ValueError(
            f"`link` must belong to {name}, got a link of {found}; open {found}"
        )
    presets = class_of(name).presets
    known = isinstance(preset, str) and (preset in presets or own_try(name, preset))
    if given(preset) and not known:
        raise ValueError(
            f"`preset` must be one of {', '.join(presets)}, got {params.shown(preset)}"
        )


def initial(app: Dashboard) -> Document:
    """Return the state document of an explorer that nobody has touched."""
    return to_document(app.plan, Moment(app.plan.defaults))


def tile(one: Door) -> dict[str, str]:
    """Return a tile as a document for the page."""
    texts = {"name": one.name, "title": one.title, "question": one.question}
    return {**texts, "picture": one.picture}


def topics() -> list[dict[str, Any]]:
    """Return the presets as a document for the page."""
    titles = {one.name: one.title for one in DOORS}
    return [
        {
            "topic": topic,
            "tries": [
                {
                    "name": one.explorer,
                    "title": titles[one.explorer],
                    "preset": one.key,
                    "label": one.label,
                    "text": one.text,
                }
                for one in tries
            ],
        }
        for topic, tries in TOPICS.items()
    ]
