"""Early stopping: what is held out, and when training has waited long enough."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from densehop.base.arrays import Integers, Reals
from densehop.learn.classifier.learner import Learner


def held_out(classes: Integers, fraction: float, random: np.random.Generator) -> tuple[Integers, Integers]:
    """Return rows for training and for validation, the classes in equal shares where there are enough of each."""
    counts = np.bincount(classes)
    large = min(fraction, 1 - fraction) * len(classes) >= len(counts)
    stratify = classes if large and counts.min() > 1 else None
    training, validation = train_test_split(
        np.arange(len(classes)), test_size=fraction, stratify=stratify, random_state=int(random.integers(2**31))
    )
    return training, validation


@dataclass
class Patience:
    """The best memories so far on held-out inputs (B, N), and for how many epochs to wait for better ones."""

    inputs: Reals
    classes: Integers
    epochs: int
    scores: list[float] = field(default_factory=list)
    best: Any = None

    def ends(self, learner: Learner) -> bool:
        """Score the memories, keep a copy if they are the best, and say whether the best is too long ago."""
        decisions = learner.network.scores(self.inputs).argmax(axis=1)
        score = float((decisions == self.classes).mean())
        if not self.scores or score > max(self.scores):
            self.best = learner.keep()
        self.scores.append(score)
        return len(self.scores) - 1 - self.scores.index(max(self.scores)) >= self.epochs
