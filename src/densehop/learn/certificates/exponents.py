"""Sums of exponentials that grow with the size of a perturbation, and the largest size at which they stay below one.

Memory a of another class adds at most exp(i_a + k_a R) to the odds of its class against the decision, whatever the
perturbation of size R does. The decision stands while the sum over each class is below one.
"""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Integers

STEPS = 30  # of Newton's method from above, where it converges without fail
CLOSE = 1e-14  # relative step of Newton's method at which it ends
SHORTER = (1e-12, 1e-9, 1e-6, 1e-3)  # shares by which a root is lessened until the sums are below one there


@dataclass(frozen=True, eq=False)
class Exponents:
    """Intercepts i (B, K) and slopes k (B, K) > 0 of memories that are sorted by class; own memories at -inf.

    `starts` are the first memories of the classes that have any.
    """

    intercepts: Floats
    slopes: Floats
    starts: Integers

    def at(self, sizes: Floats) -> Floats:
        """Return the exponents at sizes (B,), (B, K)."""
        return self.intercepts + self.slopes * sizes[:, None]

    def largest_sizes(self) -> Floats:
        """Return the largest sizes R (B,) at which each class's sum is below one; 0 where it is not even at 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            roots = np.where(np.isfinite(self.intercepts), -self.intercepts / self.slopes, np.inf)
        sizes = np.maximum(np.minimum.reduceat(roots, self.starts, axis=1), 0)  # no sum is below one beyond
        for _ in range(STEPS):
            values, derivatives = self._sums(sizes)
            with np.errstate(divide="ignore", invalid="ignore"):
                moved = np.where(derivatives > 0, values / derivatives, 0)
            if (moved <= CLOSE * sizes).all():
                break
            sizes = np.maximum(np.where(np.isfinite(sizes), sizes - np.maximum(moved, 0), sizes), 0)
        best = np.zeros_like(sizes)
        for share in SHORTER:
            shorter = sizes * (1 - share)
            best = np.where(best > 0, best, np.where(self._sums(shorter)[0] < 0, shorter, 0))
        smallest: Floats = best.min(axis=1)
        return smallest

    def _sums(self, sizes: Floats) -> tuple[Floats, Floats]:
        """Return the log sum of each class at its own size (B, C), and its derivative."""
        counts = np.diff([*self.starts, self.intercepts.shape[1]])
        finite = np.where(np.isfinite(sizes), sizes, 0)
        terms = self.intercepts + self.slopes * np.repeat(finite, counts, axis=1)
        largest = np.maximum.reduceat(terms, self.starts, axis=1)
        top = np.where(np.isfinite(largest), largest, 0)
        shares = np.exp(terms - np.repeat(top, counts, axis=1))
        totals = np.add.reduceat(shares, self.starts, axis=1)
        pulls = np.add.reduceat(shares * self.slopes, self.starts, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(totals) + top, np.where(totals > 0, pulls / totals, 0)
