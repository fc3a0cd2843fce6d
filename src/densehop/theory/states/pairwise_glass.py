"""Where the search for the 1RSB spin glass of p = 2 starts: close to it at every load and temperature."""

import math
from collections.abc import Iterator

from densehop.theory.states import one_step, site
from densehop.theory.states.noise import Noise
from densehop.theory.states.one_step import Fields


def nearby(noise: Noise, load: float, temperature: float, mean: float, variance: float) -> Iterator[Fields]:
    """Yield starts around the replica-symmetric glass with fields of this variance, whose mean is 0.

    Just below T_g two thirds of the variance are a state's own, and x = (4/3) q s/(1 + s) with s = sqrt(M/N); further
    down both follow q and chi, whatever the load. All this was read off from solutions, and is only where to start.
    """
    here, s = site.average(mean, math.sqrt(variance), temperature), math.sqrt(load / 2)
    outer = (1 + 0.9 * here.square**2) / 3 * variance
    yield Fields(mean, outer, variance - outer, 4 / 3 * here.square * s / (1 + s) * here.susceptibility)
    yield from one_step.starts_from(noise, load, temperature, mean, variance)
