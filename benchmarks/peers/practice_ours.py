"""Training and restoring with this package."""

from collections.abc import Callable
from itertools import repeat

import numpy as np

from densehop import DenseAssociativeMemory
from densehop.base.arrays import Singles
from densehop.learn.classifier.losses import CrossEntropy
from densehop.learn.classifier.scores import Memories, class_scores, memory_gradients
from densehop.learn.classifier.training import Trainer
from peers.practice import BATCH, INVERSE_TEMPERATURE, RATE, Lesson, Practitioner, Recollection


class Fixed:
    """A random generator with a prescribed order of the images."""

    def __init__(self, lesson: Lesson) -> None:
        self.order, self.standard_normal = lesson.order, np.random.default_rng(0).standard_normal

    def permutation(self, _: int) -> object:
        return self.order


def gradient(lesson: Lesson) -> Singles:
    rows, first = lesson.order[:BATCH], lesson.memories
    found = class_scores(first, lesson.images[rows])
    upstream = CrossEntropy(INVERSE_TEMPERATURE / first.degree)(found.scores, lesson.classes[rows])[1]
    return np.asarray(memory_gradients(first, found, upstream, lesson.images[rows])[0], dtype=np.float32)


def train(lesson: Lesson) -> Callable[[], Singles]:
    loss = CrossEntropy(INVERSE_TEMPERATURE / lesson.memories.degree)

    def run() -> Singles:
        first = lesson.memories
        trainer = Trainer(
            Memories(first.visible.copy(), first.labels.copy(), first.degree, first.floor), BATCH, lesson.noise
        )
        trainer.epoch(lesson.images, lesson.classes, loss, repeat(RATE), Fixed(lesson))  # type: ignore[arg-type]
        return np.asarray(trainer.memories.visible, dtype=np.float32)

    return run


def restore(task: Recollection) -> Callable[[], Singles]:
    memory = DenseAssociativeMemory(beta=task.beta, max_steps=task.steps).fit(task.stored)

    def run() -> Singles:
        return np.asarray(memory.transform(task.corrupted), dtype=np.float32)

    return run


def practitioner() -> Practitioner:
    return Practitioner("densehop", gradient, train, restore)
