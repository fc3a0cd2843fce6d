"""What `fit` keeps: encoded rows, signs as bits, and all that is derived from them when it is first needed."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers, Mask, Reals, Signs
from densehop.base.checks import free_memory
from densehop.errors import InvalidInput
from densehop.kernels.tiles import WIDTH
from densehop.learn.memory.bits import MOST_SITES, BitMemory
from densehop.learn.memory.descent import Descent
from densehop.learn.memory.encoding import Data, Encoding, default_beta
from densehop.learn.memory.familiarity import (
    Familiarity,
    independent_signs,
    nearest_signs,
    nearest_values,
    sample_rows,
)
from densehop.learn.memory.filling import Store, is_mapped, new_array
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.nearby import Nearby
from densehop.learn.memory.packing import (
    ROWS_AT_ONCE,
    all_signs,
    gather,
    join,
    pack_memories,
    sums_of,
    unpack_signs,
    word_blocks,
    words_at,
)
from densehop.simulate.representations.bit_overlaps import PatternWords

Rows = PatternWords | Reals


@dataclass(frozen=True, eq=False)
class Stored:
    """M encoded rows of N values, and their energy.

    Attributes
    ----------
    encoding : Encoding
    interaction : Interaction
    rows : signs as bits (`PatternWords`), or real values (M, N)
    """

    encoding: Encoding
    interaction: Interaction
    rows: Rows

    def __getstate__(self) -> dict[str, Any]:
        """Pickle and copy what is stored, not what was derived from it."""
        return {field.name: self.__dict__[field.name] for field in fields(self)}

    @property
    def words(self) -> PatternWords | None:
        """The rows as bits, where they are signs."""
        return self.rows if isinstance(self.rows, PatternWords) else None

    @property
    def counted(self) -> PatternWords | None:
        """The rows as bits, where they are signs and so few that their counts have 16 bits."""
        return self.words if self.interaction.n_sites <= MOST_SITES else None

    @property
    def n_memories(self) -> int:
        """M."""
        return self.rows.n_patterns if isinstance(self.rows, PatternWords) else len(self.rows)

    @property
    def real(self) -> bool:
        """Whether states move through real values."""
        return self.interaction.name == "attention" or self.encoding.kind == "graded"

    @property
    def all_rows(self) -> Reals | Signs:
        """All rows, (M, N); signs in 8 bits each, refused where they have no room."""
        self._require_room(1 if self.words is not None else 0)
        return all_signs(self.rows) if isinstance(self.rows, PatternWords) else self.rows

    def some_rows(self, indices: Integers) -> Reals | Signs:
        """Return some rows, (B, N)."""
        if isinstance(self.rows, PatternWords):
            return unpack_signs(words_at(self.rows, indices), self.rows.n_spins)
        return self.rows[indices]

    def start(self, data: Reals, present: Mask | None) -> Reals:
        """Return encoded questions (B, N), 0 where hidden."""
        start = self.encoding.encode(data)
        return start if present is None else np.where(present, start, data.dtype.type(0))

    def values(self, dtype: npt.DTypeLike) -> Reals:
        """Return all rows in a precision, (M, N); kept, since what needs them needs them again."""
        if not isinstance(self.rows, PatternWords) and self.rows.dtype == dtype:
            return self.rows
        kept: dict[Any, Reals] = self.__dict__.setdefault("_values", {})
        kind = np.dtype(dtype)
        if kind not in kept:
            self._require_room(kind.itemsize)
            kept[kind] = self.all_rows.astype(kind)
        return kept[kind]

    def _require_room(self, n_bytes: int) -> None:
        """Refuse what needs so many bytes for each value of a store that lies in a file for want of memory."""
        rows = self.rows.words if isinstance(self.rows, PatternWords) else self.rows
        needed, free = n_bytes * self.n_memories * self.interaction.n_sites, free_memory()
        if needed > free and is_mapped(rows):
            raise InvalidInput(
                f"this needs all stored rows in memory, {needed / 2**30:.1f} GiB, of which {free / 2**30:.1f} are "
                "free: interaction='exponential' with a larger beta works from the file, or split the store (Shards)"
            )

    @cached_property
    def bits(self) -> BitMemory | None:
        """The dynamics on bits, where there are any."""
        return None if self.words is None or self.real else BitMemory.build(self.interaction, self.words)

    @cached_property
    def nearby(self) -> Nearby:
        """The rows as real values, and which of them are near."""
        single = self.values(np.float32)
        return Nearby(single if isinstance(self.rows, PatternWords) else self.rows, single)

    @cached_property
    def descent(self) -> Descent:
        """The dynamics of single flips."""
        return Descent(self.interaction, self.all_rows)

    @cached_property
    def familiarity(self) -> Familiarity:
        """What strangers are judged by."""
        near, words = self.nearest_others(None), self.words
        independent = words is not None and independent_signs(self.some_rows(sample_rows(sums_of(words))))
        return Familiarity(self.n_memories, self.interaction.n_sites, near, words is not None, independent)

    def nearest_others(self, masks: Mask | None) -> Floats:
        """Return the rising distances of stored rows to their nearest other one, seen through masks in turn."""
        return nearest_values(self.all_rows, masks) if self.counted is None else nearest_signs(self.counted, masks)

    @cached_property
    def least_spread(self) -> float:
        """Half the range of values in the row where it is least, in encoded units."""
        if not isinstance(self.rows, PatternWords):
            return float((self.rows.max(axis=1) - self.rows.min(axis=1)).min()) / 2
        words, n_sites = self.rows.words, self.rows.n_spins
        for first in range(0, len(words), ROWS_AT_ONCE):
            minus = np.bitwise_count(words[first : first + ROWS_AT_ONCE]).sum(axis=1, dtype=np.int64).ravel()
            minus = minus[: self.n_memories - first * WIDTH]
            if ((minus == 0) | (minus == n_sites)).any():
                return 0.0
        return 1.0


def encode_rows(encoding: Encoding, data: Data, store: Store = None) -> Rows:
    """Return data as rows to store: signs as bits or real values in the precision of the data, few at a time.

    Greys of single precision from -1 to 1 in a file that is mapped to be read only are left there.
    """
    if encoding.kind == "binary":
        return pack_memories(data, encoding.middle, store)
    if (
        store is None
        and encoding.is_identity
        and data.dtype == np.float32
        and is_mapped(data)
        and not data.flags.writeable
    ):
        return np.asarray(data)
    dtype = data.dtype if data.dtype.kind == "f" and store is None else np.dtype(np.float32)
    blocks = (data[first : first + ROWS_AT_ONCE] for first in range(0, len(data), ROWS_AT_ONCE))
    return assemble_rows(
        (encoding.encode(block.astype(dtype, copy=False)) for block in blocks), data.shape, dtype, store
    )


def together(first: Rows, second: Rows, store: Store = None) -> Rows:
    """Return rows of both, in order."""
    if isinstance(first, PatternWords) and isinstance(second, PatternWords):
        return join(first, second, store)
    assert not isinstance(first, PatternWords), "one encoding makes one kind of rows"
    assert not isinstance(second, PatternWords), "one encoding makes one kind of rows"
    shape, dtype = (len(first) + len(second), first.shape[1]), np.result_type(first, second)
    return assemble_rows((first, second), shape, dtype, store)


def select_rows(rows: Rows, indices: Integers, store: Store = None) -> Rows:
    """Return some of the rows."""
    if isinstance(rows, PatternWords):
        return gather(word_blocks(rows, indices), len(indices), rows.n_spins, store)
    blocks = (rows[indices[first : first + ROWS_AT_ONCE]] for first in range(0, len(indices), ROWS_AT_ONCE))
    return assemble_rows(blocks, (len(indices), rows.shape[1]), rows.dtype, store)


def assemble_rows(pieces: Iterable[Reals], shape: tuple[int, ...], dtype: npt.DTypeLike, store: Store) -> Reals:
    """Return rows of real values from pieces of them."""

    def fill(values: Reals) -> None:
        first = 0
        for piece in pieces:
            values[first : first + len(piece)] = piece
            first += len(piece)

    return new_array(store, shape, dtype, fill)


def beta_of(encoding: Encoding, rows: Rows) -> float:
    """Return the sharpness that `DenseAssociativeMemory` chooses."""
    return default_beta(encoding, np.empty((0, 0)) if isinstance(rows, PatternWords) else rows)
