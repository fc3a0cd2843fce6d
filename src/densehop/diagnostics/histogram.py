"""Distributions of overlaps, counted on the lattice of their possible values."""

from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers
from densehop.errors import InvalidInput

TOLERANCE = 1e-9  # rounding of an overlap k/N, far below the spacing 2/N


@dataclass(frozen=True, eq=False)
class OverlapHistogram:
    """A distribution of overlaps per spin.

    Attributes
    ----------
    edges : (bin + 1,) float64; a bin takes its lower edge, the last one both
    probability : (bin,) float64, sums to 1
    density : (bin,) float64, per unit of overlap: probability over 2/N for each possible value in the bin, so that bins
        with unequal numbers of possible values show no comb
    n_values : int, how many overlaps were counted; they are correlated in time
    """

    edges: Floats
    probability: Floats
    density: Floats
    n_values: int

    @property
    def centres(self) -> Floats:
        """The middle of each bin, (bin,): without chosen bins the possible overlaps themselves."""
        return (self.edges[1:] + self.edges[:-1]) / 2


def overlap_histogram(
    overlaps: ArrayLike, n_spins: int, bins: int | ArrayLike | None = None, *, symmetric: bool = False
) -> OverlapHistogram:
    """Count overlaps of N spins, such as `run.overlap[:, burn_in:, 0]` or P(q) from `between_chains(run)`.

    Overlaps are first counted exactly, each on its possible value k/N, and then collected in bins, so that no value
    falls into a neighbouring bin by rounding.

    Parameters
    ----------
    overlaps : any shape, per spin
    n_spins : int
    bins : int, that many equal bins from -1 to 1; or rising edges; None: one bin for each possible overlap
    symmetric : bool, for even p, where xi and -xi are equally likely: count each overlap half with either sign

    Raises
    ------
    InvalidInput
        If a value is not an overlap of N spins or lies outside the bins, or a bin holds no possible value.
    """
    n_spins = checks.integer("n_spins", n_spins, 1, checks.LARGEST_SIZE)
    counts = _counts(overlaps, n_spins)
    weights = (counts + counts[::-1]) / 2 if symmetric else counts.astype(np.float64)
    n_values = int(counts.sum())
    if bins is None:
        edges = np.linspace(-1 - 1 / n_spins, 1 + 1 / n_spins, n_spins + 2)
        return OverlapHistogram(edges, weights / n_values, weights / n_values * n_spins / 2, n_values)
    edges = _edges(bins)
    bin_of = _places(edges, n_spins)
    inside = (bin_of >= 0) & (bin_of < len(edges) - 1)
    if weights[~inside].any():
        lost = weights[~inside].sum()
        raise InvalidInput(
            f"bins must hold all overlaps, got bins from {edges[0]:g} to {edges[-1]:g} that miss {lost:g} of {n_values}"
        )
    possible = np.bincount(bin_of[inside], minlength=len(edges) - 1)
    if (possible == 0).any():
        empty = int(np.argmin(possible))
        raise InvalidInput(
            f"each bin must hold a possible overlap of {n_spins} spins, which are {2 / n_spins:g} apart, got one from "
            f"{edges[empty]:g} to {edges[empty + 1]:g}; use fewer bins, or bins=None"
        )
    probability = np.bincount(bin_of[inside], weights[inside], minlength=len(edges) - 1) / n_values
    return OverlapHistogram(edges, probability, probability / possible * n_spins / 2, n_values)


def _counts(overlaps: ArrayLike, n_spins: int) -> Integers:
    """Return how often each number of agreeing sites occurs, (N + 1,)."""
    values = checks.series("overlaps", np.ravel(checks.as_array("overlaps", overlaps)), "(overlap,)")
    agreements = np.rint((values + 1) * n_spins / 2)
    wrong = (np.abs(2 * agreements / n_spins - 1 - values) > TOLERANCE) | (agreements < 0) | (agreements > n_spins)
    if wrong.any():
        raise InvalidInput(
            f"overlaps must be among -1, {2 / n_spins - 1:g}, ..., 1 for {n_spins} spins, got {values[wrong][0]:g}"
        )
    return np.bincount(agreements.astype(np.int64), minlength=n_spins + 1)


def _edges(bins: int | ArrayLike) -> Floats:
    """Return checked edges, (bin + 1,)."""
    array = checks.as_array("bins", bins)
    if array.ndim == 0:
        return np.linspace(-1, 1, checks.integer("bins", bins, 1, checks.LARGEST_SIZE) + 1)
    edges = checks.series("bins", array, "(edge,)")
    if len(edges) < 2 or not (np.diff(edges) > TOLERANCE).all():
        raise InvalidInput(f"bins must be a number of bins or at least 2 rising edges, got {checks.shown(bins)}")
    return edges


def _places(edges: Floats, n_spins: int) -> Integers:
    """Return the bin of each possible overlap, (N + 1,): -1 below the first and len(edges) - 1 above the last."""
    possible = 2 * np.arange(n_spins + 1) / n_spins - 1
    bin_of = np.searchsorted(edges, possible + TOLERANCE, side="right") - 1
    bin_of[np.abs(possible - edges[-1]) <= TOLERANCE] = len(edges) - 2
    return bin_of.astype(np.int64)
