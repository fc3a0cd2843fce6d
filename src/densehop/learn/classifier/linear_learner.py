"""The learner of memories whose class values count to first order: where they start, and their training."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.inputs import noise_level
from densehop.learn.classifier.linear_scores import LinearMemories, drive, slope
from densehop.learn.classifier.losses import CrossEntropy
from densehop.learn.classifier.parameters import batch_of
from densehop.learn.classifier.training import Trained, Trainer

RATE = 0.03  # first learning rate
LENGTH = 3.0  # of a typical input in training, beside memories of length 1
DROPOUT, SMOOTHING = 0.3, 0.05
SHARE, FEWEST, MOST = 0.4, 100, 1000  # memories, where no number is given
VALUE = 0.3  # of a memory for its own class, before the factor that all share


@dataclass
class LinearLearner(Trained):
    """Memories in training, at inputs of a typical length.

    Attributes
    ----------
    trainer : of visible values (K, N), biases (K,), class values (K, C), thresholds (C,) and the logarithm of a factor
        of all class values (1,)
    degree : float
    gain : float, of the inputs
    learning_rate, dropout : floats
    inverse_temperature : float, of the probabilities where none is given
    """

    degree: float
    gain: float
    learning_rate: float
    dropout: float
    inverse_temperature: float = 1.0

    @property
    def network(self) -> LinearMemories:
        """The memories."""
        visible, biases, labels, thresholds, factor = self.trainer.arrays
        gain = visible.dtype.type(self.gain)
        return LinearMemories(visible * gain, biases, labels * np.exp(factor), thresholds, self.degree)

    def rate(self, inputs: Reals) -> float:  # noqa: ARG002 (of the protocol)
        """Return the first learning rate."""
        return self.learning_rate

    def epoch(
        self,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        inverse_temperature: float,  # noqa: ARG002 (of the probabilities alone)
        progress: float,  # noqa: ARG002 (of the protocol)
        rates: Iterator[float],
        random: np.random.Generator,
    ) -> float:
        """Train once over the inputs and return the mean loss."""
        loss = CrossEntropy(1.0, SMOOTHING)
        gain = inputs.dtype.type(self.gain)

        def step(batch: Reals, labels: Integers, amounts: Reals | None) -> tuple[float, list[Reals]]:
            visible, biases, values, thresholds, factor = self.trainer.arrays
            batch = batch * gain
            fields = batch @ visible.T
            fields += biases
            driven = drive(fields, self.degree)
            kept = np.exp(factor) / (1 - self.dropout) * (random.random(fields.shape, dtype=np.float32) >= self.dropout)
            driven *= kept
            unshifted = driven @ values
            value, upstream = loss(unshifted + thresholds, labels, amounts)
            upstream = upstream.astype(fields.dtype, copy=False)
            pull = upstream @ values.T
            pull *= slope(fields, self.degree)
            pull *= kept
            by_factor = np.array([(upstream * unshifted).sum()], dtype=fields.dtype)
            return value, [pull.T @ batch, pull.sum(axis=0), driven.T @ upstream, upstream.sum(axis=0), by_factor]

        return self.trainer.epoch(inputs, classes, weights, step, rates, random)


def start_linear(
    model: Any,
    inputs: Reals,
    classes: Integers,
    weights: Floats | None,
    n_classes: int,
    degree: float,
    random: np.random.Generator,
) -> LinearLearner:
    """Return the first memories of an estimator's parameters, from inputs (M, N), their classes and their weights."""
    number = model.n_memories
    if number is None:
        number = min(max(FEWEST, round(SHARE * len(inputs))), MOST)
    rows = random.choice(len(inputs), number, replace=number > len(inputs))
    squares = (inputs.astype(np.float64) ** 2).sum(axis=1)
    typical = float(np.sqrt(np.average(squares, weights=weights))) or 1.0
    lengths = np.sqrt(np.maximum(squares[rows], 1e-12 * typical**2))
    visible = inputs[rows] / lengths[:, None].astype(inputs.dtype)
    visible += 0.01 * visible.std() * random.standard_normal(visible.shape, dtype=np.float32)
    own = np.arange(n_classes) == classes[rows][:, None]
    values = (VALUE * np.where(own, 1.0, -1 / (n_classes - 1))).astype(inputs.dtype)
    arrays = [visible, np.zeros(number), values, np.zeros(n_classes), np.zeros(1)]
    noise = noise_level(inputs, classes) if model.input_noise is None else model.input_noise
    arrays = [array.astype(inputs.dtype, copy=False) for array in arrays]
    learner = LinearLearner(
        Trainer(arrays, batch_of(model, len(inputs), linear=True), float(noise)),
        degree,
        LENGTH / typical,
        RATE if model.learning_rate is None else model.learning_rate,
        DROPOUT,
    )
    spread = float(learner.network.scores(inputs[:: -(-len(inputs) // 200)]).std())
    arrays[-1][...] = -np.log(spread or 1.0)
    return learner
