"""Chains that a device runs: its reports fill the record, and doubtful sweeps are run again by the kernels."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Signs
from densehop.errors import MissingPackage
from densehop.kernels.from_overlaps import energies_from
from densehop.kernels.record import Attempts, Record
from densehop.simulate.chains import Numbers, require_none_wrong
from densehop.simulate.representations.choice import IntegerModel
from densehop.simulate.representations.weights import WeightedModel

if TYPE_CHECKING:
    from densehop.accelerator.placed import Energy, PlacedChains

HostModel = IntegerModel | WeightedModel


def placed() -> ModuleType:
    """Return the room that knows JAX, or raise `MissingPackage`, which says what to install."""
    try:
        return importlib.import_module("densehop.accelerator.placed")
    except ImportError as error:
        raise MissingPackage.of_extra("device='accelerator'", "jax", "accelerator", error) from error


@dataclass
class DeviceChains:
    """C chains on an accelerator."""

    host: HostModel
    states: Signs
    energy: "Energy"
    placed: "PlacedChains"
    n_workers: int

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        for part in _parts(attempts):
            begun = self.states.copy()
            tried = placed().AttemptNoise(
                part.noise.law, part.keys, part.site_keys.reshape(-1, 2), part.units, part.first
            )
            report = self.placed.run(tried, record.references, record.every > 0)
            self.states[:] = self.placed.states
            write(report, self._energies(report), part.first, record)
            if report.doubtful.any():
                self._run_again(np.flatnonzero(report.doubtful), begun, part, record)

    def _energies(self, report: Any) -> Numbers:
        """Return what is recorded as the energies of a report, (n, C)."""
        if report.tops is None:
            return np.asarray(report.energies)
        tops = 2.0 * report.tops - self.host.n_spins
        energies: Floats = np.empty(report.energies.size)
        energies_from(report.energies.ravel(), tops.ravel(), self.host.table.sharpness, energies)
        return energies.reshape(report.energies.shape)

    def _run_again(self, chains: Integers, begun: Signs, attempts: Attempts, record: Record) -> None:
        """Run these chains again from where they were, by the kernels."""
        states, site_keys = begun[chains], attempts.site_keys
        own = attempts._replace(
            keys=attempts.keys[chains],
            site_keys=site_keys[chains] if len(site_keys) else site_keys,
            units=attempts.units[chains],
            uniforms=attempts.uniforms[: len(chains)].copy(),
            sites=attempts.sites[chains].copy(),
        )
        kept = Record(record.references, record.trace[chains], record.snapshots[chains], record.every)
        self.host.start(states, False, self.n_workers).run(own, kept)
        record.trace[chains], record.snapshots[chains], self.states[chains] = kept.trace, kept.snapshots, states
        self.placed = placed().PlacedChains.at(self.energy, self.states)

    def check(self) -> None:
        """Raise `InternalError` where the energy of a chain is not that of its state."""
        wrong = np.flatnonzero(self.placed.energies_anew() != self.placed.energies)
        require_none_wrong(int(wrong[0]) if len(wrong) else -1)


def _parts(attempts: Attempts) -> Iterator[Attempts]:
    """Yield attempts in parts that fit into one call."""
    at_once: int = importlib.import_module("densehop.accelerator.loop").CAPACITY
    for first in range(0, attempts.units.shape[1], at_once):
        yield attempts._replace(units=attempts.units[:, first : first + at_once], first=attempts.first + first)


def write(report: Any, energies: Numbers, first: int, record: Record) -> None:
    """Fill the rows of a record from sweep `first` on."""
    n_sweeps, every = len(energies), record.every
    rows = slice(first, first + n_sweeps)
    record.trace[:, rows, 0], record.trace[:, rows, 1] = energies.T, report.flips.T
    record.trace[:, rows, 2:] = report.overlaps.transpose(2, 0, 1)
    if every:
        kept = np.arange(first // every, (first + n_sweeps) // every)
        record.snapshots[:, kept] = report.states[(kept + 1) * every - 1 - first].transpose(2, 0, 1)
