"""Verdicts on equilibration: whether chains of one observable look like samples of one stationary law, and if not, why.

No verdict sees states that no chain visited: compare a start at the pattern with a random one
(`start_independence`).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import chdtrc

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.diagnostics.autocorrelation import autocorrelation
from densehop.errors import InvalidInput

LARGEST_DRIFT = 4.0  # standard errors
SMALLEST_SPREAD_PROBABILITY = 1e-4
SMALLEST_EFFECTIVE = 50.0  # correlation times that the late halves of all chains must hold together
SMALLEST_LENGTH = 10.0  # correlation times that each late half must hold


class Verdict(StrEnum):
    """What chains say about equilibration.

    EQUILIBRATED: stationary, long enough, and in agreement. TOO_SHORT: more sweeps are needed, because the memory is
    long or the mean still drifts. DISAGREE: each chain is in a state of its own, moving or frozen there, or some
    move where others do not. FROZEN: nothing moves, as at T = 0 or deep in a state, and all chains have the
    same value; it is exact for this state and says nothing about others.
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


def equilibration(series: ArrayLike) -> Equilibration:
    """Judge chains (chain, sweep) of one observable, burn-in already removed.

    Equilibrated means: the late halves hold at least 10 correlation times each and 50 together, their mean does not
    differ from the first quarters' by more than 4 standard errors, and the chains agree with each other in their means
    and in how far they wander from the common mean, so that a chain which never moves while the others do is seen
    wherever it stands. The correlation time counts correlations of either sign, so that chains which alternate are not
    taken for many samples. Measured on stationary series: of chains of 5 autocorrelation times at most 2% pass, of two
    or more chains of 100 at least 95%.

    Raises
    ------
    InvalidInput
        If the series is not real numbers of shape (chain, sweep) with at least 4 sweeps.
    """
    return _judge(checks.series("series", series, "(chain, sweep)")[np.newaxis])


def joint_equilibration(series: ArrayLike) -> Equilibration:
    """Judge the chains (disorder, chain, sweep) of several disorders together, each disorder around its own mean.

    Chains are compared only with those of the same disorder: disorders may have other means and other variances.

    Raises
    ------
    InvalidInput
        If the series is not real numbers of shape (disorder, chain, sweep) with at least 4 sweeps.
    """
    return _judge(checks.series("series", series, "(disorder, chain, sweep)"))


def _judge(groups: Floats) -> Equilibration:
    """Judge chains (disorder, chain, sweep)."""
    n_sweeps = groups.shape[2]
    if n_sweeps < 4:
        raise InvalidInput(f"series must have at least 4 sweeps, got shape {groups.shape}")
    groups = _around_own_means(groups)
    array = groups.reshape(-1, n_sweeps)
    late = array[:, n_sweeps // 2 :]
    if not np.ptp(late, axis=1).any():
        return _frozen(groups)
    memory = autocorrelation(late)  # the late half: what the start left behind would pass for memory
    drift, probability = _deviations(groups, memory.scale)
    effective, needed = array.size / memory.scale, _wanted(array, memory.scale)
    extra_sweeps = 0
    if _apart(groups):
        verdict = Verdict.DISAGREE
        reason = "each is in a state of its own; use replica exchange, or run much longer"
    elif n_sweeps < needed:
        verdict, extra_sweeps = Verdict.TOO_SHORT, needed - n_sweeps
        reason = f"correlation time {memory.scale:.0f}; run at least {extra_sweeps} more sweeps"
    elif abs(drift) > LARGEST_DRIFT:
        verdict, extra_sweeps = Verdict.TOO_SHORT, n_sweeps
        reason = f"drifts by {drift:+.1f} standard errors; run at least {extra_sweeps} more sweeps"
    elif probability < SMALLEST_SPREAD_PROBABILITY:
        verdict = Verdict.DISAGREE
        reason = "their means differ by more than chance; run longer, or use replica exchange"
    elif _wander_apart(groups):
        verdict = Verdict.DISAGREE
        still = np.count_nonzero(~np.ptp(late, axis=1).astype(bool))
        observed = (
            f"{still} of {len(late)} do not move while the others do" if still else "some wander further than others"
        )
        reason = f"{observed}; run longer, or use replica exchange"
    else:
        verdict = Verdict.EQUILIBRATED
        reason = f"{effective:.0f} independent samples, drift {drift:+.1f} standard errors"
    return Equilibration(verdict, _in_words(verdict, reason), extra_sweeps, memory.time, effective, drift, probability)


def _around_own_means(groups: Floats) -> Floats:
    """Subtract each disorder's mean; equal numbers stay equal, and become 0, whatever their last digits."""
    shifted = groups - groups[:, :1, :1]
    centred: Floats = shifted - shifted.mean((1, 2), keepdims=True)
    return centred


def _frozen(groups: Floats) -> Equilibration:
    """Return the verdict on chains that do not move."""
    ever = "nothing ever moved" if not np.ptp(groups, axis=2).any() else "nothing moves any more"
    if np.ptp(groups[:, :, -1], axis=1).any():
        verdict = Verdict.DISAGREE
        reason = f"{ever}, and they are frozen at different values; raise the temperature, or use replica exchange"
    else:
        verdict = Verdict.FROZEN
        reason = f"{ever}; the values are those of the state reached: raise the temperature to sample others"
    return Equilibration(verdict, _in_words(verdict, reason), 0, math.nan, 0.0, 0.0, 1.0)


def _in_words(verdict: Verdict, reason: str) -> str:
    name = verdict.value if verdict is Verdict.EQUILIBRATED else f"not equilibrated, {verdict.value}"
    return f"{name}: {reason}"


def _wanted(array: Floats, scale: float) -> int:
    """Return how many sweeps of this correlation time are enough."""
    return math.ceil(2 * scale * max(SMALLEST_LENGTH, SMALLEST_EFFECTIVE / len(array)))


def _apart(groups: Floats) -> bool:
    """Tell whether chains that are long enough by their own memory differ all the same.

    Around the mean of all chains such a difference would look like a memory without end.
    """
    n_sweeps = groups.shape[2]
    late = groups[:, :, n_sweeps // 2 :].reshape(-1, n_sweeps - n_sweeps // 2)
    if groups.shape[1] == 1 or not np.ptp(late, axis=1).any():
        return False
    scale = autocorrelation(late, own_means=True).scale
    drift, probability = _deviations(groups, scale)
    stationary = n_sweeps >= _wanted(late, scale) and abs(drift) <= LARGEST_DRIFT
    return stationary and probability < SMALLEST_SPREAD_PROBABILITY


def _wander_apart(groups: Floats) -> bool:
    """Tell whether late halves differ in how far, on average, they are from the mean of their disorder."""
    n_chains, n_sweeps = groups.shape[1:]
    if n_chains == 1:
        return False
    distances = _around_own_means(np.abs(groups[:, :, n_sweeps // 2 :]))
    late = distances.reshape(-1, distances.shape[2])
    if not np.ptp(late, axis=1).any():  # two values at one distance
        return False
    scale = autocorrelation(late, own_means=True).scale
    return n_sweeps >= _wanted(late, scale) and _chance(distances, late, scale) < SMALLEST_SPREAD_PROBABILITY


def _deviations(groups: Floats, scale: float) -> tuple[float, float]:
    """Return the drift in standard errors and the chance that chains of one law differ as much."""
    n_sweeps = groups.shape[2]
    early, late = groups[:, :, : n_sweeps // 4], groups[:, :, n_sweeps // 2 :]
    variance = float(late.var(axis=2, ddof=1).mean())
    drift = (late.mean() - early.mean()) / math.sqrt(variance * scale * (1 / early.size + 1 / late.size))
    return float(drift), _chance(groups, late, scale)


def _chance(groups: Floats, late: Floats, scale: float) -> float:
    """Return the chance that means of chains differ as much from that of their disorder, which is 0."""
    n_groups, n_chains, n_sweeps = groups.shape
    if n_chains == 1:
        return 1.0
    spread = (groups.mean(axis=2) ** 2).sum() / (late.var(axis=-1, ddof=1).mean() * scale / n_sweeps)
    return float(chdtrc(n_groups * (n_chains - 1), spread))
