"""Weight patches as a smooth function of features (4.3)–(4.4), and its differential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.params import settle
from explorer.records import frozen
from explorer.threads import exclusive


@dataclass(frozen=True, eq=False)
class PatchModel:
    """Ω̂_i = exp_𝟙(t_i), t_i = Σ_j s_ij ν_j, s_i = softmax_j(−σ ‖f_i − p_j‖).

    The lift at the barycenter is a softmax over the patch. Equation (4.3) of the
    paper is printed without the minus sign, so near prototypes would count less; here
    they count more.

    Attributes
    ----------
    tangents : (prototype, offset), ν_j, summing to zero over the offsets.
    prototypes : (prototype, feature), p_j.
    log_scale : log σ, because σ must stay positive.
    """

    tangents: np.ndarray
    prototypes: np.ndarray
    log_scale: float

    def __post_init__(self) -> None:
        settle(self, tangents=frozen(self.tangents), prototypes=frozen(self.prototypes))

    @exclusive
    def shares(self, features: np.ndarray) -> Shares:
        """Return s and what its differential needs, for features (pixel, feature)."""
        distance = lengths(features, self.prototypes)
        exponent = -np.exp(self.log_scale) * distance
        share = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        return Shares(features, distance, share)

    def weights(self, shares: Shares) -> np.ndarray:
        """Return Ω̂, (offset, pixel)."""
        t = self.tangents.T @ shares.share.T
        weights = np.exp(t - t.max(axis=0))
        return weights / weights.sum(axis=0)

    @exclusive
    def pull_back(
        self, shares: Shares, weights: np.ndarray, slope: np.ndarray
    ) -> PatchModel:
        """Return the gradient in (ν, p, log σ) from ∂f/∂Ω̂ = `slope`, (offset, pixel).

        ∂f/∂t_i = R_Ω̂ᵢ ∂f/∂Ω̂_i gives ∂f/∂ν by the shares, and with
        a_ij = −σ d_ij, d_ij = ‖f_i − p_j‖:  ∂f/∂a = R_s (ν ∂f/∂t),
        ∂f/∂log σ = Σ a ∂f/∂a,  ∂f/∂p_j = σ Σ_i ∂f/∂a_ij (f_i − p_j)/d_ij.
        """
        share, distance = shares.share, shares.distance
        of_t = weights * (slope - (weights * slope).sum(axis=0))
        of_share = (self.tangents @ of_t).T
        of_a = share * (of_share - (share * of_share).sum(axis=1, keepdims=True))
        scale = float(np.exp(self.log_scale))
        pull = scale * np.divide(of_a, distance, where=distance > 0.0, out=of_a * 0.0)
        of_p = pull.T @ shares.features - pull.sum(axis=0)[:, None] * self.prototypes
        of_scale = -scale * float(np.vdot(distance, of_a))
        return PatchModel((of_t @ share).T, of_p, of_scale)

    @property
    def vector(self) -> np.ndarray:
        """All parameters in one array."""
        parts = self.tangents.ravel(), self.prototypes.ravel(), [self.log_scale]
        return np.concatenate(parts)

    def with_vector(self, vector: np.ndarray) -> PatchModel:
        """Return the model of the same shape with these parameters, ν centered."""
        count = self.tangents.size
        tangents = vector[:count].reshape(self.tangents.shape)
        tangents = tangents - tangents.mean(axis=1, keepdims=True)
        prototypes = vector[count:-1].reshape(self.prototypes.shape)
        return PatchModel(tangents, prototypes, float(vector[-1]))


@dataclass(frozen=True, eq=False)
class Shares:
    """The share of each prototype at each pixel.

    features : (pixel, feature); distance, share : (pixel, prototype).
    """

    features: np.ndarray
    distance: np.ndarray
    share: np.ndarray


def lengths(features: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """Return ‖f_i − p_j‖, (pixel, prototype), without forming all differences.

    If the two nearly agree, ‖f‖² − 2⟨f, p⟩ + ‖p‖² is only rounding: below 10⁻¹² of its
    terms (a length below a millionth), it counts as zero.
    """
    squares = (features**2).sum(axis=1)[:, None] + (prototypes**2).sum(axis=1)
    difference = squares - 2.0 * features @ prototypes.T
    difference[difference < 1e-12 * squares] = 0.0
    return np.sqrt(difference)
