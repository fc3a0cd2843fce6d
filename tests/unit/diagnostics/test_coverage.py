"""Error bars of time averages cover as often as they say: on series of known mean, and against enumeration."""

from itertools import product

import numpy as np
import pytest

import densehop as dh
from tests.coverage_of_errors import KINDS, Coverage, coverage, synthetic

NOMINAL = (0.6827, 0.95)


def assert_nominal(found, below, above):
    """Coverage may be `below` less and `above` more than nominal, and three standard errors."""
    for rate, nominal in zip(found.rates, NOMINAL, strict=True):
        chance = 3 * np.sqrt(nominal * (1 - nominal) / found.n_known)
        assert nominal - below - chance <= rate <= nominal + above + chance


@pytest.mark.parametrize(
    ("kind", "n_chains", "length"),
    [("AR(1)", 4, 100), ("AR(1)", 16, 3), ("two states", 2, 100), ("heavy tails", 16, 20), ("alternating", 4, 100)],
)
def test_error_bars_cover(kind, n_chains, length):
    found = synthetic(kind, n_chains, length, 3.0, 300, seed=0)
    assert found.known > 0.8
    assert_nominal(found, 0.02, 0.02)


def test_naive_error_bars_would_be_found_out(monkeypatch):
    """Without memory the errors of chains of tau = 3 are 1.7 times too small."""

    def without_memory(series):
        one = time_average(series)
        return dh.diagnostics.TimeAverage(one.mean, float(series.std() / np.sqrt(series.size)), "", 99, 1.0, 1.0, 1.0)

    time_average = dh.diagnostics.time_average
    monkeypatch.setattr("tests.coverage_of_errors.time_average", without_memory)
    with pytest.raises(AssertionError):
        assert_nominal(synthetic("AR(1)", 4, 100, 3.0, 300, seed=0), 0.02, 0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_short_chains_have_no_error_and_say_why(kind):
    """Of 4 chains of 5 autocorrelation times next to none has an error."""
    assert synthetic(kind, 4, 5, 4.0, 100, seed=1).known <= 0.05
    average = dh.diagnostics.time_average(KINDS["AR(1)"](np.random.default_rng(2), 4, 20, 4.0))
    assert average.reason.startswith("too short: 20 sweeps of correlation time")
    rare = np.zeros((16, 100))
    rare[3, 40:43] = 1
    assert dh.diagnostics.time_average(rare).reason.startswith("rare values decide the mean (skewness")


def test_intervals_are_students():
    average = dh.diagnostics.time_average(KINDS["AR(1)"](np.random.default_rng(3), 12, 8, 4.0))
    assert average.degrees_of_freedom == 11
    one, two = average.interval(0.6826895), average.interval(0.95)
    assert one == pytest.approx((average.mean - average.error, average.mean + average.error), rel=1e-6)
    assert (two[1] - two[0]) / (one[1] - one[0]) == pytest.approx(2.2009852 / 1.0476, rel=1e-4)  # tables of t
    with pytest.raises(dh.InvalidInput, match="level must be between 0 and 1, got 2"):
        average.interval(2)


LENGTHS, CHAINS = (2, 5, 10, 20, 50, 100, 200, 500), (1, 2, 4, 8, 16)
LARGEST = 16_000  # sweeps of all chains, for long memories


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_table_of_coverage(kind):
    """Every length, number of chains and memory; a cell counts where at least half of its series have an error."""
    print(f"{kind}: % that have an error; coverage of +-1 error and of 95% intervals among them, %")
    print("tau chains " + " ".join(f"{f'{length} tau':>14}" for length in LENGTHS))
    total = Coverage(0, 0, 0, 0)
    for tau, n_chains in product((1.0, 10.0, 100.0), CHAINS):
        line = f"{tau:>3g} {n_chains:>6} "
        for length in LENGTHS:
            if length * tau * n_chains > LARGEST:
                line += f" {'':>14}"
                continue
            found = synthetic(kind, n_chains, length, tau, 300, seed=5)
            total += found
            line += f" {100 * found.known:>3.0f} " + (
                " {:>4.1f} {:>4.1f}".format(*(100 * rate for rate in found.rates)) if found.n_known > 40 else " " * 10
            )
            if found.known > 0.5:
                assert_nominal(found, 0.02, 0.2)
        print(line.rstrip(), flush=True)
    print("all: {:.0f}% have an error, {:.1f} {:.1f}".format(100 * total.known, *(100 * rate for rate in total.rates)))
    assert_nominal(total, 0.02, 0.05)


def enumerated(net, temperature):
    """Return the exact mean energy per spin."""
    states = 2 * ((np.arange(2**net.n_spins)[:, np.newaxis] >> np.arange(net.n_spins)) & 1) - 1
    energy = net.energy(states)
    weight = np.exp(-(energy - energy.min()) / temperature)
    return (weight @ energy) / weight.sum() / net.n_spins


@pytest.mark.long
@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("p", [2, 3, 4])
def test_real_chains_against_enumeration(p, dynamics):
    """Energies of 30 networks of 10 spins at two temperatures, 10 runs each, random order."""
    total = Coverage(0, 0, 0, 0)
    for disorder, temperature in product(range(30), (1.5, 4.0)):
        _, examples = dh.draw_examples(10, 12, p, 1e3, seed=disorder)
        net = dh.PBodyHopfield(examples, p)
        seeds = np.random.SeedSequence(disorder).spawn(10)
        how = {"dynamics": dynamics, "order": "random", "n_workers": 1}
        runs = (net.sample(temperature, 4, 1250, seed=seed, **how) for seed in seeds)
        total += coverage((run.energy[:, 250:] / 10 for run in runs), enumerated(net, temperature))
    print(f"p = {p}, {dynamics}: {100 * total.known:.0f}% have an error; " + "{:.3f} {:.3f}".format(*total.rates))
    assert_nominal(total, 0.02, 0.03)
