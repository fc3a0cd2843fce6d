"""Certified training in the span of principal directions, and without numbers that are slow."""

import numpy as np
from scipy.special import logsumexp
from sklearn.datasets import make_blobs

from densehop import DenseAssociativeClassifier
from densehop.learn.classifier.exponential import ExponentialMemories
from densehop.learn.classifier.margins import margin_gradients

TINY = float(np.finfo(np.float32).tiny)


def wide(n_samples=1000, width=120):
    return make_blobs(n_samples, width, centers=3, cluster_std=3.0, random_state=0)


def test_loss_and_gradient_in_the_span_are_those_of_all_space():
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(9, 4)))[0].T
    inputs, classes = random.normal(size=(12, 9)), np.arange(12) % 3
    coordinates, owners = random.normal(size=(7, 4)), np.array([0, 0, 1, 1, 1, 2, 2])
    whole, within = (
        margin_gradients(ExponentialMemories(visible, np.zeros(7), owners, 0.7, 3), seen, classes, 2.0, 0.5)
        for visible, seen in ((coordinates @ axes, inputs), (coordinates, inputs @ axes.T))
    )
    assert abs(whole.loss - within.loss) < 1e-12
    np.testing.assert_allclose(whole.visible @ axes.T, within.visible, atol=1e-12)
    np.testing.assert_allclose(whole.log_weights, within.log_weights, atol=1e-12)
    assert abs(whole.log_sharpness - within.log_sharpness) < 1e-10


def test_memories_trained_in_l2_keep_to_the_principal_directions():
    samples, classes = wide()
    ranks = {}
    for norm in ("l2", "linf"):
        model = DenseAssociativeClassifier(
            150, objective="certified", norm=norm, radius=0.5, max_iter=1, random_state=0
        )
        ranks[norm] = np.linalg.matrix_rank(model.fit(samples, classes).memories_, tol=1e-3)
        assert model.score(samples, classes) > 0.99
    assert ranks == {"l2": 100, "linf": 120}


def test_the_memories_are_those_of_the_best_or_of_the_last_epoch():
    samples, classes = wide()
    model = DenseAssociativeClassifier(
        20, objective="certified", radius=2.0, max_iter=3, random_state=0, early_stopping=True, n_iter_no_change=1
    ).fit(samples, classes)
    parts = DenseAssociativeClassifier(20, objective="certified", radius=2.0, max_iter=3, random_state=0)
    first, second = (
        parts.partial_fit(samples[rows], classes[rows], classes=[0, 1, 2]).memories_
        for rows in (slice(None), slice(500, None))
    )
    assert not np.allclose(first, second, atol=1e-3)
    assert parts.score(samples, classes) > 0.99
    again = model.memories_
    assert model.score(samples, classes) > 0.99
    np.testing.assert_array_equal(again, model.memories_)


def test_no_share_is_subnormal_and_no_score_feels_it():
    random = np.random.default_rng(0)
    memories = ExponentialMemories(random.normal(size=(40, 5)), np.zeros(40), np.arange(40) // 20, 30.0, 2)
    logs = memories.logs(random.normal(size=(50, 5)))
    scores, shares = memories.sums(logs)
    assert (np.ptp(logs, axis=1) > 100).any()
    np.testing.assert_allclose(
        scores, np.stack([logsumexp(logs[:, :20], 1), logsumexp(logs[:, 20:], 1)], 1), rtol=1e-14
    )
    assert shares.min() > TINY * 1e10
    gradients = margin_gradients(memories, random.normal(size=(50, 5)), np.arange(50) % 2, 6.0, 0.3)
    assert (np.abs(gradients.log_weights[gradients.log_weights != 0]) > TINY).all()
