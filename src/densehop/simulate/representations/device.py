"""A network whose chains run on an accelerator: the integers and decisions of the other representations, made there.

A decision that is too close to call, since a device may take a logarithm in other last bits, is reported by the device,
and the sweeps of that chain are run again by the kernels. So the spins are the same whatever the device.
"""

import importlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.energies.tables import EnergyTable
from densehop.energies.weights import WeightTable
from densehop.errors import InvalidInput
from densehop.kernels.exponential import Exponential
from densehop.simulate.chains import Model, Numbers
from densehop.simulate.representations.choice import REPRESENTATIONS
from densehop.simulate.representations.couplings import field_type, lower_bodies
from densehop.simulate.representations.device_chains import DeviceChains, HostModel, placed
from densehop.simulate.representations.weights import WeightedModel

if TYPE_CHECKING:
    from densehop.accelerator.placed import Energy

DEVICES = ("cpu", "accelerator", "auto")
LARGEST_P = 3  # of couplings on a device
BYTES, OPERATIONS = 4e12, 4e14  # a second, of a large device: their ratio decides between representations
ONE_LIMB = 450_000  # patterns: six standard deviations of half a coupling are below 2048
CALL = 64  # sweeps, as `accelerator.loop.CAPACITY`
SMALLEST_WEIGHT = 2.0**-960  # differences that count are above 2^-1022 then
PAYS_FROM = 2.0**24  # operations of a sweep, below which a device waits for its own calls


def chosen(model: Model, device: str, order: str, n_chains: int) -> Model:
    """Return the model on the device that was asked for; "auto" takes an accelerator where there is one and it pays."""
    checks.choice("device", device, DEVICES)
    if device == "cpu" or (device == "auto" and not _pays(model, order, n_chains)):
        return model
    why_not = "" if isinstance(model, HostModel) else "runs stored patterns, and given couplings are none"
    if isinstance(model, WeightedModel):
        why_not = why_no_weights(model)
    if why_not:
        raise InvalidInput(f"device='accelerator' {why_not}; use device='cpu'")
    assert isinstance(model, HostModel)
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
    if not isinstance(model, HostModel) or not found():
        return False
    if isinstance(model, WeightedModel) and why_no_weights(model):
        return False
    return DeviceModel(model, order == "sequential").workload(n_chains, True).operations > PAYS_FROM


@dataclass(frozen=True)
class Work:
    """The work of chains on a device."""

    model: HostModel
    n_chains: int
    couplings: bool

    @property
    def operations(self) -> float:
        """Operations of a sweep of all chains."""
        n_spins = float(self.model.n_spins)
        each = n_spins ** ((self.model.table.p or 1) - 1) if self.couplings else self.model.n_patterns
        return 2 * n_spins * each * self.n_chains

    @property
    def seconds(self) -> float:
        """Predicted seconds of a sweep of all chains: of reading, and of the products of couplings."""
        if not self.couplings:
            return 2 * self.operations / BYTES
        return self.operations / (self.n_chains * BYTES) + self.operations / OPERATIONS

    def cost(self, couplings: bool, acceptance: float) -> float:  # noqa: ARG002 (as `Work` in `chains.py`)
        """Return the predicted nanoseconds per attempt."""
        return float(1e9 * replace(self, couplings=couplings).seconds / (self.n_chains * self.model.n_spins))


@dataclass
class DeviceModel:
    """A network on an accelerator: energies of integers, or of weights."""

    host: HostModel
    in_order: bool
    on_device: "dict[bool, Energy]" = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.n_spins, self.n_patterns, self.unit = self.host.n_spins, self.host.n_patterns, self.host.unit

    @property
    def table(self) -> EnergyTable | WeightTable:
        """The energy."""
        return self.host.table

    @property
    def trace_type(self) -> type[Any]:
        """The type of what is recorded."""
        return self.host.trace_type

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
        if isinstance(table, WeightTable) or table.p > LARGEST_P or table.coupling_factor == 0:
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

    def start(self, states: Signs, by_couplings: bool, n_workers: int) -> DeviceChains:
        """Place chains at states (C, N), which change in place."""
        room = placed()
        with self._lock:
            self._require_room(by_couplings, len(states))
            if by_couplings not in self.on_device:
                self.on_device[by_couplings] = self._lay_out(by_couplings)
            energy = self.on_device[by_couplings]
        return DeviceChains(self.host, states, energy, room.PlacedChains.at(energy, states), n_workers)

    def _lay_out(self, by_couplings: bool) -> "Energy":
        """Bring the energy to the device."""
        room, n_patterns = placed(), self.n_patterns
        if isinstance(self.host, WeightedModel):
            law = room.WeightLaw(*weight_law(self.host))
            return cast("Energy", room.on_weights(self.host.bits.view(np.uint8), n_patterns, law))
        store, table = self.host.pattern_store, self.host.table
        bits = store.patterns.bits.view(np.uint8)
        if by_couplings:
            lower, wide = lower_bodies(store), field_type(table, n_patterns) is np.int64
            energy = room.on_couplings(bits, table.p, n_patterns, table.coupling_factor, lower, wide)
        else:
            energy = room.on_patterns(bits, n_patterns, table.energy, table.even, table.odd)
        return cast("Energy", energy)

    def _require_room(self, by_couplings: bool, n_chains: int) -> None:
        """Refuse what the device has no memory for; what lies there already needs none."""
        free = importlib.import_module("densehop.accelerator.backend").memory()
        needed = self._bytes_needed(by_couplings, n_chains)
        if by_couplings in self.on_device:
            needed -= self._bytes_needed(by_couplings, 0)
        if free is not None and needed > free:
            raise InvalidInput(
                f"device='accelerator' needs {needed / 2**30:.1f} GiB of the device's memory, "
                f"{free / 2**30:.1f} GiB are free; use fewer spins, patterns or chains, or device='cpu'"
            )

    def _bytes_needed(self, by_couplings: bool, n_chains: int) -> int:
        """Predict what this network and its chains take, calls not joined."""
        p = self.table.p or LARGEST_P + 1
        joined, building = bytes_on_device(p, self.n_spins, self.n_patterns, n_chains, by_couplings)
        if isinstance(self.host, WeightedModel):  # two sums of 64 bits, and all states of a call with 64 lanes each
            building = 2 * building + CALL * n_chains * (4 * self.n_spins + 2 * 64 * 8)
        return joined // 2 + building


def why_no_weights(model: WeightedModel) -> str:
    """Say why a device does not run these weights; nothing if it does: some round numbers below 2^-1022 to 0."""
    weights = model.table.weights
    if not model.table.sharpness and 0 < weights[weights > 0].min() < SMALLEST_WEIGHT:
        return (
            f"needs rectified weights (k/N)^p of at least {SMALLEST_WEIGHT:.1g}, and p = {model.table.p} at "
            f"{model.n_spins} spins has smaller ones, which devices round to 0"
        )
    return ""


def weight_law(model: WeightedModel) -> tuple[Floats, Floats, float, int, bool]:
    """Return the arguments of `placed.WeightLaw`: weights as the kernels find them, by half the distance from the top.

    Multiplied weights are products of powers, one for each bit of that distance (`signed_sums.find_powers`).
    """
    layout, weights = model.layout, model.table.weights
    if not isinstance(layout, Exponential):
        return weights[1:-1], np.stack((weights[:-2], weights[2:])), layout.sharpness, 0, False
    distance, here = np.arange(model.n_spins + 1), np.ones(model.n_spins + 1)
    for place, power in enumerate(layout.powers):
        here = np.where(distance >> place & 1, here * power, here)
    further = layout.powers[0]
    return here, np.stack((here * (1 / further), here * further)), layout.sharpness, layout.kept, True
