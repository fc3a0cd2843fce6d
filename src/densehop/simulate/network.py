"""`Network`: N spins with any energy, and what can be simulated of them; the base of the networks that people name."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Unpack

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.base.workers import count_workers
from densehop.energies.tables import EnergyTable
from densehop.energies.weights import WeightTable
from densehop.simulate.annealed import AnnealedPopulations
from densehop.simulate.blocks import Setup
from densehop.simulate.chains import Model
from densehop.simulate.population import BATCH, Annealing, anneal, schedule
from densehop.simulate.representations.device import chosen
from densehop.simulate.retrieval import Retrieval, RetrievalStore, Stepper, retrieve
from densehop.simulate.runs import Run
from densehop.simulate.sample import relax, run_chains
from densehop.simulate.samples import Samples
from densehop.simulate.settings import RunKeywords, RunOptions, Settings, as_schedule, shows_options
from densehop.simulate.starts import start_states
from densehop.simulate.tempering import TemperedSamples, ladder_temperatures, temper
from densehop.simulate.tuning import LadderRequest, TunedLadder, tune

DEFAULT_SWEEPS = 1000


class Network(ABC):
    """N spins with an energy: fields, descent to fixed points, synchronous dynamics, sampling, replica exchange."""

    patterns: Signs
    table: EnergyTable | WeightTable
    n_patterns: int
    n_spins: int

    @cached_property
    @abstractmethod
    def _model(self) -> Model:
        """The energy in the kernels' layouts, made on first use."""

    @cached_property
    @abstractmethod
    def _stepper(self) -> Stepper:
        """The energy laid out for batches of states, made on first use."""

    @abstractmethod
    def _bytes_of_chains(self, n_chains: int) -> int:
        """Predict the memory of chains and of what they share."""

    @property
    def sharpness(self) -> float | None:
        """B of the exponential energy, None for the others."""
        return self.table.sharpness or None

    @property
    def symmetric(self) -> bool:
        """Whether xi and -xi have the same energy, as for even p."""
        return self.table.symmetric

    def energy(self, states: ArrayLike) -> Floats:
        """Return the extensive energy, (B,), of states (B, N); a single state (N,) gives a scalar array."""
        batch = self._states(states)
        return self.table.energies(batch, self.patterns).reshape(np.shape(states)[:-1])

    def local_fields(self, states: ArrayLike) -> Floats:
        """Return the local fields h_i, (B, N), of states (B, N): flipping spin i costs 2 xi_i h_i."""
        batch = self._states(states)
        return self.table.local_fields(batch, self.patterns).reshape(np.shape(states))

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
        dynamics, order, representation, device, snapshot_every, n_workers, progress, checkpoint, checkpoint_every : see
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
        dynamics, order, representation, device, snapshot_every, n_workers, progress, checkpoint, checkpoint_every : see
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

    def anneal_population(
        self, temperatures: ArrayLike, n_replicas: int = 1000, n_populations: int = 8, n_sweeps: int = 10,
        culling: float = 0.1, references: ArrayLike | None = None, seed: Seed = 0, *, dynamics: str = "heat-bath",
        order: str = "sequential", representation: str = "auto", n_workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> AnnealedPopulations:  # fmt: skip
        """Cool populations of replicas from infinite temperature, resampled on the way: log Z, means, low energies.

        Each replica is copied as its Boltzmann weight requires (docs/theory.md, eq. 123). One seed gives the same bits
        with any number of workers and in any representation. There is no checkpoint: what must survive an interruption
        is several runs with other seeds and the same temperatures, whose Z are then averaged.

        Parameters
        ----------
        temperatures : float > 0, the coldest, or (T,) rising; of one, a pilot population finds the others
        n_replicas, n_populations : int; error bars need at least two populations
        n_sweeps : int, N attempted flips of each replica at each temperature
        culling : float, from 0.001 to 0.5, the share of the pilot that is replaced at each temperature
        references, seed : as in `sample`
        dynamics, order, representation, n_workers, progress : see `simulate.RunOptions`

        Raises
        ------
        InvalidInput
            If an argument is out of range or the run cannot fit into memory.

        Warns
        -----
        RuntimeWarning
            If the populations have too few families or disagree; `advice` says the same.
        """
        ladder = None if np.ndim(temperatures) == 0 else np.array(ladder_temperatures(temperatures))
        coldest = checks.number("temperatures", temperatures) if ladder is None else float(ladder[0])
        share = checks.between("culling", culling, 0.001, 0.5)
        n_populations = checks.integer("n_populations", n_populations, 1)
        chains = checks.integer("n_replicas", n_replicas, 2) * n_populations
        settings = Settings(coldest, chains, n_sweeps, dynamics, order, 0, seed)
        checks.callback("progress", progress)
        kept, threads = self._references(references), count_workers(n_workers)
        checks.memory("population annealing", 60 * chains * self.n_spins + self._bytes_of_chains(BATCH * threads))
        choice = self._model.choices(representation, BATCH, threads)
        plan = Annealing(self._model, self.energy, settings, n_populations, kept, choice, threads, progress)
        ladder = schedule(plan, coldest, share) if ladder is None else ladder
        result = anneal(plan, ladder)
        if result.advice:
            warnings.warn(result.advice, RuntimeWarning, stacklevel=2)
        return result

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
        model = self._on_device(options.device, settings)
        choice = model.choices(options.representation, settings.n_chains, threads)
        setup = Setup(model, settings, choice, threads, on_device=model is not self._model)
        return Run(setup, starts, reference_states, options.progress, options.checkpoint, options.checkpoint_every)

    def _on_device(self, device: str, settings: Settings) -> Model:
        """Return the energy where chains shall run; what a device holds is kept for the next call."""
        if device == "cpu":
            return self._model
        model = chosen(self._model, device, settings.order, settings.n_chains)
        return model if model is self._model else self._kept_on_device.setdefault(settings.order, model)

    @cached_property
    def _kept_on_device(self) -> dict[str, Model]:
        """The energy on a device, by the order of sites."""
        return {}

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
