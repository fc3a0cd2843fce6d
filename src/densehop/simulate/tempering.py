"""Replica exchange: chains at a ladder of temperatures that swap places, so that each keeps visiting the hot ones.

Between sweeps, neighbours on the ladder swap with probability min(1, exp((1/T - 1/T')(E - E'))), even and odd pairs in
turn (Hukushima & Nemoto 1996): the product of the Boltzmann laws at all temperatures is invariant.
"""

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs
from densehop.base.version import __version__
from densehop.errors import InvalidInput
from densehop.kernels.record import Record
from densehop.simulate.attempts import SwapStream
from densehop.simulate.blocks import Group, Report, Setup
from densehop.simulate.chains import Arrays, Chains
from densehop.simulate.runs import Run
from densehop.simulate.samples import Samples
from densehop.simulate.settings import Settings


@dataclass(frozen=True, eq=False)
class TemperedSamples:
    """What replica exchange gave: independent ladders of chains, sorted by temperature.

    Attributes
    ----------
    temperatures : (temperature,) rising
    spins : (ladder, temperature, N) int8, the final states
    energy : (ladder, temperature, sweep) float64, extensive
    overlap : (ladder, temperature, sweep, reference) float64, per spin; its absolute value where xi and -xi have the
        same energy, since chains of either sign come by
    acceptance : (ladder, temperature, sweep) float64, fraction of attempts that flipped
    snapshots : (ladder, temperature, sweep // snapshot_every, N) int8
    chain : (ladder, temperature, sweep) int64, which of a ladder's chains was there
    swap_rate : (temperature - 1,) float64, fraction of swaps between neighbours that were accepted
    round_trips : (ladder,) int64, walks of any chain from the coldest to the hottest temperature and back
    settings : how chains ran, with the seed; its temperature is the coldest
    interaction, p, symmetric, n_patterns, version, sharpness : as in `Samples`
    """

    temperatures: Floats
    spins: Signs
    energy: Floats
    overlap: Floats
    acceptance: Floats
    snapshots: Signs
    chain: Integers
    swap_rate: Floats
    round_trips: Integers
    by_couplings: npt.NDArray[np.bool_]
    settings: Settings
    interaction: str
    p: int | None
    symmetric: bool
    n_patterns: int
    version: str
    sharpness: float | None = None

    def at(self, index: int) -> Samples:
        """Return the samples at one temperature, one chain for each ladder, for all that works on `Samples`.

        For even p chains of either sign take turns, so that no part of the run can fix the sign of what snapshots say:
        use `between_chains(gauge=False)` with `overlap_histogram(symmetric=True)`.
        """
        index = checks.integer("index", index, 0, len(self.temperatures) - 1)
        n_ladders = len(self.spins)
        temperature = float(self.temperatures[index])
        return Samples(
            spins=self.spins[:, index],
            energy=self.energy[:, index],
            overlap=self.overlap[:, index],
            acceptance=self.acceptance[:, index],
            snapshots=self.snapshots[:, index],
            by_couplings=self.by_couplings[:, index],
            settings=replace(self.settings, temperature=temperature, n_chains=n_ladders),
            interaction=self.interaction,
            p=self.p,
            symmetric=self.symmetric,
            n_patterns=self.n_patterns,
            version=self.version,
            sharpness=self.sharpness,
        )


class Ladder(Group):
    """The chains of one ladder, on one thread; they swap temperatures, which is cheaper than states."""

    def __init__(self, setup: Setup, rows: slice, states: Signs, record: Record, results: Arrays) -> None:
        super().__init__(setup, rows, states, record, results)
        temperatures = np.array(setup.temperatures)
        self._units = temperatures / self.model.unit
        self._gaps = -np.diff(1 / temperatures)
        self._pairs = tuple(np.arange(turn, len(self._gaps), 2) for turn in (0, 1))  # the lower of each pair, by turns
        self._exchange_every = setup.exchange_every
        self._swaps = SwapStream(self.settings.seed, rows.start // len(states), len(self._gaps))
        self.place = replace(self.place, levels=tuple(range(len(states))))

    def run(self, report: Report, stop: threading.Event) -> None:
        """Run to the end, reporting the number of sweeps after each block."""
        self._levels = np.array(self.place.levels)  # where a checkpoint may have put them
        super().run(report, stop)

    def _run_sweeps(self, chains: Chains, sweeps: slice) -> None:
        """Run some sweeps, with swaps where it is their turn."""
        first = sweeps.start
        while first < sweeps.stop:
            last = min(sweeps.stop, first - first % self._exchange_every + self._exchange_every)
            units = self._units[self._levels, np.newaxis].repeat(last - first, axis=1)
            chains.run(self.streams.attempts(units, first), self.record)
            self.results["level"][:, first:last] = self._levels[:, np.newaxis]
            if last % self._exchange_every == 0:
                self._swap(self.model.energies(self.record.trace[:, last - 1, 0]), last // self._exchange_every)
            first = last
        self.place = replace(self.place, levels=tuple(self._levels.tolist()))

    def _swap(self, energies: Floats, turn: int) -> None:
        """Let every other pair of neighbours swap, the even and the odd ones in turn."""
        uniform = self._swaps.uniforms(turn)
        chain_at, first = self._levels.argsort(), self._pairs[turn % 2]
        cold, hot = chain_at[first], chain_at[first + 1]
        gain = self._gaps[first] * (energies[cold] - energies[hot])
        swapped = np.log1p(-uniform[first]) < gain
        self._levels[cold[swapped]] = first[swapped] + 1
        self._levels[hot[swapped]] = first[swapped]


def ladder_temperatures(temperatures: ArrayLike) -> tuple[float, ...]:
    """Return checked temperatures of a ladder, rising."""
    values = checks.series("temperatures", temperatures, "(temperature,)")
    if len(values) < 2 or not (values[0] > 0 and (np.diff(values) > 0).all()):
        raise InvalidInput(f"temperatures must be at least 2, positive and rising, got {checks.shown(values.tolist())}")
    return tuple(values.tolist())


def temper(run: Run) -> TemperedSamples:
    """Run all ladders on threads, a ladder's chains one after the other in `run.starts`."""
    setup, n_levels = run.setup, len(run.setup.temperatures)
    n_ladders = setup.settings.n_chains // n_levels
    rows = [slice(ladder * n_levels, (ladder + 1) * n_levels) for ladder in range(n_ladders)]
    spins, results = run.carry_out(Ladder, rows)
    level = results["level"].astype(np.int64).reshape(n_ladders, n_levels, -1)
    chain = np.argsort(level, axis=1)

    def sorted_by_temperature(name: str) -> npt.NDArray[Any]:
        values = results[name].reshape(n_ladders, n_levels, *results[name].shape[1:])
        return np.take_along_axis(values, chain.reshape(chain.shape + (1,) * (values.ndim - 3)), axis=1)

    every = setup.settings.snapshot_every
    kept = chain[:, :, every - 1 :: every] if every else chain[:, :, :0]
    snapshots = results["snapshots"].reshape(n_ladders, n_levels, -1, setup.model.n_spins)
    trace = sorted_by_temperature("trace")
    overlap = trace[..., 2:] / setup.model.n_spins
    return TemperedSamples(
        temperatures=np.array(setup.temperatures),
        spins=np.take_along_axis(spins.reshape(n_ladders, n_levels, -1), chain[:, :, -1:], axis=1),
        energy=setup.model.energies(trace[..., 0]),
        overlap=np.abs(overlap) if setup.model.table.symmetric else overlap,
        acceptance=trace[..., 1] / setup.model.n_spins,
        snapshots=np.take_along_axis(snapshots, kept[..., np.newaxis], axis=1),
        chain=chain,
        swap_rate=swap_rates(level, setup.exchange_every),
        round_trips=_round_trips(level),
        by_couplings=sorted_by_temperature("by_couplings"),
        settings=setup.settings,
        interaction=setup.model.table.interaction,
        p=setup.model.table.p,
        symmetric=setup.model.table.symmetric,
        n_patterns=setup.model.n_patterns,
        version=__version__,
        sharpness=setup.model.table.sharpness or None,
    )


def swap_rates(level: Integers, every: int) -> Floats:
    """Return the fraction of accepted swaps of each pair of neighbours; level (ladder, chain, sweep), nan if none."""
    n_levels, n_sweeps = level.shape[1:]
    rates = np.full(n_levels - 1, np.nan)
    before = np.arange(every - 1, n_sweeps - 1, every)
    turns = (before + 1) // every
    for pair in range(n_levels - 1):
        tried = before[turns % 2 == pair % 2]
        if len(tried):
            moved = (level[:, :, tried] == pair) & (level[:, :, tried + 1] == pair + 1)
            rates[pair] = moved.sum(axis=1).mean()
    return rates


def _round_trips(level: Integers) -> Integers:
    """Return how often chains of each ladder went from the bottom to the top and back; level (ladder, chain, sweep)."""
    n_ladders, n_levels = level.shape[:2]
    trips = np.zeros(n_ladders, dtype=np.int64)
    for ladder in range(n_ladders):
        for walk in level[ladder]:
            ends = walk[(walk == 0) | (walk == n_levels - 1)]
            visits = ends[np.diff(ends, prepend=-1) != 0]
            legs = len(visits) - 1 - int(len(visits) > 0 and visits[0] != 0)
            trips[ladder] += max(legs, 0) // 2
    return trips
