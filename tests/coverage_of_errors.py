"""Coverage of error bars: series whose mean is known, and how often intervals hold it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.special import ndtr

from densehop.diagnostics.time_averages import time_average

Floats = npt.NDArray[np.float64]
Kind = Callable[[np.random.Generator, int, int, float], Floats]
GAUSSIAN = math.erf(math.sqrt(0.5))


def autoregressive(rng: np.random.Generator, n_chains: int, n_sweeps: int, tau: float) -> Floats:
    """Return stationary Gaussian chains of mean 0, variance 1 and autocorrelation time tau >= 1."""
    return _filtered(rng, n_chains, n_sweeps, (tau - 1) / (tau + 1))


def alternating(rng: np.random.Generator, n_chains: int, n_sweeps: int, tau: float) -> Floats:
    """Return chains whose correlation has alternating signs and decays as that of `autoregressive`."""
    return _filtered(rng, n_chains, n_sweeps, -(tau - 1) / (tau + 1))


def heavy_tailed(rng: np.random.Generator, n_chains: int, n_sweeps: int, tau: float) -> Floats:
    """Return chains of Student's t with 4 degrees of freedom, mean 0; the quantile is Shaw's (2006)."""
    uniform = np.clip(ndtr(autoregressive(rng, n_chains, n_sweeps, tau)), 1e-15, 1 - 1e-15)
    root = np.sqrt(4 * uniform * (1 - uniform))
    quantile = 2 * np.sqrt(np.maximum(np.cos(np.arccos(root) / 3) / root - 1, 0))
    return np.asarray(np.sign(uniform - 0.5) * quantile)


def skewed(rng: np.random.Generator, n_chains: int, n_sweeps: int, tau: float) -> Floats:
    """Return log-normal chains, shifted to mean 0; their skewness is 6.2."""
    return np.exp(autoregressive(rng, n_chains, n_sweeps, tau) - 0.5) - 1


def two_state(rng: np.random.Generator, n_chains: int, n_sweeps: int, tau: float, share: float = 0.5) -> Floats:
    """Return chains that are in one of two states, in the upper one for a share of the time; mean 0."""
    memory = (tau - 1) / (tau + 1)
    drawn = rng.random((n_chains, n_sweeps)) >= memory
    drawn[:, 0] = True
    upper = rng.random((n_chains, n_sweeps)) < share
    last = np.maximum.accumulate(np.where(drawn, np.arange(n_sweeps), 0), axis=1)
    return np.take_along_axis(upper, last, axis=1) - share


def rare_state(rng: np.random.Generator, n_chains: int, n_sweeps: int, tau: float) -> Floats:
    """Return two-state chains that spend a tenth of the time in the upper state."""
    return two_state(rng, n_chains, n_sweeps, tau, 0.1)


def _filtered(rng: np.random.Generator, n_chains: int, n_sweeps: int, memory: float) -> Floats:
    noise = rng.standard_normal((n_chains, n_sweeps)) * math.sqrt(1 - memory**2)
    before = memory * rng.standard_normal((n_chains, 1))
    return np.asarray(lfilter([1], [1, -memory], noise, axis=1, zi=before)[0])


KINDS: dict[str, Kind] = {
    "AR(1)": autoregressive,
    "two states": two_state,
    "rare state": rare_state,
    "heavy tails": heavy_tailed,
    "skewed": skewed,
    "alternating": alternating,
}


@dataclass(frozen=True)
class Coverage:
    """How often mean +- error and the 95% interval hold the truth, among series that have an error."""

    n_series: int
    n_known: int
    n_one: int
    n_two: int

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def known(self) -> float:
        """The share that has an error."""
        return self.n_known / self.n_series

    @property
    def rates(self) -> tuple[float, float]:
        """The shares of one error (nominal 68.3%) and of 95% intervals."""
        return (self.n_one / self.n_known, self.n_two / self.n_known) if self.n_known else (math.nan, math.nan)


def coverage(series: Iterator[Floats], truth: float = 0.0) -> Coverage:
    """Count over independent series (chain, sweep)."""
    counts = np.zeros(4, dtype=int)
    for one in series:
        average = time_average(one)
        low, high = average.interval(0.95)
        inside = abs(average.mean - truth) <= average.error, low <= truth <= high
        counts += np.array([1, math.isfinite(average.error), *inside])
    return Coverage(*counts.tolist())


def synthetic(kind: str, n_chains: int, length: float, tau: float, n_series: int, seed: int) -> Coverage:
    """Count over series of `length` autocorrelation times; alternating ones are as long as their memory."""
    rng = np.random.default_rng([seed, n_chains, round(100 * length), round(100 * tau)])
    n_sweeps = max(2, round(length * tau))
    return coverage(KINDS[kind](rng, n_chains, n_sweeps, tau) for _ in range(n_series))
