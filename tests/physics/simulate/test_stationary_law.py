"""Every dynamics and order has one stationary law, Boltzmann's: exact sweep matrices of all small networks.

The probability of a flip is read from the compiled decision itself: decisions are monotonic in the uniform number, so
bisection finds from where on a spin flips.
"""

import itertools

import numpy as np
import pytest

import densehop as dh
from densehop.kernels.noise import EXPONENTIAL, LOGISTIC, flips, make_noise
from tests import naive

NOISES = {"heat-bath": make_noise(LOGISTIC), "metropolis": make_noise(EXPONENTIAL)}
TEMPERATURES = (0.4, 3.0, 1e4)


def flip_probability(cost, temperature, noise, known):
    """Return the share of uniform numbers with which a spin flips."""
    key = round(float(cost), 9), temperature, noise.law
    if key not in known:
        low, high = 0.0, 1.0
        for _ in range(53):
            middle = (low + high) / 2
            low, high = (low, middle) if flips(float(cost), temperature, middle, noise) else (middle, high)
        known[key] = 1 - high
    return known[key]


def networks(n_spins, n_patterns):
    """Yield all sets of patterns, the first one all +1: other sets have the same sweeps of transformed spins."""
    ones, others = np.ones((1, n_spins), dtype=np.int8), naive.all_states(n_spins)
    for rest in itertools.combinations_with_replacement(others, n_patterns - 1):
        yield np.concatenate([ones, *(row[np.newaxis] for row in rest)])


def attempts(cost, temperature, noise, known):
    """Return the transition matrices of an attempt at each site, (site, from, to), states as by `all_states`."""
    n_states, n_spins = cost.shape
    codes = naive.codes_of(naive.all_states(n_spins))
    place = np.argsort(codes)
    matrices = np.zeros((n_spins, n_states, n_states))
    for site in range(n_spins):
        to = place[codes ^ (1 << site)]
        chance = np.array([flip_probability(value, temperature, noise, known) for value in cost[:, site]])
        matrices[site, np.arange(n_states), to] = chance
        matrices[site, np.arange(n_states), np.arange(n_states)] = 1 - chance
    return matrices


def sweep(matrices, order):
    """Return the transition matrix of a sweep."""
    if order == "random":
        return np.linalg.matrix_power(matrices.mean(axis=0), len(matrices))
    return np.linalg.multi_dot(matrices) if len(matrices) > 1 else matrices[0]


def check(n_spins, n_patterns, p, dynamics):
    """Compare the stationary laws of all networks of one size with enumeration; return how many there were."""
    states, known, n_networks = naive.all_states(n_spins), {}, 0
    for patterns in networks(n_spins, n_patterns):
        n_networks += 1
        net = dh.PBodyHopfield(patterns, p)
        energy, cost = net.energy(states), 2 * states * net.local_fields(states)
        for temperature in TEMPERATURES:
            law = np.exp(-(energy - energy.min()) / temperature)
            law /= law.sum()
            matrices = attempts(cost, temperature, NOISES[dynamics], known)
            for order in ("sequential", "random"):
                matrix = sweep(matrices, order)
                assert (matrix > 0).all(), (patterns, temperature, order)  # Perron: one stationary law, no cycle
                np.testing.assert_allclose(law @ matrix, law, atol=1e-12)
    return n_networks


@pytest.mark.parametrize("dynamics", list(NOISES))
@pytest.mark.parametrize(("n_spins", "n_patterns"), [(n, m) for n in (2, 3, 4) for m in (1, 2, 3)] + [(5, 1), (5, 2)])
def test_boltzmann_is_the_only_stationary_law(n_spins, n_patterns, dynamics):
    for p in range(2, n_spins + 1):
        assert check(n_spins, n_patterns, p, dynamics) > 0


@pytest.mark.long
@pytest.mark.parametrize("dynamics", list(NOISES))
def test_boltzmann_is_the_only_stationary_law_of_five_spins(dynamics):
    for p in range(2, 6):
        assert check(5, 3, p, dynamics) == 32 * 33 // 2


def test_without_a_rest_metropolis_has_other_laws(monkeypatch):
    """The rule min(1, exp(-Delta E/T)) in order: opposite patterns at odd p cost nothing anywhere."""
    monkeypatch.setitem(globals(), "flip_probability", lambda cost, t, _noise, _known: min(1.0, np.exp(-cost / t)))
    with pytest.raises(AssertionError):
        check(3, 2, 3, "metropolis")


@pytest.mark.parametrize("order", ["sequential", "random"])
def test_hot_metropolis_forgets_its_start(order):
    """N = 12 at T = 10^4, where plain sweeps in order alternate between xi and -xi; the truth by enumeration."""
    _, examples = dh.draw_examples(n_spins=12, n_examples=10, p=3, temperature=1e3, seed=1)
    net = dh.PBodyHopfield(examples, p=3)
    energy = net.energy(naive.all_states(12))
    weight = np.exp(-(energy - energy.min()) / 1e4)
    runs = [net.sample(1e4, 4, 2000, dynamics="metropolis", order=order, seed=seed).energy for seed in range(8)]
    squares = np.array([(run[:, 100:] ** 2).mean() for run in runs])
    error = squares.std(ddof=1) / len(runs) ** 0.5
    assert abs(squares.mean() - weight @ energy**2 / weight.sum()) < 5 * error
    assert error < 0.02 * squares.mean()
