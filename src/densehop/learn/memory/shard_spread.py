"""How memories in shards lie around real-valued states: what `saddles.leave` asks, added up over all shards."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Reals
from densehop.learn.memory import shard_work as work


@dataclass(frozen=True, eq=False)
class SpreadOfShards:
    """A `saddles.Spread` of states (B, N), with the logarithms (B,) of the sums of their weights over all shards.

    Sums are of gaps to the states, which are close to the means: their squares take no digits from the variances.
    """

    ask: Callable[..., list[Any]]
    states: Reals
    logs: Floats

    @cached_property
    def _gaps(self) -> tuple[Floats, Floats]:
        """The means of gaps and of their squares, (B, N)."""
        mean, square = self._sums(None)
        return mean, square

    @property
    def mean(self) -> Reals:
        """The memories' means (B, N)."""
        return self.states + self._gaps[0]

    @property
    def variances(self) -> Reals:
        """The variances of all sites, (B, N)."""
        mean, square = self._gaps
        return square - mean**2

    def along(self, direction: Reals) -> tuple[Floats, Reals]:
        """Return variances along directions and products with the covariance."""
        once, twice, product = self._sums(direction)
        return twice - once**2, product - once[:, None] * self._gaps[0]

    def _sums(self, direction: Reals | None) -> list[Floats]:
        answers = self.ask(work.spread_of, self.states, self.logs, direction)
        return [np.sum(parts, axis=0) for parts in zip(*answers, strict=True)]
