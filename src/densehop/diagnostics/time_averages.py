"""What a series says: means with error bars, autocorrelation times, and whether it has equilibrated.

Errors of physical results come from independent disorders (`disorder_estimate`); autocorrelation times tell how much a
single chain is worth (docs/theory.md, section 7).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import InvalidInput

WINDOW = 5.0  # Sokal's window, in autocorrelation times
LARGEST_DRIFT = 4.0  # standard errors
SMALLEST_SPREAD_PROBABILITY = 1e-4
SMALLEST_EFFECTIVE = 50.0  # autocorrelation times that the late halves of all chains must hold together
SMALLEST_LENGTH = 10.0  # autocorrelation times that each late half must hold


@dataclass(frozen=True)
class Estimate:
    """A mean over independent disorders and its standard error (nan for a single one)."""

    mean: float
    error: float
    n_disorders: int


@dataclass(frozen=True)
class TimeAverage:
    """A mean over chains and sweeps with its standard error, memory included.

    Attributes
    ----------
    mean : float
    error : float, for this one disorder; 0 where nothing moved, which says nothing about the law
    effective_samples : float, independent samples that are worth as much; 0 where nothing moved
    """

    mean: float
    error: float
    effective_samples: float


@dataclass(frozen=True)
class Equilibration:
    """A verdict on chains of one observable.

    Attributes
    ----------
    equilibrated : bool
    reason : str, the verdict in words, with what to do
    autocorrelation_time : float, integrated, in sweeps, from the late half
    effective_samples : float, sweeps of all chains over the autocorrelation time
    drift : float, late half minus first quarter, in standard errors
    spread_probability : float, chance that equal chains differ as much as these do
    """

    equilibrated: bool
    reason: str
    autocorrelation_time: float
    effective_samples: float
    drift: float
    spread_probability: float


def disorder_estimate(values: npt.ArrayLike) -> Estimate:
    """Return mean and standard error of one value per independent disorder, (disorder,)."""
    array = checks.series("values", values, "(disorder,)")
    error = float(array.std(ddof=1) / math.sqrt(len(array))) if len(array) > 1 else math.nan
    return Estimate(float(array.mean()), error, len(array))


def autocorrelation_time(series: npt.ArrayLike) -> float:
    """Return the integrated autocorrelation time 1 + 2 sum_t rho(t) of series (chain, sweep), in sweeps.

    Sums rho up to the first t >= 5 tau (Sokal 1989), around the mean of all chains, so that chains which disagree count
    as one long memory. A series that never moves has none: nan.
    """
    array = checks.series("series", series, "(chain, sweep)")
    n_sweeps = array.shape[1]
    if n_sweeps < 2 or not np.ptp(array):  # the mean of equal numbers may differ from them by rounding
        return math.nan
    centred = array - array.mean()
    transform = np.fft.rfft(centred, n=2 * n_sweeps, axis=1)
    covariance = np.fft.irfft(np.abs(transform) ** 2, axis=1)[:, :n_sweeps].mean(axis=0)
    tau = 2 * np.cumsum(covariance / covariance[0]) - 1
    window = np.arange(n_sweeps) >= WINDOW * tau
    return float(max(tau[np.argmax(window)] if window.any() else tau[-1], 1.0))


def effective_samples(series: npt.ArrayLike) -> float:
    """Return how many independent samples series (chain, sweep) is worth: its size over its autocorrelation time.

    The time is corrected for the bias of a short series. Chains that disagree are worth one sample each or less. A
    series that never moves is worth 0.
    """
    return time_average(series).effective_samples


def time_average(series: npt.ArrayLike) -> TimeAverage:
    """Return the mean of series (chain, sweep), burn-in already removed, and its standard error.

    The squared error is variance x autocorrelation time / size, both around the mean of all chains, so that chains
    which disagree widen it. It holds for one disorder; errors of physical results come from several
    (`disorder_estimate`).
    """
    array = checks.series("series", series, "(chain, sweep)")
    tau = _corrected_time(array)
    if math.isnan(tau):
        return TimeAverage(float(array.mean()), 0.0, 0.0)
    error = math.sqrt(float(array.var()) * tau / array.size)
    return TimeAverage(float(array.mean()), error, array.size / tau)


def _corrected_time(array: Floats) -> float:
    """Return the autocorrelation time with the bias of a short series removed (Wolff 2004, eq. 49)."""
    tau = autocorrelation_time(array)
    return tau * (1 + (2 * WINDOW * tau + 1) / array.size)


def equilibration(series: npt.ArrayLike) -> Equilibration:
    """Judge chains (chain, sweep) of one observable, burn-in already removed.

    Equilibrated means: the late halves hold at least 10 autocorrelation times each and 50 together, their mean does not
    differ from the first quarters' by more than 4 standard errors, and the chains agree with each other. Measured on
    stationary series: of chains of 5 autocorrelation times at most 2% pass, of two or more chains of 100 at least 95%.
    It cannot see states that no chain visited: compare a start at the pattern with a random one.
    """
    array = checks.series("series", series, "(chain, sweep)")
    if array.shape[1] < 4:
        raise InvalidInput(f"series must have at least 4 sweeps, got shape {array.shape}")
    n_chains, n_sweeps = array.shape
    early, late = array[:, : n_sweeps // 4], array[:, n_sweeps // 2 :]
    variance = late.var(axis=1, ddof=1).mean()
    if not np.ptp(late, axis=1).any():
        reason = "not equilibrated as far as can be seen: nothing moved; raise the temperature or run longer"
        return Equilibration(False, reason, math.nan, 0.0, 0.0, 1.0)
    tau = _corrected_time(late)  # the late half: what the start left behind would pass for memory
    drift = float((late.mean() - early.mean()) / math.sqrt(variance * tau * (1 / early.size + 1 / late.size)))
    spread = float(((array.mean(axis=1) - array.mean()) ** 2).sum() / (variance * tau / n_sweeps))
    probability = float(chdtrc(n_chains - 1, spread)) if n_chains > 1 else 1.0
    wanted = math.ceil(2 * tau * max(SMALLEST_LENGTH, SMALLEST_EFFECTIVE / n_chains))
    if n_sweeps < wanted:
        reason = f"not equilibrated: autocorrelation time {tau:.0f}; run at least {wanted} sweeps"
    elif abs(drift) > LARGEST_DRIFT:
        reason = f"not equilibrated: drifts by {drift:+.1f} standard errors; run longer"
    elif probability < SMALLEST_SPREAD_PROBABILITY:
        reason = "not equilibrated: the chains disagree, each in a state of its own; run longer"
    else:
        reason = f"equilibrated: {array.size / tau:.0f} independent samples, drift {drift:+.1f} standard errors"
    return Equilibration(reason.startswith("equ"), reason, tau, array.size / tau, drift, probability)
