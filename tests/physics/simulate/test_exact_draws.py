"""At T = 1/sharpness the exponential energy is a mixture of products: exact draws, log Z, and chains against both."""

import itertools
import math

import numpy as np
import pytest

import densehop as dh


def instance(seed, n_spins, n_patterns, low=0.2, high=1.2):
    """Random patterns with a common bias, and a sharpness."""
    rng = np.random.default_rng(seed)
    bias = rng.uniform(0, 0.6)
    patterns = np.where(rng.random((n_patterns, n_spins)) < (1 + bias) / 2, 1, -1).astype(np.int8)
    return patterns, float(rng.uniform(low, high))


def boltzmann(patterns, sharpness):
    """All states and their probabilities at T = 1/L, by enumeration."""
    states = np.array(list(itertools.product([-1, 1], repeat=patterns.shape[1])), dtype=np.int8)
    weights = np.exp(sharpness * states @ patterns.astype(float).T).sum(axis=1)
    return states, weights


@pytest.mark.parametrize("seed", range(3))
def test_drawn_states_have_the_boltzmann_law(seed):
    patterns, sharpness = instance(seed, 8, 5)
    states, weights = boltzmann(patterns, sharpness)
    drawn = dh.simulate.draw_exactly(patterns, sharpness, 50_000, seed=seed)
    codes = ((drawn > 0) @ (1 << np.arange(7, -1, -1))).astype(int)
    counts = np.bincount(codes, minlength=256)
    expected = 50_000 * weights / weights.sum()
    likely = expected > 10
    chi_squared = ((counts - expected)[likely] ** 2 / expected[likely]).sum()
    assert abs(chi_squared - likely.sum()) < 4.5 * math.sqrt(2 * likely.sum())
    assert counts[~likely].sum() == pytest.approx(
        expected[~likely].sum(), abs=5 * math.sqrt(expected[~likely].sum() + 1)
    )
    assert (states[codes] == drawn).all()


def test_more_states_begin_with_the_same_ones():
    patterns, sharpness = instance(0, 20, 7)
    few, many = (dh.simulate.draw_exactly(patterns, sharpness, n, seed=3) for n in (10, 3000))
    assert (many[:10] == few).all()
    assert many.shape == (3000, 20)
    assert not (dh.simulate.draw_exactly(patterns, sharpness, 10, seed=4) == few).all()


@pytest.mark.parametrize("seed", range(20))
def test_log_z_is_exact_and_chains_have_its_energy(seed):
    """20 random instances of up to 14 spins: log Z and energy by enumeration, and chains against them."""
    n_spins = 8 + seed % 7
    patterns, sharpness = instance(seed, n_spins, 3 + seed)
    states, weights = boltzmann(patterns, sharpness)
    log_z = dh.theory.log_partition_function(patterns, None, 1 / sharpness, sharpness)
    assert log_z == pytest.approx(math.log(weights.sum()), rel=1e-13)
    if seed < 3:  # the general way, at a temperature next to it
        near = dh.theory.log_partition_function(patterns, None, (1 + 1e-9) / sharpness, sharpness)
        assert near == pytest.approx(log_z, rel=1e-8)
    probability = weights / weights.sum()
    energy = float(probability @ (-np.log(weights) / sharpness))
    overlap = float(probability @ (states @ patterns[0] / n_spins))
    network = dh.PBodyHopfield(patterns, interaction="exponential", sharpness=sharpness)
    start = dh.simulate.draw_exactly(patterns, sharpness, 100, seed=seed)
    run = network.sample(1 / sharpness, 100, 40, start=start, references=patterns[0], seed=seed)
    for series, exact in ((run.energy, energy), (run.overlap, overlap)):
        of_chains = series.reshape(100, -1).mean(axis=1)
        error = of_chains.std(ddof=1) / 10
        assert abs(of_chains.mean() - exact) < 4 * error, (of_chains.mean(), exact, error)


def test_wrong_input_is_refused():
    patterns, _ = instance(0, 10, 3)
    with pytest.raises(dh.InvalidInput, match="n_states must be an integer >= 1"):
        dh.simulate.draw_exactly(patterns, 1.0, 0)
    with pytest.raises(dh.InvalidInput, match="exactly one of p and sharpness"):
        dh.theory.log_partition_function(patterns, 3, 1.0, sharpness=1.0)
    many = np.ones((3, 30), dtype=np.int8)
    assert dh.theory.log_partition_function(many, None, 1.0, 1.0) == pytest.approx(
        math.log(3) + 30 * math.log(2 * math.cosh(1)), rel=1e-14
    )
