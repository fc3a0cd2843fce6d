"""A ladder of temperatures for replica exchange, spaced by measured swap rates.

Where energies are Gaussian, neighbours a little apart swap at the rate erfc(x) with x proportional to their distance in
the thermodynamic metric, which adds up along the ladder (Predescu, Predescu & Ciobanu 2004). So the measured rates give
each interval's length, and equal lengths give equal rates.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erfcinv

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.errors import InvalidInput
from densehop.simulate.tempering import TemperedSamples

MAX_TRIALS = 10
FIRST_LENGTH = 8  # temperatures of the first trial
CLOSE = 0.5  # a rate is as wanted between this share of it and its inverse, and not above (1 + rate)/2

Trial = Callable[[Floats, Signs | None, int], TemperedSamples]


@dataclass(frozen=True)
class Request:
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
    """Temperatures for `PBodyHopfield.temper`, rising, and the rates of swaps measured between neighbours there.

    `converged` says that all rates are near the one asked for; `n_trials` counts the runs it took.
    """

    temperatures: Floats
    swap_rate: Floats
    converged: bool
    n_trials: int


def tune(request: Request, trial: Trial) -> TunedLadder:
    """Run trials, each with temperatures spaced by the rates of the one before, until the rates are as wanted."""
    temperatures = np.geomspace(request.coldest, request.hottest, min(FIRST_LENGTH, request.max_temperatures))
    start: Signs | None = None
    for number in range(MAX_TRIALS):
        run = trial(temperatures, start, number)
        rates = run.swap_rate
        if _as_wanted(rates, request):
            return TunedLadder(temperatures, rates, True, number + 1)
        if number < MAX_TRIALS - 1:
            before, temperatures = temperatures, respace(temperatures, rates, run, request)
            start = _carried_over(run.spins, before, temperatures)
    warnings.warn(
        f"the swap rates range from {rates.min():.2f} to {rates.max():.2f}, {request.swap_rate:g} was wanted; use more "
        "n_sweeps or max_temperatures, or a smaller swap_rate",
        stacklevel=3,
    )
    return TunedLadder(temperatures, rates, False, MAX_TRIALS)


def _as_wanted(rates: Floats, request: Request) -> bool:
    """Tell whether all rates are near the one asked for."""
    high = max(request.swap_rate / CLOSE, (1 + request.swap_rate) / 2)
    return bool((rates >= CLOSE * request.swap_rate).all() and (rates <= high).all())


def respace(temperatures: Floats, rates: Floats, run: TemperedSamples, request: Request) -> Floats:
    """Return as many temperatures as the request needs, at equal distances in the measured metric."""
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
