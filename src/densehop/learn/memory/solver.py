"""How a `DenseAssociativeMemory` finds minima: all sites at once, then one after the other; or samples at T > 0."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Mask, Reals
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.memory.dynamics import Motion, fill_hidden, mean_spins, relax_together
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.stored import Stored
from densehop.network import PBodyHopfield

OVERLAPS_AT_ONCE = 2**20


@dataclass(frozen=True)
class Rule:
    """How long states move, and at which temperature: `temperature`, `max_steps`, `n_sweeps` of a memory."""

    temperature: float
    max_steps: int
    n_sweeps: int


@dataclass(frozen=True, eq=False)
class Solver:
    """Memories and the rule by which states move among them.

    Attributes
    ----------
    stored : Stored, memories and their energy
    dtype : precision in which states move where products of matrices move them
    rule : Rule
    """

    stored: Stored
    dtype: npt.DTypeLike
    rule: Rule

    @property
    def interaction(self) -> Interaction:
        """The energy."""
        return self.stored.interaction

    @property
    def memories(self) -> Reals:
        """Encoded memories (M, N) as floats."""
        return self.stored.values(self.dtype)

    @property
    def real(self) -> bool:
        """Whether states move through real values."""
        return self.stored.real

    def solve(
        self, data: Reals, present: Mask | None, free: Mask | None, random: np.random.Generator
    ) -> tuple[Motion, Floats | None]:
        """Return where states ended and, at T > 0, their mean spins; None for a mask: all sites are."""
        if self.rule.temperature > 0:
            return self._sample(data, present, free, random)
        return self._relax(data, present, free), None

    def start(self, data: Reals, present: Mask | None) -> Reals:
        """Return encoded data, 0 where hidden."""
        return self.stored.start(data, present)

    def _relax(self, data: Reals, present: Mask | None, free: Mask | None) -> Motion:
        """Move to minima of the energy: together as long as that moves states, then spins by single flips."""
        motion = self._relax_together(data, present, free)
        rows = np.flatnonzero(motion.at_rest & ~motion.settled)
        if self.real or not len(rows):
            return motion
        # the sweeps do not depend on the steps, which are those of the slowest row: a row alone must end there, too
        ended = self.stored.descent.run(motion.states[rows], None if free is None else free[rows], self.rule.max_steps)
        states, settled = motion.states, motion.settled
        states[rows], settled[rows] = ended.states, ended.settled
        return Motion(states, motion.n_steps + ended.n_steps, settled, settled)

    def minima(self, motion: Motion, free: Mask | None) -> Mask:
        """Return which states are minima, (B,): of spins also those that had no step left to find out."""
        settled = motion.settled.copy()
        rows = np.flatnonzero(~settled)
        if self.real or not len(rows):
            return settled
        states = motion.states[rows]
        known = None if free is None else free[rows]
        once = replace(self, rule=replace(self.rule, max_steps=1))
        further = once._relax(self.stored.encoding.decode(states), None, known)
        settled[rows] = further.settled & (further.states == states).all(axis=1)
        return settled

    def _relax_together(self, data: Reals, present: Mask | None, free: Mask | None) -> Motion:
        """Move all sites at once where that lowers the energy; else give hidden sites a sign and leave it at that."""
        bits, middle = self.stored.bits, self.stored.encoding.middle
        if bits is not None:
            motion = bits.relax(data > middle, present, free, self.rule.max_steps, data.dtype)
            if motion is not None:
                return motion
        if self.real:
            moved = self.stored.nearby.relax(
                self.interaction, self.start(data, present), free, present, self.rule.max_steps
            )
            if moved is not None:
                return moved
        if self.interaction.together:
            return self._relax_by_products(data, present, free)
        states = one_blas_thread(fill_hidden)(self.interaction, self.memories, self.start(data, present))
        return Motion(states, 0, np.zeros(len(data), dtype=bool), np.ones(len(data), dtype=bool))

    @one_blas_thread
    def _relax_by_products(self, data: Reals, present: Mask | None, free: Mask | None) -> Motion:
        """Move all sites at once, so many states at a time that the weights of all memories fit."""
        at_once = max(1, OVERLAPS_AT_ONCE // self.stored.n_memories)
        motions = []
        for first in range(0, len(data), at_once):
            part = slice(first, first + at_once)
            held, seen = (None if mask is None else mask[part] for mask in (free, present))
            start = self.start(data[part], seen)
            motions.append(
                relax_together(self.interaction, self.memories, start, held, seen, self.rule.max_steps, real=self.real)
            )
        return Motion.join(motions)

    @one_blas_thread
    def _sample(
        self, data: Reals, present: Mask | None, free: Mask | None, random: np.random.Generator
    ) -> tuple[Motion, Floats]:
        """Return the signs of mean spins (their last states where a mean is 0) and the means, of heat-bath dynamics."""
        start = self.start(data, present)
        means: Floats
        if self._compiled(present):
            network = PBodyHopfield(self.stored.all_rows, self.interaction.degree)
            seed = int(random.integers(2**31))
            run = network.sample(
                self.rule.temperature, len(start), self.rule.n_sweeps, start=start, seed=seed, snapshot_every=1
            )
            means, last = run.snapshots[:, self.rule.n_sweeps // 2 :].mean(axis=1), run.spins.astype(start.dtype)
        else:
            means, last = mean_spins(
                self.interaction, self.memories, start, free, self.rule.temperature, self.rule.n_sweeps, random
            )
        states = np.where(means != 0, np.sign(means), last).astype(data.dtype)
        done = np.ones(len(data), dtype=bool)
        return Motion(states, self.rule.n_sweeps, done, done), means

    def _compiled(self, present: Mask | None) -> bool:
        """Whether `PBodyHopfield` has these dynamics: nothing may be hidden or held."""
        return self.interaction.name == "strict" and present is None
