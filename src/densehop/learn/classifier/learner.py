"""What the estimator asks of an interaction: its network, and how that is trained."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Reals


class Network(Protocol):
    """Memories that give class scores.

    Attributes
    ----------
    divisor : float, scores over it, times the inverse temperature, are the logits
    n_memories : int
    n_classes : int
    """

    @property
    def divisor(self) -> float: ...  # noqa: D102
    @property
    def n_memories(self) -> int: ...  # noqa: D102
    @property
    def n_classes(self) -> int: ...  # noqa: D102

    def astype(self, dtype: npt.DTypeLike) -> "Network":
        """Return the same in another precision."""
        ...

    def scores(self, inputs: Reals) -> Reals:
        """Return the class scores (B, C) of inputs (B, N)."""
        ...


class Learner(Protocol):
    """A network, its training, and the inverse temperature of probabilities where none is given."""

    @property
    def network(self) -> Network: ...  # noqa: D102
    @property
    def inverse_temperature(self) -> float: ...  # noqa: D102

    def keep(self) -> Any:
        """Return a copy of what is trained."""
        ...

    def restore(self, kept: Any) -> None:
        """Go back to what was kept."""
        ...

    def make_writable(self) -> None:
        """Copy arrays that are read-only, as those of a model loaded as a memory map."""
        ...

    def rate(self, inputs: Reals) -> float:
        """Return the first learning rate."""
        ...

    def epoch(
        self,
        inputs: Reals,
        classes: Integers,
        weights: Reals | None,
        inverse_temperature: float,
        progress: float,
        rates: Iterator[float],
        random: np.random.Generator,
    ) -> float:
        """Train once over inputs (M, N) of weights (M,), at a progress from 0 to 1, and return the mean loss."""
        ...
