"""`PBodyHopfield`: stored vectors and an energy of their overlaps with the spins."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs
from densehop.energies.interactions import table_of
from densehop.energies.tables import EnergyTable
from densehop.energies.weights import WeightTable
from densehop.errors import InvalidInput
from densehop.simulate.chains import Model
from densehop.simulate.network import Network
from densehop.simulate.representations.bit_overlaps import PatternWords
from densehop.simulate.representations.choice import IntegerModel
from densehop.simulate.representations.weights import WeightedModel, WeightedSteps
from densehop.simulate.retrieval import RetrievalStore, Stepper


class PBodyHopfield(Network):
    """A dense Hopfield network: M vectors of N spins stored in a p-body energy (docs/theory.md, section 1).

    With k_a = xi . sigma^a, extensive, and exact to the last bit of its integers where it has integers:

    - "strict": E = -(p!/N^(p-1)) sum_a sum_{i1 < ... < ip} xi_i1 ... xi_ip sigma^a_i1 ... sigma^a_ip, all indices
      distinct (eq. 1). The theory of this package is for this energy.
    - "power": E = -N sum_a (k_a/N)^p, another model at finite load: it keeps the repeated indices.
    - "rectified": E = -N sum_a max(k_a/N, 0)^p, in floating point, any p (Krotov & Hopfield 2016).
    - "exponential": E = -(1/b) log sum_a exp(b k_a), in floating point, b the sharpness (Ramsauer et al. 2021).

    Parameters
    ----------
    patterns : (M, N) of +-1
        The stored vectors: memories (direct problem) or a teacher's examples.
    p : int
        Number of bodies, 2 <= p (<= N for the strict and the power energy); the exponential has none.
    interaction : "strict", "power", "rectified" or "exponential"
    sharpness : float
        b of the exponential; the others have none.

    Raises
    ------
    InvalidInput
        If the patterns are not +-1, have the wrong shape, or would overflow exact 64-bit fields.
    """

    def __init__(
        self,
        patterns: ArrayLike,
        p: int | None = None,
        interaction: str = "strict",
        sharpness: float | None = None,
    ) -> None:
        stored = checks.signs("patterns", patterns, ("M", "N"))
        self._store(stored, table_of(interaction, p, sharpness, stored.shape[1]))

    @classmethod
    def from_table(cls, patterns: ArrayLike, table: EnergyTable | WeightTable) -> "PBodyHopfield":
        """Return a network with an energy of your own, such as one of `overlap_table` (docs/design.md, "Tables").

        Raises
        ------
        InvalidInput
            If the patterns (M, N) are not +-1, or the table is none or for another number of spins.
        """
        if not isinstance(table, EnergyTable | WeightTable):
            raise InvalidInput(
                f"table must be an EnergyTable, as `overlap_table` makes them, got {checks.shown(table)}"
            )
        stored = checks.signs("patterns", patterns, ("M", "N"))
        if stored.shape[1] != table.n_spins:
            raise InvalidInput(f"the table is for {table.n_spins} spins, the patterns have {stored.shape[1]}")
        network = cls.__new__(cls)
        network._store(stored, table)
        return network

    def _store(self, patterns: Signs, table: EnergyTable | WeightTable) -> None:
        """Keep checked patterns and their energy."""
        self.patterns, self.table = patterns, table
        self.patterns.flags.writeable = False
        self.n_patterns, self.n_spins = patterns.shape
        if isinstance(table, EnergyTable):
            table.require_exact(self.n_patterns)
        self.interaction, self.p = table.interaction, table.p

    def __repr__(self) -> str:
        how = f"p={self.p}" if self.sharpness is None else f"sharpness={self.sharpness}"
        return (
            f"PBodyHopfield(n_patterns={self.n_patterns}, n_spins={self.n_spins}, {how}, "
            f"interaction='{self.interaction}')"
        )

    def __reduce__(self) -> tuple[Callable[..., "PBodyHopfield"], tuple[Any, ...]]:
        """Pickle and copy what the network is, not the layouts made from it."""
        return type(self).from_table, (self.patterns, self.table)

    def overlaps(self, states: ArrayLike) -> Floats:
        """Return the overlaps per spin, (B, M), of states (B, N) with every stored vector."""
        batch = self._states(states)
        size = 8 * len(batch) * self.n_patterns + PatternWords.bytes_needed(self.n_spins, self.n_patterns)
        checks.memory(f"the overlaps of {len(batch)} states", size)
        return self._words.overlaps(batch).reshape((*np.shape(states)[:-1], self.n_patterns))

    def largest_overlaps(
        self, states: ArrayLike, n_largest: int = 1, n_workers: int | None = None
    ) -> tuple[Floats, Integers]:
        """Return the largest overlaps per spin of states (B, N), and the indices of their stored vectors.

        Both are (B, n_largest), largest first, the smaller index first where overlaps are equal; no (B, M) matrix is
        held. For even p a state and its opposite are the same memory: ask for `-states` as well.
        """
        batch = self._states(states)
        n_largest = checks.integer("n_largest", n_largest, 1, self.n_patterns)
        size = 24 * len(batch) * n_largest + PatternWords.bytes_needed(self.n_spins, self.n_patterns)
        checks.memory(f"the largest overlaps of {len(batch)} states", size)
        shape = (*np.shape(states)[:-1], n_largest)
        values, indices = self._words.largest(batch, n_largest, n_workers)
        return values.reshape(shape), indices.reshape(shape)

    @cached_property
    def _words(self) -> PatternWords:
        """The patterns as bits along the sites, made on first use."""
        return PatternWords.build(self.patterns)

    @cached_property
    def _stepper(self) -> Stepper:
        """The patterns and their energy laid out for batches of states, made on first use."""
        if isinstance(self.table, WeightTable):
            return WeightedSteps(self.table, self.patterns)
        return RetrievalStore.build(self.table, self.patterns, self._words)

    @cached_property
    def _model(self) -> Model:
        """The patterns in the kernels' layouts, made on first use."""
        if isinstance(self.table, WeightTable):
            return WeightedModel(self.table, self.patterns)
        return IntegerModel(self.table, self.patterns)

    def _bytes_of_chains(self, n_chains: int) -> int:
        """Predict the memory of chains on patterns and of what they share."""
        kind = WeightedModel if isinstance(self.table, WeightTable) else IntegerModel
        return kind.bytes_needed(self.n_spins, self.n_patterns, n_chains)
