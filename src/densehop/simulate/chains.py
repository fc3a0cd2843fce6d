"""What chains do and where they write, in any representation."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Attempts:
    """What a block of n sweeps of C chains tries: sites (C, n, N) against thresholds (C, n, N).

    `first` counts the sweeps before the block.
    """

    sites: Integers
    thresholds: Floats
    first: int


@dataclass(frozen=True)
class Record:
    """Where C chains write: trace (C, sweep, 2 + R), snapshots (C, sweep // every, N); see `kernels/record.py`."""

    references: Signs
    trace: Integers
    snapshots: Signs
    every: int


class Chains(Protocol):
    """Chains in one representation; their states (C, N) change in place."""

    def run(self, attempts: Attempts, record: Record) -> None:
        """Run the attempts and fill in their rows of the record."""
