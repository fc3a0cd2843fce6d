"""Overlaps that a run's snapshots hold: between chains, and with the stored vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Protocol

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Signs
from densehop.base.streams import seed_sequence
from densehop.errors import InvalidInput
from densehop.simulate.sample import gauged
from densehop.simulate.samples import Samples

OVERLAPS_AT_ONCE = 2**21  # overlaps of a block of states with all patterns: 50 MiB of intermediate results


class Network(Protocol):
    """What is asked of a network here; `PBodyHopfield` is one."""

    interaction: str
    p: int | None
    n_spins: int
    n_patterns: int

    @property
    def sharpness(self) -> float | None:
        """B of the exponential energy, None for the others."""

    @property
    def symmetric(self) -> bool:
        """Whether xi and -xi have the same energy."""

    def overlaps(self, states: ArrayLike) -> Floats:
        """Return the overlaps per spin, (B, M), of states (B, N)."""


@dataclass(frozen=True, eq=False)
class LargestOverlaps:
    """The largest overlaps with stored vectors at each snapshot, in falling order, equal ones by index.

    Attributes
    ----------
    overlap : (chain, snapshot, n_largest) float64, per spin; its absolute value for even p
    index : (chain, snapshot, n_largest) int64, rows of the stored vectors
    """

    overlap: Floats
    index: Integers


def between_chains(run: Samples, other: Samples | None = None, *, gauge: bool = True) -> Floats:
    """Return the overlaps per spin between chains at each snapshot, (pair, snapshot).

    Their average is the student-student overlap q, their distribution P(q) (`overlap_histogram`).

    Parameters
    ----------
    run : Samples with snapshots
    other : Samples of the same network, such as chains from another start; None: all pairs of chains of `run`. With
        another run: each chain of `run` with each of `other`, the latter changing fastest.
    gauge : bool, for even p, where xi and -xi are one state: fix each pair's sign by its first quarter of snapshots

    Raises
    ------
    InvalidInput
        If there are no two chains, no snapshots, or the runs do not belong together or share random numbers.
    """
    if other is not None:
        require_comparable(run, other)
    first, second = _snapshots(run), _snapshots(run if other is None else other)
    if first.shape[1] != second.shape[1]:
        raise InvalidInput(f"both runs must have as many snapshots, got {first.shape[1]} and {second.shape[1]}")
    if other is None and len(first) < 2:
        raise InvalidInput(f"need at least 2 chains with snapshots, got snapshots of shape {first.shape}")
    pairs = combinations(range(len(first)), 2) if other is None else product(range(len(first)), range(len(second)))
    # dtype: products of signs and their sums are exact, and no chain is ever copied whole in a wider type
    sums = [np.einsum("si,si->s", first[a], second[b], dtype=np.int32, casting="safe") for a, b in pairs]
    overlaps: Floats = np.array(sums) / first.shape[2]
    return gauged(overlaps, axis=1) if gauge and run.symmetric else overlaps


def fix_signs(overlaps: ArrayLike, n_first: int) -> Floats:
    """Return overlaps (..., sweep), each series with the sign that makes its sum over the first sweeps positive.

    For even p, where xi and -xi are one state and a series may have either sign. Average over the sweeps that follow:
    they did not choose their sign, so that a mean of 0 stays 0 and error bars cover, which is not so for ``|overlap|``.

    Parameters
    ----------
    overlaps : (..., sweep), as they are: one series of one chain, not blocks that have been gauged one by one
    n_first : int, how many sweeps choose the sign, such as the burn-in; 0 leaves all as they are

    Raises
    ------
    InvalidInput
        If the overlaps are not real numbers, or n_first exceeds the number of sweeps.
    """
    array = np.atleast_1d(checks.as_array("overlaps", overlaps))
    if array.dtype.kind not in "iufb":
        raise InvalidInput(f"overlaps must be real numbers of shape (..., sweep), got {array.dtype}")
    return gauged(array.astype(np.float64), -1, checks.integer("n_first", n_first, 0, array.shape[-1]))


def pattern_overlaps(network: Network, run: Samples) -> Floats:
    """Return the overlaps m per spin with all M stored vectors at each snapshot, (chain, snapshot, M).

    For even p each chain's overlap with each vector is gauged by the sign of its mean over the first quarter of
    snapshots, as in `Samples.overlap`.

    Raises
    ------
    InvalidInput
        If there are no snapshots, the run is not of this network, or the result cannot fit into memory
        (`largest_overlaps` needs less).
    """
    snapshots = _snapshots_of(network, run)
    n_overlaps = snapshots.shape[0] * snapshots.shape[1] * network.n_patterns
    checks.memory("overlaps with all stored vectors at all snapshots", 24 * n_overlaps)
    blocks = list(_blocks_of_overlaps(network, snapshots))
    overlaps = np.concatenate(blocks).reshape(*snapshots.shape[:2], network.n_patterns)
    return gauged(overlaps, axis=1) if network.symmetric else overlaps


def largest_overlaps(network: Network, run: Samples, n_largest: int = 1) -> LargestOverlaps:
    """Return the largest overlaps with stored vectors at each snapshot, and which vectors they are.

    For even p, where a vector and its negative are one memory, by absolute value. Needs little memory for any M.

    Raises
    ------
    InvalidInput
        If there are no snapshots, the run is not of this network, or n_largest exceeds M.
    """
    snapshots = _snapshots_of(network, run)
    n_patterns, n_spins = network.n_patterns, network.n_spins
    n_largest = checks.integer("n_largest", n_largest, 1, n_patterns)
    largest_keys = []
    for overlaps in _blocks_of_overlaps(network, snapshots):
        sums = np.rint((np.abs(overlaps) if network.symmetric else overlaps) * n_spins).astype(np.int64)
        keys = sums * n_patterns + np.arange(n_patterns)[::-1]  # all different: by overlap, then by index
        largest_keys.append(
            np.sort(np.partition(keys, n_patterns - n_largest, axis=1)[:, n_patterns - n_largest :], axis=1)
        )
    largest = np.concatenate(largest_keys)[:, ::-1].reshape(*snapshots.shape[:2], n_largest)
    return LargestOverlaps(largest // n_patterns / n_spins, n_patterns - 1 - largest % n_patterns)


def require_comparable(run: Samples, other: Samples) -> None:
    """Refuse two runs that are not of one network at one temperature, or that share random numbers."""
    for name in ("interaction", "p", "sharpness", "n_patterns"):
        if getattr(run, name) != getattr(other, name):
            raise InvalidInput(
                f"both runs must be of one network, got {name} = {getattr(run, name)} and {getattr(other, name)}"
            )
    sizes = run.spins.shape[1], other.spins.shape[1]
    if sizes[0] != sizes[1]:
        raise InvalidInput(f"both runs must be of one network, got {sizes[0]} and {sizes[1]} spins")
    temperatures = run.settings.temperature, other.settings.temperature
    if not np.array_equal(temperatures[0], temperatures[1]):
        raise InvalidInput(f"both runs must have one temperature, got {temperatures[0]} and {temperatures[1]}")
    keys = [seed_sequence(each.settings.seed) for each in (run, other)]
    if (keys[0].entropy, keys[0].spawn_key) == (keys[1].entropy, keys[1].spawn_key):
        raise InvalidInput(
            "both runs have the same seed, so their chains share random numbers; give them different seeds"
        )


def _snapshots(run: Samples) -> Signs:
    """Return snapshots, or say how to get some."""
    if run.snapshots.shape[1] == 0:
        raise InvalidInput("the run has no snapshots (need at least 1); sample with snapshot_every=1 or more")
    return run.snapshots


def _snapshots_of(network: Network, run: Samples) -> Signs:
    """Return the snapshots of a run of this network."""
    wanted = (network.interaction, network.p, network.sharpness, network.n_patterns, network.n_spins)
    have = (run.interaction, run.p, run.sharpness, run.n_patterns, run.spins.shape[1])
    if have != wanted:
        raise InvalidInput(
            f"the run must be of this network, (interaction, p, sharpness, M, N) = {wanted}, got one of {have}"
        )
    return _snapshots(run)


def _blocks_of_overlaps(network: Network, snapshots: Signs) -> Iterator[Floats]:
    """Yield overlaps (B, M) of the snapshots, chain after chain, in blocks of bounded size."""
    states = snapshots.reshape(-1, snapshots.shape[2])
    at_once = max(1, OVERLAPS_AT_ONCE // network.n_patterns)
    for first in range(0, len(states), at_once):
        yield network.overlaps(states[first : first + at_once])
