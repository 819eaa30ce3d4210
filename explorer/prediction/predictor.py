"""`WeightPatchPredictor`: weights for unseen images, from local features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import LABEL_FIELD, PIXELS
from explorer.features.data_terms import DataTerm, Distances, PrototypeDistance
from explorer.features.extractors import Extractor, RawWindow, checked_window
from explorer.files import Place, read, sealed, unpacking, write
from explorer.flow.evolution import Solution
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.gradients.gradient import LowRankGradient
from explorer.gradients.ranks import AUTO, checked_rank
from explorer.learning.learner import require
from explorer.losses.losses import DirectionLoss, Loss
from explorer.messages import require_callable
from explorer.params import of
from explorer.prediction import archive
from explorer.prediction.choices import check_choices, refuse_change, remembered
from explorer.prediction.estimator import NOT_TRAINED, SceneEstimator
from explorer.prediction.initial import first_model
from explorer.prediction.patches import PatchModel
from explorer.prediction.training import (
    Example,
    Trainer,
    TrainingState,
    history_of,
    shaped,
)
from explorer.scenes.pictures import (
    Kind,
    Picture,
    checked_pictures,
    digest_of,
    familiar,
)


@dataclass(eq=False)
class WeightPatchPredictor(SceneEstimator):
    """Predicts the weight patch of every pixel from its features (Sec. 4.4).

    Ω̂_i = exp_𝟙(Σ_j s_ij ν_j), s_ij = softmax_j(−σ ‖f_i − p_j‖). `fit` trains tangent
    vectors ν_j, prototypes p_j and the scale σ end to end: the loss of the linearized
    flow with Ω̂, the closed-form gradient of Theorem 3.8, the differential of (4.4).

    Parameters
    ----------
    n_prototypes : int in 1 … 1000, of the features; fewer if the training images have
        fewer distinct patches, see `model_`.
    window : odd int in 3 … 15, side of the window whose raw values are the features.
    features : Extractor, optional; replaces the raw window.
    data_term : DataTerm, the source of D: `PrototypeDistance()` as in the paper, or
        `Evidence()`, learned from the appearance of labels.
    loss : Loss, `DirectionLoss()` as in the paper, or `BalancedLoss()` for rare labels.
    rho, radius, time : of the flow: ρ, R, T.
    dim, rank : of the gradient: m, r.
    steps : int ≥ 0, at most; patience : int ≥ 1, training ends after this many steps
        without a lower validation loss.
    rate : float in (0, 10], α of Adam for ν; p and log σ move a fifth as fast.
    seed : int ≥ 0, of the clustering.

    Attributes
    ----------
    model_ : PatchModel of the least validation loss; history_ : Dataset over `step`;
    label_prototypes_ : (label, channel), from the training images; label_values_ :
    (label, code), gray values or colors of the labels in label images; label_colors_ :
    (label, 3), colors of their palettes, None without palettes; distances_ : the data
    term, fitted; state_ : TrainingState to resume from.

    Notes
    -----
    The tangent vectors initially point toward neighbors with the label of the center,
    averaged over the cluster. The paper's formula (4.5) is missing in print; this
    follows its sentence.

    Examples
    --------
    >>> import explorer as ex
    >>> scenes = [ex.voronoi_scene("lines", size=24, noise=0.2, seed=k) for k in (0, 1)]
    >>> predictor = ex.WeightPatchPredictor(n_prototypes=10, steps=3)
    >>> predictor.fit(scenes[:1]).label(scenes[1].image).dims
    ('row', 'col')
    """

    n_prototypes: int = of(params.PATCHES)
    window: int = of(params.WINDOW, check=checked_window)
    features: Extractor | None = None
    data_term: DataTerm = PrototypeDistance()  # noqa: RUF009 — frozen
    loss: Loss = DirectionLoss()  # noqa: RUF009
    rho: float = of(params.RHO)
    radius: int = of(params.RADIUS)
    time: float = of(params.TIME)
    dim: int = of(params.DIM)
    rank: Any = of(params.RANK, check=checked_rank, words=(AUTO,))
    steps: int = of(params.TRAINING_STEPS)
    patience: int = of(params.PATIENCE)
    rate: float = of(params.PATCH_RATE)
    seed: int = of(params.SEED)

    def __post_init__(self) -> None:
        check_choices(self)

    @property
    def _extractor(self) -> Extractor:
        return self.features or RawWindow(self.window)

    def fit(
        self, scenes: Any, validation: Any = (), state: TrainingState | None = None
    ) -> WeightPatchPredictor:
        """Train on scenes and return the estimator.

        Parameters
        ----------
        scenes : Dataset or sequence of Datasets, as `voronoi_scene` returns: `image`,
            `labels`, `prototypes`; if `clean` exists, it provides the clusters.
        validation : scenes held out from training; they decide when to stop and which
            step was best. Without validation scenes, the training loss decides.
        state : TrainingState to resume from, optional: `state_` after training on the
            same scenes. With the same parameters, results are bit-identical.
        """
        for _ in self.iterate(scenes, validation, state):
            pass
        return self

    def iterate(
        self,
        scenes: Any,
        validation: Any = (),
        state: TrainingState | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[TrainingState]:
        """Yield `state_` after each step of `fit`; you can stop at any of them."""
        check_choices(self)
        training = checked_pictures("scenes", scenes)
        if not training:
            raise ValueError("`scenes` is empty: pass at least one scene to train on")
        rest = checked_pictures("validation", validation, training[0])
        scenes = digest_of(training), digest_of(rest)
        require_callable("check", check)
        if state is not None:
            require("state", state, TrainingState, "`predictor.state_`")
            described = self._described(training[0].image[:1, :1])
            state.check(scenes, described.shape[1], (2 * self.radius + 1) ** 2)
        return self._iterate(training, rest, state or scenes, check)

    def _iterate(
        self,
        training: Sequence[Picture],
        validation: Sequence[Picture],
        state: TrainingState | tuple[str, str],
        check: Callable[[], None],
    ) -> Iterator[TrainingState]:
        kind = Kind.of(training)
        distances, chosen = self.data_term.fit(training, self.seed), remembered(self)

        def adopt(reached: TrainingState) -> None:  # all at once, or nothing
            self.label_prototypes_ = training[0].prototypes
            self.label_values_ = training[0].values
            self.kind_ = kind
            self.n_features_in_ = kind.channels
            self.label_colors_ = training[0].colors
            self.distances_, self.state_ = distances, reached
            self._shaping = chosen

        examples = [
            [self._example(p, distances) for p in part]
            for part in (training, validation)
        ]
        if isinstance(state, tuple):  # fingerprints of the images alone
            clean = (self._extractor.of(p.clean) for p in training)
            truths = [p.labels for p in training]
            model = first_model(
                clean, truths, self.n_prototypes, self.radius, self.seed
            )
            state = TrainingState.start(model, state)
        else:
            adopt(state)
        gradient = LowRankGradient(self.dim, self.rank, self.loss)
        trainer = Trainer(gradient, self.time, self.rate)
        done = len(state.records) - 1
        if done >= self.steps or (done >= 0 and state.since_best >= self.patience):
            return
        for reached in trainer.iterate(state, examples[0], examples[1], check):
            adopt(reached)
            yield reached
            flat = reached.since_best >= self.patience
            if len(reached.records) > self.steps or flat:
                return

    def _example(self, picture: Picture, distances: Distances) -> Example:
        flow = LinearizedFlow(distances.of(picture.image), self.rho, self.radius)
        return Example(flow, self._described(picture.image), picture.labels)

    def _described(self, image: np.ndarray) -> np.ndarray:
        found = self._extractor.of(image)
        return found.reshape(-1, found.shape[-1])

    @property
    def model_(self) -> PatchModel:
        """The model of the least validation loss."""
        return self._trained()[0].best

    @property
    def history_(self) -> xr.Dataset:
        """Losses and errors over `step`."""
        return history_of(self._trained()[0].records)

    def _trained(self) -> tuple[TrainingState, Kind, Distances]:
        state, kind, distances = self.state_, self.kind_, self.distances_
        if state is None or kind is None or distances is None:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(NOT_TRAINED)
        refuse_change(self._shaping, self)
        return state, kind, distances

    def save(self, path: Place) -> None:
        """Write a netCDF file, completely or not at all; `load` reads it."""
        check_choices(self)
        self._trained()
        write(sealed(archive.packed(self)), path)

    @classmethod
    def load(cls, path: Place) -> WeightPatchPredictor:
        """Return a predictor that `save` wrote; training can resume from it."""
        dataset = read(path, archive.KIND, archive.SCHEMA)
        with unpacking(path):
            predictor = cls(**archive.parameters_of(dataset))
            archive.unpack(predictor, dataset)
            predictor._shaping = remembered(predictor)
        return predictor

    def predict_weights(self, image: Any) -> xr.DataArray:
        """Return Ω̂, (offset, row, col), of an image (row, col[, channel]) or a path.

        Results carry the coordinates of the image. Named channels are reordered to
        match the training images; floats must be on the scale of the training images.

        Warns
        -----
        UserWarning
            if many values lie far outside the range of the training images.
        """
        flow, weights = self._predict("image", image)
        return flow.label_weights(weights)

    def distances(self, image: Any) -> xr.DataArray:
        """Return D, (label, row, col), the fitted data term, of an image."""
        return self._seen("image", image)[1]

    def label(self, image: Any) -> xr.DataArray:
        """Return the labeling (row, col) of an image; see `predict_weights`."""
        labels: xr.DataArray = self.solve(image).labels
        return labels

    def probabilities(self, image: Any) -> xr.DataArray:
        """Return W(T), (label, row, col), of an image; see `predict_weights`."""
        return self.solve(image).W

    def solve(self, image: Any) -> Solution:
        """Return the solution of the flow with the weights predicted for an image."""
        return self._solution_of("image", image)

    def _solution_of(self, argument: str, image: Any) -> Solution:
        """Return the result of `solve`; messages name `argument`."""
        flow, weights = self._predict(argument, image)
        return Krylov(self.dim).solve(flow, flow.label_weights(weights), self.time)

    def _seen(self, argument: str, image: Any) -> tuple[np.ndarray, xr.DataArray]:
        """Return an image (row, col, channel), and D with its coordinates."""
        _, kind, distances = self._trained()
        array = familiar(argument, image, kind)
        place = Coordinates.of(argument, image, PIXELS)
        return array, place.label(distances.of(array), LABEL_FIELD, symbol="D")

    def _predict(self, argument: str, image: Any) -> tuple[LinearizedFlow, np.ndarray]:
        best = self.model_
        array, distances = self._seen(argument, image)
        flow = LinearizedFlow(distances, self.rho, self.radius)
        example = Example(flow, self._described(array), np.empty(0))
        return flow, shaped(example, best.weights(best.shares(example.features)))
