"""Data terms: how to compute the distances D of an image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.params import Record
from explorer.records import frozen
from explorer.scenes.pictures import Picture
from explorer.scenes.scene import distances_to


class Distances(ABC):
    """D as a function of an image, ready for use.

    Attributes
    ----------
    arrays : everything that it depends on, by name.
    """

    arrays: dict[str, np.ndarray]

    @abstractmethod
    def of(self, image: np.ndarray) -> np.ndarray:
        """Return D, (label, row, col), of an image (row, col, channel)."""


class DataTerm(Record, ABC):
    """A way to compute distances: a frozen record of choices."""

    @abstractmethod
    def fit(self, pictures: Sequence[Picture], seed: int) -> Distances:
        """Return distances learned from training images."""

    @abstractmethod
    def restore(self, arrays: dict[str, np.ndarray]) -> Distances:
        """Return distances with stored arrays."""


@dataclass(frozen=True, eq=False)
class ColorDistances(Distances):
    """D_ij = ‖f_i − l_j‖ from the color of the pixel to the prototypes."""

    arrays: dict[str, np.ndarray]

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (2.15)."""
        return distances_to(image, self.arrays["prototypes"])


@dataclass(frozen=True)
class PrototypeDistance(DataTerm):
    """The distance of colors to the prototypes of the scenes (2.15), as in the paper.

    This distance says little if labels differ in shape rather than in color.
    """

    def fit(self, pictures: Sequence[Picture], seed: int) -> Distances:
        """Return the distances to the prototypes, which are the same in all scenes."""
        return self.restore({"prototypes": pictures[0].prototypes})

    def restore(self, arrays: dict[str, np.ndarray]) -> Distances:
        """Return the distances to stored prototypes."""
        return ColorDistances({name: frozen(array) for name, array in arrays.items()})
