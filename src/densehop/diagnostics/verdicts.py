"""Verdicts on equilibration: whether chains of one observable look like samples of one stationary law, and if not, why.

No verdict sees states that no chain visited: compare a start at the pattern with a random one
(`start_independence`).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.diagnostics.autocorrelation import autocorrelation
from densehop.errors import InvalidInput

LARGEST_DRIFT = 4.0  # standard errors
SMALLEST_SPREAD_PROBABILITY = 1e-4
SMALLEST_EFFECTIVE = 50.0  # correlation times that the late halves of all chains must hold together
SMALLEST_LENGTH = 10.0  # correlation times that each late half must hold


class Verdict(StrEnum):
    """What chains say about equilibration.

    EQUILIBRATED: stationary, long enough, and in agreement. TOO_SHORT: more sweeps are needed, because the memory is
    long or the mean still drifts. DISAGREE: each chain is stationary in a state of its own. FROZEN: nothing moves, as
    at T = 0 or deep in a state; the values are exact for this state and say nothing about others.
    """

    EQUILIBRATED = "equilibrated"
    TOO_SHORT = "too short"
    DISAGREE = "chains disagree"
    FROZEN = "frozen"


@dataclass(frozen=True)
class Equilibration:
    """A verdict on chains of one observable.

    Attributes
    ----------
    verdict : Verdict
    reason : str, the verdict in words, with what to do
    more_sweeps : int, how many more sweeps of each chain are advised where they are too short; else 0
    autocorrelation_time : float, integrated, in sweeps, from the late half; below 1 where sweeps alternate
    effective_samples : float, sweeps of all chains over the correlation time, which is at least 1; 0 where frozen
    drift : float, late half minus first quarter, in standard errors
    spread_probability : float, chance that chains of one law differ as much as these do
    """

    verdict: Verdict
    reason: str
    more_sweeps: int
    autocorrelation_time: float
    effective_samples: float
    drift: float
    spread_probability: float

    @property
    def equilibrated(self) -> bool:
        """Whether the verdict is EQUILIBRATED."""
        return self.verdict is Verdict.EQUILIBRATED


def equilibration(series: npt.ArrayLike) -> Equilibration:
    """Judge chains (chain, sweep) of one observable, burn-in already removed.

    Equilibrated means: the late halves hold at least 10 correlation times each and 50 together, their mean does not
    differ from the first quarters' by more than 4 standard errors, and the chains agree with each other. The
    correlation time counts correlations of either sign, so that chains which alternate are not taken for many samples.
    Measured on stationary series: of chains of 5 autocorrelation times at most 2% pass, of two or more chains of 100 at
    least 95%.

    Raises
    ------
    InvalidInput
        If the series is not real numbers of shape (chain, sweep) with at least 4 sweeps.
    """
    array = checks.series("series", series, "(chain, sweep)")
    if array.shape[1] < 4:
        raise InvalidInput(f"series must have at least 4 sweeps, got shape {array.shape}")
    n_sweeps = array.shape[1]
    late = array[:, n_sweeps // 2 :]
    if not np.ptp(late, axis=1).any():
        return _frozen(array)
    memory = autocorrelation(late)  # the late half: what the start left behind would pass for memory
    drift, probability = _deviations(array, late, memory.scale)
    effective, wanted = array.size / memory.scale, _wanted(array, memory.scale)
    more = 0
    if _apart(array, late):
        verdict = Verdict.DISAGREE
        reason = "each is in a state of its own; use replica exchange, or run much longer"
    elif n_sweeps < wanted:
        verdict, more = Verdict.TOO_SHORT, wanted - n_sweeps
        reason = f"correlation time {memory.scale:.0f}; run at least {more} more sweeps"
    elif abs(drift) > LARGEST_DRIFT:
        verdict, more = Verdict.TOO_SHORT, n_sweeps
        reason = f"drifts by {drift:+.1f} standard errors; run at least {more} more sweeps"
    elif probability < SMALLEST_SPREAD_PROBABILITY:
        verdict = Verdict.DISAGREE
        reason = "their means differ by more than chance; run longer, or use replica exchange"
    else:
        verdict = Verdict.EQUILIBRATED
        reason = f"{effective:.0f} independent samples, drift {drift:+.1f} standard errors"
    return Equilibration(verdict, _in_words(verdict, reason), more, memory.time, effective, drift, probability)


def _frozen(array: Floats) -> Equilibration:
    """Return the verdict on chains that do not move."""
    ever = "nothing ever moved" if not np.ptp(array, axis=1).any() else "nothing moves any more"
    reason = f"{ever}; the values are those of the state reached: raise the temperature to sample others"
    return Equilibration(Verdict.FROZEN, _in_words(Verdict.FROZEN, reason), 0, math.nan, 0.0, 0.0, 1.0)


def _in_words(verdict: Verdict, reason: str) -> str:
    name = verdict.value if verdict is Verdict.EQUILIBRATED else f"not equilibrated, {verdict.value}"
    return f"{name}: {reason}"


def _wanted(array: Floats, scale: float) -> int:
    """Return how many sweeps of this correlation time are enough."""
    return math.ceil(2 * scale * max(SMALLEST_LENGTH, SMALLEST_EFFECTIVE / len(array)))


def _apart(array: Floats, late: Floats) -> bool:
    """Tell whether chains that are long enough by their own memory differ all the same.

    Around the mean of all chains such a difference would look like a memory without end.
    """
    if len(array) == 1:
        return False
    scale = autocorrelation(late, own_means=True).scale
    drift, probability = _deviations(array, late, scale)
    stationary = array.shape[1] >= _wanted(array, scale) and abs(drift) <= LARGEST_DRIFT
    return stationary and probability < SMALLEST_SPREAD_PROBABILITY


def _deviations(array: Floats, late: Floats, scale: float) -> tuple[float, float]:
    """Return the drift in standard errors and the chance that chains of one law differ as much."""
    n_chains, n_sweeps = array.shape
    early = array[:, : n_sweeps // 4]
    variance = float(late.var(axis=1, ddof=1).mean())
    drift = (late.mean() - early.mean()) / math.sqrt(variance * scale * (1 / early.size + 1 / late.size))
    spread = ((array.mean(axis=1) - array.mean()) ** 2).sum() / (variance * scale / n_sweeps)
    return float(drift), float(chdtrc(n_chains - 1, spread)) if n_chains > 1 else 1.0
