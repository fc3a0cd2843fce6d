"""The inverse temperature of learned exponential memories: 1, unless held-out samples clearly want another."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import log_loss

from densehop import DenseAssociativeClassifier


@pytest.fixture(scope="module")
def clouds():
    """Two clouds with three wrong labels in ten, which memories learn by heart."""
    rows, classes = make_blobs([400, 400], 30, centers=[[0] * 30, [1] * 30], cluster_std=1.0, random_state=0)
    return rows, np.where(np.random.default_rng(1).random(800) < 0.3, 1 - classes, classes)


def model(**parameters):
    return DenseAssociativeClassifier(interaction="exponential", max_iter=60, random_state=0, **parameters)


def test_memories_that_overfit_are_not_sure_of_themselves(clouds):
    rows, classes = clouds
    plain = model(inverse_temperature=1.0).fit(rows[::2], classes[::2])
    chosen = model().fit(rows[::2], classes[::2])
    losses = [log_loss(classes[1::2], one.predict_proba(rows[1::2])) for one in (plain, chosen)]
    assert chosen.inverse_temperature_ < 0.6
    assert losses[1] < 0.9 * losses[0]
    np.testing.assert_array_equal(chosen.memories_, plain.memories_)
    np.testing.assert_array_equal(chosen.predict(rows), plain.predict(rows))
    light = model().fit(rows[::2], classes[::2], np.full(400, 1e-4))
    assert light.inverse_temperature_ == chosen.inverse_temperature_


def test_later_parts_train_at_the_temperature_of_the_training(clouds):
    rows, classes = clouds
    plain = model(inverse_temperature=1.0).fit(rows[::2], classes[::2])
    chosen = model().fit(rows[::2], classes[::2])
    temperature = chosen.inverse_temperature_
    for one in (plain, chosen):
        one.partial_fit(rows[1::2], classes[1::2])
    np.testing.assert_array_equal(chosen.memories_, plain.memories_)
    assert chosen.inverse_temperature_ == temperature


def test_it_stays_one_where_little_is_held_out_or_nothing_gained():
    rows, classes = make_blobs(400, 3, centers=3, cluster_std=0.5, random_state=0)
    assert model().fit(rows[:90], classes[:90]).inverse_temperature_ == 1
    random = np.random.default_rng(0)
    assert model(learning_rate=1e-9, sharpness=1e-6).fit(rows, random.permutation(classes)).inverse_temperature_ == 1
    assert model(objective="certified", radius=0.1).fit(rows, classes).inverse_temperature_ == pytest.approx(1 / 6)
