"""The couplings representation for p = 2, 3 and 4: the tensor J, shared by all chains, and their local fields.

An attempt costs O(1), an accepted flip O(N^(p-1)) whatever the number of patterns. Fields are the same integers as in
the patterns representation, so that both make the same decisions.
"""

import math
import threading
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Signs
from densehop.base.workers import run_all
from densehop.energies.tables import EnergyTable
from densehop.kernels import couplings as kernel
from densehop.kernels.in_step import FOUR
from densehop.kernels.products import BITS, MOST_WORDS, pair_products
from densehop.kernels.record import Attempts, Record
from densehop.kernels.tabled_slabs import ROOM, ROWS
from densehop.kernels.tiles import WIDTH
from densehop.kernels.vectors import LANES
from densehop.simulate.chains import require_none_wrong
from densehop.simulate.representations.aligned import aligned_zeros
from densehop.simulate.representations.patterns import PatternChains, PatternStore, pack

Tensor = npt.NDArray[np.int16 | np.int32]
Words = npt.NDArray[np.uint32]

LARGEST_P = 4
LARGEST_INT16 = 2**15 - 1
LARGEST_INT32 = 2**31 - 1


class TooLarge(Exception):
    """A coupling does not fit into the integer type of the tensor: 32 bits are tried after 16."""


def whole_blocks(length: int) -> int:
    """Return the next multiple of the vectors' length."""
    return -(-length // LANES) * LANES


def row_length(p: int, n_spins: int) -> int:
    """Return how many couplings a row of a slab holds: C(N, p-2) in whole blocks."""
    return 1 if p == 2 else whole_blocks(math.comb(n_spins, p - 2))


def field_type(table: EnergyTable, n_patterns: int) -> type[np.int32 | np.int64]:
    """Return the narrowest type for doubled fields: a pattern adds even[c] + odd[c] at most, or even[c] - odd[c]."""
    largest = n_patterns * int((np.abs(table.even) + np.abs(table.odd)).max())
    return np.int32 if largest <= LARGEST_INT32 else np.int64


@dataclass(frozen=True)
class CouplingStore:
    """The couplings of one disorder, (N, N, K), for p = 2 (N, F, 1); layout in `kernels/couplings.py`."""

    tensor: Tensor
    n_others: int

    @cached_property
    def tabled(self) -> bool:
        """Whether sums of the couplings in `ROWS` rows of a column fit into 16 bits, with any signs; only for p = 3."""
        if self.n_others != 1 or self.tensor.dtype != np.int16:
            return False
        tops = np.arange(0, len(self.tensor), ROWS)
        sums = (np.add.reduceat(np.abs(slab), tops, dtype=np.int64).max() for slab in self.tensor)
        return all(largest <= LARGEST_INT16 for largest in sums)

    @classmethod
    def build(cls, p: int, patterns: Signs, n_workers: int) -> "CouplingStore":
        """Sum the products of the patterns (M, N) over M: in 16 bits, or in 32 where some sum needs them."""
        words = words_of(patterns)
        try:
            return cls(_sum_tensor(p, words, len(patterns), np.int16, n_workers), p - 2)
        except TooLarge:
            return cls(_sum_tensor(p, words, len(patterns), np.int32, n_workers), p - 2)

    @staticmethod
    def tensor_bytes(p: int, n_spins: int, n_patterns: int) -> int:
        """Predict the memory of the tensor: 32 bits for a coupling where 16 could be too few."""
        return n_spins**2 * row_length(p, n_spins) * (2 if n_patterns <= LARGEST_INT16 else 4)

    @staticmethod
    def bytes_needed(p: int, n_spins: int, n_patterns: int, n_chains: int, n_workers: int) -> int:
        """Predict the memory of the build and of the chains."""
        row, tensor = row_length(p, n_spins), CouplingStore.tensor_bytes(p, n_spins, n_patterns)
        return tensor + 2 * n_patterns * n_spins + 8 * n_workers * n_spins**2 + n_chains * (2 * row + 9 * n_spins)


def _sum_tensor(p: int, words: Words, n_patterns: int, dtype: type[np.int16 | np.int32], n_workers: int) -> Tensor:
    """Return the tensor of couplings, J_i1..ip = sum_a sigma^a_i1 .. sigma^a_ip for distinct sites, in one type.

    Threads sum its parts and write to different places. words (N, W) are the signs of the patterns at each site, as
    bits. Raises `TooLarge` if a coupling does not fit into the type.
    """
    n_spins = len(words)
    rows = whole_blocks(n_spins) if p == 2 else n_spins
    tensor = aligned_zeros((n_spins, rows, row_length(p, n_spins)), dtype)
    build = _Build(words, groups_of(words), n_patterns, tensor)
    if p == 2:
        build.pairs()
    else:
        part = build.triples if p == 3 else build.quadruples
        run_all([partial(part, site) for site in range(n_spins)], n_workers)
    if p == 3:
        run_all([partial(build.mirror, site) for site in range(n_spins)], n_workers)
    return tensor


def words_of(patterns: Signs) -> Words:
    """Return the signs of patterns (M, N) at each site as bits, (N, W), in whole chunks of `kernels/products.py`."""
    n_words = -(-len(patterns) // BITS)
    n_chunks = -(-n_words // MOST_WORDS)
    length = -(-n_words // n_chunks)
    return pack(patterns, BITS * n_chunks * length).view("<u4").astype(np.uint32, copy=False)


def groups_of(words: Words) -> npt.NDArray[np.uint32]:
    """Return words (N, W) with 32 sites side by side, (C, G, L, 32), as in `kernels/products.py`."""
    n_spins, n_words = words.shape
    n_chunks, n_groups = -(-n_words // MOST_WORDS), -(-n_spins // WIDTH)
    rows = np.zeros((n_groups * WIDTH, n_words), dtype=np.uint32)
    rows[:n_spins] = words
    groups = rows.reshape(n_groups, WIDTH, n_chunks, n_words // n_chunks)
    return np.ascontiguousarray(groups.transpose(2, 0, 3, 1))


@dataclass(frozen=True)
class _Build:
    """The parts of a tensor under construction, from the signs of N sites as bits, words (N, W) and their groups."""

    words: Words
    groups: Words
    n_patterns: int
    tensor: Tensor

    def products(self, row: Words, first: int) -> Integers:
        """Return sum_a row_a sigma_ka sigma_la for k, l >= first, and 0 where k = l."""
        n_spins = len(self.words)
        result = np.empty((n_spins, n_spins), dtype=np.int64)
        pair_products(row, self.words, self.groups, first, self.n_patterns, result)
        return result[first:, first:]

    def require_fit(self, values: Integers) -> Integers:
        """Return couplings if they fit into the tensor and, in 16 bits, a sum over a row fits into 32; else raise."""
        largest = np.iinfo(self.tensor.dtype).max
        if self.tensor.dtype == np.int16:
            largest = min(largest, LARGEST_INT32 // self.tensor.shape[2])
        if np.abs(values).max(initial=0) > largest:
            raise TooLarge
        return values

    def pairs(self) -> None:
        """Fill in p = 2."""
        self.tensor[:, : len(self.words), 0] = self.require_fit(self.products(np.zeros_like(self.words[0]), 0))

    def triples(self, site: int, stop: threading.Event) -> None:
        """Fill in J_ikl and J_kil, p = 3, for k, l beyond i = `site`."""
        if not stop.is_set():
            behind = slice(site + 1, len(self.words))
            result = self.require_fit(self.products(self.words[site], site + 1))
            self.tensor[site, behind, behind] = self.tensor[behind, site, behind] = result

    def mirror(self, site: int, _stop: threading.Event) -> None:
        """Complete a slab of p = 3, whose entries right of the diagonal are there: it is symmetric."""
        slab = self.tensor[site, :, : len(self.words)]
        slab[:] = np.triu(slab) + np.triu(slab, 1).T

    def quadruples(self, site: int, stop: threading.Event) -> None:
        """Fill in J_ij(kl) and J_ji(kl), p = 4, for j beyond i = `site` and all pairs k < l."""
        upper = np.triu_indices(len(self.words), 1)
        for other in range(site + 1, len(self.words)):
            if stop.is_set():
                return
            result = self.products(self.words[site] ^ self.words[other], 0)
            result[[site, other]] = result[:, [site, other]] = 0
            row = self.require_fit(result[upper])
            self.tensor[site, other, : len(row)] = self.tensor[other, site, : len(row)] = row


@dataclass(frozen=True)
class CoupledChains:
    """C chains that run in step; layout in `kernels/couplings.py`."""

    patterns: PatternStore
    energy: kernel.Couplings
    arrays: kernel.CoupledArrays
    lower: tuple[Integers, int]  # as `lower_bodies` returns it

    @classmethod
    def start(cls, store: CouplingStore, patterns: PatternStore, states: Signs) -> "CoupledChains":
        """Place chains at states (C, N), which change in place."""
        n_chains, n_spins = states.shape
        weights = aligned_zeros((n_chains, store.tensor.shape[2]), np.int16)
        bits = np.zeros((n_chains, whole_blocks(n_spins) // LANES), dtype=np.uint32)
        kernel.set_weights(states, store.n_others, weights, bits)
        kind = field_type(patterns.table, patterns.patterns.n_patterns)
        fields = aligned_zeros((n_chains, whole_blocks(n_spins)), kind)
        energies, work = np.empty(n_chains, dtype=np.int64), np.empty((5, n_chains), dtype=np.int64)
        for index in range(n_chains):  # one at a time: overlaps with all patterns take memory
            chain = PatternChains.start(patterns, states[index : index + 1])
            fields[index, :n_spins], energies[index] = chain.fields()[0], chain.energies[0]
        tabled = n_chains >= kernel.MANY and store.tabled
        tables = aligned_zeros((ROOM if tabled else 0,), np.int16)
        factor = patterns.table.coupling_factor
        of_class = energy_class(store.n_others, n_chains)
        energy = of_class(store.tensor.reshape(n_spins, -1), store.n_others, factor, tabled)
        arrays = kernel.CoupledArrays(states, weights, bits, fields, energies, work, tables)
        return cls(patterns, energy, arrays, lower_bodies(patterns))

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        kernel.run_sweeps(self.energy, self.arrays, attempts, record)

    def check(self) -> None:
        """Raise `InternalError` where the energy of a chain is not that of its state."""
        require_none_wrong(kernel.first_wrong(self.arrays, self.patterns.table.p, *self.lower))


def lower_bodies(store: PatternStore) -> tuple[Integers, int]:
    """Return slope (N,) and constant of 2 sum_b (p - b) U_b, U_b being what b bodies contribute to sum_a energy[c_a].

    A flip changes the sign of the terms that hold its site, so sum_i xi_i h_i = 2 sum_b b U_b with the doubled fields
    h: where the sum above is known, fields and energy can be compared. Here k^2 = N + 2 e_2 and
    k^3 = (3N - 2) e_1 + 6 e_3.
    """
    n_spins, slope = store.table.n_spins, np.zeros(store.table.n_spins, dtype=np.int64)
    if store.table.interaction == "strict":
        return slope, 0
    if store.table.p == 2:
        return slope, 4 * n_spins * store.patterns.n_patterns
    return 4 * (3 * n_spins - 2) * np.asarray(store.patterns.sign_sums, dtype=np.int64), 0


def energy_class(n_others: int, n_chains: int) -> type[kernel.Couplings]:
    """Return the class whose code is made for so many other spins and chains."""
    if n_others == 1:
        return kernel.SharedTripleCouplings if n_chains >= FOUR else kernel.TripleCouplings
    return kernel.QuadrupleCouplings if n_others == 2 else kernel.PairCouplings
