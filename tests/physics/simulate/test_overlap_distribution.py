"""P(q) of independent replicas against its exact sum over all pairs of states; wrong ways to get it are found out."""

import math

import numpy as np
import pytest

import densehop as dh
from densehop.diagnostics import overlaps
from tests import goodness, naive

FALSE_ALARM, CAUGHT = 1e-4, 1e-9
N_SPINS, N_SWEEPS = 8, 20_000
TEMPERATURE = {2: 2.5, 3: 2.0}


def network(p):
    return dh.PBodyHopfield(np.random.default_rng(p).choice([-1, 1], (6, N_SPINS)), p=p)


def exact_distribution(net):
    """Return P(q) on the lattice of N + 1 values, summed over all pairs of states."""
    weights = naive.boltzmann(net.patterns, net.p, TEMPERATURE[net.p])
    states = naive.all_states(N_SPINS).astype(int)
    agreements = (states @ states.T + N_SPINS) // 2
    return np.bincount(agreements.ravel(), np.outer(weights, weights).ravel(), minlength=N_SPINS + 1)


def p_value(net, seeds, **options):
    """Return the chi-square p-value of thinned overlaps between the chains of two runs, one pair for each."""
    first, second = (
        net.sample(TEMPERATURE[net.p], 4, N_SWEEPS, seed=seed, snapshot_every=1, **options) for seed in seeds
    )
    spins = first.snapshots.astype(float)
    thin = math.ceil(2 * max(dh.diagnostics.autocorrelation_time(spins[:, :, site]) for site in range(N_SPINS)))
    pairs = dh.diagnostics.between_chains(first, second, gauge=False)[
        [0, 5, 10, 15], 10 * thin :: thin
    ]  # chain c with chain c
    histogram = dh.diagnostics.overlap_histogram(pairs, N_SPINS)
    assert histogram.n_values > 1_000
    return goodness.p_value(histogram.probability * histogram.n_values, exact_distribution(net))


@pytest.mark.parametrize("p", [2, 3])
def test_overlaps_between_runs_follow_the_exact_distribution(p):
    net = network(p)
    assert p_value(net, (1, 2)) > FALSE_ALARM
    exact = exact_distribution(net)
    assert exact.sum() == pytest.approx(1)
    if p == 2:
        assert exact == pytest.approx(exact[::-1])  # what `symmetric` is for


@pytest.mark.parametrize("p", [2, 3])
def test_replicas_that_share_noise_are_caught(p, monkeypatch):
    """Chains of one seed from different starts meet: without the check their P(q) would be that of one chain."""
    monkeypatch.setattr(overlaps, "require_comparable", lambda *_runs: None)
    assert p_value(network(p), (1, 1)) < CAUGHT


def test_one_gauge_for_each_pair_is_not_the_even_law(monkeypatch):
    """The default gauge of even p is for ordered phases: where chains reverse it pushes P(q) to positive q."""
    ungauged = overlaps.between_chains
    monkeypatch.setattr(dh.diagnostics, "between_chains", lambda run, other, **_options: np.abs(ungauged(run, other)))
    assert p_value(network(2), (1, 2)) < CAUGHT
