"""Perturbations that leave each value of an input within a range, such as pixels between black and white.

For any split g = g' + g'' of what moves a score, all d of a norm up to R within low <= d <= high have

    d.g <= R |g'|_* + sum_i max(g''_i low_i, g''_i high_i),

a line in R. In L2 g' = d*/t with d* = min(max(t g, low), high), t > 0, makes it exact at the size |d*|; in L-infinity
g'' = g where the range ends before the size, and 0 elsewhere. Any other split is a proof, too.
"""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Integers
from densehop.learn.certificates.rounding import DOUBLE

STEPS = 8  # towards t, from below


@dataclass(frozen=True, eq=False)
class Box:
    """How far the values of inputs may move down and up: low <= 0 <= high, (B, N)."""

    low: Floats
    high: Floats

    def __getitem__(self, rows: Integers) -> "Box":
        return Box(self.low[rows], self.high[rows])

    def split(self, gaps: Floats, sizes: Floats, norm: str) -> tuple[Floats, Floats]:
        """Return g' of gaps (B, T, N) for sizes (B,), and the sum over the rest, rounded up, (B, T)."""
        low, high = self.low[:, None, :], self.high[:, None, :]
        reach = sizes[:, None]
        if norm == "l2":
            length = np.sqrt((gaps**2).sum(axis=2))
            factor = reach / np.maximum(length, 1e-300)
            for _ in range(STEPS):
                factor = _longer(gaps, factor, reach, low, high)
            kept = np.clip(factor[:, :, None] * gaps, low, high) / np.maximum(factor, 1e-300)[:, :, None]
        else:
            kept = np.where(np.where(gaps > 0, high, -low) < reach[:, :, None], 0, gaps)
        rest = gaps - kept
        terms = np.maximum(rest * low, rest * high)
        return kept, terms.sum(axis=2) * (1 + (gaps.shape[2] + 8) * DOUBLE)


def _longer(gaps: Floats, factor: Floats, reach: Floats, low: Floats, high: Floats) -> Floats:
    """Return the factor at which what is not clipped yet makes up for what is, (B, T)."""
    moved = factor[:, :, None] * gaps
    free = (moved > low) & (moved < high)
    left = reach**2 - np.where(free, 0, np.clip(moved, low, high) ** 2).sum(axis=2)
    squares = np.where(free, gaps**2, 0).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        longer = np.sqrt(np.maximum(left, 0) / squares)
    return np.where((squares > 0) & np.isfinite(longer), np.maximum(longer, factor), factor)
