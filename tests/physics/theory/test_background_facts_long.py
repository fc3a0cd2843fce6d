"""The capacity of two bodies at N = 5,000 and 10,000, and how mixtures and capacities of more bodies go with N."""

import numpy as np
import pytest

import densehop as dh
from densehop.recipes.capacity import theory
from densehop.recipes.capacity.table import half_load
from tests.physics.theory.test_background_facts import BAND, kept, mixtures

pytestmark = pytest.mark.long


def half(p, n_spins, ratios, temperature, n_disorders, n_sweeps=100):
    """Return in units of the theory's capacity where half of the chains keep their memory, and print it."""
    capacity = dh.retrieval_boundary(p, temperature)
    runs = [kept(p, n_spins, ratio * capacity, temperature, n_disorders, 6, n_sweeps) for ratio in ratios]
    shares = np.array([(run > 0.7).mean(axis=1) if p == 2 else (run > 0.5).mean(axis=1) for run in runs])
    found = half_load(np.array(ratios), shares)
    print(f"p = {p}, T = {temperature}, N = {n_spins}: half at {found.mean:.4f} +- {found.error:.4f} of {capacity:.6f}")
    print("  shares", dict(zip(ratios, shares.mean(axis=1).round(3).tolist(), strict=True)))
    return found


def test_two_bodies_lose_their_memories_at_0138():
    """Warm chains, T = 0.1: half is lost at loads that come down to M/N = 0.1378 as N grows."""
    ratios = (0.9, 0.96, 1.0, 1.04, 1.08, 1.14)
    found = [half(2, n_spins, ratios, 0.1, 8) for n_spins in (1000, 5000, 10_000)]
    assert found[0].mean > found[2].mean
    assert 0.99 < found[2].mean < 1.06


def test_greedy_dynamics_stops_near_memories_beyond_capacity():
    """T = 0, N = 10,000: half of the fixed points are near the memory up to M/N = 0.149."""
    found = half(2, 10_000, (0.96, 1.0, 1.04, 1.08, 1.12, 1.18), 0.0, 8)
    assert 1.04 < found.mean < 1.1


@pytest.mark.parametrize("n_spins", [5000, 10_000])
def test_overlap_at_large_size(n_spins):
    """T = 0, M/N = 0.12 and 0.13: 8 disorders, 10 memories."""
    for load in (0.24, 0.26):
        overlaps = kept(2, n_spins, load, 0.0, n_memories=10)
        found = dh.diagnostics.disorder_estimate(overlaps.mean(axis=1))
        expected = theory.overlap(2, load, 0.0, "rs")
        print(f"N = {n_spins}, M/N = {load / 2}: {found.mean:.5f} +- {found.error:.5f}, theory {expected:.5f}")
        assert abs(found.mean - expected) < BAND * found.error + 2 / n_spins


def test_capacity_of_three_bodies_goes_with_the_square_of_n():
    """T = 0.9: the load of one half, 6M/N^2, stays of order one while M grows sixteenfold, N = 128 to 512.

    It rises past the theory's 0.929, and would for any fixed number of sweeps: large networks lose memories slowly.
    """
    found = [half(3, n_spins, (0.55, 0.7, 0.85, 1.0, 1.15, 1.3), 0.9, 12) for n_spins in (128, 256, 512)]
    assert found[0].mean < found[2].mean
    assert 0.8 < found[2].mean < 1.3


def test_mixtures_persist_longer_at_larger_size():
    """p = 3, T = 0: below the limiting load the share that persists grows with N, beyond it far fewer do.

    Not none at large N: greedy dynamics stops near the mixture, although that is unstable.
    """
    limit, shares = dh.theory.mixture_loads(3).stable, {}
    for ratio in (0.8, 1.6):
        for n_spins in (400, 1600):
            found = mixtures(3, n_spins, dh.n_examples_for(ratio * limit, n_spins, 3), 0.0, n_disorders=24)
            shares[ratio, n_spins] = float(np.mean(found[:, 0] > 0.375))
    print(f"shares that persist, by load over {limit:.5f} and N: {shares}")
    assert shares[0.8, 400] < shares[0.8, 1600]
    assert shares[1.6, 400] < shares[0.8, 400] / 2
    assert shares[1.6, 1600] < shares[0.8, 1600] / 2
