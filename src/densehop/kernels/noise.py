"""Whether a spin flips, from one uniform random number: cost < T x noise, the noise a quantile of its law.

A table of quantiles brackets the noise; only where the bracket does not decide, one time in hundreds, a logarithm is
taken. A decision is a function of (cost, unit, uniform) alone, the same in every representation.

The Metropolis rule would flip every spin whose flip costs nothing: where many do, as at high temperature, sweeps
alternate between a few states for ever, and on some networks most states are never reached. So it rests: at a share of
the attempts nothing is tried. Then every attempt may leave a spin and may flip it, so that one sweep can lead from any
state to any other and the Boltzmann law is the only stationary one (docs/theory.md, section 7).
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, inlined

LOGISTIC, EXPONENTIAL = 0, 1
N_QUANTILES = 256
REST = 1 / 8  # share of the attempts at which Metropolis dynamics tries nothing


class Noise(NamedTuple):
    """The law of the noise and its quantiles (257,) at 0, 1/256, ..., 1."""

    law: int
    quantiles: Any


def make_noise(law: int) -> Noise:
    """Return the noise of heat-bath (logistic) or Metropolis dynamics (exponential, and minus infinity at rest)."""
    uniform = np.arange(N_QUANTILES + 1) / N_QUANTILES
    with np.errstate(divide="ignore"):
        if law == LOGISTIC:
            return Noise(law, np.log(uniform) - np.log1p(-uniform))
        noise = np.log1p(-REST) - np.log1p(-np.maximum(uniform, REST))
        return Noise(law, np.where(uniform < REST, -np.inf, noise))


@allocation_free
def fill_bounds(noise, unit, row, uniforms, bounds):
    """Set row `row` of bounds (C, F): no attempt flips at a cost that is not below its bound, uniforms (C, F)."""
    for attempt in range(bounds.shape[1]):  # unsigned: no test for an index from the end
        quantile = np.uint64(np.int64(uniforms[row, attempt] * N_QUANTILES)) + np.uint64(1)
        bounds[row, attempt] = unit * noise.quantiles[quantile] if unit > 0 else 0.0


@inlined
def flips(cost, unit, uniform, noise):
    """Tell whether cost < unit * noise, with 0 <= uniform < 1; at unit = 0 whether cost < 0."""
    quantile = np.uint64(np.int64(uniform * N_QUANTILES))  # unsigned: no test for an index from the end
    if cost < unit * noise.quantiles[quantile]:
        return True
    if cost >= unit * noise.quantiles[quantile + np.uint64(1)]:
        return False
    if unit == 0:  # 0 times an infinite quantile decides nothing
        return cost < 0
    if noise.law == LOGISTIC:
        return cost < unit * (np.log(uniform) - np.log1p(-uniform))
    return uniform >= REST and cost < unit * (np.log1p(-REST) - np.log1p(-uniform))
