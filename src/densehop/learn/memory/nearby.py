"""Which real-valued memories matter to a state: screened in single precision, weighed in double."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals, Singles
from densehop.kernels import nearby as kernel
from densehop.learn.memory.dynamics import TOLERANCE, Motion, leave_saddles
from densehop.learn.memory.interactions import Interaction

ROUNDING = 1e-17  # share of a sum that its rounding hides
SHARE = 16  # of the memories, one in so many may matter to a state; beyond, products of matrices are faster
SCORES_AT_ONCE = 2**24


@dataclass(frozen=True, eq=False)
class Blend:
    """What memories make of states (B, N): targets (B, N), the mean under weights exp(-beta |x - xi|^2/2).

    nearest (B,), squares (B,): the nearest memory and |x - xi|^2; logs (B,): of the sum of weights; heaviest (B,): the
    largest share of it.
    """

    targets: Floats
    nearest: Integers
    squares: Floats
    logs: Floats
    heaviest: Floats


@dataclass(frozen=True, eq=False)
class Nearby:
    """Memories (M, N) of real values, as they are and in single precision."""

    memories: Reals
    single: Singles

    @cached_property
    def norms(self) -> Singles:
        """|xi|^2, (M,)."""
        found: Singles = np.einsum("mi,mi->m", self.single, self.single)
        return found

    @cached_property
    def squared(self) -> Singles:
        """The squares of all values, (M, N), for states of which some sites are not seen."""
        found: Singles = self.single**2
        return found

    def blend(self, states: Reals, seen: Mask | None, beta: float) -> Blend | None:
        """Return what memories make of states; None where so many matter that products of matrices are faster."""
        n_memories, n_states = len(self.memories), len(states)
        found = Blend(
            np.empty(states.shape), np.empty(n_states, dtype=np.int64), *(np.empty(n_states) for _ in range(3))
        )
        at_once = max(1, SCORES_AT_ONCE // n_memories)
        for first in range(0, n_states, at_once):
            part = slice(first, first + at_once)
            some = None if seen is None else seen[part]
            scores, slack = self._scores(states[part], some)
            cuts = scores.max(axis=1) - 2 * slack - np.log(n_memories / ROUNDING) / beta
            views = [whole[part] for whole in vars(found).values()]
            budget = len(scores) * (n_memories // SHARE + SHARE)
            some = np.empty((len(scores), 0), dtype=bool) if some is None else some
            spent = kernel.blend(scores, cuts, self.memories, states[part], some, float(beta), budget, *views)
            if spent == kernel.OUT_OF_BUDGET:
                return None
        return found

    def nearest(self, states: Reals, seen: Mask | None, count: int) -> tuple[Floats, Integers]:
        """Return the squared distances (B, k) to the nearest memories, rising, and their places."""
        squares, places = np.empty((len(states), count)), np.empty((len(states), count), dtype=np.int64)
        at_once = max(1, SCORES_AT_ONCE // len(self.memories))
        for first in range(0, len(states), at_once):
            part = slice(first, first + at_once)
            some = None if seen is None else seen[part]
            scores, slack = self._scores(states[part], some)
            some = np.empty((len(scores), 0), dtype=bool) if some is None else some
            kernel.nearest_of(scores, slack, self.memories, states[part], some, places[part], squares[part])
        return squares, places

    def _scores(self, states: Reals, seen: Mask | None) -> tuple[Singles, Floats]:
        """Return x . xi - |xi|^2/2 over what is seen, (B, M), and by how much each may be wrong, (B,)."""
        narrow = states.astype(np.float32, copy=False)
        if seen is not None:
            narrow = np.where(seen, narrow, np.float32(0))
        scores: Singles = narrow @ self.single.T
        scores -= (self.norms if seen is None else seen.astype(np.float32) @ self.squared.T) / 2
        longest = float(np.sqrt(self.norms.max(initial=0)))
        lengths = np.sqrt(np.einsum("bi,bi->b", narrow, narrow)).astype(np.float64)
        rounding = 2 * np.finfo(np.float32).eps * np.sqrt(states.shape[1])
        return scores, rounding * longest * (lengths + longest)

    def relax(
        self, interaction: Interaction, states: Reals, free: Mask | None, present: Mask | None, max_steps: int
    ) -> Motion | None:
        """Move free sites to where memories draw them, as `dynamics.relax_together`; None where products are faster.

        A state that rests on one memory alone is a minimum; others are tried along the direction of largest variance.
        """
        states = states.copy()
        settled = np.zeros(len(states), dtype=bool)
        moving = np.arange(len(states))
        n_steps = 0
        while n_steps < max_steps and len(moving):
            now = states[moving]
            some = None if free is None else free[moving]
            found = self.blend(now, present[moving] if present is not None and n_steps == 0 else None, interaction.beta)
            if found is None:
                return None
            after = found.targets.astype(now.dtype)
            if some is not None:
                after = np.where(some, after, now)
            still = np.abs(after - now).max(axis=1) <= TOLERANCE
            blended = np.flatnonzero(still & (found.heaviest < 1 - TOLERANCE / 10))
            if len(blended):
                norms = np.einsum("mi,mi->m", self.memories, self.memories)
                still[blended] = ~leave_saddles(interaction, self.memories, norms, after, some, blended)
            settled[moving], states[moving] = still, after
            moving = moving[~still]
            n_steps += 1
        return Motion(states, n_steps, settled, settled)
