"""T = 0 dynamics of spins on bits, for weights that rise with the overlap: "exponential" and "rectified".

Overlaps are counted in bits, a tenth of a float32 product or less; then few memories weigh enough to change a sign
(kernels/recall.py). The result is that of `dynamics.relax_together`, up to the rounding of exactly balanced fields.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers, Mask
from densehop.kernels import listing
from densehop.kernels import recall as kernel
from densehop.kernels.recall import Listed
from densehop.learn.memory.counting import Counting, floors_of
from densehop.learn.memory.dynamics import Motion
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.packing import Words, pack_bits, unpack_signs
from densehop.simulate.representations.bit_overlaps import PatternWords

ON_BITS = ("exponential", "rectified")
MOST_SITES = 16_383  # two counts are added in 16 bits
ROUNDING = 1e-17  # share of a sum that its rounding hides
SHARE = 4  # of the memories of each state, one in so many may be added up; beyond, a matrix product is faster


class Tables(NamedTuple):
    """Logarithms of weights, gains and losses by count, and the counts from which on memories matter to a step."""

    logs: Floats
    gains: Floats
    losses: Floats
    floors: Integers


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
    def build(cls, interaction: Interaction, words: PatternWords) -> "BitMemory | None":
        """Take memories as bits; None where the interaction or the size is not for them."""
        if interaction.name not in ON_BITS or interaction.n_sites > MOST_SITES:
            return None
        overlaps = np.arange(-interaction.n_sites, interaction.n_sites + 1)
        alone = np.exp(-2 * interaction.beta) * (1 - kernel.SAFE) if interaction.name == "exponential" else 0.0
        return cls(
            words=words,
            logs=interaction.log_weights(overlaps).astype(np.float64),
            gains=interaction.log_gains(overlaps),
            losses=interaction.log_losses(overlaps),
            alone=float(alone) if alone > 0 else -1.0,
        )

    @cached_property
    def whole(self) -> Tables:
        """The tables for states of which all sites are seen."""
        return self._tables(self.logs[::2].copy(), self.gains[::2].copy(), self.losses[::2].copy())

    @cached_property
    def partly(self) -> Tables:
        """The tables for states of which sites are hidden, with doubled counts."""
        return self._tables(self.logs, self.gains, self.losses)

    def _tables(self, logs: Floats, gains: Floats, losses: Floats) -> Tables:
        """Return tables with the floors of both a step and a flip."""
        tolerance = kernel.equal_within(self.words.n_patterns) / 4
        tolerance = min(tolerance, self.alone / 2) if self.alone > 0 else tolerance
        floors = (floors_of(*pair, self.words.n_patterns, tolerance) for pair in ((logs, logs), (gains, losses)))
        return Tables(logs, gains, losses, np.minimum(*floors))

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
        absent = None if present is None else pack_bits(~present)
        states = pack_bits(~high) if absent is None else pack_bits(~high) & ~absent
        fixed = np.zeros_like(states) if free is None else pack_bits(~free)
        at_rest, settled = np.zeros((2, len(states)), dtype=bool)
        moving = np.arange(len(states))
        n_steps = 0
        while n_steps < max_steps and len(moving):
            current, hidden = states[moving], absent if n_steps == 0 else None
            outcome = self._step(current, hidden, fixed[moving])
            if outcome is None:
                return None
            may_move, is_minimum = outcome
            states[moving] = current
            at_rest[moving] = ~may_move
            settled[moving] = is_minimum
            moving = moving[may_move]
            n_steps += 1
        return Motion(unpack_signs(states, self.words.n_spins).astype(dtype), n_steps, settled, at_rest)

    def _step(self, states: Words, absent: Words | None, fixed: Words) -> tuple[Mask, Mask] | None:
        """Move states in place; return which of them may move in another step, and which are minima for sure."""
        logs, gains, losses, floors = self.whole if absent is None else self.partly
        n_memories = self.words.n_patterns
        memories = kernel.Memories(self.words.words, n_memories, logs, gains, losses, self.alone)
        again, minimum, unclear = np.zeros((3, len(states)), dtype=bool)
        if absent is not None:  # sites that appear have yet to be seen
            again |= absent.any(axis=1)
        before, again_before = states.copy(), again.copy()
        counting = Counting(self.words, before, absent)

        def move(part: slice, listed: Listed) -> bool:
            number = listed.counts.shape[1]
            indices = np.empty((2, number), dtype=np.int64)
            scratch = kernel.Scratch(
                np.empty(len(logs)), indices[0], indices[1], np.empty(number), *np.empty((2, 32 * states.shape[1]))
            )
            budget = int((part.stop - part.start) * (n_memories // SHARE + SHARE))
            spent = kernel.step(
                listed, memories, states[part], fixed[part], again[part], minimum[part], unclear[part], scratch, budget
            )
            return bool(spent != kernel.OUT_OF_BUDGET)

        if not all(move(part, listed) for part, listed in counting.lists(floors)):
            return None
        rows = np.flatnonzero(unclear)
        states[rows], again[rows], minimum[rows] = before[rows], again_before[rows], False
        unclear[rows] = False
        if not all(move(part, listed) for part, listed in counting.all_counts(rows)):
            return None
        return again, minimum


def nearest_signs_of(words: PatternWords, interaction: Interaction, states: Words) -> tuple[Integers, Integers, Floats]:
    """Return the first of the nearest memories (B,) of spins, the sites that agree, and the energies (B,)."""
    counting = Counting(words, states, None)
    if interaction.additive:
        tops, nearest, histogram = counting.tally()
        return nearest, tops, -interaction.unit * (histogram @ interaction.table)
    overlaps: Floats = 2 * np.arange(words.n_spins + 1.0) - words.n_spins
    logs = float(interaction.beta) * overlaps
    tops, nearest = np.empty((2, len(states)), dtype=np.int64)
    totals = np.empty(len(states))
    floors = floors_of(logs, logs, words.n_patterns, ROUNDING)
    for part, listed in counting.lists(floors):
        listing.weigh(listed.counts, listed.indices, floors, logs, tops[part], nearest[part], totals[part])
    energies: Floats = -(logs[tops] + np.log(totals)) / interaction.beta
    return nearest, tops, energies


def posterior_means(words: PatternWords, beta: float, states: Words, absent: Words | None) -> tuple[Floats, Floats]:
    """Return the mean of what produced spins, (B, N), as `dynamics.posterior_mean`, and log sum exp(beta k), (B,).

    absent (B, W): hidden sites, or None; these do not count in the overlap k.
    """
    halves = 1 if absent is None else 2
    logs = 2 * beta / halves * np.arange(halves * words.n_spins + 1.0) - beta * words.n_spins
    means, field = np.empty((len(states), words.n_spins)), np.empty(32 * states.shape[1])
    sums = np.empty(len(states))
    counting = Counting(words, states, absent)
    floors = floors_of(logs, logs, words.n_patterns, ROUNDING)
    for part, listed in counting.lists(floors):
        listing.add_all(listed.counts, listed.indices, floors, logs, words.words, field, means[part], sums[part])
    return means, sums


def flip_sums(words: PatternWords, interaction: Interaction, states: Words) -> tuple[Floats, Floats, Floats]:
    """Return what memories lose and gain by a flip of each site of spins, (B, N) each, by the exponential energy.

    In units of what the nearest memory loses, whose logarithm is the third, (B,).
    """
    overlaps = 2 * np.arange(words.n_spins + 1.0) - words.n_spins
    gains, losses = interaction.log_gains(overlaps), interaction.log_losses(overlaps)
    lost, gained = np.empty((2, len(states), 32 * states.shape[1]))
    tops = np.empty(len(states), dtype=np.int64)
    floors = floors_of(gains, losses, words.n_patterns, ROUNDING)
    for part, listed in Counting(words, states, None).lists(floors):
        sums = lost[part], gained[part]
        listing.flip_sums(listed.counts, listed.indices, floors, gains, losses, words.words, states[part], *sums)
        tops[part] = listed.counts[: len(sums[0])].max(axis=1)
    return lost[:, : words.n_spins], gained[:, : words.n_spins], losses[tops]
