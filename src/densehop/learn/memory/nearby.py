"""Which real-valued memories matter to a state: screened in single precision, weighed in double."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals, Singles
from densehop.base.workers import count_workers, run_all
from densehop.kernels import nearby as kernel
from densehop.learn.blas_threads import one_thread
from densehop.learn.memory.dynamics import Motion
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.saddles import TOLERANCE, leave_saddles
from densehop.learn.memory.screen import Screen, Screener

ROUNDING = 0.05  # of a unit in the last place: what a sum does not show
SHARE = 16  # of the memories, one in so many may matter to a state; beyond, products of matrices are faster
MEASURED, FURTHER = 4, 128  # the same of what is measured, at first and after states have moved
FEW = 512  # memories, so many more may be measured
SMALL = 2**16  # products for which BLAS takes several threads, whose bits must not depend on their number

Result = TypeVar("Result")


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

    @classmethod
    def join(cls, parts: "list[Blend]") -> "Blend":
        """Return one of all parts."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*(vars(part).values() for part in parts), strict=True)))


@dataclass(frozen=True, eq=False)
class Nearby:
    """Memories (M, N) of real values, as they are and in single precision."""

    memories: Reals
    single: Singles

    @cached_property
    def screener(self) -> Screener:
        """What finds memories that may be near."""
        return Screener(self.single)

    @cached_property
    def fixed(self) -> Reals:
        """The memories, read only as those in a file are: kernels are compiled for one kind."""
        view = self.memories.view()
        view.flags.writeable = False
        return view

    @property
    def reach(self) -> float:
        """How much less the logarithm of a weight may be than the largest to show in a sum of all."""
        return float(np.log(len(self.memories) / (ROUNDING * np.finfo(self.memories.dtype).eps)))

    def blend(self, states: Reals, seen: Mask | None, beta: float) -> Blend | None:
        """Return what memories make of states; None where so many matter that products of matrices are faster."""

        def mix(part: slice) -> Blend | None:
            visible = None if seen is None else seen[part]
            return self._blend_anew(states[part], visible, beta)[1]

        parts = self._in_blocks(mix, len(states))
        return None if parts is None else Blend.join(parts)

    def nearest(self, states: Reals, seen: Mask | None, count: int) -> tuple[Floats, Integers]:
        """Return the squared distances (B, k) to the nearest memories, rising, and their indices."""
        squares, indices = np.empty((len(states), count)), np.empty((len(states), count), dtype=np.int64)

        def measure(part: slice) -> bool:
            screen = self.screener.screen(states[part], None if seen is None else seen[part])
            kernel.nearest_of(
                screen.maxima,
                screen.cuts(screen.farthest(count)),
                self.fixed,
                np.ascontiguousarray(states[part]),
                _seen(screen.seen, len(screen.states)),
                indices[part],
                squares[part],
            )
            return True

        self._in_blocks(measure, len(states))
        return squares, indices

    def _in_blocks(self, work: Callable[[slice], Result | None], n_states: int) -> list[Result] | None:
        """Return what the work, on threads, makes of blocks of states; None once it makes nothing of one."""
        refused, at_once = threading.Event(), self.screener.at_once

        def task(first: int, _: threading.Event) -> Result | None:
            result = None if refused.is_set() else work(slice(first, min(first + at_once, n_states)))
            if result is None:
                refused.set()
            return result

        tasks = [partial(task, first) for first in range(0, max(n_states, 1), at_once)]
        large = min(n_states, at_once) * self.single.size > SMALL
        with one_thread() if large else nullcontext():
            results = run_all(tasks, count_workers(None))
        return None if refused.is_set() else [result for result in results if result is not None]

    def _blend_anew(self, states: Reals, seen: Mask | None, beta: float) -> tuple[Screen, Blend | None]:
        """Return the screen of states, and what memories make of them."""
        screen = self.screener.screen(states, seen)
        cuts = screen.cuts(screen.farthest(1) + 2 * self.reach / beta)
        return screen, self._mix(screen, cuts, states, seen, beta, MEASURED)

    def _blend_further(self, screen: Screen, nearest: Integers, states: Reals, beta: float) -> Blend | None:
        """Return what memories make of states since their screen; None where too many may be near.

        A memory at most r from a state is at most r + |move| from where it was screened. One that shows in the sum has
        r^2 <= |x - xi|^2 + 2 reach/beta for any memory xi, of which `nearest` (B,) are good ones.
        """
        gaps = states - self.memories[nearest].astype(np.float64)
        radii = screen.moved(states) + np.sqrt(np.einsum("bi,bi->b", gaps, gaps) + 2 * self.reach / beta)
        return self._mix(screen, screen.cuts(radii**2), states, None, beta, FURTHER)

    def _mix(
        self, screen: Screen, cuts: Singles, states: Reals, seen: Mask | None, beta: float, share: int
    ) -> Blend | None:
        """Return what memories not below cuts make of states; None where it takes more than a share of all."""
        n_states, n_memories = len(states), len(self.memories)
        if kernel.MEMBERS * kernel.count_near(screen.maxima, cuts) > n_states * (n_memories // share + FEW):
            return None
        result = Blend(
            np.empty(states.shape), np.empty(n_states, dtype=np.int64), *(np.empty(n_states) for _ in range(3))
        )
        spent = kernel.blend(
            screen.maxima,
            cuts,
            self.fixed,
            np.ascontiguousarray(states),
            _seen(seen, n_states),
            float(beta),
            self.reach,
            n_states * (n_memories // SHARE + SHARE),
            *vars(result).values(),
        )
        return None if spent == kernel.OUT_OF_BUDGET else result

    def relax(
        self, interaction: Interaction, states: Reals, free: Mask | None, present: Mask | None, max_steps: int
    ) -> Motion | None:
        """Move free sites to where memories draw them, as `dynamics.relax_together`; None where products are faster.

        A state that rests on one memory alone is a minimum; others are tried along the direction of largest variance.
        """

        def move(part: slice) -> Motion | None:
            masks = [None if mask is None else mask[part] for mask in (free, present)]
            return self._relax_block(interaction, states[part], masks[0], masks[1], max_steps)

        motions = self._in_blocks(move, len(states))
        return None if motions is None else Motion.join(motions)

    def _relax_block(
        self, interaction: Interaction, states: Reals, free: Mask | None, present: Mask | None, max_steps: int
    ) -> Motion | None:
        """Move a block of states, which are screened anew only where they have moved far."""
        states, settled = states.copy(), np.zeros(len(states), dtype=bool)
        moving, n_steps, beta = np.arange(len(states)), 0, interaction.beta
        screen, nearest = None, np.empty(0, dtype=np.int64)
        while n_steps < max_steps and len(moving):
            current = states[moving]
            free_here = None if free is None else free[moving]
            seen = present[moving] if present is not None and n_steps == 0 else None
            blend = None if screen is None else self._blend_further(screen, nearest, current, beta)
            if blend is None:
                screen, blend = self._blend_anew(current, seen, beta)
            if blend is None or screen is None:
                return None
            after = blend.targets.astype(current.dtype)
            if free_here is not None:
                after = np.where(free_here, after, current)
            still = self._rests(interaction, current, after, blend, free_here)
            settled[moving], states[moving] = still, after
            moving, nearest = moving[~still], blend.nearest[~still]
            screen = screen[~still] if len(moving) else None
            n_steps += 1
        return Motion(states, n_steps, settled, settled)

    def _rests(self, interaction: Interaction, current: Reals, after: Reals, blend: Blend, free: Mask | None) -> Mask:
        """Return which states a step has left at a minimum; of the others, `after` leaves saddles."""
        still: Mask = np.abs(after - current).max(axis=1) <= TOLERANCE
        blended = np.flatnonzero(still & (blend.heaviest < 1 - TOLERANCE / 10))
        if len(blended):
            norms = np.einsum("mi,mi->m", self.memories, self.memories)
            still[blended] = ~leave_saddles(interaction, self.memories, norms, after, free, blended)
        return still


def _seen(seen: Mask | None, n_states: int) -> Mask:
    """Return what some states see, (B, N), or (B, 0) for all."""
    return np.empty((n_states, 0), dtype=bool) if seen is None else np.ascontiguousarray(seen)
