"""Training and restoring with PyTorch on the CPU: its autograd and its Adam, its own softmax and products."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from densehop.base.arrays import Singles
from peers.practice import BATCH, INVERSE_TEMPERATURE, RATE, Lesson, Practitioner, Recollection

Tensor = Any


def loss_of(lesson: Lesson, visible: Tensor, labels: Tensor, batch: Tensor, classes: Tensor) -> Tensor:
    offsets = (2 * labels.T - labels.sum(dim=1)).contiguous()
    fields = ((batch @ visible.T)[:, None, :] + offsets).clamp(min=lesson.memories.floor)
    scores = torch.logsumexp(lesson.memories.degree * fields.log(), dim=2)
    return torch.nn.functional.cross_entropy(INVERSE_TEMPERATURE / lesson.memories.degree * scores, classes)


def gradient(lesson: Lesson) -> Singles:
    rows, first = lesson.order[:BATCH], lesson.memories
    visible = torch.from_numpy(first.visible.copy()).requires_grad_()
    batch, classes = torch.from_numpy(lesson.images[rows]), torch.from_numpy(lesson.classes[rows])
    loss_of(lesson, visible, torch.from_numpy(first.labels), batch, classes).backward()
    return np.asarray(visible.grad.numpy())


def train(lesson: Lesson) -> Callable[[], Singles]:
    images, classes = torch.from_numpy(lesson.images), torch.from_numpy(lesson.classes)
    order = torch.from_numpy(lesson.order)

    def run() -> Singles:
        visible = torch.from_numpy(lesson.memories.visible.copy()).requires_grad_()
        labels = torch.from_numpy(lesson.memories.labels.copy()).requires_grad_()
        adam = torch.optim.Adam([visible, labels], lr=RATE)
        for rows in order.split(BATCH):
            batch = images[rows]
            batch = batch + lesson.noise * torch.randn_like(batch)
            adam.zero_grad()
            loss_of(lesson, visible, labels, batch, classes[rows]).backward()
            adam.step()
        return np.asarray(visible.detach().numpy())

    return run


def restore(task: Recollection) -> Callable[[], Singles]:
    stored, corrupted = torch.from_numpy(task.stored), torch.from_numpy(task.corrupted)

    def run() -> Singles:
        with torch.inference_mode():
            states = corrupted.clone()
            moving = torch.arange(len(states))
            for _ in range(task.steps):
                now = states[moving]
                fields = torch.softmax(task.beta * (now @ stored.T), dim=1) @ stored
                after = torch.where(fields == 0, now, fields.sign())
                states[moving] = after
                moving = moving[(after != now).any(dim=1)]
                if not len(moving):
                    break
            return np.asarray(states.numpy())

    return run


def practitioner() -> Practitioner:
    return Practitioner("PyTorch", gradient, train, restore, lambda: torch.set_num_threads(1))
