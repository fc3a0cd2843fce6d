"""Where the search for the 1RSB spin glass of p = 2 starts: close to it at every load and temperature."""

import math
from collections.abc import Iterator

from densehop.theory import one_step
from densehop.theory.one_step import Fields
from densehop.theory.pairwise import State, WishartNoise


def starts(plain: State, load: float, temperature: float) -> Iterator[Fields]:
    """Yield starts around the replica-symmetric glass.

    Just below T_g states share a third of the field's variance and x = (4/3) q s/(1 + s), s = sqrt(M/N); for many
    memories that is the Sherrington-Kirkpatrick model (Parisi, J. Phys. A 13, 1101, 1980). Both depend little on
    anything but q further down. The limit was read off from solutions, as was the rest: it is only where to start.
    """
    s, q = math.sqrt(load / 2), plain.site.square
    outer = (1 + 0.9 * q**2) / 3 * plain.variance
    yield Fields(0.0, outer, plain.variance - outer, 4 / 3 * q * s / (1 + s) * plain.site.susceptibility)
    yield from one_step.starts_from(WishartNoise(), load, temperature, 0.0, plain.variance)
