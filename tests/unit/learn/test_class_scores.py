"""What a classifier learns by: its scores, the gradients of its losses, and the steps along them."""

import numpy as np
import pytest

from densehop.learn.classifier.losses import CrossEntropy, Published
from densehop.learn.classifier.scores import Memories, class_scores, input_gradient, memory_gradients
from densehop.learn.classifier.training import Adam, Trainer, cosine


def random_network(degree, seed=0, k=5, n=7, c=3):
    random = np.random.default_rng(seed)
    return Memories(random.normal(size=(k, n)), 0.5 * random.normal(size=(k, c)), degree, 1e-3), random


@pytest.mark.parametrize("degree", [2, 3, 10])
def test_scores_are_logarithms_of_minus_the_energy_with_one_class_unit_on(degree):
    network, random = random_network(degree)
    inputs = random.normal(size=(4, 7)) * 3
    scores = class_scores(network, inputs, none=True).scores
    for row, v in zip(scores, inputs, strict=True):
        for score, units in zip(row, [*(2 * np.eye(3) - 1), -np.ones(3)], strict=True):
            fields = [x @ v + label @ units for x, label in zip(network.visible, network.labels, strict=True)]
            energy = -sum(max(field, network.floor) ** degree for field in fields)
            assert score == pytest.approx(np.log(-energy), rel=1e-12)


LOSSES = [CrossEntropy(2.0), Published(3.0, 1), Published(4.0, 2)]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("degree", [2, 5, 20])
def test_gradients_meet_finite_differences(loss, degree):
    network, random = random_network(degree)
    network = Memories(network.visible * (1 if degree < 20 else 0.3), network.labels, degree, 1e-3)
    inputs, classes = random.normal(size=(6, 7)), np.array([0, 1, 2, 0, 1, 2])
    found = class_scores(network, inputs, none=loss.none)
    _, upstream = loss(found.scores, classes)
    by_memory = memory_gradients(network, found, upstream, inputs)
    gradients = [*by_memory, input_gradient(network, found, upstream)]
    for place, gradient in enumerate(gradients):
        for index in [(0, 0), (2, 1), (4, 2)]:
            values = []
            for step in (1e-5, -1e-5):
                moved = [network.visible.copy(), network.labels.copy(), inputs.copy()]
                moved[place][index] += step
                changed = Memories(moved[0], moved[1], degree, 1e-3)
                values.append(loss(class_scores(changed, moved[2], none=loss.none).scores, classes)[0])
            numerical = (values[0] - values[1]) / 2e-5
            assert gradient[index] == pytest.approx(numerical, rel=1e-4, abs=1e-8 + 1e-6 * np.abs(gradient).max())


@pytest.mark.long  # compiling takes longer than all the rest
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("degree", [2, 10])
def test_gradients_meet_automatic_differentiation(degree):
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    network, random = random_network(degree, seed=1)
    inputs, classes = random.normal(size=(8, 7)).astype(np.float32), random.integers(0, 3, 8)

    def loss_of(visible, labels, v):
        fields = (v @ visible.T)[:, :, None] + (2 * labels - labels.sum(1, keepdims=True))[None]
        scores = jax.nn.logsumexp(degree * jnp.log(jnp.maximum(fields, 1e-3)), axis=1)
        return -jax.nn.log_softmax(2.0 * scores)[jnp.arange(8), classes].mean()

    expected = jax.grad(loss_of, argnums=(0, 1, 2))(network.visible, network.labels, inputs)
    found = class_scores(network, inputs)
    _, upstream = CrossEntropy(2.0)(found.scores, classes)
    ours = [*memory_gradients(network, found, upstream, inputs), input_gradient(network, found, upstream)]
    for mine, theirs in zip(ours, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-3, atol=2e-4 * np.abs(theirs).max())


def test_adam_is_that_of_the_definition():
    array, mean, square = np.array([1.0, -2.0]), 0.0, 0.0
    expected, adam = array.copy(), Adam.over([array])
    for step, rate in enumerate([0.1, 0.05], start=1):
        gradient = np.array([0.3, -4.0]) * step
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        expected -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        adam.step([array], [gradient], rate)
    np.testing.assert_allclose(array, expected, rtol=1e-5)


def test_a_step_of_adam_rounds_as_numpy_does():
    """Bit for bit beside whole arrays in single precision: the kernel neither fuses products nor reorders them."""
    random, number = np.random.default_rng(0), np.float32
    values = random.normal(size=(40, 50)).astype(number)
    expected, mean, square, adam = values.copy(), np.zeros_like(values), np.zeros_like(values), Adam.over([values])
    for step in range(1, 4):
        gradient = (random.normal(size=values.shape) * 10.0 ** random.integers(-9, 3, values.shape)).astype(number)
        mean += number(0.1) * (gradient - mean)
        square += number(0.001) * (gradient**2 - square)
        change = mean / (np.sqrt(square) + number(1e-8))
        expected -= (change.astype(float) * (0.02 * (np.sqrt(1 - 0.999**step) / (1 - 0.9**step)))).astype(number)
        adam.step([values], [gradient], 0.02)
    assert (values == expected).all()


def test_arrays_in_any_order_are_trained():
    """Columns side by side in memory, as Fortran keeps them, move as rows do."""
    values, gradient = np.arange(6.0).reshape(2, 3), np.array([[1.0, -2.0, 3.0], [0.0, 4.0, -5.0]])
    for order in ("C", "F"):
        trainer = Trainer([np.array(values, order=order)], batch_size=1, noise=0.0)
        trainer.adam.step(trainer.arrays, [np.array(gradient, order=order)], 0.5)
        np.testing.assert_allclose(trainer.arrays[0], values - 0.5 * np.sign(gradient), rtol=1e-6)


def test_rates_fall_along_a_cosine():
    assert list(cosine(2.0, 2)) == pytest.approx([2.0, 1.0])
