"""Where chains start: at random, at a chosen overlap with a pattern, or at a damaged copy of it.

All return states (n_chains, N) for `PBodyHopfield.sample(start=...)` and `relax`. Each chain draws from a stream of its
own, so that more chains never change the first ones. Sites come in an order that does not depend on how many are taken:
with one seed, what a larger damage touches includes what a smaller one touched.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Signs
from densehop.base.streams import Purpose, Seed, generator
from densehop.energies import tables
from densehop.errors import InvalidInput

EXAMPLES_AT_ONCE = 8192


class _Kind(IntEnum):
    """The streams of one seed that belong to different starts."""

    OVERLAP = 1
    CORRUPTED = 2
    ATTACKED = 3


@dataclass(frozen=True, eq=False)
class ChosenExample:
    """An example chosen by its overlap with the pattern.

    Attributes
    ----------
    index : int, its row among the examples
    overlap : float, per spin, with the pattern
    spins : (N,) int8, the example, or for even p its negative where that is closer to the pattern
    """

    index: int
    overlap: float
    spins: Signs


def start_states(start: ArrayLike | None, n_chains: int, n_spins: int, seed: Seed) -> Signs:
    """Return the chains' first states, (chain, N): random where `start` is None."""
    if start is None:
        draws = [generator(seed, Purpose.START, chain).integers(0, 2, n_spins) for chain in range(n_chains)]
        return (2 * np.stack(draws) - 1).astype(np.int8)
    return _rows("start", start, n_chains, n_spins)


def random_states(n_spins: int, n_chains: int = 1, seed: Seed = 0) -> Signs:
    """Return independent random states, (n_chains, N): those that `sample(start=None)` takes with this seed.

    Raises
    ------
    InvalidInput
        If a number is out of range.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    n_chains = checks.integer("n_chains", n_chains, 1)
    checks.memory(f"{n_chains} random states", 18 * n_chains * n_spins)
    return start_states(None, n_chains, n_spins, seed)


def nearest_overlap(overlap: float, n_spins: int) -> float:
    """Return the possible overlap of N spins that is nearest to `overlap`; of two as near, the larger.

    Possible are k/N with k and N both even or both odd: 1, 1 - 2/N, ..., -1.
    """
    n_spins = checks.integer("n_spins", n_spins, 1, checks.LARGEST_SIZE)
    return 1 - 2 * _nearest_count((1 - Fraction(_overlap(overlap))) / 2, n_spins) / n_spins


def states_at_overlap(pattern: ArrayLike, overlap: float, n_chains: int | None = None, seed: Seed = 0) -> Signs:
    """Return states with a given overlap with a pattern, otherwise random.

    Every chain has exactly the possible overlap nearest to the one asked for, `nearest_overlap(overlap, N)`; the sites
    that differ from the pattern are chosen uniformly.

    Parameters
    ----------
    pattern : (N,) or (n_chains, N) of +-1
    overlap : float, from -1 to 1, per spin
    n_chains : int; None: one for each given pattern
    seed : int or SeedSequence

    Returns
    -------
    (n_chains, N) int8

    Raises
    ------
    InvalidInput
        If the overlap lies outside [-1, 1], the pattern is not +-1 or the shapes do not fit.
    """
    share = (1 - Fraction(_overlap(overlap))) / 2
    states = _copies(pattern, n_chains)
    for chain, state in enumerate(states):
        _flip_share(state, share, generator(seed, Purpose.START, _Kind.OVERLAP, chain))
    return states


def corrupted(
    pattern: ArrayLike, fraction: float, n_chains: int | None = None, seed: Seed = 0, *, exactly: bool = False
) -> Signs:
    """Return corrupted copies of a pattern: flipped sites, by default each one independently.

    Parameters
    ----------
    pattern : (N,) or (n_chains, N) of +-1
    fraction : float, from 0 to 1, the probability that a site is flipped; the mean overlap is 1 - 2 fraction
    n_chains : int; None: one for each given pattern
    seed : int or SeedSequence
    exactly : bool, flip the number of sites nearest to fraction x N in every copy (of two as near, the smaller)

    Returns
    -------
    (n_chains, N) int8

    Raises
    ------
    InvalidInput
        If the fraction lies outside [0, 1], the pattern is not +-1 or the shapes do not fit.
    """
    fraction = checks.between("fraction", fraction, 0, 1)
    states = _copies(pattern, n_chains)
    for chain, state in enumerate(states):
        stream = generator(seed, Purpose.START, _Kind.CORRUPTED, chain)
        if exactly:
            _flip_share(state, Fraction(fraction), stream)
        else:
            state[stream.random(len(state)) < fraction] *= -1
    return states


def attacked(
    pattern: ArrayLike, example: ArrayLike, fraction: float, n_chains: int | None = None, seed: Seed = 0
) -> Signs:
    """Return a pattern with sites overwritten by an example, each independently (docs/theory.md, section 11).

    The start of an adversarial attack: overlaps are on average 1 - fraction + fraction o with the pattern and
    fraction + (1 - fraction) o with the example, where o is the overlap of the two.

    Parameters
    ----------
    pattern : (N,) or (n_chains, N) of +-1
    example : (N,) of +-1, such as `typical_example(...).spins` or `closest_example(...).spins`
    fraction : float, from 0 to 1, the probability that a site is overwritten
    n_chains : int; None: one for each given pattern
    seed : int or SeedSequence

    Returns
    -------
    (n_chains, N) int8

    Raises
    ------
    InvalidInput
        If the fraction lies outside [0, 1], the vectors are not +-1 or the shapes do not fit.
    """
    fraction = checks.between("fraction", fraction, 0, 1)
    states = _copies(pattern, n_chains)
    source = checks.signs("example", example, (states.shape[1],))
    for chain, state in enumerate(states):
        stream = generator(seed, Purpose.START, _Kind.ATTACKED, chain)
        taken = stream.random(len(state)) < fraction
        state[taken] = source[taken]
    return states


def typical_example(pattern: ArrayLike, examples: ArrayLike) -> ChosenExample:
    """Return the example (M, N) with the smallest ``|overlap|`` with the pattern (N,), the first of several."""
    overlaps, memories = _overlaps(pattern, examples)
    index = int(np.argmin(np.abs(overlaps)))
    return ChosenExample(index, float(overlaps[index]), memories[index].copy())


def closest_example(pattern: ArrayLike, examples: ArrayLike, p: int) -> ChosenExample:
    """Return the example (M, N) with the largest overlap with the pattern (N,), the first of several.

    For even p an example and its negative are the same memory: the one with the largest ``|overlap|`` is returned, with
    the sign that makes its overlap positive.
    """
    even = checks.body_number(p) % 2 == 0
    overlaps, memories = _overlaps(pattern, examples)
    index = int(np.argmax(np.abs(overlaps) if even else overlaps))
    sign = -1 if even and overlaps[index] < 0 else 1
    return ChosenExample(index, float(sign * overlaps[index]), (sign * memories[index]).astype(np.int8))


def _overlaps(pattern: ArrayLike, examples: ArrayLike) -> tuple[Floats, Signs]:
    """Return overlaps per spin (M,) of the pattern with each example, and the checked examples (M, N)."""
    memories = checks.signs("examples", examples, ("M", "N"))
    state = checks.signs("pattern", pattern, (memories.shape[1],))[np.newaxis]
    blocks = range(0, len(memories), EXAMPLES_AT_ONCE)
    counts = [tables.agreements(state, memories[first : first + EXAMPLES_AT_ONCE])[0] for first in blocks]
    overlaps: Floats = 2 * np.concatenate(counts) / memories.shape[1] - 1
    return overlaps, memories


def _overlap(value: float) -> float:
    return checks.between("overlap", value, -1, 1)


def _copies(pattern: ArrayLike, n_chains: int | None) -> Signs:
    """Return a copy of the pattern, or of its own, for each chain, (n_chains, N)."""
    array = checks.as_array("pattern", pattern)
    if n_chains is None:
        n_chains = len(array) if array.ndim == 2 else 1
    n_chains = checks.integer("n_chains", n_chains, 1)
    if array.ndim == 1:
        checks.memory(f"{n_chains} states of {len(array)} spins", 2 * n_chains * len(array))
    elif array.ndim != 2:
        raise InvalidInput(f"pattern must have shape (N,) or (n_chains, N), got {array.shape}")
    return _rows("pattern", array, n_chains, "N")


def _rows(name: str, values: ArrayLike, n_chains: int, n_spins: int | str) -> Signs:
    """Return +-1 of shape (N,) or (n_chains, N) as own rows (n_chains, N)."""
    shape: tuple[int | str, ...] = (n_chains, n_spins) if checks.as_array(name, values).ndim == 2 else (n_spins,)
    rows = checks.signs(name, values, shape)
    return np.array(np.broadcast_to(rows, (n_chains, rows.shape[-1])), order="C")


def _flip_share(state: Signs, share: Fraction, stream: np.random.Generator) -> None:
    """Flip the number of sites that is nearest to a share of them, chosen uniformly."""
    state[stream.permutation(len(state))[: _nearest_count(share, len(state))]] *= -1


def _nearest_count(share: Fraction, n_spins: int) -> int:
    """Return the integer nearest to share x N, without rounding errors; of two as near, the smaller."""
    return math.ceil(share * n_spins - Fraction(1, 2))
