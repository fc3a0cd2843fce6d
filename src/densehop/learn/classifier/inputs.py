"""Data as a classifier sees it: about an origin near the training mean, in units of half the training range."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from densehop.base.arrays import Floats, Reals

UNEVEN = 100  # ratio of ranges
SAMPLE = 1000  # rows that distances are measured on
NOISE_SHARE, LARGEST_NOISE = 0.1, 0.5


@dataclass(frozen=True)
class Scaling:
    """v = (x - mean) * scale; the range of all pixels gets the length 2."""

    mean: npt.NDArray[np.float64]
    scale: float
    low: float
    high: float

    def apply(self, data: Any, dtype: npt.DTypeLike) -> Reals:
        """Return rows of data (B, N), dense or sparse, as inputs of the network."""
        dense = data.toarray() if sp.issparse(data) else data
        values: Reals = ((dense - self.mean) * self.scale).astype(dtype)
        return values


def scaling_of(data: Any, centring: float = 1.0, weights: Floats | None = None) -> Scaling:
    """Return the scaling for data (M, N), dense or sparse: one range for all features, as pixels have.

    The origin is a share `centring` of the way from the lowest value to the mean.
    """
    low, high = float(data.min()), float(data.max())
    total = data.mean(axis=0) if weights is None else data.T @ (weights / weights.sum())
    mean = np.asarray(total, dtype=np.float64).ravel()
    return Scaling(low + centring * (mean - low), 2 / (high - low) if high > low else 1.0, low, high)


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


def noise_level(inputs: Reals, classes: npt.NDArray[np.int64]) -> float:
    """Return the input noise to train with: a tenth of a typical distance to another class, within two limits.

    The distance is the median over samples of that to the nearest sample of another class; images of more than a
    hundred pixels reach the limit of 0.5, a handful of features needs far less. Noise above the features' own root mean
    square deviation would drown them: the limit of sparse text.
    """
    step = -(-len(inputs) // SAMPLE)
    sample, labels = inputs[::step].astype(np.float64), classes[::step]
    squares = (sample**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * sample @ sample.T
    distances[labels[:, None] == labels] = np.inf
    nearest = distances.min(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    if not len(nearest):
        return 0.0
    spread = float(np.sqrt(sample.var(axis=0).mean()))
    return min(LARGEST_NOISE, spread, NOISE_SHARE * float(np.sqrt(max(np.median(nearest), 0.0))))
