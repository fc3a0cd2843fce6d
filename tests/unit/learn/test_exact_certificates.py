"""Certificates are tight where the exact answer is known: distances to planes, cells and convex sets."""

import numpy as np
import pytest
from scipy.optimize import minimize

from densehop import DenseAssociativeClassifier
from tests.unit.learn.test_certificates import STORED, clouds


def exact_distance(model, x, decision):
    """The distance of x to the convex set {S_c <= s_a} of each memory a in turn, by SLSQP, and so to another decision
    where each other class has one memory."""
    network = model.network_
    visible = network.visible.astype(float) / model.scale_ + model.mean_
    own = network.owners == decision
    sharpness, log_weights = model.sharpness_, network.log_weights.astype(float)

    def logs(z):
        return log_weights - sharpness * ((z - visible) ** 2).sum(axis=1) / 2

    found = []
    for a in np.flatnonzero(~own):

        def gap(z, a=a):
            s = logs(z)
            return s[a] - np.logaddexp.reduce(s[own])

        starts = [visible[a], x + 1.5 * (visible[a] - x)]
        for start in starts:
            fit = minimize(
                lambda z: ((z - x) ** 2).sum(), start, constraints=[{"type": "ineq", "fun": gap}], method="SLSQP"
            )
            if fit.success and gap(fit.x) > -1e-6 * max(1, sharpness):
                found.append(np.sqrt(fit.fun))
    return min(found)


@pytest.mark.parametrize("sharpness", [0.5, 5.0, 1e5])
def test_one_memory_a_class_is_certified_exactly(sharpness):
    random = np.random.default_rng(1)
    samples, classes = clouds(random, 3, 4, 3)
    model = DenseAssociativeClassifier(**STORED, sharpness=sharpness).fit(samples, classes)
    inputs = samples + 0.1 * random.normal(size=samples.shape)
    for x, radius, decision in zip(inputs, model.certified_radius(inputs), model.predict(inputs), strict=True):
        visible = samples  # the boundary to each other memory is a plane
        gaps = [
            (((x - visible[a]) ** 2).sum() - ((x - visible[decision]) ** 2).sum())
            / (2 * np.linalg.norm(visible[a] - visible[decision]))
            for a in range(3)
            if a != decision
        ]
        assert radius == pytest.approx(min(gaps), rel=1e-5)
        assert radius <= min(gaps) * (1 + 1e-6)  # of memories kept in single precision


def test_large_sharpness_gives_the_nearest_neighbours_exact_radius():
    """Against the distance to each other sample's Voronoi cell among the own class's samples, by SLSQP."""
    random = np.random.default_rng(3)
    samples, classes = clouds(random, 24, 3, 2, 0.7)
    model = DenseAssociativeClassifier(**STORED, sharpness=1e6).fit(samples, classes)
    inputs = samples[:8] + 0.2 * random.normal(size=(8, 3))
    ratios = []
    for x, radius, decision in zip(inputs, model.certified_radius(inputs), model.predict(inputs), strict=True):
        own, found = samples[classes == decision], []
        for other in samples[classes != decision]:
            planes, levels = 2 * (other - own), (other**2).sum() - (own**2).sum(axis=1)
            fit = minimize(
                lambda z, x=x: ((z - x) ** 2).sum(),
                other,
                constraints=[{"type": "ineq", "fun": lambda z, p=planes, q=levels: p @ z - q}],
                method="SLSQP",
            )
            if fit.success:
                found.append(np.sqrt(fit.fun))
        assert radius <= min(found) * (1 + 1e-4)
        ratios.append(radius / min(found))
    assert min(ratios) > 0.97
    assert np.median(ratios) > 0.999


@pytest.mark.parametrize("sharpness", [1.0, 10.0])
def test_two_classes_of_which_one_has_one_memory_are_certified_exactly(sharpness):
    random = np.random.default_rng(5)
    samples = random.normal(size=(7, 3))
    samples[0] = 0.3
    model = DenseAssociativeClassifier(**STORED, sharpness=sharpness).fit(samples, [0, *[1] * 6])
    inputs = samples[1:] + 0.05 * random.normal(size=(6, 3))
    radii, decisions = model.certified_radius(inputs), model.predict(inputs)
    assert (decisions == 1).sum() >= 4
    for x, radius, decision in zip(inputs, radii, decisions, strict=True):
        if decision == 1:
            exact = exact_distance(model, x, 1)
            assert 0.995 * exact < radius < exact * (1 + 1e-5)
