"""Declare each parameter once: validation, message, docs and slider derive from it."""

from __future__ import annotations

from explorer.declaring import LONGEST_REPR as LONGEST_REPR
from explorer.declaring import Parameter as Parameter
from explorer.declaring import Record as Record
from explorer.declaring import check_fields as check_fields
from explorer.declaring import is_real as is_real
from explorer.declaring import must as must
from explorer.declaring import of as of
from explorer.declaring import one_of as one_of
from explorer.declaring import part as part
from explorer.declaring import settle as settle
from explorer.declaring import several as several
from explorer.declaring import shown as shown

TIME = Parameter(
    "time", "T", 5.0, 0.0, 1e4, "integration time of the flow", "flow time",
    slider=(0.0, 30.0, 0.25),
    formula="V(T) = T φ(TA) b ≈ T β Q_m φ(T H_m) e₁ (2.28b)",
)  # fmt: skip
DIM = Parameter(
    "dim", "m", 10, 1, 200, "dimension of the Krylov space", "vectors",
    integer=True, slider=(1, 30, 1),
    formula="K_m(A, b) = span{b, Ab, …, A^(m−1) b}", label="dimension",
)  # fmt: skip
RANK = Parameter(
    "rank", "r", 1, 1, 200, "rank of the gradient approximation", "",
    integer=True, slider=(1, 10, 1),
    formula="∂f ≈ T Σ_{r ≤ rank} σ_r ⟦R_S u_r, w_r⟧ + … (3.47)",
)  # fmt: skip
STEP = Parameter(
    "step", "h", 2.0, 0.0, 1e4,
    "step size of the descent per pixel, multiplied by the number of pixels",
    "per pixel", open_low=True, slider=(0.1, 20.0, 0.02), log=True,
    formula="Ω ← Exp_Ω(−h I R_Ω ∂ℒ) (3.7)", label="step size",
)  # fmt: skip
RHO = Parameter(
    "rho", "ρ", 0.5, 1e-6, 1e6, "scale of the distances", "distance",
    slider=(0.05, 5.0, 0.02), log=True,
    formula="S = softmax(Ω(−D/ρ))", label="scale",
)  # fmt: skip
TAU = Parameter(
    "tau", "τ", 0.0, 0.0, 1e3, "weight of the regularizer", "1 / pixel",
    slider=(0.0, 2e-5, 2e-7),
    formula="ℛ(Ω) = (τ/2) Σ_i ‖Π₀ log Ω_i‖² (3.5)", label="regularizer",
)  # fmt: skip
NOISE = Parameter(
    "noise", "σ", 0.45, 0.0, 10.0, "standard deviation of the Gaussian noise",
    "image range", slider=(0.0, 1.0, 0.01),
    formula="image + σ ε, ε ~ N(0, 1)",
)  # fmt: skip
RADIUS = Parameter(
    "radius", "R", 1, 1, 7, "radius of the neighborhood: (2R+1)² weights per pixel",
    "pixels", integer=True, slider=(1, 3, 1),
    formula="|N_i| = (2R + 1)²",
)  # fmt: skip
SIZE = Parameter(
    "size", "size", 128, 1, 4096, "rows and columns of the scene", "pixels",
    integer=True, slider=(32, 256, 32),
)  # fmt: skip
LABELS = Parameter(
    "labels", "J", 8, 1, 64, "number of labels", "labels", integer=True,
    slider=(2, 12, 1),
    formula="W_i ∈ Δ_J",
)  # fmt: skip
STEPS = Parameter(
    "steps", "steps", 30, 0, 1_000_000, "number of descent steps", "steps",
    integer=True, slider=(1, 200, 1),
)  # fmt: skip
SEED = Parameter(
    "seed", "seed", 0, 0, 2**32 - 1, "seed of the random generator", integer=True,
    slider=(0, 99, 1),
)  # fmt: skip
TIME_STEP = Parameter(
    "time_step", "h", 0.1, 0.0, 1e4, "time step of the Euler scheme",
    "flow time", open_low=True, slider=(0.001, 1.0, 0.05), log=True,
    formula="⌈T/h⌉ steps",
)  # fmt: skip
TOLERANCE = Parameter(
    "tolerance", "tol", 1e-6, 0.0, 1.0, "largest error of one adaptive step",
    open_low=True, slider=(1e-12, 1e-2, 0.5), log=True,
)  # fmt: skip
ENTROPY = Parameter(
    "entropy", "ε", 0.0, 0.0, 1.0, "mean entropy at which the flow stops",
    slider=(0.0, 0.1, 0.001),
    formula="−Σ_j W_ij log W_ij / log J ≤ ε in the mean",
)  # fmt: skip
RTOL = Parameter(
    "rtol", "rtol", 1e-2, 0.0, 1.0, "largest relative error that counts as accurate",
    open_low=True, slider=(1e-8, 1.0, 1.0), log=True,
)  # fmt: skip
NEIGHBORS = Parameter(
    "count", "k", 9, 1, 1000, "neighbors of each node, including itself", "nodes",
    integer=True, slider=(3, 30, 1),
)  # fmt: skip
RANK_TOLERANCE = Parameter(
    "rank_tolerance", "tol", 1e-2, 0.0, 1.0,
    "relative part of Z that an automatic rank may neglect", open_low=True,
    slider=(1e-6, 1.0, 0.5), log=True,
    formula="‖Z − Z_r‖ ≤ tol ‖Z‖",
)  # fmt: skip
MOMENTUM = Parameter(
    "momentum", "μ", 0.9, 0.0, 0.999, "fraction of the last direction that is kept",
    slider=(0.0, 0.99, 0.01),
    formula="M ← μ M + u, Ω ← exp_Ω(−h I M)",
)  # fmt: skip
RATE = Parameter(
    "rate", "α", 0.3, 0.0, 10.0, "change of log Ω in one step of Adam", "log weight",
    open_low=True, slider=(0.01, 1.0, 0.02), log=True,
    formula="Ω ← exp_Ω(−α m̂ / (√v̂ + ε))",
)  # fmt: skip
BETA1 = Parameter(
    "beta1", "β₁", 0.9, 0.0, 0.9999, "decay of the mean direction",
    slider=(0.0, 0.99, 0.01),
    formula="m ← β₁ m + (1 − β₁) u",
)  # fmt: skip
BETA2 = Parameter(
    "beta2", "β₂", 0.999, 0.0, 0.9999, "decay of the mean size",
    slider=(0.0, 0.999, 0.001),
    formula="v ← β₂ v + (1 − β₂) ‖u‖²",
)  # fmt: skip
PATCHES = Parameter(
    "n_prototypes", "N", 50, 1, 1000, "prototypes of the features of a predictor",
    "prototypes", integer=True, slider=(5, 100, 5),
)  # fmt: skip
PATIENCE = Parameter(
    "patience", "patience", 20, 1, 1_000_000,
    "steps without a lower validation loss before training ends", "steps",
    integer=True, slider=(5, 100, 5),
)  # fmt: skip
SCENES = Parameter(
    "scenes", "scenes", 5, 1, 50, "number of scenes to average over", "scenes",
    integer=True, slider=(1, 10, 1),
)  # fmt: skip
BALANCE = Parameter(
    "balance", "β", 1.0, 0.0, 2.0,
    "exponent of the inverse frequency that weights the pixels of a label",
    slider=(0.0, 1.0, 0.1),
    formula="κ_i = (I / (J n_j))^β",
)  # fmt: skip
WINDOW = Parameter(
    "window", "window", 3, 3, 15, "side length of a square window (odd)", "pixels",
    integer=True, slider=(3, 15, 2),
)  # fmt: skip
PATCH_RATE = Parameter(
    "rate", "α", 0.1, 0.0, 10.0, "step size of Adam for the tangent vectors of patches",
    open_low=True, slider=(0.01, 1.0, 0.01), log=True,
)  # fmt: skip
HIDDEN = Parameter(
    "hidden", "hidden", 32, 0, 1000,
    "units of the classifier's hidden layer; 0 gives a linear classifier", "units",
    integer=True, slider=(0, 128, 8),
)  # fmt: skip
TRAINING_STEPS = Parameter(
    "steps", "steps", 100, 0, 1_000_000, "number of training steps",
    "steps", integer=True, slider=(10, 300, 10),
)  # fmt: skip

SCALES = (1.0, 2.0, 4.0)
"""Standard deviations, in pixels, of the Gaussians that `Evidence` uses."""
