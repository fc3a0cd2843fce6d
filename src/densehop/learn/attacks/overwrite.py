"""The overwrite attack on memories: another memory replaces part of one, and the network decides between them.

A memory whose randomly chosen fraction eps of sites is overwritten by another one relaxes at T = 0. For p >= 3, random
memories and little load it comes back below eps* and falls into the intruder above (docs/theory.md, eq. 49 with
lambda = 1, since a memory is its own signal: eps* = 1/2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.base.arrays import Floats, Mask, Reals, Signs
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
    intruder with it; the sites' fields follow from these overlaps, without what a site does to itself.
    """
    random = np.random.default_rng(seed_sequence(seed))
    retrieved = np.zeros(len(fractions))
    for _ in range(n_trials):
        own, other = signs[random.choice(len(signs), 2, replace=False)]
        retrieved += _ends_at(signs, interaction, np.outer(1 - fractions, own) + np.outer(fractions, other), own)
    return retrieved / n_trials


def predicted_return(signs: Signs, interaction: Interaction, damage: float, n_trials: int, seed: Seed = 0) -> float:
    """Return the share of memories (M, N) that is predicted to come back from this share of flipped signs.

    From these memories' overlaps with each other, as `predicted_attack`: the mean damaged state has (1 - 2 damage) G.
    """
    rows = np.random.default_rng(seed_sequence(seed)).permutation(len(signs))[:n_trials]
    back = [_ends_at(signs, interaction, (1 - 2 * damage) * signs[[row]], signs[row])[0] for row in rows]
    return float(np.mean(back))


def _ends_at(signs: Signs, interaction: Interaction, means: Reals, own: Signs) -> Mask:
    """Return whether states of mean values (F, N) end at a memory (N,), by a few steps of all sites."""
    wide, values = signs.astype(np.float32), means.astype(np.float32)
    for _ in range(STEPS):
        weights, back = _weights(interaction, wide @ values.T)
        values = np.where(weights.T @ wide - back[:, None] * values < 0, -1, 1).astype(np.float32)
    retrieved: Mask = (values * own).mean(axis=1) >= RETRIEVED
    return retrieved


def _weights(interaction: Interaction, overlaps: Reals) -> tuple[Reals, Floats]:
    """Return the weights (M, F) of memories at overlaps k (M, F), and by how much they hold a site as it is, (F,).

    No single flip lowers the energy where states end, and a site that flips alone sees the weights at k - 1 of memories
    that it agrees with and at k + 1 of the others.
    """
    if interaction.additive:
        # steps[c] is the gain from c to c + 1 agreeing sites, so it belongs to c + 1/2; overlaps of means lie between.
        agreements = (overlaps + interaction.n_sites) / 2
        nodes = np.arange(interaction.n_sites) + 0.5
        below, above = (np.interp(agreements + half, nodes, interaction.steps) for half in (-0.5, 0.5))
    else:
        largest = overlaps.max(axis=0)
        below, above = (np.exp(interaction.beta * (overlaps - largest + flip)) for flip in (-1, 1))
    return (below + above) / 2, (above - below).sum(axis=0) / 2
