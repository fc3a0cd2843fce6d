"""How many more codes a strict network can store, measured: by damage to its memories and single-spin dynamics."""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Signs
from densehop.base.streams import Seed, seed_sequence
from densehop.errors import InvalidInput
from densehop.network import PBodyHopfield

RETRIEVED = 0.95  # overlap with the memory from which it counts as retrieved
TRIALS = 100
MOST = 2**15  # codes stored besides
CLOSE = 0.03  # relative width at which the search ends


@dataclass(frozen=True)
class Room:
    """What survives now, and how many random codes may come besides.

    Attributes
    ----------
    damage : float, share of signs flipped, exactly, at random places
    survival : float, share of memories that come back from it now (overlap >= 0.95)
    wanted : float, share that is to come back
    n_more : int, random codes that fit besides until fewer than `wanted` of the present memories come back; 0: none
    at_least : bool, whether the search ended at its own limit, so that `n_more` is a lower bound
    """

    damage: float
    survival: float
    wanted: float
    n_more: int
    at_least: bool


def measured_room(signs: Signs, p: int, damage: float, wanted: float, seed: Seed) -> Room:
    """Return the room that memories (M, N) leave, by doubling the number of further codes and then halving the step."""
    random = np.random.default_rng(seed_sequence(seed, 1))
    rows = random.permutation(len(signs))[:TRIALS]
    ranks = random.random((len(rows), signs.shape[1])).argsort(axis=1)
    damaged = np.where(ranks < round(damage * signs.shape[1]), -signs[rows], signs[rows])
    further = random.choice(np.array([-1, 1], dtype=np.int8), (MOST, signs.shape[1]))

    def survival(n_more: int) -> float:
        try:
            network = PBodyHopfield(np.vstack([signs, further[:n_more]]), p)
        except InvalidInput:  # beyond exact integers
            return 0.0
        overlaps = (network.relax(damaged) * signs[rows]).mean(axis=1)
        return float((overlaps >= RETRIEVED).mean())

    now = survival(0)
    if now < wanted:
        return Room(damage, now, wanted, 0, at_least=False)
    good, bad = 0, max(len(signs) // 8, 4)
    while bad <= MOST and survival(bad) >= wanted:
        good, bad = bad, 2 * bad
    if bad > MOST:
        return Room(damage, now, wanted, good, at_least=True)
    while bad - good > max(1, CLOSE * (len(signs) + good)):
        middle = (good + bad) // 2
        good, bad = (middle, bad) if survival(middle) >= wanted else (good, middle)
    return Room(damage, now, wanted, good, at_least=False)
