"""A group of chains on one thread: block after block of sweeps, each in the representation that promises to be faster.

What a group needs to go on are its states, its `GroupProgress` and where its streams are (`simulate/checkpoint.py`).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Signs
from densehop.base.streams import Purpose, generator
from densehop.kernels.noise import EXPONENTIAL, LOGISTIC, make_noise
from densehop.kernels.record import Attempts, Record
from densehop.simulate.chains import Arrays, Chains, Model
from densehop.simulate.settings import Settings

TIME_PER_CALL = 5e7  # predicted nanoseconds between two looks at the stop event
NOISE_PER_CALL = 2**15  # random numbers drawn at once
FIRST_BLOCK, GROWTH = 1, 4  # sweeps before the acceptance is first looked at, and how fast blocks become longer

Report = Callable[["Group", int], None]


@dataclass(frozen=True)
class Setup:
    """What all groups of a run have in common: the network, how chains run, in which representations they may.

    Under replica exchange: `temperatures` of a ladder, and after how many sweeps neighbours may swap.
    """

    model: Model
    settings: Settings
    choice: str
    n_workers: int
    temperatures: tuple[float, ...] = ()
    exchange_every: int = 1


@dataclass(frozen=True)
class GroupProgress:
    """Where a group is: sweeps done, longest next block, acceptance of the last, whether the next runs on couplings.

    Under replica exchange `levels` says at which temperature of the ladder each chain is.
    """

    done: int = 0
    longest: int = FIRST_BLOCK
    acceptance: float = 1.0
    couplings: bool = False
    levels: tuple[int, ...] = ()


class Streams:
    """The random numbers of C chains, in blocks of any length: the length does not change them."""

    def __init__(self, settings: Settings, chains: range) -> None:
        self._settings = settings
        self._uniforms = [generator(settings.seed, Purpose.NOISE, chain) for chain in chains]
        self._sites = [generator(settings.seed, Purpose.ORDER, chain) for chain in chains]
        self._others: tuple[np.random.Generator, ...] = ()
        self._noise = make_noise(LOGISTIC if settings.dynamics == "heat-bath" else EXPONENTIAL)

    def attempts(self, units: npt.NDArray[np.float64], n_spins: int, first: int) -> Attempts:
        """Draw the next sweeps of each chain, as many as `units` (C, n) has."""
        n_chains, length = units.shape
        uniforms = np.empty((n_chains, length, n_spins))
        random = self._settings.order == "random"
        sites = np.empty((n_chains, length, n_spins if random else 0), dtype=np.int64)
        for chain in range(n_chains):
            self._uniforms[chain].random(out=uniforms[chain])
            if random:
                sites[chain] = self._sites[chain].integers(0, n_spins, (length, n_spins))
        return Attempts(self._noise, sites, uniforms, units, first)

    def swaps(self, ladder: int) -> np.random.Generator:
        """Return the stream of the swaps of a ladder, from now on one of these."""
        self._others = (generator(self._settings.seed, Purpose.SWAP, ladder),)
        return self._others[0]

    def _all(self) -> tuple[np.random.Generator, ...]:
        return (*self._uniforms, *self._sites, *self._others)

    @property
    def states(self) -> tuple[dict[str, Any], ...]:
        """Where the streams are."""
        return tuple(dict(stream.bit_generator.state) for stream in self._all())

    @states.setter
    def states(self, values: tuple[dict[str, Any], ...]) -> None:
        for stream, value in zip(self._all(), values, strict=True):
            stream.bit_generator.state = value


class Group:
    """Chains that one thread runs; `rows` says which among all chains they are.

    states (C, N), record and the other results, all by chain, are the caller's and change in place.
    """

    def __init__(self, setup: Setup, rows: slice, states: Signs, record: Record, results: Arrays) -> None:
        self.model, self.settings, self.choice, self.n_workers = (
            setup.model,
            setup.settings,
            setup.choice,
            setup.n_workers,
        )
        self.rows, self.states, self.record, self.results = rows, states, record, results
        self.streams = Streams(self.settings, range(rows.start, rows.stop))
        self._work = self.model.workload(len(states), self.settings.order == "sequential")
        couplings = self.choice == "auto" and self.model.starts_on_couplings(self._work)
        self.place = GroupProgress(couplings=couplings or self.choice == "couplings")

    def run(self, report: Report, stop: threading.Event) -> None:
        """Run to the end, reporting the number of sweeps after each block."""
        chains = self._start()
        while self.place.done < self.settings.n_sweeps and not stop.is_set():
            before = self.place
            self._run_block(chains)
            if self.place.couplings != before.couplings:
                chains = self._start()
            report(self, self.place.done - before.done)

    def _start(self) -> Chains:
        return self.model.start(self.states, self.place.couplings, self.n_workers)

    def _run_block(self, chains: Chains) -> None:
        """Run the next block and choose the representation of the one after it."""
        place, n_sweeps = self.place, self.settings.n_sweeps
        block = slice(place.done, place.done + min(place.longest, n_sweeps - place.done, self._longest_block()))
        self._run_sweeps(chains, block)
        chains.check()
        self.results["by_couplings"][:, block] = place.couplings
        acceptance = float(self.record.trace[:, block, 1].mean()) / self.model.n_spins
        couplings, left = place.couplings, (n_sweeps - block.stop) * self.states.size
        if self.choice == "auto" and left > 0:
            couplings = self.model.prefers_couplings(self._work, acceptance, couplings, left)
        self.place = replace(
            self.place, done=block.stop, longest=GROWTH * place.longest, acceptance=acceptance, couplings=couplings
        )

    def _run_sweeps(self, chains: Chains, sweeps: slice) -> None:
        """Run some sweeps at the temperatures that are their turn."""
        units = np.tile(self.settings.temperatures(sweeps) / self.model.unit, (len(self.states), 1))
        chains.run(self.streams.attempts(units, self.model.n_spins, sweeps.start), self.record)

    def _longest_block(self) -> int:
        """Return how many sweeps go between two looks at the stop event."""
        cost = self._work.cost(self.place.couplings, self.place.acceptance)
        attempts = self.states.size
        return max(1, min(NOISE_PER_CALL // attempts, int(TIME_PER_CALL / (attempts * cost))))
