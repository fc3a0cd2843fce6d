"""The measurements of the recipe `capacity`, each for one disorder: draw memories, run chains, return overlaps.

Every function draws from its own random stream and runs on one thread, so that disorders can run side by side.
"""

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Purpose, Seed, generator
from densehop.errors import InvalidInput
from densehop.network import PBodyHopfield
from densehop.problem import n_examples_for
from densehop.simulate.starts import corrupted

N_MIXED = 3  # memories in a mixture


def retrieval(
    p: int, n_spins: int, load: float, temperature: float, n_sweeps: int, n_memories: int, seed: Seed
) -> Floats:
    """Return the final overlaps, (n_memories,), of chains each of which starts at its own memory.

    At T = 0 chains end in fixed points of asynchronous dynamics; above, after `n_sweeps` heat-bath sweeps.
    """
    n_stored = n_examples_for(load, n_spins, p)
    if n_stored < n_memories:
        raise InvalidInput(
            f"chains start at {n_memories} memories, but only {n_stored} are stored; take a larger N or load"
        )
    network = PBodyHopfield(_random_memories(n_stored, n_spins, seed), p)
    memories = network.patterns[:n_memories]
    return _overlap(_final_states(network, memories, temperature, n_sweeps, seed), memories)


def mixture(p: int, n_spins: int, n_stored: int, temperature: float, n_sweeps: int, seed: Seed) -> Floats:
    """Return the final overlaps with three memories, (3,), smallest first, of a chain that starts at their majority.

    The three are exactly uncorrelated, as at infinite N: random ones overlap by 1/sqrt(N), which tilts the mixture
    towards one of them as soon as it is nearly unstable. The other n_stored - 3 are random. N is a multiple of 8.
    """
    mixed = uncorrelated_memories(n_spins, seed)
    others = _random_memories(n_stored - N_MIXED, n_spins, seed)
    network = PBodyHopfield(np.concatenate([mixed, others]), p)
    end = _final_states(network, majority(mixed)[np.newaxis], temperature, n_sweeps, seed)
    return np.sort(_overlap(end, mixed))


def correlated(p: int, n_spins: int, memory_overlap: float, corruption: float, seed: Seed) -> tuple[Floats, Floats]:
    """Return how T = 0 dynamics ends with three memories of pairwise overlap b, and the energies there.

    Returns
    -------
    overlaps : (2, 3) with the three memories, of the ends from a corrupted copy of the first and from the majority
    energies : (2,) per spin, of the same ends
    """
    memories = correlated_memories(n_spins, memory_overlap, seed)
    network = PBodyHopfield(memories, p)
    starts = np.stack([corrupted(memories[0], corruption, seed=seed)[0], majority(memories)])
    ends = network.relax(starts, n_workers=1)
    return network.overlaps(ends), network.energy(ends) / n_spins


def majority(memories: Signs) -> Signs:
    """Return the majority of an odd number of memories at each site, (N,)."""
    sums: Signs = np.sign(memories.sum(axis=0, dtype=np.int64)).astype(np.int8)
    return sums


def _final_states(network: PBodyHopfield, starts: Signs, temperature: float, n_sweeps: int, seed: Seed) -> Signs:
    """Return where chains end: in fixed points at T = 0, after the sweeps above."""
    if temperature == 0:
        return network.relax(starts, n_workers=1)
    return network.sample(temperature, len(starts), n_sweeps, start=starts, seed=seed, n_workers=1).spins


def _overlap(states: Signs, memories: Signs) -> Floats:
    """Return the overlap per spin of each state with its memory; a single state is compared with every memory."""
    overlaps: Floats = (states * memories).mean(axis=1, dtype=np.float64)
    return overlaps


def _random_memories(n_stored: int, n_spins: int, seed: Seed) -> Signs:
    """Return independent random memories, (n_stored, N)."""
    stream = generator(seed, Purpose.PATTERN)
    memories: Signs = 2 * stream.integers(0, 2, (n_stored, n_spins), dtype=np.int8) - 1
    return memories


def uncorrelated_memories(n_spins: int, seed: Seed) -> Signs:
    """Return three exactly uncorrelated memories, (3, N): each combination of their signs stands on N/8 sites."""
    combinations = np.array(list(np.ndindex((2,) * N_MIXED)), dtype=np.int8).T * 2 - 1
    memories = np.repeat(combinations, n_spins // combinations.shape[1], axis=1)
    return memories[:, generator(seed, Purpose.START, 0).permutation(n_spins)].astype(np.int8)


def correlated_memories(n_spins: int, memory_overlap: float, seed: Seed) -> Signs:
    """Return three memories of pairwise overlap b: children of one ancestor with overlap sqrt(b) each (eq. 67)."""
    stream = generator(seed, Purpose.PATTERN)
    ancestor = 2 * stream.integers(0, 2, n_spins, dtype=np.int8) - 1
    differs = stream.random((N_MIXED, n_spins)) < (1 - np.sqrt(memory_overlap)) / 2
    memories: Signs = np.where(differs, -ancestor, ancestor).astype(np.int8)
    return memories
