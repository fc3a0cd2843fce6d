"""What is measured for the figure of exponential energies, for one draw of the memories or examples."""

import math

import numpy as np

from densehop.base.arrays import Floats, Signs
from densehop.base.streams import Purpose, Seed, generator
from densehop.network import PBodyHopfield
from densehop.problem import n_examples_for
from densehop.recipes.capacity.limit import random_patterns, restored
from densehop.simulate.exact import draw_exactly


def restored_shares(
    n_spins: int, load: float, sharpness: float, n_wrong: list[int], n_probes: int, seed: Seed
) -> Floats:
    """Return the share of memories that come back from each number of wrong spins, (n_wrong,), at T = 0."""
    patterns = random_patterns(n_examples_for(load, n_spins, None), n_spins, seed)
    network = PBodyHopfield(patterns, interaction="exponential", sharpness=sharpness)

    def restore(_: Signs, states: Signs) -> Signs:
        return network.relax(states, n_workers=1)

    return np.array([restored(restore, patterns, wrong, n_probes, seed, wrong) for wrong in n_wrong])


def noisy_examples(n_spins: int, load: float, reliability: float, seed: Seed) -> Signs:
    """Return exp(A N) examples of the pattern of ones, (M, N)."""
    draws = generator(seed, Purpose.EXAMPLES).random((n_examples_for(load, n_spins, None), n_spins), dtype=np.float32)
    return np.where(draws < (1 + reliability) / 2, 1, -1).astype(np.int8)


def kept_shares(
    n_spins: int, load: float, sharpness: float, reliability: float, n_overwritten: list[int], n_probes: int, seed: Seed
) -> Floats:
    """Return the share of typical examples that do not win after they overwrote so many sites, (n_overwritten,)."""
    examples = noisy_examples(n_spins, load, reliability, seed)
    network = PBodyHopfield(examples, interaction="exponential", sharpness=sharpness)
    attackers = examples[np.argsort(np.abs(examples.mean(axis=1) - reliability), kind="stable")[:n_probes]]
    shares = []
    for number in n_overwritten:
        order = np.argsort(generator(seed, Purpose.START, number).random(attackers.shape), axis=1)
        ends = network.relax(np.where(order < number, attackers, 1).astype(np.int8), n_workers=1)
        shares.append((ends.mean(axis=1) >= (ends * attackers).mean(axis=1, dtype=np.float64)).mean())
    return np.array(shares)


def student_overlap(
    n_spins: int, load: float, sharpness: float, reliability: float, n_chains: int, n_sweeps: int, seed: Seed
) -> Floats:
    """Return the overlap with the pattern, (), of chains at T = 1/(2L), half from the pattern, half from T = 1/L."""
    examples = noisy_examples(n_spins, load, reliability, seed)
    network = PBodyHopfield(examples, interaction="exponential", sharpness=sharpness)
    start = np.ones((n_chains, n_spins), dtype=np.int8)
    stream = np.random.SeedSequence(int(generator(seed, Purpose.START).integers(2**63)))
    start[::2] = draw_exactly(examples, sharpness, math.ceil(n_chains / 2), stream)
    pattern = np.ones(n_spins, dtype=np.int8)
    run = network.sample(
        1 / (2 * sharpness), n_chains, n_sweeps, start=start, references=pattern, seed=stream, n_workers=1
    )
    overlaps = run.overlap.reshape(n_chains, -1)
    return np.array(overlaps[:, overlaps.shape[1] // 2 :].mean())
