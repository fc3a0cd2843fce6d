"""Whether a form gives the same fields as the tables, decided in Python's integers, which never overflow."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

LARGEST_INT16, LARGEST_INT32, LARGEST_INT64 = 2**15 - 1, 2**31 - 1, 2**63 - 1
SMALLEST_CHUNK = 8  # blocks: shorter sums in 32 bits do not pay
ALL_BLOCKS = LARGEST_INT32  # more than there are


class Cost(NamedTuple):
    """Nanoseconds by which `simulate/representations/choice.py` predicts the time of a form called `name`.

    per_attempt and per_flip, each for one pattern; once, for a flip whatever the number of patterns.
    """

    name: str
    per_attempt: float
    per_flip: float
    once: float = 0.0


class Fit(NamedTuple):
    """A form that reproduces the fields of a table, what it costs, and the type of its amplitudes if it has any.

    `in_step` says that it implements `kernels.patterns.four_even_sums`.
    """

    form: Any
    cost: Cost
    amplitude_type: type[np.int32 | np.int64] | None = None
    in_step: bool = False


class Tables(NamedTuple):
    """The tables of an energy over the number c = 0..N of agreeing sites, and the overlap k = 2c - N of each."""

    overlaps: Sequence[int]
    even: Sequence[int]
    odd: Sequence[int]

    @property
    def n_spins(self) -> int:
        """Return N."""
        return len(self.overlaps) - 1


def same_fields(tables: Tables, even: Sequence[int], odd: Sequence[int]) -> bool:
    """Tell whether other tables give the same fields.

    Only even - odd matters at c = 0, where every site disagrees, and only even + odd at c = N.
    """
    inside = even[1:-1] == tables.even[1:-1] and odd[1:-1] == tables.odd[1:-1]
    first, last = even[0] - odd[0], even[-1] + odd[-1]
    return inside and first == tables.even[0] - tables.odd[0] and last == tables.even[-1] + tables.odd[-1]


def line(k: Sequence[int], values: Sequence[int]) -> tuple[int, int]:
    """Return slope and constant of the line through the second and the third value."""
    slope = (values[2] - values[1]) // (k[2] - k[1])
    return slope, values[1] - slope * k[1]


def fit_int64(*values: int) -> bool:
    """Tell whether all values fit into 64 bits."""
    return all(abs(value) <= LARGEST_INT64 for value in values)


def blocks_at_once(largest: int) -> tuple[int, type[np.int32 | np.int64]]:
    """Return how many blocks of amplitudes up to `largest` a lane adds up, and its type, with 64 bits if need be."""
    chunk = LARGEST_INT32 // (largest + 1)
    return (chunk, np.int32) if chunk >= SMALLEST_CHUNK else (ALL_BLOCKS, np.int64)
