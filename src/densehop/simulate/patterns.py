"""The patterns representation: stored vectors laid out for the kernel, and one chain's state beside them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.energy import EnergyTable
from densehop.kernels.patterns import ENERGY, ODD, count_agreements, run_sweeps

Signs = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LARGEST_INT32 = 2**31 - 1
SMALLEST_CHUNK = 64  # amplitudes: shorter sums in 32 bits do not pay


@dataclass(frozen=True)
class PatternStore:
    """M stored vectors of N spins, shared by all chains; layout in `kernels/patterns.py`."""

    table: EnergyTable
    minus: Signs
    n_minus: Integers
    even: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    chunk: int

    @classmethod
    def build(cls, table: EnergyTable, patterns: Signs) -> "PatternStore":
        """Lay out patterns (M, N) and choose the narrowest exact integer type for the fields."""
        table.require_exact(len(patterns))
        minus = np.ascontiguousarray((patterns >> 1).T)  # +1 -> 0, -1 -> -1
        n_minus = -minus.sum(axis=1, dtype=np.int64)
        chunk = LARGEST_INT32 // (int(np.abs(table.even).max()) + 1)
        if chunk >= SMALLEST_CHUNK:
            return cls(table, minus, n_minus, table.even.astype(np.int32), chunk)
        return cls(table, minus, n_minus, table.even, len(patterns))

    @staticmethod
    def bytes_needed(n_spins: int, n_patterns: int, n_chains: int) -> int:
        """Predict the memory of the store and of the chains beside it."""
        return n_patterns * (2 * n_spins + n_chains * (2 + 8))  # twice: the layout is made from a copy


@dataclass(frozen=True)
class Attempts:
    """What a block of sweeps tries: which sites, against which thresholds; `first` counts the sweeps before it."""

    sites: Integers
    thresholds: Floats
    first: int


@dataclass(frozen=True)
class Record:
    """Where one chain writes: columns of `trace` as in `kernels.patterns.run_sweeps`."""

    trace: Integers
    snapshots: Signs
    every: int


@dataclass(frozen=True)
class Chain:
    """One chain's state; the arrays change in place as it runs."""

    state: Signs
    agreements: npt.NDArray[np.int16]
    amplitudes: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    totals: Integers

    @classmethod
    def start(cls, store: PatternStore, state: Signs) -> "Chain":
        """Place a chain at `state` (N,)."""
        count = count_agreements(store.minus, state)
        totals = np.zeros(2, dtype=np.int64)
        totals[ODD] = store.table.odd[count].sum()
        totals[ENERGY] = store.table.energy[count].sum()
        return cls(state.copy(), count, store.even[count], totals)

    def run(self, store: PatternStore, attempts: Attempts, references: Signs, record: Record) -> None:
        """Run len(attempts.sites) sweeps and fill their rows of the record."""
        run_sweeps(
            store.minus, store.n_minus, store.chunk, store.even, store.table.odd,
            self.state, self.agreements, self.amplitudes, self.totals,
            attempts.sites, attempts.thresholds, attempts.first, references,
            record.trace, record.snapshots, record.every,
        )  # fmt: skip
