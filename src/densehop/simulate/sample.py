"""Monte-Carlo chains of the student at one temperature (docs/theory.md, section 7).

A spin flips if and only if Delta E < T x noise, with one noise variate per attempt: logistic noise is the heat-bath
rule (flip with probability 1/(1 + exp(Delta E/T))), exponential noise the Metropolis rule (min(1, exp(-Delta E/T))),
and T = 0 keeps a spin whose field is zero. The rules differ in nothing else.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from densehop import checks
from densehop.simulate.chains import Attempts, Chains, Record
from densehop.simulate.representation import Representations, Workload
from densehop.simulate.workers import count_workers, run_all
from densehop.streams import Purpose, Seed, generator
from densehop.version import __version__

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]

DYNAMICS = ("heat-bath", "metropolis")
ORDERS = ("sequential", "random")
TIME_PER_CALL = 5e7  # predicted nanoseconds between two looks at the stop event
NOISE_PER_CALL = 2**15  # noise variates drawn at once
FIRST_GUESS = 0.1  # acceptance before any was measured
FIRST_BLOCK, GROWTH = 1, 4  # sweeps before the acceptance is first looked at, and how fast blocks become longer


@dataclass(frozen=True)
class Settings:
    """How chains run: everything but the patterns and the starts."""

    temperature: float
    n_chains: int
    n_sweeps: int
    dynamics: str = "heat-bath"
    order: str = "sequential"
    snapshot_every: int = 0
    seed: Seed = 0

    def __post_init__(self) -> None:
        for name, minimum in (("n_chains", 1), ("n_sweeps", 1), ("snapshot_every", 0)):
            object.__setattr__(self, name, checks.integer(name, getattr(self, name), minimum))
        temperature = checks.number("temperature", self.temperature, zero_allowed=True)
        object.__setattr__(self, "temperature", temperature)
        checks.choice("dynamics", self.dynamics, DYNAMICS)
        checks.choice("order", self.order, ORDERS)


@dataclass(frozen=True, eq=False)
class Samples:
    """What the chains did; traces hold the state after each sweep, not the start.

    Attributes
    ----------
    spins : (chain, N) int8, the final states
    energy : (chain, sweep) float64, extensive
    overlap : (chain, sweep, reference) float64, per spin; for even p each is gauged by the sign of its time average
    acceptance : (chain, sweep) float64, fraction of attempts that flipped
    snapshots : (chain, sweep // snapshot_every, N) int8, states after every `snapshot_every`-th sweep
    by_couplings : (chain, sweep) bool, whether the sweep ran on couplings, not patterns; it changes only the time taken
    settings : how they ran, with the seed
    p, n_patterns : int
    version : str, of densehop
    """

    spins: Signs
    energy: Floats
    overlap: Floats
    acceptance: Floats
    snapshots: Signs
    by_couplings: npt.NDArray[np.bool_]
    settings: Settings
    p: int
    n_patterns: int
    version: str


def start_states(start: npt.ArrayLike | None, n_chains: int, n_spins: int, seed: Seed) -> Signs:
    """Return the chains' first states, (chain, N): random where `start` is None."""
    if start is None:
        draws = [generator(seed, Purpose.START, chain).integers(0, 2, n_spins) for chain in range(n_chains)]
        return (2 * np.stack(draws) - 1).astype(np.int8)
    shape: tuple[int | str, ...] = (n_chains, n_spins) if checks.as_array("start", start).ndim == 2 else (n_spins,)
    states = np.broadcast_to(checks.signs("start", start, shape), (n_chains, n_spins))
    return np.ascontiguousarray(states)


def run_chains(
    representations: Representations,
    settings: Settings,
    starts: Signs,
    references: Signs,
    representation: str = "auto",
    n_workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Samples:
    """Run all chains on threads; the bits depend neither on the number of workers nor on the representation.

    `progress` is called from the threads with the number of sweeps just done.
    """
    table, n_chains, every = representations.table, settings.n_chains, settings.snapshot_every
    threads = count_workers(n_workers)
    if representation == "auto" and not representations.couplings_fit(n_chains, threads):
        representation = "patterns"
    kept = settings.n_sweeps // every if every else 0
    trace = np.zeros((n_chains, settings.n_sweeps, 2 + len(references)), dtype=np.int64)
    snapshots = np.zeros((n_chains, kept, table.n_spins), dtype=np.int8)
    by_couplings = np.zeros((n_chains, settings.n_sweeps), dtype=np.bool_)
    spins = starts.copy()
    n_groups = n_chains if representation == "patterns" else min(threads, n_chains)
    tasks = []
    for chains in np.array_split(np.arange(n_chains), n_groups):
        rows = slice(chains[0], chains[-1] + 1)
        record = Record(references, trace[rows], snapshots[rows], every)
        group = _Group(representations, settings, representation, threads, rows, spins[rows], record)
        tasks.append(partial(_run_group, group, by_couplings[rows], progress))
    run_all(tasks, threads)
    overlap = trace[:, :, 2:] / table.n_spins
    return Samples(
        spins=spins,
        energy=-table.scale * trace[:, :, 0].astype(np.float64),
        overlap=overlap if table.p % 2 == 1 else gauged(overlap, axis=1),
        acceptance=trace[:, :, 1] / table.n_spins,
        snapshots=snapshots,
        by_couplings=by_couplings,
        settings=settings,
        p=table.p,
        n_patterns=len(representations.patterns),
        version=__version__,
    )


def relax(representations: Representations, states: Signs, n_workers: int | None = None) -> Signs:
    """Run T = 0 dynamics from each state (B, N) to its fixed point; each flip lowers the energy, so it ends."""
    n_spins, form = representations.table.n_spins, representations.pattern_store.form.form
    work = Workload(representations.table.p, n_spins, len(representations.patterns), form, 1, True)
    by_couplings = representations.coupling_store is not None and (
        work.couplings_cost(FIRST_GUESS) < work.patterns_cost(FIRST_GUESS)
    )
    attempts = Attempts(np.arange(n_spins).reshape(1, 1, -1), np.zeros((1, 1, n_spins)), 0)
    references = np.empty((0, n_spins), dtype=np.int8)
    result = states.copy()

    def task_of(index: int) -> Callable[[threading.Event], None]:
        def task(stop: threading.Event) -> None:
            chain = representations.start(result[index : index + 1], by_couplings, 1)
            trace = np.ones((1, 1, 2), dtype=np.int64)
            record = Record(references, trace, np.empty((1, 0, n_spins), dtype=np.int8), 0)
            while trace[0, 0, 1] > 0 and not stop.is_set():
                chain.run(attempts, record)

        return task

    run_all([task_of(index) for index in range(len(states))], count_workers(n_workers))
    return result


@dataclass(frozen=True)
class _Group:
    """Chains that one thread runs: their rows among all chains, states (C, N) and record."""

    representations: Representations
    settings: Settings
    representation: str
    n_workers: int
    rows: slice
    states: Signs
    record: Record

    def workload(self) -> Workload:
        """Return what decides the cost."""
        table, store = self.representations.table, self.representations.pattern_store
        in_step = self.settings.order == "sequential"
        n_patterns = store.stored.n_patterns
        return Workload(table.p, table.n_spins, n_patterns, store.form.form, len(self.states), in_step)


class _Attempts:
    """The attempts of a group, in blocks of any length: the length does not change the random numbers."""

    def __init__(self, group: _Group) -> None:
        self.settings, self.table = group.settings, group.representations.table
        chains = range(group.rows.start, group.rows.stop)
        self.noise = [generator(self.settings.seed, Purpose.NOISE, chain) for chain in chains]
        self.order = [generator(self.settings.seed, Purpose.ORDER, chain) for chain in chains]

    def block(self, first: int, length: int) -> Attempts:
        """Draw the next `length` sweeps of each chain."""
        shape = (length, self.table.n_spins)
        variates = np.empty((len(self.noise), *shape))
        sites = np.empty(variates.shape, dtype=np.int64)
        for chain, (noise, order) in enumerate(zip(self.noise, self.order, strict=True)):
            heat_bath = self.settings.dynamics == "heat-bath"
            variates[chain] = noise.logistic(size=shape) if heat_bath else noise.standard_exponential(shape)
            random = self.settings.order == "random"
            sites[chain] = order.integers(0, shape[1], shape) if random else np.arange(shape[1])
        # Delta E = 2 xi_i h_i = scale * (xi_i times the doubled integer field)
        variates *= self.settings.temperature / self.table.scale
        return Attempts(sites, variates, first)


def _run_group(
    group: _Group,
    by_couplings: npt.NDArray[np.bool_],
    progress: Callable[[int], None] | None,
    stop: threading.Event,
) -> None:
    """Run a group to its end in blocks, each in the representation that the last block's acceptance suggests."""
    work, attempts, n_sweeps = group.workload(), _Attempts(group), group.settings.n_sweeps
    representations = group.representations
    couplings = group.representation == "couplings"
    if group.representation == "auto" and representations.coupling_store is not None:
        couplings = work.couplings_cost(FIRST_GUESS) < work.patterns_cost(FIRST_GUESS)
    chains: Chains = representations.start(group.states, couplings, group.n_workers)
    done, longest, acceptance = 0, FIRST_BLOCK, 1.0
    while done < n_sweeps and not stop.is_set():
        length = min(longest, n_sweeps - done, _longest_block(work, couplings, acceptance))
        chains.run(attempts.block(done, length), group.record)
        by_couplings[:, done : done + length] = couplings
        acceptance = float(group.record.trace[:, done : done + length, 1].mean()) / work.n_spins
        done, longest = done + length, GROWTH * longest
        if progress is not None:
            progress(length * work.n_chains)
        left = (n_sweeps - done) * work.n_spins * work.n_chains
        if group.representation == "auto" and left > 0:
            before = couplings
            couplings = representations.prefers_couplings(work, acceptance, before, left)
            if couplings != before:
                chains = representations.start(group.states, couplings, group.n_workers)


def _longest_block(work: Workload, couplings: bool, acceptance: float) -> int:
    """Return how many sweeps go between two looks at the stop event."""
    attempts = work.n_spins * work.n_chains
    cost = work.couplings_cost(acceptance) if couplings else work.patterns_cost(acceptance)
    return max(1, min(NOISE_PER_CALL // attempts, int(TIME_PER_CALL / (attempts * cost))))


def gauged(traces: Floats, axis: int) -> Floats:
    """Fix the sign that even p leaves free: flip each trace whose mean over time (along `axis`) is negative."""
    return traces * np.where(traces.mean(axis=axis, keepdims=True) < 0, -1.0, 1.0)
