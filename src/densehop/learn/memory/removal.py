"""Which stored rows are to be forgotten, and what is kept of the others: as if the others alone had been stored."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Integers, Mask, Reals
from densehop.errors import InvalidInput
from densehop.learn.memory.encoding import Data, Encoding, at_the_ends, encoding_of_pieces
from densehop.learn.memory.filling import Store
from densehop.learn.memory.packing import ROWS_AT_ONCE, sums_of, word_blocks
from densehop.learn.memory.stored import Rows, Stored, assemble_rows, encode_rows, select_rows
from densehop.simulate.representations.bit_overlaps import PatternWords

ROUNDING = 16  # units in the last place by which a stored value may differ from the same value encoded anew


def places_of(stored: Stored, data: Data) -> Integers:
    """Return the indices of all stored rows that are equal to one of these."""
    rows, questions = stored.rows, encode_rows(stored.encoding, data)
    if isinstance(rows, PatternWords) and isinstance(questions, PatternWords):
        sums, question_sums = sums_of(rows), sums_of(questions)
        missing, indices = ~np.isin(question_sums, sums), np.flatnonzero(np.isin(sums, question_sums))
    else:
        missing, indices = _places_of_values(np.asarray(rows), np.asarray(questions))
    if missing.any():
        raise InvalidInput(
            f"row {int(missing.argmax())} of X is not stored, so it cannot be forgotten: `kneighbors` tells which is "
            "nearest"
        )
    return indices


def _places_of_values(rows: Reals, questions: Reals) -> tuple[Mask, Integers]:
    """Return which of the rows asked for are not stored, and the indices of the others, by weighted sums."""
    weights = np.random.default_rng(0).random(rows.shape[1])
    blocks = range(0, len(rows), ROWS_AT_ONCE)
    keys = np.concatenate([rows[first : first + ROWS_AT_ONCE].astype(np.float64) @ weights for first in blocks])
    order = np.argsort(keys, kind="stable")
    close = ROUNDING * float(np.finfo(rows.dtype).eps)
    reach = close * float(np.sum(weights))
    missing, matches = np.ones(len(questions), dtype=bool), []
    for row, key in enumerate(questions.astype(np.float64) @ weights):
        first, last = np.searchsorted(keys, [key - reach, key + reach], sorter=order)
        candidates = order[first : last + 1]
        equal = candidates[np.abs(rows[candidates] - questions[row]).max(axis=1, initial=0) <= close]
        missing[row] = not len(equal)
        matches.append(equal)
    return missing, np.unique(np.concatenate(matches))


def checked_places(indices: ArrayLike, n_memories: int) -> Integers:
    """Return indices of stored rows as an array."""
    checked = checks.as_array("indices", indices)
    if checked.ndim != 1 or not (checked.dtype.kind in "iu" or not checked.size):
        raise InvalidInput(f"indices must be whole numbers, one of each row to forget, got {checks.shown(indices)}")
    wrong = (checked < 0) | (checked >= n_memories)
    if wrong.any():
        raise InvalidInput(
            f"indices must be from 0 to {n_memories - 1}, those of stored rows, got {checked[wrong.argmax()]}"
        )
    return np.unique(checked.astype(np.int64))


def without(
    stored: Stored, removed: Integers, kind: str, scale: str, store: Store, *, spins: bool
) -> tuple[Encoding, Rows]:
    """Return what `fit` would have made of the other rows alone: their encoding and themselves."""
    others = np.setdiff1d(np.arange(stored.n_memories), removed, assume_unique=True)
    if not len(others):
        raise InvalidInput("nothing would be left: `fit` stores other rows in place of these")
    earlier = stored.encoding
    if not earlier.exact:
        raise InvalidInput(
            "grey values of the stored rows were made black or white in the middle of their common range, so nothing "
            "tells the middle of the others: fit them instead"
        )
    encoding = _of_signs(stored, others, scale)
    if encoding is None:
        once, again = _decode(stored, others), _decode(stored, others)
        encoding = encoding_of_pieces(once, again, kind, scale, spins=spins)
    if encoding.same_as(earlier):
        return encoding, select_rows(stored.rows, others, store)
    shape = (len(others), stored.interaction.n_sites)
    if encoding.kind == "binary":
        return encoding, encode_rows(encoding, np.concatenate(list(_decode(stored, others))), store)
    dtype = np.float32 if isinstance(stored.rows, PatternWords) else stored.rows.dtype
    return encoding, assemble_rows((encoding.encode(rows) for rows in _decode(stored, others)), shape, dtype, store)


def _of_signs(stored: Stored, others: Integers, scale: str) -> Encoding | None:
    """Return the encoding of some rows of signs where it is the one of all, but for the ranges of columns."""
    if not isinstance(stored.rows, PatternWords):
        return None
    n_sites, words = stored.rows.n_spins, stored.rows.words.shape[1]
    minus, plus = np.zeros(words, dtype=np.uint32), np.zeros(words, dtype=np.uint32)
    for block in word_blocks(stored.rows, others):
        minus |= np.bitwise_or.reduce(block, axis=0)
        plus |= np.bitwise_or.reduce(~block, axis=0)
    earlier = stored.encoding
    low, high = (np.broadcast_to(end, n_sites).astype(np.float64) for end in (earlier.low, earlier.high))
    has_minus, has_plus = (
        np.unpackbits(word.astype("<u4").view(np.uint8), bitorder="little")[:n_sites] > 0 for word in (minus, plus)
    )
    encoding = replace(earlier, lows=np.where(has_minus, low, high), highs=np.where(has_plus, high, low))
    return encoding if encoding.fits(scale) else None


def _decode(stored: Stored, indices: Integers) -> Iterator[Data]:
    """Yield some rows in the units of the data, few at a time; what was at an end of its column is so exactly."""
    encoding = stored.encoding
    for first in range(0, len(indices), ROWS_AT_ONCE):
        rows = encoding.decode(stored.some_rows(indices[first : first + ROWS_AT_ONCE]))
        yield at_the_ends(rows, encoding.lows, encoding.highs).astype(rows.dtype, copy=False)
