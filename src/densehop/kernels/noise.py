"""Whether a spin flips, from one uniform random number: cost < T x noise, the noise a quantile of its law.

A table of quantiles brackets the noise; only where the bracket does not decide, one time in hundreds, a logarithm is
taken. A decision is a function of (cost, unit, uniform) alone, the same in every representation.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import inlined

LOGISTIC, EXPONENTIAL = 0, 1
N_QUANTILES = 256


class Noise(NamedTuple):
    """The law of the noise and its quantiles (257,) at 0, 1/256, ..., 1."""

    law: int
    quantiles: Any


def make_noise(law: int) -> Noise:
    """Return the noise of heat-bath (logistic) or Metropolis (exponential) dynamics."""
    uniform = np.arange(N_QUANTILES + 1) / N_QUANTILES
    with np.errstate(divide="ignore"):
        logistic = law == LOGISTIC
        return Noise(law, np.log(uniform) - np.log1p(-uniform) if logistic else -np.log1p(-uniform))


@inlined
def flips(cost, unit, uniform, noise):
    """Tell whether cost < unit * noise, with 0 <= uniform < 1; at unit = 0 whether cost < 0."""
    place = np.int64(uniform * N_QUANTILES)
    if cost >= unit * noise.quantiles[place + 1]:
        return False
    if cost < unit * noise.quantiles[place]:
        return True
    if unit == 0:  # 0 times an infinite quantile decides nothing
        return cost < 0
    quantile = -np.log1p(-uniform)
    if noise.law == LOGISTIC:
        quantile += np.log(uniform)
    return cost < unit * quantile
