"""Weights of samples: no common factor matters, and a copy is a weight of 2."""

import numpy as np
import pytest
from sklearn.datasets import load_wine, make_blobs
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from densehop import DenseAssociativeClassifier, InvalidInput
from densehop.learn.classifier.samples import Samples

FACTORS = (1e-300, 1e-6, 1 / 89, 3.0, 1e6, 1e300)
KINDS = [
    {"interaction": "exponential", "kind": "stored"},
    {"interaction": "exponential"},
    {"objective": "certified", "radius": 0.5},
    {"kind": "stored"},
    {"class_energy": "linear"},
    {"class_energy": "exact"},
    {"loss": "published", "degree": 3},
]


@pytest.fixture(scope="module")
def wine():
    rows, classes = load_wine(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    return train_test_split(rows, classes, test_size=0.5, stratify=classes, random_state=0)


def model(parameters, **more):
    return DenseAssociativeClassifier(max_iter=2, random_state=0, **parameters, **more)


@pytest.mark.parametrize("parameters", KINDS, ids=str)
def test_a_common_factor_of_all_weights_cancels(wine, parameters):
    train, test, classes, _ = wine
    weights = np.random.default_rng(0).uniform(0.5, 2, len(train))
    plain = model(parameters).fit(train, classes)
    weighted = model(parameters).fit(train, classes, weights).decision_function(test)
    for factor in FACTORS:
        alike = model(parameters).fit(train, classes, np.full(len(train), factor))
        np.testing.assert_array_equal(alike.decision_function(test), plain.decision_function(test))
        found = model(parameters).fit(train, classes, factor * weights).decision_function(test)
        np.testing.assert_allclose(found, weighted, rtol=1e-9, atol=1e-9)
    assert not np.allclose(weighted, plain.decision_function(test), rtol=1e-3)
    light = model(parameters, class_weight=dict.fromkeys(range(3), 1e-3)).fit(train, classes)
    np.testing.assert_array_equal(light.decision_function(test), plain.decision_function(test))


@pytest.mark.parametrize("parameters", KINDS, ids=str)
def test_a_common_factor_of_the_weights_of_all_parts_cancels(wine, parameters):
    train, test, classes, _ = wine
    weights = np.random.default_rng(0).uniform(0.5, 2, len(train)) * np.where(np.arange(len(train)) < 40, 1, 5)
    scores = []
    for factor in (1.0, 1e-6, 1e6):
        parts = model(parameters)
        for rows in (slice(0, 40), slice(40, None)):
            parts.partial_fit(train[rows], classes[rows], range(3), factor * weights[rows])
        scores.append(parts.decision_function(test))
    for found in scores[1:]:
        np.testing.assert_allclose(found, scores[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("interaction", ["rectified", "exponential"])
def test_a_copy_is_a_weight_of_two(interaction):
    """The sharpness, or the degree and the temperature, that are chosen by leaving samples out with their copies."""
    samples, classes = make_blobs(60, 3, centers=3, cluster_std=4.0, random_state=0)
    samples = samples.astype(np.float32)
    counts = 1 + np.arange(60) % 3
    weighted, copied = (DenseAssociativeClassifier(interaction=interaction, kind="stored") for _ in range(2))
    weighted.fit(samples, classes, counts)
    copied.fit(np.repeat(samples, counts, axis=0), np.repeat(classes, counts))
    name = "sharpness_" if interaction == "exponential" else "inverse_temperature_"
    assert getattr(weighted, name) == pytest.approx(getattr(copied, name), rel=1e-3)
    np.testing.assert_allclose(weighted.predict_proba(samples), copied.predict_proba(samples), atol=1e-3)
    if interaction == "exponential":
        np.testing.assert_allclose(weighted.decision_function(samples), copied.decision_function(samples), atol=1e-2)


def test_weights_in_units_of_their_mean_neither_vanish_nor_overflow():
    for largest in (1e-310, 1.0, 1.7e308):
        samples = Samples(np.zeros((3, 1)), np.arange(3), largest * np.array([1.0, 0.5, 0.3]))
        relative = samples.in_units_of(samples.mean_weight()).weights
        np.testing.assert_allclose(relative, np.array([1.0, 0.5, 0.3]) / 0.6, rtol=1e-9)
    ends = Samples(np.zeros((2, 1)), np.arange(2), np.array([1e-320, 1e300]))
    assert (ends.in_units_of(ends.mean_weight()).weights > 0).all()


def test_hidden_weights_are_refused(wine):
    weights = np.ma.masked_less(np.arange(len(wine[0])), 5)
    with pytest.raises(InvalidInput, match="sample_weight hides values behind a mask"):
        model({}).fit(wine[0], wine[2], weights)
