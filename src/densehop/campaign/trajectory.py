"""What the chains of a cell have done so far, kept as integers: it can be saved, taken up again and summarised."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Signs
from densehop.campaign.checkpoint import Arrays
from densehop.simulate.samples import Samples

Counts = npt.NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The chains' states and traces, sweep by sweep.

    Attributes
    ----------
    spins : (chain, N) int8, the states now
    energy : (chain, sweep) float64, extensive
    acceptance : (chain, sweep) float64
    with_references : (reference, chain, sweep) int16, N times the overlap, sign not yet gauged
    between_chains : (pair, sweep) int16, N times the overlap of two chains
    segments : how many segments of sweeps went into it
    """

    spins: Signs
    energy: Floats
    acceptance: Floats
    with_references: Counts
    between_chains: Counts
    segments: int = 0

    @classmethod
    def begin(cls, spins: Signs, n_references: int) -> "Trajectory":
        """Start at the states `spins`, with no sweeps."""
        n_chains = len(spins)
        return cls(
            spins,
            np.empty((n_chains, 0)),
            np.empty((n_chains, 0)),
            np.empty((n_references, n_chains, 0), dtype=np.int16),
            np.empty((n_chains * (n_chains - 1) // 2, 0), dtype=np.int16),
        )

    @property
    def n_sweeps(self) -> int:
        """Count the sweeps."""
        return int(self.energy.shape[1])

    def then(self, run: Samples, references: Signs) -> "Trajectory":
        """Append a segment, of which every state was kept; overlaps are with `references` (R, N)."""
        states = run.snapshots.astype(np.float32)  # sums of up to 32,767 signs are exact
        overlaps = np.moveaxis(states @ references.T.astype(np.float32), 2, 0)
        between = np.zeros((len(self.between_chains), run.energy.shape[1]), dtype=np.int16)
        for pair, (one, other) in enumerate(combinations(states, 2)):
            between[pair] = np.einsum("si,si->s", one, other)
        return Trajectory(
            run.spins,
            np.concatenate((self.energy, run.energy), axis=1),
            np.concatenate((self.acceptance, run.acceptance), axis=1),
            np.concatenate((self.with_references, overlaps.astype(np.int16)), axis=2),
            np.concatenate((self.between_chains, between), axis=1),
            self.segments + 1,
        )

    def arrays(self) -> Arrays:
        """Return everything, to be saved."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def of(cls, arrays: Arrays) -> "Trajectory":
        """Take up what was saved."""
        content: dict[str, Any] = {**arrays, "segments": int(arrays["segments"])}
        return cls(**content)
