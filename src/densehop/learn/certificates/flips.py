"""How many values of an input with two values may be flipped without a change of decision.

A flip of site i moves the input by delta_i, so a memory a of another class gains L delta_i (xi_a - m)_i on the own
class, with the m of exponential_bound.py, and k flips at most the sum of the k largest of these that are positive.
"""

import numpy as np

from densehop.base.arrays import Floats, Integers
from densehop.learn.certificates.exponential_bound import Decided, posterior_minorant
from densehop.learn.certificates.minorants import Worst, best_minorants
from densehop.learn.certificates.rounding import DOUBLE

ROUNDS = 2  # in which decisive memories get means of their own
NEAREST = 64  # memories that first bound the number of flips
AT_ONCE = 2**21  # numbers in one block of memories


def exponential_flips(decided: Decided, moves: Floats) -> Integers:
    """Return the certified numbers of flips (B,), for moves (B, N) of the inputs' values when flipped."""
    own_scores, centres, unsure = posterior_minorant(decided)
    width = decided.visible.shape[1]
    lengths = np.sqrt((decided.inputs**2).sum(axis=1))
    certified = np.zeros(len(moves), dtype=np.int64)
    for row, move in enumerate(moves):
        largest = float(np.abs(move).max())
        roots = np.sqrt(np.arange(width + 1)) * largest  # the L2 lengths of 0, 1, ... flips
        slack = 2 * decided.rounding.at(lengths[row] + roots) + decided.sharpness * unsure[row] * roots
        own = decided.own[row]
        intercepts = np.where(own, -np.inf, decided.logs[row] - own_scores[row])
        proof = _Flips(decided, row, move, slack, intercepts, centres[row])
        number = proof.largest(proof.upper_bound())
        for _ in range(ROUNDS if 0 < number < width else 0):
            better = proof.largest(proof.upper_bound(), number + 1) if proof.refine(number + 1) else number
            if better <= number:
                break
            number = better
        certified[row] = number
    return certified


class _Flips:
    """The proof for one input: memories with one mean, and a few with means of their own."""

    def __init__(
        self, decided: Decided, row: int, move: Floats, slack: Floats, intercepts: Floats, centre: Floats
    ) -> None:
        self.decided, self.row, self.move, self.slack = decided, row, move, slack
        self.intercepts, self.centre = intercepts, centre
        self.special = np.empty(0, dtype=np.int64)
        self.special_intercepts, self.special_gaps = np.empty(0), np.empty((0, len(move)))

    def upper_bound(self) -> int:
        """Return a number of flips that no sum over the nearest memories of other classes exceeds."""
        number = min(NEAREST, len(self.intercepts))
        nearest = np.argpartition(-self.intercepts, number - 1)[:number]
        gains = self._gains(nearest, len(self.move))
        exponents = self._intercepts(nearest)[:, None] + gains
        return int((exponents < 0).all(axis=0).sum()) if np.isfinite(exponents).any() else len(self.move) + 1

    def largest(self, limit: int, least: int = 0) -> int:
        """Return the largest number up to a limit at which each class's sum is below one; 0 below `least`."""
        most = min(limit, len(self.move))
        classes = np.unique(self.decided.owners)
        sums = np.full((len(classes), most + 1), -np.inf)
        rows = max(1, AT_ONCE // (len(self.move) + most + 1))
        others = np.flatnonzero(np.isfinite(self.intercepts))
        for first in range(0, len(others), rows):
            part = others[first : first + rows]
            exponents = self._intercepts(part)[:, None] + self._gains(part, most)
            for index, rival in enumerate(classes):
                mine = exponents[self.decided.owners[part] == rival]
                if len(mine):
                    sums[index] = np.logaddexp(sums[index], np.logaddexp.reduce(mine, axis=0))
        holds = (sums + self.slack[: most + 1] < 0).all(axis=0)
        number = int(np.argmin(holds)) if not holds.all() else most + 1
        return max(number - 1, 0) if number > least else 0

    def refine(self, number: int) -> bool:
        """Give the memories that decide at a number of flips means of their own; say whether any gained."""
        every = np.flatnonzero(np.isfinite(self.intercepts))
        exponents = np.full((1, len(self.intercepts)), -np.inf)
        rows = max(1, AT_ONCE // len(self.move))
        for first in range(0, len(every), rows):
            part = every[first : first + rows]
            exponents[0, part] = self._intercepts(part) + self._gains(part, number)[:, -1]
        logs, own = self.decided.logs[[self.row]], self.decided.own[[self.row]]
        minorants = best_minorants(
            self.decided.visible, self.decided.sharpness, logs, own, exponents, self._worst(number), turned=False
        )
        rivals = minorants.rivals[0]
        intercepts = self.decided.logs[self.row, rivals] - minorants.lower[0]
        gained = intercepts + self._top(minorants.gaps[0], number)[:, -1] < exponents[0, rivals] - 1e-9
        gained &= np.isfinite(self.intercepts[rivals])
        kept = ~np.isin(self.special, rivals[gained])
        self.special = np.concatenate([self.special[kept], rivals[gained]])
        self.special_intercepts = np.concatenate([self.special_intercepts[kept], intercepts[gained]])
        self.special_gaps = np.concatenate([self.special_gaps[kept], minorants.gaps[0][gained]])
        return bool(gained.any())

    def _worst(self, number: int) -> Worst:
        """Return the worst flips of a number of sites."""

        def worst(gaps: Floats) -> tuple[Floats, Floats]:
            gains = np.maximum(gaps * self.move, 0)
            order = np.argsort(-gains, axis=2)[:, :, :number]
            chosen = np.zeros_like(gains)
            np.put_along_axis(chosen, order, 1.0, axis=2)
            chosen *= gains > 0
            return (gains * chosen).sum(axis=2), chosen * self.move

        return worst

    def _intercepts(self, memories: Integers) -> Floats:
        """Return the exponents without flips."""
        intercepts = self.intercepts[memories].copy()
        index, special = self._special_of(memories)
        intercepts[index] = self.special_intercepts[special]
        return intercepts

    def _gains(self, memories: Integers, most: int) -> Floats:
        """Return what 0, 1, ... `most` flips add at most to the exponents, (m, most + 1)."""
        gaps = self.decided.visible[memories] - self.centre
        index, special = self._special_of(memories)
        gaps[index] = self.special_gaps[special]
        return self._top(gaps, most)

    def _special_of(self, memories: Integers) -> tuple[Integers, Integers]:
        """Return which of the memories have means of their own, and where these are."""
        _, index, special = np.intersect1d(memories, self.special, return_indices=True)
        return index, special

    def _top(self, gaps: Floats, most: int) -> Floats:
        """Return L times the sums of the 0, 1, ... `most` largest gains."""
        gains = np.maximum(gaps * self.move, 0)
        if most < gains.shape[1]:
            gains = -np.partition(-gains, most - 1, axis=1)[:, :most] if most else gains[:, :0]
        sums = np.cumsum(-np.sort(-gains, axis=1), axis=1)
        sums *= self.decided.sharpness * (1 + (len(self.move) + 8) * DOUBLE)
        return np.hstack([np.zeros((len(gaps), 1)), sums])
