"""Counts of the sites at which states and memories agree, of few at a time, kept only where they matter.

Where a state hides sites, each of them is half +1 and half -1, and counts are doubled: 0..2N.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers
from densehop.kernels import listing as kernel
from densehop.kernels import retrieval
from densehop.kernels.recall import Listed
from densehop.kernels.tiles import ROWS, WIDTH
from densehop.learn.memory.packing import Words
from densehop.simulate.representations.bit_overlaps import PatternWords

Counts = npt.NDArray[np.int16]

COUNTS_AT_ONCE = 2**17  # that the cache holds
MEMORIES_AT_ONCE = 2048  # a multiple of WIDTH
LISTED = 2048  # memories of a state, a multiple of WIDTH: where more matter, all are looked at
MARGIN = 1  # counts below which nothing matters, for the rounding of their logarithms


@dataclass(frozen=True, eq=False)
class Counting:
    """Memories as bits, and states (B, W) to compare with them; `absent` (B, W): hidden sites, or None."""

    memories: PatternWords
    states: Words
    absent: Words | None

    def lists(self, floors: Integers) -> Iterator[tuple[slice, Listed]]:
        """Yield, for blocks of states, the memories that matter; floors by count, as for `kernels.listing.collect`.

        A state for which too many matter comes alone, with all its counts.
        """
        if self.memories.n_patterns <= 2 * LISTED:
            yield from self.all_counts(np.arange(len(self.states)))
            return
        crowded: list[int] = []
        at_once = ROWS * max(1, COUNTS_AT_ONCE // MEMORIES_AT_ONCE // ROWS)
        for first in range(0, len(self.states), at_once):
            part = slice(first, min(first + at_once, len(self.states)))
            tops = np.zeros(part.stop - part.start, dtype=np.int64)
            listed, memories, number = self._collect(np.arange(part.start, part.stop), floors, tops)
            late = np.flatnonzero(number == kernel.TOO_MANY)
            if len(late):  # before the nearest memory was met, many seemed to matter: now it is known how near it is
                listed[late], memories[late], number[late] = self._collect(first + late, floors, tops[late])
            complete = number != kernel.TOO_MANY
            if complete.all():
                yield part, Listed(listed, memories, floors[tops])
                continue
            crowded += (first + np.flatnonzero(~complete)).tolist()
            for index in np.flatnonzero(complete).tolist():
                row = slice(index, index + 1)
                yield slice(first + index, first + index + 1), Listed(listed[row], memories[row], floors[tops[row]])
        yield from self.all_counts(np.array(crowded, dtype=np.int64))

    def _collect(self, rows: Integers, floors: Integers, tops: Integers) -> tuple[Counts, Integers, Integers]:
        """Return counts and indices of the memories that matter to some states, and how many; tops are updated."""
        listed = np.full((len(rows), LISTED), -1, dtype=np.int16)
        memories, number = np.zeros((len(rows), LISTED), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        for start, counts in self._blocks(rows, MEMORIES_AT_ONCE):
            kernel.collect(counts, len(rows), start, floors, tops, listed, memories, number)
        return listed, memories, number

    def all_counts(self, rows: Integers) -> Iterator[tuple[slice, Listed]]:
        """Yield the counts of states, in blocks of consecutive rows, and all memories."""
        n_memories = self.memories.n_patterns
        at_once = ROWS * max(1, min(COUNTS_AT_ONCE // n_memories, len(rows) + ROWS - 1) // ROWS)
        runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if len(rows) else []
        for run in runs:
            for first in range(0, len(run), at_once):
                part = slice(int(run[first]), int(run[min(first + at_once, len(run)) - 1]) + 1)
                for _, counts in self._blocks(part, -(-n_memories // WIDTH) * WIDTH):
                    yield part, Listed(counts, np.empty((0, 0), np.int64), np.zeros(len(counts), np.int64))

    def tally(self) -> tuple[Integers, Integers, Integers]:
        """Return the largest counts (B,), the first memories that have them, and histograms of counts (B, C)."""
        n_counts = (1 if self.absent is None else 2) * self.memories.n_spins + 1
        tops, nearest = np.full(len(self.states), -1), np.zeros(len(self.states), dtype=np.int64)
        histogram = np.zeros((len(self.states), n_counts), dtype=np.int64)
        at_once = ROWS * max(1, COUNTS_AT_ONCE // MEMORIES_AT_ONCE // ROWS)
        for first in range(0, len(self.states), at_once):
            part = slice(first, min(first + at_once, len(self.states)))
            for start, counts in self._blocks(part, MEMORIES_AT_ONCE):
                number = min(MEMORIES_AT_ONCE, self.memories.n_patterns - start)
                size = part.stop - part.start
                kernel.tally(counts, size, number, start, tops[part], nearest[part], histogram[part])
        return tops, nearest, histogram

    def nearest_others(self) -> Integers:
        """Return the largest counts (B,) below N, of memories that are no copies of the states; -1: there are none."""
        tops = np.full(len(self.states), -1, dtype=np.int64)
        at_once = ROWS * max(1, COUNTS_AT_ONCE // MEMORIES_AT_ONCE // ROWS)
        for first in range(0, len(self.states), at_once):
            part = slice(first, min(first + at_once, len(self.states)))
            for _, counts in self._blocks(part, MEMORIES_AT_ONCE):
                kernel.largest_below(counts, part.stop - part.start, self.memories.n_spins, tops[part])
        return tops

    def _blocks(self, part: slice | Integers, length: int) -> Iterator[tuple[int, Counts]]:
        """Yield the counts of some states and of blocks of memories, -1 behind the last; they are overwritten later."""
        states = self._pad(self.states[part])
        first_half = None if self.absent is None else states
        second_half = states if self.absent is None else states | self._pad(self.absent[part])
        counts = np.empty((len(states), length), dtype=np.int16)
        more = None if first_half is None else np.empty_like(counts)
        memories = self.memories
        for start in range(0, memories.n_patterns, length):
            end = min(start + length, memories.n_patterns)
            retrieval.count_agreements(memories.words, second_half, memories.n_spins, start, end, counts)
            if first_half is not None and more is not None:
                retrieval.count_agreements(memories.words, first_half, memories.n_spins, start, end, more)
                counts += more
            counts[:, end - start :] = -1
            yield start, counts

    def _pad(self, rows: Words) -> Words:
        """Return words of states with rows of zeros up to a multiple of the kernel's."""
        if len(rows) % ROWS == 0:
            return np.ascontiguousarray(rows)
        return np.vstack([rows, np.zeros((-len(rows) % ROWS, rows.shape[1]), dtype=np.uint32)])


def floors_of(values: Floats, references: Floats, n_memories: int, left: float) -> Integers:
    """Return by count the one below which all memories together weigh less than `left`, where the largest is this.

    A weight is exp(value - reference), values rising with the count, the reference that of the largest.
    """
    with np.errstate(invalid="ignore"):
        smallest = references + np.log(left / n_memories)
    floors = np.searchsorted(values, np.where(np.isfinite(smallest), smallest, -np.inf)) - MARGIN
    return np.maximum(np.maximum.accumulate(floors), 0).astype(np.int64)
