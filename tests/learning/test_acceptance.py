"""What the explorer promises on its scenes: the only tests on larger images."""

from __future__ import annotations

import pytest

from explorer import (
    Learner,
    LinearizedFlow,
    LowRankGradient,
    RiemannianDescent,
    image_scene,
    sample_image,
    voronoi_scene,
)

pytestmark = pytest.mark.slow  # processes, servers or whole trainings


def errors(scene, steps):
    """Labeling error in percent at T = 5, h = 2, m = 10, rank 1."""
    learner = Learner(
        LinearizedFlow(scene.distances, rho=0.5),
        scene.labels,
        time=5.0,
        gradient=LowRankGradient(dim=10, rank=1),
        optimizer=RiemannianDescent(step=2.0),
    )
    return learner.run(steps).error_percent.values


def test_eight_colors_are_learned_in_ten_steps():
    scene = voronoi_scene("colors", size=128, noise=0.45, seed=0)
    assert 45.0 <= scene.attrs["nearest_error_percent"] <= 55.0
    error = errors(scene, 10)
    assert error[0] > 5.0  # averaging alone does not do it
    assert error.min() < 0.5


def test_thin_lines_are_learned_in_ten_steps():
    error = errors(voronoi_scene("lines", size=128, noise=0.3, seed=0), 10)
    assert error[0] > 5.0
    assert error.min() < 0.5


@pytest.mark.parametrize("size", [32, 64, 256])
def test_the_same_step_works_at_every_size(size):
    """The loss is normalized over the image, the step is multiplied by its size."""
    error = errors(voronoi_scene("colors", size=size, noise=0.45, seed=0), 10)
    assert error[-1] < 0.5


def test_a_photograph_is_learned_fivefold_in_twenty_steps():
    scene = image_scene(sample_image("astronaut", 256), labels=8, noise=0.2)
    error = errors(scene, 20)
    assert error[-1] <= error[0] / 5.0
