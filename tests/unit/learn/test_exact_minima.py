"""Exponential energies of signs where one flip is worth log(copies)/beta, against decimals of 60 digits, at any beta.

exp(-2 beta) is lost beside 1 from beta = 18.4 on, and with it what many copies one flip away would gain.
"""

from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest

from densehop import DenseAssociativeMemory, PBodyHopfield
from densehop.learn.memory.descent import Descent
from densehop.learn.memory.dynamics import relax_site_by_site
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.shards import ShardedMemory
from densehop.learn.memory.stored import Stored
from tests.unit.learn.test_shards import AtOnce

BETAS = (1.0, 6.0, 17.5, 18.5, 20.0, 40.0, 90.0, 200.0, 400.0)
N_SITES = 6
STATES = np.array(list(product((-1.0, 1.0), repeat=N_SITES)))
FLIPPED = np.arange(len(STATES))[:, None] ^ 2 ** np.arange(N_SITES)[::-1]  # the states one flip away, by site


def problems(n=3):
    """Rows of which many are one flip away from each other, each stored once or up to 60 times; ties among them."""
    for seed in range(n):
        random = np.random.default_rng(seed)
        rows = STATES[random.permutation(len(STATES))[:3]]
        beside = rows.copy()
        beside[np.arange(3), random.integers(N_SITES, size=3)] *= -1
        copies = np.where(random.random(6) < 0.5, 1, random.integers(1, 60, 6))
        yield np.repeat(np.vstack([rows, beside]), copies, axis=0)


def exact(memories, beta):
    """Return the exact energies of all states, and log of the ratio of sums by which each flip lowers them, (S, N)."""
    with localcontext(prec=60):
        distances = (N_SITES - STATES @ memories.T).astype(int) // 2
        weights = [(Decimal(-2 * beta) * d).exp() for d in range(N_SITES + 1)]
        numbers = [np.bincount(row, minlength=N_SITES + 1).tolist() for row in distances]
        sums = [sum(number * weight for number, weight in zip(row, weights, strict=True)) for row in numbers]
        gains = [
            [float((sums[flipped] / sums[state]).ln()) for flipped in FLIPPED[state]] for state in range(len(sums))
        ]
        energies = [float(-one.ln() / Decimal(beta)) - N_SITES for one in sums]
    return np.array(energies), np.array(gains)


def places(states):
    """Return which states these are."""
    return ((states > 0) @ 2 ** np.arange(N_SITES)[::-1]).astype(int)


def memory_of(memories, beta):
    return DenseAssociativeMemory(beta=beta, encoding="binary").fit(memories)


def check(found, energies, gains, known=None):
    """Check that all answers are minima, but for ties, with their energies."""
    ends = places(found.patterns)
    lowered = gains[ends] if known is None else np.where(known, -np.inf, gains[ends])
    assert found.settled.all()
    assert lowered.max() < 1e-12
    np.testing.assert_allclose(found.energy, energies[ends], rtol=1e-14)


@pytest.mark.parametrize("beta", BETAS)
def test_what_is_settled_is_a_minimum_exactly(beta, monkeypatch):
    known = np.random.default_rng(0).random(STATES.shape) < 0.4
    n_lower = 0
    for memories in problems():
        energies, gains = exact(memories, beta)
        memory = memory_of(memories, beta)
        check(memory.recall(STATES), energies, gains)
        check(memory.recall(STATES.astype(np.float32)), energies, gains)
        check(memory.recall(STATES, known), energies, gains, known)
        stored = places(memories)
        n_lower += (gains[stored].max(axis=1) > 0.01).sum()
        ends = places(memory.transform(STATES))
        for row, radius in zip(memories, memory.certified_flips(), strict=True):
            assert len(set(ends[(row != STATES).sum(axis=1) <= radius])) == 1
        with monkeypatch.context() as without:
            without.setattr(Stored, "bits", None)
            check(memory_of(memories, beta).recall(STATES.astype(np.float32)), energies, gains)
    assert n_lower > 0  # stored rows that are no minima


@pytest.mark.parametrize("beta", BETAS)
def test_costs_of_flips_are_exact(beta):
    for memories in problems():
        _, gains = exact(memories, beta)
        interaction = Interaction("exponential", 2, beta, N_SITES)
        for states in (STATES, STATES.astype(np.float32)):
            rows = memories.astype(states.dtype)
            for site in range(N_SITES):
                fields = interaction.fields(states @ rows.T - states[:, [site]] * rows[:, site], rows[:, site])
                np.testing.assert_allclose(2 * states[:, site] * fields, -gains[:, site] / beta, rtol=1e-9, atol=1e-14)
        assert gains[places(relax_site_by_site(interaction, memories, STATES, None, 99).states)].max() < 1e-12
        assert gains[places(Descent(interaction, memories).run(STATES, None, 99).states)].max() < 1e-12
        if beta <= 300:
            network = PBodyHopfield(memories, interaction="exponential", sharpness=beta)
            costs = 2 * STATES * network.local_fields(STATES)
            np.testing.assert_allclose(costs, -gains / beta, rtol=1e-9, atol=1e-13)
            assert gains[places(network.relax(STATES))].max() < 1e-12


@pytest.mark.parametrize("beta", BETAS)
def test_shards_end_where_one_machine_does(beta):
    for memories in problems():
        one = memory_of(memories, beta)
        pieces = np.array_split(memories[np.random.default_rng(1).permutation(len(memories))], 3)
        many = ShardedMemory(AtOnce(), beta=beta, encoding="binary").fit(pieces)
        whole, sharded = one.recall(STATES), many.recall(STATES)
        check(sharded, *exact(memories, beta))
        np.testing.assert_array_equal(sharded.patterns, whole.patterns)
