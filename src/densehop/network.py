"""`PBodyHopfield`: stored vectors and an energy, the friendly face over `energy`, `weights` and `simulate`."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Unpack

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.base.workers import count_workers
from densehop.energies import tables
from densehop.energies.weights import WeightTable, exponential_weights, rectified_weights
from densehop.errors import InvalidInput
from densehop.simulate.blocks import Setup
from densehop.simulate.chains import Model
from densehop.simulate.representations.bit_overlaps import PatternWords
from densehop.simulate.representations.choice import IntegerModel
from densehop.simulate.representations.weights import WeightedModel, WeightedSteps
from densehop.simulate.retrieval import Retrieval, RetrievalStore, Stepper, retrieve
from densehop.simulate.runs import Run
from densehop.simulate.sample import relax, run_chains
from densehop.simulate.samples import Samples
from densehop.simulate.settings import RunKeywords, RunOptions, Settings, as_schedule, shows_options
from densehop.simulate.starts import start_states
from densehop.simulate.tempering import TemperedSamples, ladder_temperatures, temper
from densehop.simulate.tuning import LadderRequest, TunedLadder, tune

INTERACTIONS = ("strict", "power", "rectified", "exponential")
DEFAULT_SWEEPS = 1000


class PBodyHopfield:
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
        checks.choice("interaction", interaction, INTERACTIONS)
        self._store(stored, _table(interaction, p, sharpness, stored.shape[1]))

    @classmethod
    def from_table(cls, patterns: ArrayLike, table: tables.EnergyTable | WeightTable) -> "PBodyHopfield":
        """Return a network with an energy of your own, such as one of `overlap_table` (docs/design.md, "Tables").

        Raises
        ------
        InvalidInput
            If the patterns (M, N) are not +-1, or the table is none or for another number of spins.
        """
        if not isinstance(table, tables.EnergyTable | WeightTable):
            raise InvalidInput(
                f"table must be an EnergyTable, as `overlap_table` makes them, got {checks.shown(table)}"
            )
        stored = checks.signs("patterns", patterns, ("M", "N"))
        if stored.shape[1] != table.n_spins:
            raise InvalidInput(f"the table is for {table.n_spins} spins, the patterns have {stored.shape[1]}")
        network = cls.__new__(cls)
        network._store(stored, table)
        return network

    def _store(self, patterns: Signs, table: tables.EnergyTable | WeightTable) -> None:
        """Keep checked patterns and their energy."""
        self.patterns, self.table = patterns, table
        self.patterns.flags.writeable = False
        self.n_patterns, self.n_spins = patterns.shape
        if isinstance(table, tables.EnergyTable):
            table.require_exact(self.n_patterns)
        self.interaction, self.p = table.interaction, table.p

    @property
    def sharpness(self) -> float | None:
        """B of the exponential energy, None for the others."""
        return self.table.sharpness or None

    @property
    def symmetric(self) -> bool:
        """Whether xi and -xi have the same energy, as for even p."""
        return self.table.symmetric

    def __repr__(self) -> str:
        how = f"p={self.p}" if self.sharpness is None else f"sharpness={self.sharpness}"
        return (
            f"PBodyHopfield(n_patterns={self.n_patterns}, n_spins={self.n_spins}, {how}, "
            f"interaction='{self.interaction}')"
        )

    def __reduce__(self) -> tuple[Callable[..., "PBodyHopfield"], tuple[Any, ...]]:
        """Pickle and copy what the network is, not the layouts made from it."""
        return type(self).from_table, (self.patterns, self.table)

    def energy(self, states: ArrayLike) -> Floats:
        """Return the extensive energy, (B,), of states (B, N); a single state (N,) gives a scalar array."""
        batch = self._states(states)
        return self.table.energies(batch, self.patterns).reshape(np.shape(states)[:-1])

    def local_fields(self, states: ArrayLike) -> Floats:
        """Return the local fields h_i, (B, N), of states (B, N): flipping spin i costs 2 xi_i h_i."""
        batch = self._states(states)
        return self.table.local_fields(batch, self.patterns).reshape(np.shape(states))

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

    def relax(self, states: ArrayLike, n_workers: int | None = None) -> Signs:
        """Run asynchronous T = 0 dynamics from states (B, N) to fixed points, (B, N); a zero field keeps its spin."""
        batch = self._states(states)
        return relax(self._model, batch, n_workers).reshape(np.shape(states))

    def retrieve(self, states: ArrayLike, max_steps: int = 100, n_workers: int | None = None) -> Retrieval:
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
        result = retrieve(self._stepper, batch, max_steps, n_workers)
        shape = np.shape(states)
        return Retrieval(
            result.states.reshape(shape), result.n_steps.reshape(shape[:-1]), result.period.reshape(shape[:-1])
        )

    @shows_options
    def sample(
        self,
        temperature: ArrayLike,
        n_chains: int = 1,
        n_sweeps: int | None = None,
        start: ArrayLike | None = None,
        references: ArrayLike | None = None,
        seed: Seed = 0,
        **options: Unpack[RunKeywords],
    ) -> Samples:
        """Sample exp(-E/T) with single-spin dynamics; one seed gives the same bits with any number of workers.

        Parameters
        ----------
        temperature : float >= 0, or (n_sweeps,), one for each sweep (see `annealing`)
        n_chains, n_sweeps : int; a sweep is N attempted flips; None: 1000, or as many as there are temperatures
        start : (N,) or (n_chains, N) of +-1; None: random
        references : (N,) or (R, N) of +-1, vectors whose overlap with the chain is recorded after each sweep
        seed : int or SeedSequence
        dynamics, order, representation, snapshot_every, n_workers, progress, checkpoint, checkpoint_every : see
            `simulate.RunOptions`

        Raises
        ------
        InvalidInput
            If an argument is out of range, the run cannot fit into memory, or the checkpoint is damaged or another's.
        Interrupted
            On Ctrl-C with a checkpoint: a KeyboardInterrupt that says how to go on.
        """
        schedule = as_schedule(temperature)
        if n_sweeps is None:
            n_sweeps = len(schedule) if isinstance(schedule, tuple) else DEFAULT_SWEEPS
        return run_chains(self._run(schedule, n_chains, n_sweeps, start, references, seed, RunOptions(**options)))

    @shows_options
    def temper(
        self,
        temperatures: ArrayLike,
        n_ladders: int = 2,
        n_sweeps: int = DEFAULT_SWEEPS,
        exchange_every: int = 1,
        start: ArrayLike | None = None,
        references: ArrayLike | None = None,
        seed: Seed = 0,
        **options: Unpack[RunKeywords],
    ) -> TemperedSamples:
        """Sample at several temperatures at once, chains exchanging them, so that none stays in one valley.

        Parameters
        ----------
        temperatures : (R,) rising, positive; see `tune_ladder`
        n_ladders : int, independent sets of R chains, each on a thread; error bars need at least two
        n_sweeps : int, N attempted flips of each chain
        exchange_every : int, sweeps between two attempts of neighbours to swap
        start : (N,), (n_ladders R, N), a ladder's chains one after the other, or None: random
        references, seed : as in `sample`
        dynamics, order, representation, snapshot_every, n_workers, progress, checkpoint, checkpoint_every : see
            `simulate.RunOptions`
        """
        rungs = ladder_temperatures(temperatures)
        n_ladders = checks.integer("n_ladders", n_ladders, 1)
        every = checks.integer("exchange_every", exchange_every, 1)
        chains = n_ladders * len(rungs)
        run = self._run(rungs[0], chains, n_sweeps, start, references, seed, RunOptions(**options))
        return temper(replace(run, setup=replace(run.setup, temperatures=rungs, exchange_every=every)))

    def tune_ladder(
        self, coldest: float, hottest: float, swap_rate: float = 0.3, n_sweeps: int = 300, seed: Seed = 0,
        n_ladders: int = 2, max_temperatures: int = 64, n_workers: int | None = None,
    ) -> TunedLadder:  # fmt: skip
        """Find temperatures at which neighbours accept `swap_rate` of their swaps, from measured rates.

        `n_sweeps` is the length of the first trials; trials go on from each other's states, and a ladder with the
        wanted rates is confirmed by longer ones (up to 64 times) until its rates no longer change.
        """
        request = LadderRequest(
            checks.number("coldest", coldest), checks.number("hottest", hottest), swap_rate,
            checks.integer("max_temperatures", max_temperatures, 2),
        )  # fmt: skip

        length = checks.integer("n_sweeps", n_sweeps, 3)  # fewer never try all pairs

        def trial(temperatures: Floats, start: Signs | None, number: int, n_sweeps: int) -> TemperedSamples:
            stream = seed_sequence(seed, Purpose.SWAP, number)
            return self.temper(temperatures, n_ladders, n_sweeps, start=start, seed=stream, n_workers=n_workers)

        return tune(request, trial, length)

    def _run(
        self,
        temperature: float | tuple[float, ...],
        n_chains: int,
        n_sweeps: int,
        start: ArrayLike | None,
        references: ArrayLike | None,
        seed: Seed,
        options: RunOptions,
    ) -> Run:
        """Return a run whose arguments are checked and that fits into memory."""
        settings = Settings(
            temperature, n_chains, n_sweeps, options.dynamics, options.order, options.snapshot_every, seed
        )
        checks.callback("progress", options.progress)
        reference_states = self._references(references)
        kept = settings.n_sweeps // settings.snapshot_every if settings.snapshot_every else 0
        numbers = settings.n_sweeps * (9 + 4 * len(reference_states))
        # 28: states, fields and random numbers of a sweep; 3: copies for a checkpoint
        signs = (28 + 3 * kept) * self.n_spins
        checks.memory("sampling", settings.n_chains * (8 * numbers + signs) + self._bytes_of_chains(settings.n_chains))
        starts = start_states(start, settings.n_chains, self.n_spins, settings.seed)
        threads = count_workers(options.n_workers)
        choice = self._model.choices(options.representation, settings.n_chains, threads)
        setup = Setup(self._model, settings, choice, threads)
        return Run(setup, starts, reference_states, options.progress, options.checkpoint, options.checkpoint_every)

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

    def _references(self, references: ArrayLike | None) -> Signs:
        """Return checked references as (R, N)."""
        if references is None:
            return np.empty((0, self.n_spins), dtype=np.int8)
        is_one = checks.as_array("references", references).ndim == 1
        shape: tuple[int | str, ...] = (self.n_spins,) if is_one else ("R", self.n_spins)
        return checks.signs("references", references, shape).reshape(-1, self.n_spins)

    def _states(self, states: ArrayLike) -> Signs:
        """Return checked states as a batch (B, N)."""
        shape: tuple[int | str, ...] = (
            (self.n_spins,) if checks.as_array("states", states).ndim == 1 else ("B", self.n_spins)
        )
        return checks.signs("states", states, shape).reshape(-1, self.n_spins)


def _table(interaction: str, p: int | None, sharpness: float | None, n_spins: int) -> tables.EnergyTable | WeightTable:
    """Return the table of an interaction; refuse parameters it does not have."""
    checks.integer("the number of spins", n_spins, 2, checks.LARGEST_SIZE)
    if interaction == "exponential":
        if p is not None:
            raise InvalidInput(f"interaction='exponential' has a sharpness, not a p, got p = {checks.shown(p)}")
        return exponential_weights(1.0 if sharpness is None else sharpness, n_spins)
    if sharpness is not None:
        raise InvalidInput(f"sharpness is for interaction='exponential'; '{interaction}' has none")
    bodies = checks.body_number(p, None if interaction == "rectified" else n_spins)
    if interaction == "rectified":
        return rectified_weights(bodies, n_spins)
    return tables.strict_table(bodies, n_spins) if interaction == "strict" else tables.power_table(bodies, n_spins)
