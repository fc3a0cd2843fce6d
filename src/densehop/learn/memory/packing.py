"""Signs as bits, 1 where a sign is -1: rows of words for states, groups of 32 rows for memories."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Mask, Reals, Signs
from densehop.kernels.tiles import WIDTH
from densehop.learn.memory.filling import Store, new_array
from densehop.simulate.representations.bit_overlaps import PatternWords

Words = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]

ROWS_AT_ONCE, GROUPS_AT_ONCE = 8192, 100  # the first a multiple of WIDTH


def pack_bits(bits: Mask) -> Words:
    """Return booleans (B, N) as words (B, ceil(N/32))."""
    rows = np.zeros((len(bits), 4 * -(-bits.shape[1] // 32)), dtype=np.uint8)
    rows[:, : -(-bits.shape[1] // 8)] = np.packbits(bits, axis=1, bitorder="little")
    return rows.view("<u4").astype(np.uint32, copy=False)


def unpack_signs(words: Words, n_sites: int) -> Signs:
    """Return words (B, W) as signs, (B, N)."""
    rows = words.astype("<u4", copy=False).view(np.uint8)
    bits = np.unpackbits(rows, axis=1, count=n_sites, bitorder="little").view(np.int8)
    signs: Signs = 1 - 2 * bits
    return signs


def pack_memories(data: Reals, threshold: float | Reals, store: Store = None) -> PatternWords:
    """Return rows (M, N) as memories, +1 above a threshold, which may be one for each column; few at a time."""
    blocks = (data[first : first + ROWS_AT_ONCE] for first in range(0, len(data), ROWS_AT_ONCE))
    return gather((pack_bits(~(block > threshold)) for block in blocks), len(data), data.shape[1], store)


def gather(pieces: Iterable[Words], n_memories: int, n_sites: int, store: Store = None) -> PatternWords:
    """Return memories from rows of words (R, W), piece by piece."""

    def fill(words: Words) -> None:
        rest, group = np.empty((0, words.shape[1]), dtype=np.uint32), 0
        for piece in pieces:
            rows = np.vstack([rest, piece]) if len(rest) else piece
            whole = len(rows) // WIDTH
            words[group : group + whole] = _group(rows[: whole * WIDTH])
            rest, group = rows[whole * WIDTH :], group + whole
        if len(rest):
            words[group:] = _group(rest)

    shape = (-(-n_memories // WIDTH), -(-n_sites // 32), WIDTH)
    return PatternWords(new_array(store, shape, np.uint32, fill), n_memories, n_sites)


def _group(rows: Words) -> Words:
    """Return words of rows (M, W) in groups of 32 rows, (G, W, 32), zeros behind the last row."""
    if len(rows) % WIDTH:
        rows = np.vstack([rows, np.zeros((-len(rows) % WIDTH, rows.shape[1]), dtype=np.uint32)])
    return rows.reshape(-1, WIDTH, rows.shape[1]).transpose(0, 2, 1)


def join(first: PatternWords, second: PatternWords, store: Store = None) -> PatternWords:
    """Return the memories of both, in order."""
    pieces = (words for memories in (first, second) for words in word_blocks(memories, np.arange(memories.n_patterns)))
    return gather(pieces, first.n_patterns + second.n_patterns, first.n_spins, store)


def word_blocks(memories: PatternWords, indices: Integers) -> Iterator[Words]:
    """Yield the words of some memories, few at a time."""
    for first in range(0, len(indices), ROWS_AT_ONCE):
        yield words_at(memories, indices[first : first + ROWS_AT_ONCE])


def words_at(memories: PatternWords, indices: Integers) -> Words:
    """Return the words (B, W) of some memories."""
    rows: Words = memories.words[indices // WIDTH, :, indices % WIDTH]
    return rows


def sign_blocks(memories: PatternWords) -> Iterator[tuple[slice, Signs]]:
    """Yield memories as signs, few at a time, and which they are."""
    for first in range(0, memories.n_patterns, ROWS_AT_ONCE):
        part = slice(first, min(first + ROWS_AT_ONCE, memories.n_patterns))
        yield part, unpack_signs(words_at(memories, np.arange(part.start, part.stop)), memories.n_spins)


def all_signs(memories: PatternWords) -> Signs:
    """Return all memories as signs, (M, N)."""
    signs = np.empty((memories.n_patterns, memories.n_spins), dtype=np.int8)
    for part, block in sign_blocks(memories):
        signs[part] = block
    return signs


def sums_of(memories: PatternWords) -> Keys:
    """Return for each memory the sum of its words under random weights, 64 bits: other memories have other sums."""
    weights: Keys = np.random.default_rng(0).integers(2**63, size=(memories.words.shape[1], 1), dtype=np.uint64)
    sums = np.empty((len(memories.words), memories.words.shape[2]), dtype=np.uint64)
    for first in range(0, len(sums), GROUPS_AT_ONCE):
        sums[first : first + GROUPS_AT_ONCE] = (memories.words[first : first + GROUPS_AT_ONCE] * weights).sum(axis=1)
    keys: Keys = sums.ravel()[: memories.n_patterns]
    return keys
