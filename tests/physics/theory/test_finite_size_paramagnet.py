"""The paramagnet at finite N: enumeration, its expansion in 1/N, its own derivative."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.theory import finite_size_paramagnet
from tests import naive


@pytest.mark.parametrize(
    ("p", "n_spins", "n_patterns", "temperature"), [(3, 10, 17, 4.0), (4, 10, 30, 4.0), (5, 9, 50, 5.0)]
)
def test_enumeration(p, n_spins, n_patterns, temperature):
    """Mean energy and log Z of 150 networks; the theory of infinite N is far away."""
    states, rng = naive.all_states(n_spins), np.random.default_rng(p)
    energies, free_entropies = [], []
    for _ in range(150):
        network = dh.PBodyHopfield(rng.choice([-1, 1], (n_patterns, n_spins)), p)
        energy = network.energy(states)
        weights = np.exp(-energy / temperature)
        energies.append(weights @ energy / weights.sum() / n_spins)
        free_entropies.append(math.log(weights.sum()) / n_spins)
    found = finite_size_paramagnet(n_spins, n_patterns, p, temperature)
    load = dh.load_of(n_patterns, n_spins, p)
    for values, theory, infinite in (
        (energies, found.energy, -load / temperature),
        (free_entropies, found.free_entropy, math.log(2) + load / (2 * temperature**2)),
    ):
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values) - theory) < max(4 * error, 0.02 * abs(infinite))
        assert abs(np.mean(values) - theory) < 0.2 * abs(np.mean(values) - infinite)


def test_first_correction_of_three_bodies():
    """u = -(alpha/T)(1 - 3/N) - 90 alpha/(N T^3) + ..., from the moments of He_3 (<He_3^4> = 3348)."""
    load, n_spins = 2.0, 20_000
    n_examples = dh.n_examples_for(load, n_spins, 3)
    for temperature in (6.0, 12.0):
        found = finite_size_paramagnet(n_spins, n_examples, 3, temperature).energy
        correction = (found + load / temperature) * n_spins
        higher = 3_000 * load / temperature**5  # the next order
        assert correction == pytest.approx(3 * load / temperature - 90 * load / temperature**3, abs=max(higher, 0.02))


def test_energy_is_the_derivative_of_the_free_entropy():
    beta, step = 1 / 2.5, 1e-5
    up, down = (finite_size_paramagnet(64, 500, 3, 1 / (beta + sign * step)).free_entropy for sign in (1, -1))
    state = finite_size_paramagnet(64, 500, 3, 2.5)
    assert state.energy == pytest.approx(-(up - down) / (2 * step), rel=1e-6)
    assert state.entropy == pytest.approx(state.free_entropy + state.energy / 2.5)


def test_simulation_at_64_spins():
    """p = 3, T = 2.5, load 1: infinite N is 0.4, the paramagnet of 64 spins 0.49; 4 disorders of 16 chains."""
    n_examples = dh.n_examples_for(1.0, 64, 3)
    energies = []
    for seed in range(4):
        network = dh.PBodyHopfield(np.random.default_rng(seed).choice([-1, 1], (n_examples, 64)), 3)
        energies.append(network.sample(2.5, 16, 150, seed=seed).energy[:, 30:].mean() / 64)
    theory = finite_size_paramagnet(64, n_examples, 3, 2.5).energy
    error = np.std(energies, ddof=1) / 2
    assert np.mean(energies) == pytest.approx(theory, abs=max(4 * error, 0.01))
    assert abs(np.mean(energies) + 0.4) > 3 * abs(np.mean(energies) - theory)


def test_low_temperatures_are_refused():
    """T = 1.6: its paramagnet would have the energy of the ordered states, -12; T = 1.2: of their border."""
    for temperature in (1.6, 1.2):
        with pytest.raises(dh.OutOfRange, match=f"64 spins at T = {temperature} are too far from infinite N"):
            finite_size_paramagnet(64, 683, 3, temperature)
    with pytest.raises(dh.InvalidInput, match="p must be"):
        finite_size_paramagnet(64, 100, 2, 3.0)
