"""The learner of memories whose class values count to first order: where they start, and their training."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from densehop.base.arrays import Floats, Integers, Reals
from densehop.base.workers import count_workers, threaded_map
from densehop.learn.classifier.inputs import class_distance
from densehop.learn.classifier.linear_blocks import BLOCK, LEVELS, Block, Blocks
from densehop.learn.classifier.linear_scores import LinearMemories
from densehop.learn.classifier.losses import CrossEntropy
from densehop.learn.classifier.parameters import batch_of
from densehop.learn.classifier.training import Trained, Trainer

RATE = 0.03  # first learning rate
LENGTH = 3.0  # of a typical input in training, beside memories of length 1
DROPOUT, SMOOTHING = 0.3, 0.05
RADIUS = 0.05  # of how far inputs move, in distances to the nearest sample of another class
SHARE, FEWEST, MOST = 0.4, 100, 1000  # memories, where no number is given
VALUE = 0.3  # of a memory for its own class, before the factor that all share


@dataclass
class LinearLearner(Trained):
    """Memories in training, at inputs of a typical length.

    Attributes
    ----------
    trainer : of visible values (K, N), biases (K,) and class values (K, C) of each block of memories, then thresholds
        (C,) and the logarithm of a factor of all class values (1,)
    degree : float
    gain : float, of the inputs
    learning_rate, dropout : floats
    radius : float, how far each input moves in the direction in which the loss rises fastest
    n_jobs : int or None, threads that share the blocks; None: one for each core
    inverse_temperature : float, of the probabilities where none is given
    """

    degree: float
    gain: float
    learning_rate: float
    dropout: float
    radius: float
    n_jobs: int | None
    inverse_temperature: float = 1.0

    @property
    def network(self) -> LinearMemories:
        """The memories."""
        *blocks, thresholds, factor = self.trainer.arrays
        visible, biases, labels = (np.concatenate(blocks[place::3]) for place in range(3))
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
        gain, radius = inputs.dtype.type(self.gain), inputs.dtype.type(self.gain * self.radius)

        def step(batch: Reals, labels: Integers, amounts: Reals | None) -> tuple[float, list[Reals]]:
            batch = batch * gain
            if radius > 0:
                batch += radius * blocks.uphill(batch, labels)
            return blocks.gradients(batch, labels, amounts)

        values, (thresholds, factor) = self.trainer.arrays[:-2], self.trainer.arrays[-2:]
        dropped, streams = round(LEVELS * self.dropout), random.spawn(len(values) // 3)
        parts = [
            Block(visible, biases, labels, self.degree, dropped, stream)
            for visible, biases, labels, stream in zip(values[::3], values[1::3], values[2::3], streams, strict=True)
        ]
        with threaded_map(min(count_workers(self.n_jobs), len(parts))) as each:
            blocks = Blocks(parts, thresholds, factor, CrossEntropy(1.0, SMOOTHING), each)
            return self.trainer.epoch(inputs, classes, weights, step, rates, random, each)


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
    squares = (inputs.astype(np.float64) ** 2).sum(axis=1)
    typical = float(np.sqrt(np.average(squares, weights=weights))) or 1.0
    number = memories_of(model, len(inputs))
    rows = random.choice(len(inputs), number, replace=number > len(inputs))
    lengths = np.sqrt(np.maximum(squares[rows], 1e-12 * typical**2))
    visible = inputs[rows] / lengths[:, None].astype(inputs.dtype)
    visible += 0.01 * visible.std() * random.standard_normal(visible.shape, dtype=np.float32)
    labels = VALUE * np.where(np.arange(n_classes) == classes[rows][:, None], 1.0, -1 / (n_classes - 1))
    starts = [visible, np.zeros(number), labels]
    blocks = [[start[first : first + BLOCK] for start in starts] for first in range(0, number, BLOCK)]
    arrays = [*chain.from_iterable(blocks), np.zeros(n_classes), np.zeros(1)]
    arrays = [array.astype(inputs.dtype, copy=False) for array in arrays]
    noise, radius = model.input_noise, 0.0
    if noise is None:
        noise, radius = 0.0, RADIUS * class_distance(inputs, classes)
    learner = LinearLearner(
        Trainer(arrays, batch_of(model, len(inputs), linear=True), float(noise)),
        degree,
        LENGTH / typical,
        RATE if model.learning_rate is None else model.learning_rate,
        DROPOUT,
        radius,
        None if model.n_jobs is None else effective_n_jobs(model.n_jobs),
    )
    spread = float(learner.network.scores(inputs[:: -(-len(inputs) // 200)]).std())
    arrays[-1][...] = -np.log(spread or 1.0)
    return learner


def memories_of(model: Any, n_samples: int) -> int:
    """Return the number of memories, as given or by that of the samples."""
    if model.n_memories is not None:
        return int(model.n_memories)
    return min(max(FEWEST, round(SHARE * n_samples)), MOST)
