"""Turn the messages of a browser into requests, or into error messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explorer import params
from explorer.images.decoding import decode
from explorer.images.reading import read_image
from explorer.kit import export
from explorer.packing import LONGEST_UPLOAD
from explorer.scenes.images import fit
from explorer.settings import from_link

if TYPE_CHECKING:
    from explorer.kit.dashboard import Dashboard

DIRECT = {"undo", "redo", "step", "pause", "reset", "freeze"}
"""Acts that take no value."""


def received(app: Dashboard, message: Mapping[str, Any], buffers: Any) -> None:
    """Do what a message asks for; what it cannot be is said on the page."""
    control = message.get("control", "") if message.get("kind") == "file" else ""
    try:
        do(app, message, buffers)
    except (ValueError, TypeError, RuntimeError, OSError, MemoryError) as error:
        app._refuse(control, str(error))
    except Exception as error:  # no page of ours sends such a thing
        app._refuse(control, f"the page sent an unknown request ({error!r}); reload it")


def do(app: Dashboard, message: Mapping[str, Any], buffers: Any) -> None:
    """Do what a message asks for, or raise."""
    kind = message.get("kind")
    if kind == "set":
        app._wish(dict(message["values"]), (str(message["id"]), int(message["n"])))
    elif kind == "tap":
        tapped(app, str(message["view"]), float(message["x"]), float(message["y"]))
    elif kind == "address":
        app.load(from_link(message["link"]))
    elif kind == "file":
        accept(app, message, bytes(buffers[0]) if buffers else None)
    elif kind == "act":
        act(app, message["name"], message.get("value"))


def tapped(app: Dashboard, name: str, x: float, y: float) -> None:
    """Set what a tap into a view sets: what the view says, or the pixel."""
    shown = app.plan.view(name)
    if shown.tap is not None:
        app._wish(dict(shown.tap(x, y)))
    elif "pixel" in app.plan.settings:
        app._wish({"pixel": [max(0, int(y // 1)), max(0, int(x // 1))]})


def accept(app: Dashboard, message: Mapping[str, Any], content: bytes | None) -> None:
    """Use an uploaded image, scaled down for live updates.

    Raises
    ------
    ValueError, TypeError
        if the image cannot be used; the dashboard is then unchanged.
    """
    control, name = message["control"], message["name"]
    what = f"`{control}` = {name!r}"
    if content is None:
        raise ValueError(
            f"{what} has {message['size'] / 2**20:.0f} MB, more than a page may send; "
            "scale the image down first"
        )
    image = fit(read_image(decode(content, what), control), LONGEST_UPLOAD)
    app.set(**{control: (name, image)}, **app.uploaded.get(control, {}))


def act(app: Dashboard, name: str, value: Any) -> None:
    """Carry out the action of a button."""
    if name in DIRECT:
        getattr(app, name)()
    elif name == "run":
        app.run(params.STEPS.check(value))
    elif name == "preset":
        app.preset(value)
    elif name == "show":
        app.show(*value)
    elif name in ("restore", "forget"):
        getattr(app, name)(int(value))
    elif name == "export":
        export.download(app, value["kind"], value.get("view"))
