"""What the chains of a cell have done so far, kept as integers: it can be saved, taken up again and summarised."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.archives import Arrays
from densehop.base.arrays import Floats, Signs
from densehop.simulate.samples import Samples
from densehop.simulate.tempering import TemperedSamples

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
    hotter : (chain, temperature, N) int8, states at the hotter temperatures of replica exchange, if any, now
    swaps : (2, temperature) float64, accepted share of the swaps of neighbours times sweeps, and these sweeps
    segments : how many segments of sweeps went into it
    """

    spins: Signs
    energy: Floats
    acceptance: Floats
    with_references: Counts
    between_chains: Counts
    start_with_references: Counts
    start_between_chains: Counts
    hotter: Signs
    swaps: Floats
    segments: int = 0

    @classmethod
    def begin(cls, states: Signs, references: Signs) -> "Trajectory":
        """Start at states (C, N) or (C, temperature, N), with no sweeps; overlaps are with `references` (R, N)."""
        ladders = states.reshape(len(states), -1, states.shape[-1])
        spins, n_chains, n_hotter = ladders[:, 0], len(states), ladders.shape[1] - 1
        empty = np.empty((n_chains, 0))
        overlaps, between = _overlaps(spins[:, np.newaxis], references)
        return cls(
            spins,
            empty,
            empty,
            overlaps[:, :, :0],
            between[:, :0],
            overlaps[:, :, 0],
            between[:, 0],
            ladders[:, 1:],
            np.zeros((2, n_hotter)),
        )

    @property
    def n_sweeps(self) -> int:
        """Count the sweeps."""
        return int(self.energy.shape[1])

    @property
    def ladders(self) -> Signs:
        """The states now, (chain, temperature, N), the cell's own temperature first."""
        return np.concatenate((self.spins[:, np.newaxis], self.hotter), axis=1)

    def then_tempered(self, run: TemperedSamples, references: Signs) -> "Trajectory":
        """Append a segment of replica exchange, of which the coldest temperature counts."""
        n_sweeps = np.where(np.isnan(run.swap_rate), 0.0, run.energy.shape[2])
        swaps = self.swaps + np.stack((np.nan_to_num(run.swap_rate) * n_sweeps, n_sweeps))
        return replace(self.then(run.at(0), references), hotter=run.spins[:, 1:], swaps=swaps)

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
            self.hotter,
            self.swaps,
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
    pairs = [np.einsum("si,si->s", left, right) for left, right in combinations(states, 2)]
    between = np.array(pairs).reshape(len(pairs), states.shape[1])
    return overlaps.astype(np.int16), between.astype(np.int16)
