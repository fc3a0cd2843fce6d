"""T = 0 dynamics of spins on bits, for weights that rise with the overlap: "exponential" and "rectified".

Overlaps are counted in bits, a tenth of a float32 product or less; then few memories weigh enough to change a sign
(kernels/recall.py). The result is that of `dynamics.relax_together`, up to the rounding of exactly balanced fields.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Mask, Reals
from densehop.kernels import recall as kernel
from densehop.kernels import retrieval
from densehop.kernels.tiles import ROWS, WIDTH
from densehop.learn.memory.dynamics import Motion
from densehop.learn.memory.interactions import Interaction
from densehop.simulate.representations.bit_overlaps import PatternWords

Words = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int16]

ON_BITS = ("exponential", "rectified")
MOST_SITES = 16_383  # two counts are added in 16 bits
COUNTS_AT_ONCE = 2**17  # that the cache holds
SHARE = 4  # of the memories of each state, one in so many may be added up; beyond, a matrix product is faster


@dataclass(frozen=True, eq=False)
class BitMemory:
    """Memories as bits.

    Attributes
    ----------
    words : PatternWords
    logs, gains, losses : (2 N + 1,), log weight, `log_gains` and `log_losses` at k = -N..N
    alone : a memory that outweighs all others together more often than that is a minimum for states that move to it
    """

    words: PatternWords
    logs: Floats
    gains: Floats
    losses: Floats
    alone: float

    @classmethod
    def build(cls, interaction: Interaction, memories: Reals) -> "BitMemory | None":
        """Lay out memories (M, N) of signs; None where the interaction or the size is not for bits."""
        if interaction.name not in ON_BITS or interaction.n_sites > MOST_SITES:
            return None
        overlaps = np.arange(-interaction.n_sites, interaction.n_sites + 1)
        alone = np.exp(-2 * interaction.beta) * (1 - kernel.SAFE) if interaction.name == "exponential" else -1.0
        return cls(
            words=PatternWords.build(memories.astype(np.int8)),
            logs=interaction.log_weights(overlaps).astype(np.float64),
            gains=interaction.log_gains(overlaps),
            losses=interaction.log_losses(overlaps),
            alone=float(alone),
        )

    def relax(
        self, high: Mask, present: Mask | None, free: Mask | None, max_steps: int, dtype: npt.DTypeLike
    ) -> Motion | None:
        """Move free sites together until nothing moves; None where so many memories take part that products are faster.

        Parameters
        ----------
        high : (B, N), where the sign is +1
        present : (B, N), the sites that the first step sees; None: all
        free : (B, N), the sites that may move, among them all that are not present; None: all
        dtype : of the states that come back
        """
        absent = None if present is None else packed(~present)
        states = packed(~high) if absent is None else packed(~high) & ~absent
        fixed = np.zeros_like(states) if free is None else packed(~free)
        at_rest, settled = np.zeros((2, len(states)), dtype=bool)
        moving = np.arange(len(states))
        n_steps = 0
        while n_steps < max_steps and len(moving):
            now, hidden = states[moving], absent if n_steps == 0 else None
            found = self._step(now, hidden, fixed[moving])
            if found is None:
                return None
            again, minimum = found
            states[moving] = now
            at_rest[moving] = ~again
            settled[moving] = minimum
            moving = moving[again]
            n_steps += 1
        return Motion(unpacked(states, self.words.n_spins).astype(dtype), n_steps, settled, at_rest)

    def _step(self, states: Words, absent: Words | None, fixed: Words) -> tuple[Mask, Mask] | None:
        """Move states in place; return which of them may move in another step, and which are minima for sure."""
        n_memories, n_words = self.words.n_patterns, states.shape[1]
        tables = [self.logs, self.gains, self.losses]
        logs, gains, losses = [table[::2].copy() for table in tables] if absent is None else tables
        memories = kernel.Memories(self.words.words, n_memories, logs, gains, losses, self.alone)
        places, shares = np.empty(n_memories, dtype=np.int64), np.empty(n_memories)
        scratch = kernel.Scratch(np.empty(len(logs)), places, shares, np.empty(32 * n_words))
        again, minimum = np.zeros((2, len(states)), dtype=bool)
        if absent is not None:  # sites that appear have yet to be seen
            again |= absent.any(axis=1)
        at_once = ROWS * max(1, min(COUNTS_AT_ONCE // n_memories, len(states) + ROWS - 1) // ROWS)
        counts = np.empty((at_once, len(self.words.words) * WIDTH), dtype=np.int16)
        for first in range(0, len(states), at_once):
            part = slice(first, first + at_once)
            self._count(states[part], None if absent is None else absent[part], counts)
            budget = len(states[part]) * (n_memories // SHARE + SHARE)
            spent = kernel.step(
                counts, memories, states[part], fixed[part], again[part], minimum[part], scratch, budget
            )
            if spent == kernel.OUT_OF_BUDGET:
                return None
        return again, minimum

    def _count(self, states: Words, absent: Words | None, counts: Counts) -> None:
        """Write the numbers of sites where states and memories agree; -1 behind the last memory."""
        self._agreements(states, counts)
        if absent is not None:  # an absent site is half +1 and half -1
            first = counts.copy()
            self._agreements(states | absent, counts)
            counts += first
        counts[:, self.words.n_patterns :] = -1

    def _agreements(self, states: Words, counts: Counts) -> None:
        """Write the numbers of sites where states, as many as rows of counts or fewer, and memories agree."""
        words = self.words
        if len(states) % ROWS:
            states = np.vstack([states, np.zeros((-len(states) % ROWS, states.shape[1]), dtype=np.uint32)])
        retrieval.count_agreements(words.words, states, words.n_spins, 0, words.n_patterns, counts)


def packed(bits: Mask) -> Words:
    """Return booleans (B, N) as words (B, ceil(N/32))."""
    rows = np.zeros((len(bits), 4 * -(-bits.shape[1] // 32)), dtype=np.uint8)
    rows[:, : -(-bits.shape[1] // 8)] = np.packbits(bits, axis=1, bitorder="little")
    return rows.view("<u4").astype(np.uint32, copy=False)


def unpacked(words: Words, n_sites: int) -> npt.NDArray[np.int8]:
    """Return words (B, W) as signs, (B, N)."""
    rows = words.astype("<u4", copy=False).view(np.uint8)
    bits = np.unpackbits(rows, axis=1, count=n_sites, bitorder="little").view(np.int8)
    signs: npt.NDArray[np.int8] = 1 - 2 * bits
    return signs
