"""States without a chain: exponential energies at the temperature at which their weights factorise."""

import math

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Signs
from densehop.base.streams import Purpose, Seed, generator

EXACT = 4  # the stream among those of starts, whose kinds are 1 to 3
AT_ONCE = 1024  # states that share a stream


def draw_exactly(patterns: ArrayLike, sharpness: float, n_states: int = 1, seed: Seed = 0) -> Signs:
    """Return independent states (n_states, N) of the exponential energy at T = 1/L (docs/theory.md, eq. 102).

    There exp(-E/T) = sum_a prod_i exp(L xi_ia s_i): a state is a pattern, chosen at random, each site of which is
    flipped with probability 1/(1 + exp(2L)). A larger n_states begins with the states of a smaller one.

    Parameters
    ----------
    patterns : (M, N) of +-1
    sharpness : float
        L > 0 of `PBodyHopfield(patterns, interaction="exponential", sharpness=L)`.
    n_states : int
    seed : int or SeedSequence

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    stored = checks.signs("patterns", patterns, ("M", "N"))
    sharpness = checks.number("sharpness", sharpness)
    n_states = checks.integer("n_states", n_states, 1)
    checks.memory(f"drawing {n_states} states", 2 * n_states * stored.shape[1] + 9 * AT_ONCE * stored.shape[1])
    states = np.empty((n_states, stored.shape[1]), dtype=np.int8)
    flip = math.exp(-2 * sharpness) / (1 + math.exp(-2 * sharpness))
    for block, first in enumerate(range(0, n_states, AT_ONCE)):
        stream = generator(seed, Purpose.START, EXACT, block)
        chosen = stored[stream.integers(0, len(stored), AT_ONCE)]
        drawn = np.where(stream.random(chosen.shape) < flip, -chosen, chosen)
        states[first : first + AT_ONCE] = drawn[: n_states - first]
    return states
