"""Means over chains and sweeps with error bars, and means over disorders.

Errors of physical results come from independent disorders (`disorder_estimate`); the error of a time average tells how
well one run knows the mean for its own disorder (docs/theory.md, section 7).
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard, overload

import numpy as np

from densehop.base import checks, student
from densehop.base.arrays import ArrayLike, Floats
from densehop.base.quantities import describe
from densehop.diagnostics.autocorrelation import Autocorrelation, autocorrelation

if TYPE_CHECKING:
    import xarray as xr

SHORTEST_BATCH = 8.0  # correlation times in a batch, unless it is a whole chain
FEWEST_BATCHES, MOST_BATCHES = 10, 32
SMALLEST_SIZE = 25.0  # correlation times of all chains, in units of the squared skewness (Cochran 1977, section 2.15)
CAUTION, SKEWNESS_CAUTION = 0.3, 0.5  # how much wider an error bar is that only just exists


@dataclass(frozen=True)
class Estimate:
    """A mean over independent disorders and its standard error (nan for a single one)."""

    mean: float
    error: float
    n_disorders: int


@dataclass(frozen=True)
class TimeAverage:
    """A mean over chains and sweeps with its error, memory included.

    Attributes
    ----------
    mean : float
    error : float, mean +- error covers the true mean with probability 68.3%, for this one disorder; nan where the
        error cannot be known
    reason : str, why the error is nan; else empty
    degrees_of_freedom : int, of Student's t, one less than the number of batches; 0 where the error is nan
    effective_samples : float, independent samples that are worth as much, size over autocorrelation time; 0 where
        nothing moved
    variance : float, of single sweeps
    autocorrelation_time : float, integrated, in sweeps; nan where nothing moved
    """

    mean: float
    error: float
    reason: str
    degrees_of_freedom: int
    effective_samples: float
    variance: float
    autocorrelation_time: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return where the true mean lies with probability `level`, by Student's t; nan where the error is.

        Raises
        ------
        InvalidInput
            If the level is not between 0 and 1.
        """
        width = float(student.width(np.asarray(self.error), self.degrees_of_freedom, level))
        return self.mean - width, self.mean + width


@overload
def disorder_estimate(values: "xr.DataArray") -> "xr.Dataset": ...


@overload
def disorder_estimate(values: ArrayLike) -> Estimate: ...


def disorder_estimate(values: "ArrayLike | xr.DataArray") -> "Estimate | xr.Dataset":
    """Return mean and standard error of one value per independent disorder, (disorder,).

    Of a DataArray with a dimension `disorder`, such as a variable NAME of a campaign, a Dataset of NAME, NAME_error and
    n_disorders over its other dimensions; disorders without a result (nan) are left out.
    Of few disorders the standard error is itself uncertain: intervals need Student's t with n_disorders - 1 degrees of
    freedom.
    """
    if is_labelled(values):
        return _over_dimension(values)
    array = checks.series("values", values, "(disorder,)")
    error = float(array.std(ddof=1) / math.sqrt(len(array))) if len(array) > 1 else math.nan
    return Estimate(float(array.mean()), error, len(array))


def is_labelled(values: object) -> "TypeGuard[xr.DataArray]":
    """Whether an array has the named dimension `disorder`."""
    return "disorder" in getattr(values, "dims", ())


def _over_dimension(values: "xr.DataArray") -> "xr.Dataset":
    """Return the estimate over the dimension `disorder` of an array."""
    name, count = str(values.name or "value"), values.notnull().sum("disorder")
    estimate = values.mean("disorder").rename(name).to_dataset()
    estimate[f"{name}_error"] = values.std("disorder", ddof=1).where(count > 1) / np.sqrt(count.where(count > 0))
    estimate["n_disorders"] = count
    estimate[name].attrs = {**values.attrs}
    return describe(estimate)


def effective_samples(series: ArrayLike) -> float:
    """Return how many independent samples series (chain, sweep) is worth: its size over its autocorrelation time.

    Chains that disagree are worth one sample each or less, a series that never moves is worth 0. Alternating sweeps
    know their mean better than independent ones, and are worth more than their number.
    """
    return time_average(series).effective_samples


def time_average(series: ArrayLike) -> TimeAverage:
    """Return the mean of series (chain, sweep), burn-in already removed, and its error.

    The error is that of 10 to 32 batch means, each over a whole chain or over 8 correlation times or more of one, with
    Student's factor. It is nan where so many batches do not fit (10 chains or more always have an error, one chain
    needs about 80 correlation times), where nothing moved, and where rare large values decide the mean (fewer
    correlation times than 25 squared skewnesses).

    Raises
    ------
    InvalidInput
        If the series is not real numbers of shape (chain, sweep).

    Notes
    -----
    Intervals of stationary series cover at their nominal rate within 2% (docs/reliability.md has the table), with up to
    10% more close to the lengths at which errors begin to exist: there they are up to 20% wider, since short series
    whose error can be estimated are those whose memory looks shorter than it is.
    """
    array = checks.series("series", series, "(chain, sweep)")
    mean, variance = float(array.mean()), float(array.var())
    if not np.ptp(array):
        return _unknown(mean, "nothing moved", 0.0, 0.0, math.nan)
    if array.shape[1] < 2:
        return _unknown(mean, "a single sweep says nothing about memory", math.nan, variance, math.nan)
    if not np.ptp(array, axis=1).any():
        return _unknown(mean, "nothing moved: each chain stayed at a value of its own", 0.0, variance, math.nan)
    memory = autocorrelation(array)
    known = array.size / memory.time, variance, memory.time
    n_batches = _batches_per_chain(array, memory)
    if n_batches * len(array) < FEWEST_BATCHES:
        needed = math.ceil(_needed_length(array, memory))
        reason = f"too short: {array.shape[1]} sweeps of correlation time {memory.scale:.1f}, {needed} are needed"
        return _unknown(mean, reason, *known)
    skewness = float(((array - mean) ** 3).mean()) / variance**1.5
    enough = SMALLEST_SIZE * skewness**2 * memory.scale / array.size  # 1 or less is enough
    if enough > 1:
        reason = f"rare values decide the mean (skewness {skewness:+.1f}): {enough:.1f} times as many sweeps are needed"
        return _unknown(mean, reason, *known)
    freedom = n_batches * len(array) - 1
    error = student.quantile(student.ONE_SIGMA, freedom) * _standard_error(array, n_batches, memory)
    error *= (1 + CAUTION * _closeness(array, memory)) * (1 + SKEWNESS_CAUTION * max(0.0, 2 - 1 / max(enough, 1e-9)))
    return TimeAverage(mean, error, "", freedom, *known)


def _unknown(mean: float, reason: str, effective: float, variance: float, time: float) -> TimeAverage:
    return TimeAverage(mean, math.nan, reason, 0, effective, variance, time)


def _batches_per_chain(array: Floats, memory: Autocorrelation) -> int:
    """Return into how many batches each chain is cut."""
    fitting = int(array.shape[1] / (SHORTEST_BATCH * memory.scale))
    return max(1, min(fitting, math.ceil(MOST_BATCHES / len(array))))


def _standard_error(array: Floats, n_batches: int, memory: Autocorrelation) -> float:
    """Return the standard error from batch means, with their correlation within a chain corrected for.

    The mean of L sweeps whose correlation falls exponentially has a variance smaller by 1 - tau/(2L) than sigma^2
    tau/L, to which the batches of a longer chain add up.
    """
    length = array.shape[1] // n_batches
    batches = array[:, array.shape[1] - n_batches * length :].reshape(len(array), n_batches, length).mean(axis=2)
    variance = float(batches.var(ddof=1) / batches.size)
    if n_batches > 1:
        variance /= 1 - memory.time / (2 * length)
    return math.sqrt(variance)


def _needed_length(array: Floats, memory: Autocorrelation) -> float:
    """Return how many sweeps each chain needs for an error."""
    return SHORTEST_BATCH * memory.scale * math.ceil(FEWEST_BATCHES / len(array))


def _closeness(array: Floats, memory: Autocorrelation) -> float:
    """Return 1 for chains that are just long enough, falling to 0 at twice that length."""
    if len(array) >= FEWEST_BATCHES:
        return 0.0
    return max(0.0, 2 - len(array[0]) / _needed_length(array, memory))
