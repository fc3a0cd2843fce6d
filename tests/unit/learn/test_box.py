"""Certificates for perturbations that leave each value within a range."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.certificates.box import Box

STORED = {"interaction": "exponential", "kind": "stored"}


def largest_product(gap, low, high, size, norm):
    """The largest d.g with |d| <= size and low <= d <= high, by other programs."""
    if norm == "linf":
        bounds = list(zip(np.maximum(low, -size), np.minimum(high, size), strict=True))
        return -linprog(-gap, bounds=bounds).fun
    fit = minimize(
        lambda d: -d @ gap, np.zeros(len(gap)), jac=lambda _: -gap, bounds=list(zip(low, high, strict=True)),
        constraints=[{"type": "ineq", "fun": lambda d: size**2 - d @ d, "jac": lambda d: -2 * d}],
        method="SLSQP", options={"maxiter": 500, "ftol": 1e-14},
    )  # fmt: skip
    return -fit.fun


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_the_split_gives_the_largest_product_within_ball_and_range(norm):
    random = np.random.default_rng(0)
    low, high = -random.random((20, 6)), random.random((20, 6))
    low[:, 0], high[:, 1] = 0, 0
    gaps, sizes = random.normal(size=(20, 2, 6)), random.uniform(0.1, 1.2, 20)
    kept, rest = Box(low, high).split(gaps, sizes, norm)
    dual = np.sqrt((kept**2).sum(axis=2)) if norm == "l2" else np.abs(kept).sum(axis=2)
    bounds = sizes[:, None] * dual + rest
    exact = [
        [largest_product(g, a, b, r, norm) for g in gap] for gap, a, b, r in zip(gaps, low, high, sizes, strict=True)
    ]
    np.testing.assert_allclose(bounds, exact, rtol=1e-4)
    for other in (0.5, 2.0):  # a line that is exact at one size is a bound at all others
        further = [
            [largest_product(g, a, b, other * r, norm) for g in gap]
            for gap, a, b, r in zip(gaps, low, high, sizes, strict=True)
        ]
        assert (other * sizes[:, None] * dual + rest >= np.array(further) - 1e-6).all()


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_one_memory_a_class_is_certified_exactly_within_a_range(norm):
    """Two memories are divided by a plane: its nearest point in the unit cube, by other programs."""
    random, gained = np.random.default_rng(1), 0
    for _ in range(8):
        memories, inputs = random.random((2, 5)), random.random((3, 5)) ** 3
        model = DenseAssociativeClassifier(**STORED, sharpness=2.0).fit(memories, [0, 1])
        radii = model.certified_radius(inputs, norm, data_range=(0, 1))
        free = model.certified_radius(inputs, norm)
        assert (radii >= free * (1 - 1e-9)).all()
        gained += (radii > 1.001 * free).sum()
        for x, radius, decision in zip(inputs, radii, model.predict(inputs), strict=True):
            gap = memories[1 - decision] - memories[decision]
            lacking = (memories.sum(axis=0) / 2 - x) @ gap  # what d.gap must reach
            most = largest_product(gap, -x, 1 - x, 10.0, norm)
            if most < lacking * (1 + 1e-6):
                continue  # no point of the cube is of the other class
            assert largest_product(gap, -x, 1 - x, 0.998 * radius, norm) < lacking
            assert largest_product(gap, -x, 1 - x, 1.002 * radius, norm) >= lacking * (1 - 1e-9)
    assert gained > 5


@pytest.mark.parametrize("norm", ["l2", "linf"])
@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 2**31))
def test_no_perturbation_within_radius_and_range_changes_the_decision(norm, seed):
    """10 sets of memories a norm, 5 inputs each, some 170 perturbations each: 17,000 in all."""
    refute(norm, seed)


@pytest.mark.long
@pytest.mark.parametrize("norm", ["l2", "linf"])
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**31))
def test_no_perturbation_of_many_within_the_range_changes_the_decision(norm, seed):
    """200 sets of memories a norm: 350,000 perturbations in all."""
    refute(norm, seed)


def refute(norm, seed):
    """Try perturbations within the unit cube, random ones and towards memories, many of which lie at its faces."""
    random = np.random.default_rng(seed)
    width, n_classes = int(random.integers(2, 12)), int(random.integers(2, 5))
    samples = np.clip(random.random((int(random.integers(6, 40)), width)) * 1.6 - 0.3, 0, 1)
    classes = np.arange(len(samples)) % n_classes
    sharpness = float(random.choice([1.0, 10.0, 100.0, 1e5]))
    model = DenseAssociativeClassifier(**STORED, sharpness=sharpness).fit(samples, classes)
    inputs = np.clip(samples[:5] + 0.3 * random.normal(size=(5, width)), 0, 1)
    radii = model.certified_radius(inputs, norm, data_range=(0, 1))
    for x, radius, decision in zip(inputs, radii, model.predict(inputs), strict=True):
        steps = random.normal(size=(150, width)) * random.choice([0.2, 1, 5], (150, 1))
        toward = samples[classes != decision][:, None] - x
        steps = np.vstack([steps, *(random.uniform(0, 3, (3, 1)) * toward[random.integers(0, len(toward), 3)][:, 0])])
        steps = np.vstack([steps, toward[:47, 0]])
        size = radius * (1 - 1e-9)
        for _ in range(20):  # onto the ball and the cube in turn; the last is within both, as the cube shrinks steps
            lengths = np.linalg.norm(steps, axis=1) if norm == "l2" else np.abs(steps).max(axis=1)
            steps = steps * (size / np.maximum(lengths, 1e-300))[:, None]
            steps = np.clip(x + steps, 0, 1) - x
        assert (model.predict(x + steps) == decision).all()


@pytest.mark.parametrize("parameters", [STORED, {"kind": "stored"}], ids=["exponential", "rectified"])
def test_no_range_is_refused_nor_is_one_that_inputs_leave(parameters):
    model = DenseAssociativeClassifier(**parameters).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    with pytest.raises(InvalidInput, match=r"must lie within data_range, 0 to 1, got values from -0\.5 to 1"):
        model.certified_radius([[-0.5, 1.0]], data_range=(0, 1))
    for wrong in ((1, 0), (0, np.nan), (0, np.inf), ("a", 1), (None, 1), (0,), (0, 1, 2), 5):
        with pytest.raises(
            InvalidInput, match=r"data_range must be \(low, high\), finite numbers with low < high, got"
        ):
            model.certified_radius([[0.5, 1.0]], data_range=wrong)
