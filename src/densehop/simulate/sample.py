"""Monte-Carlo chains of the student at one temperature (docs/theory.md, section 7).

A spin flips if and only if Delta E < T x noise, with one noise variate per attempt: logistic noise is the heat-bath
rule (flip with probability 1/(1 + exp(Delta E/T))), exponential noise the Metropolis rule (min(1, exp(-Delta E/T))),
and T = 0 keeps a spin whose field is zero. The rules differ in nothing else.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop import checks
from densehop.simulate.patterns import Attempts, Chain, PatternStore, Record
from densehop.simulate.workers import count_workers, run_all
from densehop.streams import Purpose, Seed, generator
from densehop.version import __version__

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]

DYNAMICS = ("heat-bath", "metropolis")
ORDERS = ("sequential", "random")
WORK_PER_CALL = 2**27  # pattern visits between two looks at the stop event: some tens of milliseconds
NOISE_PER_CALL = 2**18  # noise variates drawn at once


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
    settings : how they ran, with the seed
    p, n_patterns : int
    version : str, of densehop
    """

    spins: Signs
    energy: Floats
    overlap: Floats
    acceptance: Floats
    snapshots: Signs
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
    store: PatternStore,
    settings: Settings,
    starts: Signs,
    references: Signs,
    n_workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Samples:
    """Run all chains on threads; the bits do not depend on the number of workers.

    `progress` is called from the threads with the number of sweeps just done.
    """
    n_spins, n_chains, every = store.table.n_spins, settings.n_chains, settings.snapshot_every
    kept = settings.n_sweeps // every if every else 0
    trace = np.zeros((n_chains, settings.n_sweeps, 2 + len(references)), dtype=np.int64)
    snapshots = np.zeros((n_chains, kept, n_spins), dtype=np.int8)
    spins = np.empty((n_chains, n_spins), dtype=np.int8)

    def task_of(index: int) -> Callable[[threading.Event], None]:
        def task(stop: threading.Event) -> None:
            chain = Chain.start(store, starts[index])
            record = Record(trace[index], snapshots[index], every)
            for attempts in _blocks_of_attempts(store, settings, index):
                if stop.is_set():
                    return
                chain.run(store, attempts, references, record)
                if progress is not None:
                    progress(len(attempts.sites))
            spins[index] = chain.state

        return task

    run_all([task_of(index) for index in range(n_chains)], count_workers(n_workers))
    overlap = trace[:, :, 2:] / n_spins
    return Samples(
        spins=spins,
        energy=-store.table.scale * trace[:, :, 0].astype(np.float64),
        overlap=overlap if store.table.p % 2 == 1 else gauged(overlap, axis=1),
        acceptance=trace[:, :, 1] / n_spins,
        snapshots=snapshots,
        settings=settings,
        p=store.table.p,
        n_patterns=store.minus.shape[1],
        version=__version__,
    )


def relax(store: PatternStore, states: Signs, n_workers: int | None = None) -> Signs:
    """Run T = 0 dynamics from each state (B, N) to its fixed point; each flip lowers the energy, so it ends."""
    n_spins = store.table.n_spins
    attempts = Attempts(np.arange(n_spins)[np.newaxis], np.zeros((1, n_spins)), 0)
    references = np.empty((0, n_spins), dtype=np.int8)

    def task_of(state: Signs) -> Callable[[threading.Event], Signs]:
        def task(stop: threading.Event) -> Signs:
            chain = Chain.start(store, state)
            record = Record(np.ones((1, 2), dtype=np.int64), np.empty((0, n_spins), dtype=np.int8), 0)
            while record.trace[0, 1] > 0 and not stop.is_set():
                chain.run(store, attempts, references, record)
            return chain.state

        return task

    return np.stack(run_all([task_of(state) for state in states], count_workers(n_workers)))


def _blocks_of_attempts(store: PatternStore, settings: Settings, index: int) -> Iterator[Attempts]:
    """Yield one chain's attempts in blocks; the length of the blocks does not change the random numbers."""
    noise = generator(settings.seed, Purpose.NOISE, index)
    order = generator(settings.seed, Purpose.ORDER, index)
    n_spins, n_patterns = store.minus.shape
    length = max(1, min(NOISE_PER_CALL // n_spins, WORK_PER_CALL // (n_spins * n_patterns)))
    for first in range(0, settings.n_sweeps, length):
        shape = (min(length, settings.n_sweeps - first), n_spins)
        variates = noise.logistic(size=shape) if settings.dynamics == "heat-bath" else noise.standard_exponential(shape)
        if settings.order == "random":
            sites = order.integers(0, n_spins, shape)
        else:
            sites = np.tile(np.arange(n_spins), (shape[0], 1))
        # Delta E = 2 xi_i h_i = scale * (xi_i times the doubled integer field)
        yield Attempts(sites, variates * (settings.temperature / store.table.scale), first)


def gauged(traces: Floats, axis: int) -> Floats:
    """Fix the sign that even p leaves free: flip each trace whose mean over time (along `axis`) is negative."""
    return traces * np.where(traces.mean(axis=axis, keepdims=True) < 0, -1.0, 1.0)
