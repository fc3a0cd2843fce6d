"""Training and restoring in the forms that peers take, and what each of them must be able to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from densehop.base.arrays import Integers, Singles
from densehop.learn.classifier.scores import Memories

BATCH, RATE, INVERSE_TEMPERATURE = 100, 0.01, 20.0


@dataclass(frozen=True)
class Lesson:
    """Images (M, N) with classes (M,), and the memories that training starts from.

    One epoch: mini-batches of 100 in the order `order`, Gaussian input noise, cross-entropy of softmax(20/n scores),
    Adam at a constant rate. `noise` is its standard deviation.
    """

    name: str
    images: Singles
    classes: Integers
    memories: Memories
    noise: float
    order: Integers


@dataclass(frozen=True)
class Recollection:
    """Stored signs (M, N), corrupted ones (B, N) and beta: all sites move to the sign of sum_a exp(beta k_a) xi_a.

    At most `steps` steps, with rows that no longer move left alone.
    """

    name: str
    stored: Singles
    corrupted: Singles
    beta: float
    steps: int


Train = Callable[[Lesson], Callable[[], Singles]]  # what runs one epoch from the first memories: visible ones, (K, N)
Restore = Callable[[Recollection], Callable[[], Singles]]  # what restores all rows, (B, N)


@dataclass(frozen=True)
class Practitioner:
    """One implementation."""

    name: str
    gradient: Callable[[Lesson], Singles]  # of the loss of the first batch without noise, by visible values (K, N)
    train: Train
    restore: Restore
    limit_threads: Callable[[], Any] = lambda: None
