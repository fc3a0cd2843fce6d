"""Resampling of a population from one temperature to the next colder one (docs/theory.md, eq. 123).

A replica of energy E has the weight exp(-(beta' - beta) E). It is copied so often on average as its weight exceeds the
mean weight: copies sit at equal distances along the sum of weights (systematic resampling), so that the population
keeps its size and a replica has one of the two integers next to what it should have.
"""

import math

import numpy as np

from densehop.base.arrays import Floats, Integers

BISECTIONS = 60  # of the step in beta: all digits


def relative_weights(energies: Floats, step: float) -> tuple[Floats, float]:
    """Return weights (R,) over their mean, and log Z'/Z, the logarithm of that mean; `step` = beta' - beta >= 0."""
    exponents = -step * energies
    largest = float(exponents.max())
    weights = np.exp(exponents - largest)
    mean = float(weights.mean())
    return weights / mean, largest + math.log(mean)


def parents(weights: Floats, uniform: float) -> Integers:
    """Return whose copy each replica becomes, (R,) rising, from weights (R,) of mean 1 and one number in [0, 1)."""
    sums = np.cumsum(weights) * (len(weights) / weights.sum())
    sums[-1] = len(weights)
    copies = np.diff(np.floor(sums + uniform).astype(np.int64), prepend=0)
    return np.repeat(np.arange(len(weights)), copies)


def culled(weights: Floats) -> float:
    """Return the share of a population that is replaced, on average, from weights (R,) of mean 1."""
    return float(np.maximum(0.0, 1.0 - weights).mean())


def next_step(energies: Floats, longest: float, share: float) -> float:
    """Return the step in beta at which this share of the replicas with energies (R,) is replaced, at most `longest`."""
    if culled(relative_weights(energies, longest)[0]) <= share:
        return longest
    low, high = 0.0, longest  # the share that is replaced rises with the step
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if culled(relative_weights(energies, middle)[0]) < share else (low, middle)
    return high
