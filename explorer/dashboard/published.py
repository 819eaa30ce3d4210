"""What an explorer has shown last: the numbers, and all that makes them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import xarray as xr

from explorer.dashboard import recipe
from explorer.dashboard.model import UPLOAD, LearningModel, Segment, Settings
from explorer.dashboard.packing import pack
from explorer.dashboard.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Published:
    """Everything that belongs together at one instant; it is replaced as a whole.

    Attributes
    ----------
    shown : what the views show; None once the explorer is closed.
    settings, history, trace : what made it.
    upload : name and pixels of the uploaded image, None unless it is the scene.
    """

    shown: Snapshot | None
    settings: Settings
    history: list[Segment]
    trace: xr.Dataset
    upload: tuple[str, Any] | None

    @classmethod
    def of_model(cls, model: LearningModel, shown: Snapshot, name: str) -> Published:
        """Take what an up-to-date model holds; `name` is that of its upload."""
        settings = model.settings()
        upload = (name, model.leaf["upload"]()) if settings.scene == UPLOAD else None
        return cls(
            shown=shown,
            settings=settings,
            history=list(model.history),
            trace=model.trace(),
            upload=upload,
        )

    @property
    def state(self) -> dict[str, Any]:
        """The state as one JSON-able document; an uploaded image is part of it."""
        image = None if self.upload is None else pack(*self.upload)
        return recipe.to_state(self.settings, self.history, image)

    @property
    def code(self) -> str:
        """Python with these numbers; it holds the pixels of an uploaded image."""
        image = None if self.upload is None else pack(*self.upload)
        return recipe.to_code(self.settings, self.history, image)
