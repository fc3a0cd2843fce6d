"""Chains on given couplings (`energies/couplings.py`), in the one form that they have."""

from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.energies.couplings import CouplingTable
from densehop.errors import InvalidInput
from densehop.kernels import terms as kernel
from densehop.kernels.record import Attempts, Record
from densehop.kernels.sweeps import run_sweeps
from densehop.simulate.chains import Numbers, require_none_wrong
from densehop.simulate.representations.choice import REPRESENTATIONS
from densehop.simulate.representations.fingerprint import digest

ATTEMPT_COST, TERM_COST = 15.0, 3.0  # rough nanoseconds: they only set the length of blocks


@dataclass(frozen=True)
class Work:
    """The work of a group of chains: the spins that a flip touches."""

    touched: float

    def cost(self, couplings: bool, acceptance: float) -> float:  # noqa: ARG002 (there is one representation)
        """Return the predicted nanoseconds per attempt."""
        return ATTEMPT_COST + TERM_COST * self.touched * acceptance


class CouplingModel:
    """Couplings laid out by term and by site; shared by all threads."""

    trace_type = np.int64
    n_patterns = 0

    def __init__(self, table: CouplingTable) -> None:
        self.table, self.n_spins, self.unit = table, table.n_spins, table.scale
        bodies = np.repeat([each.shape[1] for each in table.sites], [len(each) for each in table.sites])
        sites = np.concatenate([each.ravel() for each in table.sites])
        holders = np.repeat(np.arange(len(bodies)), bodies)[np.argsort(sites, kind="stable")]
        first_term = np.searchsorted(np.sort(sites), np.arange(table.n_spins + 1))
        self.layout = kernel.Terms(
            np.concatenate(table.integers), np.concatenate([[0], np.cumsum(bodies)]), sites, first_term, holders
        )
        self._touched = float((bodies**2).sum()) / table.n_spins

    def fingerprint(self) -> str:
        """Return a short name of the couplings."""
        layout = self.layout
        return digest(layout.couplings, layout.first_site, layout.sites, np.array([self.unit]))

    @staticmethod
    def bytes_needed(table: CouplingTable, n_chains: int) -> int:
        """Predict the memory of chains and of what they share."""
        return table.n_terms * (8 * n_chains + 40 * table.p)

    def choices(self, choice: str, n_chains: int, n_workers: int) -> str:  # noqa: ARG002 (there is no choice)
        """Return "couplings": there are no patterns."""
        checks.choice("representation", choice, REPRESENTATIONS)
        if choice == "patterns":
            raise InvalidInput("representation='patterns' is for stored vectors, and there are none; use 'auto'")
        return "couplings"

    def workload(self, n_chains: int, in_step: bool) -> Work:  # noqa: ARG002 (chains share nothing)
        """Return the work of a group."""
        return Work(self._touched)

    def starts_on_couplings(self, work: Work) -> bool:  # noqa: ARG002 (there is nothing else)
        """Return True."""
        return True

    def prefers_couplings(self, work: Work, acceptance: float, on_couplings: bool, attempts_left: int) -> bool:  # noqa: ARG002
        """Return True."""
        return True

    def start(self, states: Signs, by_couplings: bool, n_workers: int) -> "CouplingChains":  # noqa: ARG002
        """Place chains at states (C, N), which change in place."""
        n_chains, n_spins = states.shape
        integers = [np.empty((n_chains, size), dtype=np.int64) for size in (len(self.layout.couplings), n_spins, 1)]
        arrays = kernel.TermArrays(states, *integers)
        kernel.start(self.layout, arrays)
        return CouplingChains(self.layout, arrays)

    def energies(self, recorded: Numbers) -> Floats:
        """Return the extensive energies that a record stands for."""
        return self.unit * recorded.astype(np.float64)


@dataclass(frozen=True)
class CouplingChains:
    """C chains that run one after the other; layout in `kernels/terms.py`."""

    energy: kernel.Terms
    arrays: kernel.TermArrays

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
        run_sweeps(self.energy, self.arrays, attempts, record)

    def check(self) -> None:
        """Raise `InternalError` where the energy of a chain is not that of its state."""
        require_none_wrong(kernel.first_wrong(self.energy, self.arrays))
