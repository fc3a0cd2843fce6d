"""A block of memories in training: what it adds to the scores of a batch, and its gradients.

Each block has random numbers of its own and sums are over blocks in their order, so that any number of threads that
share the blocks gives the same bits.
"""

from dataclasses import dataclass, field

import numpy as np

from densehop.base.arrays import Reals
from densehop.learn.classifier.linear_scores import drive, slope

BLOCK = 512  # memories: with 784 pixels they and a batch fit a core's own cache
LEVELS = 256  # of the bytes that decide which memories are dropped


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
        pull = upstream @ self.labels.T
        pull *= slope(self.fields, self.degree)
        return [pull.T @ batch, pull.sum(axis=0), self.driven.T @ upstream]
