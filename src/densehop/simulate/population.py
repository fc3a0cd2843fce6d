"""Population annealing: many replicas cooled together from infinite temperature, resampled at each step.

Hukushima & Iba (AIP Conf. Proc. 690, 200, 2003); Machta (Phys. Rev. E 82, 026704, 2010). Steps in temperature come
from a pilot population, so that they are given numbers for the populations that count: the mean of Z over these is then
the exact Z at any number of replicas.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Purpose, seed_sequence
from densehop.base.workers import run_all
from densehop.errors import InvalidInput
from densehop.kernels.record import Record
from densehop.simulate.annealed import (
    AnnealedPopulations,
    families_of,
    judge,
    log_mean_and_error,
    mean_and_error,
)
from densehop.simulate.attempts import ReplicaKeys, ReplicaStreams, ResamplingStream
from densehop.simulate.chains import Model
from densehop.simulate.resampling import culled, next_step, parents, relative_weights
from densehop.simulate.settings import Settings

BATCH = 64  # replicas that a thread runs at once
PILOT_REPLICAS = 500  # of the population by which temperatures are chosen
STAGES_AHEAD = 16  # that couplings may count on to pay for themselves


@dataclass(frozen=True)
class Annealing:
    """What all populations have in common; `settings` has the chains of all of them, and the sweeps of one stage."""

    model: Model
    energy: Callable[[Signs], Floats]
    settings: Settings
    n_populations: int
    references: Signs
    choice: str
    n_workers: int
    progress: Callable[[int], None] | None = None

    @property
    def n_replicas(self) -> int:
        """Of each population."""
        return self.settings.n_chains // self.n_populations

    def pilot(self) -> "Annealing":
        """Return one small population with random numbers of its own."""
        stream = seed_sequence(self.settings.seed, Purpose.PILOT)
        settings = replace(self.settings, n_chains=PILOT_REPLICAS, seed=stream)
        return replace(self, settings=settings, n_populations=1, references=self.references[:0])


class Populations:
    """Populations on their way from infinite temperature down.

    spins (C, N), energies (C,), overlaps (C, reference) and ancestors (population, replica) are those after the last
    stage; C counts the replicas of all populations.
    """

    def __init__(self, plan: Annealing) -> None:
        self.plan, self.stage, self.beta = plan, 0, 0.0
        n_chains, n_spins = plan.settings.n_chains, plan.model.n_spins
        rows = [slice(first, min(first + BATCH, n_chains)) for first in range(0, n_chains, BATCH)]
        keys = ReplicaKeys.of(plan.settings, plan.n_populations)
        self._batches = [(part, ReplicaStreams(plan.settings, keys, part, n_spins)) for part in rows]
        self.spins = np.concatenate([streams.start() for _, streams in self._batches])
        self.energies = plan.energy(self.spins)
        self.overlaps = np.zeros((n_chains, len(plan.references)))
        self.accepted = np.zeros(n_chains)
        self.ancestors = np.tile(np.arange(plan.n_replicas), (plan.n_populations, 1))
        self._resampling = ResamplingStream(plan.settings.seed, plan.n_populations)
        self._work = plan.model.workload(min(BATCH, n_chains), plan.settings.order == "sequential")
        starts_there = plan.choice == "auto" and plan.model.starts_on_couplings(self._work)
        self._couplings = starts_there or plan.choice == "couplings"

    def cool(self, beta: float) -> tuple[Floats, Floats]:
        """Resample to a colder beta and run the sweeps there; return log Z'/Z and the shares culled, (population,)."""
        self.stage += 1
        logs, lost = self._resample(beta - self.beta)
        self.beta = beta
        run_all([partial(self._run, *batch) for batch in self._batches], self.plan.n_workers)
        if self.plan.choice == "auto":
            ahead = STAGES_AHEAD * self.plan.settings.n_sweeps * self.spins.size
            observed = self._work, float(self.accepted.mean()), self._couplings
            self._couplings = self.plan.model.prefers_couplings(*observed, ahead)
        return logs, lost

    def _resample(self, step: float) -> tuple[Floats, Floats]:
        n_replicas, numbers = self.plan.n_replicas, self._resampling.uniforms(self.stage)
        logs, lost = np.empty(len(numbers)), np.empty(len(numbers))
        for population, number in enumerate(numbers):
            rows = slice(population * n_replicas, (population + 1) * n_replicas)
            weights, logs[population] = relative_weights(self.energies[rows], step)
            chosen = parents(weights, float(number))
            lost[population] = culled(weights)
            self.spins[rows] = self.spins[rows][chosen]
            self.ancestors[population] = self.ancestors[population][chosen]
        return logs, lost

    def _run(self, rows: slice, streams: ReplicaStreams, stop: threading.Event) -> None:
        """Run the sweeps of a stage on some replicas."""
        if stop.is_set():
            return
        plan, spins = self.plan, self.spins[rows]
        shape = len(spins), plan.settings.n_sweeps
        trace = np.zeros((*shape, 2 + len(plan.references)), dtype=plan.model.trace_type)
        record = Record(plan.references, trace, np.empty((len(spins), 0, plan.model.n_spins), dtype=np.int8), 0)
        chains = plan.model.start(spins, self._couplings, plan.n_workers)
        chains.run(streams.stage(np.full(shape, 1 / (self.beta * plan.model.unit)), self.stage), record)
        chains.check()
        self.energies[rows] = plan.model.energies(trace[:, -1, 0])
        self.overlaps[rows] = trace[:, -1, 2:] / plan.model.n_spins
        self.accepted[rows] = trace[:, :, 1].mean(axis=1) / plan.model.n_spins
        if plan.progress is not None:
            plan.progress(trace.shape[0] * trace.shape[1])


def schedule(plan: Annealing, coldest: float, share: float) -> Floats:
    """Return temperatures, rising from `coldest`, between which a pilot population loses about a share of itself."""
    pilot, last = Populations(plan.pilot()), 1 / coldest
    betas: list[float] = []
    while not betas or betas[-1] < last:
        step = next_step(pilot.energies, last - pilot.beta, share)
        beta = last if step == last - pilot.beta else pilot.beta + step
        if beta <= pilot.beta:
            raise InvalidInput(
                f"steps in temperature vanish at T = {1 / pilot.beta if betas else np.inf:.3g}: use a larger culling"
            )
        pilot.cool(beta)
        betas.append(beta)
    return 1 / np.array(betas[::-1])


def anneal(plan: Annealing, temperatures: Floats) -> AnnealedPopulations:
    """Cool all populations to the first of the temperatures, which rise."""
    populations, n_populations = Populations(plan), plan.n_populations
    total = np.full(n_populations, plan.model.n_spins * np.log(2.0))
    columns: dict[str, list[Floats]] = {
        name: [] for name in ("log_z", "culled", "families", "energy", "accepted", "overlap")
    }
    for temperature in temperatures[::-1]:
        logs, lost = populations.cool(1 / float(temperature))
        total = total + logs
        overlaps = np.abs(populations.overlaps) if plan.model.table.symmetric else populations.overlaps
        measured = {
            "log_z": total,
            "culled": lost,
            "families": families_of(populations.ancestors),
            "energy": populations.energies.reshape(n_populations, -1).mean(axis=1),
            "accepted": populations.accepted.reshape(n_populations, -1).mean(axis=1),
            "overlap": overlaps.reshape(n_populations, plan.n_replicas, -1).mean(axis=1),
        }
        for name, values in measured.items():
            columns[name].append(values)
    stacked = {name: np.stack(values[::-1], axis=1) for name, values in columns.items()}
    return _summary(plan, temperatures, populations, stacked)


def _summary(
    plan: Annealing, temperatures: Floats, populations: Populations, measured: dict[str, Floats]
) -> AnnealedPopulations:
    """Average what was measured, (population, temperature, ...), over populations."""
    log_z, n_spins = measured["log_z"], plan.model.n_spins
    phi, phi_error = log_mean_and_error(log_z)
    energy, energy_error = mean_and_error(log_z, measured["energy"])
    overlap, overlap_error = mean_and_error(log_z, measured["overlap"])
    verdict, advice = judge(log_z, measured["families"], plan.n_replicas)
    return AnnealedPopulations(
        temperatures=temperatures,
        free_entropy=phi / n_spins,
        free_entropy_error=phi_error / n_spins,
        energy=energy,
        energy_error=energy_error,
        overlap=overlap,
        overlap_error=overlap_error,
        log_z=log_z,
        families=measured["families"],
        culled=measured["culled"],
        acceptance=measured["accepted"],
        spins=populations.spins.reshape(plan.n_populations, plan.n_replicas, n_spins),
        ancestors=populations.ancestors,
        settings=replace(plan.settings, temperature=float(temperatures[0])),
        symmetric=plan.model.table.symmetric,
        verdict=verdict,
        advice=advice,
    )
