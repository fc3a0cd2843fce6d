"""Signs as bits, 1 where a sign is -1: rows of words for states, groups of 32 rows for memories."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Mask, Reals, Signs
from densehop.kernels.tiles import WIDTH
from densehop.simulate.representations.bit_overlaps import PatternWords

Words = npt.NDArray[np.uint32]

ROWS_AT_ONCE = 8192  # a multiple of WIDTH


def packed(bits: Mask) -> Words:
    """Return booleans (B, N) as words (B, ceil(N/32))."""
    rows = np.zeros((len(bits), 4 * -(-bits.shape[1] // 32)), dtype=np.uint8)
    rows[:, : -(-bits.shape[1] // 8)] = np.packbits(bits, axis=1, bitorder="little")
    return rows.view("<u4").astype(np.uint32, copy=False)


def unpacked(words: Words, n_sites: int) -> Signs:
    """Return words (B, W) as signs, (B, N)."""
    rows = words.astype("<u4", copy=False).view(np.uint8)
    bits = np.unpackbits(rows, axis=1, count=n_sites, bitorder="little").view(np.int8)
    signs: Signs = 1 - 2 * bits
    return signs


def pack_memories(data: Reals, threshold: float | Reals) -> PatternWords:
    """Return rows (M, N) as memories, +1 above a threshold, which may be one for each column; few at a time."""
    n_memories, n_sites = data.shape
    words = np.empty((-(-n_memories // WIDTH), -(-n_sites // 32), WIDTH), dtype=np.uint32)
    for first in range(0, n_memories, ROWS_AT_ONCE):
        rows = packed(~(data[first : first + ROWS_AT_ONCE] > threshold))
        words[first // WIDTH : -(-(first + len(rows)) // WIDTH)] = _grouped(rows)
    return PatternWords(words, n_memories, n_sites)


def _grouped(rows: Words) -> Words:
    """Return words of rows (M, W) in groups of 32 rows, (G, W, 32), zeros behind the last row."""
    if len(rows) % WIDTH:
        rows = np.vstack([rows, np.zeros((-len(rows) % WIDTH, rows.shape[1]), dtype=np.uint32)])
    return rows.reshape(-1, WIDTH, rows.shape[1]).transpose(0, 2, 1)


def joined(first: PatternWords, second: PatternWords) -> PatternWords:
    """Return the memories of both, in order."""
    rows = [np.ascontiguousarray(one.words.transpose(0, 2, 1)) for one in (first, second)]
    pairs = zip(rows, (first, second), strict=True)
    both = np.vstack([one.reshape(-1, one.shape[2])[: own.n_patterns] for one, own in pairs])
    return PatternWords(np.ascontiguousarray(_grouped(both)), len(both), first.n_spins)


def words_at(memories: PatternWords, places: Integers) -> Words:
    """Return the words (B, W) of some memories."""
    rows: Words = memories.words[places // WIDTH, :, places % WIDTH]
    return rows


def sign_blocks(memories: PatternWords) -> Iterator[tuple[slice, Signs]]:
    """Yield memories as signs, few at a time, and which they are."""
    for first in range(0, memories.n_patterns, ROWS_AT_ONCE):
        part = slice(first, min(first + ROWS_AT_ONCE, memories.n_patterns))
        yield part, unpacked(words_at(memories, np.arange(part.start, part.stop)), memories.n_spins)


def all_signs(memories: PatternWords) -> Signs:
    """Return all memories as signs, (M, N)."""
    signs = np.empty((memories.n_patterns, memories.n_spins), dtype=np.int8)
    for part, some in sign_blocks(memories):
        signs[part] = some
    return signs
