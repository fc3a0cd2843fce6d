"""Specific heat, susceptibility and Binder cumulant against enumeration, and how often their error bars cover."""

import numpy as np
import pytest

import densehop as dh
from tests import naive

N_SPINS = 8


def exact(network, temperature):
    """Return C, chi and the Binder cumulant of the overlap with the first pattern, from all states."""
    states = naive.all_states(N_SPINS)
    weights = naive.boltzmann(network.patterns, network.p, temperature)
    energies = np.array([naive.energy(state, network.patterns, network.p) for state in states])
    overlaps = states @ network.patterns[0] / N_SPINS
    second, fourth = weights @ overlaps**2, weights @ overlaps**4
    return {
        "specific_heat": (weights @ energies**2 - (weights @ energies) ** 2) / (N_SPINS * temperature**2),
        "susceptibility": N_SPINS * (second - (weights @ overlaps) ** 2) / temperature,
        "binder_cumulant": 1 - fourth / (3 * second**2),
    }


def measured(network, temperature, n_chains, n_sweeps, seed):
    run = network.sample(temperature, n_chains, n_sweeps, seed=seed, snapshot_every=1)
    energy = run.energy[:, n_sweeps // 10 :]
    overlap = (run.snapshots @ network.patterns[0].astype(int) / N_SPINS)[:, n_sweeps // 10 :]
    return {
        "specific_heat": dh.diagnostics.specific_heat(energy, temperature, N_SPINS),
        "susceptibility": dh.diagnostics.susceptibility(overlap, temperature, N_SPINS),
        "binder_cumulant": dh.diagnostics.binder_cumulant(overlap),
    }


def deviations(n_networks, n_chains=8, n_sweeps=1_000):
    """Return deviations from the truth in errors, for each quantity (network,), and how often there is none."""
    found = {"specific_heat": [], "susceptibility": [], "binder_cumulant": []}
    for seed in range(n_networks):
        p = 2 + seed % 3
        network = dh.PBodyHopfield(np.random.default_rng(seed).choice([-1, 1], (4, N_SPINS)), p)
        truth = exact(network, 2.5)
        for name, average in measured(network, 2.5, n_chains, n_sweeps, seed).items():
            found[name].append((average.mean - truth[name]) / average.error)
    return {name: np.array(values) for name, values in found.items()}


def test_fluctuations_are_those_of_enumeration():
    """24 networks of p = 2, 3, 4: deviations are like normal numbers; a factor of 1.2 would be 5 errors and more."""
    for values in deviations(24).values():
        known = values[np.isfinite(values)]
        assert len(known) > 18
        assert np.abs(known).max() < 4
        assert abs(known.mean()) < 0.8
        assert 0.5 < known.std() < 1.6


@pytest.mark.long
def test_error_bars_of_fluctuations_cover():
    for name, values in deviations(600).items():
        known = values[np.isfinite(values)]
        rates = [(np.abs(known) < width).mean() for width in (1, 2)]
        print(
            f"{name}: {len(known)} of {len(values)} have an error; within 1 and 2 errors {rates[0]:.3f}, {rates[1]:.3f}"
        )
        assert len(known) > 400
        assert 0.62 < rates[0] < 0.76
        assert rates[1] > 0.93


def test_limits_of_the_binder_cumulant():
    rng = np.random.default_rng(0)
    assert dh.diagnostics.binder_cumulant(rng.choice([-0.8, 0.8], (4, 500))).mean == pytest.approx(2 / 3)
    gaussian = dh.diagnostics.binder_cumulant(rng.normal(size=(16, 4_000)))
    assert abs(gaussian.mean) < 4 * gaussian.error < 0.1


def test_a_known_mean_is_used():
    """Around a mean of 0 that is known, one lasting magnetisation of either sign counts in full."""
    overlap = np.where(np.arange(4)[:, None] % 2, 0.5, -0.5) + np.random.default_rng(1).normal(size=(4, 400)) / 100
    assert dh.diagnostics.susceptibility(overlap + 0.5, 2.0, 10, mean=0.5).mean == pytest.approx(1.25, rel=0.01)


@pytest.mark.parametrize("n_chains", [2, 4])
def test_chains_on_both_sides_of_their_mean_have_no_error(n_chains):
    """Their squares agree, but the mean is that of valleys which no chain left: no error bar can be known."""
    sides = np.where(np.arange(n_chains)[:, None] % 2, 0.9, -0.9)
    series = sides + np.random.default_rng(0).normal(0, 0.02, (n_chains, 1000))
    for average in (dh.diagnostics.susceptibility(series, 1.0, 100), dh.diagnostics.specific_heat(series, 1.0, 100)):
        assert np.isnan(average.error)
        assert "the mean, about which the fluctuations are, is not known: too short" in average.reason
        assert np.isnan(average.interval()).all()
    assert dh.diagnostics.susceptibility(series, 1.0, 100, mean=0.0).error > 0


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: dh.diagnostics.specific_heat(np.ones((2, 9)), 0.0, 8), "temperature must be"),
        (lambda: dh.diagnostics.susceptibility(np.ones((2, 9)), 1.0, 0), "n_spins must be"),
        (lambda: dh.diagnostics.susceptibility(np.ones((2, 9)), 1.0, 8, mean=2), "mean must be a number"),
        (lambda: dh.diagnostics.binder_cumulant(np.zeros((2, 9))), "0 throughout"),
        (lambda: dh.diagnostics.binder_cumulant(["a"]), "must be real numbers"),
    ],
)
def test_wrong_input_is_refused(ask, message):
    with pytest.raises(dh.InvalidInput, match=message):
        ask()
