"""Which dynamics moves the states of a `DenseAssociativeMemory`: on bits, all sites at once, site by site, sampled."""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Mask, Reals
from densehop.learn.memory.bits import BitMemory
from densehop.learn.memory.dynamics import Motion, mean_spins, relax_site_by_site, relax_together
from densehop.learn.memory.encoding import Encoding
from densehop.learn.memory.interactions import Interaction
from densehop.network import PBodyHopfield


@dataclass(frozen=True, eq=False)
class Mover:
    """Memories and the rule by which states move among them.

    Attributes
    ----------
    interaction : Interaction
    memories : (M, N), encoded
    encoding : Encoding
    bits : BitMemory or None, the same memories as bits
    real : whether states move through real values
    temperature, max_steps, n_sweeps : as of `DenseAssociativeMemory`
    """

    interaction: Interaction
    memories: Reals
    encoding: Encoding
    bits: BitMemory | None
    real: bool
    temperature: float
    max_steps: int
    n_sweeps: int

    def move(
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
        """Move to a minimum of the energy."""
        if self.bits is not None:
            found = self.bits.relax(data > self.encoding.middle, present, free, self.max_steps, data.dtype)
            if found is not None:
                return found
        start = self.start(data, present)
        if self.interaction.together:
            return relax_together(self.interaction, self.memories, start, free, present, self.max_steps, real=self.real)
        if self._compiled(present):
            states = PBodyHopfield(self.memories, self.interaction.degree).relax(start).astype(start.dtype)
            return Motion(states, 1, np.ones(len(start), dtype=bool))
        return relax_site_by_site(self.interaction, self.memories, start, free, self.max_steps)

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
        return Motion(states, self.n_sweeps, np.ones(len(data), dtype=bool)), means

    def _compiled(self, present: Mask | None) -> bool:
        """Whether `PBodyHopfield` has these dynamics: nothing may be hidden or held."""
        return self.interaction.name == "strict" and present is None
