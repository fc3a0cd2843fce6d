"""The 1RSB spin glass of p = 2: where the search for it starts, close to it at every load and temperature."""

import math
from collections.abc import Iterator

from densehop.theory.models.pairwise import states
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import one_step, site
from densehop.theory.states.noise import Noise
from densehop.theory.states.one_step import BrokenState, Fields

SCARCE = 1e-3  # load below which the glass is reached from this load
FEWER = 4.0  # times fewer memories a step on the way


def broken(load: float, temperature: float, variance: float) -> BrokenState:
    """Return the 1RSB glass next to the replica-symmetric one with fields of this variance.

    At small load it is reached from a larger one: y falls as the root of the load, and the fields hardly change.
    """
    noise = WishartNoise()
    if load >= SCARCE:
        return one_step.solve(noise, load, temperature, nearby(noise, load, temperature, 0.0, variance))
    solution = broken(SCARCE, temperature, states.spin_glass(SCARCE, temperature).variance)
    while solution.load > load:
        smaller = max(solution.load / FEWER, load)
        start = solution.fields._replace(tilt=solution.fields.tilt * math.sqrt(smaller / solution.load))
        solution = one_step.solve(noise, smaller, temperature, [start])
    return solution


def moved(fields: Fields, load: float, to: float) -> Fields:
    """Return about the fields at another load and the same T/T_g: a ~ T_g^2 and y ~ s/T_g^2, s = sqrt(M/N)."""
    s, other = math.sqrt(to / 2), math.sqrt(load / 2)
    ratio = ((1 + s) / (1 + other)) ** 2
    tilt = fields.tilt * s / other / ratio
    return Fields(fields.mean, fields.outer * ratio, fields.added * ratio, tilt)


def nearby(noise: Noise, load: float, temperature: float, mean: float, variance: float) -> Iterator[Fields]:
    """Yield starts around the replica-symmetric glass with fields of this variance, whose mean is 0.

    Just below T_g two thirds of the variance are a state's own, and x = (4/3) q s/(1 + s) with s = sqrt(M/N); further
    down both follow q and chi, whatever the load. These numbers were read off from solutions, and only say where to
    start.
    """
    spin, s = site.average(mean, math.sqrt(variance), temperature), math.sqrt(load / 2)
    outer = (1 + 0.9 * spin.square**2) / 3 * variance
    yield Fields(mean, outer, variance - outer, 4 / 3 * spin.square * s / (1 + s) * spin.susceptibility)
    yield from one_step.starts_from(noise, load, temperature, mean, variance)
