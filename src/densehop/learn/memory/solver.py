"""How a `DenseAssociativeMemory` finds minima: all sites at once, then one after the other; or samples at T > 0."""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Mask, Reals
from densehop.learn.memory.bits import BitMemory
from densehop.learn.memory.descent import Descent
from densehop.learn.memory.dynamics import Motion, fill_hidden, mean_spins, relax_together
from densehop.learn.memory.encoding import Encoding
from densehop.learn.memory.interactions import Interaction
from densehop.network import PBodyHopfield


@dataclass(frozen=True, eq=False)
class Solver:
    """Memories and the rule by which states move among them.

    Attributes
    ----------
    interaction : Interaction
    memories : (M, N), encoded
    encoding : Encoding
    bits : BitMemory or None, the same memories as bits
    descent : Descent, the same memories for single flips
    real : whether states move through real values
    temperature, max_steps, n_sweeps : as of `DenseAssociativeMemory`
    """

    interaction: Interaction
    memories: Reals
    encoding: Encoding
    bits: BitMemory | None
    descent: Descent
    real: bool
    temperature: float
    max_steps: int
    n_sweeps: int

    def solve(
        self, data: Reals, present: Mask | None, free: Mask | None, random: np.random.Generator
    ) -> tuple[Motion, Floats | None]:
        """Return where states ended and, at T > 0, their mean spins; None for a mask: all sites are."""
        if self.temperature > 0:
            return self._sample(data, present, free, random)
        return self._relax(data, present, free), None

    def start(self, data: Reals, present: Mask | None) -> Reals:
        """Return encoded data, 0 where hidden."""
        start = self.encoding.encode(data)
        return start if present is None else np.where(present, start, data.dtype.type(0))

    def _relax(self, data: Reals, present: Mask | None, free: Mask | None) -> Motion:
        """Move to minima of the energy: together as long as that moves states, then spins by single flips."""
        found = self._relax_together(data, present, free)
        rows, left = np.flatnonzero(found.at_rest & ~found.settled), self.max_steps - found.n_steps
        if self.real or not len(rows) or left < 1:
            return found
        ended = self.descent.run(found.states[rows], None if free is None else free[rows], left)
        states, settled = found.states, found.settled
        states[rows], settled[rows] = ended.states, ended.settled
        return Motion(states, found.n_steps + ended.n_steps, settled, settled)

    def _relax_together(self, data: Reals, present: Mask | None, free: Mask | None) -> Motion:
        """Move all sites at once where that lowers the energy; else give hidden sites a sign and leave it at that."""
        if self.bits is not None:
            found = self.bits.relax(data > self.encoding.middle, present, free, self.max_steps, data.dtype)
            if found is not None:
                return found
        start = self.start(data, present)
        if self.interaction.together:
            return relax_together(self.interaction, self.memories, start, free, present, self.max_steps, real=self.real)
        states = fill_hidden(self.interaction, self.memories, start)
        return Motion(states, 0, np.zeros(len(start), dtype=bool), np.ones(len(start), dtype=bool))

    def _sample(
        self, data: Reals, present: Mask | None, free: Mask | None, random: np.random.Generator
    ) -> tuple[Motion, Floats]:
        """Return the signs of mean spins (their last states where a mean is 0) and the means, of heat-bath dynamics."""
        start = self.start(data, present)
        means: Floats
        if self._compiled(present):
            network = PBodyHopfield(self.memories, self.interaction.degree)
            seed = int(random.integers(2**31))
            run = network.sample(self.temperature, len(start), self.n_sweeps, start=start, seed=seed, snapshot_every=1)
            means, last = run.snapshots[:, self.n_sweeps // 2 :].mean(axis=1), run.spins.astype(start.dtype)
        else:
            means, last = mean_spins(
                self.interaction, self.memories, start, free, self.temperature, self.n_sweeps, random
            )
        states = np.where(means != 0, np.sign(means), last).astype(data.dtype)
        done = np.ones(len(data), dtype=bool)
        return Motion(states, self.n_sweeps, done, done), means

    def _compiled(self, present: Mask | None) -> bool:
        """Whether `PBodyHopfield` has these dynamics: nothing may be hidden or held."""
        return self.interaction.name == "strict" and present is None
