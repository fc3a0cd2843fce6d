"""Known facts about Hopfield networks, by simulation: capacity, mixtures of memories, correlated memories.

Shares far from a limit are compared with 0 and 1. At finite N limits are smeared: loads by relative fluctuations of the
noise of order 1/sqrt(N) and by the slow loss beyond the limit, temperatures by escapes over barriers that grow with N.
The distances from the limits below are those at which, at these N, at most a few per cent of chains go the other way;
overlaps are compared in standard errors over disorders.
"""

import numpy as np
import pytest

import densehop as dh
from densehop.recipes.capacity import measurements as runs
from densehop.recipes.capacity import theory

BAND = 5.0  # standard errors, for 8 or more disorders: 2e-3


def kept(p, n_spins, load, temperature, n_disorders=8, n_memories=4, n_sweeps=40):
    """Return final overlaps, (disorder, memory), of chains from memories."""
    return np.array(
        [runs.retrieval(p, n_spins, load, temperature, n_sweeps, n_memories, seed) for seed in range(n_disorders)]
    )


def mixtures(p, n_spins, n_stored, temperature, n_disorders=8, n_sweeps=60):
    """Return final overlaps, (disorder, 3), smallest first, of chains from the majority of three memories."""
    return np.array([runs.mixture(p, n_spins, n_stored, temperature, n_sweeps, seed) for seed in range(n_disorders)])


@pytest.mark.parametrize(
    ("p", "n_spins", "temperature", "below", "beyond"),
    [(2, 2000, 0.1, 0.75, 1.3), (3, 192, 0.9, 0.5, 1.5), (4, 96, 0.9, 0.4, 1.6)],
)
def test_retrieval_is_lost_at_the_capacity(p, n_spins, temperature, below, beyond):
    """p = 2: M/N = 0.138; p = 3, 4: loads 0.929 and 0.920, where M grows as N^(p-1)."""
    capacity = dh.retrieval_boundary(p, temperature)
    assert capacity == pytest.approx({2: 2 * 0.1378, 3: 0.9287, 4: 0.9203}[p], rel=1e-3)
    smallest = 0.75 * theory.overlap(p, 0.999 * capacity, temperature, "rs")
    assert np.mean(kept(p, n_spins, below * capacity, temperature) > smallest) > 0.85
    assert np.mean(kept(p, n_spins, beyond * capacity, temperature) > smallest) < 0.4


@pytest.mark.parametrize(("p", "n_spins", "load"), [(2, 3000, 0.22), (3, 256, 0.45), (4, 96, 0.5)])
def test_overlap_of_a_retrieved_memory(p, n_spins, load):
    """T = 0, loads where RS and 1RSB overlaps agree to 2e-4; 2/N is the step of an overlap, the size of corrections."""
    overlaps = kept(p, n_spins, load, 0.0)
    found = dh.diagnostics.disorder_estimate(overlaps.mean(axis=1))
    assert abs(found.mean - theory.overlap(p, load, 0.0, "rs")) < BAND * found.error + 2 / n_spins
    assert found.error < 0.003


@pytest.mark.parametrize("p", [2, 3, 4])
def test_mixtures_melt_at_their_temperature(p):
    """Load 0, N = 8,000: stable at 0.6 of the limit, with the theory's overlap; at 1.15 they fall into one memory."""
    limit = dh.theory.mixture_temperature(p)
    assert limit == pytest.approx({2: 0.920, 3: 0.432, 4: 0.246}[p], abs=5e-4)
    below = mixtures(p, 8000, 3, 0.6 * limit)
    found = dh.diagnostics.disorder_estimate(below.mean(axis=1))
    expected = next(state for state in dh.mixtures(p, 0.6 * limit) if state.n_mixed == 3)
    assert abs(found.mean - expected.overlaps[0]) < BAND * found.error
    assert found.error < 0.001
    assert np.ptp(below, axis=1).max() < 0.15
    beyond = mixtures(p, 8000, 3, 1.15 * limit)
    assert beyond[:, 2].min() > 0.9
    assert np.abs(beyond[:, :2]).max() < 0.1


@pytest.mark.parametrize(("p", "n_spins", "below", "beyond"), [(3, 400, 0.3, 2.0), (4, 192, 0.2, 1.7)])
def test_mixtures_survive_small_loads_only(p, n_spins, below, beyond):
    """T = 0: they are lost at loads where they still exist as solutions but are unstable."""
    limits = dh.theory.mixture_loads(p)
    assert limits.stable == pytest.approx({3: 0.0456, 4: 0.0121}[p], abs=5e-5)
    assert beyond * limits.stable < limits.exists
    stored = [dh.n_examples_for(ratio * limits.stable, n_spins, p) for ratio in (below, beyond)]
    few, many = (mixtures(p, n_spins, n_stored, 0.0, n_disorders=12) for n_stored in stored)
    assert np.mean(few[:, 0] > runs.N_MIXED / 8) >= 10 / 12  # three in eight: three quarters of the mixture's 1/2
    assert np.mean(many[:, 0] > runs.N_MIXED / 8) <= 2 / 12
    assert np.median(many[:, 2]) > 0.95


@pytest.mark.parametrize("b", [0.1, 0.3, 0.55, 0.66])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_correlated_memories_have_a_mixture_as_ground_state(p, b):
    """b > 1/5 at p = 2, 0.485 at 3, 0.623 at 4; but T = 0 dynamics leaves a memory only for 2 b^(p-1) > 1."""
    ends = [runs.correlated(p, 4000, b, 0.2, seed) for seed in range(8)]
    overlaps, energies = np.array([end[0] for end in ends]), np.array([end[1] for end in ends])
    assert np.abs(overlaps[:, 1] - (1 + b) / 2).max() < 0.06  # five times sqrt(1 - b^2)/sqrt(N)/2 and more
    if 2 * b ** (p - 1) > 1:
        assert np.array_equal(overlaps[:, 0], overlaps[:, 1])
        return
    assert np.all(overlaps[:, 0, 0] > 0.99)
    gap = dh.diagnostics.disorder_estimate(energies[:, 1] - energies[:, 0])
    assert abs(gap.mean - theory.energy_difference(p, b)) < BAND * gap.error
    assert gap.error < 0.015
    assert (gap.mean < 0) == (b > dh.theory.critical_memory_overlap(p))
