"""Data as a classifier sees it: about an origin near the training mean, in units of half the training range."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.spatial.distance import cdist

from densehop.base.arrays import Floats, Mask, Reals
from densehop.errors import InvalidInput

LARGEST, LEAST_SPREAD = 1e140, 1e-140  # of values and of all their range: squares leave room for sums
OUTSIDE = 0.5  # of the range: how far inputs may lie outside it
NARROW = 0.25  # of the least spread of a training row: how little an input may spread
FEW = 8  # values in a row, below which training rows say little about what others look like
SAMPLE, FROM = 1000, 200  # rows that distances are measured on, and those from which, in L-infinity
NOISE_SHARE, LARGEST_NOISE = 0.1, 0.5


@dataclass(frozen=True)
class Scaling:
    """v = (x - mean) * scale; the range of all pixels gets the length 2."""

    mean: npt.NDArray[np.float64]
    scale: float
    low: float
    high: float
    least_spread: float = 0.0

    def apply(self, data: Any, dtype: npt.DTypeLike) -> Reals:
        """Return rows of data (B, N), dense or sparse, as inputs of the network."""
        dense = data.toarray() if sp.issparse(data) else data
        values: Reals = ((dense - self.mean) * self.scale).astype(dtype)
        return values

    def unlike(self, data: Any) -> Mask:
        """Return which rows (B, N), dense or sparse, are of one value or out of range as no training row is, (B,)."""
        if data.shape[1] < FEW:
            return np.zeros(data.shape[0], dtype=bool)
        lows, highs = row_ends(data)
        room = OUTSIDE * (self.high - self.low)
        outside: Mask = (
            (highs - lows < NARROW * self.least_spread) | (lows < self.low - room) | (highs > self.high + room)
        )
        return outside

    def wider(self, data: Any) -> "Scaling":
        """Return the scaling with the range of further training rows; the origin and the unit stay."""
        lows, highs = row_ends(data)
        return replace(
            self,
            low=min(self.low, float(lows.min())),
            high=max(self.high, float(highs.max())),
            least_spread=min(self.least_spread, float((highs - lows).min())),
        )


def check_size(data: Any) -> None:
    """Refuse values (M, N), dense or sparse, whose squares overflow."""
    low, high = float(data.min()), float(data.max())
    if max(-low, high) > LARGEST:
        raise InvalidInput(
            f"values of X must be at most {LARGEST:g} in size, so that squared distances can be told, got {low:g} to "
            f"{high:g}: give X in other units"
        )


def row_ends(data: Any) -> tuple[Floats, Floats]:
    """Return the least and the largest value of each row, (M,) each, of dense or sparse data."""
    ends = (data.min(axis=1), data.max(axis=1))
    lows, highs = ((end.toarray() if sp.issparse(end) else np.asarray(end)).ravel().astype(np.float64) for end in ends)
    return lows, highs


def scaling_of(data: Any, centring: float = 1.0, weights: Floats | None = None) -> Scaling:
    """Return the scaling for data (M, N), dense or sparse: one range for all features, as pixels have.

    The origin is a share `centring` of the way from the lowest value to the mean.
    """
    low, high = float(data.min()), float(data.max())
    if 0 < high - low < LEAST_SPREAD:
        raise InvalidInput(
            f"values of X must spread over at least {LEAST_SPREAD:g}, so that squared distances can be told, got "
            f"{low:g} to {high:g}: give X in other units"
        )
    total = data.mean(axis=0) if weights is None else data.T @ (weights / weights.sum())
    mean = np.asarray(total, dtype=np.float64).ravel()
    lows, highs = row_ends(data)
    unit = 2 / (high - low) if high > low else 1.0
    return Scaling(low + centring * (mean - low), unit, low, high, float((highs - lows).min()))


def class_distance(inputs: Reals, classes: npt.NDArray[np.int64], norm: str = "l2") -> float:
    """Return the median over samples of the distance to the nearest sample of another class; 0 without another.

    In L2, whatever the norm, but in "linf".
    """
    step = -(-len(inputs) // SAMPLE)
    sample, labels = inputs[::step].astype(np.float64), classes[::step]
    rows = slice(None)
    if norm == "linf":
        rows = slice(None, None, -(-len(sample) // FROM))
        distances = cdist(sample[rows], sample, "chebyshev") ** 2
    else:
        squares = (sample**2).sum(axis=1)
        distances = squares[:, None] + squares - 2 * sample @ sample.T
    distances[labels[rows, None] == labels] = np.inf
    nearest = distances.min(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    return float(np.sqrt(max(np.median(nearest), 0.0))) if len(nearest) else 0.0


def noise_level(inputs: Reals, distance: float) -> float:
    """Return the input noise to train with: a tenth of the distance to another class, within two limits.

    Images of more than a hundred pixels reach the limit of 0.5, a handful of features needs far less. Noise above the
    features' own root mean square deviation would drown them: the limit of sparse text.
    """
    spread = float(np.sqrt(inputs[:: -(-len(inputs) // SAMPLE)].astype(np.float64).var(axis=0).mean()))
    return min(LARGEST_NOISE, spread, NOISE_SHARE * distance)
