"""The learner of rectified powers: first memories, degree, loss and training."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.degree import stored_degree
from densehop.learn.classifier.inputs import class_distance, noise_level
from densehop.learn.classifier.losses import CrossEntropy, Published, largest_rate, log_drive
from densehop.learn.classifier.parameters import batch_of
from densehop.learn.classifier.scores import Memories, class_scores, memory_gradients
from densehop.learn.classifier.temperature import LeftOut
from densehop.learn.classifier.training import Loss, Trained, Trainer, first_memories

FLAT, STEEP = -1.0, 1.0  # log of a typical argument of the published loss's tanh, at the first and in the last epoch
LABEL_WEIGHT = {"learned": 0.5, "stored": 0.1}  # chosen on validation splits of digits and MNIST, as the next line
INVERSE_TEMPERATURE = 20.0
N_MEMORIES, RATE = 100, 0.05
JITTER = 0.01  # of the spread of first memories, so that two copies of a sample come apart


@dataclass
class RectifiedLearner(Trained):
    """Rectified memories, in training or stored.

    Attributes
    ----------
    trainer : their values (K, N) and (K, C)
    degree, floor : floats
    loss, loss_power, learning_rate : of the estimator
    left_out : of stored memories, what their temperature is found from
    log_scale : of the published loss, at the first epoch
    """

    degree: float
    floor: float
    loss: str
    loss_power: int
    learning_rate: float
    left_out: LeftOut | None
    log_scale: float = 0.0

    @property
    def network(self) -> Memories:
        """The memories."""
        visible, labels = self.trainer.arrays
        return Memories(visible, labels, self.degree, self.floor)

    @property
    def inverse_temperature(self) -> float:
        """That of the probabilities where none is given."""
        return INVERSE_TEMPERATURE if self.left_out is None else self.left_out.inverse_temperature

    def rate(self, inputs: Reals) -> float:
        """Return the first learning rate."""
        if self.loss == "cross_entropy":
            return self.learning_rate
        return min(self.learning_rate, largest_rate(inputs, self.network.n_classes, self.degree) or np.inf)

    def epoch(
        self,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        inverse_temperature: float,
        progress: float,
        rates: Iterator[float],
        random: np.random.Generator,
    ) -> float:
        """Train once over the inputs and return the mean loss."""
        loss = self._loss(inputs, inverse_temperature, progress)

        def step(batch: Reals, labels: Integers, amounts: Reals | None) -> tuple[float, list[Reals]]:
            network = self.network
            scores = class_scores(network, batch, none=loss.none)
            value, upstream = loss(scores.scores, labels, amounts)
            return value, list(memory_gradients(network, scores, upstream, batch))

        return self.trainer.epoch(inputs, classes, weights, step, rates, random)

    def _loss(self, inputs: Reals, inverse_temperature: float, progress: float) -> Loss:
        """Return the loss of an epoch; the published one gets its temperature from a sample of the scores."""
        if self.loss == "cross_entropy":
            return CrossEntropy(inverse_temperature / self.degree)
        if progress > 0:
            return Published(self.log_scale - (STEEP - FLAT) * progress, self.loss_power)
        sample = inputs[:: -(-len(inputs) // 200)]
        scores = class_scores(self.network, sample, none=True).scores.astype(np.float64)
        self.log_scale = log_drive(scores) - FLAT
        return Published(self.log_scale, self.loss_power)


def start_rectified(
    model: Any,
    inputs: Reals,
    classes: Integers,
    weights: Floats | None,
    n_classes: int,
    degree: float,
    random: np.random.Generator,
) -> RectifiedLearner:
    """Return the first memories of an estimator's parameters, from inputs (M, N), their classes and their weights."""
    n_samples, learned = len(inputs), model.kind == "learned"
    rows, number = np.arange(n_samples), N_MEMORIES if model.n_memories is None else model.n_memories
    if learned:
        rows = random.choice(n_samples, number, replace=number > n_samples)
    memories = first_memories(inputs, classes, n_classes, degree, rows, LABEL_WEIGHT[model.kind], weights)
    noise, left_out = 0.0, None
    if learned:
        noise = model.input_noise
        if noise is None:
            noise = noise_level(inputs, class_distance(inputs, classes))
        noise_terms = random.standard_normal(memories.visible.shape, dtype=np.float32)
        memories.visible[...] += JITTER * memories.visible.std() * noise_terms
    else:
        if model.degree is None:
            memories = replace(memories, degree=stored_degree(memories, inputs, classes, weights))
        memories = memories.weighted(weights)
        left_out = LeftOut(memories, inputs, classes, weights)
    return RectifiedLearner(
        Trainer([memories.visible, memories.labels], batch_of(model, n_samples, linear=False), float(noise)),
        memories.degree,
        memories.floor,
        model.loss,
        model.loss_power,
        RATE if model.learning_rate is None else model.learning_rate,
        left_out,
    )
