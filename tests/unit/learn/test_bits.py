"""Spins on bits beside the matrix products that they replace."""

import numpy as np
import pytest
import scipy.sparse as sp

from densehop import DenseAssociativeMemory
from densehop.learn.memory import bits, dynamics
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.packing import pack_bits, pack_memories, unpack_signs
from tests import naive

CASES = [("exponential", 2, 0.3), ("exponential", 2, 1.1), ("exponential", 2, 6.0), ("rectified", 30, 1.0)]


def memory_of(interaction, memories):
    """Return dynamics on bits."""
    return bits.BitMemory.build(interaction, pack_memories(memories, 0))


def problem(seed):
    """Return memories, states and a mask, of correlated signs with some memories twice."""
    random = np.random.default_rng(seed)
    n_memories, n_sites = int(random.integers(1, 200)), int(random.integers(2, 130))
    base = random.choice([-1.0, 1.0], n_sites)
    memories = np.where(random.random((n_memories, n_sites)) < 0.3, -base, base)
    memories[n_memories // 2 :: 7] = memories[0]
    states = memories[random.integers(n_memories, size=25)]
    return memories, np.where(random.random(states.shape) < 0.2, -states, states), random.random(states.shape) < 0.6


def fields_of(interaction, memories, states):
    """Return fields in units of the largest weight, memory by memory."""
    return naive.recall_fields(interaction.name, interaction.degree, interaction.beta, memories, states)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_step_goes_to_the_signs_of_the_fields(monkeypatch, seed, case):
    monkeypatch.setattr(bits, "SHARE", 0.01)  # never give up
    memories, states, known = problem(seed)
    interaction = Interaction(*case, memories.shape[1])
    memory = memory_of(interaction, memories)
    for present, free in ((None, None), (known, None), (known, ~known), (None, ~known)):
        start = states if present is None else np.where(present, states, 0)
        fields = fields_of(interaction, memories, start)
        found = memory.relax(states > 0, present, free, 1, float)
        expected = np.where(fields < 0, -1, 1)
        clear = np.abs(fields) > 1e-9
        if free is not None:
            expected, clear = np.where(free, expected, states), clear | ~free
        assert (found.states == expected)[clear].all()
        assert set(np.unique(found.states)) <= {-1, 1}


def crowded(ratio, n_sites=60, n_below=390):
    """Return memories whose field at site 0 hangs on those of least weight, for a state that is all +1.

    The nearest memory has weight 1, three weigh `ratio`, `n_below` weigh ratio^9. The nearest alone says +1 there, all
    others -1, which leaves 1 - 3 ratio - n_below ratio^9; at all other sites the first four agree.
    """
    random = np.random.default_rng(0)
    memories = np.ones((4 + n_below, n_sites))
    memories[:, 1:6] = -1
    memories[1:, 0] = -1
    for memory in memories[4:]:
        memory[6 + random.permutation(n_sites - 6)[:8]] = -1
    return Interaction("exponential", 2, -np.log(ratio) / 2, n_sites), memories


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_left_out_is_bounded(monkeypatch, sign):
    """The field at site 0 changes its sign at a ratio of 0.328, where only the many small weights decide it."""
    monkeypatch.setattr(bits, "SHARE", 0.01)
    for ratio in np.linspace(0.322, 0.334, 49):
        interaction, memories = crowded(ratio)
        state = np.full((1, memories.shape[1]), sign)
        fields = fields_of(interaction, sign * memories, state)
        found = memory_of(interaction, sign * memories).relax(state > 0, None, None, 1, float)
        assert (np.abs(fields) > 1e-9).all()
        assert (found.states == np.sign(fields)).all(), ratio


@pytest.mark.parametrize("case", [*CASES, ("rectified", 5, 1.0)], ids=str)
def test_states_at_rest_stay(monkeypatch, case):
    """A state that one step leaves at rest has the signs of its fields."""
    monkeypatch.setattr(bits, "SHARE", 0.01)
    n_at_rest = 0
    for seed in range(6):
        random = np.random.default_rng(seed)
        base = random.choice([-1.0, 1.0], 90)
        memories = np.where(random.random((40, 90)) < 0.2, -base, base)
        states, known = memories[random.integers(40, size=25)], random.random((25, 90)) < 0.5
        states = np.where(random.random(states.shape) < 0.3, -states, states)
        interaction = Interaction(*case, 90)
        memory = memory_of(interaction, memories)
        for present, free in ((known, ~known), (known, None), (None, None), (None, ~known)):
            found = memory.relax(states > 0, present, free, 1, float)
            fields = fields_of(interaction, memories, found.states)
            stays = (np.sign(fields) == found.states) | (np.abs(fields) < 1e-9)
            if free is not None:
                stays |= ~free
            assert stays[found.at_rest].all()
            n_at_rest += found.at_rest.sum()
    assert n_at_rest > 100 or case[0] == "rectified"


@pytest.mark.parametrize("case", [*CASES, ("rectified", 3, 1.0), ("exponential", 2, 0.1)], ids=str)
def test_what_is_called_settled_is_a_minimum(monkeypatch, case):
    """No flip of a free site lowers the energy of what the bits call settled; most minima they do call so."""
    monkeypatch.setattr(bits, "SHARE", 0.01)
    n_settled, n_lowest = 0, 0
    for seed in range(30):
        memories, states, known = problem(seed)
        interaction = Interaction(*case, memories.shape[1])
        for present, free in ((None, None), (known, ~known), (None, ~known)):
            found = memory_of(interaction, memories).relax(states > 0, present, free, 100, float)
            overlaps = found.states @ memories.T
            flipped = overlaps[:, None] - 2 * found.states[:, :, None] * memories.T  # (state, site, memory)
            ends = interaction.energies(flipped.reshape(-1, len(memories))).reshape(states.shape)
            rise = ends - interaction.energies(overlaps)[:, None]
            lowest = ((rise > -1e-9) | (False if free is None else ~free)).all(axis=1)
            assert not (found.settled & ~lowest).any()
            n_settled, n_lowest = n_settled + found.settled.sum(), n_lowest + lowest.sum()
    assert n_settled > (0.5 * n_lowest if case[1] == 30 or case[2] > 1 else 0)


@pytest.mark.parametrize("name", bits.ON_BITS)
def test_balanced_spins_stay(name):
    """Two memories as close as each other differ in two sites: the state has one of each, and keeps both."""
    memories = np.ones((2, 40))
    memories[0, 3], memories[1, 35] = -1, -1
    memory = memory_of(Interaction(name, 5, 1.0, 40), memories)
    for wrong in ((), (3, 35)):  # both up, both down
        state = np.ones((1, 40))
        state[0, list(wrong)] = -1
        found = memory.relax(state > 0, None, None, 5, float)
        assert (found.states == state).all()
        assert found.at_rest.all()
    memories[1, 7] = -1  # hidden: balanced in the first step, settled by the tie at the next
    known = np.arange(40) != 7
    found = memory_of(Interaction(name, 5, 1.0, 40), memories).relax(
        np.ones((1, 40), dtype=bool), known[None], None, 5, float
    )
    assert (found.states == memories[0]).all()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_ends_where_matrix_products_do_not_move_it(case):
    for seed in range(12):
        memories, states, known = problem(seed)
        interaction = Interaction(*case, memories.shape[1])
        found = memory_of(interaction, memories).relax(states > 0, known, ~known, 100, float)
        if found is None:
            continue
        assert found.at_rest.all()
        again = dynamics.relax_together(interaction, memories, found.states, ~known, None, 1, real=False)
        fields = fields_of(interaction, memories, found.states)
        assert ((again.states == found.states) | (np.abs(fields) < 1e-9)).all()


def test_where_all_memories_take_part_matrix_products_are_used():
    memories = np.random.default_rng(0).choice([-1.0, 1.0], (2000, 30))
    broad = memory_of(Interaction("exponential", 2, 0.001, 30), memories)
    assert broad.relax(memories[:50] > 0, None, None, 1, float) is None
    estimator = DenseAssociativeMemory(beta=0.001, max_steps=1).fit(memories)
    majority = np.where(memories.sum(axis=0) < 0, -1, 1)
    assert (estimator.transform(memories[:5]) == majority).mean() > 0.9


def test_without_a_positive_overlap_spins_stay():
    memory = memory_of(Interaction("rectified", 5, 1.0, 8), np.ones((3, 8)))
    found = memory.relax(np.zeros((1, 8), dtype=bool), None, None, 5, float)
    assert (found.states == -1).all()
    assert found.at_rest.all()


def test_packing_and_back():
    for n in (1, 8, 31, 32, 33, 64, 100):
        low = np.random.default_rng(n).random((5, n)) < 0.5
        assert (unpack_signs(pack_bits(low), n) == np.where(low, -1, 1)).all()


@pytest.mark.parametrize("name", ["exponential", "attention", "strict"])
def test_any_number_of_threads_gives_the_same_bits(monkeypatch, name):
    for limit in ("VALUES_AT_ONCE", "BITS_AT_ONCE"):
        monkeypatch.setattr(f"densehop.learn.memory.answers.{limit}", 500)
    memories, states, known = problem(3)
    temperature = 0.5 if name == "strict" else 0.0
    results = [
        DenseAssociativeMemory(name, degree=2, temperature=temperature, n_sweeps=10, random_state=1, n_jobs=n_jobs)
        .fit(memories)
        .restore(states, known)
        for n_jobs in (None, 2)
    ]
    assert (results[0] == results[1]).all()


def test_sparse_rows_are_dense_rows():
    memories, states, known = problem(4)
    high, asked = (memories > 0).astype(float), (states > 0).astype(float)
    dense = DenseAssociativeMemory().fit(high)
    sparse = DenseAssociativeMemory().fit(sp.csr_array(high))
    assert (sparse.memories_ == dense.memories_).all()
    assert (sparse.transform(sp.csr_array(asked)) == dense.transform(asked)).all()
    assert (sparse.restore(sp.csr_array(asked), known) == dense.restore(asked, known)).all()
