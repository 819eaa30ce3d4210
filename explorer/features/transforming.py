"""Extractors as scikit-learn transformers: from images to tables of pixels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import xarray as xr
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from explorer.dims import PICTURE, PIXELS, axes_of, finite_field, refuse_huge
from explorer.features.sampling import flat
from explorer.records import changed, choices_of, nested


class PixelTransformer(TransformerMixin, BaseEstimator, ABC):
    """A transformer that makes a row of features from every pixel, image by image.

    In a pipeline, the labels of the pixels are `labels.ravel()`, concatenated over the
    images. `fit` learns only the number of channels.
    """

    n_features_in_: int

    @abstractmethod
    def of(self, image: np.ndarray) -> np.ndarray:
        """Return the features (row, col, feature) of an image (row, col, channel)."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters by name."""
        return nested(self) if deep else super().get_params(deep=False)

    def set_params(self, **changes: Any) -> Self:
        """Change parameters and return the extractor, as pipelines require.

        This is the only way to change an extractor. A predictor that was trained with
        it raises an error until the change is undone.
        """
        vars(self).update(choices_of(changed(self, changes)) or {})
        return self

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `transform` returns: "default", "pandas" or "polars"."""
        # scikit-learn would assign a dictionary to the frozen record
        vars(self).setdefault("_sklearn_output_config", {})
        super().set_output(transform=transform)
        return self

    def fit(self, images: Any, y: Any = None) -> Self:
        """Note the number of channels and return the extractor.

        Parameters
        ----------
        images : (row, col[, channel]), or a list of such arrays, of any sizes.
        y : ignored; scikit-learn passes it.
        """
        vars(self)["n_features_in_"] = checked_images(images)[0].shape[2]
        return self

    def transform(self, images: Any) -> np.ndarray:
        """Return the features (pixel, feature) of all pixels, row by row."""
        found = checked_images(images)
        known = vars(self).get("n_features_in_")
        if known not in (None, found[0].shape[2]):
            raise ValueError(
                f"`images` must have {known} channels, like those of `fit`, got "
                f"{found[0].shape[2]}; convert them between gray and color"
            )
        return np.concatenate([flat(self.of(image)) for image in found])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of `transform`.

        Parameters
        ----------
        input_features : names of the channels; None numbers those that `fit` saw.
        """
        known = vars(self).get("n_features_in_")
        if input_features is None and known is None:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                "the number of channels is unknown: call `fit(images)`, or name them "
                "with `input_features`"
            )
        if input_features is None:
            input_features = [f"channel{k}" for k in range(known or 0)]
        channels = names_of(input_features)
        if known not in (None, len(channels)):
            raise ValueError(
                f"`input_features` must be {known} names, one for each channel of "
                f"the images of `fit`, got {len(channels)}"
            )
        return np.array(self._names(channels), dtype=object)

    def _names(self, channels: Sequence[str]) -> list[str]:
        """Return a name for each feature of images with these channels."""
        count = self.of(np.zeros((1, 1, len(channels)))).shape[-1]
        return [f"{type(self).__name__.lower()}{k}" for k in range(count)]

    def __sklearn_is_fitted__(self) -> bool:
        return True  # nothing is learned

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.no_validation = True  # the library checks images itself
        return tags


def checked_image(argument: str, image: Any) -> np.ndarray:
    """Return an image as (row, col, channel), finite, no entry too large to square."""
    gray = axes_of(argument, image) == len(PIXELS)
    array = finite_field(argument, image, PIXELS if gray else PICTURE)
    refuse_huge(argument, array)
    return array[..., None] if gray else array


def checked_images(images: Any) -> list[np.ndarray]:
    """Return one image or several as a list of (row, col, channel), or raise."""
    if hasattr(images, "toarray"):
        raise TypeError(
            f"`images` must be dense, got a sparse {type(images).__name__}; convert it "
            "with `.toarray()`"
        )
    several = isinstance(images, (list, tuple)) and all(
        isinstance(image, (np.ndarray, xr.DataArray)) for image in images
    )
    if not several:
        return [checked_image("images", images)]
    if not images:
        raise ValueError(
            "`images` must hold at least one image, got none; pass an image"
        )
    found = [checked_image(f"images[{k}]", image) for k, image in enumerate(images)]
    for k, image in enumerate(found):
        if image.shape[2] != found[0].shape[2]:
            raise ValueError(
                f"`images[{k}]` must have {found[0].shape[2]} channels, like the "
                f"first, got {image.shape[2]}; convert it between gray and color"
            )
    return found


def names_of(input_features: Any) -> list[str]:
    """Return names of channels as a list, or raise if they are not names."""
    several = np.iterable(input_features) and not isinstance(input_features, str)
    names = list(input_features) if several else []
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(
            f"`input_features` must be a list of names, got {input_features!r:.80}; "
            'pass a list such as ["r", "g", "b"]'
        )
    return names
