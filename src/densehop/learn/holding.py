"""Which energies hold given memories of signs: measured, the mildest of each kind at which they are fixed points."""

import math
from dataclasses import dataclass

from densehop.base.arrays import Signs
from densehop.learn.location import drive
from densehop.learn.memory.interactions import Interaction
from densehop.learn.room import ends

MOST_BODIES = 16
SHARPNESS = (1e-3, 10.0)  # at the upper end a difference of one site decides
CLOSE = 1.1  # ratio at which the search for the sharpness ends
AT_MOST = 300  # memories that are asked about


@dataclass(frozen=True)
class Holding:
    """The mildest energies at which enough memories are fixed points at T = 0.

    Attributes
    ----------
    p : int or None, of the strict energy; None if none up to 16 holds them
    sharpness : float or None, of the exponential energy, to 10%; None if none up to 10 holds them
    """

    p: int | None
    sharpness: float | None


def holding(signs: Signs, wanted: float = 0.95) -> Holding:
    """Return which strict and which exponential energy hold a share `wanted` of memories (M, N) of signs."""
    n_sites = signs.shape[1]
    sample = signs[:: -(-len(signs) // AT_MOST)]

    def strict_holds(p: int) -> bool:
        stable = drive(signs, sample, Interaction("strict", p, 1.0, n_sites)) >= 0
        return float(stable.all(axis=1).mean()) >= wanted

    def exponential_holds(sharpness: float) -> bool:
        ended = ends(signs, Interaction("exponential", 3, sharpness, n_sites), sample)
        return float((ended == sample).all(axis=1).mean()) >= wanted

    p = next((n_bodies for n_bodies in range(2, min(MOST_BODIES, n_sites) + 1) if strict_holds(n_bodies)), None)
    low, high = SHARPNESS
    if not exponential_holds(high):
        return Holding(p, None)
    while high > CLOSE * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if exponential_holds(middle) else (middle, high)
    return Holding(p, high)
