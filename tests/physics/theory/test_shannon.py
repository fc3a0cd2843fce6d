"""Limits of any memory: against the definition, exact counting at small N, and the exponential energy."""

import itertools
import math

import numpy as np
import pytest

import densehop as dh

capacity = dh.theory.channel_capacity


def test_capacity_of_a_binary_symmetric_channel():
    assert capacity(0.0) == math.log(2)
    assert capacity(0.5) == 0
    assert capacity(0.11) == pytest.approx(0.5 * math.log(2), abs=1e-4)  # half a bit, a number of the textbooks
    for rate in (0.1, 0.2499999, 0.2500001, 0.4):
        entropy = -rate * math.log(rate) - (1 - rate) * math.log(1 - rate)
        assert capacity(rate) == pytest.approx(math.log(2) - entropy, rel=1e-12)
    assert capacity(0.5 - 1e-9) == pytest.approx(2e-18, rel=1e-6)


@pytest.mark.parametrize("n_wrong", [0, 1, 2])
def test_the_nearest_of_two_patterns_by_listing_them(n_wrong):
    """Success with M = 2 patterns of 5 spins, ties drawn by lot, is what the formula says at M = 2."""
    distances = [sum(s) for s in itertools.product([0, 1], repeat=5)]
    success = np.mean([1.0 if d > n_wrong else 0.5 if d == n_wrong else 0.0 for d in distances])
    closer, tie = (np.mean([d < n_wrong for d in distances]), np.mean([d == n_wrong for d in distances]))
    exact = ((1 - closer) ** 2 - (1 - closer - tie) ** 2) / (2 * tie)
    assert success == pytest.approx(exact, abs=1e-15)


@pytest.mark.parametrize(("n_spins", "n_wrong"), [(16, 3), (20, 5)])
def test_half_of_the_patterns_are_the_nearest_at_that_number(n_spins, n_wrong):
    number = round(math.exp(n_spins * capacity(n_wrong / n_spins, n_spins)))
    rng = np.random.default_rng(0)
    trials = 4000
    distance = rng.binomial(n_spins, 0.5, (trials, number - 1))
    ties = (distance == n_wrong).sum(axis=1)
    success = np.where((distance < n_wrong).any(axis=1), 0.0, 1 / (1 + ties))
    assert success.mean() == pytest.approx(0.5, abs=4 * success.std() / math.sqrt(trials) + 1 / number)


def test_the_limit_is_approached_from_above():
    """Half of the patterns may be lost: the excess falls as log(N)/N."""
    excess = [capacity(0.2, n) - capacity(0.2) for n in (20, 100, 1000, 10_000)]
    assert excess == sorted(excess, reverse=True)
    assert 0 < excess[-1] < 1e-3
    assert capacity(0.1, 30_000) == pytest.approx(capacity(0.1), abs=1e-3)


def test_exponential_energies_reach_it():
    for rate in (0.1, 0.3):
        problem = dh.ExponentialModel(capacity(rate) * (1 - 1e-9), 2.0, 0.0)
        assert dh.theory.basin_overlap(problem) < 1 - 2 * rate
    with pytest.raises(dh.InvalidInput, match=r"flip_rate must be a number from 0 to 0.5, got 0.6"):
        capacity(0.6)
