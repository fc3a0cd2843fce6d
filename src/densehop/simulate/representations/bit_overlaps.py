"""Overlaps of many states with all patterns, by counting the bits in which they differ."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers, Signs
from densehop.base.workers import count_workers, run_all
from densehop.kernels import retrieval as kernel
from densehop.kernels.tiles import ROWS, WIDTH

Words = npt.NDArray[np.uint32]

STATES_AT_ONCE = 11 * ROWS  # rows per block
PATTERNS_AT_ONCE = 1024  # a multiple of WIDTH; sums of 32,767 pairs of products would still fit into 32 bits
PACKED_AT_ONCE = 8192  # patterns, a multiple of WIDTH


@dataclass(frozen=True, eq=False)
class PatternWords:
    """The signs of M patterns as bits, (G, W, 32) uint32; layout in `kernels/retrieval.py`."""

    words: Words
    n_patterns: int
    n_spins: int

    def __post_init__(self) -> None:
        """Take the words as those in a file are, read only: kernels are compiled for one kind."""
        self.words.flags.writeable = False

    @classmethod
    def build(cls, patterns: Signs) -> "PatternWords":
        """Lay out patterns (M, N)."""
        n_patterns, n_spins = patterns.shape
        words = np.zeros((-(-n_patterns // WIDTH), -(-n_spins // 32), WIDTH), dtype=np.uint32)
        for first in range(0, n_patterns, PACKED_AT_ONCE):
            rows = words_of(patterns[first : first + PACKED_AT_ONCE], WIDTH)
            groups = rows.reshape(-1, WIDTH, rows.shape[1]).transpose(0, 2, 1)
            words[first // WIDTH : first // WIDTH + len(groups)] = groups
        return cls(words, n_patterns, n_spins)

    @staticmethod
    def bytes_needed(n_spins: int, n_patterns: int) -> int:
        """Predict the memory of the layout."""
        return n_patterns * (n_spins + 32) // 8

    def overlaps(self, states: Signs, n_workers: int | None = None) -> Floats:
        """Return the overlaps per spin, (B, M), of states (B, N)."""
        result = np.empty((len(states), self.n_patterns))
        value = 2 * np.arange(self.n_spins + 1) / self.n_spins - 1

        def task(rows: slice, stop: threading.Event) -> None:
            for first, last, counts in self.blocks(states[rows], stop):
                result[rows, first:last] = value[counts[: rows.stop - rows.start, : last - first]]

        run_all([partial(task, rows) for rows in blocks_of_states(len(states), n_workers)], count_workers(n_workers))
        return result

    def largest(self, states: Signs, n_largest: int, n_workers: int | None = None) -> tuple[Floats, Integers]:
        """Return the largest overlaps (B, n) of states (B, N), falling, and the indices of their patterns."""
        largest = np.full((len(states), n_largest), -1, dtype=np.int64)
        indices = np.zeros(largest.shape, dtype=np.int64)

        def task(rows: slice, stop: threading.Event) -> None:
            for first, last, counts in self.blocks(states[rows], stop):
                kernel.keep_largest(counts, first, last, largest[rows], indices[rows])

        run_all([partial(task, rows) for rows in blocks_of_states(len(states), n_workers)], count_workers(n_workers))
        return 2 * largest / self.n_spins - 1, indices

    def blocks(self, states: Signs, stop: threading.Event) -> Iterator[tuple[int, int, npt.NDArray[np.int16]]]:
        """Yield first, last and the agreements (at least B, at least last - first) with patterns first..last."""
        state_words = words_of(states, ROWS)
        counts = np.empty((len(state_words), PATTERNS_AT_ONCE), dtype=np.int16)
        for first, last in blocks_of_patterns(self.n_patterns, stop):
            kernel.count_agreements(self.words, state_words, self.n_spins, first, last, counts)
            yield first, last, counts


def words_of(signs: Signs, multiple: int) -> Words:
    """Return signs (R, N) as bits (R', ceil(N/32)), 1 for -1, and rows of zeros up to a multiple of `multiple`."""
    n_rows, n_spins = signs.shape
    rows = np.zeros((-(-n_rows // multiple) * multiple, 4 * -(-n_spins // 32)), dtype=np.uint8)
    rows[:n_rows, : -(-n_spins // 8)] = np.packbits(signs < 0, axis=1, bitorder="little")
    return rows.view("<u4").astype(np.uint32, copy=False)


def blocks_of_states(n_states: int, n_workers: int | None) -> list[slice]:
    """Split states into blocks for threads: equal ones where there are few."""
    share = -(-n_states // count_workers(n_workers))
    at_once = min(STATES_AT_ONCE, -(-share // ROWS) * ROWS)
    return [slice(first, min(first + at_once, n_states)) for first in range(0, n_states, at_once)]


def blocks_of_patterns(n_patterns: int, stop: threading.Event) -> Iterator[tuple[int, int]]:
    """Yield the first and the last + 1 of each block of patterns until `stop` is set."""
    for first in range(0, n_patterns, PATTERNS_AT_ONCE):
        if stop.is_set():
            return
        yield first, min(first + PATTERNS_AT_ONCE, n_patterns)
