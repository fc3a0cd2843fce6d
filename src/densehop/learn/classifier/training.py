"""Training of memories: mini-batches with input noise, Adam, a cosine that lets the step go to zero."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from densehop.base.arrays import Floats, Integers, Reals
from densehop.base.workers import Each
from densehop.kernels.adam import adam_step
from densehop.learn.classifier.losses import CrossEntropy, Published
from densehop.learn.classifier.scores import Memories

Loss = CrossEntropy | Published
# a batch, its classes and weights -> loss, gradients
Step = Callable[[Reals, Integers, Reals | None], tuple[float, list[Reals]]]

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8  # Kingma & Ba 2015
SMALL = 2**14  # numbers that one thread moves sooner than it starts another


@dataclass
class Adam:
    """Adam's state for a list of arrays, which `step` changes in place."""

    means: list[Reals]
    squares: list[Reals]
    n_steps: int = 0

    @classmethod
    def over(cls, arrays: list[Reals]) -> "Adam":
        """Return a fresh state."""
        return cls([np.zeros_like(array) for array in arrays], [np.zeros_like(array) for array in arrays])

    def step(self, arrays: list[Reals], gradients: list[Reals], rate: float, each: Each = map) -> None:
        """Move the arrays against their gradients, large ones by `each`."""
        self.n_steps += 1
        rate = float(rate * (np.sqrt(1 - SECOND**self.n_steps) / (1 - FIRST**self.n_steps)))

        def move(place: int) -> None:
            gradient = gradients[place].astype(arrays[place].dtype, copy=False)
            parts = (arrays[place], self.means[place], self.squares[place], gradient)
            adam_step(*(part.reshape(-1) for part in parts), rate, 1 - FIRST, 1 - SECOND, TINY)

        sizes = [array.size for array in arrays]
        list(each(move, [place for place, size in enumerate(sizes) if size > SMALL]))
        list(map(move, [place for place, size in enumerate(sizes) if size <= SMALL]))


@dataclass
class Trainer:
    """Arrays under training. `epoch` runs once over the data and returns the mean loss."""

    arrays: list[Reals]
    batch_size: int
    noise: float
    adam: Adam = field(init=False)

    def __post_init__(self) -> None:
        self.arrays[:] = [np.ascontiguousarray(array) for array in self.arrays]  # as Adam takes them
        self.adam = Adam.over(self.arrays)

    def make_writable(self) -> None:
        """Copy arrays that are read-only, as those of a model loaded as a memory map."""
        for arrays in (self.arrays, self.adam.means, self.adam.squares):
            arrays[:] = [np.require(array, requirements="W") for array in arrays]

    def epoch(
        self,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        step: Step,
        rates: Iterator[float],
        random: np.random.Generator,
        each: Each = map,
    ) -> float:
        """Train on inputs (M, N) in random order; each batch takes the next of the rates, `each` moves arrays."""
        total = 0.0
        order = random.permutation(len(inputs))
        for first in range(0, len(order), self.batch_size):
            rows = order[first : first + self.batch_size]
            batch = inputs[rows]
            if self.noise > 0:
                batch = batch + self.noise * random.standard_normal(batch.shape, dtype=np.float32)
            value, gradients = step(
                batch.astype(inputs.dtype, copy=False), classes[rows], None if weights is None else weights[rows]
            )
            self.adam.step(self.arrays, gradients, next(rates), each)
            total += len(rows) * value
        return total / len(order)


@dataclass
class Trained:
    """What learners have in common: a trainer of arrays, whose values can be kept and restored.

    Attributes
    ----------
    trainer : of the arrays that are trained
    """

    trainer: Trainer

    def keep(self) -> list[Reals]:
        """Return a copy of what is trained."""
        return [array.copy() for array in self.trainer.arrays]

    def restore(self, kept: list[Reals]) -> None:
        """Go back to what was kept."""
        self.trainer.arrays = kept

    def make_writable(self) -> None:
        """Copy read-only arrays."""
        self.trainer.make_writable()


def first_memories(
    inputs: Reals,
    classes: Integers,
    n_classes: int,
    degree: float,
    rows: Integers,
    label_weight: float,
    weights: Floats | None = None,
) -> Memories:
    """Return memories that are samples: all of one norm, that of a typical input, and their class units at its pattern.

    A common norm matters: a longer memory would win over a closer one. The field of a memory's own class units is
    `label_weight` times that of its own visible units.
    """
    squares = (inputs.astype(np.float64) ** 2).sum(axis=1)
    typical = float(np.average(squares, weights=weights)) or 1.0
    norms = np.sqrt(np.maximum(squares[rows], 1e-12 * typical))
    visible = inputs[rows] * (np.sqrt(typical) / norms)[:, None].astype(inputs.dtype)
    labels = np.where(np.arange(n_classes) == classes[rows][:, None], 1.0, -1.0) * (label_weight * typical / n_classes)
    return Memories(visible, labels.astype(inputs.dtype), degree, 1e-6 * typical)


def cosine(rate: float, n_steps: int) -> Iterator[float]:
    """Yield the learning rates of a run of so many steps, from `rate` down to 0 along a cosine."""
    for step in range(n_steps):
        yield rate * 0.5 * (1 + np.cos(np.pi * step / n_steps))
