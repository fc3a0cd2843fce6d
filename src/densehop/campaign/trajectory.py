"""What the chains of a cell have done so far, kept as integers: it can be saved, taken up again and summarised."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.archives import Arrays
from densehop.base.arrays import Floats, Signs
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
    start_with_references : (reference, chain) int16, the same before the first sweep
    start_between_chains : (pair,) int16
    segments : how many segments of sweeps went into it
    """

    spins: Signs
    energy: Floats
    acceptance: Floats
    with_references: Counts
    between_chains: Counts
    start_with_references: Counts
    start_between_chains: Counts
    segments: int = 0

    @classmethod
    def begin(cls, spins: Signs, references: Signs) -> "Trajectory":
        """Start at the states `spins` (C, N), with no sweeps; overlaps are with `references` (R, N)."""
        n_chains = len(spins)
        empty = np.empty((n_chains, 0))
        overlaps, between = _overlaps(spins[:, np.newaxis], references)
        return cls(spins, empty, empty, overlaps[:, :, :0], between[:, :0], overlaps[:, :, 0], between[:, 0])

    @property
    def n_sweeps(self) -> int:
        """Count the sweeps."""
        return int(self.energy.shape[1])

    def then(self, run: Samples, references: Signs) -> "Trajectory":
        """Append a segment, of which every state was kept; overlaps are with `references` (R, N)."""
        overlaps, between = _overlaps(run.snapshots, references)
        return Trajectory(
            run.spins,
            np.concatenate((self.energy, run.energy), axis=1),
            np.concatenate((self.acceptance, run.acceptance), axis=1),
            np.concatenate((self.with_references, overlaps), axis=2),
            np.concatenate((self.between_chains, between), axis=1),
            self.start_with_references,
            self.start_between_chains,
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


def _overlaps(snapshots: Signs, references: Signs) -> tuple[Counts, Counts]:
    """Return N times the overlaps of states (chain, sweep, N) with references (R, N), and of all pairs of chains."""
    states = snapshots.astype(np.float32)  # sums of up to 32,767 signs are exact
    overlaps = np.moveaxis(states @ references.T.astype(np.float32), 2, 0)
    pairs = [np.einsum("si,si->s", one, other) for one, other in combinations(states, 2)]
    between = np.array(pairs).reshape(len(pairs), states.shape[1])
    return overlaps.astype(np.int16), between.astype(np.int16)
