"""Specific heat, susceptibility and Binder cumulant of one disorder, from fluctuations (docs/theory.md, section 7).

Each is a function of averages. To first order its error is that of the time average of the series that its derivatives
give (the delta method), so that `time_average` knows its error, memory included, and says where none can be known. Over
disorders use `disorder_estimate` on one value for each.
"""

import math
from dataclasses import replace

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.diagnostics.time_averages import TimeAverage, time_average
from densehop.errors import InvalidInput


def specific_heat(energy: ArrayLike, temperature: float, n_spins: int) -> TimeAverage:
    """Return C = (<E^2> - <E>^2)/(N T^2), the specific heat per spin, de/dT.

    Parameters
    ----------
    energy : (chain, sweep), extensive, burn-in already removed, such as `run.energy[:, burn_in:]`
    temperature : float > 0
    n_spins : int

    Raises
    ------
    InvalidInput
        If the series is not real numbers, or the temperature is not positive.
    """
    temperature = checks.number("temperature", temperature)
    n_spins = checks.integer("n_spins", n_spins, 1, checks.LARGEST_SIZE)
    return _variance(checks.series("energy", energy, "(chain, sweep)"), 1 / (n_spins * temperature**2))


def susceptibility(overlap: ArrayLike, temperature: float, n_spins: int, *, mean: float | None = None) -> TimeAverage:
    """Return chi = N (<m^2> - <m>^2)/T, the response dm/dh to a field h along the vector that m is measured with.

    Parameters
    ----------
    overlap : (chain, sweep), per spin, burn-in already removed, such as `run.overlap[:, burn_in:, 0]`
    temperature : float > 0
    n_spins : int
    mean : float, <m> where it is known, such as 0 for even p without order; None: the measured one

    Raises
    ------
    InvalidInput
        If the series is not real numbers, or the temperature is not positive.
    """
    temperature = checks.number("temperature", temperature)
    n_spins = checks.integer("n_spins", n_spins, 1, checks.LARGEST_SIZE)
    array = checks.series("overlap", overlap, "(chain, sweep)")
    if mean is None:
        return _variance(array, n_spins / temperature)
    mean = checks.between("mean", mean, -1, 1)
    return _scaled(time_average((array - mean) ** 2), n_spins / temperature)


def binder_cumulant(overlap: ArrayLike) -> TimeAverage:
    """Return U = 1 - <m^4>/(3 <m^2>^2) (Binder 1981): 2/3 where m^2 is sharp, 0 where m is Gaussian around 0.

    Parameters
    ----------
    overlap : (chain, sweep), per spin, burn-in already removed; of any sign

    Raises
    ------
    InvalidInput
        If the series is not real numbers, or all of it is 0.
    """
    array = checks.series("overlap", overlap, "(chain, sweep)")
    squares = array**2
    second, fourth = float(squares.mean()), float((squares**2).mean())
    if not second:
        raise InvalidInput("overlap must not be 0 throughout: the Binder cumulant divides by <m^2>")
    value = 1 - fourth / (3 * second**2)
    influence = (2 * fourth * (squares - second) / second - (squares**2 - fourth)) / (3 * second**2)
    return replace(time_average(value + influence), mean=value)


def _variance(array: Floats, factor: float) -> TimeAverage:
    """Return `factor` times the variance of a series, corrected for the mean that is measured along with it."""
    average, mean = time_average((array - array.mean()) ** 2), time_average(array)
    if average.error >= 0 and not mean.error >= 0:  # chains on both sides of their mean agree on its squares
        reason = f"the mean, about which the fluctuations are, is not known: {mean.reason}"
        average = replace(average, error=math.nan, reason=reason, degrees_of_freedom=0)
    known = mean.effective_samples
    bias = 1 - 1 / known if np.isfinite(known) and known > 1 else 1.0
    return _scaled(average, factor / bias)


def _scaled(average: TimeAverage, factor: float) -> TimeAverage:
    return replace(
        average, mean=factor * average.mean, error=factor * average.error, variance=factor**2 * average.variance
    )
