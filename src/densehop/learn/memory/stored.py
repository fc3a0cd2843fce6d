"""What `fit` keeps: encoded rows, signs as bits, and all that is derived from them when it is first needed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Reals, Signs
from densehop.learn.memory.bits import BitMemory
from densehop.learn.memory.descent import Descent
from densehop.learn.memory.encoding import Data, Encoding, default_beta
from densehop.learn.memory.familiarity import Familiarity, nearest_signs, nearest_values
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.nearby import Nearby
from densehop.learn.memory.packing import all_signs, joined, pack_memories, unpacked, words_at
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

    @property
    def words(self) -> PatternWords | None:
        """The rows as bits, where they are signs."""
        return self.rows if isinstance(self.rows, PatternWords) else None

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
        """All rows, (M, N); signs in 8 bits each."""
        return all_signs(self.rows) if isinstance(self.rows, PatternWords) else self.rows

    def some_rows(self, places: Integers) -> Reals | Signs:
        """Return some rows, (B, N)."""
        if isinstance(self.rows, PatternWords):
            return unpacked(words_at(self.rows, places), self.rows.n_spins)
        return self.rows[places]

    def values(self, dtype: npt.DTypeLike) -> Reals:
        """Return all rows in a precision, (M, N); kept, since what needs them needs them again."""
        if not isinstance(self.rows, PatternWords) and self.rows.dtype == dtype:
            return self.rows
        kept: dict[Any, Reals] = self.__dict__.setdefault("_values", {})
        kind = np.dtype(dtype)
        if kind not in kept:
            kept[kind] = self.all_rows.astype(kind)
        return kept[kind]

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
        near = nearest_signs(self.rows) if isinstance(self.rows, PatternWords) else nearest_values(self.rows)
        return Familiarity(self.n_memories, self.interaction.n_sites, near, self.words is not None)

    @cached_property
    def least_spread(self) -> float:
        """Half the range of values in the row where it is least, in encoded units."""
        if not isinstance(self.rows, PatternWords):
            return float((self.rows.max(axis=1) - self.rows.min(axis=1)).min()) / 2
        words, n_sites = self.rows.words, self.rows.n_spins
        minus = np.bitwise_count(words).sum(axis=1, dtype=np.int64).ravel()[: self.n_memories]
        return float(((minus > 0) & (minus < n_sites)).all())


def encoded(encoding: Encoding, data: Data) -> Rows:
    """Return data as rows to store: signs as bits, few at a time, or real values in the precision of the data."""
    if encoding.kind == "binary":
        return pack_memories(data, encoding.middle)
    values = data if data.dtype.kind == "f" else data.astype(np.float32)
    return encoding.encode(values)


def together(first: Rows, second: Rows) -> Rows:
    """Return rows of both, in order."""
    if isinstance(first, PatternWords) and isinstance(second, PatternWords):
        return joined(first, second)
    assert not isinstance(first, PatternWords), "one encoding makes one kind of rows"
    assert not isinstance(second, PatternWords), "one encoding makes one kind of rows"
    return np.vstack([first, second])


def beta_of(encoding: Encoding, rows: Rows) -> float:
    """Return the sharpness that `DenseAssociativeMemory` chooses."""
    return default_beta(encoding, np.empty((0, 0)) if isinstance(rows, PatternWords) else rows)
