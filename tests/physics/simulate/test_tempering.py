"""Replica exchange leaves the product of Boltzmann laws invariant; wrong swaps are found out."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.simulate.tempering import Ladder
from tests import goodness, naive

FALSE_ALARM, CAUGHT = 1e-4, 1e-9
TEMPERATURES = (0.7, 2.5)


def network(p=3, n_spins=4, n_patterns=5, interaction="strict"):
    patterns = np.random.default_rng(p).choice([-1, 1], (n_patterns, n_spins))
    return dh.PBodyHopfield(patterns, p, interaction)


def joint_p_value(net, n_sweeps=4_000, thin=4, **options):
    """Return the p-value of the states at two temperatures together, thinned."""
    run = net.temper(TEMPERATURES, n_ladders=2, n_sweeps=n_sweeps, snapshot_every=1, **options)
    codes = naive.codes_of(run.snapshots)[:, :, 10 * thin :: thin]
    n_states = 2**net.n_spins
    observed = np.bincount((codes[:, 0] * n_states + codes[:, 1]).ravel(), minlength=n_states**2)
    cold, hot = (naive.boltzmann(net.patterns, net.p, t, net.interaction) for t in TEMPERATURES)
    p_value = goodness.p_value(observed, np.outer(cold, hot).ravel())
    print(f"{net}, {options}: swap rate {run.swap_rate}, {observed.sum()} pairs, p-value {p_value:.2g}")
    return p_value


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize(
    ("p", "interaction", "representation"),
    [
        (2, "strict", "patterns"),
        (3, "strict", "patterns"),
        (3, "strict", "couplings"),
        (4, "strict", "couplings"),
        (3, "power", "auto"),
        (3, "rectified", "auto"),
    ],
)
def test_joint_distribution(p, interaction, representation, dynamics):
    options = {"representation": representation, "dynamics": dynamics}
    assert joint_p_value(network(p, interaction=interaction), **options) > FALSE_ALARM


@pytest.mark.parametrize(("every", "order"), [(1, "random"), (3, "sequential")])
def test_joint_distribution_whenever_they_swap(every, order):
    assert joint_p_value(network(), exchange_every=every, order=order) > FALSE_ALARM


@pytest.mark.parametrize("n_sweeps", [8_000, 24_000])
def test_right_swaps_pass_where_wrong_ones_are_caught(n_sweeps):
    assert joint_p_value(network(), n_sweeps, thin=3) > FALSE_ALARM


@pytest.mark.parametrize(
    ("factor", "n_sweeps"),
    [(0, 8_000), (-1, 8_000), (0.5, 24_000)],
    ids=["always accepted", "wrong sign", "half of the exponent"],
)
def test_wrong_swaps_are_caught(factor, n_sweeps, monkeypatch):
    swap = Ladder._swap
    monkeypatch.setattr(Ladder, "_swap", lambda self, energies, turn: swap(self, factor * energies, turn))
    assert joint_p_value(network(), n_sweeps, thin=3) < CAUGHT


def test_each_temperature_of_a_longer_ladder_has_its_law():
    net, temperatures = network(3, 6, 8), (0.8, 1.2, 1.8, 2.7, 4.0)
    run = net.temper(temperatures, n_ladders=4, n_sweeps=12_000, snapshot_every=1)
    for index, temperature in enumerate(temperatures):
        samples = run.at(index)
        thin = math.ceil(2 * dh.diagnostics.autocorrelation_time(samples.energy)) + 8
        codes = naive.codes_of(samples.snapshots)[:, 10 * thin :: thin]
        observed = np.bincount(codes.ravel(), minlength=64)
        assert goodness.p_value(observed, naive.boltzmann(net.patterns, 3, temperature)) > FALSE_ALARM


def test_replica_exchange_frees_chains_that_single_temperatures_trap():
    """p = 3 retrieval at load 1: cold chains from random states never find a memory's valley or leave it again."""
    rng = np.random.default_rng(0)
    net = dh.PBodyHopfield(rng.choice([-1, 1], (12, 40)), 3)
    cold, hot = 0.35, 1.6
    ladder = net.tune_ladder(cold, hot, seed=1)
    assert ladder.converged
    tempered = net.temper(ladder.temperatures, n_ladders=4, n_sweeps=3000, seed=2)
    alone = net.sample(cold, n_chains=4, n_sweeps=3000, seed=2)
    means = tempered.at(0).energy[:, 1500:].mean(axis=1)
    print(
        f"{len(ladder.temperatures)} temperatures, rates {ladder.swap_rate.min():.2f} to {ladder.swap_rate.max():.2f}"
    )
    print(f"energies {means}, alone {alone.energy[:, 1500:].mean(axis=1)}, round trips {tempered.round_trips}")
    assert np.ptp(means) < 0.3 * np.ptp(alone.energy[:, 1500:].mean(axis=1))
    assert (tempered.round_trips > 3).all()
