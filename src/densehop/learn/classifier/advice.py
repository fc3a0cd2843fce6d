"""What a fit warns of: units that do not suit the classifier, or the training that is asked of it."""

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.inputs import Scaling, class_distance

UNEVEN = 100  # ratio of ranges
CAREFUL = 3  # radii from a sample to the nearest of another class, to begin with


def warn_of_uneven_columns(data: Any, stacklevel: int) -> None:
    """Say that columns (M, N), dense or sparse, differ much in scale, which one range for all does not suit."""
    ranges = _column_ranges(data)
    ranges = ranges[ranges > 0]
    if len(ranges) < 2 or ranges.max() < UNEVEN * np.median(ranges):
        return
    standardise = "make_pipeline(StandardScaler(), ...)"
    if sp.issparse(data):
        standardise = "make_pipeline(MaxAbsScaler(), ...), which keeps zeros"
    warnings.warn(
        f"one column of X spreads {ranges.max() / np.median(ranges):.0f} times as wide as the median one, and the "
        f"classifier has one scale for all: standardise first, as with {standardise}",
        UserWarning,
        stacklevel=stacklevel + 1,
    )


def _column_ranges(data: Any) -> Floats:
    """Return the range of each column, (N,)."""
    highs, lows = data.max(axis=0), data.min(axis=0)
    if sp.issparse(data):
        highs, lows = highs.toarray().ravel(), lows.toarray().ravel()
    ranges: Floats = highs - lows
    return ranges


def warn_of_large_radius(model: Any, scaling: Scaling, inputs: Reals, classes: Integers, stacklevel: int) -> None:
    """Say that certified training aims further than half of the way from inputs (M, N) to those of other classes.

    Two samples of different classes, a distance d apart, cannot both be proved beyond d/2.
    """
    if model.objective != "certified":
        return
    distance = class_distance(inputs, classes, model.norm) / scaling.scale
    if model.norm == "flips":
        distance = (distance / (scaling.high - scaling.low)) ** 2
    if distance == 0 or model.radius <= distance / 2:
        return
    warnings.warn(
        f"radius={model.radius:g} is more than half the typical distance of a sample to the nearest one of another "
        f"class, which is {distance:.3g} (norm={model.norm!r}): no two that close can both be proved so far, and "
        f"accuracy is lost in vain; begin with a third of the distance, radius={distance / CAREFUL:.2g}",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
