"""The factors on the page of conventions, against definitions written out here, enumeration and published numbers."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import densehop as dh
from tests import naive

PATTERNS = np.random.default_rng(7).choice([-1, 1], (3, 8)).astype(np.int8)
STATES = naive.all_states(8)
OVERLAPS = STATES.astype(int) @ PATTERNS.T


def free_energy(energies: np.ndarray, temperature: float) -> float:
    return -temperature * math.log(np.exp(-energies / temperature).sum()) / STATES.shape[1]


def ags_energy(state: np.ndarray) -> float:
    """Half the sum over i != j of couplings (1/N) sum_a sigma_i sigma_j."""
    n_spins = len(state)
    couplings = PATTERNS.T.astype(float) @ PATTERNS / n_spins
    pairs = itertools.permutations(range(n_spins), 2)
    return -sum(couplings[i, j] * state[i] * state[j] for i, j in pairs) / 2


def test_ags_energies_are_half_and_free_energies_at_half_the_temperature():
    ours = dh.PBodyHopfield(PATTERNS, p=2).energy(STATES)
    theirs = np.array([ags_energy(state) for state in STATES])
    np.testing.assert_allclose(theirs, ours / 2, atol=1e-12)
    assert free_energy(theirs, 0.35) == pytest.approx(free_energy(ours, 0.7) / 2, rel=1e-12)


def test_pairs_of_a_site_with_itself_are_a_constant_in_ags():
    whole = -((STATES.astype(int) @ PATTERNS.T) ** 2).sum(axis=1) / (2 * STATES.shape[1])
    ours = dh.PBodyHopfield(PATTERNS, p=2).energy(STATES)
    np.testing.assert_allclose(whole - ours / 2, -len(PATTERNS) / 2, atol=1e-12)


def test_ags_loads_and_temperatures():
    assert dh.load_of(138, 1000, 2) / 2 == pytest.approx(0.138)
    assert dh.retrieval_boundary(2, 0.0) / 2 == pytest.approx(0.1379, abs=5e-5)
    assert dh.retrieval_boundary(2, 0.0, ansatz="1rsb") / 2 == pytest.approx(0.1382, abs=5e-5)
    assert dh.retrieval_boundary(2, 2 * 0.999) > 0
    with pytest.raises(dh.NoSolution):
        dh.retrieval_boundary(2, 2 * 1.001)
    assert dh.theory.mixture_temperature(2) / 2 == pytest.approx(0.46, abs=5e-4)


@pytest.mark.parametrize("load", [0.3, 2.0])  # M/N
def test_ags_spin_glass_begins_at_one_plus_the_root_of_the_load(load):
    theirs = 1 + math.sqrt(load)
    with pytest.raises(dh.NoSolution):
        dh.solve(dh.DirectModel(2, 2 * load, 2 * theirs * 1.001), "spin_glass")
    with pytest.warns(RuntimeWarning):  # unstable, as any replica-symmetric glass
        assert dh.solve(dh.DirectModel(2, 2 * load, 2 * theirs * 0.99), "spin_glass").q > 0


@pytest.mark.parametrize("p", [3, 4])
def test_units_of_the_p_spin_glass(p):
    """The variance of a fixed state's energy over all sets of two memories is that of couplings with J^2 = 2 alpha."""
    n_spins, n_memories = 5, 2
    state, every = naive.all_states(n_spins)[11], naive.all_states(n_spins)
    sets = itertools.product(every, repeat=n_memories)
    energies = [float(dh.PBodyHopfield(np.array(memories), p=p).energy(state)) for memories in sets]
    square = 2 * dh.load_of(n_memories, n_spins, p)
    variance = math.factorial(p) * square / (2 * n_spins ** (p - 1))  # of a coupling
    assert np.mean(energies) == pytest.approx(0, abs=1e-12)
    assert np.var(energies) == pytest.approx(math.comb(n_spins, p) * variance, rel=1e-12)


def test_all_couplings_together_have_variance_of_half_n():
    n_spins, p = 10**6, 3
    assert math.comb(n_spins, p) * math.factorial(p) / n_spins ** (p - 1) == pytest.approx(n_spins, rel=1e-5)


def test_lines_of_the_three_spin_glass():
    lines = dh.theory.glass_lines(3)
    theirs = [1 / math.sqrt(2 * gamma) for gamma in (lines.gamma_dynamic, lines.gamma_static, lines.gamma_gardner)]
    assert theirs == pytest.approx([0.682, 0.651, 0.240], abs=5e-4)
    assert theirs == pytest.approx([0.6816, 0.6514, 0.2403], abs=5e-5)


def test_random_energy_limit():
    gamma = dh.nishimori_lines(40).gamma_global
    assert gamma == pytest.approx(2 * math.log(2), rel=1e-9)
    assert math.sqrt(1 / gamma) / math.sqrt(2) == pytest.approx(1 / (2 * math.sqrt(math.log(2))), rel=1e-9)


def test_two_bodies_become_the_sherrington_kirkpatrick_model_at_large_load_only():
    for load in (0.1, 1.0, 1e8):  # M/N
        ours = 2 * (1 + math.sqrt(load)) / math.sqrt(2 * 2 * load)
        assert ours == pytest.approx(1 + 1 / math.sqrt(load))
    assert ours == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_the_energy_of_the_paper(p):
    ours = dh.PBodyHopfield(PATTERNS, p=p).energy(STATES[::17])
    assert ours == pytest.approx([naive.energy(state, PATTERNS, p) for state in STATES[::17]], abs=1e-12)


def test_signals_of_the_paper():
    assert dh.theory.limiting_signal(dh.TeacherStudent.nishimori(3, 6.0, 2.5)) == pytest.approx(6.0 / 2.5)
    temperature, load, n_spins = 1.7, 1.5, 10**4
    problem = dh.TeacherStudent.large_noise(4, load, temperature, math.sqrt(temperature / 2))
    assert problem.signal == pytest.approx(load / temperature)
    assert math.sqrt(n_spins * temperature / 2) == pytest.approx(math.sqrt(temperature / 2) * n_spins ** (1 - 2 / 4))


def test_few_examples_of_a_two_body_teacher_at_finite_size():
    """a = 6M/N^2 at p = 4, against the exact signal at a large N."""
    n_spins, n_examples, hot = 4000, 1_000_000, 2 + math.sqrt(2)
    scaled_load = 6 * n_examples / n_spins**2
    assert scaled_load == n_examples * math.factorial(4 // 2 + 1) / n_spins ** (4 / 2)
    problem = dh.TeacherStudent.finite_noise(4, scaled_load, 1.0, hot)
    assert problem.signal == pytest.approx(dh.signal_strength(n_spins, n_examples, 4, hot, 2), rel=0.02)
    assert problem.signal == pytest.approx(scaled_load)  # eta = 1
    published = scaled_load ** (1 / 3) / (scaled_load ** (1 / 3) + 1)
    assert dh.adversarial_boundary(4, dh.theory.scaled_signal(4, hot) * scaled_load) == pytest.approx(published)


def test_critical_temperatures_of_the_teacher():
    for p, published in [(2, 2.0), (3, 1.4879), (4, 1.4518), (30, 1 / math.log(2))]:
        assert dh.critical_temperature(p).temperature == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_krotov_and_hopfield_leave_out_a_power_of_n(n):
    for interaction, overlaps in (("power", OVERLAPS), ("rectified", np.maximum(OVERLAPS, 0))):
        theirs = -(overlaps**n).sum(axis=1)
        ours = dh.PBodyHopfield(PATTERNS, p=n, interaction=interaction).energy(STATES)
        np.testing.assert_allclose(theirs, ours * 8 ** (n - 1), rtol=1e-12, atol=1e-9)
    assert dh.load_of(50 * 40 ** (n - 1), 40, n) == pytest.approx(50 * math.factorial(n))


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_crosstalk_of_strict_and_power_energies(p):
    """The variance of a site's field under one random memory, by its exact sum over the overlap of the other sites."""
    n_spins, n_sites = 9, 2001
    state, memories = np.ones(n_spins, dtype=np.int8), naive.all_states(n_spins)
    fields = [dh.PBodyHopfield(memory[None], p=p).local_fields(state)[0] for memory in memories]
    tuples = [int(memory[0]) * naive.elementary_symmetric(p - 1, memory[1:]) for memory in memories]
    assert fields == pytest.approx(math.factorial(p) / n_spins ** (p - 1) * np.array(tuples), abs=1e-12)
    assert np.mean(np.square(tuples)) == math.comb(n_spins - 1, p - 1)
    strict = math.factorial(p) ** 2 * math.comb(n_sites - 1, p - 1) / n_sites ** (p - 1)
    assert strict == pytest.approx(p**2 * math.factorial(p - 1), rel=0.01)
    odd_factorial = math.prod(range(2 * p - 3, 0, -2))
    assert power_variance(p, n_sites) == pytest.approx(p**2 * odd_factorial, rel=0.02)


def power_variance(p: int, n_spins: int) -> float:
    """Return the mean square of [(k+1)^p - (k-1)^p]/2, k the sum of N - 1 free signs, over N^(p-1)."""
    total = Fraction(0)
    for up in range(n_spins):
        k = 2 * up - (n_spins - 1)
        field = ((k + 1) ** p - (k - 1) ** p) // 2
        total += math.comb(n_spins - 1, up) * field**2
    return float(total / 2 ** (n_spins - 1) / n_spins ** (p - 1))


def test_differences_of_strict_and_power_noise():
    extra = [p * math.prod(range(2 * p - 3, 0, -2)) / math.factorial(p - 1) - p for p in (2, 3, 4)]
    assert extra == [0, 1.5, 6]  # in units of alpha


def test_energy_of_a_stored_vector():
    n_spins = 400
    state = np.ones(n_spins, dtype=np.int8)
    for p in (2, 3, 4):
        strict = dh.PBodyHopfield(state[None], p=p).energy(state)
        assert strict / n_spins == pytest.approx(-(1 - p * (p - 1) / (2 * n_spins)), abs=20 / n_spins**2)
    for interaction in ("power", "rectified", "exponential"):
        p, sharpness = (None, 0.7) if interaction == "exponential" else (3, None)
        network = dh.PBodyHopfield(state[None], p, interaction, sharpness)
        assert network.energy(state) == pytest.approx(-n_spins)


def test_exponential_energies():
    ours = dh.PBodyHopfield(PATTERNS, interaction="exponential", sharpness=1.0).energy(STATES)
    np.testing.assert_allclose(-np.exp(OVERLAPS).sum(axis=1), -np.exp(-ours), rtol=1e-12)
    beta = 0.3
    ours = dh.PBodyHopfield(PATTERNS, interaction="exponential", sharpness=beta).energy(STATES)
    ramsauer = -np.log(np.exp(beta * OVERLAPS).sum(axis=1)) / beta + (STATES.astype(int) ** 2).sum(axis=1) / 2
    assert np.ptp(ramsauer - ours) < 1e-12


def test_one_step_of_attention():
    beta = 0.4
    state = np.random.default_rng(1).uniform(-1, 1, (5, 8))
    memory = dh.DenseAssociativeMemory("attention", beta=beta, max_steps=1, encoding="graded").fit(PATTERNS)
    weights = np.exp(beta * state @ PATTERNS.T)
    theirs = weights / weights.sum(axis=1, keepdims=True) @ PATTERNS
    np.testing.assert_allclose(memory.transform(state), theirs, atol=1e-6)


def test_the_local_field_is_half_the_cost_and_phi_is_the_logarithm_of_z():
    network = dh.PBodyHopfield(PATTERNS, p=3)
    state = STATES[37].copy()
    flipped = state.copy()
    flipped[2] *= -1
    cost = network.energy(flipped) - network.energy(state)
    assert cost == pytest.approx(2 * state[2] * network.local_fields(state)[2])
    solution = dh.solve(dh.DirectModel(3, 0.4, 0.5), "retrieval")
    assert solution.free_entropy == pytest.approx(-solution.free_energy / 0.5)
    assert solution.entropy == pytest.approx(solution.free_entropy + solution.energy / 0.5)
