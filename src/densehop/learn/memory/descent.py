"""T = 0 dynamics of spins one after the other, in compiled code; some sites may be held. No flip raises the energy."""

import threading
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Integers, Mask, Reals, Signs
from densehop.base.workers import count_workers, run_all
from densehop.energies.weights import WeightTable
from densehop.errors import InvalidInput
from densehop.kernels.record import Record
from densehop.learn.memory.dynamics import Motion, relax_site_by_site
from densehop.learn.memory.interactions import Interaction
from densehop.network import PBodyHopfield
from densehop.simulate.attempts import cold_attempts
from densehop.simulate.chains import Model

CHAINS_AT_ONCE, OVERLAPS_AT_ONCE = 64, 2**20
LITTLE = 2**24  # products of signs in a sweep, which take less time than it takes to start threads


@dataclass(frozen=True, eq=False)
class Descent:
    """Memories of signs (M, N) and their energy, laid out for single flips when it is first needed."""

    interaction: Interaction
    memories: Reals | Signs

    @cached_property
    def network(self) -> PBodyHopfield | None:
        """The same energy as a `PBodyHopfield`, in floating point where integers overflow; None: no table has it."""
        name, degree = self.interaction.name, self.interaction.degree
        try:
            if name == "exponential":
                return PBodyHopfield(self.memories, interaction=name, sharpness=self.interaction.beta)
            return PBodyHopfield(self.memories, degree, name)
        except InvalidInput:
            if not self.interaction.additive or self.interaction.n_sites > checks.LARGEST_SIZE:
                return None
            energies = self.interaction.unit * np.pad(self.interaction.table[::-1], 1, mode="edge")
            table = WeightTable(self.interaction.n_sites, energies - energies.min(), degree)
            return PBodyHopfield.from_table(self.memories.astype(np.int8), table)

    def run(self, states: Reals, free: Mask | None, max_sweeps: int) -> Motion:
        """Visit the free sites of spins (B, N) in order until no flip lowers the energy; free (B, N), None: all are."""
        if self.network is None:
            memories = self.memories.astype(states.dtype, copy=False)
            return relax_site_by_site(self.interaction, memories, states, free, max_sweeps)
        ends, model = states.astype(np.int8), self.network._model
        threads = count_workers(None) if states.size * len(self.memories) > LITTLE else 1
        settled, sweeps = np.zeros(len(states), dtype=bool), np.zeros(len(states), dtype=np.int64)
        most = CHAINS_AT_ONCE if threads > 1 else len(states)
        at_once = max(1, min(most, OVERLAPS_AT_ONCE // len(self.memories), -(-len(states) // threads)))
        parts = [slice(first, first + at_once) for first in range(0, len(states), at_once)]
        tasks = [
            partial(
                _descend,
                model,
                ends[part],
                None if free is None else free[part],
                max_sweeps,
                settled[part],
                sweeps[part],
            )
            for part in parts
        ]
        run_all(tasks, threads)
        return Motion(ends.astype(states.dtype), int(sweeps.max(initial=0)), settled, settled)


def _descend(
    model: Model,
    states: Signs,
    free: Mask | None,
    max_sweeps: int,
    settled: Mask,
    sweeps: Integers,
    stop: threading.Event,
) -> None:
    """Move states (B, N) in place, in the same sweeps; note which the last one left alone, and how many it took."""
    (n_chains, n_spins), sites = states.shape, None
    if free is not None:  # again and again the same; with all sites held, site 0 in vain: its flip is undone below
        turns = np.arange(n_spins) % np.maximum(free.sum(axis=1, keepdims=True), 1)
        sites = np.take_along_axis(np.argsort(~free, axis=1, kind="stable"), turns, axis=1)
    held = None if free is None else ~free.any(axis=1)
    before = states.copy()
    attempts = cold_attempts(n_chains, n_spins, sites)
    trace = np.ones((n_chains, 1, 2), dtype=model.trace_type)
    snapshots = np.empty((n_chains, 0, n_spins), dtype=np.int8)
    record = Record(np.empty((0, n_spins), dtype=np.int8), trace, snapshots, 0)
    by_couplings = model.starts_on_couplings(model.workload(n_chains, free is None))
    chains = model.start(states, by_couplings, 1)
    while trace[:, 0, 1].any() and sweeps[0] < max_sweeps and not stop.is_set():
        chains.run(attempts, record)
        sweeps += 1
    settled[:] = trace[:, 0, 1] == 0
    if held is not None:
        states[held], settled[held] = before[held], True
