"""Memories in training, in blocks: what each adds to the scores of a batch, and the gradients of the loss.

Each block has random numbers of its own and sums are over blocks in their order, so that any number of threads that
share the blocks gives the same bits.
"""

from dataclasses import dataclass, field
from functools import reduce
from itertools import chain

import numpy as np

from densehop.base.arrays import Integers, Reals
from densehop.base.workers import Each
from densehop.learn.classifier.linear_scores import drive, slope
from densehop.learn.classifier.losses import CrossEntropy

BLOCK = 512  # memories: with 784 pixels they and a batch fit a core's own cache
LEVELS = 256  # of the bytes that decide which memories are dropped
TINY = 1e-20  # length of a gradient, so that none divides by 0


@dataclass
class Block:
    """Some memories in training.

    Attributes
    ----------
    visible, biases, labels : (K, N), (K,) and (K, C)
    degree : float
    dropped : int, of LEVELS, the share of memories that an input does not meet
    random : for what is dropped
    fields, driven : (B, K), of the last batch
    """

    visible: Reals
    biases: Reals
    labels: Reals
    degree: float
    dropped: int
    random: np.random.Generator
    fields: Reals = field(init=False)
    driven: Reals = field(init=False)

    def scores(self, batch: Reals) -> Reals:
        """Return what the memories add to the scores of inputs (B, N), (B, C); the fields of those dropped are 0."""
        self.fields = batch @ self.visible.T
        self.fields += self.biases
        if self.dropped:
            levels = np.frombuffer(self.random.bytes(self.fields.size), np.uint8).reshape(self.fields.shape)
            self.fields *= levels >= self.dropped
        self.driven = drive(self.fields, self.degree)
        scores: Reals = self.driven @ self.labels
        return scores

    def gradients(self, batch: Reals, upstream: Reals) -> list[Reals]:
        """Return d loss/d visible, biases and labels from d loss/d score (B, C) of the last batch."""
        pull = self._pull(upstream)
        return [pull.T @ batch, pull.sum(axis=0), self.driven.T @ upstream]

    def input_gradient(self, upstream: Reals) -> Reals:
        """Return what the memories add to d loss/d input (B, N), from d loss/d score (B, C) of the last batch."""
        gradient: Reals = self._pull(upstream) @ self.visible
        return gradient

    def _pull(self, upstream: Reals) -> Reals:
        """Return d loss/d field, (B, K)."""
        pull: Reals = upstream @ self.labels.T
        pull *= slope(self.fields, self.degree)
        return pull


@dataclass
class Blocks:
    """All memories in training.

    Attributes
    ----------
    blocks : of memories
    thresholds, factor : (C,), and (1,) the logarithm of a factor of all class values
    loss : of scores
    each : map over the blocks
    """

    blocks: list[Block]
    thresholds: Reals
    factor: Reals
    loss: CrossEntropy
    each: Each = map

    def gradients(self, batch: Reals, classes: Integers, amounts: Reals | None) -> tuple[float, list[Reals]]:
        """Return the loss of inputs (B, N) and its gradients by the values of each block, thresholds and factor."""
        value, upstream, scaled = self._loss(batch, classes, amounts)
        by_score = self._scale() * upstream
        parts = self.each(lambda block: block.gradients(batch, by_score), self.blocks)
        by_factor = np.array([(upstream * scaled).sum()], dtype=batch.dtype)
        return value, [*chain.from_iterable(parts), upstream.sum(axis=0), by_factor]

    def uphill(self, batch: Reals, classes: Integers) -> Reals:
        """Return the directions (B, N) of length 1 in which the loss of inputs rises fastest."""
        by_score = self._scale() * self._loss(batch, classes, None)[1]
        gradient: Reals = reduce(np.add, self.each(lambda block: block.input_gradient(by_score), self.blocks))
        lengths = np.sqrt(np.einsum("bn,bn->b", gradient, gradient))
        gradient /= np.maximum(lengths, batch.dtype.type(TINY))[:, None]
        return gradient

    def _scale(self) -> Reals:
        """Return the factor of all class values, that which makes up for dropped memories included, (1,)."""
        scale: Reals = np.exp(self.factor) * self.factor.dtype.type(LEVELS / (LEVELS - self.blocks[0].dropped))
        return scale

    def _loss(self, batch: Reals, classes: Integers, amounts: Reals | None) -> tuple[float, Reals, Reals]:
        """Return the loss, d loss/d score (B, C), and the scores before the thresholds."""
        scaled: Reals = self._scale() * reduce(np.add, self.each(lambda block: block.scores(batch), self.blocks))
        value, upstream = self.loss(scaled + self.thresholds, classes, amounts)
        return value, upstream.astype(batch.dtype, copy=False), scaled
