"""The patterns representation: stored vectors laid out for the kernel, and chains beside them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.energy import EnergyTable
from densehop.kernels import patterns as kernel
from densehop.kernels.vectors import LANES
from densehop.simulate.chains import Attempts, Record

Signs = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LARGEST_INT32 = 2**31 - 1
PACKED_AT_ONCE = 8192  # patterns, a multiple of 8
SMALLEST_CHUNK = 8  # blocks: shorter sums in 32 bits do not pay
POWERS = ((kernel.LINEAR, 1, 2), (kernel.SQUARE, 2, 1))  # form, power of k, factor


@dataclass(frozen=True)
class Form:
    """How a kernel finds the fields: even = factor k^power + constant, odd = slope k + shift, or from the tables."""

    form: int
    factor: int
    constant: int
    slope: int
    shift: int
    largest: int  # term of a lane's sum, for one block


def form_of(table: EnergyTable) -> Form:
    """Find the fastest form that gives the same fields.

    Only even - odd matters at c = 0, where every site disagrees, and only even + odd at c = N.
    """
    n_spins, even, odd = table.n_spins, table.even, table.odd
    k = np.arange(-n_spins, n_spins + 1, 2)
    for form, power, factor in POWERS if n_spins >= 3 else ():
        constant = int(even[1] - factor * k[1] ** power)
        slope = int(odd[2] - odd[1]) // 2
        shift = int(odd[1] - slope * k[1])
        even_power, odd_line = factor * k**power + constant, slope * k + shift
        inside = np.array_equal(even_power[1:-1], even[1:-1]) and np.array_equal(odd_line[1:-1], odd[1:-1])
        first, last = (even_power - odd_line - even + odd)[0], (even_power + odd_line - even - odd)[-1]
        if inside and first == 0 and last == 0:
            return Form(form, factor, constant, slope, shift, 2 * n_spins**power)
    return Form(kernel.TABLE, 1, 0, 0, 0, int(np.abs(even).max()) + 1)


@dataclass(frozen=True)
class PatternStore:
    """M stored vectors of N spins, shared by all chains; layout in `kernels/patterns.py`."""

    table: EnergyTable
    form: Form
    stored: kernel.Stored

    @classmethod
    def build(cls, table: EnergyTable, patterns: Signs) -> "PatternStore":
        """Lay out patterns (M, N) and choose the fastest form and the narrowest exact integer type for the fields."""
        table.require_exact(len(patterns))
        form = form_of(table)
        bits = pack(patterns, LANES).view("<u4").astype(np.uint32, copy=False)
        sign_sums = patterns.sum(axis=0, dtype=np.int64)
        chunk = LARGEST_INT32 // form.largest
        fits = chunk >= SMALLEST_CHUNK or form.form != kernel.TABLE
        even = table.even.astype(np.int32) if fits else table.even
        stored = kernel.Stored(
            bits, sign_sums, form.constant * sign_sums, even, table.odd,
            len(patterns), form.form, form.factor, form.slope, chunk if fits else bits.shape[1],
        )  # fmt: skip
        return cls(table, form, stored)

    @staticmethod
    def bytes_needed(n_spins: int, n_patterns: int, n_chains: int) -> int:
        """Predict the memory of the store and of the chains beside it."""
        return n_patterns * (2 * n_spins + n_chains * (2 + 8))  # the layout is made from a copy


def pack(patterns: Signs, multiple: int) -> npt.NDArray[np.uint8]:
    """Return the signs of patterns (M, N) as bits, a row per site, 1 for -1, zeros up to a multiple of so many bits."""
    n_patterns, n_spins = patterns.shape
    rows = np.zeros((n_spins, -(-n_patterns // multiple) * multiple // 8), dtype=np.uint8)
    for first in range(0, n_patterns, PACKED_AT_ONCE):
        part = np.ascontiguousarray(patterns[first : first + PACKED_AT_ONCE].T)
        bits = np.packbits(part < 0, axis=1, bitorder="little")
        rows[:, first // 8 : first // 8 + bits.shape[1]] = bits
    return rows


@dataclass(frozen=True)
class PatternChain:
    """One chain; the arrays change in place as it runs, `state` (N,) is the caller's."""

    state: Signs
    overlaps: npt.NDArray[np.int16]
    amplitudes: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    totals: Integers

    @classmethod
    def start(cls, store: PatternStore, state: Signs) -> "PatternChain":
        """Place a chain at `state`."""
        stored, table, form = store.stored, store.table, store.form
        overlaps = np.empty(stored.bits.shape[1] * LANES, dtype=np.int16)
        kernel.find_overlaps(stored, state, overlaps)
        k = overlaps[: stored.n_patterns]
        has_table = form.form == kernel.TABLE
        amplitudes = np.zeros(len(overlaps) if has_table else 0, dtype=stored.even.dtype)
        totals = np.empty(2, dtype=np.int64)
        totals[kernel.ENERGY] = table.energy[(k.astype(np.int32) + table.n_spins) >> 1].sum()
        if has_table:
            totals[kernel.ODD] = kernel.look_up(stored, overlaps, amplitudes)
        else:
            totals[kernel.ODD] = form.slope * int(k.sum(dtype=np.int64)) + form.shift * stored.n_patterns
        return cls(state, overlaps, amplitudes, totals)

    def fields(self, store: PatternStore) -> Integers:
        """Return the doubled integer fields (N,) of all sites."""
        fields = np.empty(len(self.state), dtype=np.int64)
        kernel.find_fields(store.stored, self.state, self.overlaps, self.amplitudes, self.totals, fields)
        return fields


@dataclass(frozen=True)
class PatternChains:
    """C chains that run one after the other."""

    store: PatternStore
    chains: tuple[PatternChain, ...]

    @classmethod
    def start(cls, store: PatternStore, states: Signs) -> "PatternChains":
        """Place chains at states (C, N), which change in place."""
        return cls(store, tuple(PatternChain.start(store, state) for state in states))

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        for index, chain in enumerate(self.chains):
            kernel.run_sweeps(
                self.store.stored, chain.state, chain.overlaps, chain.amplitudes, chain.totals,
                attempts.sites[index], attempts.thresholds[index], attempts.first, record.references,
                record.trace[index], record.snapshots[index], record.every,
            )  # fmt: skip
