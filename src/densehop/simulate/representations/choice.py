"""Which representation runs: the one with the smaller predicted cost, decided anew for each block of sweeps.

Both make the same decisions from the same integers, so a change of representation never changes a trajectory. Costs are
predicted from sizes and the measured acceptance, not from clocks, so that a run is repeatable in every respect.
"""

import threading
from dataclasses import dataclass, field

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.energies.tables import EnergyTable
from densehop.errors import InvalidInput
from densehop.kernels.forms.exact import Cost
from densehop.kernels.in_step import FOUR
from densehop.simulate.chains import Chains, Numbers
from densehop.simulate.representations.couplings import LARGEST_P, CoupledChains, CouplingStore, row_length
from densehop.simulate.representations.fingerprint import digest
from densehop.simulate.representations.patterns import PatternChains, PatternStore

REPRESENTATIONS = ("auto", "patterns", "couplings")
FIRST_GUESS = 0.1  # acceptance before any was measured
COMPANY = 3  # chains that flip at a site, on average, for which the time of a flip at p = 3 is that of many
MARGIN = 0.95  # a change must promise at least this ratio of costs
SHARE_OF_MEMORY = 0.25  # the free memory that `auto` may fill with couplings

# Nanoseconds per part of the work, fitted by `benchmarks/bench_kernels.py --constants` on one 2-core x86 machine with
# 512-bit registers; only their ratios matter. "attempt" includes the noise variate.
# What a pattern costs stands with the form of the table, in `kernels/forms/`.
PATTERNS_COST = {"attempt": 15.6, "flip": 68.0, "attempt in step": 9.7, "flip in step": 18.5}
COUPLINGS_COST = {
    "attempt": 6.2,
    "flip": 37.0,
    "row": 7.5,
    "coupling 2": 0.11,
    "coupling 3": 0.027,
    "flip in company": 0.0,
    "coupling 3 in company": 0.028,
    "coupling 4": 0.019,
    "read 0": 0.018,
    "read 1": 0.018,
    "read 2": 0.037,
    "read 3": 0.060,
}
CACHES = (2**20, 2**22, 2**25)  # bytes: a tensor that is larger is read from the next level
BUILD_COST = {"sign": 1.3, "product": 35.0, "word": 0.2}  # a word counts 64 patterns for one product of sites


@dataclass(frozen=True)
class Workload:
    """What decides the cost: sizes, the costs of the table's form, and how the chains of a group visit sites.

    in_step tells whether they visit the same site at a time, patterns_in_step whether they do so on patterns, too.

    `built` tells whether there were couplings when the run began. What another thread builds meanwhile does not count:
    which sweeps run on couplings would depend on which thread is first.
    """

    p: int
    n_spins: int
    n_patterns: int
    form: Cost
    n_chains: int
    in_step: bool
    built: bool = False
    patterns_in_step: bool = False

    def cost(self, couplings: bool, acceptance: float) -> float:
        """Return the predicted nanoseconds per attempt."""
        return self.couplings_cost(acceptance) if couplings else self.patterns_cost(acceptance)

    def patterns_cost(self, acceptance: float) -> float:
        """Return the predicted nanoseconds per attempt in the patterns representation."""
        each = {
            **PATTERNS_COST,
            self.form.name: self.form.per_attempt,
            f"{self.form.name} flip": self.form.per_flip,
            f"{self.form.name} once a flip": self.form.once,
        }
        return sum(each[part] * amount for part, amount in self.patterns_parts(acceptance).items())

    def couplings_cost(self, acceptance: float) -> float:
        """Return the predicted nanoseconds per attempt in the couplings representation."""
        return sum(COUPLINGS_COST[part] * amount for part, amount in self.couplings_parts(acceptance).items())

    def patterns_parts(self, acceptance: float) -> dict[str, float]:
        """Return how much of each kind of work an attempt is, on average."""
        how = " in step" if self.patterns_in_step else ""
        parts = {
            f"attempt{how}": 1.0,
            f"flip{how}": acceptance,
            self.form.name: self.n_patterns,
            f"{self.form.name} flip": acceptance * self.n_patterns,
        }
        return {**parts, f"{self.form.name} once a flip": acceptance} if self.form.once else parts

    def couplings_parts(self, acceptance: float) -> dict[str, float]:
        """Return the same for couplings.

        Chains in step read a slab once for all of them that flip: a share (1 - (1 - a)^C)/(a C) of the flips reads it.
        """
        row = row_length(self.p, self.n_spins)
        slab = self.n_spins * row
        level = sum(2 * self.n_spins * slab > size for size in CACHES)
        chains = self.n_chains if self.in_step else 1
        reads = (1 - (1 - acceptance) ** chains) / chains
        how = " in company" if self.p == 3 and acceptance * chains >= COMPANY else ""
        return {
            "attempt": 1.0,
            f"flip{how}": acceptance,
            "row": acceptance * self.n_spins if self.p == 4 else 0.0,
            f"coupling {self.p}{how}": acceptance * slab,
            f"read {level}": reads * 2 * slab,
        }

    def build_cost(self) -> float:
        """Return the predicted nanoseconds to build the couplings."""
        products: float = self.n_spins**self.p / {2: 2, 3: 6, 4: 4}[self.p]
        each = BUILD_COST["product"] + BUILD_COST["word"] * self.n_patterns / 64
        return BUILD_COST["sign"] * self.n_spins * self.n_patterns + products * each


@dataclass
class IntegerModel:
    """A network with exact integer fields in the representations it has had use for, shared by all threads."""

    table: EnergyTable
    patterns: Signs
    pattern_store: PatternStore = field(init=False)
    coupling_store: CouplingStore | None = field(init=False, default=None)
    trace_type: type[np.int64] = field(init=False, default=np.int64)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.n_patterns, self.n_spins = self.patterns.shape
        self.unit = self.table.scale
        self.pattern_store = PatternStore.build(self.table, self.patterns)

    def energies(self, recorded: Numbers) -> Floats:
        """Return the extensive energies that a record stands for."""
        return -self.unit * recorded.astype(np.float64)

    def fingerprint(self) -> str:
        """Return a short name of the patterns and their energy."""
        return digest(self.patterns, self.table.energy, np.array(self.unit))

    @staticmethod
    def bytes_needed(n_spins: int, n_patterns: int, n_chains: int) -> int:
        """Predict the memory of chains in patterns and of what they share."""
        return PatternStore.bytes_needed(n_spins, n_patterns, n_chains)

    def choices(self, choice: str, n_chains: int, n_workers: int) -> str:
        """Return which representations may run: couplings if they exist, "auto" only with memory for them to spare."""
        checks.choice("representation", choice, REPRESENTATIONS)
        why_not = self._why_no_couplings()
        if choice == "couplings" and why_not:
            raise InvalidInput(f"representation='couplings' {why_not}; use 'auto'")
        if choice == "patterns" or why_not:
            return "patterns"
        if self.coupling_store is None:
            needed = self._coupling_bytes(n_chains, n_workers)
            if choice == "couplings":
                checks.memory(f"representation='couplings' with p = {self.table.p} and {self.n_spins} spins", needed)
            elif needed > SHARE_OF_MEMORY * checks.free_memory():
                return "patterns"
        return choice

    def couplings(self, n_workers: int) -> CouplingStore:
        """Return the couplings, built on first use."""
        with self._lock:
            if self.coupling_store is None:
                self.coupling_store = CouplingStore.build(self.table.p, self.patterns, n_workers)
            return self.coupling_store

    def start(self, states: Signs, by_couplings: bool, n_workers: int) -> Chains:
        """Place chains at states (C, N), which change in place."""
        if by_couplings:
            return CoupledChains.start(self.couplings(n_workers), self.pattern_store, states)
        return PatternChains.start(self.pattern_store, states)

    def workload(self, n_chains: int, in_step: bool) -> Workload:
        """Return the work of a group whose chains visit sites in the same order or not."""
        form = self.pattern_store.fit.cost
        built, together = (
            self.coupling_store is not None,
            in_step and n_chains >= FOUR and self.pattern_store.at_once > 1,
        )
        return Workload(self.table.p, self.n_spins, self.n_patterns, form, n_chains, in_step, built, together)

    def starts_on_couplings(self, work: Workload) -> bool:
        """Tell whether chains start on couplings: if they are there and a typical acceptance favours them."""
        if self.coupling_store is None:
            return False
        return work.couplings_cost(FIRST_GUESS) < work.patterns_cost(FIRST_GUESS)

    def prefers_couplings(self, work: Workload, acceptance: float, on_couplings: bool, attempts_left: int) -> bool:
        """Decide for the next block, `on_couplings` if the last ran on couplings; a change must pay for itself."""
        by_patterns, by_couplings = work.patterns_cost(acceptance), work.couplings_cost(acceptance)
        current_cost, other_cost = (by_couplings, by_patterns) if on_couplings else (by_patterns, by_couplings)
        price = 2 * work.n_spins * work.n_chains * work.patterns_cost(0.0)  # overlaps and fields anew
        if not on_couplings and not work.built:
            price += work.build_cost()
        changes = other_cost < MARGIN * current_cost and (current_cost - other_cost) * attempts_left > price
        return on_couplings != changes

    def _why_no_couplings(self) -> str:
        """Say why this energy has no couplings; nothing if it has."""
        if self.table.p > LARGEST_P:
            return f"needs p <= {LARGEST_P}, got p = {self.table.p}"
        if self.table.interaction == "custom":
            return "has no custom energy"
        if self.table.coupling_factor == 0:
            return f"has no power energy with p = {self.table.p}, which mixes interactions of 4 and of 2 bodies"
        return ""

    def _coupling_bytes(self, n_chains: int, n_workers: int) -> int:
        """Predict the memory of the couplings and of chains in them."""
        return CouplingStore.bytes_needed(self.table.p, self.n_spins, self.n_patterns, n_chains, n_workers)
