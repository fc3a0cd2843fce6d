"""What a memory calls settled is a minimum of its energy, and the one that single flips lead to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from densehop import DenseAssociativeMemory, PBodyHopfield
from densehop.learn.memory.descent import Descent
from densehop.learn.memory.dynamics import relax_site_by_site
from densehop.learn.memory.interactions import Interaction
from tests.unit.learn.test_memory import naive_energy
from tests.unit.learn.test_shards import problem

SPINS = ("strict", "power", "rectified", "exponential")


def network_of(name, degree, beta, memories):
    if name == "exponential":
        return PBodyHopfield(memories, interaction=name, sharpness=beta)
    return PBodyHopfield(memories, degree, name)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(SPINS),
    degree=st.integers(2, 5),
    beta=st.floats(0.02, 2),
    n_sites=st.integers(6, 60),
    n_memories=st.integers(1, 400),
    common=st.floats(0, 0.8),
    damage=st.floats(0, 0.5),
    hide=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_no_flip_lowers_the_energy_of_an_answer(name, degree, beta, n_sites, n_memories, common, damage, hide, seed):
    random = np.random.default_rng(seed)
    base = random.choice([-1.0, 1.0], n_sites)
    memories = np.where(
        random.random((n_memories, n_sites)) < common, base, random.choice([-1, 1], (n_memories, n_sites))
    )
    asked = memories[random.integers(n_memories, size=8)]
    asked = np.where(random.random(asked.shape) < damage, -asked, asked)
    memory = DenseAssociativeMemory(name, degree=degree, beta=beta, encoding="binary").fit(
        np.vstack([memories, -memories[:1]])
    )
    stored = memory.memories_
    known = random.random(asked.shape) < 0.5 if hide else None
    found = memory.recall(asked, known)
    network = network_of(name, degree, beta, stored)
    costs = 2 * found.patterns * network.local_fields(found.patterns)
    if known is not None:
        assert (found.patterns[known] == asked[known]).all()
        costs = np.where(known, np.inf, costs)
    assert found.settled.all()
    assert costs.min() >= -1e-9 * (1 + np.abs(costs[np.isfinite(costs)]).max(initial=0))
    if known is None:
        assert (network.relax(found.patterns) == found.patterns).all()
        assert (found.energy <= network.energy(asked) + 1e-9).all()


@pytest.mark.parametrize(("n_memories", "degree"), [(5000, 3), (10_000, 4)])
def test_many_codes_come_back_under_a_rectified_power(n_memories, degree):
    """Steps of all sites stay at the question here: every memory holds every site where it is."""
    random = np.random.default_rng(0)
    codes = random.choice(np.array([-1, 1], np.int8), (n_memories, 256))
    asked = np.where(random.random((20, 256)) < 0.1, -codes[:20], codes[:20])
    found = DenseAssociativeMemory("rectified", degree=degree).fit(codes).recall(asked)
    network = PBodyHopfield(codes, degree, "rectified")
    assert found.settled.all()
    assert (network.relax(found.patterns) == found.patterns).all()
    assert (found.patterns != codes[:20]).mean() <= (network.relax(asked) != codes[:20]).mean() + 0.001
    np.testing.assert_allclose(found.energy, network.energy(found.patterns), rtol=1e-12)


@pytest.mark.parametrize("name", ["rectified", "exponential"])
def test_too_few_steps_are_not_called_settled(name):
    random = np.random.default_rng(1)
    codes = random.choice([-1.0, 1.0], (3000, 128))
    asked = np.where(random.random((30, 128)) < 0.2, -codes[:30], codes[:30])
    for max_steps in (1, 2):
        found = DenseAssociativeMemory(name, degree=3, beta=0.05, max_steps=max_steps).fit(codes).recall(asked)
        costs = 2 * found.patterns * network_of(name, 3, 0.05, codes).local_fields(found.patterns)
        assert (costs[found.settled] >= -1e-9).all()
        assert not found.settled.all()


@pytest.mark.parametrize("name", SPINS)
def test_a_minimum_that_takes_the_last_step_is_settled(name):
    random = np.random.default_rng(1)
    codes = random.choice([-1.0, 1.0], (30, 64))
    asked = np.where(random.random(codes.shape) < 0.05, -codes, codes)
    found = DenseAssociativeMemory(name, max_steps=1).fit(codes).recall(asked)
    costs = 2 * found.patterns * network_of(name, 3, np.log(9) / 2, codes).local_fields(found.patterns)
    assert found.n_steps == 1
    assert (found.patterns != asked).any(axis=1).mean() > 0.5
    np.testing.assert_array_equal(found.settled, (costs >= 0).all(axis=1))
    assert found.settled.any()


@pytest.mark.parametrize("name", SPINS)
def test_a_row_ends_alone_where_it_ends_among_others(name):
    """However few steps it has: those that slower rows take are not taken from it."""
    random = np.random.default_rng(3)
    codes, asked = random.choice([-1.0, 1.0], (3, 9)), random.choice([-1.0, 1.0], (20, 9))
    for max_steps in (1, 2, 3):
        memory = DenseAssociativeMemory(name, degree=3, max_steps=max_steps).fit(codes)
        alone = np.vstack([memory.transform(row[None]) for row in asked])
        np.testing.assert_array_equal(memory.transform(asked), alone)


@pytest.mark.parametrize("name", SPINS)
def test_compiled_descent_holds_sites(name):
    """As the sweeps in NumPy do, wherever no balanced field leaves the choice to rounding."""
    random = np.random.default_rng(2)
    memories, states = random.choice([-1.0, 1.0], (40, 33)), random.choice([-1.0, 1.0], (25, 33))
    free = random.random(states.shape) < 0.5
    free[0], free[1] = True, False
    interaction = Interaction(name, 3, 0.37, 33)
    compiled = Descent(interaction, memories).run(states, free, 100)
    plain = relax_site_by_site(interaction, memories, states, free, 100)
    assert compiled.settled.all()
    assert (compiled.states[~free] == states[~free]).all()
    assert (compiled.states == plain.states).all()


def test_an_energy_beyond_the_tables_still_descends():
    memories = np.random.default_rng(3).choice([-1.0, 1.0], (5, 40))
    asked = memories.copy()
    asked[:, :4] *= -1
    for parameters in ({"interaction": "power", "degree": 30}, {"beta": 1e3}):
        assert (DenseAssociativeMemory(**parameters).fit(memories).transform(asked) == memories).all()


@pytest.mark.filterwarnings("ignore:no question spreads")
@pytest.mark.parametrize("beta", [0.01, 0.1, 1.0, 30.0])
def test_real_values_end_in_minima(beta):
    """Between two memories, the middle is a saddle where these are far apart, else the only minimum."""
    random = np.random.default_rng(4)
    pair = random.uniform(-1, 1, (1, 20)) * [[1], [-1]]
    memory = DenseAssociativeMemory("attention", beta=beta, encoding="graded", max_steps=3000).fit(pair)
    found = memory.recall(np.zeros((1, 20)))
    assert found.settled.all()
    state, scale = memory.encoding_.encode(found.patterns)[0], 1e-3
    here = naive_energy("attention", 2, beta, memory.memories_, state)
    for _ in range(200):
        step = random.normal(size=20)
        beside = state + scale * step / np.linalg.norm(step)
        assert naive_energy("attention", 2, beta, memory.memories_, beside) > here - 1e-9
    for sign in (-1, 1):
        beside = state + sign * scale * memory.memories_[0] / np.linalg.norm(memory.memories_[0])
        assert naive_energy("attention", 2, beta, memory.memories_, beside) > here


@settings(max_examples=40, deadline=None)
@given(beta=st.floats(0.05, 20), n_memories=st.integers(1, 40), hide=st.booleans(), seed=st.integers(0, 2**31))
def test_no_coordinate_lowers_the_energy_of_a_graded_answer(beta, n_memories, hide, seed):
    random = np.random.default_rng(seed)
    memory = DenseAssociativeMemory("attention", beta=beta, encoding="graded", max_steps=5000)
    memory.fit(random.uniform(0, 1, (n_memories, 12)))
    asked = random.uniform(0, 1, (3, 12))
    known = random.random(asked.shape) < 0.4 if hide else np.zeros(asked.shape, dtype=bool)
    found = memory.recall(asked, known if hide else None)
    for state, free, settled in zip(memory.encoding_.encode(found.patterns), ~known, found.settled, strict=True):
        here = naive_energy("attention", 2, beta, memory.memories_, state)
        for site in np.flatnonzero(free) if settled else ():
            for step in (-1e-3, 1e-3):
                beside = state.copy()
                beside[site] += step
                assert naive_energy("attention", 2, beta, memory.memories_, beside) > here - 1e-8
    assert found.settled.mean() > 0.6


def test_copies_of_one_row_are_no_saddle():
    """Each has a share of the weight, and their spread is 0 but for rounding."""
    rows, asked, _ = problem("greys", 0)
    found = DenseAssociativeMemory("attention", beta=60.0).fit(rows).recall(asked)
    assert found.settled.all()
    assert found.n_steps < 20
