"""Which memories may be near states: scores in single precision, of which each chunk of memories keeps the largest."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from densehop.base.arrays import Floats, Mask, Reals, Singles
from densehop.kernels import nearby as kernel

STATES_AT_ONCE, MAXIMA_AT_ONCE = 256, 2**24  # states that are screened together, and numbers that are kept of them
MEMORIES_AT_ONCE = 2 * kernel.SPAN  # whose scores the cache holds


@dataclass(frozen=True, eq=False)
class Screen:
    """Scores x . xi - |xi|^2/2 over the sites that states (B, N) see, the largest of each chunk of memories.

    Attributes
    ----------
    states : (B, N) single precision, 0 where not seen
    seen : (B, N), or None for all
    squares : (B,), |x|^2
    slack : (B,), by how much scores may be wrong
    maxima : (B, C) single precision
    """

    states: Singles
    seen: Mask | None
    squares: Floats
    slack: Floats
    maxima: Singles

    def __getitem__(self, rows: Mask) -> "Screen":
        """Return what is known of some states."""
        if rows.all():
            return self
        seen = None if self.seen is None else self.seen[rows]
        return Screen(self.states[rows], seen, self.squares[rows], self.slack[rows], self.maxima[rows])

    def farthest(self, count: int) -> Floats:
        """Return upper bounds of the squared distances (B,) to the last of `count` nearest memories."""
        if count > self.maxima.shape[1]:
            return np.full(len(self.states), np.inf)
        scores = np.partition(self.maxima, -count, axis=1)[:, -count] if count > 1 else self.maxima.max(axis=1)
        bounds: Floats = np.maximum(self.squares - 2 * (scores - self.slack), 0)
        return bounds

    def cuts(self, squares: Floats) -> Singles:
        """Return the scores (B,) below which no memory within squared distances (B,) lies, whatever the rounding."""
        with np.errstate(over="ignore"):
            return ((self.squares - squares) / 2 - 2 * self.slack).astype(np.float32)

    def moved(self, states: Reals) -> Floats:
        """Return how far states (B, N) are from where they were screened, over what was seen, (B,)."""
        steps = states - self.states.astype(np.float64)
        if self.seen is not None:
            steps *= self.seen
        lengths: Floats = np.sqrt(np.einsum("bi,bi->b", steps, steps))
        return lengths


@dataclass(frozen=True, eq=False)
class Screener:
    """Memories (M, N) in single precision, and how they are screened."""

    single: Singles

    @cached_property
    def halves(self) -> Singles:
        """|xi|^2/2, (M,)."""
        halves: Singles = np.einsum("mi,mi->m", self.single, self.single)
        halves /= 2
        return halves

    @property
    def n_chunks(self) -> int:
        """The number of chunks of memories."""
        spans, rest = divmod(len(self.single), kernel.SPAN)
        return spans * kernel.CHUNKS + min(rest, kernel.CHUNKS)

    @property
    def at_once(self) -> int:
        """How many states are screened together."""
        return max(1, min(STATES_AT_ONCE, MAXIMA_AT_ONCE // self.n_chunks))

    def screen(self, states: Reals, seen: Mask | None) -> Screen:
        """Return the scores of states (B, N)."""
        narrow = states.astype(np.float32, copy=False)
        if seen is not None:
            narrow = np.where(seen, narrow, np.float32(0))
        squares = np.einsum("bi,bi->b", narrow, narrow, dtype=np.float64)
        maxima = np.empty((len(narrow), self.n_chunks), dtype=np.float32)
        weights = None if seen is None else seen.astype(np.float32)
        for start in range(0, len(self.single), MEMORIES_AT_ONCE):
            memories = self.single[start : start + MEMORIES_AT_ONCE]
            scores: Singles = narrow @ memories.T
            halves = self.halves[start : start + MEMORIES_AT_ONCE]
            if weights is not None:
                halves = np.zeros_like(halves)
                scores -= weights @ (memories**2 / 2).T
            kernel.keep_maxima(scores, halves, start // kernel.MEMBERS, maxima)
        return Screen(narrow, seen, squares, self._slack(squares), maxima)

    def _slack(self, squares: Floats) -> Floats:
        """Return by how much scores of states of squared lengths (B,) may be wrong, (B,)."""
        longest, lengths = float(np.sqrt(2 * self.halves.max(initial=0))), np.sqrt(squares)
        slack: Floats = 2 * np.finfo(np.float32).eps * np.sqrt(self.single.shape[1]) * longest * (lengths + longest)
        return slack
