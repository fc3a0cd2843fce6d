"""Epochs of training: their losses, what is reported, and when they end early."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from densehop.base.arrays import Integers, Reals
from densehop.errors import InvalidInput
from densehop.learn.classifier.learner import Learner
from densehop.learn.classifier.stopping import Patience
from densehop.learn.classifier.training import cosine


@dataclass
class Epochs:
    """The losses so far, one an epoch, and who is told of them."""

    verbose: bool | Callable[[str], None]
    losses: list[float] = field(default_factory=list)

    def one(
        self,
        learner: Learner,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        inverse_temperature: float,
        progress: float,
        rates: Iterator[float],
        random: np.random.Generator,
    ) -> None:
        """Run one epoch and note its loss."""
        value = learner.epoch(inputs, classes, weights, inverse_temperature, progress, rates, random)
        if not np.isfinite(value):
            raise InvalidInput("training diverged to a loss that is not finite: use a smaller learning_rate")
        self.losses.append(value)
        self._say(f"epoch {len(self.losses)}: loss {value:.6f}")

    def all(
        self,
        learner: Learner,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        inverse_temperature: float,
        batches: tuple[int, int],
        patience: Patience | None,
        random: np.random.Generator,
    ) -> None:
        """Run all epochs, or fewer if stopping early; `batches` are their number and size."""
        n_epochs, size = batches
        rates = cosine(learner.rate(inputs), n_epochs * -(-len(inputs) // size))
        for epoch in range(n_epochs):
            self.one(
                learner, inputs, classes, weights, inverse_temperature, epoch / max(n_epochs - 1, 1), rates, random
            )
            if patience is None:
                continue
            ended = patience.ends(learner)
            self._say(f"  validation accuracy {patience.scores[-1]:.4f}")
            if ended:
                break
        if patience is not None:
            learner.restore(patience.best)

    def _say(self, line: str) -> None:
        """Report progress."""
        if callable(self.verbose):
            self.verbose(line)
        elif self.verbose:
            print(line)
