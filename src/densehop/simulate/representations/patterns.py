"""The patterns representation: stored vectors laid out for the kernel, and chains beside them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Signs
from densehop.energies.tables import EnergyTable
from densehop.kernels import patterns as kernel
from densehop.kernels.vectors import LANES
from densehop.simulate.chains import Attempts, Record
from densehop.simulate.representations.aligned import aligned_zeros

LARGEST_INT32 = 2**31 - 1
PACKED_AT_ONCE = 8192  # patterns, a multiple of 8
SMALLEST_CHUNK = 8  # blocks: shorter sums in 32 bits do not pay
LARGEST_INT16 = 2**15 - 1
LARGEST_CUBE = 1290  # spins: cubes fit into 32 bits


@dataclass(frozen=True)
class Form:
    """How a kernel finds the fields, see `kernels/patterns.py`; `constant` is that of even."""

    form: int
    factor: int = 1
    constant: int = 0
    slope: int = 0
    shift: int = 0
    divisor: int = 1
    square: int = 0
    largest: int = 0  # term of a lane's sum, for one block


POWERS = ((kernel.LINEAR, 1, 2), (kernel.LINEAR, 1, 4), (kernel.SQUARE, 2, 1), (kernel.SQUARE, 2, 6))
CUBES = ((1, 3, 1), (8, 1, 24))  # factor, divisor and square of the strict and of the power energy


def form_of(table: EnergyTable) -> Form:
    """Find the fastest form that gives the same fields: two doubled polynomials in k, or the tables."""
    n_spins, even, odd = table.n_spins, table.even, table.odd
    k = np.arange(-n_spins, n_spins + 1, 2)
    largest = int(np.abs(even).max()) + 1
    if n_spins >= 3:
        slope, shift = _line(k, odd)
        for form, power, factor in POWERS:
            constant = int(even[1] - factor * k[1] ** power)
            if _same_fields(table, factor * k**power + constant, slope * k + shift):
                return Form(form, factor, constant, slope, shift, largest=2 * n_spins**power)
        for factor, divisor, square in CUBES if n_spins <= LARGEST_CUBE else ():
            shift = int(odd[1] + square * k[1] ** 2)
            slope = divisor * int(even[1]) // (factor * int(k[1])) - int(k[1]) ** 2
            cubes = (k**3 + slope * k) // divisor
            if _same_fields(table, factor * cubes, shift - square * k**2):
                form, reach = kernel.WIDE_CUBE, int(np.abs(cubes).max()) + 1
                half = (k**2 + slope) / 2
                if slope % 2 == n_spins % 2 and np.abs(half).max() <= LARGEST_INT16:
                    form, reach = kernel.CUBE, 2 * n_spins * LARGEST_INT16
                return Form(form, factor, 0, slope, shift, divisor, square, reach)
    return Form(kernel.TABLE, largest=largest)


def _line(k: Integers, values: Integers) -> tuple[int, int]:
    """Return slope and shift of the line through the second and third value."""
    slope = int(values[2] - values[1]) // 2
    return slope, int(values[1] - slope * k[1])


def _same_fields(table: EnergyTable, even: Integers, odd: Integers) -> bool:
    """Tell whether other tables give the same fields.

    Only even - odd matters at c = 0, where every site disagrees, and only even + odd at c = N.
    """
    inside = np.array_equal(even[1:-1], table.even[1:-1]) and np.array_equal(odd[1:-1], table.odd[1:-1])
    first, last = even - odd - table.even + table.odd, even + odd - table.even - table.odd
    return bool(inside and first[0] == 0 and last[-1] == 0)


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
        fits = chunk >= SMALLEST_CHUNK or form.form not in (kernel.TABLE, kernel.WIDE_CUBE)
        even = table.even.astype(np.int32) if fits else table.even
        stored = kernel.Stored(
            bits, sign_sums, form.constant * sign_sums, even, table.odd,
            len(patterns), form.form, form.factor, form.slope, form.shift, form.divisor, form.square,
            chunk if fits else bits.shape[1],
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
class PatternChains:
    """C chains that run one after the other; the arrays, chains in front, change in place."""

    store: PatternStore
    states: Signs
    overlaps: npt.NDArray[np.int16]
    amplitudes: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    totals: Integers

    @classmethod
    def start(cls, store: PatternStore, states: Signs) -> "PatternChains":
        """Place chains at states (C, N), the caller's, which change in place."""
        stored, form, n_chains = store.stored, store.form, len(states)
        length = stored.bits.shape[1] * LANES
        has_amplitudes = form.form in (kernel.TABLE, kernel.WIDE_CUBE)
        overlaps = aligned_zeros((n_chains, length), np.int16)
        amplitudes = aligned_zeros((n_chains, length if has_amplitudes else 0), stored.even.dtype)
        totals = np.empty((n_chains, 2), dtype=np.int64)
        kernel.start(stored, store.table.energy, states, overlaps, amplitudes, totals)
        return cls(store, states, overlaps, amplitudes, totals)

    def fields(self) -> Integers:
        """Return the doubled integer fields (C, N) of all sites."""
        fields = np.empty(self.states.shape, dtype=np.int64)
        kernel.find_fields(self.store.stored, self.states, self.overlaps, self.amplitudes, self.totals, fields)
        return fields

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        kernel.run_sweeps(
            self.store.stored, attempts.noise, self.states, self.overlaps, self.amplitudes, self.totals,
            attempts.sites, attempts.uniforms, attempts.units, attempts.first,
            record.references, record.trace, record.snapshots, record.every,
        )  # fmt: skip
