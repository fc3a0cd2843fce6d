"""How many flips of any signs provably do not change where a state ends, for the dynamics of `DenseAssociativeMemory`.

A flip changes the overlap with each memory by 2. So within r flips of x, with overlaps k_b(x) and a the nearest memory,

    sum_{b != a} w(k_b(x) + 2r) < w(k_a(x) - 2r)

for weights w that rise with the overlap says that one memory outweighs all others together from wherever one starts:
the first step of all sites ends there. This is exact for one other memory, and the exact half distance for large beta.

Strict and power move site by site. There, a site of any state within rho flips of xi has the field of xi's own sites,
less what rho flips can change in the field of each other memory; where that is positive at all sites, one sweep ends
in xi.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d
from scipy.special import logsumexp

from densehop.base.arrays import Floats, Integers, Mask, Signs
from densehop.learn.memory.counting import Counting
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.packing import Words, sign_blocks, unpack_signs, words_at
from densehop.simulate.representations.bit_overlaps import PatternWords

ROUNDING = 2.0**-20  # share that sums of weights may be wrong by in single precision, for each 2^10 memories more


def one_memory_decides(words: PatternWords, interaction: Interaction, states: Words) -> tuple[Integers, Integers]:
    """Return the nearest memories (B,) of states, and how many flips leave them the end (-1: it may not be the end)."""
    tops, nearest, others = Counting(words, states, None).tally()
    own = words_at(words, nearest)
    copies = Counting(words, own, None).tally()[2][:, words.n_spins]
    others[np.arange(len(states)), tops] -= copies
    if interaction.together:
        slack = np.log1p(-ROUNDING * (8 + words.n_patterns / 2**10))
        return nearest, _most(words.n_spins, _together(interaction, tops, others, copies, float(slack)))
    held = _fields_at_memories(words, interaction, unpack_signs(own, words.n_spins))
    return nearest, _most(words.n_spins, _site_by_site(interaction, tops, words, own, held, copies))


def _most(n_sites: int, stands: Callable[[Integers], Mask]) -> Integers:
    """Return the largest number of flips (B,) up to N at which states stand, where fewer flips do no more; -1: none."""
    low = np.where(stands(np.zeros(1, dtype=np.int64)), 0, -1)
    high = np.full(len(low), n_sites + 1, dtype=np.int64)
    while (open_ := high - low > 1).any():
        middle = np.where(open_, (low + high) // 2, np.maximum(low, 0))
        good = stands(middle)
        low, high = np.where(open_ & good, middle, low), np.where(open_ & ~good, middle, high)
    return np.where(low == -1, -1, low)


def _together(
    interaction: Interaction, tops: Integers, others: Integers, copies: Integers, slack: float
) -> Callable[[Integers], Mask]:
    """Return whether one memory outweighs all others within so many flips, (B,)."""
    counts = np.arange(interaction.n_sites + 1)
    logs = interaction.log_weights(2.0 * counts - interaction.n_sites)
    with np.errstate(divide="ignore"):
        log_others = np.log(others)

    def stands(flips: Integers) -> Mask:
        nearer = np.minimum(counts + flips[:, None], interaction.n_sites)
        own = logs[np.maximum(tops - flips, 0)]
        with np.errstate(invalid="ignore", divide="ignore"):
            sums = logsumexp(log_others + logs[nearer], axis=1)
        wins: Mask = (sums < np.log(copies) + own + slack) & (own > -np.inf)
        return wins

    return stands


def _fields_at_memories(words: PatternWords, interaction: Interaction, own: Signs) -> Floats:
    """Return xi_i h_i of memories (B, N) among all, up to a factor: the sum over memories of what agreement gains."""
    held = np.zeros(own.shape)
    signs, steps = own.astype(np.float64), interaction.steps
    for _, block in sign_blocks(words):
        agree = np.rint((signs @ block.T.astype(np.float64) + interaction.n_sites) / 2).astype(np.int64)
        gained, lost = steps[np.maximum(agree - 1, 0)], steps[np.minimum(agree, len(steps) - 1)]
        held += (gained + lost) / 2 @ block.astype(np.float64) * signs
        held += ((gained - lost) / 2).sum(axis=1, keepdims=True)
    return held


def _site_by_site(
    interaction: Interaction, tops: Integers, words: PatternWords, own: Words, held: Floats, copies: Integers
) -> Callable[[Integers], Mask]:
    """Return whether all sites within so many flips are drawn to the nearest memory, (B,)."""
    steps, n_sites = interaction.steps, interaction.n_sites
    beside = Counting(words, own, None).tally()[2]
    beside[:, n_sites] -= copies
    others = held.min(axis=1) - copies * steps[-1]
    size = np.abs(steps).max() * words.n_patterns

    def stands(flips: Integers) -> Mask:
        distances = np.broadcast_to(n_sites - tops + flips, tops.shape)
        drawn = np.zeros(len(tops), dtype=bool)
        for distance in np.unique(distances[distances < n_sites]):
            rows = distances == distance
            change = _largest_change(steps, int(distance))
            around = np.maximum(np.append(change, change[-1]), np.insert(change, 0, change[0]))
            least = steps[n_sites - 1 - distance :].min()
            margin = others[rows] + copies[rows] * least - beside[rows] @ around
            drawn[rows] = margin > ROUNDING * size
        return drawn

    return stands


def _largest_change(steps: Floats, distance: int) -> Floats:
    """Return by how much each entry differs at most from those up to a distance away."""
    size = 2 * distance + 1
    high, low = maximum_filter1d(steps, size, mode="nearest"), minimum_filter1d(steps, size, mode="nearest")
    change: Floats = np.maximum(high - steps, steps - low)
    return change
