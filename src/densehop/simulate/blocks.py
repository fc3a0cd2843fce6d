"""A group of chains on one thread: block after block of sweeps, each in the representation that promises to be faster.

What a group needs to go on are its states and its `GroupProgress` (`simulate/checkpoint.py`).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from densehop.base.arrays import Signs
from densehop.kernels.record import Record
from densehop.simulate.attempts import Streams
from densehop.simulate.chains import Arrays, Chains, Model
from densehop.simulate.settings import Settings

TIME_PER_CALL = 5e7  # predicted nanoseconds between two looks at the stop event
ATTEMPTS_PER_CALL = 2**18  # at most between two choices of the representation
FIRST_BLOCK, GROWTH = 1, 4  # sweeps before the acceptance is first looked at, and how fast blocks become longer

Report = Callable[["Group", int], None]


@dataclass(frozen=True)
class Setup:
    """What all groups of a run have in common: the network, how chains run, in which representations they may.

    Under replica exchange: `temperatures` of a ladder, and after how many sweeps neighbours may swap. Chains
    `on_device` are one group, since they share its calls.
    """

    model: Model
    settings: Settings
    choice: str
    n_workers: int
    temperatures: tuple[float, ...] = ()
    exchange_every: int = 1
    on_device: bool = False


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
        self._on_device = setup.on_device
        self.rows, self.states, self.record, self.results = rows, states, record, results
        self.streams = Streams(self.settings, range(rows.start, rows.stop), self.model.n_spins)
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
        chains.run(self.streams.attempts(units, sweeps.start), self.record)

    def _longest_block(self) -> int:
        """Return how many sweeps go between two looks at the stop event."""
        cost = self._work.cost(self.place.couplings, self.place.acceptance)
        attempts = self.states.size
        at_once = int(TIME_PER_CALL / (attempts * cost))
        return max(1, at_once if self._on_device else min(ATTEMPTS_PER_CALL // attempts, at_once))
