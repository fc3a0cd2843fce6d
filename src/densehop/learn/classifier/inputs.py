"""Data as a classifier sees it: about an origin near the training mean, in units of half the training range."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from densehop.base.arrays import Floats, Mask, Reals

UNEVEN = 100  # ratio of ranges
OUTSIDE = 0.5  # of the range: how far inputs may lie outside it
NARROW = 0.25  # of the least spread of a training row: how little an input may spread
FEW = 8  # values in a row, below which training rows say little about what others look like
SAMPLE = 1000  # rows that distances are measured on
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
    total = data.mean(axis=0) if weights is None else data.T @ (weights / weights.sum())
    mean = np.asarray(total, dtype=np.float64).ravel()
    lows, highs = row_ends(data)
    unit = 2 / (high - low) if high > low else 1.0
    return Scaling(low + centring * (mean - low), unit, low, high, float((highs - lows).min()))


def uneven(data: Any) -> str | None:
    """Return in words that dense columns differ much in scale, which one range for all does not suit; None: no."""
    if sp.issparse(data):
        return None
    ranges = data.max(axis=0) - data.min(axis=0)
    ranges = ranges[ranges > 0]
    if len(ranges) < 2 or ranges.max() < UNEVEN * np.median(ranges):
        return None
    return (
        f"one column of X spreads {ranges.max() / np.median(ranges):.0f} times as wide as the median one, and the "
        "classifier has one scale for all: standardise first, as with make_pipeline(StandardScaler(), ...)"
    )


def class_distance(inputs: Reals, classes: npt.NDArray[np.int64]) -> float:
    """Return the median over samples of the distance to the nearest sample of another class; 0 without another."""
    step = -(-len(inputs) // SAMPLE)
    sample, labels = inputs[::step].astype(np.float64), classes[::step]
    squares = (sample**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * sample @ sample.T
    distances[labels[:, None] == labels] = np.inf
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
