"""The motion of states towards memories: all sites at once, or site by site at any temperature; known sites stay.

States are arrays (B, N), memories (M, N), `free` (B, N) tells which sites may move (None: all). Hidden sites start at 0
and take no part until they have moved; `present` (B, N) tells which sites are not hidden (None: none is).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Mask, Reals
from densehop.kernels.recall import equal_within
from densehop.learn.memory.interactions import Interaction, log_sum_exp, partial_fields
from densehop.learn.memory.saddles import TOLERANCE, leave_saddles

SINGLE = 64  # roundings by which a balanced field may differ from 0, where products are in single precision


@dataclass(frozen=True)
class Motion:
    """Where states (B, N) ended, and after how many steps or sweeps.

    settled (B,): no single change lowers the energy any more; at_rest (B,): more such steps would change nothing.
    """

    states: Reals
    n_steps: int
    settled: Mask
    at_rest: Mask

    @classmethod
    def join(cls, parts: "Sequence[Motion]") -> "Motion":
        """Return one of the states of all parts."""
        return cls(
            np.concatenate([part.states for part in parts]),
            max(part.n_steps for part in parts),
            np.concatenate([part.settled for part in parts]),
            np.concatenate([part.at_rest for part in parts]),
        )


def relax_together(
    interaction: Interaction,
    memories: Reals,
    states: Reals,
    free: Mask | None,
    present: Mask | None,
    max_steps: int,
    *,
    real: bool,
) -> Motion:
    """Move all free sites at once to the minimum of the energy's tangent; no step raises the energy.

    Spins go to the sign of their field (none: they stay, hidden ones go to +1), real values to the weighted mean of the
    memories. The first step sees the known sites only. None for `free` or `present`: all sites are. Spins at rest may
    still have a flip that lowers the energy; real values leave the saddles that they come to rest at.
    """
    states = states.copy()
    at_rest, settled = np.zeros((2, len(states)), dtype=bool)
    moving = np.arange(len(states))
    norms = _norms(memories) if real else None
    n_steps = 0
    while n_steps < max_steps and len(moving):
        current = states[moving]
        seen = present[moving] if present is not None and n_steps == 0 else None
        free_here = None if free is None else free[moving]
        overlaps = current @ memories.T
        target = _target(interaction, memories, norms, current, overlaps.copy(), seen)
        after = target if free_here is None else np.where(free_here, target, current)
        still = np.abs(after - current).max(axis=1) <= (TOLERANCE if real else 0)
        if norms is not None:
            still[still] = ~leave_saddles(interaction, memories, norms, after, free_here, np.flatnonzero(still))
            settled[moving] = still
        else:
            settled[moving[still]] = interaction.surely_lowest(overlaps[still])
        states[moving] = after
        at_rest[moving] = still
        moving = moving[~still]
        n_steps += 1
    return Motion(states, n_steps, settled, at_rest)


def _norms(memories: Reals) -> Reals:
    """Return |xi|^2 of each memory, (M,)."""
    norms: Reals = np.einsum("mi,mi->m", memories, memories)
    return norms


def _target(
    interaction: Interaction,
    memories: Reals,
    norms: Reals | None,
    current: Reals,
    overlaps: Reals,
    present: Mask | None,
) -> Reals:
    """Return where states go; sites that are not present do not count, and `norms` tell real values from spins."""
    if norms is None:
        weights = interaction.weights(overlaps)
        target = _blend(weights, memories, alone=2.0)
        rounding = max(equal_within(len(memories)), SINGLE * float(np.finfo(weights.dtype).eps))
        balanced = np.abs(target) <= rounding * weights.sum(axis=1, keepdims=True)
        return np.where(balanced, np.where(current == 0, 1, current), np.sign(target)).astype(current.dtype)
    # for real values the distance instead of the overlap: they differ where memories have different norms
    overlaps -= (norms if present is None or present.all() else _partial_norms(memories, norms, present)) / 2
    weights = interaction.weights(overlaps)
    weights /= weights.sum(axis=1, keepdims=True)
    return _blend(weights, memories, alone=1.0)


def _partial_norms(memories: Reals, norms: Reals, present: Mask) -> Reals:
    """Return |xi|^2 over the sites that are present, (B, M)."""
    if (np.abs(memories) == 1).all():
        counted: Reals = present.sum(axis=1, keepdims=True).astype(norms.dtype)
        return counted
    seen: Reals = present.astype(memories.dtype) @ (memories**2).T
    return seen


def _blend(weights: Reals, memories: Reals, alone: float) -> Reals:
    """Return weights @ memories, but the nearest memory itself where its weight leaves others none to speak of.

    That is where weights add up to less than `alone`: 2 for signs, if the largest is 1. At 1, weights add up to 1 and
    the largest must be 1 to rounding.
    """
    single = weights.sum(axis=1) < alone if alone > 1 else weights.max(axis=1) == 1
    if not single.any():
        everything: Reals = weights @ memories
        return everything
    target = np.empty((len(weights), memories.shape[1]), dtype=memories.dtype)
    target[single] = memories[weights[single].argmax(axis=1)]
    target[~single] = weights[~single] @ memories
    return target


def fill_hidden(interaction: Interaction, memories: Reals, states: Reals) -> Reals:
    """Return states of spins whose zeros have gone to the sign of the field of the other sites (none: +1)."""
    rows = np.flatnonzero((states == 0).any(axis=1))
    if not len(rows):
        return states
    hidden_states = states[rows]
    overlaps = hidden_states @ memories.T
    weights: Reals
    if interaction.name == "strict":
        weights = partial_fields(interaction.degree, overlaps, np.count_nonzero(hidden_states, axis=1))
    elif interaction.name == "power":
        weights = (overlaps / interaction.n_sites) ** (interaction.degree - 1)
    else:
        weights = interaction.weights(overlaps)
    guess = np.where(weights @ memories < 0, -1, 1)
    filled = states.copy()
    filled[rows] = np.where(hidden_states == 0, guess, hidden_states)
    return filled


def relax_site_by_site(
    interaction: Interaction, memories: Reals, states: Reals, free: Mask | None, max_sweeps: int
) -> Motion:
    """Run T = 0 dynamics of spins, sites in order, until nothing moves; no flip raises the energy."""
    states = states.copy()
    settled = np.zeros(len(states), dtype=bool)
    moving = np.arange(len(states))
    n_sweeps = 0
    while n_sweeps < max_sweeps and len(moving):
        before = states[moving]
        after = sweep(interaction, memories, before, None if free is None else free[moving], np.zeros(before.shape))
        still = (after == before).all(axis=1)
        states[moving] = after
        settled[moving] = still
        moving = moving[~still]
        n_sweeps += 1
    return Motion(states, n_sweeps, settled, settled)


def sweep(interaction: Interaction, memories: Reals, states: Reals, free: Mask | None, noise: Floats) -> Reals:
    """Visit each site once: it flips if Delta E < noise, (B, N): T times a logistic variate is the heat-bath rule."""
    free = np.ones(states.shape, dtype=bool) if free is None else free
    states = states.copy()
    overlaps = states @ memories.T
    for site in np.flatnonzero(free.any(axis=0)):
        spin, memory = states[:, site].copy(), memories[:, site]
        rest = overlaps - spin[:, None] * memory
        cost = 2 * spin * interaction.fields(rest, memory)
        flips = free[:, site] & (cost < noise[:, site])
        states[flips, site] *= -1
        overlaps[flips] = rest[flips] + states[flips, site][:, None] * memory
    return states


def mean_spins(
    interaction: Interaction,
    memories: Reals,
    states: Reals,
    free: Mask | None,
    temperature: float,
    n_sweeps: int,
    noise: np.random.Generator,
) -> tuple[Floats, Reals]:
    """Sample exp(-E/T) over the free sites; return the later half's mean spins and the last state."""
    states = fill_hidden(interaction, memories, states)
    total = np.zeros(states.shape)
    late = n_sweeps // 2
    for done in range(n_sweeps):
        states = sweep(interaction, memories, states, free, temperature * noise.logistic(size=states.shape))
        if done >= late:
            total += states
    return total / (n_sweeps - late), states


@np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
def posterior_mean(beta: float, memories: Reals, states: Reals) -> Floats:
    """Return the mean of what produced states, (B, N), that are 0 where nothing is known.

    The source: one of the memories, all equally likely, each sign then flipped with probability 1/(1 + e^(2 beta)).
    """
    scores = beta * (states @ memories.T).astype(np.float64)
    return np.exp(scores - log_sum_exp(scores)[:, None]) @ memories.astype(np.float64, copy=False)
