"""`PBodyHopfield`: stored vectors and an energy, the friendly face over `energy` and `simulate`."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from densehop import checks, energy
from densehop.simulate.overlaps import PatternWords
from densehop.simulate.patterns import PatternStore
from densehop.simulate.representation import REPRESENTATIONS, Representations
from densehop.simulate.retrieval import Retrieval, RetrievalStore, retrieve
from densehop.simulate.sample import Samples, Settings, relax, run_chains, start_states
from densehop.simulate.workers import count_workers
from densehop.streams import Seed

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]


class PBodyHopfield:
    """A dense Hopfield network: M vectors of N spins stored in a p-body energy (docs/theory.md, eq. 1).

    E[xi] = -(p!/N^(p-1)) sum_a sum_{i1 < ... < ip} xi_i1 ... xi_ip sigma^a_i1 ... sigma^a_ip, extensive, all indices
    distinct, exact to the last bit of its integers.

    Parameters
    ----------
    patterns : (M, N) of +-1
        The stored vectors: memories (direct problem) or a teacher's examples.
    p : int
        Number of bodies, 2 <= p <= N.
    interaction : "strict"
        The energy's form.

    Raises
    ------
    InvalidInput
        If the patterns are not +-1, have the wrong shape, or would overflow exact 64-bit fields.
    """

    def __init__(self, patterns: npt.ArrayLike, p: int, interaction: str = "strict") -> None:
        self.patterns: Signs = checks.signs("patterns", patterns, ("M", "N"))
        self.patterns.flags.writeable = False
        self.interaction = checks.choice("interaction", interaction, ("strict",))
        self.n_patterns, self.n_spins = self.patterns.shape
        self.table = energy.strict_table(p, self.n_spins)
        self.table.require_exact(self.n_patterns)
        self.p = self.table.p

    def __repr__(self) -> str:
        return f"PBodyHopfield(n_patterns={self.n_patterns}, n_spins={self.n_spins}, p={self.p})"

    def energy(self, states: npt.ArrayLike) -> Floats:
        """Return the extensive energy, (B,), of states (B, N); a single state (N,) gives a scalar array."""
        batch = self._states(states)
        return energy.energies(self.table, batch, self.patterns).reshape(np.shape(states)[:-1])

    def local_fields(self, states: npt.ArrayLike) -> Floats:
        """Return the local fields h_i, (B, N), of states (B, N): flipping spin i costs 2 xi_i h_i."""
        batch = self._states(states)
        return energy.local_fields(self.table, batch, self.patterns).reshape(np.shape(states))

    def overlaps(self, states: npt.ArrayLike) -> Floats:
        """Return the overlaps per spin, (B, M), of states (B, N) with every stored vector."""
        batch = self._states(states)
        size = 8 * len(batch) * self.n_patterns + PatternWords.bytes_needed(self.n_spins, self.n_patterns)
        checks.memory(f"the overlaps of {len(batch)} states", size)
        return self._words.overlaps(batch).reshape((*np.shape(states)[:-1], self.n_patterns))

    def largest_overlaps(
        self, states: npt.ArrayLike, n_largest: int = 1, n_workers: int | None = None
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

    def relax(self, states: npt.ArrayLike, n_workers: int | None = None) -> Signs:
        """Run asynchronous T = 0 dynamics from states (B, N) to fixed points, (B, N); a zero field keeps its spin."""
        batch = self._states(states)
        return relax(self._representations, batch, n_workers).reshape(np.shape(states))

    def retrieve(self, states: npt.ArrayLike, max_steps: int = 100, n_workers: int | None = None) -> Retrieval:
        """Run synchronous T = 0 dynamics, xi_i <- sign(h_i) for all i at once; a zero field keeps its spin.

        A step of a batch costs a fraction of two matrix products with the stored vectors. Unlike `relax`, which changes
        one spin after the other, the energy may rise and states may end in a cycle of length two (at p = 2 in no
        longer one); `converged`, `period` and `advice` of the result say so.

        Parameters
        ----------
        states : (B, N) or (N,) of +-1
        max_steps : int; 1 gives a single step
        n_workers : int, threads; None: one per core; the bits do not depend on it

        Raises
        ------
        InvalidInput
            If an argument is out of range or the work cannot fit into memory.
        """
        batch = self._states(states)
        max_steps = checks.integer("max_steps", max_steps, 1)
        size = RetrievalStore.bytes_needed(len(batch), self.n_spins, self.n_patterns, n_workers)
        checks.memory(f"retrieval from {len(batch)} states", size)
        result = retrieve(self._retrieval_store, batch, max_steps, n_workers)
        shape = np.shape(states)
        return Retrieval(
            result.states.reshape(shape), result.n_steps.reshape(shape[:-1]), result.period.reshape(shape[:-1])
        )

    def sample(
        self,
        temperature: float,
        n_chains: int = 1,
        n_sweeps: int = 1000,
        start: npt.ArrayLike | None = None,
        references: npt.ArrayLike | None = None,
        seed: Seed = 0,
        dynamics: str = "heat-bath",
        order: str = "sequential",
        representation: str = "auto",
        snapshot_every: int = 0,
        n_workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Samples:
        """Sample exp(-E/T) with single-spin dynamics; one seed gives the same bits with any number of workers.

        Parameters
        ----------
        temperature : float >= 0
        n_chains, n_sweeps : int; a sweep is N attempted flips
        start : (N,) or (n_chains, N) of +-1; None: random
        references : (N,) or (R, N) of +-1, vectors whose overlap with the chain is recorded after each sweep
        seed : int or SeedSequence
        dynamics : "heat-bath" or "metropolis"
        order : "sequential" or "random" choice of sites
        representation : "patterns" (any p; time grows with M), "couplings" (p <= 4; time does not depend on M, memory
            N^p) or "auto", the faster of the two for each block of sweeps; the results are the same bits
        snapshot_every : int, keep the state after every so many sweeps (0: never)
        n_workers : int, threads; None: one per core
        progress : called with the number of sweeps just done, from the threads

        Raises
        ------
        InvalidInput
            If an argument is out of range or the run cannot fit into memory.
        """
        checks.choice("representation", representation, REPRESENTATIONS)
        settings = Settings(temperature, n_chains, n_sweeps, dynamics, order, snapshot_every, seed)
        reference_states = np.empty((0, self.n_spins), dtype=np.int8)
        if references is not None:
            shape: tuple[int | str, ...] = (
                ("R", self.n_spins) if checks.as_array("references", references).ndim == 2 else (self.n_spins,)
            )
            reference_states = checks.signs("references", references, shape).reshape(-1, self.n_spins)
        kept = settings.n_sweeps // settings.snapshot_every if settings.snapshot_every else 0
        traces = settings.n_chains * (settings.n_sweeps * 8 * (6 + 3 * len(reference_states)) + kept * self.n_spins)
        store = PatternStore.bytes_needed(self.n_spins, self.n_patterns, settings.n_chains)
        checks.memory("sampling", traces + store)
        starts = start_states(start, settings.n_chains, self.n_spins, seed)
        representations = self._representations
        if representation == "couplings":
            representations.require_couplings(settings.n_chains, count_workers(n_workers))
        return run_chains(representations, settings, starts, reference_states, representation, n_workers, progress)

    @cached_property
    def _words(self) -> PatternWords:
        """The patterns as bits along the sites, made on first use."""
        return PatternWords.build(self.patterns)

    @cached_property
    def _retrieval_store(self) -> RetrievalStore:
        """The patterns and their table laid out for batches of states, made on first use."""
        return RetrievalStore.build(self.table, self.patterns, self._words)

    @cached_property
    def _representations(self) -> Representations:
        """The patterns in the kernels' layouts, made on first use."""
        return Representations(self.table, self.patterns)

    def _states(self, states: npt.ArrayLike) -> Signs:
        """Return checked states as a batch (B, N)."""
        shape: tuple[int | str, ...] = (
            (self.n_spins,) if checks.as_array("states", states).ndim == 1 else ("B", self.n_spins)
        )
        return checks.signs("states", states, shape).reshape(-1, self.n_spins)
