"""`SceneExplorer`: the base class of explorers that show a scene, or an own image."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from explorer.dashboards.nodes import OWN
from explorer.images.reading import is_path, read_image
from explorer.kit.dashboard import Dashboard
from explorer.packing import LONGEST_UPLOAD
from explorer.scenes.images import fit


class SceneExplorer(Dashboard):
    """A dashboard whose settings include those of `scene_settings`.

    Parameters
    ----------
    image : path or array, optional
        your own image, in any form that `explorer.image_scene` accepts.
    link : a link that `app.link` returned.
    **settings : values of settings.
    """

    uploaded: ClassVar = {"image": {"scene": OWN}}

    def __init__(self, image: Any = None, link: str = "", **settings: Any) -> None:
        if image is not None:
            settings = {"scene": OWN, **settings, "image": own_image(image)}
        super().__init__(link, **settings)


def own_image(image: Any) -> tuple[str, Any]:
    """Return name and pixels of an image, scaled down for live updates."""
    name = Path(image).name if is_path(image) else "array"
    return name, fit(read_image(image), LONGEST_UPLOAD)
