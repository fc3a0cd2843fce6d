"""The overwrite attack on memories: another memory replaces part of one, and the network decides between them.

A memory whose randomly chosen fraction eps of sites is overwritten by another one relaxes at T = 0. For p >= 3, random
memories and little load it comes back below eps* and falls into the intruder above (docs/theory.md, eq. 49 with
lambda = 1, since a memory is its own signal: eps* = 1/2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Seed, seed_sequence
from densehop.errors import InvalidInput
from densehop.learn.memory.estimator import DenseAssociativeMemory
from densehop.learn.memory.interactions import Interaction

STEPS = 5  # of all sites at once, that a prediction follows
RETRIEVED = 0.95  # overlap with the memory from which it counts as retrieved


@dataclass(frozen=True, eq=False)
class OverwriteCurve:
    """What became of attacked memories, for each of S fractions.

    Attributes
    ----------
    fraction : (S,), eps, of sites overwritten
    overlap, intruder_overlap : (S,), mean overlaps per spin with the memory and with the intruder
    retrieved, error : (S,), share of memories that came back (overlap >= 0.95), and its standard error
    fails_at : float, fraction at which half of them come back, interpolated; 0: fewer do unattacked; nan: always
    n_trials : int
    """

    fraction: Floats
    overlap: Floats
    intruder_overlap: Floats
    retrieved: Floats
    error: Floats
    fails_at: float
    n_trials: int


def overwrite_attack(
    memory: DenseAssociativeMemory, fractions: Sequence[float], n_trials: int = 100, seed: Seed = 0
) -> OverwriteCurve:
    """Attack stored signs: each trial draws a memory and an intruder, the same pairs and sites for all fractions.

    A site overwritten at one fraction is so at every larger one.

    Raises
    ------
    InvalidInput
        If the memory holds real values or fewer than two memories, or a fraction is not within [0, 1].
    """
    signs = memory.memories_
    if memory.encoding_.kind != "binary" or len(signs) < 2:
        raise InvalidInput("the overwrite attack needs at least two memories of signs: encoding='binary'")
    wanted = np.sort(np.asarray(fractions, dtype=np.float64))
    if wanted.ndim != 1 or not len(wanted) or not ((wanted >= 0) & (wanted <= 1)).all():
        raise InvalidInput(f"fractions must be numbers from 0 to 1, got {checks.shown(fractions)}")
    checks.integer("n_trials", n_trials, 1)
    random = np.random.default_rng(seed_sequence(seed))
    own = random.integers(len(signs), size=n_trials)
    other = (own + random.integers(1, len(signs), size=n_trials)) % len(signs)
    ranks = random.random((n_trials, signs.shape[1])).argsort(axis=1)
    results = []
    for fraction in [0.0, *wanted]:  # without attack, for where half of them fall below the first fraction
        replaced = ranks < round(fraction * signs.shape[1])
        state = np.where(replaced, signs[other], signs[own])
        ended = memory.encoding_.encode(memory.transform(memory.encoding_.decode(state)))
        with_own, with_other = (ended * signs[own]).mean(axis=1), (ended * signs[other]).mean(axis=1)
        results.append((with_own.mean(), with_other.mean(), (with_own >= RETRIEVED).mean()))
    fails_at = crossing(np.array([0.0, *wanted]), np.array(results)[:, 2])
    overlap, intruder, retrieved = np.array(results[1:]).T
    error = np.sqrt(retrieved * (1 - retrieved) / n_trials)
    return OverwriteCurve(wanted, overlap, intruder, retrieved, error, fails_at, n_trials)


def crossing(fraction: Floats, share: Floats) -> float:
    """Return where a falling share first crosses one half; nan if it does not, 0 if it starts below."""
    below = np.flatnonzero(share < 0.5)
    if not len(below):
        return float("nan")
    if below[0] == 0:
        return 0.0
    after = below[0]
    before = after - 1
    step = (share[before] - 0.5) / (share[before] - share[after])
    return float(fraction[before] + step * (fraction[after] - fraction[before]))


def predicted_attack(
    signs: Signs, interaction: Interaction, fractions: Floats, n_trials: int, seed: Seed = 0
) -> Floats:
    """Return the share of memories (M, N) that is predicted to be retrieved after each fraction is overwritten.

    The state has its mean overlap (1 - eps) G + eps G' with each memory, G and G' the overlaps of the memory and the
    intruder with it; the sites' fields follow from these overlaps.
    """
    random = np.random.default_rng(seed_sequence(seed))
    wide, n_sites = signs.astype(np.float32), interaction.n_sites
    found = np.zeros(len(fractions))
    for _ in range(n_trials):
        own, other = random.choice(len(signs), 2, replace=False)
        overlaps = wide @ wide[[own, other]].T
        mean = overlaps @ np.stack([1 - fractions, fractions])
        for _ in range(STEPS):
            if interaction.additive:
                weights = np.interp((mean + n_sites) / 2, np.arange(n_sites) + 0.5, interaction.steps)
            else:
                weights = np.exp(interaction.beta * (mean - mean.max(axis=0)))
            ended = np.where(weights.T @ wide < 0, -1, 1)
            mean = wide @ ended.T.astype(np.float32)
        found += (ended * signs[own]).mean(axis=1) >= RETRIEVED
    return found / n_trials
