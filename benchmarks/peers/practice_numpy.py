"""Training and restoring as one writes them down in NumPy."""

from collections.abc import Callable

import numpy as np

from densehop.base.arrays import Singles
from peers.practice import BATCH, INVERSE_TEMPERATURE, RATE, Lesson, Practitioner, Recollection

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8


def gradients(lesson: Lesson, visible: Singles, labels: Singles, batch: Singles, classes: Singles) -> list[Singles]:
    """Return d loss/d visible (K, N) and d loss/d labels (K, C)."""
    degree, floor = np.float32(lesson.memories.degree), np.float32(lesson.memories.floor)
    scale = np.float32(INVERSE_TEMPERATURE) / degree
    offsets = np.ascontiguousarray(2 * labels.T - labels.sum(axis=1))
    raw = (batch @ visible.T)[:, None, :] + offsets[None]
    fields = np.maximum(raw, floor)
    terms = degree * np.log(fields)
    largest = terms.max(axis=2, keepdims=True)
    powers = np.exp(terms - largest)
    sums = powers.sum(axis=2, keepdims=True)
    scores = (np.log(sums) + largest)[:, :, 0]
    exponentials = np.exp(scale * (scores - scores.max(axis=1, keepdims=True)))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    by_score = scale * (probabilities - classes) / np.float32(len(batch))
    by_field = by_score[:, :, None] * degree * powers / sums / fields * (raw > floor)
    by_offset = by_field.sum(axis=0)
    return [by_field.sum(axis=1).T @ batch, 2 * by_offset.T - by_offset.sum(axis=0)[:, None]]


def one_hot_of(lesson: Lesson) -> Singles:
    return np.eye(lesson.memories.labels.shape[1], dtype=np.float32)[lesson.classes]


def gradient(lesson: Lesson) -> Singles:
    rows, first = lesson.order[:BATCH], lesson.memories
    return gradients(lesson, first.visible, first.labels, lesson.images[rows], one_hot_of(lesson)[rows])[0]


def train(lesson: Lesson) -> Callable[[], Singles]:
    rng = np.random.default_rng(0)
    one_hot = one_hot_of(lesson)

    def run() -> Singles:
        arrays = [lesson.memories.visible.copy(), lesson.memories.labels.copy()]
        means, squares = [np.zeros_like(one) for one in arrays], [np.zeros_like(one) for one in arrays]
        for step, first in enumerate(range(0, len(lesson.order), BATCH), start=1):
            rows = lesson.order[first : first + BATCH]
            batch = lesson.images[rows]
            batch = batch + np.float32(lesson.noise) * rng.standard_normal(batch.shape, dtype=np.float32)
            for place, slope in enumerate(gradients(lesson, arrays[0], arrays[1], batch, one_hot[rows])):
                means[place] = FIRST * means[place] + (1 - FIRST) * slope
                squares[place] = SECOND * squares[place] + (1 - SECOND) * slope**2
                mean, square = means[place] / (1 - FIRST**step), squares[place] / (1 - SECOND**step)
                arrays[place] = arrays[place] - np.float32(RATE) * mean / (np.sqrt(square) + TINY)
        return np.asarray(arrays[0], dtype=np.float32)

    return run


def restore(task: Recollection) -> Callable[[], Singles]:
    def run() -> Singles:
        states = task.corrupted.copy()
        moving = np.arange(len(states))
        for _ in range(task.steps):
            now = states[moving]
            scores = np.float32(task.beta) * (now @ task.stored.T)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            fields = weights @ task.stored
            after = np.where(fields == 0, now, np.sign(fields))
            states[moving] = after
            moving = moving[(after != now).any(axis=1)]
            if not len(moving):
                break
        return np.asarray(states)

    return run


def practitioner() -> Practitioner:
    return Practitioner("NumPy", gradient, train, restore)
