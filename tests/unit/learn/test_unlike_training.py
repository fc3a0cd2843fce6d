"""Rows that are unlike all that a classifier was trained on: they are counted, and get even probabilities."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits

from densehop import DenseAssociativeClassifier
from densehop.learn.classifier.nearness import Nearness, nearest, nearness_of


@pytest.mark.parametrize("interaction", ["rectified", "exponential"])
@pytest.mark.parametrize("kind", ["learned", "stored"])
def test_rows_that_training_says_nothing_about_have_even_probabilities(digits, kind, interaction):
    """Images of one grey, or far out of range: nearly equal, in the order of `predict`, and counted in a warning."""
    train, test, train_classes, _ = digits
    model = DenseAssociativeClassifier(20, kind=kind, interaction=interaction, max_iter=5, random_state=0)
    model.fit(train[:400], train_classes[:400])
    greys = np.tile(np.linspace(0, 16, 9)[:, None], 64)
    asked = np.vstack([greys, test[:20] * 10, test[:20] + 100])
    with pytest.warns(UserWarning, match="49 of 49 rows"):
        found = model.predict_proba(asked)
    assert found.max() < 0.11
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (model.classes_[found.argmax(axis=1)] == model.predict(asked)).all()
    with pytest.warns(UserWarning, match="9 of 20 rows"):
        beside = model.predict_proba(sp.csr_array(np.vstack([greys, test[:11]])))[9:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = model.predict_proba(test[:11])
        model.predict(asked)
    np.testing.assert_allclose(beside, alone)


@pytest.mark.filterwarnings("ignore:[0-9] of 540 rows")  # of test images, some lie a little further out than training
@pytest.mark.parametrize("kind", ["learned", "stored"])
def test_images_that_are_no_digits_are_not_told_with_confidence(digits, kind):
    """Inverted digits, shuffled pixels and noise: none above 0.9; other digits keep what they had."""
    train, test, train_classes, _ = digits
    model = DenseAssociativeClassifier(50, kind=kind, random_state=0, max_iter=10).fit(train[:600], train_classes[:600])
    random = np.random.default_rng(0)
    strange = np.vstack([16 - test[:100], random.permuted(test[:100], axis=1), random.uniform(0, 16, (100, 64))])
    with pytest.warns(UserWarning, match="300 of 300 rows are of nearly one value"):
        found = model.predict_proba(strange)
    assert found.max() < 0.2
    assert (model.classes_[found.argmax(axis=1)] == model.predict(strange)).all()
    plain = deepcopy(model)
    plain._nearness = Nearness(model._nearness.rows, np.inf)
    same = (model.predict_proba(test) == plain.predict_proba(test)).all(axis=1)
    assert same.mean() > 0.99


def test_the_reach_of_training_rows_is_that_of_their_distances():
    """Against cdist, copies left out; later parts widen it, and few rows or features say nothing."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(80, 9)).astype(np.float32)
    rows[40] = rows[3]
    found, across = nearness_of(rows), cdist(rows, rows)
    across[across == 0] = np.inf
    assert found.reach == pytest.approx(1.1 * across.min(axis=1).max(), rel=1e-5)
    assert (found.strange(rows) == 0).all()
    far = np.full((1, 9), 50, dtype=np.float32)
    assert found.strange(far) == 1
    assert found.wider(far).strange(far) == 0
    assert nearness_of(rows[:20]).strange(far) == 0
    assert nearness_of(rows[:, :5]).strange(far[:, :5]) == 0
    assert nearness_of(np.ones((60, 9), dtype=np.float32)).strange(far) == 0
    half = nearest(0.5 * rows + 0.5 * far, rows)
    np.testing.assert_allclose(half, cdist(0.5 * rows + 0.5 * far, rows).min(axis=1), rtol=1e-4)


def test_rows_like_later_parts_are_no_strangers(digits):
    """`partial_fit` knows the range of all its parts; a row of one value is known where training had one."""
    train, classes = digits[0][:100], digits[2][:100]
    model = DenseAssociativeClassifier(20, random_state=0).partial_fit(train, classes, np.unique(classes))
    later = np.vstack([train[:50] * 10, np.full((1, 64), 8.0)])
    model.partial_fit(later, classes[:51])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_proba(later)


def test_of_few_features_nothing_is_strange():
    rows = np.random.default_rng(0).normal(size=(100, 2))
    model = DenseAssociativeClassifier(degree=2, max_iter=2, random_state=0).fit(rows, rows[:, 0] > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_proba([[0.5, 0.5], [9.0, -9.0]])


def test_the_warning_counts_every_row_whose_probabilities_move():
    """Rows a little too far out, too, by whatever changes their probabilities by more than 0.01."""
    images, classes = load_digits(return_X_y=True)  # in their order: later ones are by other writers
    model, test = DenseAssociativeClassifier(kind="stored", degree=30).fit(images[:300], classes[:300]), images[300:]
    with pytest.warns(UserWarning, match="rows are of nearly one value") as told:
        found = model.predict_proba(test)
    plain = deepcopy(model)
    plain._nearness = Nearness(model._nearness.rows, np.inf)
    moved = (abs(found - plain.predict_proba(test)) > 0.01).any(axis=1)
    much = int((model._strange(test) > 0.5).sum())
    assert moved.sum() > much > 0
    assert str(told[0].message).startswith(f"{moved.sum()} of {len(test)} rows")
    assert str(told[0].message).endswith(f"those of {much} by more than half")
