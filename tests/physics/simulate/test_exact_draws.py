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


def at_exact_temperature(seed):
    """Distances in error bars, of energy, overlap with the patterns' sum and log Z of replica exchange, and the row."""
    rng = np.random.default_rng(100 + seed)
    n_spins, n_patterns = int(rng.integers(20, 61)), int(rng.integers(50, 1001))
    patterns, sharpness = instance(100 + seed, n_spins, n_patterns, 0.1, 0.5)
    network = dh.PBodyHopfield(patterns, interaction="exponential", sharpness=sharpness)
    ladder = np.geomspace(1 / sharpness, 20 / sharpness, 8)
    run = network.temper(ladder, n_ladders=12, n_sweeps=300, seed=seed)
    random = dh.simulate.random_states(n_spins, 1200, seed=seed)
    found = dh.simulate.integrate_temperature(run, network.energy(random))
    chains = network.sample(1 / sharpness, 12, 200, start=run.spins[:, 0], references=patterns[0], seed=seed + 1)
    drawn = network.energy(dh.simulate.draw_exactly(patterns, sharpness, 20_000, seed=seed))
    together = patterns.mean(axis=0, dtype=float)
    measured = {
        "energy": (chains.energy.reshape(12, -1) / n_spins, drawn.mean() / n_spins),
        "overlap": (chains.overlap.reshape(12, -1), math.tanh(sharpness) * float(patterns[0] @ together) / n_spins),
    }
    row = [n_spins, n_patterns, sharpness]
    away = []
    for series, exact in measured.values():
        means = series.mean(axis=1)
        error = means.std(ddof=1) / math.sqrt(12)
        row += [exact, means.mean(), error]
        away.append((means.mean() - exact) / error)
    exact = math.log(n_patterns) / n_spins + math.log(2 * math.cosh(sharpness))
    row += [exact, found.free_entropy[0], found.error[0]]
    return [*away, (found.free_entropy[0] - exact) / found.error[0]], row


@pytest.mark.long
def test_chains_have_the_exact_energies_overlaps_and_log_z_of_20_instances():
    """T = 1/L, N to 60, to 1,000 patterns: Student's law with 11 degrees of freedom for each of the three."""
    print("\n  N    M     L     u exact  chains             overlap exact  chains         log Z/N exact  chains")
    distances = []
    for seed in range(20):
        away, row = at_exact_temperature(seed)
        distances.append(away)
        numbers = "  ".join(f"{x:9.5f} {y:9.5f}({z:.5f})" for x, y, z in (row[3:6], row[6:9], row[9:12]))
        print(f"{row[0]:4d} {row[1]:5d} {row[2]:6.3f} {numbers}")
    rms = np.sqrt(np.mean(np.square(distances), axis=0))
    print("root mean square, in errors:", np.round(rms, 2))
    assert (np.abs(distances) < 5.5).all()  # beyond 4.4 lies one of a thousand
    assert (rms < 1.7).all()
