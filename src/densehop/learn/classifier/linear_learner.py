"""The learner of memories whose class values count to first order: where they start, and their training."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from densehop.base.arrays import Floats, Integers, Reals
from densehop.base.workers import count_workers, threaded_map
from densehop.learn.classifier.inputs import noise_level
from densehop.learn.classifier.linear_blocks import BLOCK, LEVELS, Block
from densehop.learn.classifier.linear_scores import LinearMemories
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
    trainer : of visible values (K, N), biases (K,) and class values (K, C) of each block of memories, then thresholds
        (C,) and the logarithm of a factor of all class values (1,)
    degree : float
    gain : float, of the inputs
    learning_rate, dropout : floats
    n_jobs : int or None, threads that share the blocks; None: one for each core
    inverse_temperature : float, of the probabilities where none is given
    """

    degree: float
    gain: float
    learning_rate: float
    dropout: float
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
        loss = CrossEntropy(1.0, SMOOTHING)
        gain = inputs.dtype.type(self.gain)
        blocks, (thresholds, factor) = self._blocks(random), self.trainer.arrays[-2:]

        def step(batch: Reals, labels: Integers, amounts: Reals | None) -> tuple[float, list[Reals]]:
            batch = batch * gain
            unscaled = sum(each(lambda block: block.scores(batch), blocks))
            scale = np.exp(factor) * inputs.dtype.type(LEVELS / (LEVELS - blocks[0].dropped))
            value, upstream = loss(scale * unscaled + thresholds, labels, amounts)
            upstream = upstream.astype(inputs.dtype, copy=False)
            by_factor = np.array([(upstream * scale * unscaled).sum()], dtype=inputs.dtype)
            parts = each(lambda block: block.gradients(batch, scale * upstream), blocks)
            return value, [*chain.from_iterable(parts), upstream.sum(axis=0), by_factor]

        with threaded_map(min(count_workers(self.n_jobs), len(blocks))) as each:
            return self.trainer.epoch(inputs, classes, weights, step, rates, random, each)

    def _blocks(self, random: np.random.Generator) -> list[Block]:
        """Return the blocks, each with a stream for the epoch."""
        values, dropped = self.trainer.arrays[:-2], round(LEVELS * self.dropout)
        streams = random.spawn(len(values) // 3)
        parts = zip(values[::3], values[1::3], values[2::3], streams, strict=True)
        return [
            Block(visible, biases, labels, self.degree, dropped, stream) for visible, biases, labels, stream in parts
        ]


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
    starts = [visible, np.zeros(number), values]
    blocks = [[start[first : first + BLOCK] for start in starts] for first in range(0, number, BLOCK)]
    arrays = [*chain.from_iterable(blocks), np.zeros(n_classes), np.zeros(1)]
    noise = noise_level(inputs, classes) if model.input_noise is None else model.input_noise
    arrays = [array.astype(inputs.dtype, copy=False) for array in arrays]
    learner = LinearLearner(
        Trainer(arrays, batch_of(model, len(inputs), linear=True), float(noise)),
        degree,
        LENGTH / typical,
        RATE if model.learning_rate is None else model.learning_rate,
        DROPOUT,
        None if model.n_jobs is None else effective_n_jobs(model.n_jobs),
    )
    spread = float(learner.network.scores(inputs[:: -(-len(inputs) // 200)]).std())
    arrays[-1][...] = -np.log(spread or 1.0)
    return learner
