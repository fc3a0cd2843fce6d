"""How long chains remember: integrated autocorrelation times."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats

WINDOW = 3.0  # the sum ends at so many correlation times


@dataclass(frozen=True)
class Autocorrelation:
    """The memory of chains, in sweeps.

    Attributes
    ----------
    time : float, 1 + 2 sum_t rho(t), which the variance of a mean is proportional to; below 1 where sweeps alternate
    scale : float, the larger of 1, `time` and 1 + 2 sum_t (-1)^t rho(t): how long chains remember, be it that they stay
        or that they alternate; for verdicts and lengths
    """

    time: float
    scale: float


def autocorrelation_time(series: ArrayLike) -> float:
    """Return the integrated autocorrelation time 1 + 2 sum_t rho(t) of series (chain, sweep), in sweeps.

    It is below 1 where successive sweeps are anticorrelated. rho is taken around the mean of all chains, so that chains
    which disagree count as one long memory. The sum ends at the first t of at least 3 times the sum, or that with
    alternating signs (after Sokal 1989), and is corrected for the bias of a short series (Wolff 2004, eq. 49). A
    series that never moves has no time: nan.
    """
    array = checks.series("series", series, "(chain, sweep)")
    if array.shape[1] < 2 or not np.ptp(array):  # the mean of equal numbers may differ from them by rounding
        return float("nan")
    return autocorrelation(array).time


def autocorrelation(series: Floats, *, own_means: bool = False) -> Autocorrelation:
    """Return the memory of series (chain, sweep) that moves, around the mean of all chains or each chain's own."""
    n_sweeps = series.shape[1]
    centred = series - (series.mean(axis=1, keepdims=True) if own_means else series.mean())
    length = next_fast_len(2 * n_sweeps, real=True)
    transform = rfft(centred, n=length, axis=1)
    covariance = irfft(np.abs(transform) ** 2, n=length, axis=1)[:, :n_sweeps].mean(axis=0)
    correlation = covariance / covariance[0]
    times = 2 * np.cumsum(correlation) - 1
    alternating = 2 * np.cumsum(correlation * np.where(np.arange(n_sweeps) % 2, -1, 1)) - 1
    scales = np.maximum(np.maximum(times, alternating), 1)
    enough = np.arange(n_sweeps) >= WINDOW * scales
    end = int(np.argmax(enough)) if enough.any() else n_sweeps - 1
    correction = 1 + (2 * end + 1) / series.size
    return Autocorrelation(correction * max(float(times[end]), 1 / n_sweeps), correction * float(scales[end]))
