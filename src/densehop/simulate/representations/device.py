"""A network whose chains run on an accelerator: the integers and decisions of the other representations, made there.

A decision that is too close to call, since a device may take a logarithm in other last bits, is reported by the device,
and the sweeps of that chain are run again by the kernels. So the spins are the same whatever the device.
"""

import importlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Integers, Signs
from densehop.energies.tables import EnergyTable
from densehop.errors import InvalidInput, MissingPackage
from densehop.kernels.record import Attempts, Record
from densehop.simulate.chains import Model, Numbers, require_none_wrong
from densehop.simulate.representations.choice import REPRESENTATIONS, IntegerModel
from densehop.simulate.representations.couplings import field_type, lower_bodies

if TYPE_CHECKING:
    from densehop.accelerator.placed import Energy, PlacedChains

DEVICES = ("cpu", "accelerator", "auto")
LARGEST_P = 3  # of couplings on a device
BYTES, OPERATIONS = 4e12, 4e14  # a second, of a large device: their ratio decides between representations
ONE_LIMB = 450_000  # patterns: six standard deviations of half a coupling are below 2048
CALL = 64  # sweeps, as `accelerator.loop.CAPACITY`
PAYS_FROM = 2.0**24  # operations of a sweep, below which a device waits for its own calls


def placed() -> ModuleType:
    """Return the room that knows JAX, or raise `MissingPackage`, which says what to install."""
    try:
        return importlib.import_module("densehop.accelerator.placed")
    except ImportError as error:
        raise MissingPackage.of_extra("device='accelerator'", "jax", "accelerator", error) from error


def chosen(model: Model, device: str, order: str, n_chains: int) -> Model:
    """Return the model on the device that was asked for; "auto" takes an accelerator where there is one and it pays."""
    checks.choice("device", device, DEVICES)
    if device == "cpu" or (device == "auto" and not _pays(model, order, n_chains)):
        return model
    if not isinstance(model, IntegerModel):
        raise InvalidInput(
            f"device='accelerator' runs stored patterns with integer energies (strict, power, custom), got the "
            f"{model.table.interaction} energy: sums of other numbers depend on their order; use device='cpu'"
        )
    return DeviceModel(model, order == "sequential")


def bytes_on_device(p: int, n_spins: int, n_patterns: int, n_chains: int, in_order: bool) -> tuple[int, int]:
    """Predict what a strict energy and its chains take on a device, and what building takes for a while beside it.

    All counts twice, since what is joined with others is copied. Couplings of more than `ONE_LIMB` patterns are
    expected to need two limbs of 16 bits.
    """
    kept = CALL * n_chains * n_spins  # states after each sweep of a call
    patterns = n_patterns * (n_spins // 8 + 1) + 6 * n_patterns * n_chains
    if not in_order or p > LARGEST_P:
        return 2 * (patterns + kept), 8 * n_patterns * n_chains
    tensor: int = (n_spins + 8) ** p
    limbs = 1 if n_patterns <= ONE_LIMB else 2
    return 2 * (2 * limbs * tensor + kept), 12 * tensor + 4 * n_spins * 2**15


def found() -> bool:
    """Tell whether JAX is installed and finds a device that is not the processor."""
    try:
        return bool(importlib.import_module("densehop.accelerator.backend").found())
    except ImportError:
        return False


def _pays(model: Model, order: str, n_chains: int) -> bool:
    """Tell whether an accelerator is there, can run this, and has more to do in a sweep than to wait for its calls."""
    if not isinstance(model, IntegerModel) or not found():
        return False
    return DeviceModel(model, order == "sequential").workload(n_chains, True).operations > PAYS_FROM


@dataclass(frozen=True)
class Work:
    """The work of chains on a device."""

    model: IntegerModel
    n_chains: int
    couplings: bool

    @property
    def operations(self) -> float:
        """Operations of a sweep of all chains."""
        n_spins = float(self.model.n_spins)
        each = n_spins ** (self.model.table.p - 1) if self.couplings else self.model.n_patterns
        return 2 * n_spins * each * self.n_chains

    @property
    def seconds(self) -> float:
        """Predicted seconds of a sweep of all chains: of reading, and of the products of couplings."""
        if not self.couplings:
            return 2 * self.operations / BYTES
        return 2 * float(self.model.n_spins) ** self.model.table.p / BYTES + self.operations / OPERATIONS

    def cost(self, couplings: bool, acceptance: float) -> float:  # noqa: ARG002 (as `Work` in `chains.py`)
        """Return the predicted nanoseconds per attempt."""
        return float(1e9 * replace(self, couplings=couplings).seconds / (self.n_chains * self.model.n_spins))


@dataclass
class DeviceModel:
    """A network with exact integer fields, on an accelerator."""

    host: IntegerModel
    in_order: bool
    on_device: "dict[bool, Energy]" = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    trace_type = np.int64

    def __post_init__(self) -> None:
        self.n_spins, self.n_patterns, self.unit = self.host.n_spins, self.host.n_patterns, self.host.unit

    @property
    def table(self) -> EnergyTable:
        """The energy."""
        return self.host.table

    def fingerprint(self) -> str:
        """Return a short name of the patterns and their energy: that of any device."""
        return self.host.fingerprint()

    def energies(self, recorded: Numbers) -> Floats:
        """Return the extensive energies that a record stands for."""
        return self.host.energies(recorded)

    def choices(self, choice: str, n_chains: int, n_workers: int) -> str:  # noqa: ARG002 (threads share one device)
        """Return "patterns" or "couplings"."""
        checks.choice("representation", choice, REPRESENTATIONS)
        why_not = self._why_no_couplings()
        if choice == "couplings" and why_not:
            raise InvalidInput(f"representation='couplings' on an accelerator {why_not}; use 'auto'")
        if choice == "auto":
            return "couplings" if self.by_couplings(n_chains) else "patterns"
        return choice

    def by_couplings(self, n_chains: int) -> bool:
        """Tell whether couplings are predicted to be faster, where there are any."""
        if self._why_no_couplings():
            return False
        return Work(self.host, n_chains, True).seconds < Work(self.host, n_chains, False).seconds

    def _why_no_couplings(self) -> str:
        table = self.table
        if table.p > LARGEST_P or table.coupling_factor == 0:
            return f"needs the strict or the power energy with p <= {LARGEST_P}"
        return "" if self.in_order else "needs order='sequential', in which all chains share a slab"

    def workload(self, n_chains: int, in_step: bool) -> Work:  # noqa: ARG002 (chains are always in step)
        """Return the work of a group."""
        return Work(self.host, n_chains, self.by_couplings(n_chains))

    def starts_on_couplings(self, work: Work) -> bool:
        """Tell whether chains start on couplings."""
        return work.couplings

    def prefers_couplings(self, work: Work, acceptance: float, on_couplings: bool, attempts_left: int) -> bool:  # noqa: ARG002
        """Stay: a device changes nothing on the way."""
        return on_couplings

    def start(self, states: Signs, by_couplings: bool, n_workers: int) -> "DeviceChains":
        """Place chains at states (C, N), which change in place."""
        with self._lock:
            if by_couplings not in self.on_device:
                self.on_device[by_couplings] = self._lay_out(by_couplings)
            energy = self.on_device[by_couplings]
        return DeviceChains(self.host, states, energy, placed().PlacedChains.at(energy, states), n_workers)

    def _lay_out(self, by_couplings: bool) -> "Energy":
        """Bring the energy to the device."""
        room = placed()
        self._require_room(by_couplings)
        store, table = self.host.pattern_store, self.table
        bits = store.patterns.bits.view(np.uint8)
        if by_couplings:
            lower, wide = lower_bodies(store), field_type(table, self.n_patterns) is np.int64
            energy = room.on_couplings(bits, table.p, self.n_patterns, table.coupling_factor, lower, wide)
        else:
            energy = room.on_patterns(bits, self.n_patterns, table.energy, table.even, table.odd)
        return cast("Energy", energy)

    def _require_room(self, by_couplings: bool) -> None:
        """Refuse what the device has no memory for."""
        free = importlib.import_module("densehop.accelerator.backend").memory()
        sizes = self.table.p, self.n_spins, self.n_patterns, 1
        joined, building = bytes_on_device(*sizes, by_couplings)
        if free is not None and joined // 2 + building > free:
            raise InvalidInput(
                f"device='accelerator' needs {(joined // 2 + building) / 2**30:.1f} GiB of the device's memory, "
                f"{free / 2**30:.1f} GiB are free; use fewer spins or patterns, or device='cpu'"
            )


@dataclass
class DeviceChains:
    """C chains on an accelerator."""

    host: IntegerModel
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
            write(report, part.first, record)
            if report.doubtful.any():
                self._run_again(np.flatnonzero(report.doubtful), begun, part, record)

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


def write(report: Any, first: int, record: Record) -> None:
    """Fill the rows of a record from sweep `first` on."""
    n_sweeps, every = len(report.energies), record.every
    rows = slice(first, first + n_sweeps)
    record.trace[:, rows, 0], record.trace[:, rows, 1] = report.energies.T, report.flips.T
    record.trace[:, rows, 2:] = report.overlaps.transpose(2, 0, 1)
    if every:
        kept = np.arange(first // every, (first + n_sweeps) // every)
        record.snapshots[:, kept] = report.states[(kept + 1) * every - 1 - first].transpose(2, 0, 1)
