"""What chains do and where they write, in any representation, and what a network must offer for chains to run on it."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Signs
from densehop.energies.couplings import CouplingTable
from densehop.energies.tables import EnergyTable
from densehop.energies.weights import WeightTable
from densehop.errors import InternalError
from densehop.kernels.record import Attempts, Record

Arrays = Mapping[str, npt.NDArray[Any]]
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]


class Chains(Protocol):
    """Chains in one representation; their states (C, N) change in place."""

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""

    def check(self) -> None:
        """Raise `InternalError` where the energy of a chain is not that of its state."""


class Work(Protocol):
    """The work of a group of chains."""

    def cost(self, couplings: bool, acceptance: float) -> float:
        """Return the predicted nanoseconds per attempt."""


class Model(Protocol):
    """A network in all representations in which chains can run on it, shared by all threads."""

    n_spins: int
    n_patterns: int

    @property
    def unit(self) -> float:
        """The energy that 1 in the fields stands for."""

    @property
    def table(self) -> EnergyTable | WeightTable | CouplingTable:
        """The energy."""

    @property
    def trace_type(self) -> type[Any]:
        """The type of what is recorded."""

    def choices(self, choice: str, n_chains: int, n_workers: int) -> str:
        """Return which representations may run: "patterns", "couplings" or "auto"; refuse what cannot."""

    def workload(self, n_chains: int, in_step: bool) -> Any:
        """Return the work of a group whose chains visit sites in the same order or not."""

    def starts_on_couplings(self, work: Any) -> bool:
        """Tell whether chains start on couplings, where both representations may run."""

    def prefers_couplings(self, work: Any, acceptance: float, on_couplings: bool, attempts_left: int) -> bool:
        """Tell whether the next block should run on couplings, `on_couplings` telling whether the last did."""

    def start(self, states: Signs, by_couplings: bool, n_workers: int) -> Chains:
        """Place chains at states (C, N), which change in place."""

    def fingerprint(self) -> str:
        """Return a short name of the patterns and their energy."""

    def energies(self, recorded: Numbers) -> Floats:
        """Return the extensive energies that a record stands for."""


def require_none_wrong(chain: int) -> None:
    """Raise `InternalError` unless the index of a wrong chain is -1."""
    if chain >= 0:
        raise InternalError(
            f"the energy of chain {chain} of a group is not that of its state: a fault of densehop, so there is no "
            "result; please report it with the energy, the seed and the temperature"
        )
