"""A ladder of temperatures for replica exchange, spaced by measured swap rates.

Where energies are Gaussian, neighbours a little apart swap at the rate erfc(x) with x proportional to their distance in
the thermodynamic metric, which adds up along the ladder (Predescu, Predescu & Ciobanu 2004). So the measured rates give
each interval's length, and equal lengths give equal rates.

Rates of a trial that has not forgotten its start may be far from those of a long run. So a ladder whose rates are as
wanted is tried again, from the states it has reached and over four times as many sweeps, until two trials in a row
agree and their error bars are small.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.errors import InvalidInput
from densehop.simulate.tempering import TemperedSamples, swap_rates

MAX_TRIALS = 16
FIRST_LENGTH = 8  # temperatures of the first trial
CLOSE = 0.5  # a rate is as wanted between this share of it and its inverse, and not above (1 + rate)/2
LONGER, MOST_LONGER = 4, 64  # factors: sweeps that confirm a ladder, and their limit in those of the first trial
LARGEST_ERROR = 0.03  # of a rate that is promised
LARGEST_CHANGE = 0.05  # from one trial to the next, beside two standard errors
PARTS = 4  # the later half of a trial is cut into so many, whose rates give their error bar

Trial = Callable[[Floats, Signs | None, int, int], TemperedSamples]


@dataclass(frozen=True)
class LadderRequest:
    """What a ladder should be."""

    coldest: float
    hottest: float
    swap_rate: float
    max_temperatures: int

    def __post_init__(self) -> None:
        if self.hottest <= self.coldest:
            raise InvalidInput(f"hottest must be above coldest = {self.coldest:g}, got {self.hottest:g}")
        if not 0.01 <= checks.number("swap_rate", self.swap_rate) <= 0.9:
            raise InvalidInput(f"swap_rate must be from 0.01 to 0.9, got {self.swap_rate:g}")


@dataclass(frozen=True, eq=False)
class TunedLadder:
    """Temperatures for `PBodyHopfield.temper`, and the rates at which neighbours swap there.

    Attributes
    ----------
    temperatures : (temperature,) rising
    swap_rate : (temperature - 1,) of the last trial, without its first half
    swap_rate_error : (temperature - 1,) standard errors, from parts of that trial
    converged : bool, whether all rates are near the one asked for, and two trials in a row, the second four times as
        long, agree on them
    n_trials : int, how many runs it took
    """

    temperatures: Floats
    swap_rate: Floats
    swap_rate_error: Floats
    converged: bool
    n_trials: int


@dataclass(frozen=True, eq=False)
class Rates:
    """Rates of swaps between neighbours and their standard errors, (temperature - 1,) each."""

    mean: Floats
    error: Floats

    @classmethod
    def of(cls, run: TemperedSamples) -> "Rates":
        """Measure the later half of a trial, whose neighbours may swap after each sweep."""
        level = np.argsort(run.chain, axis=1)
        n_sweeps = level.shape[2]
        length = max(2, n_sweeps // 2 // PARTS // 2 * 2)  # even: even and odd pairs take turns
        firsts = range(n_sweeps // 4 * 2, n_sweeps - length, length)
        parts = [level[:, :, first : first + length + 1] for first in firsts] or [level]
        rates = np.array([swap_rates(ladder[np.newaxis], 1) for part in parts for ladder in part])
        return cls(rates.mean(axis=0), rates.std(axis=0, ddof=1) / math.sqrt(len(rates)))

    def agree_with(self, before: "Rates") -> bool:
        """Tell whether a trial confirms the one before it."""
        change = np.abs(self.mean - before.mean) - 2 * np.hypot(self.error, before.error)
        return bool((self.error <= LARGEST_ERROR).all() and (change <= LARGEST_CHANGE).all())


def tune(request: LadderRequest, trial: Trial, n_sweeps: int) -> TunedLadder:
    """Run trials, each with temperatures spaced by the rates of the one before, until the rates are as wanted.

    `trial` takes temperatures, starts, the number of the trial and how many sweeps it has, at first `n_sweeps`.
    """
    temperatures = np.geomspace(request.coldest, request.hottest, min(FIRST_LENGTH, request.max_temperatures))
    start: Signs | None = None
    before, length = None, n_sweeps
    for number in range(MAX_TRIALS):
        run = trial(temperatures, start, number, length)
        rates = Rates.of(run)
        wanted = _as_wanted(rates.mean, request)
        if wanted and before is not None and rates.agree_with(before):
            return TunedLadder(temperatures, rates.mean, rates.error, True, number + 1)
        if wanted:
            before, length = rates, min(LONGER * length, MOST_LONGER * n_sweeps)
            start = run.spins.reshape(-1, run.spins.shape[2])
        elif number < MAX_TRIALS - 1:
            before, old = None, temperatures
            temperatures = respace(temperatures, rates.mean, run, request)
            start = _carried_over(run.spins, old, temperatures)
    warnings.warn(_advice(rates, request), stacklevel=3)
    return TunedLadder(temperatures, rates.mean, rates.error, False, MAX_TRIALS)


def _advice(rates: Rates, request: LadderRequest) -> str:
    """Return what is wrong with a ladder that has not converged."""
    lowest, highest = rates.mean.min(), rates.mean.max()
    if _as_wanted(rates.mean, request):
        return f"the swap rates, {lowest:.2f} to {highest:.2f}, still change from trial to trial; use more n_sweeps"
    return (
        f"the swap rates range from {lowest:.2f} to {highest:.2f}, {request.swap_rate:g} was wanted; use more "
        "n_sweeps or max_temperatures, or a smaller swap_rate"
    )


def _as_wanted(rates: Floats, request: LadderRequest) -> bool:
    """Tell whether all rates are near the one asked for."""
    high = max(request.swap_rate / CLOSE, (1 + request.swap_rate) / 2)
    return bool((rates >= CLOSE * request.swap_rate).all() and (rates <= high).all())


def respace(temperatures: Floats, rates: Floats, run: TemperedSamples, request: LadderRequest) -> Floats:
    """Return as many temperatures as the request needs, at equal distances in the measured metric."""
    from scipy.special import erfcinv  # noqa: PLC0415 (slow, and every network would wait for it)

    least = 0.5 / (run.energy.shape[0] * run.energy.shape[2])  # what was never seen has at most about this rate
    lengths = erfcinv(np.clip(np.nan_to_num(rates, nan=least), least, 1 - least))
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    n_steps = math.ceil(along[-1] / float(erfcinv(request.swap_rate)))
    wanted = np.linspace(0, along[-1], min(max(n_steps, 1) + 1, request.max_temperatures))
    result: Floats = np.exp(np.interp(wanted, along, np.log(temperatures)))
    result[0], result[-1] = request.coldest, request.hottest
    return result


def _carried_over(spins: Signs, before: Floats, after: Floats) -> Signs:
    """Return starts (ladder * temperature, N) for new temperatures: the states of the nearest old ones."""
    nearest = np.abs(np.log(after[:, np.newaxis] / before)).argmin(axis=1)
    return spins[:, nearest].reshape(-1, spins.shape[2])
