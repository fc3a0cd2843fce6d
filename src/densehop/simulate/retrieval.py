"""Synchronous T = 0 dynamics of many states at once: all spins follow their fields together.

Threads take blocks of states, blocks of patterns pass through the processor's cache; everything is integer, so neither
kind of block changes a bit of the results.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Signs
from densehop.base.workers import count_workers, run_all
from densehop.energies.tables import EnergyTable
from densehop.kernels import retrieval as kernel
from densehop.kernels.tiles import ROWS, WIDTH
from densehop.kernels.vectors import LANES
from densehop.simulate.representations.bit_overlaps import (
    PATTERNS_AT_ONCE,
    STATES_AT_ONCE,
    PatternWords,
    blocks_of_patterns,
    blocks_of_states,
    words_of,
)

DIGIT = 2**16  # base in which tables are split for products of 16-bit integers


class Stepper(Protocol):
    """What takes one synchronous step of a batch."""

    def step(self, states: Signs, n_workers: int | None = None) -> Signs:
        """Return the signs of the fields, (B, N); a zero field keeps its spin."""


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Where synchronous T = 0 dynamics led.

    Attributes
    ----------
    states : (B, N) int8, after `n_steps` steps
    n_steps : (B,) int64, steps from the start to `states`
    period : (B,) int64, 1: `states` is a fixed point; 2: one of the two states of a cycle; 0: neither was seen within
        max_steps
    """

    states: Signs
    n_steps: Integers
    period: Integers

    @property
    def converged(self) -> npt.NDArray[np.bool_]:
        """Tell which states (B,) are fixed points."""
        return np.asarray(self.period == 1)

    @property
    def advice(self) -> str:
        """Say how many states are no fixed points and what to do; empty where all are."""
        size, said = self.period.size, []
        if cycles := int((self.period == 2).sum()):
            said.append(f"{cycles} of {size} states alternate between two; relax() always ends in a fixed point")
        if unsettled := int((self.period == 0).sum()):
            said.append(f"{unsettled} of {size} states did not settle within max_steps; raise it, or use relax()")
        return ". ".join(said)


@dataclass(frozen=True, eq=False)
class RetrievalStore:
    """M stored vectors of N spins laid out for batches of states, see `kernels/retrieval.py`."""

    stored: kernel.Stored

    @classmethod
    def build(cls, table: EnergyTable, patterns: Signs, words: PatternWords) -> "RetrievalStore":
        """Split the table into digits."""
        table.require_exact(len(patterns))
        even, odd, constant, unit = reduce_integers(table)
        digits, factors, rest = digits_of(even, unit)
        beyond, middle = np.flatnonzero(rest), table.n_spins // 2
        low = int(beyond[beyond < middle].max(initial=-1)) + 1
        high = int(beyond[beyond > middle].min(initial=table.n_spins + 1)) - 1
        offsets = constant * patterns.sum(axis=0, dtype=np.int64)
        return cls(kernel.Stored(words.words, patterns, offsets, digits, factors, rest, odd, low, high))

    @staticmethod
    def bytes_needed(n_states: int, n_spins: int, n_patterns: int, n_workers: int | None) -> int:
        """Predict the memory of the layout, of all threads' work and of the states of a few steps."""
        rows = min(n_states, STATES_AT_ONCE) + ROWS
        work = rows * (4 * (PATTERNS_AT_ONCE + LANES) + 8 * (n_spins + WIDTH))
        threads = min(count_workers(n_workers), n_states)
        return PatternWords.bytes_needed(n_spins, n_patterns) + threads * work + 8 * n_states * n_spins

    def fields(self, states: Signs, n_workers: int | None = None) -> Integers:
        """Return the doubled integer fields (B, N) of states (B, N)."""
        fields = np.empty(states.shape, dtype=np.int64)
        self._run(states, kernel.write_fields, fields, n_workers)
        return fields

    def step(self, states: Signs, n_workers: int | None = None) -> Signs:
        """Return the signs of the fields, (B, N); a zero field keeps its spin."""
        result = np.empty_like(states)
        self._run(states, kernel.write_signs, result, n_workers)
        return result

    def _run(self, states: Signs, write: Callable[..., None], result: npt.NDArray[Any], n_workers: int | None) -> None:
        """Find the sums of all states and let `write` turn them into rows of the result."""
        blocks = blocks_of_states(len(states), n_workers)
        threads = min(count_workers(n_workers), len(blocks))

        def task(mine: list[slice], stop: threading.Event) -> None:
            work = new_work(min(len(states), STATES_AT_ONCE), states.shape[1], len(self.stored.patterns))
            for rows in mine:
                state_words = words_of(states[rows], ROWS)
                work.totals.fill(0)
                work.odd_totals.fill(0)
                for first, last in blocks_of_patterns(len(self.stored.patterns), stop):
                    kernel.add_fields(self.stored, state_words, rows.stop - rows.start, first, last, work)
                write(self.stored, states[rows], work, result[rows])

        run_all([partial(task, blocks[thread::threads]) for thread in range(threads)], threads)


def new_work(n_states: int, n_spins: int, n_patterns: int) -> kernel.Work:
    """Return the arrays for blocks of up to `n_states` states; rows of a power of 2 would collide in the cache."""
    n_rows = -(-n_states // ROWS) * ROWS
    length = (min(n_patterns, PATTERNS_AT_ONCE) // LANES + 1) * LANES
    return kernel.Work(
        counts=np.empty((n_rows, length), dtype=np.int16),
        values=np.zeros((n_rows, length), dtype=np.int16),
        panel=np.zeros((length // 2, 2 * WIDTH), dtype=np.int16),
        totals=np.empty((n_rows, -(-n_spins // WIDTH) * WIDTH), dtype=np.int64),
        odd_totals=np.empty(n_rows, dtype=np.int64),
    )


def reduce_integers(table: EnergyTable) -> tuple[list[int], Integers, int, int]:
    """Return even and odd as constant + unit * even', odd' with integers even' that vanish at half the sites.

    At c = 0, where every site disagrees, only even - odd matters, and only even + odd at c = N: there both are moved
    so that the unit is as large as elsewhere.
    """
    even, odd, last = table.even.tolist(), table.odd.tolist(), table.n_spins
    constant = even[last // 2]
    unit = math.gcd(*(value - constant for value in even[1:last])) or 1
    for end, sign in ((0, 1), (last, -1)):
        excess = (even[end] - constant) % unit
        even[end] -= excess
        odd[end] -= sign * excess
    return [(value - constant) // unit for value in even], wrap_to_int64(odd), constant, unit


def digits_of(values: list[int], unit: int) -> tuple[npt.NDArray[np.int16], Integers, Integers]:
    """Return digits (D, N + 1) of values, from -2^15 to 2^15 - 1, what each is worth, and what all but the first make.

    The worth is unit * 2^(16 d). Sums of these numbers may wrap around in 64 bits, as long as the fields do not.
    """
    digits: list[list[int]] = []
    factors: list[int] = []
    left = values
    while any(left) or not digits:
        digits.append([(value + DIGIT // 2) % DIGIT - DIGIT // 2 for value in left])
        factors.append(unit * DIGIT ** len(factors))
        left = [(value - digit) // DIGIT for value, digit in zip(left, digits[-1], strict=True)]
    rest = [unit * (value - digit) for value, digit in zip(values, digits[0], strict=True)]
    return np.array(digits, dtype=np.int16), wrap_to_int64(factors), wrap_to_int64(rest)


def wrap_to_int64(values: list[int]) -> Integers:
    """Return integers modulo 2^64 as int64."""
    return np.array([(value + 2**63) % 2**64 - 2**63 for value in values], dtype=np.int64)


def retrieve(store: Stepper, states: Signs, max_steps: int, n_workers: int | None = None) -> Retrieval:
    """Step states (B, N) until each stays or alternates between two states, at most `max_steps` times."""
    final, previous, current = np.empty_like(states), states, states
    n_steps, period = np.full(len(states), max_steps), np.zeros(len(states), dtype=np.int64)
    moving = np.arange(len(states))
    for step in range(max_steps):
        following = store.step(current, n_workers)
        stays = (following == current).all(axis=1)
        ends = stays if step == 0 else stays | (following == previous).all(axis=1)
        if ends.any():
            rows = moving[ends]
            period[rows], final[rows] = np.where(stays, 1, 2)[ends], np.where(stays[:, None], current, previous)[ends]
            n_steps[rows] = np.where(stays, step, step - 1)[ends]
            moving, current, following = moving[~ends], current[~ends], following[~ends]
        previous, current = current, following
        if len(moving) == 0:
            break
    final[moving] = current
    return Retrieval(final, n_steps, period)
