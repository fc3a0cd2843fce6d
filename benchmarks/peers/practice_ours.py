"""Training and restoring with this package."""

from collections.abc import Callable
from itertools import repeat

import numpy as np

from densehop import DenseAssociativeMemory
from densehop.base.arrays import Integers, Reals, Singles
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
    loss, first = CrossEntropy(INVERSE_TEMPERATURE / lesson.memories.degree), lesson.memories

    def run() -> Singles:
        trainer = Trainer([first.visible.copy(), first.labels.copy()], BATCH, lesson.noise)

        def step(batch: Reals, classes: Integers, _: Reals | None) -> tuple[float, list[Reals]]:
            memories = Memories(trainer.arrays[0], trainer.arrays[1], first.degree, first.floor)
            found = class_scores(memories, batch)
            value, upstream = loss(found.scores, classes)
            return value, list(memory_gradients(memories, found, upstream, batch))

        trainer.epoch(lesson.images, lesson.classes, None, step, repeat(RATE), Fixed(lesson))  # type: ignore[arg-type]
        return np.asarray(trainer.arrays[0], dtype=np.float32)

    return run


def restore(task: Recollection) -> Callable[[], Singles]:
    memory = DenseAssociativeMemory(beta=task.beta, max_steps=task.steps).fit(task.stored)

    def run() -> Singles:
        return np.asarray(memory.transform(task.corrupted), dtype=np.float32)

    return run


def practitioner() -> Practitioner:
    return Practitioner("densehop", gradient, train, restore)
