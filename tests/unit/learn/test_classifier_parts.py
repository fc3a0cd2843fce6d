"""`partial_fit` of exponential memories where classes come one after the other."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from densehop import DenseAssociativeClassifier


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(150, 6, centers=3, random_state=0)


@pytest.mark.parametrize("n_memories", [None, 30])
@pytest.mark.parametrize("parameters", [{"interaction": "exponential"}, {"objective": "certified", "radius": 0.5}])
def test_a_class_that_comes_later_gets_memories(blobs, parameters, n_memories):
    rows, classes = blobs
    model = DenseAssociativeClassifier(n_memories, random_state=0, **parameters)
    for _ in range(2):
        model.partial_fit(rows[classes == 0], classes[classes == 0], classes=range(3))
    assert (model.predict(rows) == 0).all()
    model.partial_fit(rows[classes == 2], classes[classes == 2])
    assert set(model.predict(rows)) == {0, 2}
    for _ in range(3):
        model.partial_fit(rows, classes)
    assert model.score(rows, classes) > 0.98
    counts = np.bincount(model.label_memories_.argmax(axis=1))
    assert (np.diff(model.label_memories_.argmax(axis=1)) >= 0).all()
    assert (counts == (n_memories or 100) // 3).all() or n_memories is None
    assert counts.min() > 0.8 * counts.max()


def test_the_sharpness_is_found_when_there_is_a_second_class(blobs):
    """One class does not tell it; classes in parts lead to about the memories of a fit, where a given one is kept."""
    rows, classes = blobs
    whole = DenseAssociativeClassifier(interaction="exponential", max_iter=1, random_state=0).fit(rows, classes)
    parts, given = (
        DenseAssociativeClassifier(interaction="exponential", sharpness=sharpness, learning_rate=1e-6, random_state=0)
        for sharpness in (None, 7.0)
    )
    for model in (parts, given):
        for label in range(3):
            model.partial_fit(rows[classes == label], classes[classes == label], classes=range(3))
    assert parts.sharpness_ == pytest.approx(whole.sharpness_, rel=0.5)
    assert given.sharpness_ == pytest.approx(7.0, rel=1e-3)


def test_memories_that_are_there_stay_and_keep_their_training(blobs):
    rows, classes = blobs
    model = DenseAssociativeClassifier(30, interaction="exponential", learning_rate=1e-9, random_state=0)
    model.partial_fit(rows[classes < 2], classes[classes < 2], classes=range(3))
    before, squares = model.memories_.copy(), [array.copy() for array in model._learner.trainer.adam.squares]
    model.partial_fit(rows, classes)
    np.testing.assert_allclose(model.memories_[: len(before)], before, atol=1e-6)
    after = model._learner.trainer.adam.squares
    assert [len(array) for array in after[:2]] == [30, 30]
    assert len(before) == 20
    assert (after[0][:20] >= 0.99 * squares[0]).all()


def test_the_directions_of_one_class_are_not_those_of_all():
    """Certified training in L2 keeps to the principal directions of its samples, unless classes are yet to come."""
    rows, classes = make_blobs(1000, 101, centers=2, random_state=0)
    for present, kept in ((classes, True), (np.zeros(1000), False)):
        model = DenseAssociativeClassifier(10, objective="certified", radius=0.1, batch_size=1000, random_state=0)
        model.partial_fit(rows, present, classes=[0, 1])
        assert (model._learner.axes is not None) == kept
