"""Which real-valued memories matter to a state: screened in single precision, weighed in double."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from threadpoolctl import threadpool_limits

from densehop.base.arrays import Floats, Integers, Mask, Reals, Singles
from densehop.base.workers import count_workers, run_all
from densehop.kernels import nearby as kernel
from densehop.learn.memory.dynamics import TOLERANCE, Motion, leave_saddles
from densehop.learn.memory.interactions import Interaction

ROUNDING = 0.05  # of a unit in the last place: what a sum does not show
SHARE = 16  # of the memories, one in so many may matter to a state; beyond, products of matrices are faster
STATES_AT_ONCE, MEMORIES_AT_ONCE = 256, 1024  # whose scores the cache holds
LISTED = 2**14  # memories of a state, at most
SMALL = 2**16  # products for which BLAS takes several threads, whose bits must not depend on their number


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
class Near:
    """Memories near states: indices (B, K), of which the first `number` (B,) count; TOO_MANY where they did not fit."""

    indices: Integers
    number: Integers


@dataclass(frozen=True, eq=False)
class Nearby:
    """Memories (M, N) of real values, as they are and in single precision."""

    memories: Reals
    single: Singles

    @cached_property
    def halves(self) -> Singles:
        """|xi|^2/2, (M,)."""
        halves: Singles = np.einsum("mi,mi->m", self.single, self.single)
        halves /= 2
        return halves

    def blend(self, states: Reals, seen: Mask | None, beta: float, likely: Integers | None = None) -> Blend | None:
        """Return what memories make of states; None where so many matter that products of matrices are faster.

        `likely` (B,) are memories that may be the nearest, which saves lists of others.
        """
        n_memories, n_states = len(self.memories), len(states)
        result = Blend(
            np.empty(states.shape), np.empty(n_states, dtype=np.int64), *(np.empty(n_states) for _ in range(3))
        )
        most, hidden = n_memories // SHARE + SHARE, ROUNDING * np.finfo(self.memories.dtype).eps
        reach, at_most = float(np.log(n_memories / hidden)), min(n_memories, LISTED)

        def mix(part: slice, near: Near) -> bool:
            if (near.number == kernel.TOO_MANY).any() or near.number.max() > most:
                return False
            seen_part = _seen(seen, part)
            views = [whole[part] for whole in vars(result).values()]
            spent = kernel.blend(
                near.indices,
                near.number,
                self.memories,
                states[part],
                seen_part,
                float(beta),
                reach,
                len(near.number) * most,
                *views,
            )
            return bool(spent != kernel.OUT_OF_BUDGET)

        return result if all(self._for_near(mix, states, seen, likely, 1, reach / beta, at_most)) else None

    def nearest(self, states: Reals, seen: Mask | None, count: int) -> tuple[Floats, Integers]:
        """Return the squared distances (B, k) to the nearest memories, rising, and their indices."""
        squares, indices = np.empty((len(states), count)), np.empty((len(states), count), dtype=np.int64)

        def measure(part: slice, near: Near) -> bool:
            crowded = np.flatnonzero(near.number == kernel.TOO_MANY)
            number = np.maximum(near.number, 0)
            seen_part = _seen(seen, part)
            kernel.nearest_of(
                near.indices, number, self.memories, states[part], seen_part, indices[part], squares[part]
            )
            for row in (part.start + crowded).tolist():  # more are as near as single precision tells than a list holds
                single, every = slice(row, row + 1), np.arange(len(self.memories))[None]
                kernel.nearest_of(
                    every,
                    np.array([every.size]),
                    self.memories,
                    states[single],
                    _seen(seen, single),
                    indices[single],
                    squares[single],
                )
            return True

        self._for_near(measure, states, seen, None, count, 0.0, min(len(self.memories), 2 * count + LISTED))
        return squares, indices

    def _for_near(
        self,
        work: Callable[[slice, Near], bool],
        states: Reals,
        seen: Mask | None,
        likely: Integers | None,
        count: int,
        below: float,
        at_most: int,
    ) -> list[bool]:
        """Do the work, on threads, for blocks of states and the memories that may be near them, until it is refused.

        These are all that may be among `count` nearest or score less than those by up to `below`.
        """
        refused = threading.Event()

        def task(first: int, _: threading.Event) -> bool:
            if refused.is_set():
                return False
            part = slice(first, min(first + STATES_AT_ONCE, len(states)))
            visible, guess = None if seen is None else seen[part], None if likely is None else likely[part]
            if not work(part, self._near(states[part], visible, guess, count, below, at_most)):
                refused.set()
            return not refused.is_set()

        tasks = [partial(task, first) for first in range(0, len(states), STATES_AT_ONCE)]
        large = min(len(states), STATES_AT_ONCE) * self.single.size > SMALL
        with threadpool_limits(1, user_api="blas") if large else nullcontext():
            return run_all(tasks, count_workers(None)) if tasks else []

    def _near(
        self,
        states: Reals,
        visible: Mask | None,
        likely: Integers | None,
        count: int,
        below: float,
        at_most: int,
    ) -> Near:
        """Return the memories near some states."""
        narrow = states.astype(np.float32, copy=False)
        if visible is not None:
            narrow = np.where(visible, narrow, np.float32(0))
        slack = self._slack(narrow)
        windows = (3 * slack + below).astype(np.float32)  # twice, and once for the windows' own rounding
        best = np.full((len(narrow), count), -np.inf, dtype=np.float32)
        if likely is not None:
            best[:, 0] = np.einsum("bi,bi->b", narrow, self.single[likely]) - self.halves[likely] - slack
        near = self._screen(narrow, visible, windows, best, at_most)
        crowded = np.flatnonzero(near.number == kernel.TOO_MANY)
        if len(crowded):  # before the best was met, perhaps
            states_left, known = narrow[crowded], np.repeat(best[crowded, -1:], count, axis=1)
            again = self._screen(
                states_left, None if visible is None else visible[crowded], windows[crowded], known, at_most
            )
            near.indices[crowded], near.number[crowded] = again.indices, again.number
        return near

    def _screen(self, narrow: Singles, visible: Mask | None, windows: Singles, best: Singles, at_most: int) -> Near:
        """Return the memories whose scores are within windows of the best (B, k), which are brought up to date."""
        near = Near(np.empty((len(narrow), at_most), dtype=np.int64), np.zeros(len(narrow), dtype=np.int64))
        values = np.empty(near.indices.shape, dtype=np.float32)
        for start in range(0, len(self.single), MEMORIES_AT_ONCE):
            scores = self._scores(narrow, visible, slice(start, start + MEMORIES_AT_ONCE))
            kernel.screen(scores, start, windows, best, near.indices, values, near.number)
        kernel.tidy(best, windows, near.indices, values, near.number)
        return near

    def _scores(self, narrow: Singles, visible: Mask | None, block: slice) -> Singles:
        """Return x . xi - |xi|^2/2 over what is visible, of states and of some memories."""
        memories = self.single[block]
        scores: Singles = narrow @ memories.T
        scores -= self.halves[block] if visible is None else visible.astype(np.float32) @ (memories**2 / 2).T
        return scores

    def _slack(self, narrow: Singles) -> Floats:
        """Return by how much scores of states may be wrong, (B,)."""
        longest = float(np.sqrt(2 * self.halves.max(initial=0)))
        lengths = np.sqrt(np.einsum("bi,bi->b", narrow, narrow)).astype(np.float64)
        slack: Floats = 2 * np.finfo(np.float32).eps * np.sqrt(narrow.shape[1]) * longest * (lengths + longest)
        return slack

    def relax(
        self, interaction: Interaction, states: Reals, free: Mask | None, present: Mask | None, max_steps: int
    ) -> Motion | None:
        """Move free sites to where memories draw them, as `dynamics.relax_together`; None where products are faster.

        A state that rests on one memory alone is a minimum; others are tried along the direction of largest variance.
        """
        states = states.copy()
        settled = np.zeros(len(states), dtype=bool)
        moving, n_steps, likely = np.arange(len(states)), 0, None
        while n_steps < max_steps and len(moving):
            current = states[moving]
            free_here = None if free is None else free[moving]
            seen = present[moving] if present is not None and n_steps == 0 else None
            blend = self.blend(current, seen, interaction.beta, likely)
            if blend is None:
                return None
            after = blend.targets.astype(current.dtype)
            if free_here is not None:
                after = np.where(free_here, after, current)
            still = np.abs(after - current).max(axis=1) <= TOLERANCE
            blended = np.flatnonzero(still & (blend.heaviest < 1 - TOLERANCE / 10))
            if len(blended):
                norms = np.einsum("mi,mi->m", self.memories, self.memories)
                still[blended] = ~leave_saddles(interaction, self.memories, norms, after, free_here, blended)
            settled[moving], states[moving] = still, after
            moving, likely = moving[~still], blend.nearest[~still]
            n_steps += 1
        return Motion(states, n_steps, settled, settled)


def _seen(seen: Mask | None, part: slice) -> Mask:
    """Return what of some states is seen, (B, N), or (B, 0) for all."""
    return np.empty((part.stop - part.start, 0), dtype=bool) if seen is None else seen[part]
