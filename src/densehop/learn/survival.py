"""What share of random codes survives damage at a given N: signal and noise of one site, step by step.

A code of N signs of which a fraction f is flipped sees its own memory's field, which pulls every site back, and those
of the M - 1 others, whose overlaps with it are binomial. Both follow from the table of the energy at this N; no limit
is taken. The others' fields are summed up to those that a typical state meets (where one memory in M comes that close);
that a closer one is among them is the second way to lose a code. The part of the others' field that is linear in their
overlaps (all of it for p = 2) grows by what it did before (Amari & Maginu 1988).
"""

import numpy as np
from scipy.special import erf
from scipy.stats import binom

from densehop.base.arrays import Floats
from densehop.learn.memory.interactions import Interaction

RETRIEVED = 0.95  # overlap with the memory from which it counts as retrieved
STEPS = 100  # of the dynamics, by which overlaps have settled
REMEMBERED = 0.3  # linear share of the noise from which on what it did before counts
TYPICAL = np.log(2)  # memories as close: half of all states meet one
LARGEST = 2**62  # memories up to which room is looked for


def predicted_survival(interaction: Interaction, n_memories: int, damage: float, overlap: float = RETRIEVED) -> float:
    """Return the share of random codes that end at this overlap or above from this share of flipped signs."""
    n_sites = interaction.n_sites
    start = 1 - 2 * round(damage * n_sites) / n_sites
    field = _Field(interaction, n_memories, start)
    errors = np.arange(n_sites + 1)
    if start == 1 or field.linear > REMEMBERED:  # the mean of all states
        states, chances = np.array([start]), np.ones(1)
    else:  # by how many signs are wrong after the first step
        states = 1 - 2 * errors / n_sites
        chances = binom.pmf(errors, n_sites, (1 - field.right(np.array([start]))[0]) / 2)
    back = binom.cdf(np.floor((1 - overlap) / 2 * n_sites + 1e-9), n_sites, (1 - field.ends(states)) / 2)
    return float((chances * back).sum() * np.exp(-field.closer))


def predicted_room(interaction: Interaction, n_memories: int, damage: float, wanted: float) -> int:
    """Return how many random codes may come besides so that `wanted` survive; negative: so many are too many."""
    low, high = 0, 1
    while high < LARGEST and predicted_survival(interaction, high, damage) >= wanted:
        low, high = high, 2 * high
    while high - low > max(1, low // 1000):
        middle = (low + high) // 2
        good = predicted_survival(interaction, middle, damage) >= wanted
        low, high = (middle, high) if good else (low, middle)
    return low - n_memories


class _Field:
    """Signal and noise of a site, by how many of the other N - 1 sites agree with a memory.

    `closer` is the mean number of others that pull at least as strongly as the own memory does at the start.
    """

    def __init__(self, interaction: Interaction, n_memories: int, start: float) -> None:
        others = interaction.n_sites - 1
        self.agreements = np.arange(others + 1)
        if interaction.additive:
            weights = interaction.steps
            with np.errstate(divide="ignore"):
                self.logs, self.signs = np.log(np.abs(weights)), np.sign(weights)
        else:
            self.logs, self.signs = interaction.beta * (2.0 * self.agreements - others), np.ones(others + 1)
        self.number = max(n_memories - 1, 0)
        self.law: Floats = binom.logpmf(self.agreements, others, 0.5)
        agree = round((1 + start) / 2 * interaction.n_sites)  # one less of the others, where the site itself agrees
        pulls = self.logs[[max(agree - 1, 0), min(agree, others)]] - 1e-9
        as_strong = [float(np.exp(self.law[self.logs >= pull]).sum()) for pull in pulls]
        own, self.closer = float(pulls[0]), self.number * sum(as_strong) / 2
        self.noise, self.linear = self._noise(own)

    def _noise(self, own: float) -> tuple[float, float]:
        """Return the log variance of the others' field in a typical state, and the share linear in overlaps."""
        order = np.argsort(-self.logs, kind="stable")
        as_large = np.exp(np.logaddexp.accumulate(self.law[order])) * self.number
        # What a typical state meets; weights as large as the own memory's are counted by `closer`.
        common = order[(as_large >= TYPICAL) & (self.logs[order] < own)]
        largest = self.logs[common].max(initial=-np.inf)
        if largest == -np.inf:
            return -np.inf, 0.0
        weights, chances = self.signs[common] * np.exp(self.logs[common] - largest), np.exp(self.law[common])
        overlaps = 2.0 * self.agreements[common] - len(self.agreements) + 1
        square = (chances * weights**2).sum()
        # The squared correlation of a memory's weight with its overlap.
        linear = (chances * weights * overlaps).sum() ** 2 / ((chances * overlaps**2).sum() * square)
        return float(np.log(self.number * square) + 2 * largest), float(linear)

    def right(self, overlaps: Floats, noise: Floats | float | None = None) -> Floats:
        """Return the mean of the signs that fields have (1: all right), where a state has these overlaps per spin."""
        agreement = np.clip((1 + overlaps) / 2, 0, 1) * (len(self.agreements) - 1)
        logs = np.interp(agreement, self.agreements, np.maximum(self.logs, -1e5))
        signs = self.signs[np.rint(agreement).astype(np.int64)]
        ratio = np.exp(np.minimum(logs - (self.noise if noise is None else noise) / 2, 50))
        means: Floats = signs * erf(ratio / np.sqrt(2))
        return means

    def ends(self, overlaps: Floats) -> Floats:
        """Return the overlaps where states end."""
        if not np.isfinite(self.noise):
            return np.ones(len(overlaps))
        if self.linear <= REMEMBERED:
            for _ in range(STEPS):
                overlaps = self.right(overlaps)
            return overlaps
        load = np.exp(self.noise - 2 * self.logs[-1])  # in units of a memory's own field
        squares = np.full(len(overlaps), load)
        for _ in range(STEPS):
            after = self.right(overlaps, np.log(squares) + 2 * self.logs[-1])
            slope = np.sqrt(2 / np.pi / squares) * np.exp(-(overlaps**2) / (2 * squares))
            squares = load + self.linear * (squares * slope**2 + 2 * load * overlaps * after * slope)
            overlaps = after
        return overlaps
