"""Descents among memories that are not stored (benchmarks/bench_descents.py): by enumeration, and as the network's."""

import itertools
import math
import runpy
from pathlib import Path

import numpy as np
import pytest

import densehop as dh
from tests.physics.theory.test_exponential_dynamics import half_restored

DESCENTS = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks/bench_descents.py"))


def test_the_covariance_of_fields_is_exact():
    """Of every pair of sites and some pairs of states of 5 spins, by all 32 memories."""
    sharpness, memories = 0.4, np.array(list(itertools.product([-1, 1], repeat=5)))

    def field(state, site):
        others = np.where(np.arange(5) == site, 0, state)
        return memories[:, site] * np.exp(sharpness * memories @ others)

    states = memories[[0, 5, 14, 30]].astype(np.int8)
    for (state, earlier), (site, before) in itertools.product(
        itertools.product(states, repeat=2), itertools.product(range(5), repeat=2)
    ):
        exact = (field(state, site) * field(earlier, before)).mean() / math.cosh(2 * sharpness) ** 4
        assert DESCENTS["covariance"].py_func(state, site, earlier, before, sharpness) == pytest.approx(
            exact, abs=1e-12
        )


def test_drawn_fields_have_that_covariance():
    rng = np.random.default_rng(0)
    wanted = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]])
    drawn = []
    for _ in range(2000):
        factor, normals = np.zeros((3, 3)), rng.normal(size=3)
        drawn.append([DESCENTS["draw_field"].py_func(wanted[k], k, factor, normals) for k in range(3)])
    assert np.cov(np.array(drawn).T) == pytest.approx(wanted, abs=0.12)
    assert factor @ factor.T == pytest.approx(wanted, abs=1e-12)


@pytest.mark.long  # it compiles
def test_a_descent_among_the_nearest_memories_is_that_of_the_network():
    """With all memories it ends where `relax` and `retrieve` do; those drawn have the overlaps that were asked for."""
    rng, n_spins, sharpness = np.random.default_rng(2), 24, 0.5
    for n_wrong, synchronous in itertools.product((3, 5, 7, 9), (False, True)):
        state = rng.permutation(np.where(np.arange(n_spins) < n_wrong, -1, 1)).astype(np.int8)
        counts = rng.multinomial(300, [math.comb(n_spins, j) / 2**n_spins for j in range(n_spins + 1)])
        patterns, overlaps = np.empty((n_spins, 300), np.int8), np.empty(300, np.int64)
        DESCENTS["draw_nearest"](state, counts, patterns, overlaps, rng)
        assert (state @ patterns.astype(int) == overlaps).all()
        assert (np.bincount((overlaps + n_spins) // 2, minlength=n_spins + 1) == counts).all()
        stored = np.vstack([np.ones((1, n_spins), np.int8), patterns.T])
        network = dh.PBodyHopfield(stored, interaction="exponential", sharpness=sharpness)
        end = network.retrieve(state, 20).states if synchronous else network.relax(state)
        assert DESCENTS["nearest_descent"](state, patterns, overlaps, sharpness, synchronous) == end.mean()


@pytest.mark.long
def test_edges_among_drawn_memories_are_those_among_stored_ones():
    """At L = 1 few memories carry the field; at L = 0.2 fields are Gaussian but for a part that falls with N."""
    nearest = DESCENTS["Network"](40, 1.0, dh.n_examples_for(0.2, 40, None), 20_000)
    drawn, error = DESCENTS["edge"](nearest, 0.57, 1000, False)
    stored, spread = half_restored(40, 1.0, range(7, 11), draws=20)
    assert abs(drawn - stored) < 3 * math.hypot(error, spread)
    fluctuation = np.array([0.2 + 2 * math.log(math.cosh(0.4)) - math.log(math.cosh(0.8))] * 2) * (40, 50)
    parts = []
    for n_spins, n_wrong in ((40, range(4, 9)), (50, range(5, 11))):
        gaussian = DESCENTS["Network"](n_spins, 0.2, dh.n_examples_for(0.2, n_spins, None), 0)
        drawn, error = DESCENTS["edge"](gaussian, 0.68, 2000, False)
        stored, spread = half_restored(n_spins, 0.2, n_wrong, draws=16)
        parts.append((stored - drawn, math.hypot(error, spread)))
    for (part, error), exponent in zip(parts, fluctuation, strict=True):
        assert abs(part - 0.37 * math.exp(-exponent)) < 3 * error
