"""Chains on a network whose energy is no integer: rectified polynomial and exponential (`weights.py`)."""

from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.energies.couplings import CouplingTable
from densehop.energies.weights import WeightTable
from densehop.errors import InvalidInput
from densehop.kernels import exponential, weights
from densehop.kernels.from_overlaps import first_wrong, start
from densehop.kernels.record import Attempts, Record
from densehop.kernels.sweeps import run_sweeps
from densehop.kernels.vectors import LANES
from densehop.simulate.chains import Numbers, require_none_wrong
from densehop.simulate.representations.aligned import aligned_zeros
from densehop.simulate.representations.choice import REPRESENTATIONS
from densehop.simulate.representations.fingerprint import digest
from densehop.simulate.representations.patterns import pack

Layout = exponential.Exponential | weights.Weights

LARGEST_EXPONENT = 100.0  # by which the logarithm of a weight may change before it is found anew: far from 700
LARGEST_MULTIPLIED = 100.0  # sharpness: exp(-4 b), which may count after the next flip, must be a number
PATTERN_COST, FLIP_COST = 0.1, 0.3  # rough nanoseconds per pattern: they only set the length of blocks


@dataclass(frozen=True)
class Work:
    """The work of a group of chains on M patterns."""

    n_patterns: int

    def cost(self, couplings: bool, acceptance: float) -> float:  # noqa: ARG002 (there is one representation)
        """Return the predicted nanoseconds per attempt."""
        return 50 + self.n_patterns * (PATTERN_COST + FLIP_COST * acceptance)


class WeightedModel:
    """A network with weights in floating point, in the one form it has; shared by all threads."""

    unit, trace_type = 1.0, np.float64

    def __init__(self, table: WeightTable, patterns: Signs) -> None:
        self.table, self.patterns = table, patterns
        self.n_patterns, self.n_spins = patterns.shape
        self.bits = pack(patterns, LANES).view("<u4").astype(np.uint32, copy=False)
        shared = self.bits, patterns.sum(axis=0, dtype=np.int64)
        self.layout: Layout
        if 0 < table.sharpness <= LARGEST_MULTIPLIED:
            kept = int(LARGEST_EXPONENT / (2 * table.sharpness))
            powers = table.weights[1 + 2 ** np.arange(self.n_spins.bit_length())]
            self.layout = exponential.Exponential(*shared, powers, table.sharpness, kept, self.n_patterns)
        else:
            self.layout = weights.Weights(*shared, table.weights, table.sharpness, self.n_patterns)

    def fingerprint(self) -> str:
        """Return a short name of the patterns and their energy."""
        return digest(self.patterns, self.table.weights)

    @staticmethod
    def bytes_needed(n_spins: int, n_patterns: int, n_chains: int) -> int:
        """Predict the memory of chains and of what they share."""
        return n_patterns * (2 * n_spins + n_chains * (2 + 16))

    def choices(self, choice: str, n_chains: int, n_workers: int) -> str:  # noqa: ARG002 (there is no choice)
        """Return "patterns": this energy has no couplings."""
        checks.choice("representation", choice, REPRESENTATIONS)
        if choice == "couplings":
            raise InvalidInput("representation='couplings' has no rectified or exponential energy; use 'auto'")
        return "patterns"

    def workload(self, n_chains: int, in_step: bool) -> Work:  # noqa: ARG002 (chains share nothing)
        """Return the work of a group."""
        return Work(self.n_patterns)

    def starts_on_couplings(self, work: Work) -> bool:  # noqa: ARG002 (there are none)
        """Return False."""
        return False

    def prefers_couplings(self, work: Work, acceptance: float, on_couplings: bool, attempts_left: int) -> bool:  # noqa: ARG002
        """Return False."""
        return False

    def start(self, states: Signs, by_couplings: bool, n_workers: int) -> "WeightedChains":  # noqa: ARG002
        """Place chains at states (C, N), which change in place."""
        shape = len(states), self.bits.shape[1] * LANES
        overlaps, totals = aligned_zeros(shape, np.int16), np.empty((len(states), 3))
        first = aligned_zeros(shape, np.float64)
        arrays: exponential.ExponentialArrays | weights.WeightArrays
        if isinstance(self.layout, exponential.Exponential):
            arrays = exponential.ExponentialArrays(states, overlaps, first, totals)
        else:
            arrays = weights.WeightArrays(states, overlaps, first, aligned_zeros(shape, np.float64), totals)
        start(self.layout, arrays)
        return WeightedChains(self.layout, arrays)

    def energies(self, recorded: Numbers) -> Floats:
        """Return the extensive energies that a record stands for."""
        return np.array(recorded, dtype=np.float64)


@dataclass(frozen=True)
class WeightedChains:
    """C chains that run one after the other; layout in `kernels/exponential.py` and `kernels/weights.py`."""

    energy: Layout
    arrays: exponential.ExponentialArrays | weights.WeightArrays

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        run_sweeps(self.energy, self.arrays, attempts, record)

    def check(self) -> None:
        """Raise `InternalError` where the energy of a chain is not that of its state."""
        require_none_wrong(first_wrong(self.energy, self.arrays))


@dataclass(frozen=True, eq=False)
class WeightedSteps:
    """Synchronous T = 0 steps in this energy: a spin turns where that alone would lower it."""

    table: WeightTable | CouplingTable
    patterns: Signs

    def step(self, states: Signs, n_workers: int | None = None) -> Signs:  # noqa: ARG002 (BLAS has threads of its own)
        """Return the signs of the fields, (B, N); a zero field keeps its spin."""
        fields = self.table.local_fields(states, self.patterns)
        return np.where(fields == 0, states, np.sign(fields)).astype(np.int8)
