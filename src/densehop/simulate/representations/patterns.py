"""The patterns representation: stored vectors laid out for the kernel, and chains beside them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Signs
from densehop.energies.tables import EnergyTable
from densehop.kernels import in_step
from densehop.kernels import patterns as kernel
from densehop.kernels.forms import fastest
from densehop.kernels.forms.exact import Fit
from densehop.kernels.in_step import FOUR
from densehop.kernels.record import Attempts, Record, attempts_of, records_of
from densehop.kernels.sweeps import run_sweeps
from densehop.kernels.vectors import LANES
from densehop.simulate.chains import require_none_wrong
from densehop.simulate.representations.aligned import aligned_zeros

PACKED_AT_ONCE = 8192  # patterns, a multiple of 8
CACHE = 2**15  # bytes of overlaps that stay in the first level while chains go in step
MOST_IN_STEP = 16


@dataclass(frozen=True)
class PatternStore:
    """M stored vectors of N spins, shared by all chains; layout in `kernels/patterns.py`."""

    table: EnergyTable
    fit: Fit
    patterns: kernel.Patterns

    @classmethod
    def build(cls, table: EnergyTable, patterns: Signs) -> "PatternStore":
        """Lay out patterns (M, N) and choose the fastest form that provably gives the same fields."""
        table.require_exact(len(patterns))
        bits = pack(patterns, LANES).view("<u4").astype(np.uint32, copy=False)
        sign_sums = patterns.sum(axis=0, dtype=np.int64)
        fit = fastest(table.even, table.odd)
        return cls(table, fit, kernel.Patterns(bits, sign_sums, table.energy, len(patterns), fit.form))

    @cached_property
    def at_once(self) -> int:
        """How many chains go in step: a multiple of four, or one where that does not pay or sums need 64 bits."""
        n_blocks = int(self.patterns.bits.shape[1])
        if not self.fit.in_step or 16 * n_blocks > self.patterns.form.chunk:
            return 1
        return max(1, min(MOST_IN_STEP, CACHE // (2 * LANES * n_blocks) // FOUR * FOUR))

    @staticmethod
    def bytes_needed(n_spins: int, n_patterns: int, n_chains: int) -> int:
        """Predict the memory of the store and of the chains beside it."""
        return n_patterns * (2 * n_spins + n_chains * (2 + 8))  # the layout is made from a copy


def pack(patterns: Signs, multiple: int) -> npt.NDArray[np.uint8]:
    """Return the signs of patterns (M, N) as bits, 1 for -1: a row per site, of a multiple of `multiple` bits."""
    n_patterns, n_spins = patterns.shape
    rows = np.zeros((n_spins, -(-n_patterns // multiple) * multiple // 8), dtype=np.uint8)
    for first in range(0, n_patterns, PACKED_AT_ONCE):
        part = np.ascontiguousarray(patterns[first : first + PACKED_AT_ONCE].T)
        bits = np.packbits(part < 0, axis=1, bitorder="little")
        rows[:, first // 8 : first // 8 + bits.shape[1]] = bits
    return rows


@dataclass(frozen=True)
class PatternChains:
    """C chains that run one after the other, on few patterns in step; the arrays, chains in front, change in place."""

    store: PatternStore
    arrays: kernel.PatternArrays

    @classmethod
    def start(cls, store: PatternStore, states: Signs) -> "PatternChains":
        """Place chains at states (C, N), the caller's, which change in place."""
        n_chains, length = len(states), store.patterns.bits.shape[1] * LANES
        kind = store.fit.amplitude_type
        overlaps = aligned_zeros((n_chains, length), np.int16)
        amplitudes = aligned_zeros((n_chains, length if kind else 0), kind or np.int32)
        arrays = kernel.PatternArrays(states, overlaps, amplitudes, np.empty((n_chains, 2), dtype=np.int64))
        kernel.start(store.patterns, arrays)
        return cls(store, arrays)

    @property
    def energies(self) -> Integers:
        """Return the energies (C,) in units of the table, sum_a energy[c_a]."""
        energies: Integers = self.arrays.totals[:, kernel.ENERGY]
        return energies

    def fields(self) -> Integers:
        """Return the doubled integer fields (C, N) of all sites."""
        fields = np.empty(self.arrays.states.shape, dtype=np.int64)
        kernel.find_fields(self.store.patterns, self.arrays, fields)
        return fields

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        shared, at_once, n_chains = self.store.patterns, self.store.at_once, len(self.arrays.states)
        if at_once == 1 or n_chains < FOUR or attempts.sites.shape[1] > 0:
            run_sweeps(shared, self.arrays, attempts, record)
            return
        for first in range(0, n_chains, at_once):
            rows = slice(first, first + at_once)
            arrays = kernel.PatternArrays(*(values[rows] for values in self.arrays))
            work = np.empty((3, len(arrays.states)), dtype=np.int64)
            in_step.run_sweeps(shared, arrays, attempts_of(attempts, rows), records_of(record, rows), work)

    def check(self) -> None:
        """Raise `InternalError` where the energy of a chain is not that of its state."""
        shared, own = self.store.patterns, self.arrays
        require_none_wrong(
            kernel.first_wrong(shared.sign_sums, shared.energy, shared.n_patterns, own.states, own.overlaps, own.totals)
        )
